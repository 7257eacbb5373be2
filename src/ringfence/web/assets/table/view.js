// What the table shows and which of its rows are selected.

import { useMemo, useRef, useState } from "../html.js";
import { isOpen, linesOf, statusOf, withRemoved } from "./lines.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("./lines.js").View} View */

/**
 * Keep what the table shows, and return its lines.
 *
 * @param {Row[]} rows
 * @param {Row[] | undefined} before
 * @param {{found: Map<string, any>}} errors
 */
export function useView(rows, before, { found }) {
  const [view, setView] = useState(/** @type {View} */ ({ text: "", only: [], by: "" }));
  const [folded, setFolded] = useState(/** @type {Set<string>} */ (new Set()));
  const frozen = useRef(/** @type {{hidden: Set<string> | null, labels: Map<string, string>, distances?: Map<string, number>}} */ ({ hidden: null, labels: new Map() }));
  const loaded = useMemo(() => new Map((before ?? []).map((row) => [/** @type {number} */ (row.id), row])), [before]);
  const isMarked = Boolean(before?.length) || rows.some(({ id }) => id !== undefined);
  const all = useMemo(() => withRemoved(rows, before ?? []), [rows, before]);
  const status = (/** @type {Row} */ row) => (isMarked ? statusOf(row, loaded) : "");
  const lines = useMemo(() => linesOf(all, view, folded, frozen.current, status, ({ key }) => found.has(key)), [all, view, folded, found, isMarked]);
  const counts = useMemo(() => ({
    changed: all.filter(({ row, index }) => index < 0 || status(row)).length, errors: found.size, open: rows.filter(isOpen).length,
  }), [all, found, isMarked]);
  const change = (/** @type {View} */ next) => {
    frozen.current = { hidden: null, labels: new Map() };
    if (next.by !== view.by) setFolded(new Set());
    setView(next);
  };
  const was = (/** @type {Row} */ { id }) => loaded.get(/** @type {number} */ (id));
  return { ...view, view, setView: change, lines, counts, folded, setFolded, was };
}

/** @param {Line[]} lines */
export function useSelection(lines) {
  const [keys, setKeys] = useState(/** @type {Set<string>} */ (new Set()));
  const anchor = useRef("");
  const all = useMemo(() => lines.flatMap(({ type, row, rows, isFolded }) => (type === "row" && row ? [row] : isFolded ? rows : [])), [lines]);
  const rows = keys.size ? all.filter(({ key }) => keys.has(key)) : [];
  const set = (/** @type {Row[]} */ changed, /** @type {boolean} */ isSelected) => setKeys((before) => {
    const after = new Set(before);
    for (const { key } of changed) after[isSelected ? "add" : "delete"](key);
    return after;
  });
  /** Select a row, or with Shift all rows from the last one on. */
  const select = (/** @type {string} */ key, /** @type {any} */ event) => {
    const [from, to] = [anchor.current, key].map((each) => all.findIndex((row) => row.key === each));
    const isRange = event.shiftKey && from >= 0;
    set(isRange ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [all[to]], event.target.checked);
    anchor.current = key;
  };
  return { keys, all, rows, set, select, clear: () => setKeys(new Set()) };
}

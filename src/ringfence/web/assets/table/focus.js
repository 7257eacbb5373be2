// The focus in the table: the keys that move it, also to rows that are not in the document yet.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { newRow } from "../rules/rows.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {import("./lines.js").Line} Line */

/** @param {{current: any}} table */
export function useFocus(table) {
  const [, redraw] = useState(0);
  const pinned = useRef("");
  const wanted = useRef(/** @type {{key: string, cell: string} | null} */ (null));
  /** Move the focus to a cell of a row as soon as the row is shown. */
  const focusOn = useCallback((/** @type {string | undefined} */ key, /** @type {string} */ cell) => {
    if (!key) return;
    pinned.current = key;
    wanted.current = { key, cell };
    redraw((count) => count + 1);
  }, []);
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const { key, cell } = wanted.current;
    const row = table.current?.querySelector(`[data-row="${CSS.escape(key)}"]`);
    const target = row?.querySelector(`[data-cell="${cell}"]`) ?? row?.querySelector("[data-cell]");
    if (!(target instanceof HTMLElement)) return;
    wanted.current = null;
    target.focus();
  });
  const onFocusIn = useCallback((/** @type {any} */ event) => {
    pinned.current = event.target.closest("[data-row]")?.dataset.row ?? "";
  }, []);
  return { pinned, focusOn, onFocusIn };
}

/**
 * Return the line that a key moves to; undefined if it moves nowhere.
 *
 * @param {any} event
 * @param {Line[]} lines that can be edited
 * @param {number} at the line with the focus
 */
function targetOf(event, lines, at) {
  const isText = event.target.tagName === "INPUT" && event.target.type !== "checkbox";
  // There Enter takes a suggestion.
  if (event.key === "Enter" && event.target.list && event.target.dataset.cell === "end") return undefined;
  if (event.key === "Enter") return isText && !event.ctrlKey && !event.metaKey ? { line: lines[at + 1] } : undefined;
  if (!event.ctrlKey) return undefined;
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
  return Object.hasOwn(moves, event.key) ? { line: lines[moves[/** @type {keyof typeof moves} */ (event.key)]] } : undefined;
}

/**
 * Handle the keys of the table: Enter, and Ctrl with the keys that move up, down, to the first and to the last row.
 *
 * @param {any} event
 * @param {Line[]} lines
 * @param {(key: string | undefined, cell: string) => void} focusOn
 * @param {(rows: Row[], after: string) => void} insert
 */
export function moveFocus(event, lines, focusOn, insert) {
  const key = event.target.closest("tr")?.dataset.row;
  const rows = lines.filter(({ type }) => type === "row");
  const at = rows.findIndex((line) => line.key === key);
  const target = at < 0 ? undefined : targetOf(event, rows, at);
  if (!target) return;
  event.preventDefault();
  if (target.line) focusOn(target.line.key, event.target.dataset.cell);
  else if (event.key === "Enter") insert([newRow()], key);
}

/**
 * Review on Ctrl+Enter anywhere on the page, except in a dialog.
 *
 * @param {() => void} onReview
 */
export function useReviewKey(onReview) {
  const latest = useRef(onReview);
  latest.current = onReview;
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const isKey = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented;
      if (!isKey || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

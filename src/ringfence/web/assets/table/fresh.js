// New rows, and names of groups, are not marked as wrong before something was typed into them and left.

import { useCallback, useRef, useState } from "../html.js";
import { isBlank } from "../rules/rows.js";

/** @typedef {import("../rules/rows.js").Row} Row */

export function useFresh() {
  const fresh = useRef(/** @type {Map<string, Set<string>>} */ (new Map()));
  // The keys of rows with a remote group that is being entered.
  const naming = useRef(/** @type {Set<string>} */ (new Set()));
  const [version, redraw] = useState(0);
  const add = useCallback((/** @type {Row[]} */ rows) => {
    for (const { key } of rows) fresh.current.set(key, new Set());
  }, []);
  /** Record whether the name of a group is being entered into a row. */
  const name = useCallback((/** @type {string} */ key, isNaming = true) => {
    naming.current[isNaming ? "add" : "delete"](key);
    redraw((count) => count + 1);
  }, []);
  /** Record that the focus left a cell, or the whole row. */
  const leave = useCallback((/** @type {Row} */ row, /** @type {string} */ cell, /** @type {boolean} */ isWhole) => {
    const left = fresh.current.get(row.key);
    const isNamed = (cell === "end" || isWhole) && naming.current.delete(row.key);
    if (!left && !isNamed) return;
    left?.add(cell);
    if (isWhole && !isBlank(row)) fresh.current.delete(row.key);
    redraw((count) => count + 1);
  }, []);
  /** Return the errors of a row that are shown now. */
  const shownErrors = useCallback((/** @type {Row} */ row, /** @type {Record<string, string> | undefined} */ errors) => {
    const left = fresh.current.get(row.key);
    if (!errors || !(left || naming.current.has(row.key))) return errors;
    const shown = Object.entries(errors).filter(([cell]) => (left?.has(cell) ?? true) && !(cell === "end" && naming.current.has(row.key)));
    return shown.length ? Object.fromEntries(shown) : undefined;
  }, [version]);
  return { add, name, leave, shownErrors };
}

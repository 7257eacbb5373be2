// New rows are not marked as wrong before something was typed into them and left.

import { useCallback, useRef, useState } from "../html.js";

/** @typedef {import("../rows.js").Row} Row */

/** @param {Row} row */
const isEmpty = ({ ports, kind, end, description }) => !ports && !end && !description && kind === "cidr";

export function useFresh() {
  const fresh = useRef(/** @type {Map<string, Set<string>>} */ (new Map()));
  const [version, redraw] = useState(0);
  const add = useCallback((/** @type {Row[]} */ rows) => {
    for (const { key } of rows) fresh.current.set(key, new Set());
  }, []);
  /** Record that the focus left a cell, or the whole row. */
  const leave = useCallback((/** @type {Row} */ row, /** @type {string} */ cell, /** @type {boolean} */ isWhole) => {
    const left = fresh.current.get(row.key);
    if (!left) return;
    left.add(cell);
    if (isWhole && !isEmpty(row)) fresh.current.delete(row.key);
    redraw((count) => count + 1);
  }, []);
  /** Return the errors of a row that are shown now. */
  const shownErrors = useCallback((/** @type {Row} */ row, /** @type {Record<string, string> | undefined} */ errors) => {
    const left = fresh.current.get(row.key);
    if (!left || !errors) return errors;
    if (isEmpty(row)) return undefined;
    const shown = Object.entries(errors).filter(([cell]) => left.has(cell));
    return shown.length ? Object.fromEntries(shown) : undefined;
  }, [version]);
  return { add, leave, shownErrors };
}

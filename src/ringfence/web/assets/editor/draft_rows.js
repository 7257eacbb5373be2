// Rules in drafts: how they are edited and restored, and which of their changes are undone together.

import { useCallback } from "../html.js";
import { own } from "../own.js";
import { usePaste } from "../paste/box.js";
import { newRow } from "../rules/rows.js";

/** @typedef {import("../rules/rows.js").Row} Row */

export const NO_PASTE = { isOpen: false, text: "", like: undefined };
const TEXTS = /** @type {const} */ (["direction", "ethertype", "protocol", "ports", "end", "description"]);
const KINDS = ["all", "cidr", "group", "kept"];

/**
 * Edit the rows and the pasted text of a draft.
 *
 * @param {import("./drafts.js").Draft} draft
 */
export function useDraftRows(draft) {
  const edit = useCallback((/** @type {(rows: Row[]) => Row[]} */ change) => draft.set((/** @type {any} */ before) => {
    const rows = change(before.rows);
    return rows === before.rows ? before : { ...before, rows };
  }), []);
  const changePaste = useCallback((/** @type {any} */ values) => draft.set((/** @type {any} */ before) => ({ ...before, paste: { ...before.paste, ...values } })), []);
  return { edit, paste: usePaste(draft.value.paste, changePaste) };
}

/**
 * Return the rows and the pasted text of a draft with new keys; throws if it has another form.
 *
 * @param {{rows: Row[], paste: {isOpen: boolean, text: string, like?: Row}}} draft
 */
export function restoreRows({ rows, paste }) {
  const restored = rows.map((row) => {
    if (TEXTS.some((name) => typeof row[name] !== "string") || !KINDS.includes(row.kind)) throw new Error("not a row");
    return newRow({ ...row });
  });
  if (typeof paste.text !== "string") throw new Error("not a text");
  const like = paste.like && restored[rows.findIndex((row) => row.key === paste.like?.key)];
  return { rows: restored, paste: { isOpen: Boolean(paste.isOpen), text: paste.text, like } };
}

/**
 * Name the change between two values of a draft, of which `rows` and `paste` are parts.
 *
 * @param {any} before
 * @param {any} after
 * @returns {string | null} null if only the names of groups were found
 */
export function stepOfRows(before, after) {
  const parts = Object.keys(after).filter((part) => before[part] !== after[part]);
  if (parts.length !== 1) return "";
  const [part] = parts;
  if (part === "rows") return stepOf(before.rows, after.rows);
  if (part !== "paste") return typeof after[part] === "string" ? part : "";
  const { text, isOpen } = after.paste;
  if (text === before.paste.text) return null;
  return isOpen === before.paste.isOpen ? "paste" : "";
}

/**
 * @param {Row[]} before
 * @param {Row[]} after
 */
function stepOf(before, after) {
  if (before.length !== after.length) return "";
  const names = new Set();
  for (const [index, row] of after.entries()) {
    const old = before[index];
    if (old === row) continue;
    if (old.key !== row.key) return "";
    for (const [name, value] of Object.entries(row)) if (own(/** @type {any} */ (old), name) !== value) names.add(`${row.key} ${name}`);
  }
  const typed = [...names].filter((name) => !name.endsWith(" group"));
  if (!typed.length) return null;
  const isTyping = typed.length === 1 && TEXTS.some((name) => typed[0].endsWith(` ${name}`));
  return isTyping ? typed[0] : "";
}

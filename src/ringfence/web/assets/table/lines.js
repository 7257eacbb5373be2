// Which lines the table shows: rows, rows that were removed, and heads of folded groups.

import { isInternet } from "../rules/internet.js";
import { prefixOf } from "../rules/prefixes.js";
import { signature } from "../rules/rows.js";
import { serviceOn } from "./services.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {"" | "new" | "changed" | "removed"} Status */

/**
 * @typedef {object} Line
 * @property {string} key
 * @property {"row" | "removed" | "head"} type
 * @property {Row} [row]
 * @property {number} index of the row, from 0
 * @property {Status} status
 * @property {string} label of a head
 * @property {Row[]} rows below a head
 * @property {number} removed how many removed rows are below a head
 * @property {boolean} isFolded
 */

/**
 * What the table shows: `text` to find, kinds of rows, and what rows are grouped by.
 *
 * @typedef {object} View
 * @property {string} text
 * @property {string[]} only
 * @property {string} by
 */

export const KINDS = /** @type {const} */ ([["changed", "Changed"], ["errors", "With errors"], ["open", "Open to the internet"]]);
export const GROUPINGS = [["", "Not grouped"], ["direction", "Direction"], ["remote", "Remote"], ["description", "Description"]];

/**
 * Return how a row differs from the rules that the edit is based on.
 *
 * @param {Row} row
 * @param {Map<number, Row>} before by id
 * @returns {Status}
 */
export function statusOf(row, before) {
  if (row.id === undefined) return "new";
  const loaded = before.get(row.id);
  return loaded && signature(loaded) !== signature(row) ? "changed" : "";
}

/**
 * Return all rows with the removed ones between them, where they were.
 *
 * @param {Row[]} rows
 * @param {Row[]} before
 */
export function withRemoved(rows, before) {
  const present = new Set(rows.map(({ id }) => id));
  /** @type {Map<number | undefined, Row[]>} removed rows by the id of the row above */
  const below = new Map();
  let above = /** @type {number | undefined} */ (undefined);
  for (const row of before) {
    if (present.has(row.id)) above = row.id;
    else below.set(above, [...(below.get(above) ?? []), row]);
  }
  if (!below.size) return rows.map((row, index) => ({ row, index }));
  const removed = (/** @type {number | undefined} */ id) => (below.get(id) ?? []).map((row) => ({ row, index: -1 }));
  return [...removed(undefined), ...rows.flatMap((row, index) => [{ row, index }, ...(row.id === undefined ? [] : removed(row.id))])];
}

/** @type {WeakMap<Row, boolean>} */
const openings = new WeakMap();

/**
 * Return whether a row admits traffic from the internet.
 *
 * @param {Row} row
 */
export function isOpen(row) {
  const known = openings.get(row) ?? reachesInternet(row);
  openings.set(row, known);
  return known;
}

/** @param {Row} row */
const reachesInternet = (row) => row.direction === "ingress" && (row.kind === "all" || (row.kind === "cidr" && row.end.includes("/") && isInternet(row.end)));

/** @param {Row} row */
export const remoteOf = (row) => (row.kind === "all" ? "Anywhere" : row.end || "No remote yet");

/**
 * Return whether a row has every word of a text: a port within its ports, an address within its CIDR,
 * or a part of any of its texts.
 *
 * @param {Row} row
 * @param {string[]} words in lower case
 */
function hasWords(row, words) {
  if (!words.length) return true;
  const protocol = row.protocol || "any";
  const text = [row.direction, row.ethertype, protocol, row.ports, serviceOn(row.ports), remoteOf(row), row.description].join("\n").toLowerCase();
  return words.every((word) => text.includes(word) || hasPort(row, word) || hasAddress(row, word));
}

/**
 * Return how far a row is from what was typed: 0 if it has the words together, as whole words.
 *
 * @param {Row} row
 * @param {string[]} words in lower case
 */
function distanceOf(row, words) {
  const phrase = words.join(" ");
  const texts = [row.description, row.end].map((text) => text.toLowerCase().split(/\s+/).join(" "));
  if (texts.some((text) => ` ${text} `.includes(` ${phrase} `))) return 0;
  return texts.some((text) => text.includes(phrase)) ? 1 : 2;
}

/** @param {Row} row @param {string} word */
function hasPort({ protocol, ports }, word) {
  const range = /^\d+$/.test(word) && protocol !== "icmp" && ports.match(/^\s*(\d+)\s*[-–:]\s*(\d+)\s*$/);
  return range ? Number(range[1]) <= Number(word) && Number(word) <= Number(range[2]) : false;
}

/** @param {Row} row @param {string} word */
function hasAddress({ kind, end, ethertype }, word) {
  if (!/[.:]/.test(word) || kind === "group" || kind === "kept") return false;
  const [sought, mine] = [word, kind === "all" ? (ethertype === "IPv6" ? "::/0" : "0.0.0.0/0") : end].map(prefixOf);
  return Boolean(sought && mine && sought.size === mine.size && sought.bits.startsWith(mine.bits));
}

/** @param {Row} row @param {string} by */
function labelOf(row, by) {
  if (by === "direction") return row.direction === "egress" ? "Egress" : "Ingress";
  return by === "remote" ? remoteOf(row) : row.description.trim() || "No description";
}

/**
 * Return the lines of the table. `frozen` keeps what was hidden and grouped when the view was chosen,
 * so that a row stays where it is while it is edited.
 *
 * @param {{row: Row, index: number}[]} all
 * @param {View} view
 * @param {Set<string>} folded
 * @param {{hidden: Set<string> | null, labels: Map<string, string>, distances?: Map<string, number>}} frozen
 * @param {(row: Row, index: number) => Status} status
 * @param {(row: Row) => boolean} hasErrors
 * @returns {Line[]}
 */
export function linesOf(all, view, folded, frozen, status, hasErrors) {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  const isKind = { changed: (/** @type {Line} */ { status: is }) => is !== "", errors: (/** @type {Line} */ { row }) => hasErrors(/** @type {Row} */ (row)), open: (/** @type {Line} */ { row }) => isOpen(/** @type {Row} */ (row)) };
  /** @type {Line[]} */
  let lines = all.map(({ row, index }) => ({
    key: index < 0 ? `removed-${row.key}` : row.key, type: index < 0 ? "removed" : "row", row, index,
    status: index < 0 ? "removed" : status(row, index), label: "", rows: [], removed: 0, isFolded: false,
  }));
  if (words.length || view.only.length) {
    const isMatch = (/** @type {Line} */ line) => hasWords(/** @type {Row} */ (line.row), words)
      && view.only.every((kind) => isKind[/** @type {keyof typeof isKind} */ (kind)](line));
    const matches = new Set(lines.filter(isMatch).map(({ key }) => key));
    const hidden = frozen.hidden ?? new Set(lines.filter(({ key }) => !matches.has(key)).map(({ key }) => key));
    frozen.hidden = hidden;
    const distances = frozen.distances ?? new Map(words.length > 1 ? lines.map(({ key, row }) => [key, distanceOf(/** @type {Row} */ (row), words)]) : []);
    frozen.distances = distances;
    lines = lines.filter(({ key }) => matches.has(key) || !hidden.has(key)).sort((one, other) => (distances.get(one.key) ?? 0) - (distances.get(other.key) ?? 0));
  }
  return view.by ? groupedLines(lines, view.by, folded, frozen.labels) : lines;
}

/**
 * @param {Line[]} lines
 * @param {string} by
 * @param {Set<string>} folded
 * @param {Map<string, string>} labels
 */
function groupedLines(lines, by, folded, labels) {
  /** @type {Map<string, Line[]>} */
  const groups = new Map();
  for (const line of lines) {
    const row = /** @type {Row} */ (line.row);
    const label = labels.get(line.key) ?? labelOf(row, by);
    labels.set(line.key, label);
    const group = groups.get(label);
    if (group) group.push(line);
    else groups.set(label, [line]);
  }
  return [...groups].flatMap(([label, group]) => {
    const isFolded = folded.has(label);
    const rows = group.filter(({ type }) => type === "row").map(({ row }) => /** @type {Row} */ (row));
    /** @type {Line} */
    const head = { key: `head-${label}`, type: "head", index: -1, status: "", label, rows, removed: group.length - rows.length, isFolded };
    return isFolded ? [head] : [head, ...group];
  });
}

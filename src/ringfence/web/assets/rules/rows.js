// Rules as rows of the editor: the text of each cell, valid or not. The API validates them.

import { hasPorts, isEvery, protocolIn } from "../paste/values.js";
import { familyOf, hostBitsOf } from "./prefixes.js";
import { remoteText, isIcmp, portText, remoteKeys } from "./text.js";

/** @typedef {import("./text.js").Rule} Rule */

/**
 * A row of the editor. `kind` is the type of its remote: any address, a CIDR, a group, or one that is
 * kept unchanged because the editor cannot express it (`kept`).
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {number} [id] of the existing rule
 * @property {string} direction
 * @property {string} ethertype
 * @property {string} protocol
 * @property {string} ports
 * @property {"all" | "cidr" | "group" | "kept"} kind
 * @property {string} end the text of the remote: a CIDR, or the name of a group
 * @property {string} [group] the URL of the group of that name
 * @property {Record<string, any>} [kept] the remote of a row of kind "kept", in the keys of the API
 * @property {string | null} [anyCidr] the CIDR with which the existing rule allows any address
 * @property {string} [cidr] the CIDR of the existing rule
 * @property {string} [chosen] the ether type that the row had before the CIDR that was typed switched it
 * @property {string} description
 */

// As in a pasted line. 0 is a valid type and code; as a port, the API rejects it.
const RANGE = /^(0|[1-9]\d*)(?:\s*[-–:]\s*(0|[1-9]\d*))?$/;
const TYPE = /^(0|[1-9]\d*)(?:\s*\/\s*(0|[1-9]\d*))?$/;

// Rows of a draft keep their keys, so keys differ between visits.
const VISIT = Date.now().toString(36);
let rowCount = 0;

/**
 * @param {Partial<Row>} [values]
 * @returns {Row}
 */
export function newRow(values = {}) {
  rowCount += 1;
  return {
    direction: "ingress", ethertype: "IPv4", protocol: "tcp", ports: "", kind: "cidr", end: "",
    description: "", ...values, key: `row-${VISIT}-${rowCount}`,
  };
}

/**
 * @param {Rule} rule
 * @param {{keepId?: boolean}} [options]
 * @returns {Row}
 */
export function rowOf(rule, { keepId = true } = {}) {
  const { kind: found, end } = remoteText(rule);
  const kinds = /** @type {const} */ ({ all: "all", cidr: "cidr", group: "group", unknown: "kept" });
  return newRow({
    id: keepId ? rule.id : undefined,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol,
    ports: portText(rule) || (hasPorts(protocolIn(rule.protocol)) ? "any" : ""),
    kind: kinds[found],
    end: found === "all" ? "" : end,
    group: rule.remote_group ?? undefined,
    anyCidr: found === "all" ? rule.cidr : undefined,
    cidr: found === "cidr" ? end : undefined,
    kept: found === "unknown" ? remoteKeys(rule) : undefined,
    description: rule.description,
  });
}

/**
 * Return whether a row is new and nothing was entered into it.
 *
 * @param {Row} row
 */
export const isBlank = (row) => row.id === undefined && row.kind === "cidr" && row.direction === "ingress" && row.ethertype === "IPv4"
  && row.protocol === "tcp" && !row.ports && !row.end && !row.description;

/**
 * Return the rows without those that are blank: they are no rules.
 *
 * @param {Row[]} rows
 */
export const filledRows = (rows) => (rows.some(isBlank) ? rows.filter((row) => !isBlank(row)) : rows);

/**
 * Return the rule that is sent for a row. A remote or ports that cannot be parsed are sent as values
 * that the API rejects.
 *
 * @param {Row} row
 */
export function bodyOf(row) {
  const [first, last] = parsePorts(row) ?? ["none", "none"];
  const body = {
    ...(row.id === undefined ? {} : { id: row.id }),
    direction: row.direction,
    ethertype: row.ethertype,
    protocol: row.protocol,
    from_port: first,
    to_port: last,
    description: row.description,
  };
  // A rule without an id and without its remote would allow every address.
  if (row.kind === "kept") return { ...body, ...row.kept };
  return { ...body, ...endOf(row) };
}

/** @param {Row} row */
function endOf(row) {
  if (row.kind === "group") return { cidr: null, remote_group: row.group ?? (row.end || "none") };
  if (row.kind === "cidr") return { cidr: hostBitsIn(row) ? "none" : row.end.trim() || "none", remote_group: null };
  const anyCidr = row.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  const isAsBefore = row.anyCidr !== undefined && (!row.anyCidr || row.anyCidr === anyCidr);
  return { cidr: isAsBefore ? row.anyCidr : anyCidr, remote_group: null };
}

/**
 * Return what the CIDR of a row can mean if it has host bits and was typed; null otherwise. It is not
 * sent, because it covers more than its address says. One of an existing rule is kept as it is.
 *
 * @param {Row} row
 */
export const hostBitsIn = (row) => (row.kind === "cidr" && row.end.trim() !== row.cidr ? hostBitsOf(row.end) : null);

/**
 * Return a row with another CIDR, and with the ether type of its address. Without an address, the row
 * has the ether type again that it had before.
 *
 * @param {Row} row
 * @param {string} text
 * @returns {Row}
 */
export function withCidr(row, text) {
  const chosen = row.chosen ?? row.ethertype;
  const ethertype = text.trim() ? familyOf(text) || row.ethertype : chosen;
  return { ...row, end: text, ethertype, chosen: ethertype === chosen ? undefined : chosen };
}

/**
 * Parse "443", "8000-8010" or "8000:8010", "8/0" for ICMP, or "any"; return null for anything else.
 * An empty cell is "any" only for ICMP and for protocols without ports.
 *
 * @param {{protocol: string, ports: string}} row
 * @returns {[number, number] | null}
 */
function parsePorts(row) {
  const text = row.ports.trim();
  if (isEvery(text) || (text === "" && !hasPorts(protocolIn(row.protocol)))) return [-1, -1];
  const found = text.match(hasTypes(row) ? TYPE : RANGE);
  if (!found) return null;
  const first = Number(found[1]);
  if (hasTypes(row)) return [first, Number(found[2] ?? -1)];
  const last = Number(found[2] ?? first);
  return first <= last ? [first, last] : null;
}

const hasTypes = (/** @type {{protocol: string}} */ { protocol }) => isIcmp({ protocol: protocolIn(protocol) }) || protocolIn(protocol) === "icmpv6";

/**
 * Return the error of the ports of a row; empty if they can be parsed. The API checks their bounds.
 *
 * @param {{protocol: string, ports: string}} row
 */
export function portsError(row) {
  if (parsePorts(row)) return "";
  if (row.ports.trim() === "") return "Ports are required: enter 22, 8000-8100, or any.";
  if (hasTypes(row)) return "Not a valid ICMP type: enter 8, 8/0 for type and code, or any.";
  return "Not a valid port or range: enter 22, 8000-8100, or any. Add a rule for each range.";
}

/** @type {WeakMap<Row, string>} */
const signatures = new WeakMap();

/**
 * Return a key that is equal for rows with the same content, regardless of their ids.
 *
 * @param {Row} row
 */
export function signature(row) {
  const known = signatures.get(row) ?? signatureOf(row);
  signatures.set(row, known);
  return known;
}

/** @param {Row} row */
function signatureOf(row) {
  const { direction, ethertype, protocol, from_port: first, to_port: last, ...rest } = bodyOf(row);
  const end = row.kind === "kept" ? JSON.stringify(row.kept) : row.kind === "all" ? "*" : row.kind === "group" ? row.group : row.end;
  return JSON.stringify([direction, ethertype, protocol, first, last, end, rest.description]);
}

/**
 * Merge rows that were edited from `base` with rules that somebody else has set since then: add their
 * new rules, remove the unedited ones that they removed, and keep every edited row.
 *
 * @param {Row[]} mine
 * @param {Rule[]} base
 * @param {Rule[]} theirs
 */
export function mergeRows(mine, base, theirs) {
  const before = new Set(base.map((rule) => signature(rowOf(rule))));
  const now = new Map(theirs.map((rule) => [signature(rowOf(rule)), rule]));
  const kept = mine.filter((row) => now.has(signature(row)) || !before.has(signature(row)));
  const keys = new Set(kept.map(signature));
  const added = [...now].filter(([key]) => !before.has(key) && !keys.has(key));
  return withIds([...kept, ...added.map(([, rule]) => rowOf(rule))], theirs);
}

/**
 * Assign the ids of the current rules to rows with the same content; drop ids that no longer exist.
 *
 * @param {Row[]} rows
 * @param {Rule[]} rules
 */
export function withIds(rows, rules) {
  const bySignature = new Map(rules.map((rule) => [signature(rowOf(rule)), rule.id]));
  const known = new Set(rules.map((rule) => rule.id));
  return rows.map((row) => {
    const id = bySignature.get(signature(row)) ?? (known.has(row.id) ? row.id : undefined);
    return { ...row, id };
  });
}

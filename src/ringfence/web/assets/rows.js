// Rules while they are edited: text in cells, whatever it is. What is right, the API says.

import { hasPorts, isEvery, protocolIn } from "./paste/values.js";
import { endWords, isIcmp, portDigits, remoteKeys } from "./rule_text.js";

/** @typedef {import("./rule_text.js").Rule} Rule */

/**
 * A rule as it stands in the table. `kind` says what its other end is: everybody, a prefix, a
 * group, or one that is kept as it is since it cannot be written down (`kept`).
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {number} [id] of the rule that stands already
 * @property {string} direction
 * @property {string} ethertype
 * @property {string} protocol
 * @property {string} ports
 * @property {"all" | "cidr" | "group" | "kept"} kind
 * @property {string} end what is typed: a prefix, or a group's name
 * @property {string} [group] the address of the group of that name
 * @property {Record<string, any>} [kept] the end of a rule of kind "kept", in the keys that it came with
 * @property {string | null} [everybody] how the rule that stands says "everybody"
 * @property {string} description
 */

// As in a pasted line; 0 is a type and a code, and as a port the API has its word on it.
const RANGE = /^(0|[1-9]\d*)(?:\s*[-–:]\s*(0|[1-9]\d*))?$/;
const TYPE = /^(0|[1-9]\d*)(?:\s*\/\s*(0|[1-9]\d*))?$/;

let made = 0;

/**
 * @param {Partial<Row>} [values]
 * @returns {Row}
 */
export function newRow(values = {}) {
  made += 1;
  return {
    direction: "ingress", ethertype: "IPv4", protocol: "tcp", ports: "", kind: "cidr", end: "",
    description: "", ...values, key: `row-${made}`,
  };
}

/**
 * @param {Rule} rule
 * @param {{keepId?: boolean}} [how]
 * @returns {Row}
 */
export function rowOf(rule, { keepId = true } = {}) {
  const { kind: found, end } = endWords(rule);
  const kinds = /** @type {const} */ ({ all: "all", cidr: "cidr", group: "group", lost: "kept" });
  return newRow({
    id: keepId ? rule.id : undefined,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol,
    ports: portDigits(rule) || (hasPorts(protocolIn(rule.protocol)) ? "any" : ""),
    kind: kinds[found],
    end: found === "all" ? "" : end,
    group: rule.remote_group ?? undefined,
    everybody: found === "all" ? rule.cidr : undefined,
    kept: found === "lost" ? remoteKeys(rule) : undefined,
    description: rule.description,
  });
}

/**
 * Return what is sent for a row. An end or ports that cannot be read are sent as what the API
 * refuses.
 *
 * @param {Row} row
 */
export function bodyOf(row) {
  const [first, last] = readPorts(row) ?? ["none", "none"];
  const body = {
    ...(row.id === undefined ? {} : { id: row.id }),
    direction: row.direction,
    ethertype: row.ethertype,
    protocol: row.protocol,
    from_port: first,
    to_port: last,
    description: row.description,
  };
  // Without its end, a rule that has no id would admit every address.
  if (row.kind === "kept") return { ...body, ...row.kept };
  return { ...body, ...endOf(row) };
}

/** @param {Row} row */
function endOf(row) {
  if (row.kind === "group") return { cidr: null, remote_group: row.group ?? (row.end || "none") };
  if (row.kind === "cidr") return { cidr: row.end.trim() || "none", remote_group: null };
  const everybody = row.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  const isAsBefore = row.everybody !== undefined && (!row.everybody || row.everybody === everybody);
  return { cidr: isAsBefore ? row.everybody : everybody, remote_group: null };
}

/**
 * Read "443", "8000-8010" or "8000:8010", "8/0" for ICMP, or "any"; null for what is none of these.
 * An empty cell is "any" only where a protocol has no ports, or for ICMP.
 *
 * @param {{protocol: string, ports: string}} row
 * @returns {[number, number] | null}
 */
function readPorts(row) {
  const typed = row.ports.trim();
  if (isEvery(typed) || (typed === "" && !hasPorts(protocolIn(row.protocol)))) return [-1, -1];
  const found = typed.match(isTyped(row) ? TYPE : RANGE);
  if (!found) return null;
  const first = Number(found[1]);
  if (isTyped(row)) return [first, Number(found[2] ?? -1)];
  const last = Number(found[2] ?? first);
  return first <= last ? [first, last] : null;
}

const isTyped = (/** @type {{protocol: string}} */ { protocol }) => isIcmp({ protocol: protocolIn(protocol) }) || protocolIn(protocol) === "icmpv6";

/**
 * Return what is wrong with the ports of a row; empty for numbers, whose bounds the API has.
 *
 * @param {{protocol: string, ports: string}} row
 */
export function portsMistake(row) {
  if (readPorts(row)) return "";
  if (row.ports.trim() === "") return "Empty does not say which ports: write 22, 8000-8100, or any for every port.";
  if (isTyped(row)) return "This is not an ICMP type: write 8, 8/0 for type and code, or any.";
  return "These are not ports, or not from the first to the last: write 22, 8000-8100, or any. Several ports are a rule each.";
}

/**
 * What makes two rows the same rule, whatever their ids.
 *
 * @param {Row} row
 */
export function signature(row) {
  const { direction, ethertype, protocol, from_port: first, to_port: last, ...rest } = bodyOf(row);
  const end = row.kind === "kept" ? JSON.stringify(row.kept) : row.kind === "all" ? "*" : row.kind === "group" ? row.group : row.end;
  return JSON.stringify([direction, ethertype, protocol, first, last, end, rest.description]);
}

/**
 * Bring rows that were edited from `base` to rules that somebody else has set meanwhile: theirs
 * come in, those that they took away go where nobody edited them, and nothing that was edited is
 * lost.
 *
 * @param {Row[]} mine
 * @param {Rule[]} base
 * @param {Rule[]} theirs
 */
export function merged(mine, base, theirs) {
  const before = new Set(base.map((rule) => signature(rowOf(rule))));
  const now = new Map(theirs.map((rule) => [signature(rowOf(rule)), rule]));
  const kept = mine.filter((row) => now.has(signature(row)) || !before.has(signature(row)));
  const held = new Set(kept.map(signature));
  const added = [...now].filter(([key]) => !before.has(key) && !held.has(key));
  return withIds([...kept, ...added.map(([, rule]) => rowOf(rule))], theirs);
}

/**
 * Give rows the ids of the rules that stand now; an id that is gone is dropped.
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

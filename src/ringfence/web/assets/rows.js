// Rules while they are edited: text in cells, whatever it is. What is right, the API says.

import { endWords, isIcmp, portDigits, remoteKeys } from "./words.js";

/** @typedef {import("./words.js").Rule} Rule */

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
    ports: portDigits(rule),
    kind: kinds[found],
    end: found === "all" ? "" : end,
    group: rule.remote_group ?? undefined,
    everybody: found === "all" ? rule.cidr : undefined,
    kept: found === "lost" ? remoteKeys(rule) : undefined,
    description: rule.description,
  });
}

/**
 * What is sent for a row: as it was typed where it cannot be read.
 *
 * @param {Row} row
 */
export function bodyOf(row) {
  const [first, last] = readPorts(row.ports, row);
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
 * Read "443", "8000-8010", "8/0" for ICMP, or nothing for any.
 *
 * @param {string} text
 * @param {{protocol: string}} row
 * @returns {(number | string)[]}
 */
function readPorts(text, row) {
  const typed = text.trim();
  if (typed === "" || typed.toLowerCase() === "any") return [-1, -1];
  const both = typed.match(/^(\d+)\s*[-–:/]\s*(\d+)$/);
  if (both) return [Number(both[1]), Number(both[2])];
  if (/^\d+$/.test(typed)) return [Number(typed), isIcmp(row) ? -1 : Number(typed)];
  return [typed, typed];
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

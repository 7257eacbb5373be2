// Expands a parsed line into rows: one for each port and each remote.

import { newRow } from "../rules/rows.js";
import { checkDescription, couldBeKeyword, textOf } from "./description.js";
import { ParseError, hasPorts, isIcmp } from "./values.js";

/** @typedef {import("../rules/rows.js").Row} Row */

/**
 * @typedef {object} Opening
 * @property {string} protocol as rows have it, and "icmpv6"
 * @property {string[] | null} ports null if the line names none; [""] for an explicit any
 */

/**
 * @typedef {object} Meaning
 * @property {string} direction
 * @property {string} ethertype empty if the line does not name it
 * @property {Opening[]} opens
 * @property {import("./values.js").End[]} ends
 * @property {import("./description.js").Described} described
 * @property {string} [description] the default, for a line without a description
 */

// The most rules that a person can be expected to review.
export const MAX_RULES = 1000;
const MAX_DESCRIPTION = 2000;

/**
 * Return the rows of a parsed line; throw `ParseError` if its parts contradict each other.
 *
 * @param {Meaning} meaning
 * @returns {Row[]}
 */
export function rowsOf({ direction, ethertype, opens, ends, described, description: fallback = "" }) {
  const description = textOf(described) || fallback;
  if (description.length > MAX_DESCRIPTION) throw new ParseError("", `The description is longer than ${MAX_DESCRIPTION} characters.`);
  const wrong = ends.find(({ kind, end }) => kind === "group" && (!end || couldBeKeyword(end)));
  if (wrong) throw new ParseError(wrong.end, "is ambiguous as the name of a group: choose the group in the table.");
  const opened = opens.map((opening) => ({ protocol: opening.protocol, ports: portsOf(opening) }));
  const number = opened.reduce((sum, { ports }) => sum + ports.length, 0) * ends.length;
  if (number > MAX_RULES) throw new ParseError("", `The line expands to ${number} rules or more; at most ${MAX_RULES} can be pasted at once.`);
  const rows = opened.flatMap(({ protocol, ports }) => ports.flatMap((each) => ends.flatMap((end) =>
    ethertypesOf(end, ethertype, protocol).map((family) => ({
      direction, ethertype: family, protocol: protocol === "icmpv6" ? "icmp" : protocol,
      ports: each || (hasPorts(protocol) ? "any" : ""), kind: end.kind, end: end.end, description,
    })))));
  // A CIDR that is listed twice is one rule.
  const distinct = new Map(rows.map((row) => [JSON.stringify(row), row]));
  const unique = [...distinct.values()].map((row) => newRow(row));
  checkDescription(described, unique);
  return unique;
}

/** @param {Opening} opening */
function portsOf({ protocol, ports }) {
  if (hasPorts(protocol)) {
    if (!ports) throw new ParseError(protocol, "requires ports: 22, or 80,443, or 8000-8100, or any for all ports.");
    return ports;
  }
  if (ports && ports[0] !== "" && !isIcmp(protocol)) {
    throw new ParseError(ports[0], protocol ? `is not allowed here: only tcp, udp, dccp, sctp and udplite have ports.` : "requires a protocol: write tcp or udp instead of any.");
  }
  return ports ?? [""];
}

/**
 * @param {import("./values.js").End} end
 * @param {string} explicit
 * @param {string} protocol
 * @returns {string[]}
 */
function ethertypesOf(end, explicit, protocol) {
  if (explicit && end.ethertype && explicit !== end.ethertype) {
    throw new ParseError(end.end || end.ethertype, `is ${end.ethertype}, but the line says ${explicit}.`);
  }
  const known = explicit || end.ethertype;
  const own = protocol === "icmpv6" ? "IPv6" : protocol === "icmp" ? "IPv4" : "";
  // In a rule with ethertype IPv6, Neutron takes "icmp" for ICMPv6, whose types differ.
  if (own && known && own !== known && !(protocol === "icmp" && explicit)) {
    throw new ParseError(protocol, `requires ${own}, but the addresses are ${known}: write ${own === "IPv4" ? "icmpv6" : "icmp"}.`);
  }
  if (known || own) return [known || own];
  return end.kind === "group" ? ["IPv4"] : ["IPv4", "IPv6"];
}

// What a line means, and the rows that are exactly that: one for each port and each remote end.

import { newRow } from "../rows.js";
import { checkDescribed, couldBePart, textOf } from "./description.js";
import { Mistake, hasPorts, isIcmp } from "./values.js";

/** @typedef {import("../rows.js").Row} Row */

/**
 * @typedef {object} Opening
 * @property {string} protocol as rows have it, and "icmpv6"
 * @property {string[] | null} ports null where none are named; [""] for any, spelt out
 */

/**
 * @typedef {object} Meaning
 * @property {string} direction
 * @property {string} ethertype empty where it is not spelt out
 * @property {Opening[]} opens
 * @property {import("./values.js").End[]} ends
 * @property {import("./description.js").Described} described
 * @property {string} [description] of rules that the line does not describe
 */

// More is not a list that a person reviews.
export const MOST_RULES = 1000;
const LONGEST_DESCRIPTION = 2000;

/**
 * Return the rows of a line that was read wholly; raise `Mistake` where its parts do not agree.
 *
 * @param {Meaning} meaning
 * @returns {Row[]}
 */
export function rowsOf({ direction, ethertype, opens, ends, described, description: usual = "" }) {
  const description = textOf(described) || usual;
  if (description.length > LONGEST_DESCRIPTION) throw new Mistake("", `The description is longer than ${LONGEST_DESCRIPTION} characters.`);
  const wrong = ends.find(({ kind, end }) => kind === "group" && (!end || couldBePart(end)));
  if (wrong) throw new Mistake(wrong.end, "could be another part of the rule rather than the name of a group: choose the group in the table.");
  const opened = opens.map((opening) => ({ protocol: opening.protocol, ports: portsOf(opening) }));
  const number = opened.reduce((sum, { ports }) => sum + ports.length, 0) * ends.length;
  if (number > MOST_RULES) throw new Mistake("", `This line is ${number} rules, or more; at most ${MOST_RULES} are read at once.`);
  const rows = opened.flatMap(({ protocol, ports }) => ports.flatMap((each) => ends.flatMap((end) =>
    ethertypesOf(end, ethertype, protocol).map((family) => ({
      direction, ethertype: family, protocol: protocol === "icmpv6" ? "icmp" : protocol,
      ports: each || (hasPorts(protocol) ? "any" : ""), kind: end.kind, end: end.end, description,
    })))));
  // A prefix that is written twice is one rule.
  const distinct = new Map(rows.map((row) => [JSON.stringify(row), row]));
  const made = [...distinct.values()].map((row) => newRow(row));
  checkDescribed(described, made);
  return made;
}

/** @param {Opening} opening */
function portsOf({ protocol, ports }) {
  if (hasPorts(protocol)) {
    if (!ports) throw new Mistake(protocol, "needs its ports: 22, 80,443, 8000-8100, or any for all of them.");
    return ports;
  }
  if (ports && ports[0] !== "" && !isIcmp(protocol)) {
    throw new Mistake(ports[0], protocol ? `is not possible here: ports belong to tcp, udp, dccp, sctp and udplite.` : "needs a protocol: write tcp or udp instead of any.");
  }
  return ports ?? [""];
}

/**
 * @param {import("./values.js").End} end
 * @param {string} spelt
 * @param {string} protocol
 * @returns {string[]}
 */
function ethertypesOf(end, spelt, protocol) {
  if (spelt && end.ethertype && spelt !== end.ethertype) {
    throw new Mistake(end.end || end.ethertype, `is ${end.ethertype}, and the line says ${spelt}.`);
  }
  const known = spelt || end.ethertype;
  const own = protocol === "icmpv6" ? "IPv6" : protocol === "icmp" ? "IPv4" : "";
  // Neutron takes "icmp" in a rule that says IPv6 for ICMPv6, whose types are others.
  if (own && known && own !== known && !(protocol === "icmp" && spelt)) {
    throw new Mistake(protocol, `is of ${own}, and the addresses are ${known}: write ${own === "IPv4" ? "icmpv6" : "icmp"}.`);
  }
  if (known || own) return [known || own];
  return end.kind === "group" ? ["IPv4"] : ["IPv4", "IPv6"];
}

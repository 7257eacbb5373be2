// Descriptions in pasted lines. Text that could be meant as a restriction is an error and not a
// description. A broad rule takes a description only where the syntax marks it as one, because no list
// of words covers every way to write a restriction.

import { PRESETS } from "../rules/well_known_ports.js";
import { ParseError, hasPorts, isAnywhere, isEvery, isIcmp, namedProtocol } from "./values.js";

/** @typedef {import("../rules/rows.js").Row} Row */

/**
 * The texts of a line that describe its rules.
 *
 * @typedef {object} Described
 * @property {string[]} [free] unmarked words after the last remote
 * @property {string} [comment] the text of an option
 * @property {string} [column] the text of a CSV column
 * @property {string} [remark] the text after a #
 */

const AFTER = "If it is part of the description, put the description after a #.";
const LEAVE_OUT = "Remove it from the description of a broad rule.";
const UNMARKED = "could be meant as a restriction of a broad rule: put the description after a #.";
// The shortest prefix length of a CIDR that is not broad, by IP version.
const SHORTEST_NARROW = /** @type {Record<string, number>} */ ({ IPv4: 8, IPv6: 16 });
const ALL_PORTS = "1-65535";
const RESTRICTIONS = new Set(
  `except excepting excluding excludes exclude but not no non none never neither nor only just without
  minus unless if when while until till during deny denies denied drop reject block blocked refuse
  limit limited established related forward port ports proto protocol type code sport dport src dst source sources destination
  dest interface iface via group groups sg instead alone solely exclusively`.split(/\s+/),
);
// As the first word of a description, these would continue the rule.
const CONTINUATIONS = new Set(["to", "and", "or", "on", "at", "x", "-", "–", "allow", "proto"]);
const DIRECTIONS = /** @type {Record<string, string>} */ ({
  ingress: "ingress", inbound: "ingress", incoming: "ingress", in: "ingress", input: "ingress",
  egress: "egress", outbound: "egress", outgoing: "egress", out: "egress", output: "egress",
});
const ETHERTYPES = /** @type {Record<string, string>} */ ({
  ipv4: "IPv4", v4: "IPv4", inet: "IPv4", ip4: "IPv4", ipv6: "IPv6", v6: "IPv6", inet6: "IPv6", ip6: "IPv6",
});
const PRESETS_BY_NAME = new Map(PRESETS.map((preset) => [preset.name.toLowerCase(), preset.opens]));
const ADDRESS = /\d\.\d{1,3}\.\d|\d\/\d|::|[\da-f]:[\da-f]{1,4}:|\.\*/;
const INTERFACE = /^(?:eth|en[ospx]|wlan|bond|br|tun|tap|veth|lo)\d/;
const PORTS = /^\d+[-–:]\d*$|^[-–:]\d+$|^\d+(,\d+)+,?$/;

/** @param {Described} described */
export const textOf = ({ free = [], comment, column, remark }) => [free.join(" "), comment, column, remark].filter(Boolean).join(" ");

/**
 * Throw `ParseError` if a text may be meant as more than a description of the rows.
 *
 * @param {Described} described
 * @param {Row[]} rows
 */
export function checkDescription({ free = [], comment, column, remark }, rows) {
  checkWords(free, rows, AFTER);
  if (!rows.some(isBroad)) return;
  if (free.length) throw new ParseError(free[0], UNMARKED);
  checkWords(wordsOf(comment), rows, AFTER);
  checkWords(wordsOf(column), rows, LEAVE_OUT);
  const part = wordsOf(remark).find((word) => isEndOrPorts(word.normalize("NFKC").toLowerCase()));
  if (part !== undefined) throw new ParseError(part, `could be meant as a part of the rule. ${LEAVE_OUT}`);
}

const wordsOf = (/** @type {string | undefined} */ text) => (text ?? "").split(/\s+/).filter(Boolean);

/**
 * Whether a rule is broad in any part: its remote, protocol, ports or ICMP types.
 *
 * @param {Row} row
 */
function isBroad({ kind, end, ethertype, protocol, ports }) {
  if (kind === "all" || protocol === "") return true;
  if (kind === "cidr" && Number(end.split("/")[1]) < SHORTEST_NARROW[ethertype]) return true;
  const isAny = ports.trim() === "" || isEvery(ports.trim());
  return hasPorts(protocol) ? isAny || ports === ALL_PORTS : isIcmp(protocol) && isAny;
}

/**
 * Throw `ParseError` for a word that contradicts or restricts the rows. A description may repeat a
 * property of the rule.
 *
 * @param {string[]} words
 * @param {Row[]} rows
 * @param {string} how the hint how to write such a description
 */
function checkWords(words, rows, how) {
  words.forEach((word, index) => {
    // NFKC maps full-width and other compatibility characters to the ordinary ones.
    const plain = word.normalize("NFKC").toLowerCase();
    if (index === 0) checkFirst(word, plain, how);
    if (isValue(plain)) throw new ParseError(word, `could be meant as a part of the rule. ${how}`);
    // The words of a URL are not part of the rule.
    if (/^https?:\/\/\p{L}/u.test(plain)) return;
    for (const each of plain.split(/[^\p{L}\p{N}]+/u)) {
      if (RESTRICTIONS.has(each)) throw new ParseError(word, `could be meant as a restriction, which a rule cannot express. ${how}`);
      if (!agrees(each, rows)) throw new ParseError(word, `contradicts the rest of the line. ${how}`);
    }
    if (!agrees(plain, rows)) throw new ParseError(word, `contradicts the rest of the line. ${how}`);
  });
}

/**
 * Whether a word at the position of a name could be meant as another part of a rule.
 *
 * @param {string} word
 */
export function couldBeKeyword(word) {
  const plain = word.normalize("NFKC").toLowerCase();
  const isKeyword = Object.hasOwn(DIRECTIONS, plain) || Object.hasOwn(ETHERTYPES, plain) || namedProtocol(plain) !== undefined;
  return isKeyword || RESTRICTIONS.has(plain) || CONTINUATIONS.has(plain) || isAnywhere(plain) || isValue(plain) || /^\d+$/.test(plain);
}

/**
 * @param {string} word
 * @param {string} plain
 * @param {string} how
 */
function checkFirst(word, plain, how) {
  if (/^\d+([,;.:]|$)/.test(plain) || CONTINUATIONS.has(plain) || isAnywhere(plain)) {
    throw new ParseError(word, `could be meant as a part of the rule. ${how}`);
  }
}

/** @param {string} plain */
function isValue(plain) {
  const isOption = /^[^\p{L}\p{N}]*-{1,2}[a-z]/u.test(plain) || plain.includes("!") || plain.includes("=");
  return isOption || INTERFACE.test(plain) || isEndOrPorts(plain);
}

/** @param {string} plain */
function isEndOrPorts(plain) {
  const pair = plain.split("/");
  const isPair = pair.length > 1 && pair.some((each) => /^\d/.test(each)) && pair.some((each) => namedProtocol(each) !== undefined);
  return isPair || ADDRESS.test(plain) || PORTS.test(plain);
}

/**
 * @param {string} word
 * @param {Row[]} rows
 */
function agrees(word, rows) {
  const protocol = namedProtocol(word);
  if (protocol !== undefined && rows.some((row) => ownProtocol(row) !== protocol)) return false;
  if (Object.hasOwn(DIRECTIONS, word) && rows.some((row) => row.direction !== DIRECTIONS[word])) return false;
  if (Object.hasOwn(ETHERTYPES, word) && rows.some((row) => row.ethertype !== ETHERTYPES[word])) return false;
  const opens = PRESETS_BY_NAME.get(word);
  return !opens || rows.every((row) => opens.some((opening) => isWithin(row, opening)));
}

/** @param {Row} row */
const ownProtocol = (row) => (row.protocol === "icmp" && row.ethertype === "IPv6" ? "icmpv6" : row.protocol);

/**
 * @param {Row} row
 * @param {{protocol: string, ports: string}} opening
 */
const isWithin = (row, opening) => row.protocol === opening.protocol && row.ports === opening.ports;

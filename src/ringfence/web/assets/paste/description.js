// What describes a rule, unless it could be meant to narrow it. Where a rule is open at its widest, a
// description stands only where its form marks it: no list of words holds all that could narrow.

import { PRESETS } from "../well_known_ports.js";
import { Mistake, hasPorts, isAnywhere, isEvery, isIcmp, namedProtocol } from "./values.js";

/** @typedef {import("../rows.js").Row} Row */

/**
 * The texts of a line that describe its rules.
 *
 * @typedef {object} Described
 * @property {string[]} [free] words after the last remote end, which nothing marks
 * @property {string} [comment] a text that its option marks
 * @property {string} [column] a text that its column marks
 * @property {string} [remark] what stands after a #
 */

const AFTER = "A description that says such a thing stands after a #.";
const LEAVE_OUT = "Leave it out of the description of a rule that is open at its widest.";
const UNMARKED = "could be meant to narrow the rule, which is open at its widest: put the description after a #.";
// What a prefix has at least, by its IP version, without being one of the widest.
const NARROW = /** @type {Record<string, number>} */ ({ IPv4: 8, IPv6: 16 });
const ALL_PORTS = "1-65535";
const NARROWING = new Set(
  `except excepting excluding excludes exclude but not no non none never neither nor only just without
  minus unless if when while until till during deny denies denied drop reject block blocked refuse
  limit limited established related forward port ports proto protocol type code sport dport src dst source sources destination
  dest interface iface via group groups sg instead alone solely exclusively`.split(/\s+/),
);
// At the beginning they would go on with the rule.
const GOING_ON = new Set(["to", "and", "or", "on", "at", "x", "-", "–", "allow", "proto"]);
const DIRECTIONS = /** @type {Record<string, string>} */ ({
  ingress: "ingress", inbound: "ingress", incoming: "ingress", in: "ingress", input: "ingress",
  egress: "egress", outbound: "egress", outgoing: "egress", out: "egress", output: "egress",
});
const ETHERTYPES = /** @type {Record<string, string>} */ ({
  ipv4: "IPv4", v4: "IPv4", inet: "IPv4", ip4: "IPv4", ipv6: "IPv6", v6: "IPv6", inet6: "IPv6", ip6: "IPv6",
});
const SERVICES = new Map(PRESETS.map((preset) => [preset.name.toLowerCase(), preset.opens]));
const ADDRESS = /\d\.\d{1,3}\.\d|\d\/\d|::|[\da-f]:[\da-f]{1,4}:|\.\*/;
const INTERFACE = /^(?:eth|en[ospx]|wlan|bond|br|tun|tap|veth|lo)\d/;
const PORTS = /^\d+[-–:]\d*$|^[-–:]\d+$|^\d+(,\d+)+,?$/;

/** @param {Described} described */
export const textOf = ({ free = [], comment, column, remark }) => [free.join(" "), comment, column, remark].filter(Boolean).join(" ");

/**
 * Raise `Mistake` for a text that may have been meant as more than a description of the rows.
 *
 * @param {Described} described
 * @param {Row[]} rows
 */
export function checkDescribed({ free = [], comment, column, remark }, rows) {
  checkWords(free, rows, AFTER);
  if (!rows.some(isWidest)) return;
  if (free.length) throw new Mistake(free[0], UNMARKED);
  checkWords(wordsOf(comment), rows, AFTER);
  checkWords(wordsOf(column), rows, LEAVE_OUT);
  const part = wordsOf(remark).find((word) => isEndOrPorts(word.normalize("NFKC").toLowerCase()));
  if (part !== undefined) throw new Mistake(part, `could be another part of the rule. ${LEAVE_OUT}`);
}

const wordsOf = (/** @type {string | undefined} */ text) => (text ?? "").split(/\s+/).filter(Boolean);

/**
 * Whether any part of a rule is at its widest: its end, its protocol, its ports or ICMP types.
 *
 * @param {Row} row
 */
function isWidest({ kind, end, ethertype, protocol, ports }) {
  if (kind === "all" || protocol === "") return true;
  if (kind === "cidr" && Number(end.split("/")[1]) < NARROW[ethertype]) return true;
  const isAny = ports.trim() === "" || isEvery(ports.trim());
  return hasPorts(protocol) ? isAny || ports === ALL_PORTS : isIcmp(protocol) && isAny;
}

/**
 * Raise `Mistake` for a word that says something else than the rows do. A description may repeat
 * what a rule is; it never says less is meant.
 *
 * @param {string[]} words
 * @param {Row[]} rows
 * @param {string} how such a thing is said
 */
function checkWords(words, rows, how) {
  words.forEach((word, place) => {
    // Letters and digits of other shapes are those that they stand for.
    const plain = word.normalize("NFKC").toLowerCase();
    if (place === 0) checkFirst(word, plain, how);
    if (isValue(plain)) throw new Mistake(word, `could be another part of the rule. ${how}`);
    // The words of a link are none of the rule's.
    if (/^https?:\/\/\p{L}/u.test(plain)) return;
    for (const each of plain.split(/[^\p{L}\p{N}]+/u)) {
      if (NARROWING.has(each)) throw new Mistake(word, `could narrow the rule, and a rule cannot say that. ${how}`);
      if (!agrees(each, rows)) throw new Mistake(word, `is not what the rest of the line says. ${how}`);
    }
    if (!agrees(plain, rows)) throw new Mistake(word, `is not what the rest of the line says. ${how}`);
  });
}

/**
 * Whether a word that stands for a name could be meant as another part of a rule.
 *
 * @param {string} word
 */
export function couldBePart(word) {
  const plain = word.normalize("NFKC").toLowerCase();
  const isKeyword = Object.hasOwn(DIRECTIONS, plain) || Object.hasOwn(ETHERTYPES, plain) || namedProtocol(plain) !== undefined;
  return isKeyword || NARROWING.has(plain) || GOING_ON.has(plain) || isAnywhere(plain) || isValue(plain) || /^\d+$/.test(plain);
}

/**
 * @param {string} word
 * @param {string} plain
 * @param {string} how
 */
function checkFirst(word, plain, how) {
  if (/^\d+([,;.:]|$)/.test(plain) || GOING_ON.has(plain) || isAnywhere(plain)) {
    throw new Mistake(word, `could be another part of the rule. ${how}`);
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
  const opens = SERVICES.get(word);
  return !opens || rows.every((row) => opens.some((opening) => isWithin(row, opening)));
}

/** @param {Row} row */
const ownProtocol = (row) => (row.protocol === "icmp" && row.ethertype === "IPv6" ? "icmpv6" : row.protocol);

/**
 * @param {Row} row
 * @param {{protocol: string, ports: string}} opening
 */
const isWithin = (row, opening) => row.protocol === opening.protocol && row.ports === opening.ports;

// What stands after the last remote end describes the rule, unless it could be meant to narrow it.

import { PRESETS } from "../services.js";
import { Mistake, isAnywhere, namedProtocol } from "./values.js";

/** @typedef {import("../rows.js").Row} Row */

const HOW = "A description that says such a thing stands after a #.";
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

/**
 * Raise `Mistake` for a word that says something else than the rows do. A description may repeat
 * what a rule is; it never says less is meant.
 *
 * @param {string[]} words
 * @param {Row[]} rows
 */
export function checkDescription(words, rows) {
  words.forEach((word, place) => {
    // Letters and digits of other shapes are those that they stand for.
    const plain = word.normalize("NFKC").toLowerCase();
    if (place === 0) checkFirst(word, plain);
    if (isValue(plain)) throw new Mistake(word, `could be another part of the rule. ${HOW}`);
    // The words of a link are none of the rule's.
    if (/^https?:\/\/\p{L}/u.test(plain)) return;
    for (const each of plain.split(/[^\p{L}\p{N}]+/u)) {
      if (NARROWING.has(each)) throw new Mistake(word, `could narrow the rule, and a rule cannot say that. ${HOW}`);
      if (!agrees(each, rows)) throw new Mistake(word, `is not what the rest of the line says. ${HOW}`);
    }
    if (!agrees(plain, rows)) throw new Mistake(word, `is not what the rest of the line says. ${HOW}`);
  });
}

/**
 * Raise `Mistake` for a comment of a command that admits every address, if an address or a port may
 * have been meant to stand outside it.
 *
 * @param {string | undefined} comment
 * @param {Row[]} rows
 */
export function checkComment(comment, rows) {
  if (rows.some((row) => row.kind === "all")) checkDescription((comment ?? "").split(/\s+/).filter(Boolean), rows);
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
 */
function checkFirst(word, plain) {
  if (/^\d+([,;.:]|$)/.test(plain) || GOING_ON.has(plain) || isAnywhere(plain)) {
    throw new Mistake(word, `could be another part of the rule. ${HOW}`);
  }
}

/** @param {string} plain */
function isValue(plain) {
  const isOption = /^[^\p{L}\p{N}]*-{1,2}[a-z]/u.test(plain) || plain.includes("!") || plain.includes("=");
  const pair = plain.split("/");
  const isPair = pair.length > 1 && pair.some((each) => /^\d/.test(each)) && pair.some((each) => namedProtocol(each) !== undefined);
  return isOption || isPair || INTERFACE.test(plain) || ADDRESS.test(plain) || PORTS.test(plain);
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

// Parses the values of a rule: protocols, ports, ICMP types, addresses.

import { own } from "../own.js";
import { hostBitsOf } from "../rules/prefixes.js";

/** An error in a pasted line, and the word at which parsing failed. */
export class ParseError extends Error {
  /**
   * @param {string} word
   * @param {string} message what is wrong, and what is allowed; starts in lower case if the word is its subject
   * @param {string[]} choices what the word can be replaced with
   */
  constructor(word, message, choices = []) {
    super(message);
    this.word = word;
    this.choices = choices;
  }
}

/**
 * A remote. Without an ethertype, it stands for every IP version that the rest of the line allows.
 *
 * @typedef {object} End
 * @property {"all" | "cidr" | "group"} kind
 * @property {"" | "IPv4" | "IPv6"} ethertype
 * @property {string} end a CIDR or the name of a group; empty for all addresses
 */

// The protocol names of Neutron (neutron_lib.constants.IP_PROTOCOL_MAP), mapped to the values of rows.
const NAMES = /** @type {Record<string, string>} */ ({
  tcp: "tcp", udp: "udp", icmp: "icmp", icmpv6: "icmpv6", "ipv6-icmp": "icmpv6", igmp: "2",
  ipip: "4", egp: "8", dccp: "33", "ipv6-encap": "41", "ipv6-route": "43", "ipv6-frag": "44",
  rsvp: "46", gre: "47", esp: "50", ah: "51", "ipv6-nonxt": "59", "ipv6-opts": "60", ospf: "89",
  vrrp: "112", pgm: "113", sctp: "132", udplite: "136",
});
const NUMBERS = /** @type {Record<string, string>} */ ({ 1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6" });
const WITH_PORTS = new Set(["tcp", "udp", "33", "132", "136"]);
const EVERY = new Set(["any", "all"]);
const ANYWHERE = new Set(["any", "anywhere"]);
const HIGHEST_PORT = 65535;
const HIGHEST_BYTE = 255;

export const hasPorts = (/** @type {string} */ protocol) => WITH_PORTS.has(protocol);
export const isIcmp = (/** @type {string} */ protocol) => protocol === "icmp" || protocol === "icmpv6";
export const isEvery = (/** @type {string | undefined} */ word) => EVERY.has(small(word));
export const isAnywhere = (/** @type {string | undefined} */ word) => ANYWHERE.has(small(word));
export const small = (/** @type {string | undefined} */ word) => (word ?? "").toLowerCase();

/** The protocol with a name, except "any"; undefined for any other word. */
export const namedProtocol = (/** @type {string | undefined} */ word) =>
  own(NAMES, small(word));

/** The protocol in a cell, given as a name or a number. */
export function protocolIn(/** @type {string} */ cell) {
  const text = cell.trim();
  const number = /^\d+$/.test(text) ? `${Number(text)}` : text;
  return namedProtocol(text) ?? own(NUMBERS, number) ?? number;
}

/**
 * Return the protocol for a name, a number, or "any"; throw `ParseError` for any other word.
 *
 * @param {string} word
 */
export function protocolOf(word) {
  const named = isEvery(word) ? "" : namedProtocol(word);
  if (named !== undefined) return named;
  // 0 is ambiguous: any protocol in iptables, a single protocol in Neutron.
  const isNumber = /^[1-9]\d{0,2}$/.test(word) && Number(word) <= HIGHEST_BYTE;
  if (!isNumber) throw new ParseError(word, "is not a protocol: write tcp, udp, icmp, icmpv6, esp, ah, gre, sctp, another IANA name or number, or any.");
  return own(NUMBERS, word) ?? word;
}

/**
 * Return each port or range of a list: "80,443", "8000-8100", "8000:8100".
 *
 * @param {string} word
 */
export function portsOf(word) {
  return unique(word.split(",").map((part) => {
    const found = part.match(/^([1-9]\d{0,4})(?:[-–:]([1-9]\d{0,4}))?$/);
    const [first, last] = [Number(found?.[1]), Number(found?.[2] ?? found?.[1])];
    if (!found || last > HIGHEST_PORT || first > last) {
      throw new ParseError(word, "is not a list of ports: write 22, 80,443 or 8000-8100, from 1 to 65535.");
    }
    return first === last ? `${first}` : `${first}-${last}`;
  }));
}

/**
 * Return each ICMP type of a list, with its code or without: "8", "8/0", "3,11".
 *
 * @param {string} word
 */
export function icmpTypesOf(word) {
  return unique(word.split(",").map((part) => {
    const numbers = part.split("/");
    const isRight = numbers.length <= 2 && numbers.every((each) => /^(0|[1-9]\d{0,2})$/.test(each) && Number(each) <= HIGHEST_BYTE);
    if (!isRight) throw new ParseError(word, "is not an ICMP type: write 8, or 8/0 for type and code.");
    return part;
  }));
}

/** Whether a word can only be meant as an address, valid or not. */
export const looksLikeAddress = (/** @type {string} */ word) =>
  /^[\d.,/]*\d\.\d/.test(word) || (/^[\da-f:.,/]+$/i.test(word) && word.split(":").length > 2);

/**
 * Return the remotes of a list of CIDRs.
 *
 * @param {string} word
 * @returns {End[]}
 */
export const prefixesOf = (word) => word.split(",").map((part) => prefixOf(part));

/**
 * @param {string} word
 * @returns {End}
 */
function prefixOf(word) {
  const [address, length, ...rest] = word.split("/");
  const ethertype = isIpv4(address) ? "IPv4" : isIpv6(address) ? "IPv6" : "";
  const bits = ethertype === "IPv6" ? 128 : 32;
  const isLength = length === undefined || (/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits);
  if (!ethertype || !isLength || rest.length) {
    throw new ParseError(word, "is not an IP address or CIDR: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.");
  }
  const every = ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  const isZero = /^[0.:]+$/.test(address);
  if (length === "0" && isZero) return { kind: "all", ethertype, end: "" };
  if (length === "0" || (length === undefined && isZero)) {
    throw new ParseError(word, `is ambiguous: write ${every} for all ${ethertype} addresses, or a longer prefix.`);
  }
  const meant = hostBitsOf(word);
  if (meant) {
    const { address: one, network, covers } = meant;
    throw new ParseError(word, `covers ${covers}: write ${one} for the one address, or ${network} for the network.`, [one, network]);
  }
  return { kind: "cidr", ethertype, end: length === undefined ? `${address}/${bits}` : word };
}

/** @param {string} text */
function isIpv4(text) {
  const octets = text.split(".");
  return octets.length === 4 && octets.every((each) => /^(0|[1-9]\d{0,2})$/.test(each) && Number(each) <= HIGHEST_BYTE);
}

/** @param {string} text */
function isIpv6(text) {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  // The last 32 bits may be written as in IPv4.
  const isMixed = last.includes(".");
  if (isMixed && !(isIpv4(last) && text.endsWith(last))) return false;
  const length = groups.length + (isMixed ? 1 : 0);
  const words = isMixed ? groups.slice(0, -1) : groups;
  return words.every((each) => /^[\da-f]{1,4}$/i.test(each)) && (halves.length === 2 ? length < 8 : length === 8);
}

/** @param {string[]} words */
const unique = (words) => [...new Set(words)];

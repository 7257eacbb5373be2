// The parts of a question: "tcp 22", "from 10.0.0.0/8", "icmp 8", "incoming". Pure.

import { own } from "../own.js";
import { hostBitsOf } from "../rules/prefixes.js";
import { WELL_KNOWN_PORTS } from "../rules/well_known_ports.js";

/**
 * What words mean, and how many of them do.
 *
 * @typedef {object} Found
 * @property {"traffic" | "end" | "other"} kind
 * @property {string} text
 * @property {Record<string, string>} query
 * @property {number} size
 * @property {import("../rules/prefixes.js").HostBits} [either] a prefix that may be meant as one address
 */

const PROTOCOLS = ["tcp", "udp", "icmp", "icmpv6", "igmp", "gre", "esp", "ah", "sctp", "dccp", "ospf", "vrrp", "udplite"];
const OF_UDP = new Set([67, 69, 123, 161, 500, 514, 1194, 4500, 4789, 51820]);
const OF_BOTH = new Set([53, 111, 389, 443, 2049, 3389, 11211]);
const ALIASES = { postgres: 5432, mongo: 27017, kubernetes: 6443, k8s: 6443, mssql: 1433, sqlserver: 1433, wireguard: 51820, openvpn: 1194, elastic: 9200 };

// Alone, "any" and "public" are rather words of a name.
const INTERNET = new Set(["internet", "anywhere", "world", "everywhere", "anyone", "anybody", "everyone", "everybody"]);
const ALL = new Set([...INTERNET, "any", "all", "public", "anything", "everything", "outside", "*"]);
const AROUND = new Set(["the", "whole", "entire", "address", "addresses", "host", "hosts", "ip", "ips", "source", "sources"]);
const EVERY = /** @type {Record<string, string>} */ ({ "0.0.0.0/0": "IPv4", "::/0": "IPv6" });
const SOURCE = new Set(["from", "src", "source", "-s", "--source", "--src"]);
const DESTINATION = new Set(["to", "dst", "destination", "-d", "--destination", "--dst"]);
const OPEN = /^(open|opens|opened|exposed|exposes|accessible|reachable|visible|available|for|by)$/;
const PORT = new Set(["port", "ports", "dport", "dports", "--dport", "--dports", "dst-port", "--dst-port"]);
const PROTOCOL = new Set(["proto", "protocol", "-p", "--proto", "--protocol"]);

/** @type {Record<string, number>} */
const SERVICES = {
  ...Object.fromEntries(Object.entries(WELL_KNOWN_PORTS)
    .filter(([, name]) => !name.includes(" ") && name !== "web")
    .map(([port, name]) => [name.toLowerCase(), Number(port)]).reverse()),
  elasticsearch: 9200, prometheus: 9090, ...ALIASES,
};

const isIpv4 = (/** @type {string} */ word) => /^(\d{1,3}\.){3}\d{1,3}$/.test(word) && word.split(".").every((part) => Number(part) < 256);
const isIpv6 = (/** @type {string} */ word) => word.includes(":") && /^[\da-f:.]+$/.test(word) && URL.canParse(`ws://[${word}]/`);
const isAddress = (/** @type {string} */ word) => isIpv4(word) || isIpv6(word);

/** @param {string} word */
function isPrefix(word) {
  const [address, length, more] = word.split("/");
  return more === undefined && /^\d{1,3}$/.test(length ?? "") && isAddress(address) && Number(length) <= (isIpv4(address) ? 32 : 128);
}

/**
 * Return the part that words in lower case begin with; null for none. `isOut` says that the question is
 * about outgoing traffic.
 *
 * @param {string[]} words
 * @param {boolean} isOut
 * @returns {Found | null}
 */
export function partAt(words, isOut) {
  return internetAt(words, isOut) ?? endAt(words) ?? trafficAt(words) ?? wordAt(words[0]);
}

export const isOutgoing = (/** @type {string} */ word) => word === "egress" || word === "outgoing" || word === "outbound";

/**
 * @param {boolean} isOut
 * @param {number} size
 * @param {string} [ethertype]
 * @returns {Found}
 */
function internet(isOut, size, ethertype) {
  const of = ethertype ? ` (${ethertype})` : "";
  /** @type {Record<string, string>} */
  const version = ethertype ? { ethertype } : {};
  // Other prefixes of the internet cannot be searched.
  if (isOut) return { kind: "end", text: `to all addresses${of}`, query: { direction: "egress", wider_than: "1", ...version }, size };
  return { kind: "end", text: `from the internet${of}`, query: { from_internet: "true", direction: "ingress", ...version }, size };
}

/**
 * @param {string[]} words
 * @param {boolean} isOut
 */
function internetAt([word, ...rest], isOut) {
  if (own(EVERY, word)) return internet(isOut, 1, own(EVERY, word));
  if (INTERNET.has(word)) return internet(isOut, 1);
  const isOpen = OPEN.test(word);
  const skipped = isOpen && rest[0] === "to" ? 1 : 0;
  if (!isOpen && !SOURCE.has(word) && !DESTINATION.has(word)) return null;
  const isTo = DESTINATION.has(word);
  const named = rest.slice(skipped);
  if (own(EVERY, named[0] ?? "")) return internet(isTo, skipped + 2, own(EVERY, named[0]));
  const end = named.findIndex((each) => !ALL.has(each) && !AROUND.has(each));
  const taken = end < 0 ? named : named.slice(0, end);
  return taken.some((each) => ALL.has(each)) ? internet(isTo, 1 + skipped + taken.length) : null;
}

/**
 * @param {string[]} words
 * @returns {Found | null}
 */
function endAt([word, ...rest]) {
  const skipped = rest[0] === "the" ? 1 : 0;
  const value = rest[skipped] ?? "";
  const size = skipped + 2;
  const isSource = SOURCE.has(word);
  const found = (/** @type {"end" | "other"} */ kind, /** @type {string} */ text, /** @type {Record<string, string>} */ query, /** @type {string} */ prefix, taken = size) => ({
    kind, text, query, size: taken, either: hostBitsOf(prefix) ?? undefined,
  });
  if (isSource || DESTINATION.has(word)) {
    const direction = isSource ? "ingress" : "egress";
    const preposition = isSource ? "from" : "to";
    if (isAddress(value)) return found("end", `${preposition} ${value}`, { admits: value, direction }, "");
    if (isPrefix(value)) return found("end", `${preposition} addresses in ${value}`, { overlaps: value, direction }, value);
  }
  if (/^overlap/.test(word) && isPrefix(value)) return found("other", `with a prefix that overlaps ${value}`, { overlaps: value }, value);
  if (word === "within" && isPrefix(value)) return found("other", `with a prefix in ${value}`, { within: value }, value);
  if (isAddress(word)) return found("end", `from ${word}`, { admits: word }, "", 1);
  if (isPrefix(word)) return found("other", `with a prefix in ${word}`, { within: word }, word, 1);
  return null;
}

/**
 * @param {string} word
 * @returns {Record<string, string> | null} the ports' parameters
 */
function portsIn(word) {
  const found = /^(\d{1,5})(?:[-–:](\d{1,5}))?$/.exec(word ?? "");
  if (!found) return null;
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  if (last < first || last > 65535) return null;
  // A rule admits all ports of a range if it admits the first and the last.
  return first === last ? { port: String(first) } : { port: String(first), query: String(last) };
}

const traffic = (/** @type {string} */ text, /** @type {Record<string, string>} */ query, /** @type {number} */ size) => ({ kind: /** @type {"traffic"} */ ("traffic"), text, query, size });

/**
 * @param {string[]} words
 * @returns {Found | null}
 */
function trafficAt([word, ...rest]) {
  if (PROTOCOL.has(word) && PROTOCOLS.includes(rest[0])) {
    const found = trafficAt(rest);
    return found && { ...found, size: found.size + 1 };
  }
  const icmp = icmpAt([word, ...rest]);
  if (icmp) return icmp;
  const [next] = rest;
  const isPort = PORT.has(word);
  const bare = portsIn(isPort ? next : word);
  if (bare) return traffic(`${bare.query ? "ports" : "port"} ${shown(bare)}${serviceOf(bare)}`, bare, isPort ? 2 : 1);
  const [, one, two] = /^([a-z\d-]+)[/:]([a-z\d-]+)$/.exec(word) ?? [];
  const isNextPort = PORT.has(next);
  for (const [name, ports, size] of /** @type {[string, string, number][]} */ ([[word, isNextPort ? rest[1] : next, isNextPort ? 3 : 2], [one, two, 1], [two, one, 1]])) {
    const numbers = PROTOCOLS.includes(name) ? portsIn(ports) : null;
    if (numbers) return traffic(`${name.toUpperCase()} ${shown(numbers)}${serviceOf(numbers)}`, { protocol: name, ...numbers }, size);
  }
  if (PROTOCOLS.includes(word)) return traffic(word.toUpperCase(), { protocol: word }, 1);
  const port = own(SERVICES, word);
  if (port === undefined) return null;
  const protocol = OF_UDP.has(port) ? "udp" : OF_BOTH.has(port) ? "" : "tcp";
  const query = { port: String(port), ...(protocol ? { protocol } : {}) };
  return traffic(`${own(WELL_KNOWN_PORTS, port) ?? word} (${protocol ? protocol.toUpperCase() : "port"} ${port})`, query, 1);
}

/**
 * ICMP has types and codes, which rules are not searched by: all of its rules are found.
 *
 * @param {string[]} words
 */
function icmpAt(words) {
  const found = /^(icmp|icmpv6|icmp6|ipv6-icmp|ping)(?:[/: ]?(?:--icmp-type )?(?:type )?(\d{1,3})(?:(?:\/| code )(\d{1,3}))?)?(?= |$)/.exec(words.join(" "));
  if (!found) return null;
  const [taken, name, type, code] = found;
  const isV6 = name.includes("6");
  const size = taken.split(" ").length;
  const label = isV6 ? "ICMPv6" : "ICMP";
  const query = { protocol: isV6 ? "icmpv6" : "icmp" };
  if (name === "ping" && !type) return traffic("ICMP (ping, and all other types: types are not searched)", query, size);
  return traffic(type ? `${label} (type ${type}${code ? `, code ${code}` : ""}, and all others: types are not searched)` : label, query, size);
}

const shown = (/** @type {Record<string, string>} */ { port, query }) => (query ? `${port}–${query}` : port);

/** @param {Record<string, string>} ports */
function serviceOf({ port, query }) {
  const name = query ? undefined : own(WELL_KNOWN_PORTS, port);
  return name ? ` (${name})` : "";
}

/** @type {Record<string, [string, Record<string, string>]>} */
const WORDS = {
  ...Object.fromEntries(["ingress", "incoming", "inbound"].map((word) => [word, ["incoming", { direction: "ingress" }]])),
  ...Object.fromEntries(["egress", "outgoing", "outbound"].map((word) => [word, ["outgoing", { direction: "egress" }]])),
  ipv4: ["of IPv4", { ethertype: "IPv4" }], ipv6: ["of IPv6", { ethertype: "IPv6" }],
};

/**
 * @param {string} word
 * @returns {Found | null}
 */
function wordAt(word) {
  const found = own(WORDS, word);
  return found ? { kind: "other", text: found[0], query: found[1], size: 1 } : null;
}

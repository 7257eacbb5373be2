// What a question in the search field means: "ssh from internet", "10.4.7.9", "tcp 22 in shop". Pure.

import { own } from "../own.js";
import { WELL_KNOWN_PORTS } from "../well_known_ports.js";

/**
 * A part of a question: the words that were typed, what they mean, and the parameters of the search.
 *
 * @typedef {object} Part
 * @property {"traffic" | "end" | "other"} kind
 * @property {string} words
 * @property {string} text
 * @property {Record<string, string>} query
 */

/**
 * What a question means: rules, or groups by name. `ancestor` is the name of a tenant, a project or a
 * customer that both are in, and `level` which of them, if that is said.
 *
 * @typedef {object} Question
 * @property {"groups" | "rules"} kind
 * @property {string} lead
 * @property {Part[]} parts
 * @property {Record<string, string>} query
 * @property {string} ancestor
 * @property {string} level
 * @property {boolean} canBeName whether the words may be a name as well
 */

const PROTOCOLS = ["tcp", "udp", "icmp", "icmpv6", "igmp", "gre", "esp", "ah", "sctp", "dccp", "ospf", "vrrp", "udplite"];
const INTERNET = new Set(["internet", "anywhere", "world", "everywhere", "0.0.0.0/0", "::/0"]);
const NOISE = new Set(["rule", "rules", "group", "groups", "that", "which", "with", "the", "admit", "admits", "allow", "allows", "open", "traffic"]);
const OF_UDP = new Set([67, 69, 123, 161, 500, 514, 1194, 4500, 4789, 51820]);
const OF_BOTH = new Set([53, 111, 389, 443, 2049, 3389, 11211]);
const ALIASES = { postgres: 5432, mongo: 27017, kubernetes: 6443, k8s: 6443, mssql: 1433, sqlserver: 1433, wireguard: 51820, openvpn: 1194, elastic: 9200 };

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
 * Return what a question means. `as` is "names" if its words are to be searched as a name.
 *
 * @param {string} text
 * @param {string} [as]
 * @returns {Question}
 */
export function ask(text, as = "") {
  const words = text.trim().split(/[\s,]+/).filter(Boolean);
  const { ancestor, level, rest, named } = as === "names" ? { ancestor: "", level: "", rest: words, named: "" } : ancestorIn(words);
  /** @type {Part[]} */
  const parts = [];
  /** @type {string[]} */
  const left = [];
  let index = 0;
  while (as !== "names" && index < rest.length) {
    const found = partAt(rest.slice(index).map((word) => word.toLowerCase()));
    const isRepeated = found && parts.some(({ query }) => clashes(query, found.query));
    if (found && !isRepeated) parts.push({ ...found, words: rest.slice(index, index + found.size).join(" ") });
    else if (!NOISE.has(rest[index].toLowerCase()) || isRepeated) left.push(rest[index]);
    index += found ? found.size : 1;
  }
  const isClear = parts.some(({ words: of }) => of.includes(" ")) || parts.length > 1;
  const isText = !parts.length || (left.length > 0 && (!isClear || left.join(" ").length < 3 || parts.some(({ query }) => query.query)));
  const inAncestor = ancestor ? [other(named, `in ${level ? `${level} ` : ""}${ancestor}`)] : [];
  if (isText) return groupsOf(rest.join(" "), inAncestor, ancestor, level);
  const mentions = left.length ? [other(left.join(" "), `mentioning “${left.join(" ")}”`, { query: left.join(" ") })] : [];
  return rulesOf([...parts, ...mentions, ...inAncestor], ancestor, level, rest);
}

/**
 * @param {Record<string, string>} one
 * @param {Record<string, string>} two
 */
const clashes = (one, two) => Object.keys(two).some((name) => name in one && (name !== "direction" || one[name] !== two[name]));

/**
 * @param {string} words
 * @param {string} text
 * @param {Record<string, string>} [query]
 * @returns {Part}
 */
const other = (words, text, query = {}) => ({ kind: "other", words, text, query });

/**
 * @param {string} text
 * @param {Part[]} inAncestor
 * @param {string} ancestor
 * @param {string} level
 * @returns {Question}
 */
function groupsOf(text, inAncestor, ancestor, level) {
  /** @type {Record<string, string>} */
  const query = text ? { query: text } : {};
  const parts = text ? [other(text, `“${text}” in their name or description, or their tenant’s, project’s or customer’s name`)] : [];
  return { kind: "groups", lead: text ? "Groups with" : "Groups", parts: [...parts, ...inAncestor], query, ancestor, level, canBeName: false };
}

/**
 * @param {Part[]} parts
 * @param {string} ancestor
 * @param {string} level
 * @param {string[]} rest
 * @returns {Question}
 */
function rulesOf(parts, ancestor, level, rest) {
  /** @type {Record<string, string>} */
  const query = Object.assign({}, ...parts.map((part) => part.query));
  const hasTraffic = parts.some(({ kind }) => kind === "traffic");
  const hasEnd = parts.some(({ kind }) => kind === "end");
  // Rules that admit traffic are incoming, unless the question says otherwise.
  if ((hasTraffic || hasEnd) && !query.direction && !query.from_internet) query.direction = "ingress";
  const verb = query.direction === "egress" ? "Rules that let out" : "Rules that admit";
  const lead = hasTraffic ? verb : hasEnd ? `${verb} traffic` : "Rules";
  const ranks = ["traffic", "end", "other"];
  const sorted = [...parts].sort((one, two) => ranks.indexOf(one.kind) - ranks.indexOf(two.kind));
  return { kind: "rules", lead, parts: sorted, query, ancestor, level, canBeName: rest.length < 4 };
}

/**
 * Take the ancestor out of the words: "in tenant shop".
 *
 * @param {string[]} words
 */
function ancestorIn(words) {
  const start = words.findIndex((word, index) => word.toLowerCase() === "in" && index < words.length - 1);
  if (start < 0) return { ancestor: "", level: "", rest: words, named: "" };
  const after = words.slice(start + 1);
  const next = after.findIndex((word, index) => index > 0 && ["from", "to"].includes(word.toLowerCase()));
  const named = next < 0 ? after : after.slice(0, next);
  const isLevel = named.length > 1 && ["tenant", "project", "customer"].includes(named[0].toLowerCase());
  return {
    ancestor: named.slice(isLevel ? 1 : 0).join(" "),
    level: isLevel ? named[0].toLowerCase() : "",
    rest: [...words.slice(0, start), ...after.slice(named.length)],
    named: ["in", ...named].join(" "),
  };
}

/**
 * Return the part that words begin with, and how many of them it takes; null for none.
 *
 * @param {string[]} words
 * @returns {{kind: "traffic" | "end" | "other", text: string, query: Record<string, string>, size: number} | null}
 */
function partAt(words) {
  return endAt(words) ?? trafficAt(words) ?? wordAt(words[0]);
}

/** @param {string[]} words */
function endAt([word, ...rest]) {
  const end = (/** @type {string} */ text, /** @type {Record<string, string>} */ query, /** @type {number} */ size) => ({ kind: /** @type {"end"} */ ("end"), text, query, size });
  const skipped = rest[0] === "the" ? 1 : 0;
  const value = rest[skipped] ?? "";
  const size = skipped + 2;
  const isSource = word === "from";
  if (INTERNET.has(word)) return end("from the internet", { from_internet: "true" }, 1);
  if (isSource && INTERNET.has(value)) return end("from the internet", { from_internet: "true" }, size);
  if (word === "open" && value === "to" && INTERNET.has(rest.at(-1) ?? "") && rest.length < 4) return end("from the internet", { from_internet: "true" }, rest.length + 1);
  const direction = isSource ? "ingress" : "egress";
  if (isSource || word === "to") {
    if (isAddress(value)) return end(`${word} ${value}`, { admits: value, direction }, size);
    if (isPrefix(value)) return end(`${word} addresses in ${value}`, { overlaps: value, direction }, size);
  }
  if (/^overlap/.test(word) && isPrefix(value)) return { ...end(`with a prefix that overlaps ${value}`, { overlaps: value }, size), kind: /** @type {"other"} */ ("other") };
  if (word === "within" && isPrefix(value)) return { ...end(`with a prefix in ${value}`, { within: value }, size), kind: /** @type {"other"} */ ("other") };
  if (isAddress(word)) return end(`from ${word}`, { admits: word }, 1);
  if (isPrefix(word)) return { ...end(`with a prefix in ${word}`, { within: word }, 1), kind: /** @type {"other"} */ ("other") };
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

/** @param {string[]} words */
function trafficAt([word, next]) {
  const part = (/** @type {string} */ text, /** @type {Record<string, string>} */ query, /** @type {number} */ size) => ({ kind: /** @type {"traffic"} */ ("traffic"), text, query, size });
  const isPort = word === "port" || word === "ports";
  const bare = portsIn(isPort ? next : word);
  if (bare) return part(`${bare.query ? "ports" : "port"} ${shown(bare)}${serviceOf(bare)}`, bare, isPort ? 2 : 1);
  const [, one, two] = /^([a-z\d-]+)[/:]([a-z\d-]+)$/.exec(word) ?? [];
  for (const [name, ports, size] of /** @type {[string, string, number][]} */ ([[word, next, 2], [one, two, 1], [two, one, 1]])) {
    const numbers = PROTOCOLS.includes(name) && !name.startsWith("icmp") ? portsIn(ports) : null;
    if (numbers) return part(`${name.toUpperCase()} ${shown(numbers)}${serviceOf(numbers)}`, { protocol: name, ...numbers }, size);
  }
  if (PROTOCOLS.includes(word)) return part(word === "icmpv6" ? "ICMPv6" : word.toUpperCase(), { protocol: word }, 1);
  const port = own(SERVICES, word);
  if (port === undefined) return null;
  const protocol = OF_UDP.has(port) ? "udp" : OF_BOTH.has(port) ? "" : "tcp";
  const query = { port: String(port), ...(protocol ? { protocol } : {}) };
  return part(`${own(WELL_KNOWN_PORTS, port) ?? word} (${protocol ? protocol.toUpperCase() : "port"} ${port})`, query, 1);
}

const shown = (/** @type {Record<string, string>} */ { port, query }) => (query ? `${port}–${query}` : port);

/** @param {Record<string, string>} ports */
function serviceOf({ port, query }) {
  const name = query ? undefined : own(WELL_KNOWN_PORTS, port);
  return name ? ` (${name})` : "";
}

/** @type {Record<string, [string, Record<string, string>]>} */
const WORDS = {
  ingress: ["incoming", { direction: "ingress" }], incoming: ["incoming", { direction: "ingress" }],
  egress: ["outgoing", { direction: "egress" }], outgoing: ["outgoing", { direction: "egress" }],
  ipv4: ["of IPv4", { ethertype: "IPv4" }], ipv6: ["of IPv6", { ethertype: "IPv6" }],
};

/** @param {string} word */
function wordAt(word) {
  const found = own(WORDS, word);
  return found ? { kind: /** @type {"other"} */ ("other"), text: found[0], query: found[1], size: 1 } : null;
}

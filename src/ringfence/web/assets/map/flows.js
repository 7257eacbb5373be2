// Traffic of rules as boxes of protocols and ports, to compare the two ends of an arrow. Pure.

import { isInternet } from "../internet.js";
import { own } from "../own.js";
import { isIcmp, portText, protocolText, remoteText, trafficText } from "../rule_text.js";
import { WELL_KNOWN_PORTS } from "../well_known_ports.js";

/**
 * First and last protocol, first and last port. For ICMP, ports are type * 256 + code.
 *
 * @typedef {[number, number, number, number]} Box
 */

/**
 * What a rule admits for certain, and what it may admit: firewall drivers differ.
 *
 * @typedef {{sure: Box | null, possible: Box}} Admitted
 */

/** @type {Box} */
const EVERYTHING = [0, 255, 0, 65535];
const NUMBERS = /** @type {Record<string, number>} */ ({ tcp: 6, udp: 17, icmp: 1, icmpv6: 58, "ipv6-icmp": 58, ip: 0, hopopt: 0 });
// DCCP and UDP-Lite: not every driver matches their ports.
const DRIVERS_DIFFER = [33, 136];

/**
 * @param {any} rule
 * @returns {Admitted}
 */
export function admittedBy(rule) {
  if (rule.protocol === "") return { sure: EVERYTHING, possible: EVERYTHING };
  const named = own(NUMBERS, rule.protocol) ?? (/^\d{1,3}$/.test(rule.protocol) ? Number(rule.protocol) : NaN);
  const number = named === 1 && rule.ethertype === "IPv6" ? 58 : named;
  if (Number.isNaN(number)) return { sure: null, possible: EVERYTHING };
  /** @type {Box} */
  const sure = [number, number, ...portsOf(rule, number)];
  if (number === 0) return { sure, possible: EVERYTHING };
  if (number === 58 && rule.ethertype === "IPv4") return { sure: null, possible: [1, 58, 0, 65535] };
  return { sure, possible: DRIVERS_DIFFER.includes(number) ? [number, number, 0, 65535] : sure };
}

/**
 * @param {any} rule
 * @param {number} number of the protocol
 * @returns {[number, number]}
 */
function portsOf({ from_port: first, to_port: last }, number) {
  const isAny = (/** @type {any} */ port) => port === null || port === undefined || port === -1;
  if (isAny(first)) return [0, 65535];
  if (number === 1 || number === 58) return isAny(last) ? [first * 256, first * 256 + 255] : [first * 256 + last, first * 256 + last];
  return first <= 1 && last === 65535 ? [0, 65535] : [first, isAny(last) ? first : last];
}

/**
 * @param {Box} one
 * @param {Box} other
 */
const meets = (one, other) => one[0] <= other[1] && other[0] <= one[1] && one[2] <= other[3] && other[2] <= one[3];

/**
 * Return the parts of a box that are not in another.
 *
 * @param {Box} box
 * @param {Box} taken
 * @returns {Box[]}
 */
function without(box, taken) {
  if (!meets(box, taken)) return [box];
  const [low, high, first, last] = box;
  const [from, to] = [Math.max(low, taken[0]), Math.min(high, taken[1])];
  const parts = /** @type {Box[]} */ ([
    [low, from - 1, first, last], [to + 1, high, first, last],
    [from, to, first, taken[2] - 1], [from, to, taken[3] + 1, last],
  ]);
  return parts.filter((part) => part[0] <= part[1] && part[2] <= part[3]);
}

/**
 * Return whether the rules of the other side admit what a rule admits: "both", "one" (they do not),
 * "part", or "unknown".
 *
 * @param {Admitted} wanted
 * @param {Box[]} sure what the other side admits for certain
 * @param {Box[]} possible what it may admit besides
 * @returns {"both" | "one" | "part" | "unknown"}
 */
export function judge({ possible: wanted }, sure, possible) {
  const rest = sure.reduce((left, box) => left.flatMap((each) => without(each, box)), [wanted]);
  if (!rest.length) return "both";
  if (possible.some((box) => rest.some((each) => meets(each, box)))) return "unknown";
  return sure.some((box) => meets(box, wanted)) ? "part" : "one";
}

/**
 * Return the remote end of a rule: anywhere and what reaches the internet is the internet.
 *
 * @param {any} rule
 * @returns {{kind: "internet" | "prefix" | "group" | "unknown", text: string, isAnywhere: boolean, uuid: string}}
 */
export function endOf(rule) {
  const { kind, end, uuid = "" } = remoteText(rule);
  if (kind === "group" || kind === "unknown") return { kind, text: end, isAnywhere: false, uuid };
  return { kind: isInternet(rule.cidr) ? "internet" : "prefix", text: end, isAnywhere: kind === "all", uuid: "" };
}

/**
 * Return traffic in few characters: the service, or the ports.
 *
 * @param {any} flow
 */
export function shortText(flow) {
  const { what, service } = trafficText(flow);
  // Ports of applications say more than the general word "web".
  if (service && !service.startsWith("web")) return service;
  if (flow.protocol === "") return "all";
  if (isIcmp(flow)) return what;
  const ports = portText(flow);
  return ports && flow.protocol === "tcp" ? ports : `${protocolText(flow)} ${ports || "all"}`;
}

/**
 * Return the short texts of several flows, at most as many as fit.
 *
 * @param {any[]} flows
 * @param {number} most
 */
export function shortTexts(flows, most) {
  const texts = [...new Set(flows.map(shortText))];
  return texts.length > most ? `${texts.slice(0, most).join(", ")} +${texts.length - most}` : texts.join(", ");
}

/**
 * Return the test for a filter such as `22`, `tcp 22`, `ssh` or `udp`. Traffic of all ports has every port.
 *
 * @param {string} text
 * @returns {(flow: any) => boolean}
 */
export function matcherOf(text) {
  const words = text.toLowerCase().split(/[\s/]+/).filter(Boolean);
  return (flow) => words.every((word) => hasWord(flow, word));
}

/**
 * @param {any} flow
 * @param {string} word
 */
function hasWord(flow, word) {
  const [, , first, last] = admittedBy(flow).possible;
  const hasPort = (/** @type {number} */ port) => !isIcmp(flow) && first <= port && port <= last;
  if (/^\d+$/.test(word)) return hasPort(Number(word));
  if (["tcp", "udp"].includes(word)) return ["", word].includes(flow.protocol);
  const { what, service } = trafficText(flow);
  if (`${what} ${service}`.toLowerCase().includes(word)) return true;
  return Object.entries(WELL_KNOWN_PORTS).some(([port, name]) => name.toLowerCase() === word && hasPort(Number(port)));
}

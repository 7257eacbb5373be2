// Rules as text: "TCP 443", "HTTPS", "anywhere".

import { own } from "../own.js";
import { ICMP_TYPES, PROTOCOLS, WELL_KNOWN_PORTS } from "./well_known_ports.js";

/**
 * A rule as the API returns it. Ports are -1 or null for any; for ICMP they are type and code.
 *
 * @typedef {object} Rule
 * @property {number} [id]
 * @property {"IPv4" | "IPv6"} ethertype
 * @property {"ingress" | "egress"} direction
 * @property {string} protocol
 * @property {number | null} from_port
 * @property {number | null} to_port
 * @property {string | null} cidr
 * @property {string} description
 * @property {string | null} [remote_group]
 * @property {string} [remote_group_name]
 * @property {string} [remote_group_uuid]
 * @property {string} [remote_group_backend_id]
 * @property {string} [remote_address_group_backend_id]
 */

const PROTOCOL_NAMES = /** @type {Record<string, string>} */ ({ tcp: "TCP", udp: "UDP", icmp: "ICMP" });

const NUMBER_FORMAT = new Intl.NumberFormat("en");

/** @param {number | null | undefined} port */
const isAny = (port) => port === null || port === undefined || port === -1;

/** @param {{protocol: string, ethertype?: string}} rule */
export function protocolText({ protocol, ethertype }) {
  if (protocol === "") return "All traffic";
  if (protocol === "icmp" && ethertype === "IPv6") return "ICMPv6";
  return own(PROTOCOL_NAMES, protocol) ?? own(PROTOCOLS, protocol) ?? `Protocol ${protocol}`;
}

/** @param {{protocol: string}} rule */
export const isIcmp = ({ protocol }) => ["icmp", "1", "58"].includes(protocol);

/**
 * Return the ports, or the ICMP type and code; empty for any.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null}} rule
 */
export function portText(rule) {
  const { from_port: first, to_port: last } = rule;
  if (isAny(first)) return "";
  if (isIcmp(rule)) return isAny(last) ? `${first}` : `${first}/${last}`;
  return first === last || isAny(last) ? `${first}` : `${first}–${last}`;
}

/**
 * Return what a rule allows, and the name of the service on a well-known port.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null, ethertype?: string}} rule
 */
export function trafficText(rule) {
  const protocol = protocolText(rule);
  const ports = portText(rule);
  if (isIcmp(rule)) {
    // Openings have no ether type: types from 128 are those of ICMPv6.
    const isOfIpv6 = rule.ethertype === undefined && Number(rule.from_port) >= 128;
    const family = rule.ethertype === "IPv6" || rule.protocol === "58" || isOfIpv6 ? "v6" : "v4";
    const service = own(ICMP_TYPES, `${family}/${rule.from_port}`) ?? "";
    return { what: ports && !service ? `${protocol} type ${ports}` : protocol, service };
  }
  const isSingle = rule.from_port === rule.to_port;
  const service = ports && isSingle ? own(WELL_KNOWN_PORTS, rule.from_port) ?? "" : "";
  if (rule.protocol === "") return { what: "All traffic", service: "" };
  return { what: ports ? `${protocol} ${ports}` : `All ${protocol}`, service };
}

const ADDRESS_RANGES = /** @type {[RegExp, string][]} */ ([
  [/^10\./, "private network"],
  [/^192\.168\./, "private network"],
  [/^172\.(1[6-9]|2\d|3[01])\./, "private network"],
  [/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, "carrier-grade NAT"],
  [/^127\./, "loopback"],
  [/^169\.254\./, "link-local"],
  [/^(192\.0\.2|198\.51\.100|203\.0\.113)\./, "documentation range"],
  [/^f[cd]/i, "private network"],
  [/^fe[89ab]/i, "link-local"],
  [/^2001:db8:/i, "documentation range"],
]);

/**
 * Describe a CIDR: the kind of addresses, and how many.
 *
 * @param {string} cidr
 */
function cidrMeaning(cidr) {
  const [address, length] = cidr.split("/");
  const bits = address.includes(":") ? 128 : 32;
  if (length !== undefined && !/^\d+$/.test(length)) return "";
  const free = bits - (length === undefined ? bits : Number(length));
  const range = ADDRESS_RANGES.find(([pattern]) => pattern.test(address))?.[1];
  let size = free <= 0 ? "one address" : "";
  if (!size && free <= 24) size = `${(2 ** free).toLocaleString("en")} addresses`;
  if (!size) size = bits === 128 && length ? `an IPv6 /${length}` : `2^${free} addresses`;
  return range ? `${range}, ${size}` : size;
}

/**
 * Return the keys of a rule that describe a remote other than a CIDR and have a value. An empty
 * name is a value: the remote exists and has no name.
 *
 * @param {Rule} rule
 */
export function remoteKeys(rule) {
  const entries = Object.entries(rule).filter(([key, value]) => key.startsWith("remote_") && value !== null && value !== undefined);
  return Object.fromEntries(entries.filter(([key, value]) => value !== "" || key !== "remote_group"));
}

const UNKNOWN = "unknown members";

/**
 * Describe the remote of a rule: its text, what it means, and its kind. If Ringfence does not know the
 * members of the remote, its kind is "unknown" and the text does not claim who has access.
 *
 * @param {Rule} rule
 * @returns {{end: string, meaning: string, kind: "all" | "cidr" | "group" | "unknown", uuid?: string}}
 */
export function remoteText(rule) {
  const { remote_group: url, remote_group_name: name, remote_group_backend_id: id, remote_address_group_backend_id: addresses } = rule;
  if (typeof addresses === "string") {
    return { end: addresses ? `address group ${addresses}` : "an address group", meaning: `${UNKNOWN}: only the cloud knows them`, kind: "unknown" };
  }
  if (url) {
    const uuid = rule.remote_group_uuid || url.split("/").at(-2) || "";
    return { end: name || `group ${uuid}`, meaning: "members of this group", kind: "group", uuid };
  }
  const hasEnd = Object.keys(remoteKeys(rule)).length > 0;
  if (hasEnd && (name || id || !rule.cidr)) {
    return { end: name || id || rule.remote_group_uuid || "a group without a name", meaning: `${UNKNOWN}: this group is not in Ringfence`, kind: "unknown" };
  }
  if (!rule.cidr || /\/0+$/.test(rule.cidr)) {
    return { end: "anywhere", meaning: `all ${rule.ethertype} addresses`, kind: "all" };
  }
  return { end: rule.cidr, meaning: cidrMeaning(rule.cidr), kind: "cidr" };
}

/**
 * Return the notice for a group whose ingress rules have remotes with unknown members; empty if there are none.
 *
 * @param {{unknown_members_count: number}} group
 */
export function unknownRemotesText({ unknown_members_count: number }) {
  return number > 0 ? `${count(number, "ingress rule has a remote", "ingress rules have remotes")} with unknown members.` : "";
}

/**
 * Return what is open to the internet, as short labels.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null}[]} openings
 */
export function openText(openings) {
  const labels = openings.map((opening) => {
    const { what, service } = trafficText(opening);
    return service || what;
  });
  return [...new Set(labels)];
}

/**
 * Return a number with its noun in the singular or plural.
 *
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export function count(number, one, many = `${one}s`) {
  return `${NUMBER_FORMAT.format(number)} ${number === 1 ? one : many}`;
}

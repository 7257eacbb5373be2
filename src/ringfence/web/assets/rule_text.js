// Rules as people read them: "TCP 443, HTTPS, from anywhere".

import { own } from "./own.js";
import { ICMP_TYPES, PROTOCOLS, SERVICES } from "./well_known_ports.js";

/**
 * A rule as answers have it; ports are -1 or null for any, type and code for ICMP.
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

const WORDS = /** @type {Record<string, string>} */ ({ tcp: "TCP", udp: "UDP", icmp: "ICMP" });

const NUMBERS = new Intl.NumberFormat("en");

/** @param {number | null | undefined} port */
const isAny = (port) => port === null || port === undefined || port === -1;

/** @param {{protocol: string, ethertype?: string}} rule */
export function protocolWords({ protocol, ethertype }) {
  if (protocol === "") return "Everything";
  if (protocol === "icmp" && ethertype === "IPv6") return "ICMPv6";
  return own(WORDS, protocol) ?? own(PROTOCOLS, protocol) ?? `Protocol ${protocol}`;
}

/** @param {{protocol: string}} rule */
export const isIcmp = ({ protocol }) => ["icmp", "1", "58"].includes(protocol);

/**
 * The ports as digits, or ICMP's type and code; empty for any.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null}} rule
 */
export function portDigits(rule) {
  const { from_port: first, to_port: last } = rule;
  if (isAny(first)) return "";
  if (isIcmp(rule)) return isAny(last) ? `${first}` : `${first}/${last}`;
  return first === last || isAny(last) ? `${first}` : `${first}–${last}`;
}

/**
 * What is let through, and the name of the service where there is one.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null, ethertype?: string}} rule
 */
export function whatWords(rule) {
  const protocol = protocolWords(rule);
  const digits = portDigits(rule);
  if (isIcmp(rule)) {
    const family = rule.ethertype === "IPv6" || rule.protocol === "58" ? "v6" : "v4";
    const service = own(ICMP_TYPES, `${family}/${rule.from_port}`) ?? "";
    return { what: digits && !service ? `${protocol} type ${digits}` : protocol, service };
  }
  const isSingle = rule.from_port === rule.to_port;
  const service = digits && isSingle ? own(SERVICES, rule.from_port) ?? "" : "";
  if (rule.protocol === "") return { what: "Everything", service: "" };
  return { what: digits ? `${protocol} ${digits}` : `All ${protocol}`, service };
}

const MEANINGS = /** @type {[RegExp, string][]} */ ([
  [/^10\./, "private network"],
  [/^192\.168\./, "private network"],
  [/^172\.(1[6-9]|2\d|3[01])\./, "private network"],
  [/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, "carrier's shared addresses"],
  [/^127\./, "the machine itself"],
  [/^169\.254\./, "link-local addresses"],
  [/^(192\.0\.2|198\.51\.100|203\.0\.113)\./, "addresses for documentation"],
  [/^f[cd]/i, "private network"],
  [/^fe[89ab]/i, "link-local addresses"],
  [/^2001:db8:/i, "addresses for documentation"],
]);

/**
 * What a CIDR means: whose addresses, and how many.
 *
 * @param {string} cidr
 */
export function cidrMeaning(cidr) {
  const [address, length] = cidr.split("/");
  const bits = address.includes(":") ? 128 : 32;
  if (length !== undefined && !/^\d+$/.test(length)) return "";
  const free = bits - (length === undefined ? bits : Number(length));
  const whose = MEANINGS.find(([pattern]) => pattern.test(address))?.[1];
  let many = free <= 0 ? "one address" : "";
  if (!many && free <= 24) many = `${(2 ** free).toLocaleString("en")} addresses`;
  if (!many) many = bits === 128 && length ? `a /${length} of IPv6` : `2^${free} addresses`;
  return whose ? `${whose}, ${many}` : many;
}

/**
 * The keys of a rule that describe a remote end other than a prefix, as far as they have a value. An
 * empty name is one: the end is there, and has no name.
 *
 * @param {Rule} rule
 */
export function remoteKeys(rule) {
  const entries = Object.entries(rule).filter(([key, value]) => key.startsWith("remote_") && value !== null && value !== undefined);
  return Object.fromEntries(entries.filter(([key, value]) => value !== "" || key !== "remote_group"));
}

const UNKNOWN = "unknown members";

/**
 * The other end of a rule: its words, what it means, and its kind. Whose members are not known here
 * is "lost": nothing is said of who gets in by it.
 *
 * @param {Rule} rule
 * @returns {{end: string, meaning: string, kind: "all" | "cidr" | "group" | "lost", uuid?: string}}
 */
export function endWords(rule) {
  const { remote_group: url, remote_group_name: name, remote_group_backend_id: id, remote_address_group_backend_id: addresses } = rule;
  if (typeof addresses === "string") {
    return { end: addresses ? `address group ${addresses}` : "an address group", meaning: `${UNKNOWN}: the cloud alone has them`, kind: "lost" };
  }
  if (url) {
    const uuid = rule.remote_group_uuid || url.split("/").at(-2) || "";
    return { end: name || `group ${uuid}`, meaning: "members of this group", kind: "group", uuid };
  }
  const hasEnd = Object.keys(remoteKeys(rule)).length > 0;
  if (hasEnd && (name || id || !rule.cidr)) {
    return { end: name || id || rule.remote_group_uuid || "a group without a name", meaning: `${UNKNOWN}: this group is not known here`, kind: "lost" };
  }
  if (!rule.cidr || /\/0+$/.test(rule.cidr)) {
    return { end: "anywhere", meaning: `every ${rule.ethertype} address`, kind: "all" };
  }
  return { end: rule.cidr, meaning: cidrMeaning(rule.cidr), kind: "cidr" };
}

/**
 * What is said of a group that has incoming rules with unknown members; empty where it has none.
 *
 * @param {{unknown_members_count: number}} group
 */
export function unknownWords({ unknown_members_count: number }) {
  return number > 0 ? `The members of ${number === 1 ? "a remote end" : `${NUMBERS.format(number)} remote ends`} are not known here.` : "";
}

/**
 * What is open to everybody, in few words; empty where nothing is.
 *
 * @param {{protocol: string, from_port: number | null, to_port: number | null}[]} openings
 */
export function openWords(openings) {
  const said = openings.map((opening) => {
    const { what, service } = whatWords(opening);
    return service || what;
  });
  return [...new Set(said)];
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export function count(number, one, many = `${one}s`) {
  return `${NUMBERS.format(number)} ${number === 1 ? one : many}`;
}

// Parses the syntax of Ringfence:
//
//     [in|out] [ipv4|ipv6] PROTOCOL [PORTS] [from|to] REMOTE… [DESCRIPTION] [# DESCRIPTION]

import { PRESETS } from "../rules/well_known_ports.js";
import { rowsOf } from "./meaning.js";
import {
  ParseError, hasPorts, icmpTypesOf, isAnywhere, isEvery, isIcmp, looksLikeAddress, namedProtocol,
  portsOf, prefixesOf, protocolOf, small,
} from "./values.js";
import { Words, withoutRemark } from "./words.js";

/** @typedef {import("./meaning.js").Opening} Opening */

export const DIRECTIONS = /** @type {Record<string, string>} */ ({
  in: "ingress", ingress: "ingress", inbound: "ingress", out: "egress", egress: "egress", outbound: "egress",
});
export const ETHERTYPES = /** @type {Record<string, string>} */ ({ ipv4: "IPv4", ipv6: "IPv6" });
const PRESETS_BY_NAME = new Map(PRESETS.map((preset) => [preset.name.toLowerCase(), preset.opens]));
const DENY_WORDS = new Set(["deny", "reject", "drop", "block", "refuse"]);
const FORM = "is not recognised: write protocol, ports and address, such as tcp 22 10.0.0.0/8, or a rule of ufw, iptables or the openstack command.";

/**
 * The values for a line with addresses only: those of the row that is pasted into.
 *
 * @typedef {object} Like
 * @property {string} direction
 * @property {Opening} opens
 * @property {string} description
 */

/**
 * @param {string} line
 * @param {Like | ParseError} [like] an error if addresses alone are not accepted
 */
export function readPlain(line, like) {
  const { text, remark } = withoutRemark(line);
  const words = new Words(text.split(/\s+/).filter(Boolean));
  const prefix = takePrefixWords(words);
  const isAddressOnly = words.next !== undefined && looksLikeAddress(words.next);
  if (isAddressOnly && like instanceof ParseError) throw like;
  const model = isAddressOnly && like && !(like instanceof ParseError) ? like : null;
  const opens = model ? [model.opens] : takeOpens(words);
  const direction = prefix.direction || model?.direction || "ingress";
  const ends = takeEnds(words, direction);
  const described = { free: words.words.slice(words.position), remark };
  return rowsOf({ direction, ethertype: prefix.ethertype, opens, ends, described, description: model?.description });
}

/**
 * Take the direction and the IP version at the beginning, in either order.
 *
 * @param {Words} words
 */
export function takePrefixWords(words) {
  const prefix = { direction: "", ethertype: "" };
  for (;;) {
    const word = small(words.next);
    if (!prefix.direction && Object.hasOwn(DIRECTIONS, word)) prefix.direction = DIRECTIONS[word];
    else if (!prefix.ethertype && Object.hasOwn(ETHERTYPES, word)) prefix.ethertype = ETHERTYPES[word];
    else return prefix;
    words.position += 1;
  }
}

/**
 * Take the protocol and ports: "tcp 22", "22/tcp", "icmp 8/0", "esp", "any", or the name of a preset.
 *
 * @param {Words} words
 * @returns {Opening[]}
 */
export function takeOpens(words) {
  const isNumbered = words.takeIf("protocol", "proto");
  const word = words.take("The line is incomplete: protocol, ports and address are required.");
  const service = PRESETS_BY_NAME.get(small(word));
  if (!isNumbered && service) return service.map(({ protocol, ports }) => ({ protocol, ports: [ports] }));
  const pair = word.split("/");
  const paired = pair.length === 2 ? pair.findIndex((each) => hasPorts(namedProtocol(each) ?? "")) : -1;
  if (paired >= 0 && !isNumbered) return [{ protocol: namedProtocol(pair[paired]) ?? "", ports: portsOf(pair[1 - paired]) }];
  if (!isNumbered && !isEvery(word) && namedProtocol(word) === undefined) throw notAProtocol(word);
  const protocol = protocolOf(word);
  return [{ protocol, ports: takePorts(words, protocol) }];
}

/**
 * @param {Words} words
 * @param {string} protocol
 */
function takePorts(words, protocol) {
  if (hasPorts(protocol)) {
    const hasKeyword = words.takeIf("port", "ports");
    if (words.takeIf("any", "all")) return [""];
    const isList = words.next !== undefined && /^\d/.test(words.next) && !looksLikeAddress(words.next);
    return hasKeyword || isList ? portsOf(words.takeList("The line ends before the ports.")) : null;
  }
  const isNumber = words.next !== undefined && /^\d/.test(words.next) && !looksLikeAddress(words.next);
  return isIcmp(protocol) && isNumber ? icmpTypesOf(words.takeList("")) : null;
}

/**
 * Take one or more remotes: CIDRs, "group NAME", or "any" for all addresses.
 *
 * @param {Words} words
 * @param {string} direction
 * @returns {import("./values.js").End[]}
 */
function takeEnds(words, direction) {
  const preposition = direction === "egress" ? "to" : "from";
  if (["from", "to"].includes(small(words.next)) && !words.takeIf(preposition)) {
    throw new ParseError(words.next ?? "", `does not fit the direction of the rule: write ${preposition}, or start the line with ${direction === "egress" ? "in" : "out"}.`);
  }
  const word = words.take(`The line has no ${direction === "egress" ? "destination" : "source"}: add an address such as 10.0.0.0/8, or any for all addresses.`);
  if (isAnywhere(word)) return [{ kind: "all", ethertype: "", end: "" }];
  if (small(word) === "group") return [{ kind: "group", ethertype: "", end: takeName(words) }];
  words.position -= 1;
  if (!looksLikeAddress(word)) throw new ParseError(word, `is not a remote: write an address such as 10.0.0.0/8, any for all addresses, or group and a name.`);
  const ends = [];
  while (words.next && looksLikeAddress(words.next)) ends.push(...prefixesOf(words.takeList("")));
  return ends;
}

/**
 * Take the name of a group: one word, or words in double quotes.
 *
 * @param {Words} words
 */
function takeName(words) {
  let name = words.take("The line ends before the name of the group.");
  if (!name.startsWith('"')) return name;
  while (name.length < 2 || !name.endsWith('"')) name += ` ${words.take("The name of the group has no closing quote.")}`;
  const inner = name.slice(1, -1);
  if (!inner || inner.includes('"')) throw new ParseError(name, "is not the name of a group.");
  return inner;
}

/** @param {string} word */
function notAProtocol(word) {
  if (DENY_WORDS.has(small(word))) return new ParseError(word, "is not supported: security group rules can only allow. Remove the line.");
  if (looksLikeAddress(word)) {
    return new ParseError(word, "is an address without protocol and ports: write tcp 22 before it, or any for all traffic.");
  }
  if (/^\d/.test(word)) return new ParseError(word, "is a port without a protocol: write tcp or udp before it.");
  return new ParseError(word, FORM);
}

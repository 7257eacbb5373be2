// Ringfence's own form of a rule:
//
//     [in|out] [ipv4|ipv6] PROTOCOL [PORTS] [from|to] END… [DESCRIPTION] [# REMARK]

import { PRESETS } from "../well_known_ports.js";
import { rowsOf } from "./meaning.js";
import {
  Mistake, hasPorts, icmpTypesOf, isAnywhere, isEvery, isIcmp, looksLikeAddress, namedProtocol,
  portsOf, prefixesOf, protocolOf, small,
} from "./values.js";
import { Words, withoutRemark } from "./words.js";

/** @typedef {import("./meaning.js").Opening} Opening */

export const DIRECTIONS = /** @type {Record<string, string>} */ ({
  in: "ingress", ingress: "ingress", inbound: "ingress", out: "egress", egress: "egress", outbound: "egress",
});
export const ETHERTYPES = /** @type {Record<string, string>} */ ({ ipv4: "IPv4", ipv6: "IPv6" });
const SERVICES = new Map(PRESETS.map((preset) => [preset.name.toLowerCase(), preset.opens]));
const REFUSING = new Set(["deny", "reject", "drop", "block", "refuse"]);
const FORM = "is not understood here: write a protocol, its ports and an address, such as tcp 22 10.0.0.0/8, or a rule of ufw, iptables or the openstack command.";

/**
 * What a line of addresses alone opens, and in which direction: as the row that it is pasted into.
 *
 * @typedef {object} Like
 * @property {string} direction
 * @property {Opening} opens
 * @property {string} description
 */

/**
 * @param {string} line
 * @param {Like | Mistake} [like] the mistake is why addresses alone cannot be read
 */
export function readPlain(line, like) {
  const { said, remark } = withoutRemark(line);
  const words = new Words(said.split(/\s+/).filter(Boolean));
  const spelt = takeSpelt(words);
  const isBare = words.next !== undefined && looksLikeAddress(words.next);
  if (isBare && like instanceof Mistake) throw like;
  const model = isBare && like && !(like instanceof Mistake) ? like : null;
  const opens = model ? [model.opens] : takeOpens(words);
  const direction = spelt.direction || model?.direction || "ingress";
  const ends = takeEnds(words, direction);
  const described = { free: words.words.slice(words.place), remark };
  return rowsOf({ direction, ethertype: spelt.ethertype, opens, ends, described, description: model?.description });
}

/**
 * Take the direction and the IP version that stand first, in either order.
 *
 * @param {Words} words
 */
export function takeSpelt(words) {
  const spelt = { direction: "", ethertype: "" };
  for (;;) {
    const word = small(words.next);
    if (!spelt.direction && Object.hasOwn(DIRECTIONS, word)) spelt.direction = DIRECTIONS[word];
    else if (!spelt.ethertype && Object.hasOwn(ETHERTYPES, word)) spelt.ethertype = ETHERTYPES[word];
    else return spelt;
    words.place += 1;
  }
}

/**
 * Take what is opened: "tcp 22", "22/tcp", "icmp 8/0", "esp", "any", or the name of a preset.
 *
 * @param {Words} words
 * @returns {Opening[]}
 */
export function takeOpens(words) {
  const isNumbered = words.takeIf("protocol", "proto");
  const word = words.take("The line ends before it says what is opened: a protocol, its ports and an address.");
  const service = SERVICES.get(small(word));
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
    const isSaid = words.takeIf("port", "ports");
    if (words.takeIf("any", "all")) return [""];
    const isList = words.next !== undefined && /^\d/.test(words.next) && !looksLikeAddress(words.next);
    return isSaid || isList ? portsOf(words.takeList("The line ends before its ports.")) : null;
  }
  const isNumber = words.next !== undefined && /^\d/.test(words.next) && !looksLikeAddress(words.next);
  return isIcmp(protocol) && isNumber ? icmpTypesOf(words.takeList("")) : null;
}

/**
 * Take one remote end or more: prefixes, "group NAME", or "any" for every address.
 *
 * @param {Words} words
 * @param {string} direction
 * @returns {import("./values.js").End[]}
 */
function takeEnds(words, direction) {
  const way = direction === "egress" ? "to" : "from";
  if (["from", "to"].includes(small(words.next)) && !words.takeIf(way)) {
    throw new Mistake(words.next ?? "", `does not go with a rule of this direction: write ${way}, or begin the line with ${direction === "egress" ? "in" : "out"}.`);
  }
  const word = words.take(`The line does not say ${way} where: add an address such as 10.0.0.0/8, or any for every address.`);
  if (isAnywhere(word)) return [{ kind: "all", ethertype: "", end: "" }];
  if (small(word) === "group") return [{ kind: "group", ethertype: "", end: takeName(words) }];
  words.place -= 1;
  if (!looksLikeAddress(word)) throw new Mistake(word, `is not understood here: ${way} where is an address such as 10.0.0.0/8, any for every address, or group and a name.`);
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
  while (name.length < 2 || !name.endsWith('"')) name += ` ${words.take("The name of the group is not closed: it ends with a quote.")}`;
  const inner = name.slice(1, -1);
  if (!inner || inner.includes('"')) throw new Mistake(name, "is not the name of a group.");
  return inner;
}

/** @param {string} word */
function notAProtocol(word) {
  if (REFUSING.has(small(word))) return new Mistake(word, "is not possible: a rule of a security group only allows. Remove the line.");
  if (looksLikeAddress(word)) {
    return new Mistake(word, "is an address alone, which does not say what may be reached: write tcp 22 before it, or any for everything.");
  }
  if (/^\d/.test(word)) return new Mistake(word, "is a port without its protocol: write tcp or udp before it.");
  return new Mistake(word, FORM);
}

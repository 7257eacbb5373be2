// Pieces of what opens, gathered by the rule that they come from, and how wide prefixes are together. Pure.

import { isInternet } from "../rules/internet.js";
import { prefixOf } from "../rules/prefixes.js";
import { remoteText } from "../rules/text.js";
import { protocolOf } from "./differences.js";

/**
 * Return a rule with its protocol and ports as pieces have them: all ports of a protocol are none.
 *
 * @param {any} rule
 */
export function asPiece(rule) {
  const [protocol, first, last] = [protocolOf(rule), Number(rule.from_port ?? -1), Number(rule.to_port ?? -1)];
  const isAll = first === -1 || (first <= 1 && last === 65535 && protocol !== "icmp");
  return { ...rule, protocol, from_port: isAll ? null : first, to_port: isAll || last === -1 ? null : last };
}

/** @param {any} piece */
const trafficKey = ({ protocol, from_port: first, to_port: last }) => [protocol, first, last].join(" ");

/** @param {any} piece */
const endKey = (piece) => [piece.cidr, piece.remote_group_uuid, piece.remote_group_name, piece.remote_address_group_backend_id].join(" ");

/**
 * Return a function that says whether a rule, whose end is a prefix, admits all of a piece.
 *
 * @param {any} rule
 */
function coverOf(rule) {
  const { protocol, from_port: first, to_port: last } = asPiece(rule);
  const { kind } = remoteText(rule);
  const prefix = prefixOf(cidrOf(rule));
  return (/** @type {any} */ piece) => {
    if (rule.direction !== piece.direction || rule.ethertype !== piece.ethertype) return false;
    if (protocol && protocol !== protocolOf(piece)) return false;
    const ofPiece = asPiece(piece);
    const isWithin = ofPiece.from_port !== null && Number(first) <= ofPiece.from_port && Number(last) >= Number(ofPiece.to_port);
    if (first !== null && (protocol === "icmp" ? trafficKey(asPiece(rule)) !== trafficKey(ofPiece) : !isWithin)) return false;
    if (kind === "group") return piece.remote_group_uuid?.replaceAll("-", "") === remoteText(rule).uuid?.replaceAll("-", "");
    const its = piece.cidr && kind !== "unknown" ? prefixOf(piece.cidr) : null;
    return Boolean(its && prefix && its.size === prefix.size && its.bits.startsWith(prefix.bits));
  };
}

/**
 * Return one piece for all that a rule opens.
 *
 * @param {any} rule
 * @param {any[]} pieces
 */
function wholeOf(rule, pieces) {
  const { protocol, from_port, to_port } = asPiece(rule);
  const isOneEnd = new Set(pieces.map(endKey)).size === 1;
  const all = [...new Set(pieces.flatMap((piece) => piece.rules ?? []))];
  const common = all.filter((number) => pieces.every((piece) => piece.rules?.includes(number)));
  const cidr = isOneEnd ? pieces[0].cidr : cidrOf(rule);
  const internet = pieces.some((piece) => piece.internet);
  return { ...pieces[0], protocol, from_port, to_port, cidr, internet, rules: common.length ? common : all };
}

/**
 * Return pieces that open, those of several protocols or ports of one added rule as that rule: it is cut
 * into many by rules that exist.
 *
 * @param {any[]} pieces
 * @param {any[]} [added]
 */
export function gather(pieces, added = []) {
  let left = pieces;
  const wholes = [];
  const covers = added.map((rule) => ({ rule, isCovered: coverOf(rule) }))
    .map((each) => ({ ...each, number: pieces.filter(each.isCovered).length }))
    .filter(({ number }) => number > 1).sort((one, other) => other.number - one.number);
  for (const { rule, isCovered } of covers) {
    const own = left.filter(isCovered);
    if (new Set(own.map(trafficKey)).size < 2) continue;
    wholes.push(wholeOf(rule, own));
    left = left.filter((piece) => !own.includes(piece));
  }
  return [...wholes, ...left];
}

/**
 * Return whether a rule may admit traffic from the internet.
 *
 * @param {any} rule
 */
export function mayBeDoor(rule) {
  const { kind } = remoteText(rule);
  return rule.direction === "ingress" && (kind === "all" || (kind === "cidr" && isInternet(rule.cidr)));
}

/** @param {any} rule */
export const cidrOf = ({ cidr, ethertype }) => cidr ?? (ethertype === "IPv6" ? "::/0" : "0.0.0.0/0");

/**
 * Return how many prefixes there are, without those within another one, and whether they are so many
 * addresses together that they are the internet, not some of it.
 *
 * @param {(string | null | undefined)[]} cidrs
 */
export function widthOf(cidrs) {
  const share = /** @type {Record<number, number>} */ ({ 32: 0, 128: 0 });
  let [number, last] = [0, "-"];
  const prefixes = cidrs.map((cidr) => (cidr ? prefixOf(cidr) : null)).filter((prefix) => prefix !== null);
  for (const { bits, size } of prefixes.sort((one, other) => one.size - other.size || (one.bits < other.bits ? -1 : 1))) {
    const text = `${size} ${bits}`;
    if (text.startsWith(last)) continue;
    [last, number] = [text, number + 1];
    share[size] += 2 ** -bits.length;
  }
  return { number, isWide: share[32] >= 2 ** -8 || share[128] >= 2 ** -16 };
}

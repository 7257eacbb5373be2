// What a change of several groups does to the rules of one. Pure.

import { gather } from "../review/gather.js";
import { openText, remoteKeys } from "../rules/text.js";

/** @typedef {import("../rules/text.js").Rule} Rule */

const port = (/** @type {number | null | undefined} */ number) => number ?? -1;

/**
 * Return what makes a rule the same in every group: all but its number and its description.
 *
 * @param {any} rule
 */
export function keyOf(rule) {
  const { remote_group_name: _, ...remote } = /** @type {any} */ (remoteKeys(rule));
  const isAny = !rule.cidr || /\/0+$/.test(rule.cidr);
  return JSON.stringify([
    rule.direction, rule.ethertype, rule.protocol, port(rule.from_port), port(rule.to_port),
    isAny ? "" : rule.cidr, Object.entries(remote).sort(),
  ]);
}

/**
 * Return the rules of groups, each once, with the number of groups that have it; those that a search
 * found come first, then the most frequent.
 *
 * @param {{rules: any[]}[]} groups
 * @param {Set<number>} found ids of rules
 */
export function distinctRules(groups, found) {
  /** @type {Map<string, {key: string, rule: any, groups: number, isFound: boolean}>} */
  const distinct = new Map();
  for (const group of groups) {
    const seen = new Set();
    for (const rule of group.rules) {
      const key = keyOf(rule);
      const entry = distinct.get(key) ?? { key, rule, groups: 0, isFound: false };
      if (!seen.has(key)) entry.groups += 1;
      entry.isFound ||= found.has(rule.id);
      seen.add(key);
      distinct.set(key, entry);
    }
  }
  return [...distinct.values()].sort((one, two) => Number(two.isFound) - Number(one.isFound) || two.groups - one.groups);
}

/**
 * @param {any[]} rules
 * @param {any[]} added
 */
export function addRules(rules, added) {
  const held = new Set(rules.map(keyOf));
  return [...rules, ...added.filter((rule) => !held.has(keyOf(rule)))];
}

/**
 * @param {any[]} rules
 * @param {Set<string>} keys
 */
export const removeRules = (rules, keys) => rules.filter((rule) => !keys.has(keyOf(rule)));

/**
 * Replace a CIDR; a rule that is then there twice is left out once.
 *
 * @param {any[]} rules
 * @param {string} from
 * @param {string} to
 */
export function replaceCidr(rules, from, to) {
  const others = new Set(rules.filter((rule) => rule.cidr !== from).map(keyOf));
  const ethertype = to.includes(":") ? "IPv6" : "IPv4";
  return rules.flatMap((rule) => {
    if (rule.cidr !== from) return [rule];
    const changed = { ...rule, cidr: to, ethertype };
    const key = keyOf(changed);
    if (others.has(key)) return [];
    others.add(key);
    return [changed];
  });
}

/**
 * Return what a replaced CIDR means for the rules that have it: which traffic has which prefix now.
 *
 * @param {any[]} rules before the change
 * @param {string} from
 * @param {string} to
 */
export function replacedText(rules, from, to) {
  const changed = rules.filter((rule) => rule.cidr === from);
  const words = new Intl.ListFormat("en");
  return [["ingress", "from"], ["egress", "to"]].flatMap(([direction, side]) => {
    const labels = openText(changed.filter((rule) => rule.direction === direction)).map((label) => label.replace(/^All /, "all "));
    return labels.length ? [`${direction === "egress" ? "outgoing " : ""}${words.format(labels)} ${side} ${to} instead of ${from}`] : [];
  }).join("; ");
}

/**
 * Return whether traffic moves from some prefixes to others and nothing else is to be said of it.
 *
 * @param {any} traffic
 */
export const isMove = ({ same, exact, opens, opens_total: opened, closes_total: closed, still_admitted_by: still }) =>
  !same && exact && opened > 0 && closed > 0 && !still?.length && !opens.some((/** @type {any} */ piece) => piece.direction === "ingress" && piece.internet);

/**
 * Return the traffic of a plan, with what one added rule opens as one piece.
 *
 * @param {any} plan
 */
export function gathered({ traffic, added }) {
  const opens = gather(traffic.opens, added);
  return { ...traffic, opens, opens_total: traffic.opens_total - traffic.opens.length + opens.length };
}

/**
 * Return the traffic of several plans as that of one: what several of them open or close is there once.
 *
 * @param {any[]} plans
 */
export function sumOfTraffic(plans) {
  const all = plans.map(gathered);
  const once = (/** @type {"opens" | "closes"} */ kind) => {
    // The numbers of rules are those of one group.
    const texts = all.flatMap((traffic) => traffic[kind].map((/** @type {any} */ piece) => JSON.stringify({ ...piece, rules: [] })));
    const pieces = [...new Set(texts)].map((text) => JSON.parse(text));
    const more = all.reduce((sum, traffic) => sum + traffic[`${kind}_total`] - traffic[kind].length, 0);
    return { [kind]: pieces, [`${kind}_total`]: pieces.length + more };
  };
  return {
    same: all.every((traffic) => traffic.same),
    exact: all.every((traffic) => traffic.exact),
    still_admitted_by: all.flatMap((traffic) => traffic.still_admitted_by ?? []),
    ...once("opens"),
    ...once("closes"),
  };
}

// The difference between two lists of rules, and whose each change is. Pure.

import { prefixOf } from "../rules/prefixes.js";

/** @typedef {{from: any, to: any, number: number}} Pair a rule before and after, and its row number */
/** @typedef {{rule: any, number: number}} Numbered */
/**
 * @typedef {object} Difference
 * @property {Numbered[]} added
 * @property {Numbered[]} removed
 * @property {Pair[]} changed
 * @property {Pair[]} described only the description differs
 * @property {Numbered[]} unchanged
 */

// Of more changes than these, none is shown from what to what.
const MOST_PAIRED = 200;
const PROTOCOLS = /** @type {Record<string, string>} */ ({ 0: "", any: "", 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", "ipv6-icmp": "icmp", icmpv6: "icmp" });

/** @param {any} rule */
export const protocolOf = ({ protocol }) => PROTOCOLS[protocol ?? ""] ?? protocol ?? "";

/** @param {any} rule */
function portsOf(rule) {
  const [first, last] = [rule.from_port ?? -1, rule.to_port ?? -1];
  return Number(first) === -1 || (first === 1 && last === 65535 && protocolOf(rule) !== "icmp") ? "any" : `${first}-${last}`;
}

/** @param {any} rule */
function endOf(rule) {
  const { remote_address_group_backend_id: addresses, remote_group: url, remote_group_uuid: uuid, remote_group_backend_id: id } = rule;
  if (addresses) return `addresses ${addresses}`;
  if (url || uuid) return `group ${uuid || url.split("/").at(-2)}`;
  if (id || rule.remote_group_name) return `group ${id || rule.remote_group_name}`;
  const prefix = rule.cidr ? prefixOf(rule.cidr) : null;
  if (rule.cidr && !prefix) return rule.cidr;
  return prefix?.bits ? `${prefix.size}/${prefix.bits}` : "anywhere";
}

/**
 * Return a text that is the same for rules that admit the same, however they are written.
 *
 * @param {any} rule
 */
export function keyOf(rule) {
  return [rule.direction, rule.ethertype, protocolOf(rule), portsOf(rule), endOf(rule)].join(" ");
}

/** @typedef {Numbered & {end: string, ports: string, protocol: string}} Read a rule with what it is compared by */

/**
 * Return how much two rules have in common; 0 if one cannot have become the other.
 *
 * @param {Read} one
 * @param {Read} other
 */
function likeness({ rule, number, end, ports, protocol }, { rule: other, ...their }) {
  if (rule.direction !== other.direction) return 0;
  if (rule.id && other.id) return rule.id === other.id ? 9 : 0;
  if (end !== their.end && (ports !== their.ports || protocol !== their.protocol)) return 0;
  const sameText = rule.description && rule.description === other.description;
  return [protocol === their.protocol, rule.ethertype === other.ethertype, number === their.number, sameText].filter(Boolean).length;
}

/**
 * Return the pairs of rules in which the first most probably became the second, and the rules left over.
 *
 * @param {Numbered[]} removed
 * @param {Numbered[]} added
 */
function paired(removed, added) {
  const read = (/** @type {Numbered} */ { rule, number }) => ({ rule, number, end: endOf(rule), ports: portsOf(rule), protocol: protocolOf(rule) });
  const [old, next] = [removed, added].map((rules) => rules.slice(0, MOST_PAIRED).map(read));
  const candidates = old.flatMap((one, from) => next.map((other, to) => ({ from, to, score: likeness(one, other) }))).filter(({ score }) => score);
  /** @type {Map<number, number>} */
  const found = new Map();
  const taken = new Set();
  for (const { from, to } of candidates.sort((one, other) => other.score - one.score)) {
    if (found.has(from) || taken.has(to)) continue;
    found.set(from, to);
    taken.add(to);
  }
  return {
    changed: [...found].map(([from, to]) => ({ from: removed[from].rule, to: added[to].rule, number: added[to].number })).sort((one, other) => one.number - other.number),
    removed: removed.filter((_, index) => !found.has(index)),
    added: added.filter((_, index) => !taken.has(index)),
  };
}

/** @param {any[]} rules */
const numbered = (rules) => rules.map((rule, index) => ({ rule, number: index + 1 }));

/**
 * Return how one list of rules becomes another. Numbers are those of rows, from 1; 0 for none.
 *
 * @param {any[]} before
 * @param {any[]} after
 * @param {{isNumbered?: boolean}} [options]
 * @returns {Difference}
 */
export function differenceOf(before, after, { isNumbered = true } = {}) {
  /** @type {Map<string, Numbered[]>} */
  const left = new Map();
  for (const each of numbered(before)) left.set(keyOf(each.rule), [...(left.get(keyOf(each.rule)) ?? []), each]);
  /** @type {Numbered[]} */
  const added = [];
  const unchanged = /** @type {Numbered[]} */ ([]);
  const described = /** @type {Pair[]} */ ([]);
  for (const each of isNumbered ? numbered(after) : after.map((rule) => ({ rule, number: 0 }))) {
    const old = left.get(keyOf(each.rule))?.shift();
    if (!old) added.push(each);
    else if ((old.rule.description ?? "") === (each.rule.description ?? "")) unchanged.push(each);
    else described.push({ from: old.rule, to: each.rule, number: each.number });
  }
  return { ...paired([...left.values()].flat(), added), described, unchanged };
}

/**
 * Return whose the changes of a plan are: those of the edit, those that repair the cloud, and what stays.
 * Without the rules that the edit is based on, all changes in the cloud are the edit's.
 *
 * @param {any} plan
 * @param {any[]} [before]
 */
export function lanesOf(plan, before) {
  const rules = plan.rules ?? [];
  const yours = differenceOf(before ?? [...(plan.kept ?? []), ...(plan.removed ?? [])], rules);
  const desired = new Set((before ?? []).map(keyOf));
  const numbers = new Map(numbered(rules).map(({ rule, number }) => [keyOf(rule), number]));
  const isCompared = before && plan.compared_with === "cloud";
  const restored = isCompared ? plan.added.filter((/** @type {any} */ rule) => desired.has(keyOf(rule))) : [];
  const cleared = isCompared ? plan.removed.filter((/** @type {any} */ rule) => !desired.has(keyOf(rule))) : [];
  const repaired = new Set(restored.map(keyOf));
  return {
    yours,
    repairs: {
      added: restored.map((/** @type {any} */ rule) => ({ rule, number: numbers.get(keyOf(rule)) ?? 0 })),
      removed: cleared.map((/** @type {any} */ rule) => ({ rule, number: 0 })),
    },
    unchanged: yours.unchanged.filter(({ rule }) => !repaired.has(keyOf(rule))),
  };
}

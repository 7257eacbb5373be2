// The headline of a review: what a change opens and closes, in one sentence.

import { count } from "../rule_text.js";
import { labelsOf, endOf, isDoor, isWide } from "./pieces.js";

/**
 * @typedef {object} Written what a change does besides traffic
 * @property {number} [descriptions] how many descriptions change
 * @property {number} [rules] how many rules are added, removed or changed
 */

/**
 * Return in one sentence what a change opens and closes, what matters most first.
 *
 * @param {any} traffic
 * @param {Written} [written]
 */
export function headlineOf(traffic, written = {}) {
  const known = traffic.exact ? "" : ", as far as known";
  if (traffic.same) return `No traffic is opened or closed${known}${writtenText(written)}.`;
  const clauses = clausesOf(traffic);
  const [first, ...rest] = clauses;
  const joined = [first + placeText(traffic), ...rest].join(clauses.length > 2 ? "; " : first.includes(" open to ") ? "; also " : " and ");
  const text = `${joined}${stillText(traffic)}${known}${unknownText(traffic)}.`;
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {any} traffic */
function clausesOf(traffic) {
  const doors = traffic.opens.filter(isDoor);
  const opens = traffic.opens.filter((/** @type {any} */ piece) => !isDoor(piece));
  const shut = traffic.closes.filter(isDoor);
  const closes = traffic.closes.filter((/** @type {any} */ piece) => !isDoor(piece));
  const moreOpens = traffic.opens_total - traffic.opens.length;
  const moreCloses = traffic.closes_total - traffic.closes.length;
  return [
    doors.length && `${list(labelsOf(doors))} ${labelsOf(doors).length > 1 ? "become" : "becomes"} open ${toText(doors)}`,
    (opens.length || moreOpens) && `opens ${list(labelsOf(opens), moreOpens)}${moreOpens ? "" : endText(opens)}`,
    shut.length && `closes ${list(labelsOf(shut))} ${toText(shut)}`,
    (closes.length || moreCloses) && `closes ${list(labelsOf(closes), moreCloses)}${moreCloses ? "" : endText(closes)}`,
  ].filter(Boolean);
}

/**
 * Return labels as a list in words, the first three by name.
 *
 * @param {string[]} labels
 * @param {number} [more]
 */
function list(labels, more = 0) {
  const shown = labels.slice(0, labels.length > 4 ? 3 : 4);
  const left = labels.length - shown.length + more;
  const parts = left ? [...shown, shown.length ? `${left} more` : count(left, "kind of traffic", "kinds of traffic")] : shown;
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** @param {any[]} doors */
function toText(doors) {
  if (doors.some(isWide)) return "to the internet";
  const ends = new Set(doors.map((piece) => piece.cidr));
  return ends.size === 1 ? `to ${[...ends][0]} on the internet` : `to ${ends.size} prefixes of the internet`;
}

/** @param {any[]} pieces */
function endText(pieces) {
  const ends = new Set(pieces.map((piece) => endOf(piece).end));
  return ends.size === 1 ? ` to ${[...ends][0]}` : "";
}

/** @param {any} traffic */
function placeText({ instances, floating_ips: floating, opens }) {
  if (typeof instances !== "number") return "";
  if (instances === 0) return ", on no instance yet";
  const isReached = opens.some(isDoor) && typeof floating === "number";
  if (!isReached) return ` on ${count(instances, "instance")}`;
  return ` on ${count(instances, "instance")} ${floating ? `with ${count(floating, "floating IP")}` : "without floating IPs"}`;
}

/** @param {any} traffic */
const unknownText = ({ instances }) => (instances === null ? "; on how many instances is not known" : "");

/** @param {any} traffic */
function stillText({ closes_total: closed, still_admitted_by: others = [] }) {
  if (!closed || !others.length) return "";
  const who = others.length === 1 ? others[0].security_group_name : count(others.length, "other group");
  const what = others.some((/** @type {any} */ other) => other.admits === "all") ? "what closes" : "part of what closes";
  return `, but ${who} still ${others.length === 1 ? "admits" : "admit"} ${what}`;
}

/** @param {Written} written */
function writtenText({ descriptions = 0, rules = 0 }) {
  const parts = [
    rules && (rules === 1 ? "one rule is written differently" : `${rules} rules are written differently`),
    descriptions && (descriptions === 1 ? "one description changes" : `${descriptions} descriptions change`),
  ].filter(Boolean);
  return parts.length ? `; ${parts.join(" and ")}` : "";
}

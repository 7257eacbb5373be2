// New doors to the internet: each is confirmed before a change is applied.

import { html, useCallback, useEffect, useRef, useState } from "../html.js";
import { isInternet } from "../internet.js";
import { remoteText } from "../rule_text.js";
import { endOf, hiddenOf, isDoor, pieceText } from "./traffic.js";

/** @typedef {{key: string, label: string}} Door */

/**
 * Return the doors to the internet that a plan opens, all prefixes of a protocol and port together.
 *
 * @param {any} plan
 * @returns {Door[]}
 */
export function doorsOf({ traffic, rules = [], added }) {
  /** @type {Map<string, any[]>} */
  const doors = new Map();
  const pieces = traffic.opens.filter(isDoor);
  for (const piece of pieces) {
    const key = [piece.protocol, piece.from_port, piece.to_port].join(" ");
    doors.set(key, [...(doors.get(key) ?? []), piece]);
  }
  const found = [...doors].map(([key, same]) => ({ key, label: `${pieceText(same[0])} from ${sourceText(same, rules)}` }));
  const more = traffic.opens_total > traffic.opens.length ? hiddenOf(traffic.opens_total, traffic.opens, added?.filter(mayBeDoor)) : 0;
  return more > 0 ? [...found, { key: "more", label: `${more} more that are not listed, perhaps to the internet` }] : found;
}

/** @param {any} rule */
function mayBeDoor(rule) {
  const { kind } = remoteText(rule);
  return rule.direction === "ingress" && (kind === "all" || (kind === "cidr" && isInternet(rule.cidr)));
}

/**
 * @param {any[]} pieces
 * @param {any[]} rules
 */
function sourceText(pieces, rules) {
  const numbers = [...new Set(pieces.flatMap((piece) => piece.rules ?? []))].sort((one, other) => one - other);
  const names = numbers.length ? `, rule${numbers.length > 1 ? "s" : ""} ${numbers.map((rule) => rule + 1).join(", ")}` : "";
  const isAll = pieces.every((piece) => endOf(piece).kind === "all");
  if (isAll) return `anywhere (${pieces.map((piece) => piece.ethertype).join(" and ")})${names}`;
  if (pieces.length <= 3) return pieces.map((piece) => piece.cidr).join(", ") + names;
  const ends = numbers.map((rule) => rules[rule] && remoteText(rules[rule]).end);
  return (ends.length && ends.every(Boolean) ? [...new Set(ends)].join(", ") : `${pieces[0].cidr} and ${pieces.length - 1} more prefixes of the internet`) + names;
}

/**
 * Return the component with a tick for each new door of a plan, and whether all are set.
 *
 * @param {any} plan
 * @returns {{Doors: () => any, areConfirmed: boolean}}
 */
export function useDoors(plan) {
  const [confirmed, setConfirmed] = useState(/** @type {Record<string, boolean>} */ ({}));
  const doors = plan?.traffic ? doorsOf(plan) : [];
  // A tick is for the plan that was read.
  useEffect(() => setConfirmed({}), [plan]);
  const latest = useRef(/** @type {any} */ (null));
  latest.current = { doors, confirmed, setConfirmed };
  // The component stays the same: another one would lose the focus.
  const Doors = useCallback(() => html`<${DoorList} ...${latest.current} />`, []);
  return { Doors, areConfirmed: doors.every((door) => confirmed[door.key]) };
}

/** @param {{doors: Door[], confirmed: Record<string, boolean>, setConfirmed: any}} properties */
function DoorList({ doors, confirmed, setConfirmed }) {
  if (!doors.length) return null;
  return html`<fieldset class="doors">
    <legend>${doors.length === 1 ? "Confirm the door to the internet" : `Confirm each of the ${doors.length} doors to the internet`}</legend>
    ${doors.map(({ key, label }) => html`<label class="check" key=${key}>
      <input type="checkbox" checked=${Boolean(confirmed[key])}
        onChange=${(/** @type {any} */ event) => setConfirmed((/** @type {any} */ before) => ({ ...before, [key]: event.target.checked }))} />
      <span>Open ${label}</span>
    </label>`)}
  </fieldset>`;
}

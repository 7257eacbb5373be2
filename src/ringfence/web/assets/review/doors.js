// New doors to the internet: each is confirmed before a change is applied.

import { html, useCallback, useEffect, useRef, useState } from "../html.js";
import { remoteText } from "../rules/text.js";
import { asPiece, gather, mayBeDoor, widthOf } from "./gather.js";
import { endOf, hiddenOf, isDoor, pieceText } from "./traffic.js";

/** @typedef {{key: string, label: string}} Door */

/** @param {any} piece */
const doorKey = ({ protocol, from_port: first, to_port: last }) => [protocol, first, last].join(" ");

/**
 * Return the doors to the internet that a plan opens: all prefixes of a protocol and port together, and all
 * that one rule opens.
 *
 * @param {any} plan
 * @returns {Door[]}
 */
export function doorsOf({ traffic, rules = [], added }) {
  /** @type {Map<string, any[]>} */
  const doors = new Map();
  const opens = gather(traffic.opens, added);
  for (const piece of opens.filter(isDoor)) doors.set(doorKey(piece), [...(doors.get(doorKey(piece)) ?? []), piece]);
  const isCut = traffic.opens_total > traffic.opens.length;
  const unlisted = isCut ? added?.filter(mayBeDoor) : [];
  const found = [...doors].map(([key, same]) => {
    const hidden = unlisted?.filter((/** @type {any} */ rule) => doorKey(asPiece(rule)) === key) ?? [];
    return { key, label: `${pieceText(same[0])} from ${sourceText(same, rules, hidden)}` };
  });
  const more = isCut ? hiddenOf(traffic.opens_total, traffic.opens, unlisted, opens) : 0;
  return more > 0 ? [...found, { key: "more", label: `${more} more that are not listed, perhaps to the internet` }] : found;
}

/**
 * @param {any[]} pieces
 * @param {any[]} rules
 * @param {any[]} hidden rules that open the same, of which pieces may not be listed
 */
function sourceText(pieces, rules, hidden) {
  const numbers = [...new Set(pieces.flatMap((piece) => piece.rules ?? []))].sort((one, other) => one - other);
  const names = numbers.length ? `, ${numbers.length > 1 ? "rules" : "rule"} ${firstOf(numbers.map((rule) => `${rule + 1}`), hidden.length)}` : "";
  if (pieces.every((piece) => endOf(piece).kind === "all")) return `anywhere (${[...new Set(pieces.map((piece) => piece.ethertype))].join(" and ")})${names}`;
  const cidrs = pieces.map((piece) => piece.cidr);
  if (pieces.length <= 3 && !hidden.length) return cidrs.join(", ") + names;
  const ends = numbers.map((rule) => rules[rule] && remoteText(rules[rule]).end);
  const known = ends.length && ends.every(Boolean) ? [...new Set(ends)] : cidrs;
  const total = known === cidrs || hidden.length ? widthOf([...cidrs, ...hidden.map((rule) => rule.cidr)]).number : 0;
  if (known.includes("anywhere")) return `anywhere${names}`;
  return `${firstOf(known, total)}${Math.max(known.length, total) > 3 ? " prefixes of the internet" : ""}${names}`;
}

/**
 * Return the first three texts, and how many more there are.
 *
 * @param {string[]} texts
 * @param {number} [total] at least
 */
function firstOf(texts, total = 0) {
  const more = Math.max(texts.length, total) - 3;
  return texts.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
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

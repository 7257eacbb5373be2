// New doors to the internet: each is confirmed before a change is applied.

import { html, useCallback, useRef, useState } from "../html.js";
import { endOf, isDoor, isWide, pieceText } from "./traffic.js";

/** @typedef {{key: string, label: string}} Door */

/**
 * Return the doors to the internet that a plan opens, all prefixes of a protocol and port together.
 *
 * @param {any} plan
 * @returns {Door[]}
 */
export function doorsOf({ traffic }) {
  /** @type {Map<string, any[]>} */
  const doors = new Map();
  for (const piece of traffic.opens.filter(isDoor)) {
    const key = [piece.protocol, piece.from_port, piece.to_port].join(" ");
    doors.set(key, [...(doors.get(key) ?? []), piece]);
  }
  const found = [...doors].map(([key, pieces]) => ({ key, label: `${pieceText(pieces[0])} from ${sourceText(pieces)}${rulesText(pieces)}` }));
  const more = traffic.opens_total - traffic.opens.length;
  return more > 0 ? [...found, { key: "more", label: `${more} more that are not listed, perhaps to the internet` }] : found;
}

/** @param {any[]} pieces */
function sourceText(pieces) {
  if (pieces.every((piece) => endOf(piece).kind === "all")) return `anywhere (${pieces.map((piece) => piece.ethertype).join(" and ")})`;
  const [{ cidr }] = pieces;
  if (pieces.length > 3) return `${pieces.length} prefixes of ${pieces.some(isWide) ? "almost all of the internet" : "the internet"}, such as ${cidr}`;
  return pieces.map((piece) => piece.cidr).join(", ");
}

/** @param {any[]} pieces */
function rulesText(pieces) {
  const numbers = [...new Set(pieces.flatMap(({ rules = [] }) => rules))].sort((a, b) => a - b).map((rule) => rule + 1);
  return numbers.length ? ` – rule${numbers.length > 1 ? "s" : ""} ${numbers.join(", ")}` : "";
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
  const latest = useRef(/** @type {any} */ (null));
  latest.current = { doors, confirmed, setConfirmed };
  // The same component at each render: another one would lose the focus.
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

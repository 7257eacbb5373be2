// New doors to the internet: each is confirmed before a change is applied.

import { html, useCallback, useRef, useState } from "../html.js";
import { count } from "../rule_text.js";
import { endOf, isDoor, isWide, pieceText } from "./pieces.js";

/**
 * Return the doors to the internet that a plan opens: its prefixes together for each protocol and port.
 *
 * @param {any} plan
 * @returns {{key: string, label: string}[]}
 */
export function doorsOf({ traffic }) {
  /** @type {Map<string, any[]>} */
  const doors = new Map();
  for (const piece of traffic.opens.filter(isDoor)) {
    const key = `${pieceText(piece)} ${piece.from_port}-${piece.to_port}`;
    doors.set(key, [...(doors.get(key) ?? []), piece]);
  }
  const found = [...doors].map(([key, pieces]) => ({ key, label: `${pieceText(pieces[0])} from ${sourceText(pieces)}` }));
  const more = traffic.opens_total - traffic.opens.length;
  return more > 0 ? [...found, { key: "more", label: `${count(more, "more opening")} not listed here, perhaps to the internet` }] : found;
}

/** @param {any[]} pieces */
function sourceText(pieces) {
  const [first] = pieces;
  if (pieces.length === 1) return endOf(first).kind === "all" ? `anywhere (${first.ethertype})` : first.cidr;
  if (pieces.every((piece) => endOf(piece).kind === "all")) return "anywhere (IPv4 and IPv6)";
  return pieces.some(isWide) ? "the internet" : pieces.length > 3 ? `${pieces.length} public prefixes` : pieces.map((piece) => piece.cidr).join(", ");
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

/** @param {{doors: {key: string, label: string}[], confirmed: Record<string, boolean>, setConfirmed: any}} properties */
function DoorList({ doors, confirmed, setConfirmed }) {
  if (!doors.length) return null;
  return html`<fieldset class="doors">
    <legend>${doors.length === 1 ? "Confirm the door to the internet" : `Confirm each of the ${doors.length} doors to the internet`}</legend>
    ${doors.map((door) => html`<label class="check" key=${door.key}>
      <input type="checkbox" checked=${Boolean(confirmed[door.key])}
        onChange=${(/** @type {any} */ event) => setConfirmed((/** @type {any} */ before) => ({ ...before, [door.key]: event.target.checked }))} />
      <span>Open ${door.label}</span>
    </label>`)}
  </fieldset>`;
}

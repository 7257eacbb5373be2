// What is open to the internet, as marks: what nobody desired is the loudest.

import { html } from "../html.js";
import { trafficText } from "./text.js";

/**
 * Ports that the internet reaches. `observed` is null if the group was not observed.
 *
 * @typedef {object} Opening
 * @property {string} protocol
 * @property {number | null} from_port
 * @property {number | null} to_port
 * @property {boolean} desired
 * @property {boolean | null} observed
 *
 * @typedef {"undesired" | "open" | "lost"} OpeningKind
 */

/** @type {Record<OpeningKind, string>} */
const MEANINGS = { undesired: "in the cloud, not desired", open: "", lost: "desired, not in the cloud yet" };

/**
 * Return the openings with their labels, the loudest first; of equal labels, the loudest.
 *
 * @param {Opening[]} openings
 * @returns {{label: string, kind: OpeningKind}[]}
 */
export function labelled(openings) {
  /** @type {Map<string, OpeningKind>} */
  const kinds = new Map();
  for (const kind of /** @type {OpeningKind[]} */ (["undesired", "open", "lost"])) {
    for (const opening of openings.filter((each) => kindOf(each) === kind)) {
      const { what, service } = trafficText(opening);
      const label = service || what;
      if (!kinds.has(label)) kinds.set(label, kind);
    }
  }
  return [...kinds].map(([label, kind]) => ({ label, kind }));
}

/**
 * @param {Opening} opening
 * @returns {OpeningKind}
 */
function kindOf({ desired, observed }) {
  if (!desired) return "undesired";
  return observed === false ? "lost" : "open";
}

/** @param {{openings: Opening[], limit?: number}} properties */
export function OpenMarks({ openings, limit = 3 }) {
  const found = labelled(openings);
  const shown = found.slice(0, limit);
  const rest = found.slice(limit).map(({ label }) => label).join(", ");
  return html`<span class="open-marks">
    ${shown.map(({ label, kind }) => html`<span key=${label} class=${`open-mark open-${kind}`} title=${MEANINGS[kind] || null}>
      ${kind === "undesired" && html`<span aria-hidden="true">▲ </span>`}${label}${MEANINGS[kind] && html`<span class="visually-hidden">, ${MEANINGS[kind]}</span>`}</span>`)}
    ${rest && html`<span class="quiet" title=${rest}>+${found.length - shown.length}<span class="visually-hidden"> more: ${rest}</span></span>`}
  </span>`;
}

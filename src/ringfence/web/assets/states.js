// How a group stands, as a word, a colour and a shape: colour alone tells nobody anything.

import { html } from "./html.js";
import { own } from "./own.js";

/** @type {Record<string, [string, string]>} */
const STATES = {
  OK: ["OK", "good"],
  ERRED: ["Failed", "bad"],
  CREATION_SCHEDULED: ["To be created", "busy"],
  CREATING: ["Creating", "busy"],
  UPDATE_SCHEDULED: ["To be updated", "busy"],
  UPDATING: ["Updating", "busy"],
  DELETION_SCHEDULED: ["To be deleted", "busy"],
  DELETING: ["Deleting", "busy"],
};
export const STATE_WORDS = Object.entries(STATES).map(([word, [said]]) => [word, said]);

/** @type {Record<string, [string, string]>} */
const DRIFTS = {
  in_sync: ["In sync", "good"],
  drifting: ["Differs", "warn"],
  missing: ["Missing", "bad"],
  unknown: ["Not seen yet", "idle"],
};
export const DRIFT_WORDS = Object.entries(DRIFTS).map(([word, [said]]) => [word, said]);

/** @param {string | undefined} state */
export const isAtRest = (state) => state === "OK" || state === "ERRED";

/** @param {{state: string, title?: string}} properties */
export function State({ state, title }) {
  const [said, tone] = own(STATES, state) ?? [state, "idle"];
  return html`<span class="mark mark-${tone}" title=${title}>${said}</span>`;
}

/** @param {{drift: string}} properties */
export function Drift({ drift }) {
  const [said, tone] = own(DRIFTS, drift) ?? [drift, "idle"];
  return html`<span class="mark mark-${tone}">${said}</span>`;
}

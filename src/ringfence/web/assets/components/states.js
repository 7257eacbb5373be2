// State and drift of a group as a label and a colour; the meaning never depends on the colour alone.

import { html } from "../html.js";
import { own } from "../own.js";

/** @type {Record<string, [string, string]>} */
const STATES = {
  OK: ["OK", "good"],
  ERRED: ["Failed", "bad"],
  CREATION_SCHEDULED: ["Creation scheduled", "busy"],
  CREATING: ["Creating", "busy"],
  UPDATE_SCHEDULED: ["Update scheduled", "busy"],
  UPDATING: ["Updating", "busy"],
  DELETION_SCHEDULED: ["Deletion scheduled", "busy"],
  DELETING: ["Deleting", "busy"],
};
export const STATE_LABELS = Object.entries(STATES).map(([value, [label]]) => [value, label]);

/** @type {Record<string, [string, string]>} */
const DRIFTS = {
  in_sync: ["In sync", "good"],
  drifting: ["Drifting", "warn"],
  missing: ["Missing", "bad"],
  never_pushed: ["Not in the cloud", "warn"],
  unknown: ["Not observed yet", "idle"],
};
export const DRIFT_LABELS = Object.entries(DRIFTS).map(([value, [label]]) => [value, label]);

/**
 * Whether no job is pending for a group in this state.
 *
 * @param {string | undefined} state
 */
export const isStable = (state) => state === "OK" || state === "ERRED";

/**
 * A group that was loaded as OK and never pushed is OK only here; what was never compared with the
 * cloud is not known to be.
 *
 * @param {{state: string, title?: string, drift?: string, isObserved?: boolean}} properties
 */
export function State({ state, title, drift, isObserved = drift !== "unknown" }) {
  if (drift === "never_pushed") return html`<span class="mark mark-warn" title="It was loaded as OK; no cloud has it.">Never pushed</span>`;
  const [label, known] = own(STATES, state) ?? [state, "idle"];
  const tone = known === "good" && !isObserved ? "idle" : known;
  return html`<span class="mark mark-${tone}" title=${title}>${label}</span>`;
}

/**
 * While a job runs, a difference is what it is about.
 *
 * @param {{drift: string, state?: string}} properties
 */
export function Drift({ drift, state = "OK" }) {
  if (drift === "drifting" && !isStable(state)) return html`<span class="mark mark-busy">On its way</span>`;
  // What was compared before says nothing of the change that failed.
  if (drift === "in_sync" && state === "ERRED") return html`<span class="quiet">In sync when last compared</span>`;
  const [label, tone] = own(DRIFTS, drift) ?? [drift, "idle"];
  return html`<span class="mark mark-${tone}">${label}</span>`;
}

// The dialog in which a change is reviewed before it is applied.

import { Dialog } from "../dialog.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { useLoaded } from "../use_loaded.js";
import { useDoors } from "./doors.js";
import { PlanReview, readPlan } from "./plan.js";

/**
 * @typedef {object} Review
 * @property {string} title
 * @property {(signal: AbortSignal) => Promise<any>} load loads the plan
 * @property {(plan: any) => Promise<void>} apply
 * @property {string} [applyLabel]
 * @property {() => void} onClose
 * @property {any[]} [before] the desired rules that the change is based on; none of a new group
 * @property {any} [outdated] shown instead of the plan, which cannot be applied
 * @property {any} [children] what the change does besides the plan
 */

/** @param {Review} properties */
export function ReviewDialog({ title, load, apply, applyLabel = "Apply", onClose, before, outdated, children }) {
  const { data: plan, error } = useLoaded(load, []);
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const { Doors, areConfirmed } = useDoors(plan);
  const headline = useRef(/** @type {any} */ (null));
  useEffect(() => headline.current?.focus(), []);
  const text = useMemo(() => (plan ? readPlan(plan, before).headline : ""), [plan, before]);
  const run = async () => {
    setBusy(true);
    setSubmitError(null);
    try {
      await apply(plan);
    } catch (failure) {
      setSubmitError(failure);
    }
    setBusy(false);
  };
  const blocked = blockedReason({ plan, error, outdated, areConfirmed });
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${true}>
    <div class="dialog-body review">
      <p class="review-headline" tabindex="-1" ref=${headline} aria-live="polite">${headlineText(text, error, outdated)}</p>
      ${submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
      ${error && html`<p class="notice notice-bad" role="alert">${error.message}</p>`}
      ${outdated}
      ${children}
      ${plan && !outdated && html`<${Doors} /><${PlanReview} plan=${plan} before=${before} withHeadline=${false} />`}
    </div>
    <footer class="dialog-foot">
      <p class="quiet foot-reason" id="review-blocked" role="status">${blocked}</p>
      <button type="button" class="button" onClick=${onClose}>Back</button>
      <button type="button" class="button button-main" disabled=${Boolean(blocked) || isBusy} aria-describedby="review-blocked" onClick=${run}>${applyLabel}</button>
    </footer>
  <//>`;
}

/**
 * @param {string} text
 * @param {any} error
 * @param {any} outdated
 */
function headlineText(text, error, outdated) {
  if (outdated) return "The group has changed since.";
  if (error) return "The change cannot be planned.";
  return text || "Planning…";
}

/**
 * Return why the change cannot be applied now; empty if it can.
 *
 * @param {{plan: any, error: any, outdated: any, areConfirmed: boolean}} state
 */
function blockedReason({ plan, error, outdated, areConfirmed }) {
  if (outdated) return "Decide what to do with the other change first.";
  if (error) return "Without a plan nothing can be applied.";
  if (!plan) return "Planning…";
  return areConfirmed ? "" : "Confirm each door to the internet.";
}

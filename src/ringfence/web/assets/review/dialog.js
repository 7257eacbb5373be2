// The dialog in which a change is reviewed before it is applied.

import { Dialog } from "../components/dialog.js";
import { useLoaded } from "../components/use_loaded.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { CONSOLE } from "../router.js";
import { useDoors } from "./doors.js";
import { PlanReview, readPlan } from "./plan.js";

/**
 * @typedef {object} Review
 * @property {string} title
 * @property {(signal: AbortSignal) => Promise<any>} load loads the plan
 * @property {(plan: any) => Promise<void>} apply
 * @property {string} [applyLabel]
 * @property {boolean} [isDangerous]
 * @property {() => void} onClose
 * @property {any[]} [before] the desired rules that the change is based on; none of a new group
 * @property {any} [outdated] shown instead of the plan, which cannot be applied
 * @property {string} [blocked] why the change cannot be applied
 * @property {any} [children] what the change does besides the plan; a function gets the plan
 * @property {string} [tenant] the tenant's UUID, to show the plan on its map
 * @property {any} [group] the group's document or UUID; none of a new group
 */

/**
 * Whether a change was refused because the cloud has changed since the plan.
 *
 * @param {any} error
 */
export const hasCloudChanged = (error) => error.status === 412 && error.message.includes("in the cloud has changed since the plan");

/** @param {Review} properties */
export function ReviewDialog({ title, load, apply, applyLabel = "Apply", isDangerous = false, onClose, before, outdated, blocked, children, tenant, group }) {
  const { data: plan, error, reload } = useLoaded(load, []);
  const [isReplanned, setReplanned] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const { Doors, areConfirmed } = useDoors(plan);
  const read = useMemo(() => plan?.traffic && readPlan(plan, before), [plan, before]);
  const headline = useRef(/** @type {any} */ (null));
  useEffect(() => headline.current?.focus(), []);
  const run = async () => {
    setBusy(true);
    setSubmitError(null);
    try {
      await apply(plan);
    } catch (failure) {
      if (hasCloudChanged(failure)) {
        await reload();
        setReplanned(true);
        headline.current?.focus();
      } else {
        setSubmitError(failure);
      }
    }
    setBusy(false);
  };
  const reason = reasonOf({ plan, error, outdated, areConfirmed }) || blocked || "";
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${true}>
    <div class="dialog-body review">
      <p class="review-headline" tabindex="-1" ref=${headline} aria-live="polite">${headlineText(plan, read, error, outdated)}</p>
      ${[submitError, error].map((failure) => failure && html`<p class="notice notice-bad" role="alert">${failure.message}</p>`)}
      ${isReplanned && !outdated && html`<p class="notice notice-warn" role="alert">The group has changed in the cloud since this was planned. This is the new plan: nothing is applied yet.</p>`}
      ${outdated}
      ${typeof children === "function" ? plan && children(plan) : children}
      ${plan?.traffic && !outdated && html`<${PlanReview} plan=${plan} before=${before} read=${read} doors=${html`<${Doors} />`} />
        ${tenant && html`<${OnTheMap} tenant=${tenant} group=${group} plan=${plan} />`}`}
    </div>
    <footer class="dialog-foot">
      <p class="quiet foot-reason" id="review-blocked" role="status">${reason}</p>
      <button type="button" class="button" onClick=${onClose}>Back</button>
      <button type="button" class=${`button ${isDangerous ? "button-danger" : "button-main"}`} disabled=${Boolean(reason) || isBusy}
        aria-describedby="review-blocked" onClick=${run}>${applyLabel}</button>
    </footer>
  <//>`;
}

/**
 * @param {any} plan
 * @param {ReturnType<typeof readPlan> | undefined} read
 * @param {any} error
 * @param {any} outdated
 */
function headlineText(plan, read, error, outdated) {
  if (outdated) return "The group has changed since.";
  if (error || (plan && !read)) return "What this opens or closes is not known.";
  return read?.headline ?? "Planning…";
}

/**
 * Return why the change cannot be applied now; empty if it can.
 *
 * @param {{plan: any, error: any, outdated: any, areConfirmed: boolean}} state
 */
function reasonOf({ plan, error, outdated, areConfirmed }) {
  if (outdated) return "Decide what to do with the other change first.";
  if (error) return "Nothing can be applied without a plan.";
  if (!plan) return "Planning…";
  return areConfirmed ? "" : "Confirm each door to the internet.";
}

/**
 * The plan on the tenant's map, which is loaded when its button is pressed.
 *
 * @param {{tenant: string, group: any, plan: any}} properties
 */
function OnTheMap({ tenant, group, plan }) {
  const [{ PlanMap, isFailed }, setMap] = useState(/** @type {any} */ ({}));
  const show = () => import("../map/plan.js").then(setMap, () => setMap({ isFailed: true }));
  if (PlanMap) return html`<${PlanMap} tenant=${tenant} group=${group} plan=${plan} />`;
  if (isFailed) return html`<p><a href=${`${CONSOLE}map/${tenant}/`}>Map of the tenant</a></p>`;
  return html`<p class="on-the-map"><button type="button" class="button" onClick=${show}>Show on the map</button></p>`;
}

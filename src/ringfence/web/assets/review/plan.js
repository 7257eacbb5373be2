// The review of a plan: a headline, what opens and closes, and whose each change is.

import { html, useMemo } from "../html.js";
import { count } from "../rule_text.js";
import { Ago } from "../times.js";
import { keyOf, lanesOf } from "./differences.js";
import { headlineOf } from "./headline.js";
import { ChangedLines, RuleLines, ruleText } from "./rule_line.js";
import { OpensAndCloses } from "./traffic_lists.js";

export { doorsOf } from "./doors.js";
export { headlineOf } from "./headline.js";

/**
 * Return the headline of a plan, and the lanes of its changes.
 *
 * @param {any} plan
 * @param {any[]} [before] the desired rules that the edit is based on
 */
export function readPlan(plan, before) {
  const lanes = lanesOf(plan, before);
  const { added, removed, changed, described } = lanes.yours;
  const rules = added.length + removed.length + changed.length + lanes.repairs.added.length + lanes.repairs.removed.length;
  return { lanes, headline: headlineOf(plan.traffic, { rules, descriptions: described.length }) };
}

/**
 * The review of a plan without its dialog.
 *
 * @param {{plan: any, before?: any[], withHeadline?: boolean}} properties
 */
export function PlanReview({ plan, before, withHeadline = true }) {
  const { lanes, headline } = useMemo(() => readPlan(plan, before), [plan, before]);
  return html`
    ${withHeadline && html`<p class="review-headline">${headline}</p>`}
    ${(plan.notices ?? []).map((/** @type {any} */ notice) => html`<p class="notice notice-warn" key=${notice.code}>${notice.message}</p>`)}
    <${OpensAndCloses} traffic=${plan.traffic} origin=${originOf(plan, lanes)} />
    <${Warnings} plan=${plan} />
    ${plan.rules && html`<${Lanes} lanes=${lanes} />`}
    <${Costs} plan=${plan} />`;
}

/**
 * Return a function that says which rule opens a piece, and whether that repairs the cloud.
 *
 * @param {any} plan
 * @param {ReturnType<typeof lanesOf>} lanes
 */
function originOf(plan, lanes) {
  const restored = new Set(lanes.repairs.added.map((/** @type {any} */ each) => each.number - 1));
  const cleared = new Set(lanes.repairs.removed.map((/** @type {any} */ each) => keyOf(each.rule)));
  return (/** @type {any} */ piece, /** @type {"opens" | "closes"} */ kind) => {
    if (kind === "closes") return cleared.has(keyOf(piece)) ? "repair" : "";
    const numbers = piece.rules.filter((/** @type {number} */ rule) => rule < (plan.rules?.length ?? 0));
    const isRepair = numbers.length > 0 && numbers.every((/** @type {number} */ rule) => restored.has(rule));
    const names = numbers.slice(0, 3).map((/** @type {number} */ rule) => rule + 1).join(", ");
    return `${names && `${numbers.length > 1 ? "rules" : "rule"} ${names}`}${numbers.length > 3 ? " …" : ""}${isRepair ? ", repair" : ""}`;
  };
}

/** @param {{plan: any}} properties */
function Warnings({ plan: { warnings = [], rules } }) {
  if (!warnings.length) return null;
  return html`<div class="notice notice-warn"><strong>Warnings</strong>
    <ul>${warnings.map((/** @type {any} */ warning, /** @type {number} */ index) => html`<li key=${index}>
      Rule ${warning.rule + 1}${rules?.[warning.rule] ? html`, <q>${ruleText(rules[warning.rule])}</q>` : ""}: ${warning.message}</li>`)}</ul></div>`;
}

/** @param {{lanes: ReturnType<typeof lanesOf>}} properties */
function Lanes({ lanes: { yours, repairs, unchanged } }) {
  const { added, removed, changed, described } = yours;
  const repaired = repairs.added.length + repairs.removed.length;
  return html`<section class="lane">
      <h3>Yours <span class="quiet">${sumOf(yours)}</span></h3>
      ${changed.length > 0 && html`<${ChangedLines} pairs=${changed} />`}
      ${added.length > 0 && html`<${RuleLines} rules=${added} sign="+" />`}
      ${removed.length > 0 && html`<${RuleLines} rules=${removed} sign="−" />`}
      ${described.length > 0 && html`<${ChangedLines} pairs=${described} />`}
    </section>
    ${repaired > 0 && html`<section class="lane">
      <h3>Repairs <span class="quiet">${count(repaired, "difference")} in the cloud that applying removes</span></h3>
      ${repairs.added.length > 0 && html`<p class="quiet">Desired, missing in the cloud: put back</p><${RuleLines} rules=${repairs.added} sign="+" />`}
      ${repairs.removed.length > 0 && html`<p class="quiet">In the cloud, not desired: removed</p><${RuleLines} rules=${repairs.removed} sign="−" />`}
    </section>`}
    ${unchanged.length > 0 && html`<details class="lane"><summary>Unchanged: ${count(unchanged.length, "rule")}</summary>
      <${RuleLines} rules=${unchanged} sign="=" /></details>`}`;
}

/**
 * Return how many rules a difference changes, in words.
 *
 * @param {import("./differences.js").Difference} difference
 */
export function sumOf({ added, removed, changed, described }) {
  const parts = [
    changed.length && `${count(changed.length, "rule")} changed`,
    added.length && `${changed.length ? added.length : count(added.length, "rule")} added`,
    removed.length && `${changed.length || added.length ? removed.length : count(removed.length, "rule")} removed`,
    described.length && `${count(described.length, "description")} changed`,
  ].filter(Boolean);
  return parts.join(", ") || "no rule changed";
}

/** @param {{plan: any}} properties */
function Costs({ plan }) {
  const quota = plan.quota.security_group_rule_count;
  const isOver = quota.limit >= 0 && quota.after > quota.limit;
  const rules = `Rules in the tenant: ${quota.used} → ${quota.after}${quota.limit < 0 ? ", no quota" : ` of ${quota.limit}`}`;
  const calls = plan.calls === undefined ? "" : ` · ${plan.calls === 0 ? "No calls to the cloud" : `${count(plan.calls, "call")} to the cloud`}`;
  return html`
    ${isOver && html`<p class="notice notice-bad">The tenant would have ${quota.after} rules; its quota is ${quota.limit}. The change will be rejected.</p>`}
    <p class="quiet costs">${rules}${calls}${plan.compared_with === "cloud" && html` · Compared with the cloud <${Ago} at=${plan.observed_at} />`}
    ${plan.compared_with === "desired" && " · The group was not observed in the cloud yet: compared with the desired rules"}</p>`;
}

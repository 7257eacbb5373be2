// The review of a plan: a headline, what opens and closes, and whose each change is.

import { Ago } from "../components/times.js";
import { html, useMemo, useState } from "../html.js";
import { count } from "../rules/text.js";
import { keyOf, lanesOf } from "./differences.js";
import { ChangedLines, RuleLines, ruleText } from "./rule_line.js";
import { OpensAndCloses, headlineOf } from "./traffic.js";

export { doorsOf } from "./doors.js";
export { headlineOf } from "./traffic.js";

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
  return { lanes, headline: headlineOf(plan.traffic, { rules, descriptions: described.length, added: plan.added, removed: plan.removed }) };
}

/**
 * The review of a plan without its dialog. `doors` replaces the doors to the internet, and
 * the headline is left out with it.
 *
 * @param {{plan: any, before?: any[], doors?: any, read?: ReturnType<typeof readPlan>}} properties
 */
export function PlanReview({ plan, before, doors, read }) {
  const { lanes, headline } = useMemo(() => read ?? readPlan(plan, before), [read, plan, before]);
  return html`
    ${!doors && html`<p class="review-headline">${headline}</p>`}
    ${(plan.notices ?? []).map((/** @type {any} */ notice) => html`<p class="notice notice-warn" key=${notice.code}>${notice.message}</p>`)}
    <${OpensAndCloses} traffic=${plan.traffic} added=${plan.added} removed=${plan.removed} origin=${originOf(plan, lanes)} doors=${doors} />
    <${Warnings} plan=${plan} lanes=${lanes} />
    ${plan.rules && html`<${Lanes} lanes=${lanes} title=${before ? "Your changes" : "Changes"} />`}
    ${plan.quota && lanes.yours.described.length > 0 && html`<p class="quiet">Neutron cannot change the description of a rule: a new description stays in Ringfence.</p>`}
    ${plan.quota && html`<${Costs} plan=${plan} />`}`;
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

/**
 * Warnings about what the change adds; those about rules that stay are folded.
 *
 * @param {{plan: any, lanes: ReturnType<typeof lanesOf>}} properties
 */
function Warnings({ plan: { warnings = [], rules = [] }, lanes: { yours } }) {
  const old = new Set(yours.unchanged.map(({ number }) => number));
  const isOld = (/** @type {any} */ warning) => old.has(warning.rule + 1);
  const texts = (/** @type {any[]} */ some) => html`<ul>${some.map(({ rule, message }, index) => html`<li key=${index}>
    Rule ${rule + 1}${rules[rule] ? html`, <q>${ruleText(rules[rule])}</q>` : ""}: ${message}</li>`)}</ul>`;
  const [known, fresh] = [warnings.filter(isOld), warnings.filter((/** @type {any} */ warning) => !isOld(warning))];
  return html`
    ${fresh.length > 0 && html`<div class="notice notice-warn"><strong>Warnings</strong>${texts(fresh)}</div>`}
    ${known.length > 0 && html`<details><summary>${count(known.length, "warning")} about rules that stay</summary>${texts(known)}</details>`}`;
}

/** @param {{lanes: ReturnType<typeof lanesOf>, title: string}} properties */
function Lanes({ lanes: { yours, repairs, unchanged }, title }) {
  const repaired = repairs.added.length + repairs.removed.length;
  return html`<section>
      <h3>${title} <span class="quiet">${sumOf(yours)}</span></h3>
      <${DifferenceLines} difference=${yours} />
    </section>
    ${repaired > 0 && html`<section>
      <h3>Repairs <span class="quiet">${count(repaired, "difference")} between the cloud and the desired rules; applying removes ${repaired === 1 ? "it" : "them"}</span></h3>
      <${RuleLines} rules=${repairs.added} sign="+" why="missing in the cloud" />
      <${RuleLines} rules=${repairs.removed} sign="−" why="only in the cloud" />
    </section>`}
    ${unchanged.length > 0 && html`<${Unchanged} rules=${unchanged} />`}`;
}

/** @param {{rules: import("./differences.js").Numbered[]}} properties hundreds of rules are drawn when they are unfolded */
function Unchanged({ rules }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary>Unchanged: ${count(rules.length, "rule")}</summary>${isOpen && html`<${RuleLines} rules=${rules} sign="=" />`}</details>`;
}

/**
 * The rules that a difference changes, adds and removes.
 *
 * @param {{difference: Omit<import("./differences.js").Difference, "unchanged">}} properties
 */
export function DifferenceLines({ difference: { added, removed, changed, described } }) {
  return html`
    <${ChangedLines} pairs=${changed} />
    <${RuleLines} rules=${added} sign="+" />
    <${RuleLines} rules=${removed} sign="−" />
    <${ChangedLines} pairs=${described} />`;
}

/**
 * Return how many rules a difference changes, in words.
 *
 * @param {Omit<import("./differences.js").Difference, "unchanged">} difference
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

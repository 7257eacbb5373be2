// The plan of a change: what it will do in the cloud.

import { html } from "./html.js";
import { Changes } from "./rule_lists.js";
import { count } from "./rule_text.js";
import { Ago } from "./times.js";

/** @param {{plan: any}} properties */
export function PlanReview({ plan }) {
  const { added, removed, kept, description_only: redescribed, warnings, notices = [] } = plan;
  const isEmpty = !added.length && !removed.length;
  return html`
    <p class="review-sum">
      <span class="sum sum-plus">${added.length} added</span>
      <span class="sum sum-minus">${removed.length} removed</span>
      <span class="sum">${kept.length} kept</span>
      <span class="quiet">${plan.calls === 0 ? "No calls to the cloud" : `${count(plan.calls, "call")} to the cloud`}</span>
    </p>
    ${isEmpty && notices.length === 0 && html`<p class="notice">Nothing changes in the cloud.</p>`}
    ${notices.map((/** @type {any} */ notice) => html`<p class="notice notice-warn" key=${notice.code}>${notice.message}</p>`)}
    ${warnings.length > 0 && html`<div class="notice notice-warn"><strong>Warnings</strong>
      <ul>${warnings.map((/** @type {any} */ warning, /** @type {number} */ index) => html`<li key=${index}>Rule ${warning.rule + 1}: ${warning.message}</li>`)}</ul></div>`}
    ${added.length > 0 && html`<h3>Rules to add first</h3><${Changes} rules=${added} sign="+" />`}
    ${removed.length > 0 && html`<h3>Rules to remove afterwards</h3><${Changes} rules=${removed} sign="−" />`}
    ${redescribed.length > 0 && html`<h3>Description changed in Ringfence only</h3><${Changes} rules=${redescribed} sign="=" />`}
    ${kept.length > 0 && html`<details><summary>${count(kept.length, "rule")} kept</summary><${Changes} rules=${kept} sign="=" /></details>`}
    <${Quota} quota=${plan.quota.security_group_rule_count} />
    <p class="quiet">${plan.compared_with === "cloud"
      ? html`Compared with the cloud <${Ago} at=${plan.observed_at} />.`
      : "The group was not observed in the cloud yet: compared with the desired rules."}</p>`;
}

/** @param {{quota: {used: number, limit: number, after: number}}} properties */
function Quota({ quota }) {
  if (quota.limit < 0) return html`<p class="quiet">Rules in the tenant: ${quota.used} → ${quota.after}, no quota.</p>`;
  const isOver = quota.after > quota.limit;
  return html`<div class="quota">
    <label><span>Rules in the tenant: ${quota.used} → <strong>${quota.after}</strong> of ${quota.limit}</span>
      <meter min="0" max=${quota.limit} high=${quota.limit * 0.9} value=${Math.min(quota.after, quota.limit)}></meter></label>
    ${isOver && html`<p class="field-error">This exceeds the quota and will be rejected.</p>`}
  </div>`;
}

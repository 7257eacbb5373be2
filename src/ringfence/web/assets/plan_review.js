// What a change would do in the cloud, before it is done.

import { html } from "./html.js";
import { Changes } from "./rule_lists.js";
import { Ago } from "./times.js";
import { count } from "./rule_text.js";

/** @param {{plan: any}} properties */
export function Review({ plan }) {
  const { added, removed, kept, description_only: described, warnings, notices = [] } = plan;
  const isNothing = !added.length && !removed.length;
  return html`
    <p class="review-sum">
      <span class="sum sum-plus">${added.length} added</span>
      <span class="sum sum-minus">${removed.length} removed</span>
      <span class="sum">${kept.length} kept</span>
      <span class="quiet">${plan.calls === 0 ? "No call to the cloud" : `${count(plan.calls, "call")} to the cloud`}</span>
    </p>
    ${isNothing && notices.length === 0 && html`<p class="notice">In the cloud nothing changes.</p>`}
    ${notices.map((/** @type {any} */ notice) => html`<p class="notice notice-warn" key=${notice.code}>${notice.message}</p>`)}
    ${warnings.length > 0 && html`<div class="notice notice-warn"><strong>Look twice</strong>
      <ul>${warnings.map((/** @type {any} */ warning, /** @type {number} */ place) => html`<li key=${place}>Rule ${warning.rule + 1}: ${warning.message}</li>`)}</ul></div>`}
    ${added.length > 0 && html`<h3>Added first</h3><${Changes} rules=${added} sign="+" />`}
    ${removed.length > 0 && html`<h3>Removed after that</h3><${Changes} rules=${removed} sign="−" />`}
    ${described.length > 0 && html`<h3>Described anew, here only</h3><${Changes} rules=${described} sign="=" />`}
    ${kept.length > 0 && html`<details><summary>${count(kept.length, "rule")} kept</summary><${Changes} rules=${kept} sign="=" /></details>`}
    <${Quota} quota=${plan.quota.security_group_rule_count} />
    <p class="quiet">${plan.compared_with === "cloud"
      ? html`Held against what the cloud said <${Ago} at=${plan.observed_at} />.`
      : "The cloud was not seen yet: held against what was asked for before."}</p>`;
}

/** @param {{quota: {used: number, limit: number, after: number}}} properties */
function Quota({ quota }) {
  if (quota.limit < 0) return html`<p class="quiet">Rules of the tenant: ${quota.used} → ${quota.after}, without a limit.</p>`;
  const isOver = quota.after > quota.limit;
  return html`<div class="quota">
    <label><span>Rules of the tenant: ${quota.used} → <strong>${quota.after}</strong> of ${quota.limit}</span>
      <meter min="0" max=${quota.limit} high=${quota.limit * 0.9} value=${Math.min(quota.after, quota.limit)}></meter></label>
    ${isOver && html`<p class="mistake">This is over the quota: it will be refused.</p>`}
  </div>`;
}

// What uses a group: instances, their ports, and groups whose rules refer to it.

import { GROUPS, request } from "./api.js";
import { html } from "./html.js";
import { GROUP_PAGES } from "./router.js";
import { count } from "./rule_text.js";
import { Ago } from "./times.js";
import { useLoaded } from "./use_loaded.js";

/** @param {{group: any}} properties */
export function useUsage({ group }) {
  return useLoaded(
    async (signal) => (await request("GET", `${GROUPS}${group.uuid}/usage/`, { signal })).data,
    [group.uuid, group.state],
  );
}

/** @param {{group: any}} properties */
export function Usage({ group }) {
  const { data: usage, error } = useUsage({ group });
  return html`<section class="card">
    <h2>Used by</h2>
    ${error && html`<p class="quiet">${error.message}</p>`}
    ${!usage && !error && html`<p class="quiet">…</p>`}
    ${usage && html`<${Instances} usage=${usage} /><${ReferringGroups} usage=${usage} />`}
  </section>`;
}

/** @param {{usage: any}} properties */
export function Instances({ usage }) {
  if (!usage.observed_at) return html`<p class="quiet">Unknown: the tenant's ports were not pulled yet.</p>`;
  return html`
    <p>${usage.instance_count ? count(usage.instance_count, "instance") : "No instance"}, ${count(usage.ports.length, "port")}
      <span class="quiet"> · observed <${Ago} at=${usage.observed_at} /></span></p>
    <ul class="plain">${usage.ports.slice(0, 8).map((/** @type {any} */ port) => html`<li key=${port.backend_id}>
      <span class="mono">${port.addresses.join(", ") || port.name || port.backend_id}</span>
      ${port.floating.length > 0 && html`<span class="quiet"> · floating IP </span><span class="mono">${port.floating.join(", ")}</span>`}
    </li>`)}
    ${usage.ports.length > 8 && html`<li class="quiet">and ${usage.ports.length - 8} more</li>`}
    ${usage.ports_of_other_tenants > 0 && html`<li class="quiet">and ${count(usage.ports_of_other_tenants, "port")} of other tenants</li>`}</ul>`;
}

/** @param {{usage: any}} properties */
export function ReferringGroups({ usage }) {
  if (!usage.referenced_by.length) return html`<p class="quiet">No other group refers to this group.</p>`;
  return html`<p>Rules of ${count(usage.referenced_by.length, "other group")} refer to this group:</p>
    <ul class="plain">${usage.referenced_by.map((/** @type {any} */ other) => html`<li key=${other.uuid}>
      <a href=${`${GROUP_PAGES}${other.uuid}/`}>${other.name}</a>
    </li>`)}</ul>`;
}

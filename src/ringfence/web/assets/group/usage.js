// What uses a group: instances, their ports, and groups whose rules refer to it.

import { GROUPS, INSTANCES, request } from "../api.js";
import { Ago } from "../components/times.js";
import { Skeleton, useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { count } from "../rules/text.js";

const SHOWN = 8;

/** @param {{group: any}} properties */
export function useUsage({ group }) {
  return useLoaded(
    async (signal) => (await request("GET", `${GROUPS}${group.uuid}/usage/`, { signal })).data,
    [group.uuid, group.state],
  );
}

/**
 * Who uses a group: instances with their addresses, and the groups whose rules refer to it.
 *
 * @param {{group: any}} properties
 */
export function UsedBy({ group }) {
  const { data: usage, error } = useUsage({ group });
  const { data: instances } = useLoaded(
    async (signal) => request("GET", INSTANCES, {
      query: { security_group_uuid: group.uuid, o: "name", page_size: SHOWN, field: ["uuid", "name", "internal_ips", "external_ips"] }, signal,
    }),
    [group.uuid, group.state],
  );
  const reach = `${CONSOLE}reach/?tenant=${group.tenant_uuid}`;
  return html`<section class="card used-by">
    <h2>Used by ${usage?.observed_at && html`<span class="quiet">${count(usage.instance_count ?? 0, "instance")}</span>`}</h2>
    ${error && html`<p class="quiet">${error.message}</p>`}
    ${!error && (!usage || (usage.observed_at && usage.ports.length > 0 && !instances)) && html`<${Skeleton} rows=${4} />`}
    ${usage && !usage.observed_at && html`<p class="quiet">Unknown: the tenant's ports were not pulled yet.</p>`}
    ${usage?.observed_at && !usage.ports.length && html`<p class="quiet">No instance has this group.</p>`}
    ${usage?.observed_at && instances && html`<ul class="plain members">${instances.data.map((/** @type {any} */ one) => html`<li key=${one.uuid}>
      <a href=${`${CONSOLE}instances/${one.uuid}/`}>${one.name || "An instance without a name"}</a>
      <span class="mono">${one.internal_ips.join(", ")}</span>
      ${one.external_ips.length > 0 && html`<span><span class="quiet">floating IP </span><span class="mono">${one.external_ips.join(", ")}</span></span>`}
    </li>`)}
    ${instances.total > SHOWN && html`<li class="quiet">and ${instances.total - SHOWN} more</li>`}
    ${usage.ports_of_other_tenants > 0 && html`<li class="quiet">and ${count(usage.ports_of_other_tenants, "port")} of other tenants</li>`}</ul>`}
    ${usage?.referenced_by.length > 0 && html`<${ReferringGroups} usage=${usage} />`}
    <p class="links"><a href=${`${CONSOLE}map/${group.tenant_uuid}/?group=${group.uuid}`}>Show on the map</a><a href=${reach}>Can it reach?</a></p>
    ${usage?.observed_at && html`<p class="quiet">Ports observed <${Ago} at=${usage.observed_at} /></p>`}
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

// The list of instances, with their addresses and groups.

import { INSTANCES, request } from "../api.js";
import { TextFilter } from "../components/filters.js";
import { IfSeen } from "../components/if_seen.js";
import { NoPage, Pages } from "../components/pagination.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { updateQuery, urlOfPage } from "../router.js";
import { count } from "../rules/text.js";
import { GroupLinks } from "./group_links.js";

const PAGE_SIZE = 50;
const FIELDS = ["uuid", "name", "tenant_name", "project_name", "customer_name", "internal_ips", "external_ips", "security_groups"];

/** @param {{query: URLSearchParams}} properties */
export function Instances({ query }) {
  const filters = Object.fromEntries(["query", "tenant_uuid", "page"].map((name) => [name, query.get(name)]));
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => request("GET", INSTANCES, { query: { ...filters, o: "name", page_size: PAGE_SIZE, field: FIELDS }, signal }),
    [query.toString()], () => 15_000,
  );
  return html`
    <${PageHead} of="Instances" note=${data ? count(data.total, "instance") : ""}>
      <a class="button" href=${`${urlOfPage("reach")}?tenant=${filters.tenant_uuid ?? ""}`}>Can it reach?</a><//>
    <search class="filter-bar"><${TextFilter} name="query" label="Search instances by name or address" query=${query} />
      ${filters.tenant_uuid && html`<button type="button" class="chip" onClick=${() => updateQuery({ tenant_uuid: "", page: "" })}>One tenant ✕<span class="visually-hidden"> show all tenants</span></button>`}
    </search>
    <${Stale} error=${data && error} />
    ${error?.status === 404 && filters.page && html`<${NoPage} page=${filters.page} />`}
    ${error && !data && !(error.status === 404 && filters.page) && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${12} />`}
    ${data?.data.length === 0 && html`<${NoInstances} isFiltered=${Boolean(filters.query || filters.tenant_uuid)} />`}
    ${data && data.data.length > 0 && html`<div class="table-frame"><table class="table instances">
      <caption class="visually-hidden">Instances</caption>
      <thead><tr>${["Name", "Tenant", "Addresses", "Floating IP addresses", "Groups"].map((label) => html`<th scope="col" key=${label}>${label}</th>`)}</tr></thead>
      <tbody>${data.data.map((/** @type {any} */ instance) => html`<${Row} key=${instance.uuid} instance=${instance} />`)}</tbody>
    </table></div>
    <${Pages} page=${Number(filters.page ?? 1)} pages=${Math.ceil(data.total / PAGE_SIZE)} />`}`;
}

/** @param {{instance: any}} properties */
function Row({ instance }) {
  return html`<tr>
    <td data-label="Name" class="cell-name"><a href=${urlOfPage(`instances/${instance.uuid}`)}>${instance.name || instance.uuid}</a></td>
    <td data-label="Tenant">${instance.tenant_name} <span class="quiet">${instance.customer_name} / ${instance.project_name}</span></td>
    <td data-label="Addresses" class="mono">${instance.internal_ips.join(", ") || "–"}</td>
    <td data-label="Floating IP addresses" class="mono">${instance.external_ips.join(", ") || "–"}</td>
    <td data-label="Groups"><${GroupLinks} groups=${instance.security_groups} /></td>
  </tr>`;
}

/** @param {{isFiltered: boolean}} properties */
function NoInstances({ isFiltered }) {
  return isFiltered
    ? html`<section class="empty"><h2>No instances match</h2><p>Change the search, or clear it.</p></section>`
    : html`<section class="empty"><h2>No instances</h2><p><${IfSeen}>Instances are what the ports of a tenant show. They appear here after the tenant was pulled.<//></p></section>`;
}

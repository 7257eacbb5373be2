// The list of instances, with their addresses and groups.

import { request } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { IfSeen } from "../if_seen.js";
import { urlOfPage } from "../pages.js";
import { updateQuery } from "../router.js";
import { count } from "../rule_text.js";
import { PageHead } from "../title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../use_loaded.js";
import { GroupLinks } from "./group_links.js";

export const INSTANCES = "/api/openstack-instances/";
const PAGE_SIZE = 50;
const FIELDS = ["uuid", "name", "tenant_name", "project_name", "customer_name", "internal_ips", "external_ips", "security_groups"];

/** @param {{query: URLSearchParams}} properties */
export function Instances({ query }) {
  const filters = Object.fromEntries(["query", "tenant_uuid", "page"].map((name) => [name, query.get(name)]));
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => request("GET", INSTANCES, { query: { ...filters, o: "name", page_size: PAGE_SIZE, field: FIELDS }, signal }),
    [query.toString()], () => 15_000,
  );
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / PAGE_SIZE));
  return html`
    <${PageHead} of="Instances" note=${data ? count(data.total, "instance") : ""}>
      <a class="button" href=${urlOfPage("reach")}>Can it reach?</a><//>
    <${Search} query=${query} />
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
    <${Pages} page=${Number(filters.page ?? 1)} pages=${pages} />`}`;
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

/** @param {{query: URLSearchParams}} properties */
function Search({ query }) {
  const [text, setText] = useState(query.get("query") ?? "");
  const sent = useRef(text);
  useEffect(() => {
    if (text === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      updateQuery({ query: text.trim(), page: "" });
    }, 200);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<search class="filter-bar"><input type="search" aria-label="Search instances by name or address" placeholder="Search by name or address"
    value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    ${query.has("tenant_uuid") && html`<button type="button" class="chip" onClick=${() => updateQuery({ tenant_uuid: "", page: "" })}>One tenant ✕<span class="visually-hidden"> show all tenants</span></button>`}
  </search>`;
}

/** @param {{page: string}} properties */
function NoPage({ page }) {
  return html`<section class="empty"><h2>The list has no page ${page}</h2>
    <button type="button" class="button" onClick=${() => updateQuery({ page: "" })}>First page</button></section>`;
}

/** @param {{isFiltered: boolean}} properties */
function NoInstances({ isFiltered }) {
  return isFiltered
    ? html`<section class="empty"><h2>No instances match</h2><p>Change the search, or clear it.</p></section>`
    : html`<section class="empty"><h2>No instances</h2><p><${IfSeen}>Instances are what the ports of a tenant show. They appear here after the tenant was pulled.<//></p></section>`;
}

/** @param {{page: number, pages: number}} properties */
function Pages({ page, pages }) {
  if (pages < 2) return null;
  const to = (/** @type {number} */ number) => () => updateQuery({ page: number > 1 ? String(number) : "" });
  return html`<nav class="paging" aria-label="Pagination">
    <button type="button" class="button" disabled=${page <= 1} onClick=${to(page - 1)}>Previous</button>
    <span>Page ${page} of ${pages}</span>
    <button type="button" class="button" disabled=${page >= pages} onClick=${to(page + 1)}>Next</button>
  </nav>`;
}

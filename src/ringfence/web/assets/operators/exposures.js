// What the internet can reach: by service, day by day, and port by port.

import { EXPOSURES, TENANTS, request } from "../api.js";
import { FilterBar, SelectFilter, TextFilter } from "../components/filters.js";
import { IfSeen } from "../components/if_seen.js";
import { Pages } from "../components/pagination.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { CsvButton } from "../export/menu.js";
import { html } from "../html.js";
import { own } from "../own.js";
import { CONSOLE, GROUP_PAGES, updateQuery } from "../router.js";
import { count, trafficText } from "../rules/text.js";
import { LetIn, PLACES, loadUnknown, unknownTenants } from "./let_in.js";
import { Trend } from "./trend.js";

const PAGE_SIZE = 50;
const POLL_MILLISECONDS = 30_000;
// Services are marked as not desired by so many exposures.
const MOST_MARKED = 300;
const TREND_DAYS = 90;
// What the internet reaches comes first.
const ORDER = "-reachable,tenant_name,instance_name,port";
const FILTERS = [...PLACES, "service", "reachable", "desired", "ethertype", "protocol", "port", "wider_than", "security_group_uuid", "port_uuid"];

const DESIRED = [["none", "Not desired"], ["part", "Partly desired"], ["all", "Desired"]];
const REACHABLE = [["true", "Reachable"], ["false", "Not reachable"]];
const WIDTHS = [["8", "Wider than /8"], ["16", "Wider than /16"], ["24", "Wider than /24"], ["32", "Wider than /32"]];
const CAUSES = /** @type {Record<string, string>} */ ({
  network_port: "A port of the network itself: no rules apply",
  no_port_security: "Port security is off: no rules apply",
});

// What people read comes first.
const CSV_FIELDS = [
  "instance_name", "services", "protocol", "from_port", "to_port", "cidr", "floating_ip", "reachable", "desired", "groups",
  "tenant_name", "project_name", "customer_name", "service_name", "fixed_ips", "ethertype", "cause", "exact", "port_name",
  "instance_uuid", "port_uuid", "tenant_uuid", "project_uuid", "customer_uuid", "service_settings_uuid",
];

/**
 * @param {URLSearchParams} query
 * @param {string[]} names
 */
const chosen = (query, names) => Object.fromEntries(names.map((name) => [name, query.getAll(name)]));

/** @param {{query: URLSearchParams}} properties */
export function Exposures({ query }) {
  const search = query.toString();
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => request("GET", EXPOSURES, {
      query: { o: ORDER, ...chosen(query, [...FILTERS, "page"]), page_size: PAGE_SIZE }, signal,
    }),
    [search], () => POLL_MILLISECONDS,
  );
  const { data: found } = useLoaded(
    async (signal) => {
      const [{ data: counts }, unknown] = await Promise.all([request("GET", `${EXPOSURES}counts/`, { query: chosen(query, PLACES), signal }), loadUnknown(chosen(query, PLACES), signal)]);
      return { counts, unknown };
    },
    [PLACES.map((name) => query.get(name)).join()], () => POLL_MILLISECONDS,
  );
  const services = found?.counts;
  const names = Object.fromEntries((services ?? []).map((/** @type {any} */ each) => [each.service, each.name]));
  const isFiltered = FILTERS.some((name) => query.has(name));
  return html`
    <${PageHead} of="Open to the internet" note=${data ? count(data.total, "exposure") + (isFiltered ? " found" : "") : ""}>
      <${CsvButton} name="exposures" load=${() => loadCsv(query)} />
    <//>
    <${Overview} query=${query} services=${services} unknown=${found?.unknown ?? []} />
    <${Filters} query=${query} names=${names} rows=${data?.data ?? []} />
    <${Stale} error=${data && error} />
    ${found && html`<${LetIn} query=${query} services=${names} unknown=${found.unknown} />`}
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${10} />`}
    ${data && data.data.length === 0 && html`<section class="empty"><h2>${isFiltered ? "Nothing matches" : "No exposures"}</h2>
      <p>${isFiltered ? "No port that is known and that you can see has such an exposure." : html`<${IfSeen}>No port that is known and that you can see admits traffic from addresses of the internet.<//>`}</p></section>`}
    ${data && data.data.length > 0 && html`
      <div class=${isLoading ? "table-frame is-waiting" : "table-frame"}><${List} rows=${data.data} names=${names} /></div>
      <${Pages} page=${Number(query.get("page") ?? 1)} pages=${Math.ceil(data.total / PAGE_SIZE)} />`}`;
}

/** @param {URLSearchParams} query */
async function loadCsv(query) {
  let text = "";
  for (let page = 1; ; page += 1) {
    const { data, total } = await request("GET", EXPOSURES, {
      query: { o: ORDER, ...chosen(query, FILTERS), format: "csv", field: CSV_FIELDS, page, page_size: 300 },
    });
    // The first line is the head.
    text += page === 1 ? data : data.slice(data.indexOf("\n") + 1);
    if (page * 300 >= total) return text;
  }
}

/**
 * What is not desired, the services, and the trend.
 *
 * @param {{query: URLSearchParams, services: any[] | undefined, unknown: any[]}} properties
 */
function Overview({ query, services, unknown }) {
  const places = chosen(query, PLACES);
  const dependencies = [PLACES.map((name) => query.get(name)).join()];
  const { data: undesired } = useLoaded(
    async (signal) => {
      const { data, total } = await request("GET", EXPOSURES, { query: { ...places, desired: ["none", "part"], page_size: MOST_MARKED, field: ["services"] }, signal });
      return { total, services: new Set(data.flatMap((/** @type {any} */ row) => row.services)) };
    },
    dependencies, () => POLL_MILLISECONDS,
  );
  const { data: days } = useLoaded(
    async (signal) => (await request("GET", `${EXPOSURES}trend/`, { query: { ...places, days: TREND_DAYS }, signal })).data.toSorted((/** @type {any} */ one, /** @type {any} */ other) => one.day.localeCompare(other.day)),
    dependencies,
  );
  const show = () => updateQuery({ desired: ["none", "part"], page: "" });
  const open = (services ?? []).filter(({ groups, ports }) => groups || ports).sort((one, other) => other.reachable_ports - one.reachable_ports || other.ports - one.ports);
  return html`
    ${Boolean(undesired?.total) && html`<div class="notice notice-bad exposures-undesired">
      <p><strong>${count(Number(undesired?.total), "exposure")} not desired.</strong> The cloud admits this traffic, and no desired rule does.</p>
      <button type="button" class="button button-danger" onClick=${show}>Show</button></div>`}
    <div class="exposures-overview">
      <ul class="plain service-tiles" aria-label="By service">${open.map((each) => html`<${Service} key=${each.service} service=${each} isUndesired=${undesired?.services.has(each.service) ?? false} unknown=${unknownTenants(unknown, each.name)} query=${query} />`)}
        ${services && !open.length && html`<li class="quiet"><${IfSeen}>No well-known service is open to the internet.<//></li>`}</ul>
      ${days && html`<${Trend} days=${days} />`}
    </div>`;
}

/** @param {{service: any, isUndesired: boolean, unknown: number, query: URLSearchParams}} properties */
function Service({ service: { service, name, groups, ports, reachable_ports: reachable }, isUndesired, unknown, query }) {
  const isChosen = query.getAll("service").includes(service);
  const interfaces = reachable ? count(reachable, "reachable interface") : ports || !unknown ? count(ports, "interface") : "";
  return html`<li><button type="button" class=${`service-tile${reachable ? " is-reachable" : ""}${isUndesired ? " is-undesired" : ""}`} aria-pressed=${isChosen}
    onClick=${() => updateQuery({ service: isChosen ? "" : service, page: "" })}>
    <strong>${name}</strong> <span>${interfaces}${unknown > 0 && html`${interfaces && ", "}<span class="tone-warn">ports of ${count(unknown, "tenant")} not known</span>`}</span>
    <span class="quiet">${count(groups, "group")}</span>${isUndesired && html` <span class="mark mark-bad">Not desired</span>`}</button></li>`;
}

/** @param {{query: URLSearchParams, names: Record<string, string>, rows: any[]}} properties */
function Filters({ query, names, rows }) {
  const { data: tenants } = useLoaded(
    async (signal) => (await request("GET", TENANTS, {
      query: { page_size: 300, o: "name", field: ["uuid", "name", "project_name"] }, signal,
    })).data, [],
  );
  const tenantChoices = (tenants ?? []).map((/** @type {any} */ each) => [each.uuid, `${each.name} · ${each.project_name}`]);
  const [row] = rows;
  const named = (/** @type {string} */ kind, /** @type {string | undefined} */ name, /** @type {string} */ value) => `${kind} ${name || value}`;
  const labelled = (/** @type {string[][]} */ choices, /** @type {string} */ value) => choices.find(([each]) => each === value)?.[1] ?? value;
  const texts = {
    service: (/** @type {string} */ value) => own(names, value) ?? value,
    reachable: (/** @type {string} */ value) => labelled(REACHABLE, value),
    desired: (/** @type {string} */ value) => labelled(DESIRED, value),
    ethertype: (/** @type {string} */ value) => value,
    protocol: (/** @type {string} */ value) => `Protocol ${value}`,
    port: (/** @type {string} */ value) => `Port ${value}`,
    wider_than: (/** @type {string} */ value) => `Wider than /${value}`,
    tenant_uuid: (/** @type {string} */ value) => named("Tenant", labelled(tenantChoices, value), value),
    project_uuid: (/** @type {string} */ value) => named("Project", row?.project_name, value),
    customer_uuid: (/** @type {string} */ value) => named("Customer", row?.customer_name, value),
    service_settings_uuid: (/** @type {string} */ value) => named("Cloud", row?.service_name, value),
    security_group_uuid: (/** @type {string} */ value) => named("Group", row?.groups.find((/** @type {any} */ each) => each.uuid === value)?.name, value),
    port_uuid: (/** @type {string} */ value) => named("Port of the cloud", row?.port_name, value),
  };
  return html`<${FilterBar} query=${query} texts=${texts}>
      <${SelectFilter} name="desired" label="Desired" query=${query} choices=${DESIRED} />
      <${SelectFilter} name="reachable" label="Reachable" query=${query} choices=${REACHABLE} />
      <${SelectFilter} name="service" label="Service" query=${query} choices=${Object.entries(names)} />
      <${SelectFilter} name="tenant_uuid" label="Tenant" query=${query} choices=${tenantChoices} />
      <${SelectFilter} name="wider_than" label="Source" query=${query} choices=${WIDTHS} all="any width" />
      <${TextFilter} name="protocol" label="Protocol" query=${query} className="filter-short" />
      <${TextFilter} name="port" label="Port" query=${query} className="filter-short" />
    <//>`;
}

/** @param {{rows: any[], names: Record<string, string>}} properties */
function List({ rows, names }) {
  return html`<table class="table exposures">
    <caption class="visually-hidden">Exposures</caption>
    <thead><tr><th scope="col">Instance</th><th scope="col">Open</th><th scope="col">From</th><th scope="col">Address</th>
      <th scope="col">Admitted by</th><th scope="col">Desired</th><th scope="col">Tenant</th></tr></thead>
    <tbody>${rows.map((row, index) => html`<${Row} key=${`${row.port_uuid}${index}`} row=${row} names=${names} />`)}</tbody>
  </table>`;
}

/** @param {{row: any, names: Record<string, string>}} properties */
function Row({ row, names }) {
  const { what, service } = trafficText(row);
  const services = row.services.map((/** @type {string} */ each) => own(names, each) ?? each).join(", ") || service;
  const name = row.instance_name || row.port_name || row.port_uuid;
  return html`<tr class=${row.desired === "all" ? null : "is-undesired"}>
    <td class="cell-name" data-label="Instance">${row.instance_uuid ? html`<a href=${`${CONSOLE}instances/${row.instance_uuid}/`}>${name}</a>` : name}
      ${row.port_name && row.port_name !== name && html`<span class="quiet clip">${row.port_name}</span>`}</td>
    <td data-label="Open"><strong>${what}</strong>${services && html` <span class="service">${services}</span>`}
      ${!row.exact && html`<span class="quiet clip">and narrower ones</span>`}</td>
    <td data-label="From"><span class="mono">${row.cidr}</span></td>
    <td data-label="Address">${row.reachable ? html`<span class="mono">${row.floating_ip || row.fixed_ips.join(", ")}</span>` : html`<span class="quiet">${row.fixed_ips.join(", ") || "None"}, not reachable</span>`}</td>
    <td data-label="Admitted by"><${AdmittedBy} row=${row} /></td>
    <td data-label="Desired"><${Desired} desired=${row.desired} /></td>
    <td data-label="Tenant">${row.tenant_name} <span class="quiet">${row.customer_name} / ${row.project_name}</span></td>
  </tr>`;
}

/** @param {{row: any}} properties */
function AdmittedBy({ row }) {
  if (row.cause !== "rules") return html`<span class="tone-warn">${own(CAUSES, row.cause) ?? row.cause}</span>`;
  return row.groups.map((/** @type {any} */ group, /** @type {number} */ index) => html`<span key=${group.uuid || index} class="admitted">
    ${group.name ? html`<a href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>` : html`<span class="quiet">a group that you do not see</span>`}
    ${group.rules.length > 0 && html` <span class="quiet">${count(group.rules.length, "rule")}</span>`}
    ${group.observed_only && html` <span class="tone-bad">in the cloud only</span>`}</span>`);
}

/** @param {{desired: string}} properties */
function Desired({ desired }) {
  if (desired === "all") return html`<span class="quiet">Yes</span>`;
  return html`<span class="mark mark-bad">${desired === "none" ? "Not desired" : "Partly desired"}</span>`;
}

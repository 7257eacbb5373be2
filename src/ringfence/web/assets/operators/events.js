// The audit trail: what happened, who did it, and its context. The first page is live.

import { EVENTS, TENANTS, request, requestAll } from "../api.js";
import { FilterBar, SelectFilter, TextFilter } from "../components/filters.js";
import { NoPage, POSITION } from "../components/pagination.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { csvOf } from "../export/csv.js";
import { CsvButton } from "../export/menu.js";
import { html } from "../html.js";
import { own } from "../own.js";
import { navigate, updateQuery } from "../router.js";
import { count } from "../rules/text.js";
import { Context } from "./event_details.js";

const PAGE_SIZE = 50;
const LIVE_MILLISECONDS = 5000;
const MOST_EXPORTED = 30_000;
const FILTERS = ["feature", "event_type", "message", "scope", "customer_uuid", "project_uuid", "related_user_uuid", "user_uuid", "created_from", "created_to"];
const WARNING = /failed|erred|drifted|enforced|stopped|contested|removed|revoked|deactivated|shortened/;

const SPECIAL = /** @type {Record<string, string>} */ ({
  auth: "Sign-in", auth_logged_in_with_username: "Signed in with a password", auth_logged_out: "Signed out", auth_session_started: "Session started",
  auth_session_ended: "Session ended", openstack_resources: "Tenants, ports and instances", resources: "Scheduled changes", provisioning: "Files and discovery",
  audit: "Audit trail", ringfence_loaded: "File loaded", ringfence_discovery_requested: "Discovery requested",
  ringfence_discovery_followed: "Discovery repeated", ringfence_discovery_removed: "Discovery removed",
});

/**
 * The name of a type, such as "Security group rules changed".
 *
 * @param {string} type
 */
function typeText(type) {
  const special = own(SPECIAL, type);
  if (special) return special;
  const text = type.replace(/^openstack_/, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @type {[string, (event: any) => unknown][]} */
const COLUMNS = [
  ["created", (event) => event.created],
  ["event_type", (event) => event.event_type],
  ["message", (event) => event.message],
  ...["user_username", "security_group_uuid", "tenant_uuid", "project_uuid", "customer_uuid"].map(
    (name) => /** @type {[string, (event: any) => unknown]} */ ([name, (event) => event.context[name]]),
  ),
  ["context", (event) => JSON.stringify(event.context)],
];

/** @param {URLSearchParams} query */
const chosen = (query) => Object.fromEntries(FILTERS.map((name) => [name, query.getAll(name)]));

/** @param {{query: URLSearchParams}} properties */
export function Events({ query }) {
  const search = query.toString();
  const page = Number(query.get("page") ?? 1);
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => request("GET", EVENTS, {
      query: { ...chosen(query), created_to: query.get("created_to") ?? query.get("until"), page: query.get("page"), page_size: PAGE_SIZE }, signal,
    }),
    [search], () => (page > 1 ? 0 : LIVE_MILLISECONDS),
  );
  const isFiltered = FILTERS.some((name) => query.has(name));
  return html`
    <${PageHead} of="Events" isLive=${false} note=${data ? `${count(data.total, "event")}${isFiltered ? " found" : ""}${page > 1 ? "" : ", updated every few seconds"}` : ""}>
      <${CsvButton} name="events" load=${() => loadCsv(query)} />
    <//>
    <${Filters} query=${query} />
    <${Stale} error=${data && error} />
    ${error && !data && (error.status === 404 && query.has("page") ? html`<${NoPage} page=${query.get("page")} />` : html`<${Failure} error=${error} retry=${reload} />`)}
    ${isLoading && !data && html`<${Skeleton} rows=${12} />`}
    ${data && data.data.length === 0 && html`<section class="empty"><h2>${isFiltered ? "No events match" : "No events yet"}</h2>
      <p>Events of the customers and projects that you see, and of your own account, appear here.</p></section>`}
    ${data && data.data.length > 0 && html`<div class=${isLoading && page > 1 ? "table-frame is-waiting" : "table-frame"}><${List} events=${data.data} /></div>`}
    ${data && html`<${Moves} query=${query} first=${data.data[0]} isLast=${page * PAGE_SIZE >= data.total} />`}`;
}

/** @param {URLSearchParams} query */
async function loadCsv(query) {
  const events = await requestAll(EVENTS, chosen(query), MOST_EXPORTED);
  if (events.length === MOST_EXPORTED) showToast(`Only the newest ${count(MOST_EXPORTED, "event")} are exported. Narrow the filters for older ones.`);
  return csvOf(COLUMNS, events);
}

/**
 * Older and newest events. Older pages end where the first one began, so that new events do not shift them.
 *
 * @param {{query: URLSearchParams, first: any, isLast: boolean}} properties `first` is the first event of the page
 */
function Moves({ query, first, isLast }) {
  const page = Number(query.get("page") ?? 1);
  if (isLast && page === 1) return null;
  const older = () => {
    const changed = new URLSearchParams(query);
    changed.set("page", String(page + 1));
    if (page === 1) changed.set("until", String(Date.parse(first.created) / 1000 + 0.001));
    navigate(`${location.pathname}?${changed}`);
    scrollTo(0, 0);
  };
  return html`<nav class="paging" aria-label="Pagination">
    <button type="button" class="button" disabled=${page === 1} onClick=${() => updateQuery(POSITION)}>Newest</button>
    <button type="button" class="button" disabled=${isLast} onClick=${older}>Older</button>
  </nav>`;
}

/**
 * A time of the URL, in seconds, as the field shows it: in the time zone of the browser.
 *
 * @param {string | null} seconds
 */
function fieldTime(seconds) {
  const time = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {{name: string, label: string, query: URLSearchParams}} properties */
function TimeFilter({ name, label, query }) {
  const set = (/** @type {string} */ value) => updateQuery({ ...POSITION, [name]: value && String(new Date(value).getTime() / 1000) });
  return html`<label class="filter-time"><span>${label}</span><input type="datetime-local" value=${fieldTime(query.get(name))}
    onChange=${(/** @type {any} */ event) => set(event.target.value)} /></label>`;
}

/** @param {{hours: number, text: string}} properties */
function Since({ hours, text }) {
  const show = () => updateQuery({ ...POSITION, created_from: String(Math.floor(Date.now() / 1000) - hours * 3600), created_to: "" });
  return html`<button type="button" class="button" onClick=${show}>${text}</button>`;
}

/**
 * What the filters choose from.
 *
 * @returns {{groups: Record<string, string[]>, tenants: string[][], customers: string[][], users: string[][]}}
 */
function useChoices() {
  const list = (/** @type {string} */ path, /** @type {string[]} */ field, /** @type {(row: any) => string[]} */ choice) => useLoaded(
    async (signal) => (await request("GET", path, { query: { page_size: 300, field }, signal })).data.map(choice), [],
  ).data ?? [];
  const { data: groups } = useLoaded(async (signal) => (await request("GET", `${EVENTS}event_groups/`, { signal })).data, []);
  return {
    groups: groups ?? {},
    tenants: list(TENANTS, ["url", "name", "project_name"], (row) => [row.url, `${row.name} · ${row.project_name}`]),
    customers: list("/api/customers/", ["uuid", "name"], (row) => [row.uuid, row.name]),
    users: list("/api/users/", ["uuid", "username"], (row) => [row.uuid, row.username]),
  };
}

/** @param {{query: URLSearchParams}} properties */
function Filters({ query }) {
  const { groups, tenants, customers, users } = useChoices();
  const group = query.get("feature") ?? "";
  const shown = group ? Object.entries(groups).filter(([name]) => name === group) : Object.entries(groups);
  const types = shown.flatMap(([name, each]) => each.map((type) => [type, typeText(type), typeText(name)]));
  const labelled = (/** @type {string[][]} */ choices) => (/** @type {string} */ value) => choices.find(([each]) => each === value)?.[1] ?? value;
  const at = (/** @type {string} */ word) => (/** @type {string} */ value) => `${word} ${new Date(Number(value) * 1000).toLocaleString()}`;
  const texts = {
    feature: (/** @type {string} */ value) => typeText(value),
    event_type: typeText,
    message: (/** @type {string} */ value) => `“${value}”`,
    scope: labelled(tenants),
    customer_uuid: labelled(customers),
    project_uuid: (/** @type {string} */ value) => `Project ${value}`,
    related_user_uuid: labelled(users),
    user_uuid: labelled(users),
    created_from: at("From"),
    created_to: at("Until"),
  };
  return html`<${FilterBar} query=${query} texts=${texts} search=${html`<${TextFilter} name="message" label="Search messages" query=${query} />`}>
      <${SelectFilter} name="feature" label="Kind" query=${query} choices=${Object.keys(groups).map((each) => [each, typeText(each)])} />
      <${SelectFilter} name="event_type" label="Event" query=${query} choices=${types} />
      <${SelectFilter} name="scope" label="Tenant" query=${query} choices=${tenants} />
      ${customers.length > 1 && html`<${SelectFilter} name="customer_uuid" label="Customer" query=${query} choices=${customers} />`}
      <${SelectFilter} name="related_user_uuid" label="User" query=${query} choices=${users} />
      <div class="filter-times"><${Since} hours=${1} text="Last hour" /><${Since} hours=${24} text="Last 24 h" /><${TimeFilter} name="created_from" label="From" query=${query} />
        <${TimeFilter} name="created_to" label="Until" query=${query} /></div>
    <//>`;
}

/** @param {{events: any[]}} properties */
function List({ events }) {
  return html`<table class="table events">
    <caption class="visually-hidden">Events</caption>
    <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">By</th><th scope="col">Event</th></tr></thead>
    <tbody>${events.map((event) => html`<${Row} key=${event.uuid} event=${event} />`)}</tbody>
  </table>`;
}

/** @param {{event: any}} properties */
function Row({ event }) {
  const { created, event_type: type, context } = event;
  return html`<tr>
    <td data-label="When"><${Ago} at=${created} /></td>
    <td class="cell-name" data-label="What"><${Context} event=${event} /></td>
    <td data-label="By">${context.user_username || html`<span class="quiet">Ringfence</span>`}</td>
    <td data-label="Event"><span class=${WARNING.test(type) ? "tone-warn" : "quiet"}>${typeText(type)}</span></td>
  </tr>`;
}

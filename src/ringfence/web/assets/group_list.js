// The list of groups, with search, filters, ordering and pages; all of them are in the URL.

import { OVERVIEWS, TENANTS, request } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { GROUP_PAGES, navigate, updateQuery } from "./router.js";
import { count, openText, unknownRemotesText } from "./rule_text.js";
import { DRIFT_LABELS, Drift, STATE_LABELS, State, isStable } from "./states.js";
import { Title } from "./title.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";

const PAGE_SIZE = 50;
const FILTERS = ["query", "state", "drift", "is_open_to_all", "tenant_uuid", "project_uuid", "service_settings_uuid", "can_manage", "external_ip"];
const COLUMNS = [
  ["name", "Name"], ["tenant_name", "Tenant"], ["service_name", "Cloud"], ["state", "State"],
  ["", "Rules"], ["", "Instances"], ["", "Open to the internet"], ["", "Drift"],
];

/** @param {{query: URLSearchParams}} properties */
export function GroupList({ query }) {
  const search = query.toString();
  const page = Number(query.get("page") ?? 1);
  const { data, error, isLoading, reload } = useLoaded(
    async (signal) => {
      const filters = Object.fromEntries(FILTERS.map((name) => [name, query.getAll(name)]));
      const paging = { o: query.get("o"), page: query.get("page"), page_size: PAGE_SIZE };
      return request("GET", OVERVIEWS, { query: { ...filters, ...paging }, signal });
    },
    [search],
    // Poll faster while a change is being applied.
    (found) => (found?.data.every((/** @type {any} */ group) => isStable(group.state)) ? 10_000 : 2000),
  );
  const isFiltered = FILTERS.some((name) => query.has(name));
  return html`
    <div class="page-head">
      <div>
        <${Title} of="Security groups" />
        <p class="quiet page-count" aria-live="polite">
          ${data ? `${count(data.total, "group")}${isFiltered ? " found" : ""}` : "\u00a0"}
        </p>
      </div>
      <a class="button button-main" href=${`${GROUP_PAGES}new/`}>New group</a>
    </div>
    <${Filters} query=${query} />
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${12} />`}
    ${data && data.data.length === 0 && html`<${NoGroups} isFiltered=${isFiltered} />`}
    ${data && data.data.length > 0 && html`
      <div class=${isLoading ? "table-frame is-waiting" : "table-frame"}>
        <${Table} groups=${data.data} order=${query.get("o") ?? ""} />
      </div>
      <${Pagination} page=${page} pages=${Math.max(1, Math.ceil(data.total / PAGE_SIZE))} />`}`;
}

/** @param {{groups: any[], order: string}} properties */
function Table({ groups, order }) {
  return html`<table class="table groups">
    <caption class="visually-hidden">Security groups</caption>
    <thead><tr>
      ${COLUMNS.map(([column, label]) => html`<${Heading} key=${label} column=${column} label=${label} order=${order} />`)}
    </tr></thead>
    <tbody>${groups.map((group) => html`<${Row} key=${group.uuid} group=${group} />`)}</tbody>
  </table>`;
}

/** @param {{column: string, label: string, order: string}} properties */
function Heading({ column, label, order }) {
  const isNumber = label === "Rules" || label === "Instances";
  if (!column) return html`<th scope="col" class=${isNumber ? "number" : null}>${label}</th>`;
  const isAscending = order === column;
  const isDescending = order === `-${column}`;
  const next = isAscending ? `-${column}` : isDescending ? "" : column;
  return html`<th scope="col" aria-sort=${isAscending ? "ascending" : isDescending ? "descending" : null}>
    <button type="button" class="sort" onClick=${() => updateQuery({ o: next, page: "" })}>
      ${label}<span class="sort-mark" aria-hidden="true">${isAscending ? "↑" : isDescending ? "↓" : "↕"}</span>
    </button>
  </th>`;
}

/** @param {{group: any}} properties */
function Row({ group }) {
  const openings = openText(group.open_to_all);
  const unknown = unknownRemotesText(group);
  return html`<tr>
    <td class="cell-name" data-label="Name">
      <a href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>
      <span class="quiet clip">${group.description}</span>
    </td>
    <td data-label="Tenant">${group.tenant_name}<span class="quiet clip">${group.customer_name} / ${group.project_name}</span></td>
    <td data-label="Cloud">${group.service_name}</td>
    <td data-label="State"><${State} state=${group.state} drift=${group.drift} title=${group.error_message || null} /></td>
    <td data-label="Rules" class="number">${group.rules_count}</td>
    <td data-label="Instances" class="number">${group.instance_count ?? html`<span class="quiet" title="The tenant's ports were not pulled yet">–</span>`}</td>
    <td data-label="Open to the internet">${openings.length ? html`<${OpenMarks} openings=${openings} />` : html`<span class="quiet" title=${unknown || null}>${unknown ? "Unknown" : "No"}</span>`}</td>
    <td data-label="Drift"><${Drift} drift=${group.drift} /></td>
  </tr>`;
}

/** @param {{openings: string[]}} properties */
function OpenMarks({ openings }) {
  const shown = openings.slice(0, 3);
  return html`<span class="open-marks" title=${openings.join(", ")}>
    ${shown.map((label) => html`<span key=${label} class="open-mark">${label}</span>`)}
    ${openings.length > shown.length && html`<span class="quiet">+${openings.length - shown.length}</span>`}
  </span>`;
}

/** @param {{query: URLSearchParams}} properties */
function Filters({ query }) {
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
  const { data: tenants } = useLoaded(
    async (signal) => (await request("GET", TENANTS, {
      query: { page_size: 300, o: "name", field: ["uuid", "name", "project_name"] }, signal,
    })).data,
    [],
  );
  const isFiltered = FILTERS.some((name) => query.has(name));
  const clear = () => {
    setText("");
    sent.current = "";
    navigate(location.pathname, { replace: true });
  };
  const tenantChoices = (tenants ?? []).map((/** @type {any} */ each) => [each.uuid, `${each.name} · ${each.project_name}`]);
  return html`<search class="filters">
    <input class="search" type="search" aria-label="Search groups by name or description"
      placeholder="Search by name or description" value=${text}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <${FilterSelect} name="state" label="State" choices=${STATE_LABELS} query=${query} />
    <${FilterSelect} name="drift" label="Drift" choices=${DRIFT_LABELS} query=${query} />
    <${FilterSelect} name="is_open_to_all" label="Open to the internet" choices=${[["true", "Open"], ["false", "Not open"]]} query=${query} />
    <${FilterSelect} name="tenant_uuid" label="Tenant" choices=${tenantChoices} query=${query} />
    <${FilterSelect} name="can_manage" label="Your access" choices=${[["true", "Can manage"], ["false", "Read-only"]]} query=${query} />
    <button type="button" class="button button-plain" onClick=${clear} disabled=${!isFiltered}>Clear</button>
  </search>`;
}

/** @param {{name: string, label: string, choices: string[][], query: URLSearchParams}} properties */
function FilterSelect({ name, label, choices, query }) {
  const chosen = query.get(name) ?? "";
  return html`<select aria-label=${label} class=${chosen ? "is-chosen" : null} value=${chosen}
    onChange=${(/** @type {any} */ event) => updateQuery({ [name]: event.target.value, page: "" })}>
    <option value="">${label}: all</option>
    ${choices.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === chosen}>${text}</option>`)}
  </select>`;
}

/** @param {{page: number, pages: number}} properties */
function Pagination({ page, pages }) {
  if (pages < 2) return null;
  const to = (/** @type {number} */ number) => () => {
    updateQuery({ page: number > 1 ? String(number) : "" });
    scrollTo(0, 0);
  };
  return html`<nav class="paging" aria-label="Pagination">
    <button type="button" class="button" disabled=${page <= 1} onClick=${to(page - 1)}>Previous</button>
    <span>Page ${page} of ${pages}</span>
    <button type="button" class="button" disabled=${page >= pages} onClick=${to(page + 1)}>Next</button>
  </nav>`;
}

/** @param {{isFiltered: boolean}} properties */
function NoGroups({ isFiltered }) {
  return isFiltered
    ? html`<section class="empty"><h2>No groups match</h2>
        <p>No group that you can see matches. Change the search, or clear the filters.</p></section>`
    : html`<section class="empty"><h2>No security groups yet</h2>
        <p>A security group defines which traffic its instances accept and send. Create one from scratch, from a preset, or as a copy.</p>
        <a class="button button-main" href=${`${GROUP_PAGES}new/`}>Create a group</a></section>`;
}

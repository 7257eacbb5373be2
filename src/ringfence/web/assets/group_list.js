// All groups that the reader may see: found, narrowed, sorted; the address bar says which.

import { GROUP_PAGES, go, refine } from "./router.js";
import { OVERVIEWS, TENANTS, ask } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";
import { DRIFT_WORDS, Drift, STATE_WORDS, State, isAtRest } from "./states.js";
import { Title } from "./title.js";
import { count, openWords, unknownWords } from "./rule_text.js";

const SIZE = 50;
const NARROWING = ["query", "state", "drift", "is_open_to_all", "tenant_uuid", "project_uuid", "service_settings_uuid", "can_manage", "external_ip"];
const COLUMNS = [
  ["name", "Name"], ["tenant_name", "Tenant"], ["service_name", "Cloud"], ["state", "State"],
  ["", "Rules"], ["", "Instances"], ["", "Open to the internet"], ["", "In the cloud"],
];

/** @param {{query: URLSearchParams}} properties */
export function GroupList({ query }) {
  const asked = query.toString();
  const page = Number(query.get("page") ?? 1);
  const { data, error, isLoading, reload } = useLoaded(
    async (signal) => {
      const narrowed = Object.fromEntries(NARROWING.map((name) => [name, query.getAll(name)]));
      const more = { o: query.get("o"), page: query.get("page"), page_size: SIZE };
      return ask("GET", OVERVIEWS, { query: { ...narrowed, ...more }, signal });
    },
    [asked],
    // Quicker while something is on its way.
    (found) => (found?.data.every((/** @type {any} */ group) => isAtRest(group.state)) ? 10_000 : 2000),
  );
  const isNarrowed = NARROWING.some((name) => query.has(name));
  return html`
    <div class="page-head">
      <div>
        <${Title} of="Security groups" />
        <p class="quiet page-count" aria-live="polite">
          ${data ? `${count(data.total, "group")}${isNarrowed ? " found" : ""}` : "\u00a0"}
        </p>
      </div>
      <a class="button button-main" href=${`${GROUP_PAGES}new/`}>New group</a>
    </div>
    <${Narrowing} query=${query} />
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${12} />`}
    ${data && data.data.length === 0 && html`<${Nothing} isNarrowed=${isNarrowed} />`}
    ${data && data.data.length > 0 && html`
      <div class=${isLoading ? "table-frame is-waiting" : "table-frame"}>
        <${Table} groups=${data.data} order=${query.get("o") ?? ""} />
      </div>
      <${Paging} page=${page} pages=${Math.max(1, Math.ceil(data.total / SIZE))} />`}`;
}

/** @param {{groups: any[], order: string}} properties */
function Table({ groups, order }) {
  return html`<table class="table groups">
    <caption class="unseen">Security groups</caption>
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
  const up = order === column;
  const down = order === `-${column}`;
  const next = up ? `-${column}` : down ? "" : column;
  return html`<th scope="col" aria-sort=${up ? "ascending" : down ? "descending" : null}>
    <button type="button" class="sort" onClick=${() => refine({ o: next, page: "" })}>
      ${label}<span class="sort-mark" aria-hidden="true">${up ? "↑" : down ? "↓" : "↕"}</span>
    </button>
  </th>`;
}

/** @param {{group: any}} properties */
function Row({ group }) {
  const opened = openWords(group.open_to_all);
  const unknown = unknownWords(group);
  return html`<tr>
    <td class="cell-name" data-label="Name">
      <a href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>
      <span class="quiet clip">${group.description}</span>
    </td>
    <td data-label="Tenant">${group.tenant_name}<span class="quiet clip">${group.customer_name} / ${group.project_name}</span></td>
    <td data-label="Cloud">${group.service_name}</td>
    <td data-label="State"><${State} state=${group.state} title=${group.error_message || null} /></td>
    <td data-label="Rules" class="number">${group.rules_count}</td>
    <td data-label="Instances" class="number">${group.instance_count ?? html`<span class="quiet" title="The tenant's ports were not read yet">–</span>`}</td>
    <td data-label="Open to the internet">${opened.length ? html`<${Open} opened=${opened} />` : html`<span class="quiet" title=${unknown || null}>${unknown ? "Unknown" : "No"}</span>`}</td>
    <td data-label="In the cloud"><${Drift} drift=${group.drift} /></td>
  </tr>`;
}

/** @param {{opened: string[]}} properties */
function Open({ opened }) {
  const shown = opened.slice(0, 3);
  return html`<span class="opens" title=${opened.join(", ")}>
    ${shown.map((word) => html`<span key=${word} class="door">${word}</span>`)}
    ${opened.length > shown.length && html`<span class="quiet">+${opened.length - shown.length}</span>`}
  </span>`;
}

/** @param {{query: URLSearchParams}} properties */
function Narrowing({ query }) {
  const [text, setText] = useState(query.get("query") ?? "");
  const sent = useRef(text);
  useEffect(() => {
    if (text === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      refine({ query: text.trim(), page: "" });
    }, 200);
    return () => clearTimeout(timer);
  }, [text]);
  const { data: tenants } = useLoaded(
    async (signal) => (await ask("GET", TENANTS, {
      query: { page_size: 300, o: "name", field: ["uuid", "name", "project_name"] }, signal,
    })).data,
    [],
  );
  const isNarrowed = NARROWING.some((name) => query.has(name));
  const clear = () => {
    setText("");
    sent.current = "";
    go(location.pathname, { quietly: true });
  };
  const places = (tenants ?? []).map((/** @type {any} */ each) => [each.uuid, `${each.name} · ${each.project_name}`]);
  return html`<search class="narrowing">
    <input class="find" type="search" aria-label="Find groups by name or description"
      placeholder="Find by name or description" value=${text}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <${Choice} name="state" label="State" choices=${STATE_WORDS} query=${query} />
    <${Choice} name="drift" label="In the cloud" choices=${DRIFT_WORDS} query=${query} />
    <${Choice} name="is_open_to_all" label="Open to the internet" choices=${[["true", "Open"], ["false", "No such rule"]]} query=${query} />
    <${Choice} name="tenant_uuid" label="Tenant" choices=${places} query=${query} />
    <${Choice} name="can_manage" label="Your part" choices=${[["true", "I may change"], ["false", "I may look at"]]} query=${query} />
    <button type="button" class="button button-plain" onClick=${clear} disabled=${!isNarrowed}>Clear</button>
  </search>`;
}

/** @param {{name: string, label: string, choices: string[][], query: URLSearchParams}} properties */
function Choice({ name, label, choices, query }) {
  const chosen = query.get(name) ?? "";
  return html`<select aria-label=${label} class=${chosen ? "is-chosen" : null} value=${chosen}
    onChange=${(/** @type {any} */ event) => refine({ [name]: event.target.value, page: "" })}>
    <option value="">${label}: all</option>
    ${choices.map(([value, said]) => html`<option key=${value} value=${value} selected=${value === chosen}>${said}</option>`)}
  </select>`;
}

/** @param {{page: number, pages: number}} properties */
function Paging({ page, pages }) {
  if (pages < 2) return null;
  const to = (/** @type {number} */ number) => () => {
    refine({ page: number > 1 ? String(number) : "" });
    scrollTo(0, 0);
  };
  return html`<nav class="paging" aria-label="Pages">
    <button type="button" class="button" disabled=${page <= 1} onClick=${to(page - 1)}>Previous</button>
    <span>Page ${page} of ${pages}</span>
    <button type="button" class="button" disabled=${page >= pages} onClick=${to(page + 1)}>Next</button>
  </nav>`;
}

/** @param {{isNarrowed: boolean}} properties */
function Nothing({ isNarrowed }) {
  return isNarrowed
    ? html`<section class="empty"><h2>Nothing matches</h2>
        <p>No group that you may see is like that. Try fewer words, or clear the filters.</p></section>`
    : html`<section class="empty"><h2>No security groups yet</h2>
        <p>A security group says who may reach the instances that carry it. Make one from nothing, from a preset, or as a copy.</p>
        <a class="button button-main" href=${`${GROUP_PAGES}new/`}>Make the first one</a></section>`;
}

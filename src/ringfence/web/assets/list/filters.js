// The filters of the list: the selects, and a chip for each filter in the URL.

import { TENANTS, request } from "../api.js";
import { Cross } from "../components/icons.js";
import { DRIFT_LABELS, STATE_LABELS } from "../components/states.js";
import { useLoaded } from "../components/use_loaded.js";
import { html, useState } from "../html.js";
import { own } from "../own.js";
import { navigate, updateQuery } from "../router.js";

// Parameters of the URL that are no filters
const OTHERS = new Set(["q", "as", "o", "page", "page_size", "field", "cursor"]);
export const BUSY_STATES = STATE_LABELS.map(([value]) => value).filter((state) => state !== "OK" && state !== "ERRED");
// Filters that the search of rules has too
const OF_RULES = ["tenant_uuid", "project_uuid", "customer_uuid", "service_settings_uuid"];
const YES_NO = /** @type {[string, string][]} */ ([["true", "yes"], ["false", "no"]]);

/** @type {Record<string, {label: string, words?: string[][], path?: string}>} */
const KNOWN = {
  query: { label: "Name or description" },
  name: { label: "Name" },
  name_exact: { label: "Exact name" },
  description: { label: "Description" },
  backend_id: { label: "ID in the cloud" },
  uuid: { label: "UUID" },
  state: { label: "State", words: STATE_LABELS },
  drift: { label: "Drift", words: DRIFT_LABELS },
  drift_grade: { label: "Drift in the cloud", words: [["opens", "admits more"], ["closes", "admits less"], ["none", "admits the same"]] },
  is_open_to_all: { label: "Open to the internet", words: YES_NO },
  can_manage: { label: "You can manage", words: YES_NO },
  external_ip: { label: "On floating IP" },
  tenant: { label: "Tenant", path: TENANTS }, tenant_uuid: { label: "Tenant", path: TENANTS },
  project: { label: "Project", path: "/api/projects/" }, project_uuid: { label: "Project", path: "/api/projects/" },
  project_name: { label: "Project’s name" },
  customer: { label: "Customer", path: "/api/customers/" }, customer_uuid: { label: "Customer", path: "/api/customers/" },
  customer_name: { label: "Customer’s name" }, customer_native_name: { label: "Customer’s native name" },
  customer_abbreviation: { label: "Customer’s abbreviation" },
  service_settings_uuid: { label: "Cloud", path: "/api/service-settings/" }, service_settings_name: { label: "Cloud’s name" },
};

/**
 * Return the filters in the URL, each value by its own.
 *
 * @param {URLSearchParams} query
 * @returns {[string, string][]}
 */
export const filtersOf = (query) => [...query].filter(([name, value]) => value && !OTHERS.has(name));

/**
 * Return the filters as parameters of a request.
 *
 * @param {URLSearchParams} query
 * @param {import("./ask.js").Question["kind"]} kind
 */
export function parametersOf(query, kind) {
  const names = new Set(filtersOf(query).map(([name]) => name));
  return Object.fromEntries([...names].filter((name) => kind === "groups" || OF_RULES.includes(name)).map((name) => [name, query.getAll(name)]));
}

/** @param {{query: URLSearchParams, kind: import("./ask.js").Question["kind"], columns: string[][]}} properties */
export function Filters({ query, kind, columns }) {
  const [isOpen, setOpen] = useState(false);
  const { data: tenants } = useLoaded(
    async (signal) => (await request("GET", TENANTS, {
      query: { page_size: 300, o: "name", field: ["uuid", "name", "project_name"] }, signal,
    })).data,
    [],
  );
  const number = filtersOf(query).length;
  const tenantChoices = (tenants ?? []).map((/** @type {any} */ each) => [each.uuid, `${each.name} · ${each.project_name}`]);
  return html`<button type="button" class="button filter-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      Filters${number > 0 && ` (${number})`}
    </button>
    <div class=${isOpen ? "filters is-open" : "filters"} role="group" aria-label="Filters">
      ${kind === "groups" && html`
        <${FilterSelect} name="state" label="State" choices=${STATE_LABELS} query=${query} />
        <${FilterSelect} name="drift" label="Drift" choices=${DRIFT_LABELS} query=${query} />
        <${FilterSelect} name="is_open_to_all" label="Open to the internet" short="Internet" choices=${[["true", "Open"], ["false", "Not open"]]} query=${query} />`}
      <${FilterSelect} name="tenant_uuid" label="Tenant" choices=${tenantChoices} query=${query} />
      ${kind === "groups" && html`
        <${FilterSelect} name="can_manage" label="Your access" choices=${[["true", "Can manage"], ["false", "Read-only"]]} query=${query} />
        <${Sort} columns=${columns} order=${query.get("o") ?? ""} />`}
    </div>`;
}

/** @param {{name: string, label: string, short?: string, choices: string[][], query: URLSearchParams}} properties */
function FilterSelect({ name, label, short = label, choices, query }) {
  const chosen = query.getAll(name).filter(Boolean);
  const value = chosen.length > 1 ? "several" : chosen[0] ?? "";
  const isKnown = !value || value === "several" || choices.some(([each]) => each === value);
  return html`<select aria-label=${label} class=${value ? "is-chosen" : null} value=${value}
    onChange=${(/** @type {any} */ event) => event.target.value !== "several" && updateQuery({ [name]: event.target.value, page: "" })}>
    <option value="">${short}: all</option>
    ${value === "several" && html`<option value="several" selected>${short}: ${chosen.length} chosen</option>`}
    ${!isKnown && html`<option value=${value} selected>${short}</option>`}
    ${choices.map(([each, text]) => html`<option key=${each} value=${each} selected=${each === value}>${text}</option>`)}
  </select>`;
}

/** @param {{columns: string[][], order: string}} properties */
function Sort({ columns, order }) {
  return html`<select class="sort-select" aria-label="Sort by" value=${order}
    onChange=${(/** @type {any} */ event) => updateQuery({ o: event.target.value, page: "" })}>
    <option value="">Sort: default</option>
    ${columns.flatMap(([column, label]) => ["", "-"].map((sign) => html`<option key=${sign + column} value=${sign + column} selected=${order === sign + column}>
      ${label} ${sign ? "↓" : "↑"}</option>`))}
  </select>`;
}

/**
 * A chip for each filter in the URL, with what it is called. Filters that the search of rules does not
 * have are shown as not applied.
 *
 * @param {{query: URLSearchParams, kind: import("./ask.js").Question["kind"]}} properties
 */
export function Chips({ query, kind }) {
  const filters = filtersOf(query);
  if (!filters.length) return null;
  const remove = (/** @type {string} */ name, /** @type {string} */ value) =>
    updateQuery({ [name]: query.getAll(name).filter((each) => each !== value), page: "" });
  const clear = () => {
    const kept = new URLSearchParams([...query].filter(([name]) => ["q", "as", "o"].includes(name)));
    navigate(kept.size ? `${location.pathname}?${kept}` : location.pathname);
  };
  return html`<ul class="chips" aria-label="Filters in use">
    ${filters.map(([name, value]) => html`<li key=${`${name}=${value}`}>
      <${Chip} name=${name} value=${value} isOff=${kind === "rules" && !OF_RULES.includes(name)} remove=${() => remove(name, value)} /></li>`)}
    <li><button type="button" class="chip chip-plain" onClick=${clear}>Clear filters</button></li>
  </ul>`;
}

/** @param {{name: string, value: string, isOff: boolean, remove: () => void}} properties */
function Chip({ name, value, isOff, remove }) {
  const { label, words, path } = own(KNOWN, name) ?? { label: name };
  const uuid = /[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}/i.exec(value)?.[0];
  const { data: named } = useLoaded(
    async (signal) => (path && uuid ? (await request("GET", `${path}${uuid}/`, { query: { field: ["name"] }, signal })).data.name : null),
    [path, uuid],
  );
  const text = words?.find(([word]) => word === value)?.[1] ?? named ?? value;
  return html`<button type="button" class=${isOff ? "chip filter-chip is-off" : "chip filter-chip"} onClick=${remove}
    aria-label=${`Remove the filter ${label}: ${text}`}>
    <span>${label}: <strong>${text}</strong>${isOff && " (not used when rules are searched)"}</span><${Cross} />
  </button>`;
}

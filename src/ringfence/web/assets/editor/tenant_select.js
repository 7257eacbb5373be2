// The choice of a tenant: a list, which is searched if there are many.

import { TENANTS, request } from "../api.js";
import { html, useEffect, useId, useRef, useState } from "../html.js";

const FIELDS = ["uuid", "name", "project_name", "customer_name", "service_name"];
// As many as one page of the API has.
const PAGE_SIZE = 300;
const MANY = 12;
const DEBOUNCE_MILLISECONDS = 250;

/**
 * Load the tenants in which the user may create groups.
 *
 * @param {{name?: string, uuid?: string | null}} filters
 * @param {AbortSignal} [signal]
 */
export async function loadTenants(filters, signal) {
  const query = { ...filters, can_manage: true, page_size: PAGE_SIZE, o: "name", field: FIELDS };
  return request("GET", TENANTS, { query, signal });
}

/** @param {any} tenant */
export const tenantText = ({ name, project_name: project, service_name: cloud }) => `${name} · ${project} · ${cloud}`;

/** @param {{tenants: any[], total: number, current: any, set: (tenant: any) => void}} properties */
export function TenantSelect({ tenants, total, current, set }) {
  const id = useId();
  const [text, setText] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (/** @type {string} */ typed) => {
    setText(typed);
    clearTimeout(timer.current);
    if (!typed.trim() || total <= tenants.length) return;
    timer.current = setTimeout(async () => {
      // Without a response, the tenants that are known already are searched.
      setFound((await loadTenants({ name: typed.trim() }).catch(() => ({ data: [] }))).data);
    }, DEBOUNCE_MILLISECONDS);
  };
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const known = [...new Map([...tenants, ...found, ...(current.uuid ? [current] : [])].map((each) => [each.uuid, each])).values()];
  const isShown = (/** @type {any} */ tenant) => words.every((word) => `${tenantText(tenant)} ${tenant.customer_name}`.toLowerCase().includes(word));
  const shown = known.filter(isShown);
  const listed = !current.uuid || isShown(current) ? shown : [current, ...shown];
  return html`<div class="field">
    <label for=${id}>Tenant</label>
    ${total > MANY && html`<input type="search" aria-label="Search the list" placeholder=${`Search ${total} tenants`} value=${text}
      aria-describedby=${`${id}-found`} onInput=${(/** @type {any} */ event) => search(event.target.value)} />`}
    <select id=${id} value=${current.uuid} onChange=${(/** @type {any} */ event) => set(known.find(({ uuid }) => uuid === event.target.value))}>
      ${!current.uuid && html`<option value="" selected>Choose a tenant</option>`}
      ${listed.map((each) => html`<option key=${each.uuid} value=${each.uuid} selected=${each.uuid === current.uuid}>${tenantText(each)}</option>`)}
    </select>
    ${total > MANY && html`<span class="quiet" id=${`${id}-found`} role="status">${words.length ? `${shown.length} found` : ""}</span>`}
  </div>`;
}

// The users with their flags and roles, and what the roles are; read only, for staff and support.

import { request } from "../api.js";
import { FilterBar, SelectFilter, TextFilter } from "../components/filters.js";
import { Pages } from "../components/pagination.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { CONSOLE } from "../router.js";
import { count } from "../rules/text.js";

const PAGE_SIZE = 50;
const FLAGS = ["is_staff", "is_support", "is_active"];
const FIELDS = ["uuid", "username", "full_name", "is_staff", "is_support", "is_active", "date_joined", "permissions"];

/** @param {{query: URLSearchParams}} properties */
export function Users({ query }) {
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => request("GET", "/api/users/", {
      query: { ...Object.fromEntries(["query", "page", ...FLAGS].map((name) => [name, query.get(name)])), o: "username", field: FIELDS, page_size: PAGE_SIZE }, signal,
    }),
    [query.toString()],
  );
  const { data: roles } = useLoaded(async (signal) => (await request("GET", "/api/roles/", { query: { page_size: 300 }, signal })).data, []);
  return html`
    <${PageHead} of="Users" note=${data ? count(data.total, "user") : ""} about="Users and roles come from the provisioning file: change them there and load it again." />
    <${FilterBar} query=${query} texts=${{}} search=${html`<${TextFilter} name="query" label="Search users" query=${query} />`}>
      <${SelectFilter} name="is_staff" label="Staff" query=${query} choices=${[["true", "Staff"], ["false", "Not staff"]]} />
      <${SelectFilter} name="is_support" label="Support" query=${query} choices=${[["true", "Support"], ["false", "Not support"]]} />
      <${SelectFilter} name="is_active" label="Active" query=${query} choices=${[["true", "Active"], ["false", "Not active"]]} />
    <//>
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${8} />`}
    ${data && data.data.length === 0 && html`<p class="empty-line">No user matches.</p>`}
    ${data && data.data.length > 0 && html`<div class="table-frame"><table class="table users">
      <caption class="visually-hidden">Users</caption>
      <thead><tr><th scope="col">User</th><th scope="col">Sees and changes</th><th scope="col">Roles</th><th scope="col">Since</th><th scope="col"><span class="visually-hidden">Links</span></th></tr></thead>
      <tbody>${data.data.map((/** @type {any} */ user) => html`<${Row} key=${user.uuid} user=${user} />`)}</tbody></table></div>
      <${Pages} page=${Number(query.get("page") ?? 1)} pages=${Math.ceil(data.total / PAGE_SIZE)} />`}
    ${roles && html`<${Roles} roles=${roles} />`}`;
}

/** @param {any} user */
function accessOf({ is_staff: isStaff, is_support: isSupport, permissions }) {
  if (isStaff) return "Staff: sees and changes everything";
  if (isSupport) return "Support: sees everything";
  return permissions.length ? "By roles" : "Nothing: no role";
}

/** @param {{user: any}} properties */
function Row({ user }) {
  return html`<tr>
    <td class="cell-name" data-label="User">${user.username}
      ${user.full_name && user.full_name !== user.username && html`<span class="quiet clip">${user.full_name}</span>`}
      ${!user.is_active && html` <span class="mark mark-bad">Not active</span>`}</td>
    <td data-label="Sees and changes"><span class=${user.is_staff ? "tone-warn" : user.is_support ? null : "quiet"}>${accessOf(user)}</span></td>
    <td data-label="Roles">${user.permissions.length === 0 ? html`<span class="quiet">–</span>` : html`<ul class="plain">${user.permissions.map((/** @type {any} */ role) => html`
      <li key=${`${role.role_name}${role.scope_uuid}`}>${role.role_name} <span class="quiet">in ${role.scope_type}</span> ${role.scope_name}</li>`)}</ul>`}</td>
    <td data-label="Since"><${Ago} at=${user.date_joined} /></td>
    <td data-label="Links"><a href=${`${CONSOLE}events/?related_user_uuid=${user.uuid}`} aria-label=${`Events of ${user.username}`}>Events</a></td>
  </tr>`;
}

/** @type {Record<string, string>} what each role may do */
const MAY = {
  "CUSTOMER.OWNER": "Sees the customer; changes security groups, and which groups ports have",
  "CUSTOMER.MANAGER": "Sees the customer",
  "CUSTOMER.SUPPORT": "Sees the customer",
  "PROJECT.ADMIN": "Sees the project; changes security groups, and which groups ports have",
  "PROJECT.MANAGER": "Sees the project; changes security groups, and which groups ports have",
  "PROJECT.MEMBER": "Sees the project",
};

/** @param {{roles: any[]}} properties */
function Roles({ roles }) {
  return html`<section class="card cloud"><h2>Roles</h2><table class="table roles">
    <caption class="visually-hidden">Roles</caption>
    <thead><tr><th scope="col">Role</th><th scope="col">Applies to</th><th scope="col">May</th></tr></thead>
    <tbody>${roles.map((role) => html`<tr key=${role.uuid}>
      <td class="cell-name" data-label="Role">${role.name}</td><td data-label="Applies to">${role.content_type}</td>
      <td data-label="May">${Object.hasOwn(MAY, role.name) ? MAY[role.name] : role.description}</td></tr>`)}</tbody></table></section>`;
}

// What an event says: the names of its objects, the rules that it changed, its values, and its identifiers.

import { GROUPS, INSTANCES, TENANTS, request } from "../api.js";
import { useLoaded } from "../components/use_loaded.js";
import { html, useState } from "../html.js";
import { own } from "../own.js";
import { Remote, Traffic } from "../rules/rule.js";
import { VersionDifference } from "../review/version_difference.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";

/**
 * The objects that a context names by UUID: label, collection of the API, and page.
 *
 * @type {Record<string, [string, string, (uuid: string) => string | null]>}
 */
const OBJECTS = {
  security_group_uuid: ["Security group", GROUPS, (uuid) => `${GROUP_PAGES}${uuid}/`],
  instance_uuid: ["Instance", INSTANCES, (uuid) => `${CONSOLE}instances/${uuid}/`],
  tenant_uuid: ["Tenant", TENANTS, (uuid) => `${GROUP_PAGES}?tenant_uuid=${uuid}`],
  project_uuid: ["Project", "/api/projects/", (uuid) => `${GROUP_PAGES}?project_uuid=${uuid}`],
  customer_uuid: ["Customer", "/api/customers/", (uuid) => `${GROUP_PAGES}?customer_uuid=${uuid}`],
};
const LABELS = /** @type {Record<string, string>} */ ({
  user_username: "By", affected_user_username: "User", token_name: "Token", backend_id: "Neutron ID", rolled_back_to: "Rolled back to version",
  description_only: "Descriptions changed", name: "Name", drifted: "Groups that drift", missing: "Groups missing",
});
// The rules of drift. A push of the same rules changes none.
const RULES = /** @type {Record<string, string>} */ ({ unexpected_rules: "In the cloud only", missing_rules: "Desired only" });
const PUSHED_AGAIN = "resource_push_scheduled";
const PEOPLE = ["user_username", "affected_user_username", "token_name"];
// Shown as one.
const COUNTS = ["rules_before", "rules_after"];
const IDENTIFIER = /uuid$|_id$/;

/**
 * A value of the context in one line of text.
 *
 * @param {any} value
 * @returns {string}
 */
function valueText(value) {
  if (value === null || value === undefined || value === "") return "none";
  if (Array.isArray(value)) return value.length ? value.map(valueText).join(", ") : "none";
  if (typeof value === "object") return value.name || value.uuid || Object.entries(value).map(([key, each]) => `${key} ${valueText(each)}`).join(", ");
  return String(value);
}

/** @param {string} key */
function labelOf(key) {
  const text = key.replaceAll("_", " ").replace(/uuid$/, "UUID");
  return own(LABELS, key) ?? text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The message, and what belongs to it when it is opened.
 *
 * @param {{event: any}} properties
 */
export function Context({ event }) {
  const [isOpen, setOpen] = useState(false);
  const { message, context } = event;
  return html`<details class="event-context" onToggle=${(/** @type {any} */ toggle) => setOpen(toggle.currentTarget.open)}>
    <summary>${message}
      ${context.grade && html` <span class=${context.grade === "opens" ? "mark mark-bad" : "mark mark-warn"}>${context.grade}</span>`}</summary>
    ${isOpen && html`<${Details} event=${event} />`}</details>`;
}

/**
 * The names of the objects that the user sees.
 *
 * @param {any} context
 * @param {AbortSignal} signal
 */
async function namesOf(context, signal) {
  const found = await Promise.all(Object.entries(OBJECTS).map(async ([key, [, path]]) => {
    if (!context[key]) return [];
    try {
      return [[key, (await request("GET", `${path}${context[key]}/`, { query: { field: ["name"] }, signal })).data.name]];
    } catch (error) {
      // It is gone, or not visible: its UUID stays.
      if (error.status === 404 || error.status === 403) return [];
      throw error;
    }
  }));
  return Object.fromEntries(found.flat());
}

/** @param {{event: any}} properties */
function Details({ event: { uuid, created, event_type: type, context } }) {
  const { data: names, error } = useLoaded((signal) => namesOf(context, signal), []);
  const values = Object.entries(context).filter(([key]) => !own(OBJECTS, key));
  const named = PEOPLE.filter((key) => context[key]).map((key) => /** @type {[string, any]} */ ([key, context[key]]));
  const plain = values.filter(([key, value]) => !PEOPLE.includes(key) && !COUNTS.includes(key) && !own(RULES, key) && (key !== "description_only" || value) && (!IDENTIFIER.test(key) || key === "backend_id"));
  const identifiers = [...Object.entries(context).filter(([key]) => IDENTIFIER.test(key) && key !== "backend_id"), ["event uuid", uuid], ["type", type], ["time", created]];
  const rows = (/** @type {any[][]} */ pairs) => pairs.map(([key, value]) => html`<div key=${key}><dt>${labelOf(key)}</dt>
    <dd class=${IDENTIFIER.test(key) ? "mono" : null}>${valueText(value)}</dd></div>`);
  return html`<dl>
      ${rows(named)}
      ${Object.entries(OBJECTS).map(([key, [label, , page]]) => context[key] && html`<div key=${key}><dt>${label}</dt>
        <dd><${Link} href=${names && (names[key] ? page(context[key]) : null)} text=${names?.[key] ?? (names || error ? `${context[key]}, which is gone or not visible to you` : "\u2026")} /></dd></div>`)}
      <div><dt>When</dt><dd>${new Date(created).toLocaleString()}</dd></div>
      ${context.rules_after !== undefined && html`<div><dt>Rules</dt><dd>${context.rules_before} before, ${context.rules_after} after</dd></div>`}
      ${rows(plain)}</dl>
    ${Object.entries(RULES).map(([key, label]) => context[key]?.length > 0 && html`<h4 key=${key}>${label}</h4>
      <ul class="changes">${context[key].map((/** @type {any} */ rule, /** @type {number} */ index) => html`<li key=${index} class="change"><span></span><span class="change-direction">${rule.direction}</span><span><${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} /></span></li>`)}</ul>`)}
    ${names?.security_group_uuid && context.version > 0 && type !== PUSHED_AGAIN && html`<${Changed} group=${context.security_group_uuid} version=${context.version} />`}
    <details class="event-identifiers"><summary>Identifiers</summary><dl>${rows(identifiers)}</dl></details>`;
}

/** @param {{href: string | null, text: string}} properties */
function Link({ href, text }) {
  return href ? html`<a href=${href}>${text}</a>` : html`<span class="quiet">${text}</span>`;
}

/**
 * The rules that this version added and removed.
 *
 * @param {{group: string, version: number}} properties
 */
function Changed({ group, version }) {
  const before = Math.max(1, version - 1);
  const comparison = `${GROUP_PAGES}${group}/history/?version=${version}${version > 1 ? `&compare=${before}` : ""}`;
  return html`<div class="event-rules review"><p><a href=${comparison}>${version > 1 ? `Version ${version} compared with version ${before}` : "Version 1"}</a></p>
    <${VersionDifference} path=${`${GROUPS}${group}/versions/`} shown=${version} before=${before} /></div>`;
}

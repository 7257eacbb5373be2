// The tenants, projects and customers that a name means.

import { TENANTS, request } from "../api.js";
import { html } from "../html.js";
import { updateQuery } from "../router.js";

const LEVELS = /** @type {[string, string][]} */ ([["tenant", TENANTS], ["project", "/api/projects/"], ["customer", "/api/customers/"]]);
const SHOWN = 8;

/** @typedef {{level: string, uuid: string, name: string, within: string}} Ancestor */

/**
 * Return the ancestors with a name; those that have exactly this name, if any has.
 *
 * @param {string} name
 * @param {string} level of them; empty for all
 * @param {AbortSignal} signal
 * @returns {Promise<Ancestor[]>}
 */
export async function ancestorsNamed(name, level, signal) {
  const levels = LEVELS.filter(([each]) => !level || each === level);
  const found = await Promise.all(levels.map(async ([each, path]) => {
    const { data } = await request("GET", path, { query: { name, page_size: SHOWN, field: ["uuid", "name", "project_name", "customer_name"] }, signal });
    return data.map((/** @type {any} */ ancestor) => ({
      level: each, uuid: ancestor.uuid, name: ancestor.name,
      within: each === "tenant" ? ancestor.project_name : each === "project" ? ancestor.customer_name : "",
    }));
  }));
  const ancestors = found.flat();
  const exact = ancestors.filter((ancestor) => ancestor.name.toLowerCase() === name.toLowerCase());
  return exact.length ? exact : ancestors;
}

/**
 * Shown where the name of an ancestor means none or several.
 *
 * @param {{ancestors: Ancestor[], name: string, text: string}} properties
 */
export function WhichAncestor({ ancestors, name, text }) {
  if (!ancestors.length) {
    return html`<section class="empty"><h2>No “${name}”</h2>
      <p>No tenant, project or customer that you can see has this in its name.</p>
      <button type="button" class="button" onClick=${() => updateQuery({ as: "names", page: "" })}>Search names for “${text}”</button></section>`;
  }
  const choose = (/** @type {Ancestor} */ { level, uuid }) => updateQuery({
    q: text.replace(/(?:^|\s)in\s.*?(?=\s(?:from|to)\s|$)/i, " ").trim(), [`${level}_uuid`]: uuid, page: "",
  });
  return html`<section class="empty"><h2>Which “${name}”?</h2>
    <ul class="plain ancestors">${ancestors.map((ancestor) => html`<li key=${ancestor.level + ancestor.uuid}>
      <button type="button" class="button" onClick=${() => choose(ancestor)}>${ancestor.name}
        <span class="quiet">${ancestor.level}${ancestor.within && `, ${ancestor.within}`}</span></button></li>`)}</ul>
  </section>`;
}

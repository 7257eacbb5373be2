// Rules of a new group whose remote group is not in its tenant, as in a copy to another tenant.

import { GROUPS, request } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { count } from "../rules/text.js";

/** @typedef {import("../rules/rows.js").Row} Row */

/**
 * Return the rows whose remote group the API does not find in the tenant.
 *
 * @param {Row[]} rows
 * @param {import("./validation.js").Validation} validation
 */
export function foreignRows(rows, validation) {
  return rows.filter((row) => row.kind === "group" && row.group && validation.errors.get(row.key)?.end);
}

/**
 * Return a validation in which the cells of these rows say what is wrong.
 *
 * @param {import("./validation.js").Validation} validation
 * @param {Row[]} foreign
 * @param {string} tenant the name of the tenant
 */
export function withForeign(validation, foreign, tenant) {
  if (!foreign.length) return validation;
  const errors = new Map(validation.errors);
  for (const { key, end } of foreign) errors.set(key, { ...errors.get(key), end: `${end} is not a group of ${tenant}.` });
  return { ...validation, errors };
}

/**
 * Offer for each such rule what it can become.
 *
 * @param {{foreign: Row[], rows: Row[], edit: (change: (rows: Row[]) => Row[]) => void, tenant: any}} properties
 */
export function ForeignGroups({ foreign, rows, edit, tenant }) {
  const names = [...new Set(foreign.map((row) => row.end))];
  const twins = useGroupsNamed(names, tenant.uuid);
  const replace = (/** @type {Row[]} */ given, /** @type {(row: Row) => Row[]} */ change) => {
    const keys = new Set(given.map((row) => row.key));
    edit((before) => before.flatMap((row) => (keys.has(row.key) ? change(row) : [row])));
  };
  const useTwin = (/** @type {Row} */ row) => [{ ...row, group: twins.get(row.end) }];
  const withTwin = foreign.filter((row) => twins.has(row.end));
  const toCidr = (/** @type {Row} */ row) => {
    replace([row], () => [{ ...row, kind: "cidr", end: "", group: undefined }]);
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector(`[data-row="${row.key}"] [data-cell="end"]`))?.focus());
  };
  return html`<section class="notice notice-warn foreign" aria-labelledby="foreign-heading">
    <h3 id="foreign-heading">${count(foreign.length, "rule refers to a group that is", "rules refer to groups that are")} not in ${tenant.name}</h3>
    <ul class="plain">${foreign.map((row) => html`<li key=${row.key}>
      <span>Rule ${rows.indexOf(row) + 1}: ${row.direction === "egress" ? "to" : "from"} <strong>${row.end}</strong></span>
      <span class="actions" role="group" aria-label=${`Rule ${rows.indexOf(row) + 1}`}>
        ${twins.has(row.end) && html`<button type="button" class="button" onClick=${() => replace([row], useTwin)}>Use ${row.end} of ${tenant.name}</button>`}
        <button type="button" class="button" onClick=${() => toCidr(row)}>Enter a CIDR</button>
        <button type="button" class="button" onClick=${() => replace([row], () => [])}>Remove the rule</button>
      </span></li>`)}</ul>
    ${foreign.length > 1 && html`<div class="actions">
      ${withTwin.length > 1 && html`<button type="button" class="button" onClick=${() => replace(withTwin, useTwin)}>Use the groups with the same names</button>`}
      <button type="button" class="button" onClick=${() => replace(foreign, () => [])}>Remove all ${foreign.length} rules</button>
    </div>`}
  </section>`;
}

/**
 * Look up groups of a tenant; return their URLs by name.
 *
 * @param {string[]} names
 * @param {string} tenant
 */
function useGroupsNamed(names, tenant) {
  const [found, setFound] = useState(/** @type {Map<string, string>} */ (new Map()));
  useEffect(() => {
    const controller = new AbortController();
    Promise.allSettled(names.map((name) => request("GET", GROUPS, {
      query: { tenant_uuid: tenant, name_exact: name, field: ["name", "url"] }, signal: controller.signal,
    }))).then((answers) => {
      const groups = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.data : []));
      if (!controller.signal.aborted) setFound(new Map(groups.map((group) => [group.name, group.url])));
    });
    return () => controller.abort();
  }, [names.join("\n"), tenant]);
  return found;
}

// Rules that a question found, grouped by their groups.

import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { Remote, Traffic } from "../rules/rule.js";
import { count } from "../rules/text.js";
import { SelectBox, SelectPage } from "./selection.js";

export const RULES = "/api/security-group-rules/";

/**
 * Return the groups of rules in the order in which they come first, each with its rules.
 *
 * @param {any[]} rules of the list of rules
 * @returns {any[]}
 */
export function groupsIn(rules) {
  /** @type {Map<string, any>} */
  const groups = new Map();
  for (const rule of rules) {
    const uuid = rule.security_group_uuid;
    const group = groups.get(uuid) ?? { uuid, name: rule.security_group_name, tenant_name: rule.tenant_name, ancestors: `${rule.customer_name} / ${rule.project_name}`, instance_count: rule.instance_count, found: [], rules: [] };
    group.found.push(rule);
    group.rules.push(rule.id);
    groups.set(uuid, group);
  }
  return [...groups.values()];
}

/** @param {{groups: any[], selection: import("./selection.js").Selection}} properties */
export function RuleResults({ groups, selection }) {
  return html`<table class="table groups results">
    <caption class="visually-hidden">Rules by group</caption>
    <thead><tr>
      <th scope="col" class="of-box"><${SelectPage} groups=${groups} selection=${selection} /></th>
      <th scope="col" class="of-traffic">Protocol and ports</th><th scope="col">Source or destination</th><th scope="col">Description</th>
    </tr></thead>
    ${groups.map((group) => html`<tbody key=${group.uuid} class=${selection.selected.has(group.uuid) ? "is-selected" : null}>
      <tr class="result-group">
        <td class="of-box"><${SelectBox} group=${group} selection=${selection} /></td>
        <th scope="rowgroup" colspan="3"><a href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>
          <span class="quiet"> ${group.tenant_name} · ${group.ancestors}${group.instance_count === null ? "" : ` · ${count(group.instance_count, "instance")}`}</span></th>
      </tr>
      ${group.found.map((/** @type {any} */ rule) => html`<tr key=${rule.id}>
        <td class="of-box"></td>
        <td data-label="Protocol and ports"><span class="visually-hidden">${rule.direction} </span><${Traffic} rule=${rule} />${rule.ethertype === "IPv6" && html` <span class="quiet">IPv6</span>`}</td>
        <td data-label=${rule.direction === "ingress" ? "Source" : "Destination"}><span class="quiet">${rule.direction === "ingress" ? "from" : "to"}</span> <${Remote} rule=${rule} /></td>
        <td data-label="Description"><span class="line">${rule.description || html`<span class="quiet">–</span>`}</span></td>
      </tr>`)}
    </tbody>`)}
  </table>`;
}

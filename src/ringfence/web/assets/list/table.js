// The table of groups: a line for each, in which what needs attention stands out.

import { Drift, State } from "../components/states.js";
import { Ago } from "../components/times.js";
import { html } from "../html.js";
import { own } from "../own.js";
import { GROUP_PAGES, updateQuery } from "../router.js";
import { OpenMarks } from "../rules/openings.js";
import { unknownRemotesText } from "../rules/text.js";
import { SelectBox, SelectPage } from "./selection.js";

/** @type {string[][]} the field that a column is sorted by, its label, and its class */
export const COLUMNS = [
  ["name", "Name", "of-name"], ["tenant_name", "Tenant", "of-tenant"], ["service_name", "Cloud", "of-cloud"], ["state", "State", "of-state"],
  ["rules_count", "Rules", "number of-number"], ["instance_count", "Instances", "number of-number"],
  ["open_to_all", "Internet", "of-internet"], ["drift", "Drift", "of-drift"], ["modified", "Changed", "of-time"],
];
// The interesting end comes first.
const DESCENDING_FIRST = new Set(["rules_count", "instance_count", "open_to_all", "drift", "modified"]);

// What is not in the cloud is said by the state already.
const CALM = { in_sync: "In sync", never_pushed: "Not in the cloud" };

/**
 * `drafts` are the keys of what the user has not applied yet.
 *
 * @param {{groups: any[], order: string, selection: import("./selection.js").Selection, drafts: Set<string>}} properties
 */
export function GroupTable({ groups, order, selection, drafts }) {
  return html`<table class="table groups">
    <caption class="visually-hidden">Security groups</caption>
    <thead><tr>
      <th scope="col" class="of-box"><${SelectPage} groups=${groups} selection=${selection} /></th>
      ${COLUMNS.map(([column, label, name]) => html`<${Heading} key=${column} column=${column} label=${label} name=${name} order=${order} />`)}
    </tr></thead>
    <tbody>${groups.map((group) => html`<${Row} key=${group.uuid} group=${group} selection=${selection} hasDraft=${drafts.has(`group:${group.uuid}`)} />`)}</tbody>
  </table>`;
}

/** @param {{column: string, label: string, name: string, order: string}} properties */
function Heading({ column, label, name, order }) {
  const isAscending = order === column;
  const isDescending = order === `-${column}`;
  const [first, second] = DESCENDING_FIRST.has(column) ? [`-${column}`, column] : [column, `-${column}`];
  const next = order === first ? second : order === second ? "" : first;
  return html`<th scope="col" class=${name} aria-sort=${isAscending ? "ascending" : isDescending ? "descending" : null}>
    <button type="button" class="sort" onClick=${() => updateQuery({ o: next, page: "" })}>
      ${label}<span class="sort-mark" aria-hidden="true">${isAscending ? "↑" : isDescending ? "↓" : "↕"}</span>
    </button>
  </th>`;
}

/** @param {{group: any, selection: import("./selection.js").Selection, hasDraft: boolean}} properties */
function Row({ group, selection, hasDraft }) {
  const ancestors = `${group.customer_name} / ${group.project_name}`;
  const calm = group.state !== "ERRED" && own(CALM, group.drift);
  return html`<tr class=${selection.selected.has(group.uuid) ? "is-selected" : null}>
    <td class="of-box"><${SelectBox} group=${group} selection=${selection} /></td>
    <td class="cell-name" data-label="Name"><span class="line">
      <a href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>
      ${hasDraft && html`<a class="mark mark-busy" href=${`${GROUP_PAGES}${group.uuid}/edit/`}>Draft</a>`}
      ${group.description && html`<span class="quiet about" title=${group.description}>${group.description}</span>`}</span></td>
    <td class="of-tenant" data-label="Tenant"><span class="line" title=${`${group.tenant_name}, ${ancestors}`}>${group.tenant_name} <span class="quiet about">${ancestors}</span></span></td>
    <td class="of-cloud" data-label="Cloud"><span class="line">${group.service_name}</span></td>
    <td class=${group.state === "OK" && group.drift !== "never_pushed" ? "of-state is-calm" : "of-state"} data-label="State"><${StateOf} group=${group} /></td>
    <td class="number of-number" data-label="Rules">${group.rules_count}</td>
    <td class="number of-number" data-label="Instances">${group.instance_count ?? html`<span class="quiet" title="The tenant's ports were not pulled yet">–</span>`}</td>
    <${Internet} group=${group} />
    <td class=${calm ? "of-drift is-calm" : "of-drift"} data-label="Drift">${calm ? html`<span class="quiet">${calm}</span>` : html`<${Drift} drift=${group.drift} state=${group.state} />`}</td>
    <td class="of-time quiet" data-label="Changed"><span class="line"><${Ago} at=${group.modified} /></span></td>
  </tr>`;
}

/**
 * At rest is said quietly; the colours are for what needs attention.
 *
 * @param {{group: any}} properties
 */
function StateOf({ group }) {
  if (group.state === "OK" && group.drift !== "never_pushed") return html`<span class="quiet">OK</span>`;
  return html`<${State} state=${group.state} drift=${group.drift} title=${group.error_message || null} />`;
}

/** @param {{group: any}} properties */
function Internet({ group }) {
  const unknown = unknownRemotesText(group);
  const isOpen = group.open_to_all.length > 0;
  return html`<td class=${isOpen || unknown ? "of-internet" : "of-internet is-calm"} data-label="Internet">
    ${isOpen ? html`<${OpenMarks} openings=${group.open_to_all} limit=${2} />` : html`<span class="quiet" title=${unknown || null}>${unknown ? "Unknown" : "No"}</span>`}
  </td>`;
}

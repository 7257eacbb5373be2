// Read-only lists of a group's rules, by direction.

import { html } from "./html.js";
import { GROUP_PAGES } from "./router.js";
import { isInternet } from "./internet.js";
import { count, remoteText, trafficText } from "./rule_text.js";

/** @typedef {import("./rule_text.js").Rule} Rule */

const DIRECTIONS = /** @type {const} */ ([
  ["ingress", "Ingress rules", "Source", "No ingress rules: this group allows no incoming traffic."],
  ["egress", "Egress rules", "Destination", "No egress rules: this group allows no outgoing traffic."],
]);

/** @param {{rules: Rule[]}} properties */
export function RuleLists({ rules }) {
  return DIRECTIONS.map(([direction, title, remote, empty]) => {
    const chosen = rules.filter((rule) => rule.direction === direction);
    return html`<section class="card rules" key=${direction}>
      <h2>${title} <span class="quiet">${count(chosen.length, "rule")}</span></h2>
      ${chosen.length ? html`<${RuleTable} rules=${chosen} remote=${remote} title=${title} />` : html`<p class="quiet">${empty}</p>`}
    </section>`;
  });
}

/** @param {{rules: Rule[], remote: string, title: string}} properties */
function RuleTable({ rules, remote, title }) {
  return html`<table class="table">
    <caption class="visually-hidden">${title}</caption>
    <thead><tr><th scope="col">Protocol and ports</th><th scope="col">${remote}</th><th scope="col">Ether type</th><th scope="col">Description</th></tr></thead>
    <tbody>${rules.map((rule, index) => html`<tr key=${rule.id ?? index}>
      <td data-label="Protocol and ports"><${Traffic} rule=${rule} /></td>
      <td data-label=${remote}><${Remote} rule=${rule} /></td>
      <td data-label="Ether type" class="quiet">${rule.ethertype}</td>
      <td data-label="Description">${rule.description || html`<span class="quiet">–</span>`}</td>
    </tr>`)}</tbody>
  </table>`;
}

/** @param {{rule: Rule}} properties */
export function Traffic({ rule }) {
  const { what, service } = trafficText(rule);
  return html`<strong>${what}</strong>${service && html` <span class="service">${service}</span>`}`;
}

/** @param {{rule: Rule}} properties */
export function Remote({ rule }) {
  const { end, meaning, kind, uuid } = remoteText(rule);
  const isOpen = rule.direction === "ingress" && (kind === "all" || (kind === "cidr" && isInternet(rule.cidr)));
  return html`${isOpen && html`<span class="open-mark">${end}</span>`}
    ${!isOpen && kind === "group" && html`<a href=${`${GROUP_PAGES}${uuid}/`}>${end}</a>`}
    ${!isOpen && kind !== "group" && html`<span class=${kind === "cidr" ? "mono" : null}>${end}</span>`}
    <span class=${kind === "unknown" ? "meaning tone-warn" : "meaning quiet"}>${meaning}</span>`;
}

/**
 * Rules that are added, removed or kept, each with its sign.
 *
 * @param {{rules: Rule[], sign: "+" | "−" | "="}} properties
 */
export function Changes({ rules, sign }) {
  const names = { "+": "Added", "−": "Removed", "=": "Kept" };
  const tones = { "+": "plus", "−": "minus", "=": "same" };
  return html`<ul class="changes">
    ${rules.map((rule, index) => html`<li key=${index} class=${`change change-${tones[sign]}`}>
      <span class="sign" aria-hidden="true">${sign}</span><span class="visually-hidden">${names[sign]}: </span>
      <span class="change-direction">${rule.direction}</span>
      <span><${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} />
        <span class="quiet"> ${rule.ethertype}${rule.description ? ` · ${rule.description}` : ""}</span></span>
    </li>`)}
  </ul>`;
}

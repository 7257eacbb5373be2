// A group's rules for reading, by direction.

import { GROUP_PAGES } from "./router.js";
import { html } from "./html.js";
import { count, endWords, whatWords } from "./rule_text.js";

/** @typedef {import("./rule_text.js").Rule} Rule */

const DIRECTIONS = /** @type {const} */ ([
  ["ingress", "Who may come in", "From", "No rule of this group admits incoming traffic."],
  ["egress", "What may go out", "To", "No rule of this group admits outgoing traffic."],
]);

/** @param {{rules: Rule[]}} properties */
export function RuleLists({ rules }) {
  return DIRECTIONS.map(([direction, title, way, nothing]) => {
    const chosen = rules.filter((rule) => rule.direction === direction);
    return html`<section class="card rules" key=${direction}>
      <h2>${title} <span class="quiet">${count(chosen.length, "rule")}</span></h2>
      ${chosen.length ? html`<${RuleTable} rules=${chosen} way=${way} title=${title} />` : html`<p class="quiet">${nothing}</p>`}
    </section>`;
  });
}

/** @param {{rules: Rule[], way: string, title: string}} properties */
function RuleTable({ rules, way, title }) {
  return html`<table class="table">
    <caption class="unseen">${title}</caption>
    <thead><tr><th scope="col">What</th><th scope="col">${way}</th><th scope="col">IP</th><th scope="col">Why</th></tr></thead>
    <tbody>${rules.map((rule, place) => html`<tr key=${rule.id ?? place}>
      <td data-label="What"><${What} rule=${rule} /></td>
      <td data-label=${way}><${End} rule=${rule} /></td>
      <td data-label="IP" class="quiet">${rule.ethertype}</td>
      <td data-label="Why">${rule.description || html`<span class="quiet">–</span>`}</td>
    </tr>`)}</tbody>
  </table>`;
}

/** @param {{rule: Rule}} properties */
export function What({ rule }) {
  const { what, service } = whatWords(rule);
  return html`<strong>${what}</strong>${service && html` <span class="service">${service}</span>`}`;
}

/** @param {{rule: Rule}} properties */
export function End({ rule }) {
  const { end, meaning, kind, uuid } = endWords(rule);
  const isDoor = kind === "all" && rule.direction === "ingress";
  return html`${isDoor && html`<span class="door">anywhere</span>`}
    ${!isDoor && kind === "group" && html`<a href=${`${GROUP_PAGES}${uuid}/`}>${end}</a>`}
    ${!isDoor && kind !== "group" && html`<span class=${kind === "cidr" ? "mono" : null}>${end}</span>`}
    <span class=${kind === "lost" ? "meaning tone-warn" : "meaning quiet"}>${meaning}</span>`;
}

/**
 * Rules that come, go or stay, each with its sign.
 *
 * @param {{rules: Rule[], sign: "+" | "−" | "="}} properties
 */
export function Changes({ rules, sign }) {
  const names = { "+": "Added", "−": "Removed", "=": "Kept" };
  const tones = { "+": "plus", "−": "minus", "=": "same" };
  return html`<ul class="changes">
    ${rules.map((rule, place) => html`<li key=${place} class=${`change change-${tones[sign]}`}>
      <span class="sign" aria-hidden="true">${sign}</span><span class="unseen">${names[sign]}: </span>
      <span class="change-way">${rule.direction === "ingress" ? "in" : "out"}</span>
      <span><${What} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${End} rule=${rule} />
        <span class="quiet"> ${rule.ethertype}${rule.description ? ` · ${rule.description}` : ""}</span></span>
    </li>`)}
  </ul>`;
}

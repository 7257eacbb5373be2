// Rules in words, and lists of changed rules.

import { html } from "./html.js";
import { GROUP_PAGES } from "./router.js";
import { isInternet } from "./internet.js";
import { remoteText, trafficText } from "./rule_text.js";

/** @typedef {import("./rule_text.js").Rule} Rule */

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

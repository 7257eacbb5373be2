// What a rule admits and its remote, in words.

import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { isInternet } from "./internet.js";
import { remoteText, trafficText } from "./text.js";

/** @typedef {import("./text.js").Rule} Rule */

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

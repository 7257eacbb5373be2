// Links to groups, and to the group of a rule.

import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { remoteText, trafficText } from "../rules/text.js";

/** @param {{groups: {uuid: string, name: string}[], unknown?: number}} properties */
export function GroupLinks({ groups, unknown = 0 }) {
  if (!groups.length && !unknown) return html`<span class="tone-warn">no group</span>`;
  return html`<span class="group-links">
    ${groups.map((group) => html`<a key=${group.uuid} href=${`${GROUP_PAGES}${group.uuid}/`}>${group.name}</a>`)}
    ${unknown > 0 && html`<span class="tone-warn">${unknown} that you do not see</span>`}
  </span>`;
}

/**
 * Return a rule of a verdict or of effective rules in the keys of a group's rules.
 *
 * @param {any} rule
 */
export function ruleOf(rule) {
  const { remote_group_uuid: uuid, remote_address_group: addresses } = rule;
  return {
    ...rule,
    remote_group: uuid ? `/api/openstack-security-groups/${uuid}/` : null,
    ...(typeof addresses === "string" && { remote_address_group_backend_id: addresses }),
  };
}

/**
 * A rule of a verdict in words, after the group that has it.
 *
 * @param {{rule: any}} properties
 */
export function OriginRule({ rule }) {
  const { what, service } = trafficText(rule);
  const { end } = remoteText(ruleOf(rule));
  const place = rule.direction === "ingress" ? "from" : "to";
  return html`<a href=${`${GROUP_PAGES}${rule.security_group_uuid}/`}>${rule.security_group_name}</a>: ${what}${service && ` (${service})`} ${place} ${end} <span class="quiet">${rule.ethertype}${rule.description ? ` · ${rule.description}` : ""}${rule.rule_id === null ? " · in the cloud only" : ""}</span>`;
}

// YAML: the provisioning file that `ringfence load` reads.

import { isIcmp } from "../rules/text.js";
import { comment, yamlScalar } from "./escape.js";
import { byTenant, portsOf, remoteOf } from "./remotes.js";

const HEAD = "Part of an installation: do not load this file with --prune, which would remove the rest.";
// A group in one of these states is left out: a file cannot say that it is being deleted.
const BEING_DELETED = ["DELETION_SCHEDULED", "DELETING"];
const LONGEST_NAME = 150;
const LONGEST_DESCRIPTION = 255;
const UUID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @typedef {import("./remotes.js").Group} Group */

/** @param {Group[]} groups */
export function yamlOfGroups(groups) {
  const lines = [comment(HEAD)];
  let ancestors = ["", ""];
  const tenants = byTenant(groups).sort((a, b) => compare(a[0].customer_uuid, b[0].customer_uuid) || compare(a[0].project_uuid, b[0].project_uuid));
  for (const ofTenant of tenants) {
    const [first] = ofTenant;
    if (!ancestors[0]) lines.push("customers:");
    if (ancestors[0] !== first.customer_uuid) lines.push(...item(0, { name: first.customer_name, uuid: first.customer_uuid }), "  projects:");
    if (ancestors[1] !== first.project_uuid) lines.push(...item(2, { name: first.project_name, uuid: first.project_uuid }), "    tenants:");
    ancestors = [first.customer_uuid, first.project_uuid];
    lines.push(...tenantLines(ofTenant));
  }
  return `${lines.join("\n")}\n`;
}

/**
 * @param {string} one
 * @param {string} other
 */
const compare = (one, other) => (one < other ? -1 : Number(one > other));

/**
 * @param {number} indentation
 * @param {Record<string, string | number>} values
 */
function item(indentation, values) {
  return Object.entries(values).map(([key, value], index) => `${" ".repeat(indentation)}${index ? "  " : "- "}${key}: ${yamlScalar(value)}`);
}

/** @param {Group[]} groups of one tenant */
function tenantLines(groups) {
  const [first] = groups;
  const lines = item(4, { name: first.tenant_name, uuid: first.tenant_uuid, cloud: first.service_settings_uuid });
  lines.splice(2, 1, `${lines[2]} ${comment(first.service_name)}`);
  const stated = groups.filter((group) => !reasonAgainst(group));
  for (const group of groups) {
    if (reasonAgainst(group)) lines.push(`      ${comment(`Left out: security group ${group.uuid}, ${reasonAgainst(group)}.`)}`);
  }
  lines.push(stated.length ? "      security_groups:" : "      security_groups: []");
  return [...lines, ...stated.flatMap((group) => groupLines(group, stated))];
}

/** @param {Group} group */
function reasonAgainst(group) {
  if (BEING_DELETED.includes(group.state)) return "which is being deleted";
  const { name } = group;
  const isDefault = name.toLowerCase() === "default" && name !== "default";
  return !name.trim() || name.length > LONGEST_NAME || isDefault ? "whose name a file cannot state" : "";
}

/**
 * @param {Group} group
 * @param {Group[]} stated
 */
function groupLines(group, stated) {
  const description = group.description.length > LONGEST_DESCRIPTION ? null : { description: group.description };
  const lines = item(6, { name: group.name, uuid: group.uuid, ...description, ...(group.backend_id && { backend_id: group.backend_id }) });
  const rules = group.rules.map((rule) => ruleText(rule, stated));
  if (rules.includes(null)) return [...lines, `        ${comment("Rules are left out: a file cannot state one of them. A load keeps them.")}`];
  return [...lines, ...(rules.length ? ["        rules:", ...rules.map((rule) => `        - ${rule}`)] : ["        rules: []"])];
}

/**
 * Return a rule on one line; null if a file cannot state it.
 *
 * @param {import("../rules/text.js").Rule} rule
 * @param {Group[]} groups
 */
function ruleText(rule, groups) {
  const remote = remoteOf(rule);
  const { first, last } = portsOf(rule);
  const isStatable = ["any", "cidr", "group"].includes(remote.kind) && rule.description.length <= LONGEST_DESCRIPTION;
  if (!isStatable || (first === 0 && !isIcmp(rule))) return null;
  const values = {
    ethertype: rule.ethertype === "IPv4" ? null : rule.ethertype,
    // An entry that states nothing is refused, so each states its direction.
    direction: rule.direction,
    protocol: rule.protocol || null,
    from_port: first,
    to_port: last,
    cidr: remote.kind === "group" ? null : rule.cidr,
    remote_group: remote.kind === "group" ? referenceTo(remote.value, groups) : null,
    description: rule.description || null,
  };
  const pairs = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return `{${pairs.map(([key, value]) => `${key}: ${yamlScalar(/** @type {string | number} */ (value))}`).join(", ")}}`;
}

/**
 * Return the name of a group of the tenant, or its UUID if the name could be taken for something else.
 *
 * @param {string} uuid
 * @param {Group[]} groups
 */
function referenceTo(uuid, groups) {
  const name = groups.find((group) => group.uuid === uuid)?.name;
  const isClear = name !== undefined && !UUID.test(name) && groups.filter((group) => group.name === name).length === 1;
  return isClear ? name : uuid;
}

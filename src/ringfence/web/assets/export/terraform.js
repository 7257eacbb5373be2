// Terraform: the resources of terraform-provider-openstack, with references between groups.

import { comment, hclString } from "./escape.js";
import { byTenant, neutronProtocol, portsOf, remoteOf, tenantText } from "./remotes.js";

/**
 * @typedef {import("./remotes.js").Group} Group
 * @typedef {import("../rule_text.js").Rule} Rule
 */

const HEAD = "These resources create new groups: to take over those in the cloud, import them first.";

/** @param {Group[]} groups */
export function terraformOfGroups(groups) {
  const names = labelsOf(groups);
  const blocks = byTenant(groups).flatMap((ofTenant) => [
    comment(tenantText(ofTenant[0])),
    ...ofTenant.flatMap((group) => [groupBlock(group, names), ...group.rules.map((rule, index) => ruleBlock(group, rule, index, names))]),
  ]);
  return `${[comment(HEAD), ...blocks].join("\n\n")}\n`;
}

/**
 * Return a label for each group, which no other group has.
 *
 * @param {Group[]} groups
 */
function labelsOf(groups) {
  const labels = /** @type {Map<string, string>} */ (new Map());
  const used = new Set();
  for (const { uuid, name } of groups) {
    const plain = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 50);
    const stem = /^[a-z]/.test(plain) ? plain : `group_${plain || uuid.slice(0, 8)}`;
    let label = stem;
    for (let number = 2; used.has(label); number += 1) label = `${stem}_${number}`;
    used.add(label);
    labels.set(uuid, label);
  }
  return labels;
}

/** @param {Group} group */
const isDefault = (group) => group.name === "default";

/**
 * The address of a group. Each project has its default group, which is no resource.
 *
 * @param {Group} group
 * @param {Map<string, string>} labels
 */
const idOf = (group, labels) => `${isDefault(group) ? "data." : ""}openstack_networking_secgroup_v2.${labels.get(group.uuid)}.id`;

/**
 * @param {string} head
 * @param {[string, string | number | null][]} values as HCL; null is left out
 */
function block(head, values) {
  const shown = values.filter(([, value]) => value !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  return [`${head} {`, ...shown.map(([name, value]) => `  ${name.padEnd(width)} = ${value}`), "}"].join("\n");
}

/**
 * @param {Group} group
 * @param {Map<string, string>} labels
 */
function groupBlock(group, labels) {
  const label = hclString(String(labels.get(group.uuid)));
  if (isDefault(group)) return block(`data "openstack_networking_secgroup_v2" ${label}`, [["name", hclString(group.name)]]);
  return block(`resource "openstack_networking_secgroup_v2" ${label}`, [
    ["name", hclString(group.name)],
    ["description", group.description ? hclString(group.description) : null],
    ["delete_default_rules", "true"],
  ]);
}

/**
 * @param {Group} group
 * @param {Rule} rule
 * @param {number} index
 * @param {Map<string, string>} labels
 */
function ruleBlock(group, rule, index, labels) {
  const remote = remoteOf(rule);
  if (remote.kind === "unknown") return comment(`Left out: rule ${index + 1} of ${group.name}, whose remote only the cloud knows`);
  const { first, last } = portsOf(rule);
  const protocol = neutronProtocol(rule);
  return block(`resource "openstack_networking_secgroup_rule_v2" ${hclString(`${labels.get(group.uuid)}_rule_${index + 1}`)}`, [
    ["security_group_id", idOf(group, labels)],
    ["direction", hclString(rule.direction)],
    ["ethertype", hclString(rule.ethertype)],
    ["protocol", protocol ? hclString(protocol) : null],
    ["port_range_min", first],
    ["port_range_max", last],
    ["remote_ip_prefix", remote.kind === "cidr" ? hclString(remote.value) : null],
    ["remote_group_id", groupReference(rule, remote, labels)],
    ["remote_address_group_id", remote.kind === "address_group" ? hclString(remote.value) : null],
    ["description", rule.description ? hclString(rule.description) : null],
  ]);
}

/**
 * @param {Rule} rule
 * @param {ReturnType<typeof remoteOf>} remote
 * @param {Map<string, string>} labels
 */
function groupReference(rule, remote, labels) {
  if (remote.kind === "cloud_group") return hclString(remote.value);
  if (remote.kind !== "group") return null;
  const label = labels.get(remote.value);
  if (label) return `openstack_networking_secgroup_v2.${label}.id`;
  return hclString(rule.remote_group_backend_id || remote.value);
}

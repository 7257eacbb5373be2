// Terraform: the resources of terraform-provider-openstack, with references between groups.

import { comment, hclString } from "./escape.js";
import { byTenant, leftOutText, neutronProtocol, neutronRemoteOf, portsOf, tenantText } from "./remotes.js";

/**
 * @typedef {import("./remotes.js").Group} Group
 * @typedef {import("../rules/text.js").Rule} Rule
 */

const HEAD = "These resources create new groups: to take over those in the cloud, import them first.";

/** @param {Group[]} groups */
export function terraformOfGroups(groups) {
  const names = labelsOf(groups);
  const addresses = new Map(groups.map((group) => [group.uuid, idOf(group, names)]));
  const blocks = byTenant(groups).flatMap((ofTenant) => [
    comment(tenantText(ofTenant[0])),
    ...ofTenant.flatMap((group) => [groupBlock(group, names), ...group.rules.map((rule, index) => ruleBlock(group, rule, `${names.get(group.uuid)}_rule_${index + 1}`, addresses))]),
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
 * @param {string} label
 * @param {Map<string, string>} addresses of the groups
 */
function ruleBlock(group, rule, label, addresses) {
  const remote = neutronRemoteOf(rule, addresses);
  if (remote.kind === "unknown") return comment(`Left out: a rule of ${group.name}: ${leftOutText(rule)}`);
  const { first, last } = portsOf(rule);
  const protocol = neutronProtocol(rule);
  return block(`resource "openstack_networking_secgroup_rule_v2" ${hclString(label)}`, [
    ["security_group_id", String(addresses.get(group.uuid))],
    ["direction", hclString(rule.direction)],
    ["ethertype", hclString(rule.ethertype)],
    ["protocol", protocol ? hclString(protocol) : null],
    ["port_range_min", first],
    ["port_range_max", last],
    ["remote_ip_prefix", remote.kind === "cidr" ? hclString(remote.value) : null],
    ["remote_group_id", groupReference(remote, addresses)],
    ["remote_address_group_id", remote.kind === "address_group" ? hclString(remote.value) : null],
    ["description", rule.description ? hclString(rule.description) : null],
  ]);
}

/**
 * @param {ReturnType<typeof neutronRemoteOf>} remote
 * @param {Map<string, string>} addresses of the groups
 */
function groupReference(remote, addresses) {
  if (remote.kind === "group") return String(addresses.get(remote.value));
  return remote.kind === "cloud_group" ? hclString(remote.value) : null;
}

// The `openstack` commands that create groups and their rules, for a POSIX shell.

import { isIcmp } from "../rules/text.js";
import { comment, shellWord } from "./escape.js";
import { byTenant, leftOutText, neutronProtocol, neutronRemoteOf, portsOf, tenantText } from "./remotes.js";

/**
 * @typedef {import("./remotes.js").Group} Group
 * @typedef {import("../rules/text.js").Rule} Rule
 */

const HEAD = "Creates these groups in the project of the credentials (OS_CLOUD). The egress rules that the cloud adds are removed.";

/** @param {Group[]} groups */
export function openstackOfGroups(groups) {
  const variables = new Map(groups.map((group, index) => [group.uuid, `group_${index + 1}`]));
  const parts = byTenant(groups).flatMap((ofTenant) => [
    comment(tenantText(ofTenant[0])),
    ofTenant.map((group) => groupLines(group, variables)).join("\n"),
    ...ofTenant.filter((group) => group.rules.length).map((group) => group.rules.map((rule) => ruleLine(group, rule, variables)).join("\n")),
  ]);
  return `${["#!/bin/sh", comment(HEAD), "set -eu", ...parts].join("\n\n").replace("\n\n#", "\n#")}\n`;
}

/**
 * @param {Group} group
 * @param {Map<string, string>} variables
 */
function groupLines(group, variables) {
  const variable = variables.get(group.uuid);
  if (group.name === "default") return `${variable}=$(openstack security group show -f value -c id default)`;
  const end = group.name.startsWith("-") ? "-- " : "";
  const description = group.description ? ` --description=${shellWord(group.description)}` : "";
  return `${variable}=$(openstack security group create -f value -c id${description} ${end}${shellWord(group.name)})
openstack security group rule list -f value -c ID "$${variable}" | xargs openstack security group rule delete`;
}

/**
 * @param {Group} group
 * @param {Rule} rule
 * @param {Map<string, string>} variables
 */
function ruleLine(group, rule, variables) {
  if (neutronRemoteOf(rule, variables).kind === "unknown") return comment(`Left out: a rule of ${group.name}: ${leftOutText(rule)}`);
  const words = [
    `openstack security group rule create --${rule.direction}`, `--ethertype ${rule.ethertype}`,
    `--protocol ${shellWord(neutronProtocol(rule) || "any")}`, ...portWords(rule), ...remoteWords(rule, variables),
    ...(rule.description ? [`--description=${shellWord(rule.description)}`] : []), `"$${variables.get(group.uuid)}"`,
  ];
  return words.join(" ");
}

/** @param {Rule} rule */
function portWords(rule) {
  const { first, last } = portsOf(rule);
  if (first === null) return [];
  if (isIcmp(rule)) return [`--icmp-type ${first}`, ...(last === null ? [] : [`--icmp-code ${last}`])];
  return [`--dst-port ${last === null || last === first ? first : `${first}:${last}`}`];
}

/**
 * @param {Rule} rule
 * @param {Map<string, string>} variables
 */
function remoteWords(rule, variables) {
  const remote = neutronRemoteOf(rule, variables);
  if (remote.kind === "any") return [`--remote-ip ${rule.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0"}`];
  if (remote.kind === "cidr") return [`--remote-ip ${shellWord(remote.value)}`];
  if (remote.kind === "address_group") return [`--remote-address-group=${shellWord(remote.value)}`];
  if (remote.kind === "cloud_group") return [`--remote-group=${shellWord(remote.value)}`];
  return remote.kind === "group" ? [`--remote-group="$${variables.get(remote.value)}"`] : [];
}

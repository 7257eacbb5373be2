// The remotes of exported rules: a prefix, a group of the same export, another one, or one that only the cloud knows.

import { remoteText } from "../rules/text.js";

/** @typedef {import("../rules/text.js").Rule} Rule */

/**
 * A security group as the API returns it.
 *
 * @typedef {object} Group
 * @property {string} uuid
 * @property {string} name
 * @property {string} description
 * @property {string} backend_id
 * @property {string} state
 * @property {string} service_name
 * @property {string} service_settings_uuid
 * @property {string} customer_name
 * @property {string} customer_uuid
 * @property {string} project_name
 * @property {string} project_uuid
 * @property {string} tenant_name
 * @property {string} tenant_uuid
 * @property {Rule[]} rules
 */

/** The fields of `Group`. */
export const GROUP_FIELDS = [
  "uuid", "name", "description", "backend_id", "state", "service_name", "service_settings_uuid", "customer_name",
  "customer_uuid", "project_name", "project_uuid", "tenant_name", "tenant_uuid", "rules",
];

/**
 * Return the remote of a rule: a CIDR, the UUID of a group, the ID of a group or of an address group in
 * the cloud, or nothing for any address. "unknown" is a remote that nothing refers to.
 *
 * @param {Rule} rule
 * @returns {{kind: "any"} | {kind: "cidr" | "group" | "cloud_group" | "address_group", value: string} | {kind: "unknown"}}
 */
export function remoteOf(rule) {
  const addresses = rule.remote_address_group_backend_id;
  if (typeof addresses === "string") return addresses ? { kind: "address_group", value: addresses } : { kind: "unknown" };
  const { kind, uuid } = remoteText(rule);
  if (kind === "group" && uuid) return { kind: "group", value: uuid };
  if (kind !== "unknown") return rule.cidr ? { kind: "cidr", value: rule.cidr } : { kind: "any" };
  return rule.remote_group_backend_id ? { kind: "cloud_group", value: rule.remote_group_backend_id } : { kind: "unknown" };
}

/**
 * Return the remote as Neutron refers to it: a group outside the export by its ID in the cloud. A group
 * without one is "unknown": a rule that left it out would admit more.
 *
 * @param {Rule} rule with the ID that `withCloudIds` of `export.js` adds
 * @param {Map<string, string>} exported what refers to each group of the export
 */
export function neutronRemoteOf(rule, exported) {
  const remote = remoteOf(rule);
  if (remote.kind !== "group" || exported.has(remote.value)) return remote;
  const id = rule.remote_group_backend_id;
  return id ? { kind: /** @type {const} */ ("cloud_group"), value: id } : { kind: /** @type {const} */ ("unknown") };
}

/**
 * Why a rule is left out.
 *
 * @param {Rule} rule
 */
export function leftOutText(rule) {
  return remoteOf(rule).kind === "group"
    ? `the remote group ${rule.remote_group_name || "of the rule"} is not in the cloud, or you do not see it`
    : "only the cloud knows its remote";
}

/** @param {number | null | undefined} port */
const known = (port) => (port === null || port === undefined || port === -1 ? null : port);

/**
 * Return first and last port, or type and code of ICMP; null is any.
 *
 * @param {Rule} rule
 */
export const portsOf = (rule) => ({ first: known(rule.from_port), last: known(rule.to_port) });

/**
 * Return the protocol as Neutron names it; empty for any.
 *
 * @param {Rule} rule
 */
export const neutronProtocol = ({ protocol, ethertype }) => (protocol === "icmp" && ethertype === "IPv6" ? "ipv6-icmp" : protocol);

/**
 * Return the groups of each tenant, in order.
 *
 * @param {Group[]} groups
 */
export function byTenant(groups) {
  const found = /** @type {Map<string, Group[]>} */ (new Map());
  for (const group of groups) found.set(group.tenant_uuid, [...(found.get(group.tenant_uuid) ?? []), group]);
  return [...found.values()];
}

/** @param {Group} group */
export const tenantText = (group) => `${group.customer_name} / ${group.project_name} / ${group.tenant_name} in ${group.service_name}`;

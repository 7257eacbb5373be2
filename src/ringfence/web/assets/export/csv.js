// CSV: a line for each rule, and one for a group without rules.

import { csvCell } from "./escape.js";
import { portsOf, remoteOf } from "./remotes.js";

/**
 * Return CSV with a header; each column is a name and what it shows of a row.
 *
 * @template T
 * @param {[string, (row: T) => unknown][]} columns
 * @param {T[]} rows
 */
export function csvOf(columns, rows) {
  const lines = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, read]) => read(row)))];
  return lines.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

/** @typedef {{group: import("./remotes.js").Group, rule?: import("../rules/text.js").Rule}} Line */

/** @type {[string, (line: Line) => unknown][]} */
const COLUMNS = [
  ["customer", ({ group }) => group.customer_name],
  ["project", ({ group }) => group.project_name],
  ["tenant", ({ group }) => group.tenant_name],
  ["cloud", ({ group }) => group.service_name],
  ["group", ({ group }) => group.name],
  ["group_description", ({ group }) => group.description],
  ["state", ({ group }) => group.state],
  ["direction", ({ rule }) => rule?.direction],
  ["ethertype", ({ rule }) => rule?.ethertype],
  ["protocol", ({ rule }) => rule && (rule.protocol || "any")],
  ["from_port", ({ rule }) => rule && portsOf(rule).first],
  ["to_port", ({ rule }) => rule && portsOf(rule).last],
  ["remote", ({ rule }) => rule && remoteCell(rule)],
  ["description", ({ rule }) => rule?.description],
  ["group_uuid", ({ group }) => group.uuid],
];

/** @param {import("../rules/text.js").Rule} rule */
function remoteCell(rule) {
  const remote = remoteOf(rule);
  if (remote.kind === "any") return rule.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  if (remote.kind === "cidr") return remote.value;
  if (remote.kind === "unknown") return "unknown";
  if (remote.kind === "address_group") return `address group ${remote.value}`;
  return `group ${rule.remote_group_name || remote.value}`;
}

/** @param {import("./remotes.js").Group[]} groups */
export function csvOfGroups(groups) {
  return csvOf(COLUMNS, groups.flatMap((group) => (group.rules.length ? group.rules.map((rule) => ({ group, rule })) : [{ group }])));
}

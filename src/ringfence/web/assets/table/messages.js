// The messages at cells: what the API says about a value, in the words of the field.

import { useEffect, useMemo, useRef } from "../html.js";
import { isEvery } from "../paste/values.js";
import { familyOf } from "../rules/prefixes.js";
import { hostBitsIn } from "../rules/rows.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {Record<string, string>} Cells */

/** @type {[string, RegExp, (row: Row) => string][]} cell, what the API says, what the cell says */
const MESSAGES = [
  ["end", /hyperlink/, ({ end }) => (end.trim() ? `No group named “${end.trim()}” in this tenant.` : "Enter the name of a group.")],
  ["end", /CIDR format|IPv6 addresses are/, cidrMessage],
  ["ports", /less than or equal to 65535/, () => "Ports are 1 to 65535."],
  ["ports", /range \[1, 65535\]/, () => "Ports are 1 to 65535; for all of them, enter any."],
  ["ports", /range \[-1, 255\]/, () => "ICMP types and codes are 0 to 255."],
  ["ports", /protocol is not specified/, () => "Protocol “Any” has no ports: choose TCP or UDP, or clear this cell."],
  ["ports", /not supported for protocol/, () => "This protocol has no ports: clear this cell, or choose another protocol."],
  ["protocol", /not a valid choice/, ({ protocol }) => (protocol.trim() ? `“${protocol}” is not a protocol: enter a number from 0 to 255.` : "Enter the number of a protocol, 0 to 255.")],
  ["protocol", /protocol of IPv6/, () => "This protocol exists only in IPv6: change the ether type."],
  ["description", /no more than/, ({ description }) => `At most 255 characters; these are ${[...description].length}.`],
  ["whole", /does not have rule with id/, () => "Somebody removed this rule in the meantime: remove the row, or copy it."],
];

/** @param {Row} row */
function cidrMessage({ end, ethertype }) {
  const text = end.trim();
  const example = ethertype === "IPv6" ? "2001:db8::/32" : "10.0.0.0/8";
  if (!text) return `Enter a CIDR, such as ${example}, or choose Anywhere.`;
  if (isEvery(text) || text.toLowerCase() === "anywhere") return "For any address, choose Anywhere.";
  const family = familyOf(text);
  if (family && family !== ethertype) return `${text} is ${family}, but the ether type is ${ethertype}.`;
  return `“${text}” is not an ${ethertype} CIDR: enter one such as ${example}.`;
}

/**
 * Return the messages of a row's cells in the words of the fields.
 *
 * @param {Row} row
 * @param {Cells} [errors] as the API says them
 * @returns {Cells | undefined}
 */
function messagesOf(row, errors) {
  if (!errors) return undefined;
  const found = Object.entries(errors).map(([cell, text]) => {
    const known = MESSAGES.find(([name, pattern]) => name === cell && pattern.test(text));
    return [cell, known ? known[2](row) : text];
  });
  const meant = errors.end && hostBitsIn(row);
  if (meant) found.push(["end", `Covers ${meant.covers}. Which is meant?`]);
  return Object.fromEntries(found);
}

/**
 * Return the rows that repeat another one, with the number of that one. Descriptions do not count.
 *
 * @param {Row[]} rows
 */
function duplicatesOf(rows) {
  const first = new Map();
  /** @type {Map<string, Cells>} */
  const found = new Map();
  rows.forEach(({ key, direction, ethertype, protocol, ports, kind, end, group }, index) => {
    const content = JSON.stringify([direction, ethertype, protocol, ports.trim(), kind, group ?? end.trim()]);
    if (first.has(content)) found.set(key, { whole: `The same as rule ${first.get(content)}: remove one of them.` });
    else first.set(content, index + 1);
  });
  return found;
}

/**
 * Return the messages of each row in the words of the fields. The name of a group that another tenant
 * has, as after a copy, is looked up in this one.
 *
 * @param {Row[]} rows
 * @param {import("../editor/validation.js").Validation} validation
 * @param {any} groups
 * @param {(edit: (rows: Row[]) => Row[]) => void} edit
 */
export function useErrors(rows, validation, { names, resolve, urlOf }, edit) {
  const said = useRef(new WeakMap());
  const isDuplicate = validation.general.startsWith("Duplicate");
  const found = useMemo(() => (isDuplicate ? duplicatesOf(rows) : validation.errors), [isDuplicate && rows, validation.errors]);
  useEffect(() => {
    // Names that were typed before their groups were loaded.
    const isOpen = (/** @type {Row} */ row) => row.kind === "group" && (!row.group || /hyperlink/.test(found.get(row.key)?.end ?? ""));
    const resolved = (/** @type {Row} */ row) => (isOpen(row) ? urlOf(row.end) ?? row.group : row.group);
    const look = () => edit((before) => (before.some((row) => resolved(row) !== row.group) ? before.map((row) => (resolved(row) === row.group ? row : { ...row, group: resolved(row) })) : before));
    look();
    const unknown = rows.filter((row) => row.end && isOpen(row)).map(({ end }) => end);
    if (found.size && unknown.length) resolve(unknown).then(look);
  }, [names, found]);
  const of = (/** @type {Row} */ row) => {
    const errors = found.get(row.key);
    if (!errors) return undefined;
    const known = said.current.get(errors);
    if (known?.row === row) return known.messages;
    const messages = messagesOf(row, errors);
    said.current.set(errors, { row, messages });
    return messages;
  };
  return { found, of };
}

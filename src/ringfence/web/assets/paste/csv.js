// Parses CSV. The header uses the names of Ringfence, of Neutron or of the openstack command.

import { rowsOf } from "./meaning.js";
import { DIRECTIONS, ETHERTYPES } from "./plain.js";
import { ParseError, icmpTypesOf, isAnywhere, isEvery, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";

const COLUMNS = /** @type {Record<string, string>} */ ({
  direction: "direction", ethertype: "ethertype", "ether type": "ethertype", protocol: "protocol", "ip protocol": "protocol",
  port: "ports", ports: "ports", "port range": "ports", from_port: "first", port_range_min: "first",
  to_port: "last", port_range_max: "last", cidr: "prefix", remote_ip_prefix: "prefix", "ip range": "prefix",
  remote_group: "group", remote_group_name: "group", description: "description",
});
const REQUIRED = "is empty: write a value, or any.";

/**
 * Return the columns of a header; null if the line is not a header.
 *
 * @param {string} line
 */
export function headerOf(line) {
  const fields = line.split(",").map((field) => small(field.trim().replaceAll('"', "")));
  const isHeader = fields.length > 1 && fields.some((field) => Object.hasOwn(COLUMNS, field)) && fields.every((field) => /^[a-z_ ]+$/.test(field));
  return isHeader ? fields : null;
}

/**
 * Return the meaning of each column; throw `ParseError` for an unknown or duplicate column.
 *
 * @param {string[]} fields
 */
export function columnsOf(fields) {
  const columns = fields.map((field) => {
    if (!Object.hasOwn(COLUMNS, field)) throw new ParseError(field, `is not a known column. Known columns: ${Object.keys(COLUMNS).join(", ")}.`);
    return COLUMNS[field];
  });
  const duplicate = columns.findIndex((column, index) => columns.indexOf(column) !== index);
  if (duplicate >= 0) throw new ParseError(fields[duplicate], "is a duplicate of another column.");
  const isHalf = columns.includes("first") !== columns.includes("last");
  if (isHalf || (columns.includes("first") && columns.includes("ports"))) {
    throw new ParseError(fields[columns.findIndex((column) => ["first", "last"].includes(column))], "requires the first and the last port in two columns, or both in one column named ports.");
  }
  return columns;
}

/**
 * @param {string} line
 * @param {string[]} columns
 */
export function readCsv(line, columns) {
  const fields = fieldsOf(line);
  if (fields.length !== columns.length) throw new ParseError(fields.at(-1) ?? "", `The line has ${fields.length} fields, but the header has ${columns.length} columns.`);
  const values = /** @type {Record<string, string>} */ (Object.fromEntries(columns.map((column, index) => [column, fields[index]])));
  const protocol = values.protocol ? protocolOf(values.protocol) : missing("protocol");
  const direction = known(values.direction, "direction", DIRECTIONS, "ingress");
  const ethertype = known(values.ethertype, "ethertype", ETHERTYPES, "");
  return rowsOf({ direction, ethertype, opens: [{ protocol, ports: openedBy(values, protocol) }], ends: endsOf(values), described: { column: values.description } });
}

/**
 * @param {string | undefined} value undefined if there is no such column
 * @param {string} column
 * @param {Record<string, string>} words
 * @param {string} fallback
 */
function known(value, column, words, fallback) {
  if (value === undefined) return fallback;
  if (!Object.hasOwn(words, small(value))) throw new ParseError(value || column, `is not a valid ${column}: write ${[...new Set(Object.values(words))].join(" or ")}.`);
  return words[small(value)];
}

/**
 * @param {string} column
 * @returns {never}
 */
function missing(column) {
  throw new ParseError(column, REQUIRED);
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function openedBy({ ports, first, last }, protocol) {
  // Waldur writes any port as -1.
  const isAny = isEvery(ports) || (first === "-1" && last === "-1") || (isEvery(first) && isEvery(last));
  if (isAny) return [""];
  if (isIcmp(protocol)) return icmpTypesIn(ports, first, last);
  if (ports) return portsOf(withoutSpaces(ports));
  if (!first && !last) return null;
  return portsOf(`${first}-${last}`);
}

/**
 * @param {string | undefined} types
 * @param {string | undefined} type
 * @param {string | undefined} code
 */
function icmpTypesIn(types, type, code) {
  if (types) return icmpTypesOf(withoutSpaces(types));
  if (!type && !code) return null;
  return icmpTypesOf(!code || code === "-1" ? type ?? "" : `${type}/${code}`);
}

/**
 * @param {Record<string, string>} values
 * @returns {import("./values.js").End[]}
 */
function endsOf({ prefix, group }) {
  if (prefix && group) throw new ParseError(group, "cannot be combined with a CIDR: a rule has one remote.");
  if (group) return [{ kind: "group", ethertype: "", end: group }];
  if (!prefix) return missing(prefix === undefined && group !== undefined ? "remote_group" : "cidr");
  return isAnywhere(prefix) ? [{ kind: "all", ethertype: "", end: "" }] : prefixesOf(withoutSpaces(prefix));
}

/** Remove the spaces at the commas of a list; they are allowed nowhere else. */
const withoutSpaces = (/** @type {string} */ list) => list.split(",").map((each) => each.trim()).join(",");

/**
 * Split a line into fields (RFC 4180).
 *
 * @param {string} line
 */
function fieldsOf(line) {
  /** @type {string[]} */
  const fields = [];
  let index = 0;
  while (index <= line.length) {
    let start = index;
    while (start < line.length && /\s/.test(line[start])) start += 1;
    if (line[start] === '"') {
      const { field, end } = quotedField(line, start);
      fields.push(field);
      index = end;
    } else {
      const end = line.indexOf(",", index) < 0 ? line.length : line.indexOf(",", index);
      const field = line.slice(index, end).trim();
      if (field.includes('"')) throw new ParseError(field, "contains a quote: quote the whole field, and double the quote inside.");
      fields.push(field);
      index = end + 1;
    }
  }
  return fields;
}

/**
 * @param {string} line
 * @param {number} start of the opening quote
 */
function quotedField(line, start) {
  let field = "";
  for (let index = start + 1; index < line.length; index += 1) {
    if (line[index] !== '"') field += line[index];
    else if (line[index + 1] === '"') field += line[index += 1];
    else {
      const comma = line.indexOf(",", index);
      const after = line.slice(index + 1, comma < 0 ? line.length : comma);
      if (after.trim()) throw new ParseError(after.trim(), "follows the closing quote of its field.");
      return { field: field.trim(), end: comma < 0 ? line.length + 1 : comma + 1 };
    }
  }
  throw new ParseError('"', "is not closed: end the field with a quote.");
}

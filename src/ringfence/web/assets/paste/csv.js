// Rules as CSV: the first line names the columns, in our words, Neutron's or the openstack command's.

import { rowsOf } from "./meaning.js";
import { DIRECTIONS, ETHERTYPES } from "./plain.js";
import { Mistake, icmpTypesOf, isAnywhere, isEvery, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";

const COLUMNS = /** @type {Record<string, string>} */ ({
  direction: "direction", ethertype: "ethertype", "ether type": "ethertype", protocol: "protocol", "ip protocol": "protocol",
  port: "ports", ports: "ports", "port range": "ports", from_port: "first", port_range_min: "first",
  to_port: "last", port_range_max: "last", cidr: "prefix", remote_ip_prefix: "prefix", "ip range": "prefix",
  remote_group: "group", remote_group_name: "group", description: "description",
});
const NEEDED = "is empty, which could mean every one: write the value, or any.";

/**
 * Return the columns of a header; null for a line that is none.
 *
 * @param {string} line
 */
export function headerOf(line) {
  const fields = line.split(",").map((field) => small(field.trim().replaceAll('"', "")));
  const isHeader = fields.length > 1 && fields.some((field) => Object.hasOwn(COLUMNS, field)) && fields.every((field) => /^[a-z_ ]+$/.test(field));
  return isHeader ? fields : null;
}

/**
 * Return what each column is; raise `Mistake` for one that is not known, or that says what another does.
 *
 * @param {string[]} fields
 */
export function columnsOf(fields) {
  const columns = fields.map((field) => {
    if (!Object.hasOwn(COLUMNS, field)) throw new Mistake(field, `is not a column that is known: ${Object.keys(COLUMNS).join(", ")}.`);
    return COLUMNS[field];
  });
  const twice = columns.findIndex((column, place) => columns.indexOf(column) !== place);
  if (twice >= 0) throw new Mistake(fields[twice], "says what another column says.");
  const isHalf = columns.includes("first") !== columns.includes("last");
  if (isHalf || (columns.includes("first") && columns.includes("ports"))) {
    throw new Mistake(fields[columns.findIndex((column) => ["first", "last"].includes(column))], "needs the first and the last port, in two columns, or both in one column ports.");
  }
  return columns;
}

/**
 * @param {string} line
 * @param {string[]} columns
 */
export function readCsv(line, columns) {
  const fields = fieldsOf(line);
  if (fields.length !== columns.length) throw new Mistake(fields.at(-1) ?? "", `The line has ${fields.length} fields, and the first line names ${columns.length} columns.`);
  const values = /** @type {Record<string, string>} */ (Object.fromEntries(columns.map((column, place) => [column, fields[place]])));
  const protocol = values.protocol ? protocolOf(values.protocol) : needed("protocol");
  const direction = known(values.direction, "direction", DIRECTIONS, "ingress");
  const ethertype = known(values.ethertype, "ethertype", ETHERTYPES, "");
  return rowsOf({ direction, ethertype, opens: [{ protocol, ports: openedBy(values, protocol) }], ends: endsOf(values), described: { column: values.description } });
}

/**
 * @param {string | undefined} value undefined where there is no such column
 * @param {string} column
 * @param {Record<string, string>} words
 * @param {string} usual
 */
function known(value, column, words, usual) {
  if (value === undefined) return usual;
  if (!Object.hasOwn(words, small(value))) throw new Mistake(value || column, `is not a value of ${column}: write ${[...new Set(Object.values(words))].join(" or ")}.`);
  return words[small(value)];
}

/**
 * @param {string} column
 * @returns {never}
 */
function needed(column) {
  throw new Mistake(column, NEEDED);
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
  if (prefix && group) throw new Mistake(group, "does not go with an address: a rule has one remote end.");
  if (group) return [{ kind: "group", ethertype: "", end: group }];
  if (!prefix) return needed(prefix === undefined && group !== undefined ? "remote_group" : "cidr");
  return isAnywhere(prefix) ? [{ kind: "all", ethertype: "", end: "" }] : prefixesOf(withoutSpaces(prefix));
}

/** Spaces may stand at the commas of a list, and nowhere else. */
const withoutSpaces = (/** @type {string} */ list) => list.split(",").map((each) => each.trim()).join(",");

/**
 * Split a line at its commas, as RFC 4180 has it.
 *
 * @param {string} line
 */
function fieldsOf(line) {
  /** @type {string[]} */
  const fields = [];
  let place = 0;
  while (place <= line.length) {
    let start = place;
    while (start < line.length && /\s/.test(line[start])) start += 1;
    if (line[start] === '"') {
      const { field, end } = quotedField(line, start);
      fields.push(field);
      place = end;
    } else {
      const end = line.indexOf(",", place) < 0 ? line.length : line.indexOf(",", place);
      const field = line.slice(place, end).trim();
      if (field.includes('"')) throw new Mistake(field, "has a quote inside: put the whole field into quotes, and write a quote twice.");
      fields.push(field);
      place = end + 1;
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
  for (let place = start + 1; place < line.length; place += 1) {
    if (line[place] !== '"') field += line[place];
    else if (line[place + 1] === '"') field += line[place += 1];
    else {
      const comma = line.indexOf(",", place);
      const after = line.slice(place + 1, comma < 0 ? line.length : comma);
      if (after.trim()) throw new Mistake(after.trim(), "stands after the quote that closes its field.");
      return { field: field.trim(), end: comma < 0 ? line.length + 1 : comma + 1 };
    }
  }
  throw new Mistake('"', "is not closed: a quoted field ends with a quote.");
}

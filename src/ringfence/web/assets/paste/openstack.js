// Parses the arguments of "openstack security group rule create".

import { couldBeKeyword } from "./description.js";
import { rowsOf } from "./meaning.js";
import { takeOptions } from "./options.js";
import { ParseError, icmpTypesOf, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { shellWords } from "./words.js";

const COMMAND = ["openstack", "security", "group", "rule", "create"];
const FORM = "is not recognised. Supported arguments: --ingress, --egress, --ethertype, --protocol, --dst-port, --icmp-type, --icmp-code, --remote-ip, --remote-group, --description, and the group.";
const OPTIONS = {
  "--ingress": "-direction", "--egress": "-direction", "--ethertype": "ethertype", "--protocol": "protocol",
  "--dst-port": "ports", "--icmp-type": "type", "--icmp-code": "code", "--remote-ip": "prefix",
  "--remote-group": "group", "--description": "description",
};
const UNSUPPORTED = {
  "--remote-address-group": "is an address group, which is not supported: only the cloud knows its members.",
  "--project": "is not supported: the rules are added to the group in the editor. Remove it.",
};
const ETHERTYPES = /** @type {Record<string, string>} */ ({ ipv4: "IPv4", ipv6: "IPv6" });

/**
 * @param {string} line that begins with openstack, or with an option of the command
 * @returns {{rows: import("../rules/rows.js").Row[], group: string}} `group` is the group that the command names
 */
export function readOpenstack(line) {
  const { words, remark } = shellWords(line);
  const isCommand = words[0] === COMMAND[0];
  const other = isCommand ? COMMAND.find((word, index) => words[index] !== word) : undefined;
  if (other) throw new ParseError(words[COMMAND.indexOf(other)] ?? "", "is not supported: the command must be openstack security group rule create.");
  const { values, rest } = takeOptions(words, isCommand ? COMMAND.length : 0, OPTIONS, { unsupported: UNSUPPORTED, form: FORM });
  const [group = "", more] = rest;
  if (more !== undefined || (group && couldBeKeyword(group))) throw new ParseError(more ?? group, FORM);
  if (values.prefix === undefined && values.group === undefined && !(isCommand && group)) {
    throw new ParseError("", "The line has no remote: add --remote-ip, with 0.0.0.0/0 or ::/0 for all addresses.");
  }
  if (values.protocol === undefined) throw new ParseError("", "The line has no protocol: add --protocol tcp, or --protocol any for all traffic.");
  const protocol = protocolOf(values.protocol);
  const direction = values.direction === "--egress" ? "egress" : "ingress";
  const ethertype = ethertypeOf(values, protocol);
  const described = { comment: values.description, remark };
  const rows = rowsOf({ direction, ethertype, opens: [{ protocol, ports: openedBy(values, protocol) }], ends: endsOf(values), described });
  return { rows, group };
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function ethertypeOf({ ethertype, prefix }, protocol) {
  if (ethertype === undefined) {
    // The command defaults to IPv4 unless the address or the protocol implies IPv6.
    return prefix === undefined && protocol !== "icmpv6" ? "IPv4" : "";
  }
  if (!Object.hasOwn(ETHERTYPES, small(ethertype))) throw new ParseError(ethertype, "is not an IP version: write IPv4 or IPv6.");
  return ETHERTYPES[small(ethertype)];
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function openedBy({ ports, type, code }, protocol) {
  const value = ports ?? type ?? code;
  if (value === undefined) return null;
  if (isIcmp(protocol)) {
    if (ports !== undefined) throw new ParseError(ports, "cannot be combined with ICMP: write --icmp-type.");
    if (type === undefined) throw new ParseError(value, "is a code without a type: add --icmp-type.");
    return icmpTypesOf(code === undefined ? type : `${type}/${code}`);
  }
  if (type !== undefined || code !== undefined) throw new ParseError(type ?? code ?? "", "requires ICMP: write --protocol icmp.");
  return portsOf(value);
}

/**
 * @param {Record<string, string>} values
 * @returns {import("./values.js").End[]}
 */
function endsOf({ prefix, group }) {
  if (prefix !== undefined && group !== undefined) throw new ParseError(group, "cannot be combined with --remote-ip: a rule has one remote.");
  if (prefix !== undefined) return prefixesOf(prefix);
  if (group !== undefined) return [{ kind: "group", ethertype: "", end: group }];
  return [{ kind: "all", ethertype: "", end: "" }];
}

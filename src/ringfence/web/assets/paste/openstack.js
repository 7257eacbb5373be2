// The arguments of "openstack security group rule create".

import { couldBePart } from "./description.js";
import { rowsOf } from "./meaning.js";
import { takeOptions } from "./options.js";
import { Mistake, icmpTypesOf, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { shellWords } from "./words.js";

const COMMAND = ["openstack", "security", "group", "rule", "create"];
const FORM = "is not understood here: the arguments that are read are --ingress, --egress, --ethertype, --protocol, --dst-port, --icmp-type, --icmp-code, --remote-ip, --remote-group, --description and the group.";
const OPTIONS = {
  "--ingress": "-way", "--egress": "-way", "--ethertype": "ethertype", "--protocol": "protocol",
  "--dst-port": "ports", "--icmp-type": "type", "--icmp-code": "code", "--remote-ip": "prefix",
  "--remote-group": "group", "--description": "description",
};
const REFUSED = {
  "--remote-address-group": "names an address group, whose members are known to the cloud alone: it is not read here.",
  "--project": "names a project, and the rules are for the group that is open here: remove it.",
};
const ETHERTYPES = /** @type {Record<string, string>} */ ({ ipv4: "IPv4", ipv6: "IPv6" });

/**
 * @param {string} line that begins with openstack, or with an option of the command
 * @returns {{rows: import("../rows.js").Row[], group: string}} `group` is the one that the line is for
 */
export function readOpenstack(line) {
  const { words, remark } = shellWords(line);
  const isCommand = words[0] === COMMAND[0];
  const other = isCommand ? COMMAND.find((word, place) => words[place] !== word) : undefined;
  if (other) throw new Mistake(words[COMMAND.indexOf(other)] ?? "", "is not read: the command is openstack security group rule create.");
  const { values, rest } = takeOptions(words, isCommand ? COMMAND.length : 0, OPTIONS, { refused: REFUSED, form: FORM });
  const [group = "", more] = rest;
  if (more !== undefined || (group && couldBePart(group))) throw new Mistake(more ?? group, FORM);
  if (values.prefix === undefined && values.group === undefined && !(isCommand && group)) {
    throw new Mistake("", "The line names no remote end: add --remote-ip, with 0.0.0.0/0 or ::/0 for every address.");
  }
  if (values.protocol === undefined) throw new Mistake("", "The line names no protocol: add --protocol tcp, or --protocol any for everything.");
  const protocol = protocolOf(values.protocol);
  const direction = values.way === "--egress" ? "egress" : "ingress";
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
    // The command takes IPv4 where neither the address nor the protocol says otherwise.
    return prefix === undefined && protocol !== "icmpv6" ? "IPv4" : "";
  }
  if (!Object.hasOwn(ETHERTYPES, small(ethertype))) throw new Mistake(ethertype, "is not an IP version: write IPv4 or IPv6.");
  return ETHERTYPES[small(ethertype)];
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function openedBy({ ports, type, code }, protocol) {
  const said = ports ?? type ?? code;
  if (said === undefined) return null;
  if (isIcmp(protocol)) {
    if (ports !== undefined) throw new Mistake(ports, "does not go with ICMP: write --icmp-type.");
    if (type === undefined) throw new Mistake(said, "is a code without its type: add --icmp-type.");
    return icmpTypesOf(code === undefined ? type : `${type}/${code}`);
  }
  if (type !== undefined || code !== undefined) throw new Mistake(type ?? code ?? "", "belongs to ICMP: write --protocol icmp.");
  return portsOf(said);
}

/**
 * @param {Record<string, string>} values
 * @returns {import("./values.js").End[]}
 */
function endsOf({ prefix, group }) {
  if (prefix !== undefined && group !== undefined) throw new Mistake(group, "does not go with --remote-ip: a rule has one remote end.");
  if (prefix !== undefined) return prefixesOf(prefix);
  if (group !== undefined) return [{ kind: "group", ethertype: "", end: group }];
  return [{ kind: "all", ethertype: "", end: "" }];
}

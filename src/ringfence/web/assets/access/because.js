// The reasons of verdicts in words, by the codes of the API.

import { own } from "../own.js";

/** @type {Record<string, string>} */
const REASONS = {
  NO_GROUPS: "The port has no security group.",
  STATELESS: "A group is stateless, so the reply is judged as well.",
  ALWAYS_ADMITTED: "Neutron always admits this, whatever the rules are.",
  NEVER_ADMITTED: "Neutron never admits this, whatever the rules are.",
  PORT_SECURITY_OFF: "The port has no port security: no rules apply.",
  NETWORK_PORT: "The port belongs to the network: no rules apply.",
  NO_COMMON_ETHERTYPE: "One end has IPv4 addresses only, the other IPv6 addresses only.",
  GROUPS_NOT_KNOWN: "The port has a group that was not read, or that you do not see. Pull its tenant, or ask somebody who sees it.",
  REMOTE_GROUP_NOT_KNOWN: "The members of a remote group are not all known. Pull the tenant, or ask somebody who sees them.",
  ADDRESS_GROUP_NOT_KNOWN: "The addresses of an address group are not known.",
  ADDRESSES_NOT_KNOWN: "Addresses of a port are not known. Pull the tenant.",
  RULE_NOT_READABLE: "A rule in the cloud cannot be read.",
  PARTS_MAY_DIFFER: "Both ends admit a part, perhaps not the same one. Ask for one port or address.",
  TOO_COMPLEX: "The rules are too many to be compared.",
  DRIVERS_DIFFER: "Neutron's firewall drivers differ here, and the cloud's driver is not known.",
  ADDRESS_PAIRS: "Address pairs of a port decide.",
  OWN_ADDRESS: "Both ends are the same port.",
  PORTS_OF_PROTOCOL: "A rule gives ports to a protocol whose ports not every driver matches.",
  PROTOCOL_ZERO: "A rule is for protocol 0, which drivers read differently.",
  ICMP_OF_OTHER_ETHERTYPE: "A rule is for ICMP of the other ethertype, which drivers read differently.",
  ICMP_TYPE_255: "A rule is for ICMP type 255, which drivers read differently.",
  ADDRESS_GROUP_MAY_BE_IGNORED: "The driver may ignore the address group of a rule.",
  STATELESS_MAY_BE_IGNORED: "The driver may treat a stateless group as stateful.",
};

/** @param {string} code */
export const reasonText = (code) => own(REASONS, code) ?? code;

/**
 * Return the reasons that say more than the rules that are listed.
 *
 * @param {string[]} codes
 */
export const notableReasons = (codes) => codes.filter((code) => own(REASONS, code)).map(reasonText);

// Parses rules of iptables: "-A INPUT -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT".

import { own } from "../own.js";
import { rowsOf } from "./meaning.js";
import { takeOptions } from "./options.js";
import { ParseError, icmpTypesOf, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { shellWords } from "./words.js";

const FORM = "is not recognised. Supported form: -A INPUT -p PROTOCOL -s ADDRESS --dport PORTS -j ACCEPT, with the matches multiport, comment, state and conntrack.";
const NO_INTERFACE = "is an interface, which a security group rule cannot match.";
const NO_SENDER = "is a source port, which a security group rule cannot match.";
const ALLOWS = "is not supported: security group rules can only allow. Remove the line.";
const OPTIONS = {
  "-A": "chain", "--append": "chain", "-I": "chain", "--insert": "chain", "-t": "table", "--table": "table",
  "-p": "protocol", "--protocol": "protocol", "--proto": "protocol", "-s": "source", "--source": "source", "--src": "source",
  "-d": "destination", "--destination": "destination", "--dst": "destination",
  "--dport": "ports", "--destination-port": "ports", "--dports": "ports", "--destination-ports": "ports",
  "--icmp-type": "types", "--icmpv6-type": "types", "--state": "states", "--ctstate": "states",
  "--comment": "comment", "-j": "target", "--jump": "target",
};
const UNSUPPORTED = {
  "!": "is a negation, which a security group rule cannot express.",
  "-i": NO_INTERFACE, "--in-interface": NO_INTERFACE, "-o": NO_INTERFACE, "--out-interface": NO_INTERFACE,
  "--sport": NO_SENDER, "--sports": NO_SENDER, "--source-port": NO_SENDER, "--source-ports": NO_SENDER,
  "--port": NO_SENDER, "--ports": NO_SENDER,
};
const PROGRAMS = /** @type {Record<string, string>} */ ({ iptables: "IPv4", ip6tables: "IPv6" });
const CHAINS = /** @type {Record<string, string>} */ ({ INPUT: "ingress", OUTPUT: "egress" });
const MATCHES = new Set(["multiport", "comment", "state", "conntrack"]);
const TYPES = /** @type {Record<string, Record<string, string>>} */ ({
  icmp: { "echo-request": "8", "echo-reply": "0" }, icmpv6: { "echo-request": "128", "echo-reply": "129" },
});

/** @param {string} line that begins with iptables, ip6tables or an option of theirs */
export function readIptables(line) {
  const { words, remark } = shellWords(line);
  const start = words[0] === "sudo" ? 1 : 0;
  const program = own(PROGRAMS, words[start]) ?? "";
  const { matches, others } = withoutMatches(words.slice(program ? start + 1 : start));
  const { values, rest } = takeOptions(others, 0, OPTIONS, { unsupported: UNSUPPORTED, form: FORM });
  // "-I INPUT 1": the position of the rule does not change what it allows.
  if (rest.length === 1 && /^\d+$/.test(rest[0]) && isInserted(others, rest[0])) rest.pop();
  if (rest.length) throw new ParseError(rest[0], FORM);
  const direction = directionOf(values);
  checkTarget(values);
  if (values.protocol === undefined) throw new ParseError(values.chain, "has no protocol: add -p tcp, or -p all for any protocol.");
  const protocol = protocolOf(values.protocol);
  checkMatches(matches, protocol);
  const opens = [{ protocol, ports: openedBy(values, protocol) }];
  const ends = endsOf(values, direction, program || (protocol === "icmpv6" ? "IPv6" : "IPv4"));
  return rowsOf({ direction, ethertype: program, opens, ends, described: { comment: values.comment, remark } });
}

/** @param {string[]} words */
function withoutMatches(words) {
  const matches = [];
  const others = [];
  for (let index = 0; index < words.length; index += 1) {
    const isMatch = words[index] === "-m" || words[index] === "--match";
    if (isMatch && words[index + 1] === undefined) throw new ParseError(words[index], "requires a value.");
    if (isMatch) matches.push(words[index += 1]);
    else others.push(words[index]);
  }
  return { matches, others };
}

/**
 * @param {string[]} words
 * @param {string} number
 */
function isInserted(words, number) {
  const index = words.indexOf(number);
  return index >= 2 && (words[index - 2] === "-I" || words[index - 2] === "--insert");
}

/** @param {Record<string, string>} values */
function directionOf({ chain, table = "filter", source, destination }) {
  if (table !== "filter") throw new ParseError(table, "is not the filter table, the only one that is supported.");
  if (chain === undefined) throw new ParseError("", "The line has no chain: add -A INPUT for ingress, -A OUTPUT for egress.");
  const direction = own(CHAINS, chain);
  if (direction === undefined) throw new ParseError(chain, "is not supported: use INPUT for ingress, OUTPUT for egress.");
  const inner = chain === "INPUT" ? destination : source;
  if (inner !== undefined) throw new ParseError(inner, "is the address of the instance, which a security group rule cannot match.");
  return direction;
}

/** @param {Record<string, string>} values */
function checkTarget({ target, states }) {
  if (target === undefined) throw new ParseError("", "The line has no target: add -j ACCEPT.");
  if (target !== "ACCEPT") throw new ParseError(target, ["DROP", "REJECT"].includes(target) ? ALLOWS : "is not supported: the only target is ACCEPT.");
  const named = states?.split(",") ?? ["NEW"];
  const isKnown = named.every((each) => ["NEW", "ESTABLISHED", "RELATED"].includes(each));
  if (!isKnown || !named.includes("NEW")) throw new ParseError(states, "is not supported: security groups are stateful, and their rules match NEW connections.");
}

/**
 * @param {string[]} matches
 * @param {string} protocol
 */
function checkMatches(matches, protocol) {
  const named = protocol === "icmpv6" ? ["icmp6", "icmpv6"] : [protocol];
  const wrong = matches.find((each) => !MATCHES.has(each) && !named.includes(small(each)));
  if (wrong !== undefined) throw new ParseError(wrong, FORM);
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function openedBy({ ports, types }, protocol) {
  if (ports !== undefined && types !== undefined) throw new ParseError(types, "cannot be combined with ports.");
  if (types === undefined) return ports === undefined ? null : portsOf(ports);
  if (!isIcmp(protocol)) throw new ParseError(types, "requires ICMP: write -p icmp.");
  return icmpTypesOf(own(TYPES[protocol], types) ?? types);
}

/**
 * @param {Record<string, string>} values
 * @param {string} direction
 * @param {string} family the IP version of a rule without an address
 * @returns {import("./values.js").End[]}
 */
function endsOf({ source, destination }, direction, family) {
  const remote = direction === "egress" ? destination : source;
  if (remote !== undefined) return prefixesOf(remote);
  return [{ kind: "all", ethertype: family === "IPv6" ? "IPv6" : "IPv4", end: "" }];
}

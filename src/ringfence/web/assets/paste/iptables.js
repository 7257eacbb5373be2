// Rules as iptables has them: "-A INPUT -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT".

import { own } from "../own.js";
import { rowsOf } from "./meaning.js";
import { takeOptions } from "./options.js";
import { Mistake, icmpTypesOf, isIcmp, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { shellWords } from "./words.js";

const FORM = "is not understood here: a rule of iptables is read as -A INPUT -p PROTOCOL -s ADDRESS --dport PORTS -j ACCEPT, with the matches multiport, comment, state and conntrack.";
const NO_INTERFACE = "names an interface, and a rule of a security group has none.";
const NO_SENDER = "is the port of the sender, which a rule of a security group cannot say.";
const ALLOWS = "is not possible: a rule of a security group only allows. Remove the line.";
const OPTIONS = {
  "-A": "chain", "--append": "chain", "-I": "chain", "--insert": "chain", "-t": "table", "--table": "table",
  "-p": "protocol", "--protocol": "protocol", "--proto": "protocol", "-s": "source", "--source": "source", "--src": "source",
  "-d": "destination", "--destination": "destination", "--dst": "destination",
  "--dport": "ports", "--destination-port": "ports", "--dports": "ports", "--destination-ports": "ports",
  "--icmp-type": "types", "--icmpv6-type": "types", "--state": "states", "--ctstate": "states",
  "--comment": "comment", "-j": "target", "--jump": "target",
};
const REFUSED = {
  "!": "turns the meaning around, which a rule of a security group cannot say.",
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
  const { values, rest } = takeOptions(others, 0, OPTIONS, { refused: REFUSED, form: FORM });
  // "-I INPUT 1": where the rule is put says nothing of what it admits.
  if (rest.length === 1 && /^\d+$/.test(rest[0]) && isInserted(others, rest[0])) rest.pop();
  if (rest.length) throw new Mistake(rest[0], FORM);
  const direction = directionOf(values);
  checkTarget(values);
  if (values.protocol === undefined) throw new Mistake(values.chain, "has no protocol: add -p tcp, or -p all for everything.");
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
  for (let place = 0; place < words.length; place += 1) {
    const isMatch = words[place] === "-m" || words[place] === "--match";
    if (isMatch && words[place + 1] === undefined) throw new Mistake(words[place], "needs a value after it.");
    if (isMatch) matches.push(words[place += 1]);
    else others.push(words[place]);
  }
  return { matches, others };
}

/**
 * @param {string[]} words
 * @param {string} number
 */
function isInserted(words, number) {
  const place = words.indexOf(number);
  return place >= 2 && (words[place - 2] === "-I" || words[place - 2] === "--insert");
}

/** @param {Record<string, string>} values */
function directionOf({ chain, table = "filter", source, destination }) {
  if (table !== "filter") throw new Mistake(table, "is another table than filter, which says who gets in.");
  if (chain === undefined) throw new Mistake("", "The line names no chain: add -A INPUT for what comes in, -A OUTPUT for what goes out.");
  const way = own(CHAINS, chain);
  if (way === undefined) throw new Mistake(chain, "is not read: INPUT is what comes in, OUTPUT what goes out.");
  const inner = chain === "INPUT" ? destination : source;
  if (inner !== undefined) throw new Mistake(inner, "is the address of the instance itself, which a rule of a security group cannot say.");
  return way;
}

/** @param {Record<string, string>} values */
function checkTarget({ target, states }) {
  if (target === undefined) throw new Mistake("", "The line does not say what is done: add -j ACCEPT.");
  if (target !== "ACCEPT") throw new Mistake(target, ["DROP", "REJECT"].includes(target) ? ALLOWS : "is not read: only ACCEPT is a rule of a security group.");
  const named = states?.split(",") ?? ["NEW"];
  const isKnown = named.every((each) => ["NEW", "ESTABLISHED", "RELATED"].includes(each));
  if (!isKnown || !named.includes("NEW")) throw new Mistake(states, "is not needed, or not possible: a security group lets the replies of a connection through by itself, and its rules are for NEW ones.");
}

/**
 * @param {string[]} matches
 * @param {string} protocol
 */
function checkMatches(matches, protocol) {
  const named = protocol === "icmpv6" ? ["icmp6", "icmpv6"] : [protocol];
  const wrong = matches.find((each) => !MATCHES.has(each) && !named.includes(small(each)));
  if (wrong !== undefined) throw new Mistake(wrong, FORM);
}

/**
 * @param {Record<string, string>} values
 * @param {string} protocol
 */
function openedBy({ ports, types }, protocol) {
  if (ports !== undefined && types !== undefined) throw new Mistake(types, "does not go with ports.");
  if (types === undefined) return ports === undefined ? null : portsOf(ports);
  if (!isIcmp(protocol)) throw new Mistake(types, "belongs to ICMP: write -p icmp.");
  return icmpTypesOf(own(TYPES[protocol], types) ?? types);
}

/**
 * @param {Record<string, string>} values
 * @param {string} direction
 * @param {string} family what a rule without an address is of
 * @returns {import("./values.js").End[]}
 */
function endsOf({ source, destination }, direction, family) {
  const remote = direction === "egress" ? destination : source;
  if (remote !== undefined) return prefixesOf(remote);
  return [{ kind: "all", ethertype: family === "IPv6" ? "IPv6" : "IPv4", end: "" }];
}

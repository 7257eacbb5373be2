// Parses rules of ufw: "ufw allow 22/tcp", "allow from 10.0.0.0/8 to any port 22 proto tcp".

import { own } from "../own.js";
import { rowsOf } from "./meaning.js";
import { takeOpens, takePrefixWords } from "./plain.js";
import { ParseError, hasPorts, isAnywhere, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { Words, shellWords } from "./words.js";

const CLAUSES = ["from", "to", "proto", "comment"];
const UNSUPPORTED = /** @type {Record<string, string>} */ ({
  deny: "is not supported: security group rules can only allow. Remove the line.",
  reject: "is not supported: security group rules can only allow. Remove the line.",
  limit: "is not supported: security groups do not limit connection rates. Write allow instead.",
  on: "is an interface, which a security group rule cannot match.",
});
const FORM = "is not recognised. Supported forms: allow [in|out] PORTS/PROTOCOL, allow proto PROTOCOL from ADDRESS to any port PORTS.";

/**
 * @typedef {object} Clauses
 * @property {string} [protocol]
 * @property {string} [from]
 * @property {string} [to]
 * @property {string} [fromPort]
 * @property {string} [toPort]
 * @property {string} [comment]
 */

/** @param {string} line that begins with ufw, or with one of its verbs */
export function readUfw(line) {
  const { words: split, remark } = shellWords(line);
  const words = new Words(split);
  words.takeIf("sudo");
  const isCommand = words.takeIf("ufw");
  const verb = words.take("The line ends before allow.");
  if (small(verb) !== "allow") throw new ParseError(verb, own(UNSUPPORTED, small(verb)) ?? FORM);
  const prefix = takePrefixWords(words);
  const direction = prefix.direction || "ingress";
  const isOpened = words.next !== undefined && !CLAUSES.includes(small(words.next));
  const unsupported = isOpened ? own(UNSUPPORTED, small(words.next)) : undefined;
  if (unsupported) throw new ParseError(words.next ?? "", unsupported);
  // A protocol without ports is short for "proto PROTOCOL".
  const named = isOpened && isProtocolAlone(words) ? { protocol: words.take("") } : {};
  const opened = isOpened && !("protocol" in named) ? takeOpens(words) : null;
  const clauses = takeClauses(words, named);
  if (clauses.fromPort !== undefined) throw new ParseError(clauses.fromPort, `is a source port, which a security group rule cannot match: write ${direction === "egress" ? "to ADDRESS" : "to any"} port.`);
  const opens = opened ?? [opensOf(clauses)];
  if (opened && (clauses.protocol !== undefined || clauses.toPort !== undefined)) {
    throw new ParseError(clauses.protocol ?? clauses.toPort ?? "", "repeats what the line already says.");
  }
  const ends = endsOf(clauses, direction, isCommand);
  return rowsOf({ direction, ethertype: prefix.ethertype, opens, ends, described: { comment: clauses.comment, remark } });
}

/** @param {Words} words */
function isProtocolAlone(words) {
  const following = small(words.words[words.position + 1]);
  return CLAUSES.includes(following) && /^[a-z][a-z\d-]*$/i.test(words.next ?? "") && isProtocol(words.next ?? "");
}

/** @param {string} word */
function isProtocol(word) {
  try {
    return protocolOf(word) !== undefined;
  } catch {
    return false;
  }
}

/**
 * @param {Words} words
 * @param {Clauses} clauses
 */
function takeClauses(words, clauses) {
  while (words.next !== undefined) {
    const word = words.take("");
    const name = small(word);
    if (!CLAUSES.includes(name)) throw new ParseError(word, own(UNSUPPORTED, name) ?? FORM);
    const part = /** @type {"from" | "to" | "protocol" | "comment"} */ (name === "proto" ? "protocol" : name);
    if (clauses[part] !== undefined) throw new ParseError(word, "is duplicated in the line.");
    clauses[part] = part === "comment" ? words.take("The line ends before the comment.") : words.takeList(`The line ends after ${name}.`);
    if ((part === "from" || part === "to") && words.takeIf("port")) {
      clauses[part === "from" ? "fromPort" : "toPort"] = words.takeList("The line ends before the port.");
    }
  }
  return clauses;
}

/** @param {Clauses} clauses */
function opensOf({ protocol, toPort }) {
  if (protocol === undefined) {
    throw new ParseError(toPort ?? "", toPort === undefined ? "The line has no protocol and ports: add port 22 proto tcp, or proto any for all traffic." : "is a port without a protocol: add proto tcp or proto udp.");
  }
  const known = protocolOf(protocol);
  if (toPort === undefined) return { protocol: known, ports: null };
  const ports = isAnywhere(toPort) && hasPorts(known) ? [""] : portsOf(toPort);
  return { protocol: known, ports };
}

/**
 * @param {Clauses} clauses
 * @param {string} direction
 * @param {boolean} isCommand ufw itself takes a rule without an address as one from anywhere
 * @returns {import("./values.js").End[]}
 */
function endsOf({ from, to }, direction, isCommand) {
  const [remote, inner] = direction === "egress" ? [to, from] : [from, to];
  if (inner !== undefined && !isAnywhere(inner)) {
    throw new ParseError(inner, "is the address of the instance, which a security group rule cannot match: write any.");
  }
  if (remote === undefined && !isCommand) {
    throw new ParseError("", `The line has no ${direction === "egress" ? "destination" : "source"}: add an address, or any for all addresses.`);
  }
  if (remote === undefined || isAnywhere(remote)) return [{ kind: "all", ethertype: "", end: "" }];
  return prefixesOf(remote);
}

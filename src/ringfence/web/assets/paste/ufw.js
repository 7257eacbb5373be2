// Rules as ufw has them: "ufw allow 22/tcp", "allow from 10.0.0.0/8 to any port 22 proto tcp".

import { own } from "../own.js";
import { rowsOf } from "./meaning.js";
import { takeOpens, takeSpelt } from "./plain.js";
import { Mistake, hasPorts, isAnywhere, portsOf, prefixesOf, protocolOf, small } from "./values.js";
import { Words, shellWords } from "./words.js";

const CLAUSES = ["from", "to", "proto", "comment"];
const REFUSED = /** @type {Record<string, string>} */ ({
  deny: "is not possible: a rule of a security group only allows. Remove the line.",
  reject: "is not possible: a rule of a security group only allows. Remove the line.",
  limit: "is not possible: a security group does not count connections. Write allow to let all of them in.",
  on: "names an interface, and a rule of a security group has none.",
});
const FORM = "is not understood here: a rule of ufw is read as allow [in|out] PORTS/PROTOCOL, or allow proto PROTOCOL from ADDRESS to any port PORTS.";

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
  if (small(verb) !== "allow") throw new Mistake(verb, own(REFUSED, small(verb)) ?? FORM);
  const spelt = takeSpelt(words);
  const direction = spelt.direction || "ingress";
  const isOpened = words.next !== undefined && !CLAUSES.includes(small(words.next));
  const refused = isOpened ? own(REFUSED, small(words.next)) : undefined;
  if (refused) throw new Mistake(words.next ?? "", refused);
  // A protocol alone is "proto" without the word.
  const named = isOpened && isProtocolAlone(words) ? { protocol: words.take("") } : {};
  const opened = isOpened && !("protocol" in named) ? takeOpens(words) : null;
  const clauses = takeClauses(words, named);
  if (clauses.fromPort !== undefined) throw new Mistake(clauses.fromPort, `is the port of the sender, which a rule of a security group cannot say: write ${direction === "egress" ? "to ADDRESS" : "to any"} port.`);
  const opens = opened ?? [opensOf(clauses)];
  if (opened && (clauses.protocol !== undefined || clauses.toPort !== undefined)) {
    throw new Mistake(clauses.protocol ?? clauses.toPort ?? "", "says again what the line has said already.");
  }
  const ends = endsOf(clauses, direction, isCommand);
  return rowsOf({ direction, ethertype: spelt.ethertype, opens, ends, described: { comment: clauses.comment, remark } });
}

/** @param {Words} words */
function isProtocolAlone(words) {
  const following = small(words.words[words.place + 1]);
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
    if (!CLAUSES.includes(name)) throw new Mistake(word, own(REFUSED, name) ?? FORM);
    const part = /** @type {"from" | "to" | "protocol" | "comment"} */ (name === "proto" ? "protocol" : name);
    if (clauses[part] !== undefined) throw new Mistake(word, "stands in the line twice.");
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
    throw new Mistake(toPort ?? "", toPort === undefined ? "The line does not say what is opened: add port 22 proto tcp, or proto any for everything." : "is a port without its protocol: add proto tcp or proto udp.");
  }
  const known = protocolOf(protocol);
  if (toPort === undefined) return { protocol: known, ports: null };
  const ports = isAnywhere(toPort) && hasPorts(known) ? [""] : portsOf(toPort);
  return { protocol: known, ports };
}

/**
 * @param {Clauses} clauses
 * @param {string} direction
 * @param {boolean} isCommand ufw itself takes a rule without an address for one from anywhere
 * @returns {import("./values.js").End[]}
 */
function endsOf({ from, to }, direction, isCommand) {
  const [remote, inner] = direction === "egress" ? [to, from] : [from, to];
  if (inner !== undefined && !isAnywhere(inner)) {
    throw new Mistake(inner, "is the address of the instance itself, which a rule of a security group cannot say: write any.");
  }
  if (remote === undefined && !isCommand) {
    throw new Mistake("", `The line does not say ${direction === "egress" ? "to" : "from"} where: add an address, or any for every address.`);
  }
  if (remote === undefined || isAnywhere(remote)) return [{ kind: "all", ethertype: "", end: "" }];
  return prefixesOf(remote);
}

// Pasted text as rules. Each line has one reading, in which every word is used, or it is a mistake.

import { columnsOf, headerOf, readCsv } from "./csv.js";
import { readIptables } from "./iptables.js";
import { MOST_RULES } from "./meaning.js";
import { readOpenstack } from "./openstack.js";
import { readPlain } from "./plain.js";
import { readUfw } from "./ufw.js";
import { Mistake, hasPorts, isEvery, protocolIn, small } from "./values.js";

/** @typedef {import("../rows.js").Row} Row */

/**
 * @typedef {object} Wrong
 * @property {number} line counted from 1
 * @property {string} text of the line
 * @property {string} word that was not understood; empty where something is missing
 * @property {string} message
 */

// As much as a request may hold (RINGFENCE_BODY_BYTES), and a line with its description.
const LONGEST_TEXT = 256 * 1024;
const LONGEST_LINE = 4096;
const COMMANDS = new Set(["iptables", "ip6tables"]);
const VERBS = new Set(["ufw", "allow"]);
// Letters that are not seen could hide what a line says; a tab is a space. U+2800 is drawn empty.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Whether a text is worth being read as rules, rather than as what belongs into one cell. */
export const isMany = (/** @type {string} */ text) => text.trim().includes("\n");

/**
 * Read rules out of a text. Nothing is to be added while there is a mistake.
 *
 * @param {string} text
 * @param {Row} [row] what a line of addresses alone is like: the row that it is pasted into
 * @returns {{rows: Row[], mistakes: Wrong[]}}
 */
export function readRules(text, row) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Wrong[]} */
  const mistakes = [];
  if (text.length > LONGEST_TEXT) return { rows, mistakes: [wrongAt(1, "", new Mistake("", "This is too long to be read: paste it in parts."))] };
  const state = { columns: /** @type {string[] | null} */ (null), isFirst: true, group: "", like: row && likeOf(row) };
  text.split(/\r\n|\r|\n/).forEach((given, place) => {
    const line = given.trim();
    if (!line || line.startsWith("#")) return;
    try {
      rows.push(...readLine(line, state));
      if (rows.length > MOST_RULES) throw new Mistake("", `At most ${MOST_RULES} rules are read at once: paste this in parts.`);
    } catch (problem) {
      if (!(problem instanceof Mistake)) throw problem;
      if (rows.length > MOST_RULES) rows.length = 0;
      mistakes.push(wrongAt(place + 1, line, problem));
    }
    state.isFirst = false;
  });
  return { rows, mistakes };
}

/**
 * @param {string} line
 * @param {{columns: string[] | null, isFirst: boolean, group: string, like?: import("./plain.js").Like | Mistake}} state
 * @returns {Row[]}
 */
function readLine(line, state) {
  if (line.length > LONGEST_LINE) throw new Mistake("", `The line is longer than ${LONGEST_LINE} characters.`);
  const unseen = UNSEEN.exec(line.replaceAll("\t", " "));
  if (unseen) throw new Mistake(`U+${(unseen[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`, "is a character that is not seen: type the line anew.");
  const header = state.isFirst ? headerOf(line) : null;
  if (header) {
    state.columns = [];
    state.columns = columnsOf(header);
    return [];
  }
  if (state.columns) return state.columns.length ? readCsv(line, state.columns) : [];
  return readCommand(line, state);
}

/**
 * @param {string} line
 * @param {{group: string, like?: import("./plain.js").Like | Mistake}} state
 */
function readCommand(line, state) {
  const [first, second = ""] = line.split(/\s+/, 2).map(small);
  const begin = first === "sudo" ? second : first;
  if (VERBS.has(begin)) return readUfw(line);
  if (COMMANDS.has(begin) || /^-[a-z!]/.test(begin)) return readIptables(line);
  if (begin === "openstack" || begin.startsWith("--")) return readFor(line, state);
  return readPlain(line, state.like);
}

/**
 * @param {string} line
 * @param {{group: string}} state
 */
function readFor(line, state) {
  const isIptables = /^--(append|insert|table|match|jump)(=|$)/.test(line.split(/\s+/, 1)[0]);
  if (isIptables) return readIptables(line);
  const { rows, group } = readOpenstack(line);
  if (group && state.group && group !== state.group) {
    throw new Mistake(group, `is another group than ${state.group}, which a line above is for: paste the lines of one group at a time.`);
  }
  state.group ||= group;
  return rows;
}

/**
 * @param {Row} row
 * @returns {import("./plain.js").Like | Mistake}
 */
function likeOf(row) {
  const named = protocolIn(row.protocol);
  const protocol = named === "icmp" && row.ethertype === "IPv6" ? "icmpv6" : named;
  const ports = isEvery(row.ports.trim()) ? "" : row.ports.trim();
  // Ports that nobody filled in are not "any".
  if (!row.ports.trim() && hasPorts(protocol)) {
    return new Mistake("", "The rule that these addresses are pasted into has no ports yet: fill them in first, or write any.");
  }
  return { direction: row.direction, opens: { protocol, ports: [ports] }, description: row.description };
}

/**
 * @param {number} line
 * @param {string} text
 * @param {Mistake} mistake
 * @returns {Wrong}
 */
function wrongAt(line, text, { word, message }) {
  const isOfWord = word !== "" && /^[a-z]/.test(message);
  return { line, text, word, message: isOfWord ? `“${word}” ${message}` : message };
}

// Parses pasted text into rules. A line is either parsed completely, with every word used, or an error.

import { columnsOf, headerOf, readCsv } from "./csv.js";
import { readIptables } from "./iptables.js";
import { MAX_RULES } from "./meaning.js";
import { readOpenstack } from "./openstack.js";
import { readPlain } from "./plain.js";
import { readUfw } from "./ufw.js";
import { ParseError, hasPorts, isEvery, protocolIn, small } from "./values.js";

/** @typedef {import("../rules/rows.js").Row} Row */

/**
 * @typedef {object} LineError
 * @property {number} line counted from 1
 * @property {string} text of the line
 * @property {string} word that could not be parsed; empty if something is missing
 * @property {string} message
 * @property {string[]} choices what the word can be replaced with
 */

// A longer text is refused before it is parsed.
const MAX_TEXT = 256 * 1024;
const MAX_LINE = 4096;
const COMMANDS = new Set(["iptables", "ip6tables"]);
const VERBS = new Set(["ufw", "allow"]);
// Invisible characters could hide the meaning of a line. Tabs count as spaces; U+2800 is drawn as a blank.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Whether pasted text has several lines, and so is parsed as rules instead of inserted into the cell. */
export const isMany = (/** @type {string} */ text) => text.trim().includes("\n");

/**
 * Parse a text into rules. The rules must not be used while there are errors.
 *
 * @param {string} text
 * @param {Row} [row] the row that is pasted into: a line with addresses only becomes a rule like it
 * @returns {{rows: Row[], errors: LineError[]}}
 */
export function readRules(text, row) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {LineError[]} */
  const errors = [];
  if (text.length > MAX_TEXT) return { rows, errors: [lineError(1, "", new ParseError("", "The text is too long: paste it in parts."))] };
  const state = { columns: /** @type {string[] | null} */ (null), isFirst: true, group: "", like: row && likeOf(row) };
  text.split(/\r\n|\r|\n/).forEach((given, index) => {
    const line = given.trim();
    if (!line || line.startsWith("#")) return;
    try {
      rows.push(...readLine(line, state));
      if (rows.length > MAX_RULES) throw new ParseError("", `At most ${MAX_RULES} rules can be pasted at once: paste them in parts.`);
    } catch (problem) {
      if (!(problem instanceof ParseError)) throw problem;
      if (rows.length > MAX_RULES) rows.length = 0;
      errors.push(lineError(index + 1, line, problem));
    }
    state.isFirst = false;
  });
  return { rows, errors };
}

/**
 * @param {string} line
 * @param {{columns: string[] | null, isFirst: boolean, group: string, like?: import("./plain.js").Like | ParseError}} state
 * @returns {Row[]}
 */
function readLine(line, state) {
  if (line.length > MAX_LINE) throw new ParseError("", `The line is longer than ${MAX_LINE} characters.`);
  const hidden = INVISIBLE.exec(line.replaceAll("\t", " "));
  if (hidden) throw new ParseError(`U+${(hidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`, "is an invisible character: type the line again.");
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
 * @param {{group: string, like?: import("./plain.js").Like | ParseError}} state
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
    throw new ParseError(group, `is not ${state.group}, the group of the lines above: paste the lines of one group at a time.`);
  }
  state.group ||= group;
  return rows;
}

/**
 * @param {Row} row
 * @returns {import("./plain.js").Like | ParseError}
 */
function likeOf(row) {
  const named = protocolIn(row.protocol);
  const protocol = named === "icmp" && row.ethertype === "IPv6" ? "icmpv6" : named;
  const ports = isEvery(row.ports.trim()) ? "" : row.ports.trim();
  // Empty ports do not mean "any".
  if (!row.ports.trim() && hasPorts(protocol)) {
    return new ParseError("", "The rule that is pasted into has no ports yet: enter its ports first, or any.");
  }
  return { direction: row.direction, opens: { protocol, ports: [ports] }, description: row.description };
}

/**
 * @param {number} line
 * @param {string} text
 * @param {ParseError} error
 * @returns {LineError}
 */
function lineError(line, text, { word, message, choices }) {
  const isAboutWord = word !== "" && /^[a-z]/.test(message);
  return { line, text, word, message: isAboutWord ? `“${word}” ${message}` : message, choices };
}

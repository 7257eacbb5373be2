// Many rules at once from text: a prefix a line, or a line as people write rules.

import { newRow } from "./rows.js";
import { PRESETS } from "./services.js";

/** @typedef {import("./rows.js").Row} Row */

const PREFIX = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)(\/\d{1,3})?$/i;
const PORTS = /^\d{1,5}([-–:]\d{1,5})?$/;
const EVERYBODY = new Set(["anywhere", "any", "all", "*", "internet", "world"]);
const SILENT = new Set(["from", "to", "allow", "permit", "port", "ports", "rule", "add", "-"]);
const DIRECTIONS = /** @type {Record<string, string>} */ ({ in: "ingress", ingress: "ingress", inbound: "ingress", out: "egress", egress: "egress", outbound: "egress" });
const NAMED = new Map(PRESETS.map((preset) => [preset.name.toLowerCase(), preset.opens[0]]));

/** Whether a text is worth being read as rules, rather than as what belongs into one cell. */
export const isMany = (/** @type {string} */ text) => text.trim().includes("\n");

/**
 * Read rules out of a text; what a line leaves out is as in `like`.
 *
 * @param {string} text
 * @param {Partial<Row>} [like]
 * @returns {Row[]}
 */
export function readRules(text, like = {}) {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith("#")).map((line) => readRule(line, like));
}

/**
 * @param {string} line
 * @param {Partial<Row>} like
 */
function readRule(line, like) {
  const [said, remark = ""] = line.split(/\s+#\s*/, 2);
  /** @type {Partial<Row>} */
  const found = {};
  const rest = [];
  for (const word of said.split(/[\s,;]+/).filter(Boolean)) {
    if (!readWord(word, found)) rest.push(word);
  }
  const description = [...rest, remark].filter(Boolean).join(" ");
  const { direction, ethertype, protocol, ports, kind, end, group } = like;
  const usual = { direction, ethertype, protocol, ports, kind, end, group };
  const given = Object.fromEntries(Object.entries(usual).filter(([, value]) => value !== undefined));
  return newRow({ ...given, ...found, description: description || like.description || "" });
}

/**
 * Take a word for what it can be; false for one that only describes.
 *
 * @param {string} word
 * @param {Partial<Row>} found
 */
function readWord(word, found) {
  const small = word.toLowerCase();
  const [left, right] = small.split("/");
  if (PREFIX.test(word)) {
    const isIpv6 = word.includes(":");
    const isAll = /\/0+$/.test(word);
    Object.assign(found, { kind: isAll ? "all" : "cidr", end: isAll ? "" : word, ethertype: isIpv6 ? "IPv6" : "IPv4", group: undefined });
  } else if (small in DIRECTIONS) found.direction = DIRECTIONS[small];
  else if (["tcp", "udp", "icmp"].includes(small)) found.protocol = small;
  else if (right && ["tcp", "udp"].includes(left) && PORTS.test(right)) Object.assign(found, { protocol: left, ports: right });
  else if (right && ["tcp", "udp"].includes(right) && PORTS.test(left)) Object.assign(found, { protocol: right, ports: left });
  else if (PORTS.test(word)) found.ports = word;
  else if (small === "ipv6") found.ethertype = "IPv6";
  else if (small === "ipv4") found.ethertype = "IPv4";
  else if (NAMED.has(small)) Object.assign(found, NAMED.get(small));
  else if (EVERYBODY.has(small)) Object.assign(found, { kind: "all", end: "", group: undefined });
  else return SILENT.has(small);
  return true;
}

// Who may talk to whom: the groups of a tenant and what their rules name, as nodes and edges. Pure.
//
// An edge exists if and only if a rule names its two ends. Of two groups that are known, the egress of
// the source and the ingress of the destination must both admit; `admitted` says whether they do.
// Everything is at the level of groups: groups of one instance unite, which is not considered.

import { own } from "../own.js";
import { isInternet } from "../rules/internet.js";
import { remoteText } from "../rules/text.js";

/**
 * @typedef {object} Node
 * @property {string} key the UUID of a group; otherwise kind and name
 * @property {"internet" | "prefix" | "group" | "outside" | "unknown"} kind
 * @property {string} label
 * @property {number | null} instances null if not known
 * @property {boolean} isOpen to the internet
 */

/**
 * Traffic from one node to another. `admitted`: by "both" sides; by "one", because the other does not
 * admit it; by one and in "part" by the other; by one, and of the other it is "unknown"; "alone" if the
 * other end has no rules. `inCloud` is what the cloud has and nobody desired.
 *
 * @typedef {object} Flow
 * @property {string} protocol
 * @property {number | null} from_port
 * @property {number | null} to_port
 * @property {string} ethertype
 * @property {string} end the prefix, or "anywhere"; empty between groups
 * @property {boolean} ingress whether a rule of the destination names it
 * @property {boolean} egress whether a rule of the source names it
 * @property {"both" | "one" | "part" | "unknown" | "alone"} admitted
 * @property {boolean} [inCloud]
 * @property {string} [marks] of its rules, if they have marks: "−" is before a plan, "+" after it
 */

/** @typedef {{key: string, from: Node, to: Node, flows: Flow[]}} Edge */
/** @typedef {{nodes: Node[], edges: Edge[]}} Graph */

export const INTERNET = "internet";
// More prefixes than these are one node.
const MOST_PREFIXES = 8;

/**
 * @param {any[]} groups documents with rules; `openings` are those of the overview
 * @returns {Graph}
 */
export function graphOf(groups) {
  const facts = new Map(groups.map((group) => [group.uuid, group.rules.map(factOf)]));
  const prefixes = new Set([...facts.values()].flat().filter(({ end }) => end.kind === "prefix").map(({ end }) => end.text));
  const nodes = new Map(groups.map((group) => [group.uuid, groupNode(group)]));
  const edges = /** @type {Map<string, Edge>} */ (new Map());
  for (const group of groups) {
    const self = /** @type {Node} */ (nodes.get(group.uuid));
    for (const { rule, end } of facts.get(group.uuid) ?? []) {
      const other = nodeAt(nodes, end, prefixes.size > MOST_PREFIXES);
      const isIngress = rule.direction === "ingress";
      const flow = flowIn(isIngress ? edgeOf(edges, other, self) : edgeOf(edges, self, other), rule, end);
      flow[isIngress ? "ingress" : "egress"] = true;
      flow.marks = `${flow.marks ?? ""}${rule.mark ?? "="}`;
    }
    for (const opening of group.openings ?? []) addOpening(nodes, edges, self, opening);
  }
  for (const edge of edges.values()) {
    for (const flow of edge.flows) flow.admitted = admittedOf(edge, flow, facts);
    if (edge.from.kind === "internet") edge.to.isOpen = true;
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** @param {any} rule */
const factOf = (rule) => ({ rule, end: endOf(rule), box: admittedBy(rule) });

/**
 * @param {any} group
 * @returns {Node}
 */
function groupNode({ uuid, name, instance_count: instances }) {
  return { key: uuid, kind: "group", label: name || uuid, instances: typeof instances === "number" ? instances : null, isOpen: false };
}

/**
 * @param {Map<string, Node>} nodes
 * @param {{kind: string, text: string, uuid: string}} end
 * @param {boolean} areMerged whether all prefixes are one node
 */
function nodeAt(nodes, { kind, text, uuid }, areMerged) {
  if (kind === "group" && nodes.get(uuid)?.kind === "group") return /** @type {Node} */ (nodes.get(uuid));
  const labels = /** @type {Record<string, [string, any, string]>} */ ({
    internet: [INTERNET, "internet", "The internet"],
    prefix: areMerged ? ["prefixes", "prefix", "Other prefixes"] : [`prefix:${text}`, "prefix", text],
    group: [`outside:${uuid}`, "outside", text],
    unknown: [`unknown:${text}`, "unknown", text],
  });
  const [key, nodeKind, label] = labels[kind];
  const node = nodes.get(key) ?? { key, kind: nodeKind, label, instances: null, isOpen: false };
  nodes.set(key, node);
  return node;
}

/**
 * @param {Map<string, Edge>} edges
 * @param {Node} from
 * @param {Node} to
 */
function edgeOf(edges, from, to) {
  const key = `${from.key}>${to.key}`;
  const edge = edges.get(key) ?? { key, from, to, flows: [] };
  edges.set(key, edge);
  return edge;
}

/**
 * Return the flow of an edge that a rule is, and add it if it is new.
 *
 * @param {Edge} edge
 * @param {any} rule
 * @param {{kind: string, text: string}} at
 * @returns {Flow}
 */
function flowIn(edge, rule, at) {
  const { protocol, from_port, to_port, ethertype } = rule;
  const end = ["internet", "prefix"].includes(at.kind) ? at.text : "";
  const found = edge.flows.find((flow) => flow.protocol === protocol && flow.from_port === from_port
    && flow.to_port === to_port && flow.ethertype === ethertype && flow.end === end);
  if (found) return found;
  const flow = /** @type {Flow} */ ({ protocol, from_port, to_port, ethertype, end, ingress: false, egress: false, admitted: "alone" });
  edge.flows.push(flow);
  return flow;
}

/**
 * Add what is open in the cloud and not desired: no desired rule says so.
 *
 * @param {Map<string, Node>} nodes
 * @param {Map<string, Edge>} edges
 * @param {Node} self
 * @param {any} opening
 */
function addOpening(nodes, edges, self, opening) {
  if (!opening.observed || opening.desired !== false) return;
  const end = { kind: "internet", text: "internet", uuid: "" };
  const ethertype = opening.protocol === "icmp" && opening.from_port >= 128 ? "IPv6" : "";
  const flow = flowIn(edgeOf(edges, nodeAt(nodes, end, false), self), { ...opening, ethertype }, end);
  flow.ingress = flow.inCloud = true;
}

/**
 * @param {Edge} edge
 * @param {Flow} flow
 * @param {Map<string, any[]>} facts
 * @returns {Flow["admitted"]}
 */
function admittedOf({ from, to }, flow, facts) {
  if (flow.ingress && flow.egress) return "both";
  const [other, self, direction] = flow.ingress ? [from, to, "egress"] : [to, from, "ingress"];
  if (other.kind !== "group") return ["internet", "prefix"].includes(other.kind) ? "alone" : "unknown";
  const rules = (facts.get(other.key) ?? []).filter(({ rule }) => rule.direction === direction && rule.ethertype === flow.ethertype && rule.mark !== "−");
  const named = rules.filter(({ end }) => end.isAnywhere || end.uuid === self.key);
  // The addresses of members are not known here, so of prefixes it is not known whether they contain them.
  const others = rules.filter(({ end }) => !end.isAnywhere && end.kind !== "group");
  return judge(
    admittedBy(flow),
    named.flatMap(({ box }) => (box.sure ? [box.sure] : [])),
    [...named, ...others].map(({ box }) => box.possible),
  );
}

/**
 * First and last protocol, first and last port. For ICMP, ports are type * 256 + code.
 *
 * @typedef {[number, number, number, number]} Box
 */

/**
 * What a rule admits for certain, and what it may admit: firewall drivers differ.
 *
 * @typedef {{sure: Box | null, possible: Box}} Admitted
 */

/** @type {Box} */
const EVERYTHING = [0, 255, 0, 65535];
const NUMBERS = /** @type {Record<string, number>} */ ({ tcp: 6, udp: 17, icmp: 1, icmpv6: 58, "ipv6-icmp": 58, ip: 0, hopopt: 0 });
// DCCP and UDP-Lite: not every driver matches their ports.
const DRIVERS_DIFFER = [33, 136];

/**
 * @param {any} rule
 * @returns {Admitted}
 */
export function admittedBy(rule) {
  if (rule.protocol === "") return { sure: EVERYTHING, possible: EVERYTHING };
  const named = own(NUMBERS, rule.protocol) ?? (/^\d{1,3}$/.test(rule.protocol) ? Number(rule.protocol) : NaN);
  const number = named === 1 && rule.ethertype === "IPv6" ? 58 : named;
  if (Number.isNaN(number)) return { sure: null, possible: EVERYTHING };
  /** @type {Box} */
  const sure = [number, number, ...portsOf(rule, number)];
  if (number === 0) return { sure, possible: EVERYTHING };
  if (number === 58 && rule.ethertype === "IPv4") return { sure: null, possible: [1, 58, 0, 65535] };
  return { sure, possible: DRIVERS_DIFFER.includes(number) ? [number, number, 0, 65535] : sure };
}

/**
 * @param {any} rule
 * @param {number} number of the protocol
 * @returns {[number, number]}
 */
function portsOf({ from_port: first, to_port: last }, number) {
  const isAny = (/** @type {any} */ port) => port === null || port === undefined || port === -1;
  if (isAny(first)) return [0, 65535];
  if (number === 1 || number === 58) return isAny(last) ? [first * 256, first * 256 + 255] : [first * 256 + last, first * 256 + last];
  return first <= 1 && last === 65535 ? [0, 65535] : [first, isAny(last) ? first : last];
}

/**
 * @param {Box} one
 * @param {Box} other
 */
const meets = (one, other) => one[0] <= other[1] && other[0] <= one[1] && one[2] <= other[3] && other[2] <= one[3];

/**
 * Return the parts of a box that are not in another.
 *
 * @param {Box} box
 * @param {Box} taken
 * @returns {Box[]}
 */
function without(box, taken) {
  if (!meets(box, taken)) return [box];
  const [low, high, first, last] = box;
  const [from, to] = [Math.max(low, taken[0]), Math.min(high, taken[1])];
  const parts = /** @type {Box[]} */ ([
    [low, from - 1, first, last], [to + 1, high, first, last],
    [from, to, first, taken[2] - 1], [from, to, taken[3] + 1, last],
  ]);
  return parts.filter((part) => part[0] <= part[1] && part[2] <= part[3]);
}

/**
 * Return whether the rules of the other side admit what a rule admits: "both", "one" (they do not),
 * "part", or "unknown".
 *
 * @param {Admitted} requested
 * @param {Box[]} sure what the other side admits for certain
 * @param {Box[]} possible what it may admit besides
 * @returns {"both" | "one" | "part" | "unknown"}
 */
function judge({ possible: requested }, sure, possible) {
  const rest = sure.reduce((left, box) => left.flatMap((each) => without(each, box)), [requested]);
  if (!rest.length) return "both";
  if (possible.some((box) => rest.some((each) => meets(each, box)))) return "unknown";
  return sure.some((box) => meets(box, requested)) ? "part" : "one";
}

/**
 * Return the remote end of a rule: anywhere and what reaches the internet is the internet.
 *
 * @param {any} rule
 * @returns {{kind: "internet" | "prefix" | "group" | "unknown", text: string, isAnywhere: boolean, uuid: string}}
 */
function endOf(rule) {
  const { kind, end, uuid = "" } = remoteText(rule);
  if (kind === "group" || kind === "unknown") return { kind, text: end, isAnywhere: false, uuid };
  return { kind: isInternet(rule.cidr) ? "internet" : "prefix", text: end, isAnywhere: kind === "all", uuid: "" };
}

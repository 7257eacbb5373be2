// Who may talk to whom: the groups of a tenant and what their rules name, as nodes and edges. Pure.
//
// An edge exists if and only if a rule names its two ends. Of two groups that are known, the egress of
// the source and the ingress of the destination must both admit; `admitted` says whether they do.
// Everything is at the level of groups: groups of one instance unite, which is not considered.

import { admittedBy, endOf, judge } from "./flows.js";

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
  const flow = flowIn(edgeOf(edges, nodeAt(nodes, end, false), self), { ethertype: "", ...opening }, end);
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
  const rules = (facts.get(other.key) ?? []).filter(({ rule }) => rule.direction === direction && rule.ethertype === flow.ethertype);
  const named = rules.filter(({ end }) => end.isAnywhere || end.uuid === self.key);
  // The addresses of members are not known here, so of prefixes it is not known whether they contain them.
  const others = rules.filter(({ end }) => !end.isAnywhere && end.kind !== "group");
  return judge(
    admittedBy(flow),
    named.flatMap(({ box }) => (box.sure ? [box.sure] : [])),
    [...named, ...others].map(({ box }) => box.possible),
  );
}

// What nodes and arrows mean, in words. Pure.

import { own } from "../own.js";
import { count, trafficText } from "../rule_text.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./graph.js").Flow} Flow */

/** @param {Node} node */
export function noteOf({ kind, instances }) {
  if (kind === "group") return instances === null ? "instances unknown" : count(instances, "instance");
  return { internet: "anywhere, public prefixes", prefix: "addresses", outside: "group outside, rules unknown", unknown: "members unknown" }[kind];
}

/** @param {Flow} flow */
export function admittedText({ admitted, ingress, inCloud }) {
  const [here, there] = ingress ? ["Ingress rule", "egress of the source"] : ["Egress rule", "ingress of the destination"];
  if (inCloud) return "In the cloud, not desired";
  return {
    both: "Both sides",
    alone: here,
    one: `${here} only: ${there} does not admit it`,
    part: `${here}; ${there} admits it in part`,
    unknown: `${here}; ${there} unknown`,
  }[admitted];
}

/**
 * How an arrow is drawn: "sure" if some of its traffic is admitted by all rules that are known to matter.
 *
 * @param {Edge} edge
 */
export function statusOf({ flows }) {
  if (flows.some(({ admitted }) => admitted === "both" || admitted === "alone")) return "sure";
  return flows.every(({ admitted }) => admitted === "one") ? "one" : "unsure";
}

/** @param {Flow} flow */
export function flowText(flow) {
  const { what, service } = trafficText(flow);
  return service ? `${what} (${service})` : what;
}

/**
 * Return the name of an end in a list: for prefixes and the internet, the prefix itself.
 *
 * @param {Node} node
 * @param {Flow} flow
 */
export function endText(node, flow) {
  if (node.kind === "group" || !flow.end) return node.label;
  if (node.kind !== "internet") return flow.end;
  return own({ anywhere: "Anywhere", internet: node.label }, flow.end) ?? `${node.label}: ${flow.end}`;
}

/** @param {Edge} edge */
export const edgeText = (edge) => `${edge.from.label} → ${edge.to.label}: ${
  edge.flows.map((flow) => `${flowText(flow)} ${flow.ethertype}, ${admittedText(flow)}`).join("; ")}`;

// What nodes, arrows and their traffic mean, in words, and the filter by words. Pure.

import { own } from "../own.js";
import { count, isIcmp, portText, protocolText, trafficText } from "../rules/text.js";
import { WELL_KNOWN_PORTS } from "../rules/well_known_ports.js";
import { admittedBy } from "./graph.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./graph.js").Flow} Flow */

/** @param {Node} node */
export function noteOf({ kind, instances }) {
  if (kind === "group") return instances === null ? "instances unknown" : count(instances, "instance");
  return { internet: "public addresses", prefix: "addresses", outside: "group outside, rules unknown", unknown: "members unknown" }[kind];
}

/** @param {Flow} flow */
export function admittedText({ admitted, ingress, inCloud }) {
  const [here, there] = ingress ? ["Ingress rule", "egress of the source"] : ["Egress rule", "ingress of the destination"];
  if (inCloud) return "In the cloud, not desired";
  return {
    both: "Both sides",
    alone: here,
    one: `Not admitted: ${here} only, ${there} does not admit it`,
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

/**
 * Return traffic in few characters: the service, or the ports.
 *
 * @param {any} flow
 */
function shortText(flow) {
  const { what, service } = trafficText(flow);
  // Ports of applications say more than the general word "web".
  if (service && !service.startsWith("web")) return service;
  if (flow.protocol === "") return "all";
  if (isIcmp(flow)) return what;
  const ports = portText(flow);
  return ports && flow.protocol === "tcp" ? ports : `${protocolText(flow)} ${ports || "all"}`;
}

/**
 * Return the short texts of several flows, at most as many as fit.
 *
 * @param {any[]} flows
 * @param {number} most
 */
export function shortTexts(flows, most) {
  const texts = [...new Set(flows.map(shortText))];
  return texts.length > most ? `${texts.slice(0, most).join(", ")} +${texts.length - most}` : texts.join(", ");
}

/**
 * Return the label of an arrow.
 *
 * @param {Edge} edge
 */
export const labelText = ({ from, to, flows }) => (from.key === "internet" ? "▲ " : "") + shortTexts(flows, from === to ? 1 : 2);

/**
 * Return the test for a filter such as `22`, `tcp 22`, `ssh` or `udp`. Traffic of all ports has every port.
 *
 * @param {string} text
 * @returns {(flow: any) => boolean}
 */
export function matcherOf(text) {
  const words = text.toLowerCase().split(/[\s/]+/).filter(Boolean);
  return (flow) => words.every((word) => hasWord(flow, word));
}

/**
 * @param {any} flow
 * @param {string} word
 */
function hasWord(flow, word) {
  const [, , first, last] = admittedBy(flow).possible;
  const hasPort = (/** @type {number} */ port) => !isIcmp(flow) && first <= port && port <= last;
  if (/^\d+$/.test(word)) return hasPort(Number(word));
  if (["tcp", "udp"].includes(word)) return ["", word].includes(flow.protocol);
  const { what, service } = trafficText(flow);
  if (`${what} ${service}`.toLowerCase().includes(word)) return true;
  return Object.entries(WELL_KNOWN_PORTS).some(([port, name]) => name.toLowerCase() === word && hasPort(Number(port)));
}

// Nodes and arrows as SVG.

import { shortTexts } from "./flows.js";
import { html } from "../html.js";
import { count } from "../rule_text.js";
import { HEIGHT, WIDTH } from "./layout.js";
import { edgeText, noteOf, statusOf } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./layout.js").Placed} Placed */
/** @typedef {import("./layout.js").Line} Line */

const LONGEST = 22;

/** @param {string} text */
const clip = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/**
 * @param {Placed} placed
 * @param {Edge[]} edges of the map
 */
export function labelOf({ node }, edges) {
  const arrows = (/** @type {"from" | "to"} */ side) => edges.filter((edge) => edge[side] === node).length;
  return [node.label, noteOf(node), node.isOpen && "open to the internet", `${count(arrows("to"), "arrow")} in, ${arrows("from")} out`].filter(Boolean).join(", ");
}

/**
 * @param {Placed} placed
 * @param {Edge[]} edges of the map
 * @param {Record<string, any>} [more] attributes
 */
export function nodeShape({ node, x, y }, edges, more = {}) {
  const self = edges.find(({ from, to }) => from === node && to === node);
  const note = `${node.isOpen ? "▲ open · " : ""}${noteOf(node)}${self ? ` · ↻ ${shortTexts(self.flows, 1)}` : ""}`;
  return html`<g key=${node.key} class=${`node node-${node.kind}${node.isOpen ? " node-open" : ""}`} transform=${`translate(${x} ${y})`} ...${more}>
    <title>${node.label}: ${noteOf(node)}</title>
    <rect width=${WIDTH} height=${HEIGHT} rx="7" />
    <svg width=${WIDTH - 8} height=${HEIGHT}><text class="node-name" x="11" y="19">${clip(node.label)}</text><text class="node-note" x="11" y="35">${note}</text></svg>
  </g>`;
}

/**
 * @param {Line} line
 * @param {string} tone a class
 * @param {any} drawn
 */
function shape({ edge, isCrowded }, tone, drawn) {
  const names = ["edge", `edge-${statusOf(edge)}`, edge.from.kind === "internet" && "edge-open", isCrowded && "is-crowded", edge.flows.some(({ inCloud }) => inCloud) && "edge-cloud", tone];
  return html`<g key=${edge.key} class=${names.filter(Boolean).join(" ")} data-from=${edge.from.key} data-to=${edge.to.key}><title>${edgeText(edge)}</title>${drawn}</g>`;
}

/**
 * Return arrows, with their labels above all of them.
 *
 * @param {Line[]} lines
 * @param {(edge: any) => string} [toneOf] a class
 */
export const lineShapes = (lines, toneOf = () => "") => html`
  <g>${lines.map((line) => shape(line, toneOf(line.edge), html`<path class="line" d=${line.path} /><path class="head" d=${line.head} />`))}</g>
  <g>${lines.map((line) => shape(line, toneOf(line.edge), html`<text x=${line.x} y=${line.y + 4} text-anchor="middle">${clip(line.text)}</text>`))}</g>`;

// The side panel: what a selected node may reach and be reached by, and what arrows mean.

import { html } from "../html.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { count } from "../rule_text.js";
import { admittedText, flowText, noteOf } from "./words.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */

/** @param {{node: Node, edges: Edge[], onSelect: (key: string) => void}} properties */
export function Selected({ node, edges, onSelect }) {
  return html`<section class="card map-panel" aria-label="Selected">
    <div class="page-head"><h2>${node.label}</h2><button type="button" class="button button-plain" onClick=${() => onSelect("")}>Clear</button></div>
    <p class="quiet">${noteOf(node)}</p>
    ${node.isOpen && html`<p><span class="open-mark">▲ Open to the internet</span></p>`}
    ${node.kind === "group" && html`<p><a href=${`${GROUP_PAGES}${node.key}/`}>Show the group</a></p>`}
    ${node.kind === "outside" && html`<p><a href=${`${GROUP_PAGES}${node.key.split(":")[1]}/`}>Show the group, if your roles allow it</a></p>`}
    <${Arrows} title="In" edges=${edges.filter((edge) => edge.to === node)} side="from" onSelect=${onSelect} />
    <${Arrows} title="Out" edges=${edges.filter((edge) => edge.from === node)} side="to" onSelect=${onSelect} />
  </section>`;
}

/** @param {{title: string, edges: Edge[], side: "from" | "to", onSelect: (key: string) => void}} properties */
function Arrows({ title, edges, side, onSelect }) {
  return html`<h3>${title} <span class="quiet">${edges.length || "none"}</span></h3>
    <ul class="plain map-arrows">${edges.map((edge) => html`<li key=${edge.key}>
      <button type="button" class="chip" onClick=${() => onSelect(edge[side].key)}>${edge.from.kind === "internet" && "▲ "}${edge[side].label}</button>
      <${Flows} edge=${edge} />
    </li>`)}</ul>`;
}

/** @param {{edge: Edge}} properties */
export function Flows({ edge }) {
  return html`<ul class="plain">${edge.flows.map((flow, index) => html`<li key=${index}>
    <strong>${flowText(flow)}</strong>${flow.end && flow.end !== "internet" && html` ${flow.ingress ? "from" : "to"} <span class="mono">${flow.end}</span>`}
    <span class=${flow.inCloud ? "meaning tone-bad" : "meaning quiet"}>${flow.ethertype && `${flow.ethertype} · `}${admittedText(flow)}</span>
  </li>`)}</ul>`;
}

/** @param {{edge: Edge}} properties */
export function SelectedCell({ edge }) {
  return html`<section class="card map-panel" aria-label="Selected cell" aria-live="polite">
    <h2>${edge.from.label} → ${edge.to.label}</h2><${Flows} edge=${edge} /></section>`;
}

const SAMPLES = [
  ["sure", "Rules of both groups admit it; for the internet and prefixes, a rule of the group."],
  ["unsure", "One group admits it. Whether the other does is not known, or it does in part."],
  ["one", "One group admits it and the other does not, so these groups alone do not pass it."],
  ["sure edge-open", "▲ Open to the internet."],
];

/** @param {{graph: {nodes: Node[], edges: Edge[]}, tenant: string}} properties */
export function Legend({ graph, tenant }) {
  const groups = graph.nodes.filter(({ kind }) => kind === "group");
  return html`<section class="card map-panel">
    <h2>What an arrow means</h2>
    <p class="quiet">${count(groups.length, "group")}, ${groups.filter(({ isOpen }) => isOpen).length} open to the internet.</p>
    <p>Members of the source may begin connections to members of the destination. The egress rules of the source and the ingress rules of the destination must both admit it.</p>
    <ul class="plain map-legend">${SAMPLES.map(([name, text]) => html`<li key=${name}>
      <svg class="map-sample" viewBox="0 0 48 12" aria-hidden="true"><g class=${`edge edge-${name}`}><path class="line" d="M0 6H40" /><path class="head" d="M48 6l-9 -5v10z" /></g></svg><span>${text}</span></li>`)}</ul>
    <p class="quiet">Arrows are between ends that rules name, as desired. A rule for anywhere is an arrow of the internet; it admits every group, too. Groups of one instance unite, which a map of groups does not show: <a href=${`${CONSOLE}reach/?tenant=${tenant}`}>ask for one instance</a>.</p>
  </section>`;
}

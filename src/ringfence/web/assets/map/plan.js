// The neighbourhood of a group with what a plan makes appear and disappear.

import { useLoaded } from "../components/use_loaded.js";
import { html, useMemo } from "../html.js";
import { graphOf } from "./graph.js";
import { layoutOf } from "./layout.js";
import { loadGroups } from "./load.js";
import { lineShapes, nodeShape } from "./view.js";
import { flowText, shortTexts } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./graph.js").Flow} Flow */

const MARGIN = 20;
/** @type {[string, string][]} the class of an arrow; the group itself has none */
const LEGEND = [["", "The group that changes"], ["edge-plus", "+ Opens"], ["edge-minus", "− Closes"], ["edge-both", "Opens and closes"], ["edge-sure", "Unchanged"], ["edge-sure edge-open", "▲ From the internet"]];
const TONES = /** @type {Record<string, string>} */ ({ "+": "edge-plus", "−": "edge-minus", "=": "" });

/**
 * @param {{tenant: any, group: any, plan: any}} properties tenant and group by UUID, or documents
 */
export function PlanMap({ tenant, group, plan }) {
  const uuidOf = (/** @type {any} */ value) => (typeof value === "string" ? value : value?.uuid);
  const { data: groups, error } = useLoaded(() => loadGroups(uuidOf(tenant)), [uuidOf(tenant)]);
  const changes = useMemo(() => groups && changesOf(groups, { ...(typeof group === "object" ? group : {}), uuid: uuidOf(group) ?? "new" }, plan), [groups, group, plan]);
  const layout = useMemo(() => changes && layoutOf([...new Set(changes.flatMap(({ from, to }) => [from, to]))], changes, labelOf), [changes]);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!changes || !layout) return html`<p class="quiet">Drawing…</p>`;
  if (!changes.length) return html`<p class="quiet">No rules: nothing to draw.</p>`;
  const subject = uuidOf(group) ?? "new";
  const [left, top, right, bottom] = layout.boundsOf();
  const box = `${left - MARGIN} ${top - MARGIN} ${right - left + 2 * MARGIN} ${bottom - top + 2 * MARGIN}`;
  const lists = /** @type {[string, "+" | "−"][]} */ ([["Opens", "+"], ["Closes", "−"]]);
  return html`<figure class="plan-map">
    <svg class="map" viewBox=${box} role="img" aria-label="The group and its neighbours with the plan; the lists below say the same">
      ${lineShapes(layout.lines, toneOf)}
      ${layout.positioned.map((positioned) => nodeShape(positioned, changes, positioned.node.key === subject ? { "data-subject": "" } : {}, labelOf))}
    </svg>
    <ul class="plain plan-legend" aria-label="Legend">${LEGEND.map(([name, text]) => html`<li key=${text}><svg class="map-sample" viewBox="0 0 48 12" aria-hidden="true">${name
      ? html`<g class=${`edge ${name}`}><path class="line" d="M0 6H40" /><path class="head" d="M48 6l-9 -5v10z" /></g>`
      : html`<g class="node" data-subject=""><rect x="2" y="1" width="44" height="10" rx="3" /></g>`}</svg> ${text}</li>`)}</ul>
    <figcaption>${lists.map(([title, sign]) => html`<${Texts} key=${sign} title=${title} sign=${sign} changes=${changes} />`)}</figcaption>
  </figure>`;
}

/** @param {{title: string, sign: "+" | "−", changes: Edge[]}} properties */
function Texts({ title, sign, changes }) {
  const found = changes.flatMap((edge) => edge.flows.filter((flow) => signOf(flow) === sign).map((flow) => ({ edge, flow })));
  return found.length > 0 && html`<h3>${title}</h3><ul class="plain">${found.map(({ edge, flow }, index) => html`<li key=${index}>
    <span class=${sign === "+" ? "tone-bad" : "tone-good"}>${sign}</span> ${edge.from.label} → ${edge.to.label}: ${flowText(flow)} <span class="quiet">${flow.ethertype} ${flow.end}</span></li>`)}</ul>`;
}

/** @param {Edge} edge */
function labelOf({ from, flows }) {
  const signs = /** @type {["+" | "−" | "=", string][]} */ ([["+", "+"], ["−", "−"], ["=", ""]]);
  const texts = signs.map(([sign, mark]) => [mark, shortTexts(flows.filter((flow) => signOf(flow) === sign), 2)]).filter(([, text]) => text);
  return (from.kind === "internet" ? "▲ " : "") + texts.map(([mark, text]) => `${mark}${text}`).join(" ");
}

/** @param {Edge} edge */
function toneOf({ flows }) {
  const signs = new Set(flows.map(signOf));
  return signs.size > 1 ? "edge-both" : TONES[[...signs][0]];
}

/** @param {Flow} flow */
function signOf({ marks = "" }) {
  if (marks.includes("=") || new Set(marks).size > 1) return "=";
  return marks[0];
}

/**
 * Return the arrows of a group before and after a plan; the marks of each flow say in which of them it is.
 *
 * @param {any[]} groups of the tenant
 * @param {any} group
 * @param {any} plan
 * @returns {Edge[]}
 */
function changesOf(groups, group, plan) {
  const found = groups.find(({ uuid }) => uuid === group.uuid);
  // A plan is compared with the cloud: these rules are there now.
  const now = plan.removed ? ["kept", "removed", "description_only"].flatMap((name) => plan[name] ?? []) : found?.rules ?? [];
  const next = plan.rules ?? group.rules ?? [];
  const marked = (/** @type {any[]} */ rules, /** @type {string} */ mark) => rules.map((rule) => ({ ...rule, mark }));
  const self = { ...found, ...group, rules: [...marked(now, "−"), ...marked(next, "+")] };
  const all = [self, ...groups.filter((each) => each !== found)].map((each) => ({ ...each, openings: [] }));
  return graphOf(all).edges.filter(({ from, to }) => from.key === group.uuid || to.key === group.uuid);
}

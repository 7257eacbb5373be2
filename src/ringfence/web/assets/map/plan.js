// The neighbourhood of a group with what a plan makes appear and disappear.

import { html, useMemo } from "../html.js";
import { useLoaded } from "../use_loaded.js";
import { graphOf } from "./graph.js";
import { layoutOf } from "./layout.js";
import { loadGroups } from "./load.js";
import { lineShapes, nodeShape } from "./view.js";
import { flowText, shortTexts } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./graph.js").Flow} Flow */
/** @typedef {Edge & {sign: "+" | "−" | "±" | "="}} Change an edge with its flows before and after */

const MARGIN = 16;
const TONES = { "+": "edge-plus", "−": "edge-minus", "±": "edge-both", "=": "" };

/**
 * @param {{tenant: any, group: any, plan: any}} properties tenant and group by UUID, or documents
 */
export function PlanMap({ tenant, group, plan }) {
  const uuidOf = (/** @type {any} */ value) => (typeof value === "string" ? value : value?.uuid);
  const { data: groups, error } = useLoaded(() => loadGroups(uuidOf(tenant)), [uuidOf(tenant)]);
  const changes = useMemo(() => groups && changesOf(groups, { ...(typeof group === "object" ? group : {}), uuid: uuidOf(group) ?? "new" }, plan), [groups, group, plan]);
  const layout = useMemo(() => changes && layoutOf([...new Set(changes.flatMap(({ from, to }) => [from, to]))], changes), [changes]);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!changes || !layout) return html`<p class="quiet">Drawing…</p>`;
  if (!changes.length) return html`<p class="quiet">No rules: nothing to draw.</p>`;
  const box = `${-MARGIN} ${-MARGIN} ${layout.width + 2 * MARGIN} ${layout.height + 2 * MARGIN}`;
  const lists = /** @type {[string, "+" | "−"][]} */ ([["Appears", "+"], ["Disappears", "−"]]);
  return html`<figure class="plan-map">
    <svg class="map" viewBox=${box} role="img" aria-label="The group and its neighbours with the plan; the lists below say the same">
      ${lineShapes(layout.lines.map((line) => ({ ...line, text: labelOf(/** @type {Change} */ (line.edge)) })), ({ sign }) => TONES[/** @type {Change["sign"]} */ (sign)])}
      ${layout.placed.map((placed) => nodeShape(placed, changes))}
    </svg>
    <figcaption>${lists.map(([title, sign]) => html`<${Texts} key=${sign} title=${title} sign=${sign} changes=${changes} />`)}</figcaption>
  </figure>`;
}

/** @param {{title: string, sign: "+" | "−", changes: Change[]}} properties */
function Texts({ title, sign, changes }) {
  const found = changes.flatMap((edge) => edge.flows.filter((flow) => signOf(flow) === sign).map((flow) => ({ edge, flow })));
  return found.length > 0 && html`<h3>${title}</h3><ul class="plain">${found.map(({ edge, flow }, index) => html`<li key=${index}>
    <span class=${sign === "+" ? "tone-good" : "tone-bad"}>${sign}</span> ${edge.from.label} → ${edge.to.label}: ${flowText(flow)} <span class="quiet">${flow.ethertype} ${flow.end}</span></li>`)}</ul>`;
}

/** @param {Change} edge */
function labelOf({ from, flows }) {
  const signs = /** @type {["+" | "−" | "=", string][]} */ ([["+", "+"], ["−", "−"], ["=", ""]]);
  const texts = signs.map(([sign, mark]) => [mark, shortTexts(flows.filter((flow) => signOf(flow) === sign), 2)]).filter(([, text]) => text);
  return (from.kind === "internet" ? "▲ " : "") + texts.map(([mark, text]) => `${mark}${text}`).join(" ");
}

/** @param {Flow} flow */
const signOf = (flow) => /** @type {any} */ (flow).sign;

/**
 * Return the arrows of a group before and after a plan, each flow with its sign.
 *
 * @param {any[]} groups of the tenant
 * @param {any} group
 * @param {any} plan
 * @returns {Change[]}
 */
export function changesOf(groups, group, plan) {
  const found = groups.find(({ uuid }) => uuid === group.uuid);
  // A plan is compared with the cloud: these rules are there now.
  const now = plan.removed ? [...plan.kept, ...plan.removed, ...(plan.description_only ?? [])] : found?.rules ?? [];
  const next = plan.rules ?? group.rules ?? [];
  const others = groups.filter(({ uuid }) => uuid !== group.uuid).map((each) => ({ ...each, openings: [] }));
  const edgesWith = (/** @type {any[]} */ rules) => {
    const self = { instance_count: found?.instance_count, name: found?.name, ...group, rules, openings: [] };
    return graphOf([self, ...others]).edges.filter(({ from, to }) => from.key === group.uuid || to.key === group.uuid);
  };
  return joined(edgesWith(now), edgesWith(next));
}

/**
 * @param {Edge[]} before
 * @param {Edge[]} after
 * @returns {Change[]}
 */
function joined(before, after) {
  const keyOf = (/** @type {Flow} */ flow) => JSON.stringify([flow.protocol, flow.from_port, flow.to_port, flow.ethertype, flow.end]);
  const nodes = new Map([...before, ...after].flatMap(({ from, to }) => [from, to]).map((node) => [node.key, node]));
  const edges = new Map([...before, ...after].map((edge) => [edge.key, edge]));
  return [...edges.values()].map((edge) => {
    const [then, next] = [before, after].map((all) => new Map((all.find(({ key }) => key === edge.key)?.flows ?? []).map((flow) => [keyOf(flow), flow])));
    const flows = [...new Map([...then, ...next])].map(([key, flow]) => ({ ...flow, sign: then.has(key) ? (next.has(key) ? "=" : "−") : "+" }));
    const signs = new Set(flows.map(({ sign }) => sign));
    const sign = signs.size > 1 ? "±" : [...signs][0];
    const ends = { from: nodes.get(edge.from.key), to: nodes.get(edge.to.key) };
    return /** @type {any} */ ({ ...edge, ...ends, flows, sign });
  });
}

// The map of a tenant's groups, with its matrix and its table, and the choice of a tenant.

import { TENANTS, request, requestAll } from "../api.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { fileName } from "../export/escape.js";
import { CsvButton, download } from "../export/menu.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { CONSOLE, navigate, updateQuery } from "../router.js";
import { count } from "../rules/text.js";
import { graphOf } from "./graph.js";
import { EdgeTable, Legend, Matrix, Selected, SelectedCell, csvOfEdges } from "./lists.js";
import { loadGroups } from "./load.js";
import { MapView } from "./view.js";
import { matcherOf } from "./words.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").Edge} Edge */

const MAP_PAGES = `${CONSOLE}map/`;
const VIEWS = [["map", "Map"], ["matrix", "Matrix"], ["table", "Table"]];

export function ChooseTenant() {
  const { data: tenants, error, reload } = useLoaded(() => requestAll(TENANTS, { field: ["uuid", "name", "customer_name", "project_name"] }), []);
  const [text, setText] = useState("");
  useEffect(() => {
    if (tenants?.length === 1) navigate(`${MAP_PAGES}${tenants[0].uuid}/`, { replace: true });
  }, [tenants]);
  if (!tenants) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} />`;
  const found = tenants.filter((tenant) => tenant.name.toLowerCase().includes(text.toLowerCase()));
  return html`<${PageHead} of="Map" about="Which groups may open connections to which, by the rules of a tenant. Choose a tenant." />
    ${tenants.length > 10 && html`<search class="filter-bar"><input type="search" aria-label="Search tenants" placeholder="Search tenants" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></search>`}
    <ul class="plain map-tenants">${found.map((tenant) => html`<li key=${tenant.uuid} class="card">
      <a href=${`${MAP_PAGES}${tenant.uuid}/`}>${tenant.name}</a> <span class="quiet">${tenant.customer_name} · ${tenant.project_name}</span></li>`)}</ul>
    ${!found.length && html`<p class="empty-line">No tenants.</p>`}`;
}

/** @param {{tenant: string, query: URLSearchParams}} properties */
export function TenantMap({ tenant, query }) {
  const { data, error, reload } = useLoaded(async (signal) => {
    const [{ data: document }, groups] = await Promise.all([
      request("GET", `${TENANTS}${tenant}/`, { query: { field: ["uuid", "name"] }, signal }), loadGroups(tenant),
    ]);
    return { tenant: document, groups };
  }, [tenant]);
  const graph = useMemo(() => data && graphOf(data.groups), [data]);
  if (!data || !graph) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${10} />`;
  return html`<nav class="crumbs" aria-label="Breadcrumb"><a href=${MAP_PAGES}>Map</a><a href=${`${CONSOLE}groups/?tenant_uuid=${tenant}`}>Groups of ${data.tenant.name}</a></nav>
    <${Stale} error=${error} />
    ${graph.nodes.length ? html`<${Views} graph=${graph} tenant=${data.tenant} query=${query} />`
      : html`<${PageHead} of=${`Map of ${data.tenant.name}`} /><section class="empty"><h2>No groups</h2><p>This tenant has no security groups.</p></section>`}`;
}

/** @param {{graph: Graph, tenant: any, query: URLSearchParams}} properties */
function Views({ graph, tenant, query }) {
  const isNarrow = matchMedia("(max-width: 40rem)").matches;
  const view = query.get("view") ?? (isNarrow ? "table" : "map");
  const [port, selected] = [query.get("port") ?? "", query.get("group") ?? ""];
  const [isOpenOnly, hasEgress] = [query.get("open") === "true", query.get("egress") === "true"];
  const shown = useMemo(() => filtered(graph, port, isOpenOnly, hasEgress), [graph, port, isOpenOnly, hasEgress]);
  const all = useMemo(() => filtered(graph, port, isOpenOnly, true).edges, [graph, port, isOpenOnly]);
  const [cell, setCell] = useState(/** @type {Edge | undefined} */ (undefined));
  const node = graph.nodes.find(({ key }) => key === selected);
  const select = (/** @type {string} */ key) => updateQuery({ group: key });
  const edges = useMemo(() => (node ? all.filter(({ from, to }) => from === node || to === node) : all), [all, node]);
  // The same rows in all views; the name says what they are limited to.
  const file = [tenant.name, node?.label, port, isOpenOnly && "open"].filter(Boolean).join(" ");
  const urlOf = (/** @type {string} */ name) => {
    const next = new URLSearchParams(query);
    next.set("view", name);
    return `${location.pathname}?${next}`;
  };
  return html`<${PageHead} of=${`Map of ${tenant.name}`}>
      ${view === "map" && html`<button type="button" class="button" onClick=${() => saveSvg(tenant.name)}>Export SVG</button>`}
      <${CsvButton} name=${file} load=${async () => csvOfEdges(edges)} /><//>
    <nav class="tabs" aria-label="Views">${VIEWS.map(([name, label]) => html`<a key=${name} href=${urlOf(name)} aria-current=${name === view ? "page" : null}>${label}</a>`)}</nav>
    <${Filters} view=${view} port=${port} isOpenOnly=${isOpenOnly} query=${query} graph=${graph} />
    <div class=${node || cell ? "columns" : "columns map-alone"}>
      <div>${view === "matrix" ? html`<${Matrix} edges=${edges} onSelect=${setCell} />`
        : view === "table" ? html`<${EdgeTable} edges=${edges} />`
          : !shown.nodes.length ? html`<p class="empty-line">No arrows.</p>` : html`<${MapView} nodes=${shown.nodes} edges=${shown.edges} selected=${selected} onSelect=${select} name=${tenant.name} />`}</div>
      <aside class="side">
        ${view === "matrix" && cell && html`<${SelectedCell} edge=${cell} />`}
        ${node && html`<${Selected} node=${node} edges=${all} onSelect=${select} />`}
        <${Legend} graph=${graph} tenant=${tenant.uuid} view=${view} />
      </aside>
    </div>`;
}

/** @param {{view: string, port: string, isOpenOnly: boolean, query: URLSearchParams, graph: Graph}} properties */
function Filters({ view, port, isOpenOnly, query, graph }) {
  const outgoing = graph.edges.filter(({ to }) => to.kind === "internet").length;
  const tick = (/** @type {string} */ key) => (/** @type {any} */ event) => updateQuery({ [key]: event.target.checked ? "true" : "" });
  return html`<div class="filter-bar">
    <input type="search" aria-label="Port or service" placeholder="Port or service: 22, ssh, udp 53" value=${port} onInput=${(/** @type {any} */ event) => updateQuery({ port: event.target.value })} />
    <label class="check"><input type="checkbox" checked=${isOpenOnly} onChange=${tick("open")} /> Only open to the internet</label>
    ${view === "map" && outgoing > 0 && html`<label class="check"><input type="checkbox" checked=${query.get("egress") === "true"} onChange=${tick("egress")} /> Egress to the internet <span class="quiet">of ${count(outgoing, "group")}</span></label>`}
  </div>`;
}

/**
 * Return the arrows that a filter leaves, and the nodes: all groups if there is no filter, and every other end
 * of an arrow.
 *
 * @param {Graph} graph
 * @param {string} port
 * @param {boolean} isOpenOnly
 * @param {boolean} hasEgress whether egress to the internet is shown
 * @returns {Graph}
 */
function filtered(graph, port, isOpenOnly, hasEgress) {
  const matches = matcherOf(port);
  const edges = graph.edges
    .filter(({ from, to }) => (from.kind === "internet" || !isOpenOnly) && (hasEgress || to.kind !== "internet"))
    .map((edge) => ({ ...edge, flows: edge.flows.filter(matches) }))
    .filter(({ flows }) => flows.length);
  const used = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const hasAll = !port && !isOpenOnly;
  return { edges, nodes: graph.nodes.filter((node) => used.has(node) || (hasAll && node.kind === "group")) };
}

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "paint-order", "visibility"];

/**
 * Save the whole map as drawn. Styles of the page become attributes of the file.
 *
 * @param {string} name
 */
function saveSvg(name) {
  const shown = /** @type {any} */ (document.querySelector("svg.map"));
  const copy = shown.cloneNode(true);
  const originals = shown.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((/** @type {Element} */ element, /** @type {number} */ index) => {
    const style = getComputedStyle(originals[index]);
    for (const key of DRAWN) element.setAttribute(key, style.getPropertyValue(key));
  });
  const { x, y, width, height } = shown.firstElementChild.getBBox();
  const box = { x: x - 24, y: y - 24, width: width + 48, height: height + 48, fill: getComputedStyle(shown).backgroundColor };
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [key, value] of Object.entries(box)) ground.setAttribute(key, value);
  copy.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  copy.firstElementChild.removeAttribute("transform");
  copy.prepend(ground);
  download(`${fileName(name)}.svg`, new XMLSerializer().serializeToString(copy), "image/svg+xml");
}

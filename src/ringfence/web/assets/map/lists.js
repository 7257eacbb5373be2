// The map as text: the matrix of sources and destinations, the table of arrows, and the side panel.

import { csvOf } from "../export/csv.js";
import { html, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { own } from "../own.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { count } from "../rules/text.js";
import { compare } from "./layout.js";
import { admittedText, edgeText, endText, flowText, noteOf, shortTexts, statusOf } from "./words.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */

const PAGE_ROWS = 10;
/** @type {Record<string, string>} */
const MARKS = { unsure: "? ", one: "✕ " };

/**
 * The matrix. Neighbouring empty cells are one cell, so that hundreds of groups are drawn at once.
 *
 * @param {{edges: Edge[], onSelect: (edge: Edge | undefined) => void}} properties
 */
export function Matrix({ edges, onSelect }) {
  const table = useRef(/** @type {any} */ (null));
  const [at, setAt] = useState([0, 0]);
  const [rows, columns] = useMemo(() => [ends(edges, "from"), ends(edges, "to")], [edges]);
  const cells = useMemo(() => new Map(edges.map((edge) => [edge.key, edge])), [edges]);
  const [row, column] = [Math.min(at[0], rows.length - 1), Math.min(at[1], columns.length - 1)];
  const edgeAt = (/** @type {number} */ y, /** @type {number} */ x) => cells.get(`${rows[y]?.key}>${columns[x]?.key}`);
  const go = (/** @type {number} */ y, /** @type {number} */ x) => setAt([Math.min(Math.max(y, 0), rows.length - 1), Math.min(Math.max(x, 0), columns.length - 1)]);
  useLayoutEffect(() => {
    if (document.activeElement !== table.current) return;
    onSelect(edgeAt(row, column));
    table.current.querySelector("[aria-selected=true]").scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [at, cells]);
  const press = (/** @type {KeyboardEvent} */ event) => {
    const next = nextCell(event, row, column);
    if (!next) return;
    event.preventDefault();
    go(...next);
  };
  const rowAt = (/** @type {number} */ y, /** @type {number} */ at) => {
    const { key, kind, label } = rows[y];
    return html`<tr key=${key} class=${kind === "internet" ? "matrix-open" : null}>
      <th scope="row" title=${label}>${kind === "internet" && "▲ "}${label}</th>
      ${runsOf(columns.map((_, x) => edgeAt(y, x)), at).map(([edge, x, size]) => html`<${Cell} key=${x} edge=${edge} size=${size} isAt=${x === at} onPick=${() => go(y, x)} />`)}
    </tr>`;
  };
  const still = useMemo(() => rows.map((_, y) => rowAt(y, -1)), [edges]);
  if (!edges.length) return html`<p class="empty-line">No arrows.</p>`;
  return html`<div class="table-frame matrix-frame">
    <table ref=${table} class="matrix" role="grid" tabindex="0" aria-label="Sources and destinations" aria-activedescendant="matrix-at"
      onKeyDown=${press} onFocus=${() => onSelect(edgeAt(row, column))}>
      <colgroup><col class="matrix-head" />${columns.map(({ key }) => html`<col key=${key} />`)}</colgroup>
      <thead><tr><th scope="col" class="matrix-corner">From ↓ to →</th>${columns.map(({ key, label }) => html`<th key=${key} scope="col" title=${label}>${label}</th>`)}</tr></thead>
      <tbody>${still.map((shown, y) => (y === row ? rowAt(y, column) : shown))}</tbody>
    </table>
  </div>`;
}

/**
 * Return where a key leads; it may be beyond the last cell.
 *
 * @param {KeyboardEvent} event
 * @param {number} row
 * @param {number} column
 */
function nextCell({ key, ctrlKey }, row, column) {
  return own(/** @type {Record<string, [number, number]>} */ ({
    ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    PageUp: [row - PAGE_ROWS, column], PageDown: [row + PAGE_ROWS, column],
    Home: [ctrlKey ? 0 : row, 0], End: [ctrlKey ? Infinity : row, Infinity],
  }), key);
}

/** @param {{edge: Edge | undefined, size: number, isAt: boolean, onPick: () => void}} properties */
function Cell({ edge, size, isAt, onPick }) {
  const status = edge && statusOf(edge);
  return html`<td role="gridcell" id=${isAt ? "matrix-at" : null} colspan=${size} aria-selected=${isAt} onClick=${edge && onPick}
    class=${edge ? `matrix-${status}` : null} title=${edge ? edgeText(edge) : null}>${status && own(MARKS, status)}${edge && shortTexts(edge.flows, 2)}</td>`;
}

/**
 * Return the cells of a row, each with its column and how many columns it covers.
 *
 * @param {(Edge | undefined)[]} cells
 * @param {number} at a cell that is alone
 */
function runsOf(cells, at) {
  const runs = /** @type {[Edge | undefined, number, number][]} */ ([]);
  cells.forEach((edge, column) => {
    const last = runs.at(-1);
    if (edge || !last || last[0] || column === at || last[1] === at) runs.push([edge, column, 1]);
    else last[2] += 1;
  });
  return runs;
}

/**
 * Return the nodes at one side of edges: the internet first, groups last.
 *
 * @param {Edge[]} edges
 * @param {"from" | "to"} side
 */
const ends = (edges, side) => [...new Set(edges.map((edge) => edge[side]))].sort(compare);

/** @typedef {{from: Node, to: Node, flow: any, cells: string[]}} Row */

const COLUMNS = ["Source", "Destination", "Traffic", "Ether type", "Admitted by"];
const FIRST_ROWS = 200;

/**
 * @param {Edge[]} edges
 * @returns {Row[]}
 */
const rowsOf = (edges) => edges.flatMap(({ from, to, flows }) => flows.map((flow) => ({
  from, to, flow, cells: [endText(from, flow), endText(to, flow), flowText(flow), flow.ethertype, admittedText(flow)],
})));

/** @param {Edge[]} edges */
export const csvOfEdges = (edges) => csvOf(COLUMNS.map((name, index) => [name, (/** @type {Row} */ { cells }) => cells[index]]), rowsOf(edges));

/** @param {{edges: Edge[]}} properties */
export function EdgeTable({ edges }) {
  const [order, setOrder] = useState({ column: 0, isDown: false });
  const [isWhole, setWhole] = useState(false);
  const rows = useMemo(() => sorted(rowsOf(edges), order), [edges, order]);
  if (!rows.length) return html`<p class="empty-line">No arrows.</p>`;
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  return html`<div class="table-frame"><table class="table map-table">
    <caption class="visually-hidden">Who may talk to whom</caption>
    <thead><tr>${COLUMNS.map((name, column) => html`<th key=${name} scope="col" aria-sort=${order.column === column ? (order.isDown ? "descending" : "ascending") : null}>
      <button type="button" class="sort" onClick=${() => setOrder({ column, isDown: order.column === column && !order.isDown })}>${name}
        <span class="sort-mark" aria-hidden="true">${order.column === column ? (order.isDown ? "▼" : "▲") : ""}</span></button></th>`)}</tr></thead>
    <tbody>${shown.map(({ from, to, flow, cells }, index) => html`<tr key=${index} class=${flow.admitted === "one" ? "is-refused" : null}>
      <td data-label="Source"><${End} node=${from} text=${cells[0]} isOpen=${from.kind === "internet"} /></td>
      <td data-label="Destination"><${End} node=${to} text=${cells[1]} /></td>
      <td data-label="Traffic"><strong>${cells[2]}</strong></td>
      <td data-label="Ether type" class="quiet">${cells[3] || "–"}</td>
      <td data-label="Admitted by" class=${flow.inCloud ? "tone-bad" : null}>${cells[4]}</td>
    </tr>`)}</tbody>
  </table></div>
  ${shown.length < rows.length && html`<p class="paging"><button type="button" class="button" onClick=${() => setWhole(true)}>Show all ${count(rows.length, "row")}</button></p>`}`;
}

/** @param {{node: Node, text: string, isOpen?: boolean}} properties */
function End({ node, text, isOpen = false }) {
  if (isOpen) return html`<span class="open-mark">▲ ${text}</span>`;
  return node.kind === "group" ? html`<a href=${`${GROUP_PAGES}${node.key}/`}>${text}</a>` : html`<span>${text}</span>`;
}

/**
 * @param {Row[]} rows
 * @param {{column: number, isDown: boolean}} order the internet comes first among sources; what nobody may do is last
 */
function sorted(rows, { column, isDown }) {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const isFirst = (/** @type {Row} */ row) => Number(column === 0 && row.from.kind === "internet");
  const isLast = (/** @type {Row} */ { flow }) => Number(flow.admitted === "one");
  return rows.sort((one, other) => isLast(one) - isLast(other)
    || (isFirst(other) - isFirst(one) || compare(one.cells[column], other.cells[column])) * (isDown ? -1 : 1));
}

/** @param {{node: Node, edges: Edge[], onSelect: (key: string) => void}} properties */
export function Selected({ node, edges, onSelect }) {
  return html`<section class="card map-panel" aria-label="Selected">
    <div class="page-head"><h2>${node.label}</h2><button type="button" class="button button-plain" onClick=${() => onSelect("")}>Clear</button></div>
    <p class="quiet">${noteOf(node)}</p>
    ${node.isOpen && html`<p><span class="open-mark">▲ Open to the internet</span></p>`}
    ${node.kind === "group" && html`<p><a href=${`${GROUP_PAGES}${node.key}/`}>Show the group</a></p>`}
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
function Flows({ edge }) {
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
  ["sure", "Admitted by the rules of both groups; for the internet and prefixes, by those of the one group."],
  ["unsure", "One group admits it; the other admits only a part, or is not known."],
  ["one", "Not admitted: one group admits it and the other does not."],
  ["sure edge-open", "▲ Open to the internet."],
];

/**
 * @param {string} view
 * @param {string} name classes of an arrow
 */
function sampleOf(view, name) {
  if (view !== "matrix") return html`<svg class="map-sample" viewBox="0 0 48 12" aria-hidden="true"><g class=${`edge edge-${name}`}><path class="line" d="M0 6H40" /><path class="head" d="M48 6l-9 -5v10z" /></g></svg>`;
  const [status, open] = name.split(" edge-");
  return html`<span class=${`matrix-${open}`}><span class=${`matrix-sample matrix-${status}`}>${own(MARKS, status)}22</span></span>`;
}

/** @param {{graph: {nodes: Node[], edges: Edge[]}, tenant: string, view: string}} properties */
export function Legend({ graph, tenant, view }) {
  const groups = graph.nodes.filter(({ kind }) => kind === "group");
  const what = own({ matrix: "a cell", table: "a row" }, view) ?? "an arrow";
  return html`<section class="card map-panel">
    <h2>What ${what} means</h2>
    <p class="quiet">${count(groups.length, "group")}, ${groups.filter(({ isOpen }) => isOpen).length} open to the internet.</p>
    <p>Members of the source may open connections to members of the destination. The egress rules of the source and the ingress rules of the destination must both admit them.</p>
    ${view !== "table" && html`<ul class="plain map-legend" aria-label="Legend">${SAMPLES.map(([name, text]) => html`<li key=${name}>${sampleOf(view, name)}<span>${text}</span></li>`)}</ul>`}
    <p class="quiet">Desired rules are shown. A rule for anywhere is ${what} from or to the internet, although it admits other groups, too. ↻ is traffic between members of one group. An instance in several groups has the rules of all of them, which the map does not show: <a href=${`${CONSOLE}reach/?tenant=${tenant}`}>check an instance</a>.</p>
  </section>`;
}

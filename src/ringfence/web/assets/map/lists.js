// The map as text: the matrix of sources and destinations, the table of arrows, and the side panel.

import { csvOf } from "../export/csv.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { count } from "../rule_text.js";
import { admittedText, edgeText, endText, flowText, noteOf, shortTexts, statusOf } from "./words.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */
// As in map.css
const ROW = 36;
const COLUMN = 104;
const HEAD = 176;
const TOP = 56;
const BEYOND = 3;

/**
 * @param {{edges: Edge[], onSelect: (edge: Edge | undefined) => void}} properties
 */
export function Matrix({ edges, onSelect }) {
  const frame = useRef(/** @type {any} */ (null));
  const [at, setAt] = useState({ row: 0, column: 0 });
  const [sight, setSight] = useState({ top: 0, left: 0, width: 1600, height: 900 });
  const rows = useMemo(() => ends(edges, "from"), [edges]);
  const columns = useMemo(() => ends(edges, "to"), [edges]);
  const cells = useMemo(() => new Map(edges.map((edge) => [edge.key, edge])), [edges]);
  const look = () => {
    const { scrollTop: top, scrollLeft: left, clientWidth: width, clientHeight: height } = frame.current;
    setSight({ top, left, width, height });
  };
  useLayoutEffect(look, [edges]);
  useEffect(() => {
    window.addEventListener("resize", look);
    return () => window.removeEventListener("resize", look);
  }, []);
  const edgeAt = (/** @type {number} */ row, /** @type {number} */ column) => cells.get(`${rows[row]?.key}>${columns[column]?.key}`);
  const go = (/** @type {number} */ row, /** @type {number} */ column) => {
    const next = { row: Math.min(Math.max(row, 0), rows.length - 1), column: Math.min(Math.max(column, 0), columns.length - 1) };
    setAt(next);
    bringIntoSight(frame.current, next);
    onSelect(edgeAt(next.row, next.column));
  };
  const page = Math.max(1, Math.floor((sight.height - TOP) / ROW) - 1);
  const press = (/** @type {KeyboardEvent} */ event) => {
    const { row, column } = at;
    const [first, last] = event.ctrlKey ? [0, rows.length - 1] : [row, row];
    const next = /** @type {Record<string, [number, number]>} */ ({
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - page, column], PageDown: [row + page, column], Home: [first, 0], End: [last, columns.length - 1],
      Enter: [row, column],
    })[event.key];
    if (!next) return;
    event.preventDefault();
    go(...next);
  };
  const [top, bottom] = span(sight.top, sight.height - TOP, ROW, rows.length);
  const [left, right] = span(sight.left, sight.width - HEAD, COLUMN, columns.length);
  if (!edges.length) return html`<p class="empty-line">No arrows.</p>`;
  return html`<div class="table-frame matrix-frame" ref=${frame} onScroll=${look}>
    <table class="matrix" role="grid" tabindex="0" aria-label="Sources and destinations" aria-rowcount=${rows.length + 1} aria-colcount=${columns.length + 1}
      aria-activedescendant=${`cell-${at.row}-${at.column}`} onKeyDown=${press} onFocus=${() => onSelect(edgeAt(at.row, at.column))}>
      <colgroup><col class="matrix-head" />${columns.map((node) => html`<col key=${node.key} class="matrix-column" />`)}<col /></colgroup>
      <thead><tr aria-rowindex="1"><th scope="col" class="matrix-corner">Source ↓ Destination →</th>
        ${left > 0 && html`<td colspan=${left} aria-hidden="true"></td>`}
        ${columns.slice(left, right).map((node, index) => html`<th key=${node.key} scope="col" aria-colindex=${left + index + 2} title=${node.label}><span>${node.label}</span></th>`)}
      </tr></thead>
      <tbody>
        ${top > 0 && html`<tr aria-hidden="true"><td height=${top * ROW}></td></tr>`}
        ${rows.slice(top, bottom).map((source, index) => html`<tr key=${source.key} aria-rowindex=${top + index + 2} class=${source.kind === "internet" ? "matrix-open" : null}>
          <th scope="row" aria-colindex="1" title=${source.label}><span class="clip">${source.kind === "internet" && "▲ "}${source.label}</span></th>
          ${left > 0 && html`<td colspan=${left} aria-hidden="true"></td>`}
          ${columns.slice(left, right).map((_, place) => html`<${Cell} key=${left + place} id=${`cell-${top + index}-${left + place}`} column=${left + place}
            edge=${edgeAt(top + index, left + place)} isAt=${at.row === top + index && at.column === left + place} onPick=${() => go(top + index, left + place)} />`)}
        </tr>`)}
        ${bottom < rows.length && html`<tr aria-hidden="true"><td height=${(rows.length - bottom) * ROW}></td></tr>`}
      </tbody>
    </table>
  </div>`;
}

/** @param {{id: string, column: number, edge: Edge | undefined, isAt: boolean, onPick: () => void}} properties */
function Cell({ id, column, edge, isAt, onPick }) {
  const marks = { sure: "", unsure: " ?", one: " ½" };
  return html`<td role="gridcell" id=${id} aria-colindex=${column + 2} aria-selected=${isAt} onClick=${onPick}
    class=${edge ? `matrix-${statusOf(edge)}` : null} title=${edge ? edgeText(edge) : null}>${edge && shortTexts(edge.flows, 2) + marks[/** @type {"sure"} */ (statusOf(edge))]}</td>`;
}

/**
 * Return the nodes at one side of edges: the internet first, groups last.
 *
 * @param {Edge[]} edges
 * @param {"from" | "to"} side
 */
function ends(edges, side) {
  const rank = (/** @type {Node} */ { kind }) => ["internet", "prefix", "unknown", "outside", "group"].indexOf(kind);
  return [...new Set(edges.map((edge) => edge[side]))].sort((one, other) => rank(one) - rank(other) || one.label.localeCompare(other.label, "en"));
}

/**
 * Return the first row or column in sight, and the one after the last.
 *
 * @param {number} start
 * @param {number} length
 * @param {number} size
 * @param {number} total
 */
function span(start, length, size, total) {
  return [Math.max(0, Math.floor(start / size) - BEYOND), Math.min(total, Math.ceil((start + length) / size) + BEYOND)];
}

/**
 * @param {any} frame
 * @param {{row: number, column: number}} at
 */
function bringIntoSight(frame, { row, column }) {
  const within = (/** @type {number} */ now, /** @type {number} */ place, /** @type {number} */ size, /** @type {number} */ room) => Math.min(place, Math.max(now, place + size - room));
  frame.scrollTop = within(frame.scrollTop, row * ROW, ROW, frame.clientHeight - TOP);
  frame.scrollLeft = within(frame.scrollLeft, column * COLUMN, COLUMN, frame.clientWidth - HEAD);
}

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
    <tbody>${shown.map(({ from, to, flow, cells }, index) => html`<tr key=${index}>
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
 * @param {{column: number, isDown: boolean}} order the internet comes first among sources
 */
function sorted(rows, { column, isDown }) {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const isFirst = (/** @type {Row} */ row) => Number(column === 0 && row.from.kind === "internet");
  return rows.sort((one, other) => (isFirst(other) - isFirst(one) || compare(one.cells[column], other.cells[column])) * (isDown ? -1 : 1));
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
  ["sure", "Admitted: by the rules of both groups, or of the one group at the internet or a prefix."],
  ["unsure", "One group admits it; the other does in part, or it is not known."],
  ["one", "One group admits it and the other does not."],
  ["sure edge-open", "▲ Open to the internet."],
];

/** @param {{graph: {nodes: Node[], edges: Edge[]}, tenant: string}} properties */
export function Legend({ graph, tenant }) {
  const groups = graph.nodes.filter(({ kind }) => kind === "group");
  return html`<section class="card map-panel">
    <h2>What an arrow means</h2>
    <p class="quiet">${count(groups.length, "group")}, ${groups.filter(({ isOpen }) => isOpen).length} open to the internet.</p>
    <p>Members of the source may begin connections to members of the destination. Egress rules of the source and ingress rules of the destination must both admit them.</p>
    <ul class="plain map-legend">${SAMPLES.map(([name, text]) => html`<li key=${name}>
      <svg class="map-sample" viewBox="0 0 48 12" aria-hidden="true"><g class=${`edge edge-${name}`}><path class="line" d="M0 6H40" /><path class="head" d="M48 6l-9 -5v10z" /></g></svg><span>${text}</span></li>`)}</ul>
    <p class="quiet">Desired rules, between the ends that they name. Anywhere is an arrow of the internet, and admits every group, too. Groups of one instance unite, which is not shown: <a href=${`${CONSOLE}reach/?tenant=${tenant}`}>ask for one instance</a>.</p>
  </section>`;
}

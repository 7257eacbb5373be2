// The matrix: sources as rows, destinations as columns. Only the cells in sight are in the page.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { shortTexts } from "./flows.js";
import { edgeText, statusOf } from "./words.js";

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

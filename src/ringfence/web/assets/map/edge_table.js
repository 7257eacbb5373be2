// The table: each kind of traffic between two ends as a row.

import { html, useMemo, useState } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { count } from "../rule_text.js";
import { admittedText, endText, flowText } from "./words.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {{from: Node, to: Node, flow: any, cells: string[]}} Row */

export const COLUMNS = ["Source", "Destination", "Traffic", "Ether type", "Admitted by"];
const FIRST_ROWS = 200;

/**
 * @param {import("./graph.js").Edge[]} edges
 * @returns {Row[]}
 */
export const rowsOf = (edges) => edges.flatMap(({ from, to, flows }) => flows.map((flow) => ({
  from, to, flow, cells: [endText(from, flow), endText(to, flow), flowText(flow), flow.ethertype, admittedText(flow)],
})));

/** @param {{edges: import("./graph.js").Edge[]}} properties */
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

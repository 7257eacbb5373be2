// Files of what is shown: the map as SVG, the table as CSV.

import { COLUMNS, rowsOf } from "./edge_table.js";

/**
 * @param {string} name
 * @param {string} type
 * @param {string} text
 */
function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/**
 * Return a cell of CSV. What a spreadsheet would compute follows a quote.
 *
 * @param {string} text
 */
function cellOf(text) {
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {import("./graph.js").Edge[]} edges */
export const csvOf = (edges) => [COLUMNS, ...rowsOf(edges).map(({ cells }) => cells)]
  .map((cells) => cells.map(cellOf).join(",")).join("\r\n");

/**
 * @param {string} name
 * @param {import("./graph.js").Edge[]} edges
 */
export const saveCsv = (name, edges) => download(`${name}.csv`, "text/csv;charset=utf-8", `${csvOf(edges)}\r\n`);

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "paint-order", "visibility"];

/**
 * Save the whole map as drawn. Colours of the page become attributes, so that the file needs no styles.
 *
 * @param {string} name
 */
export function saveSvg(name) {
  const shown = /** @type {SVGSVGElement} */ (document.querySelector("svg.map"));
  const layer = /** @type {SVGGElement} */ (shown.firstElementChild);
  const copy = /** @type {SVGSVGElement} */ (shown.cloneNode(false));
  const inner = /** @type {SVGGElement} */ (layer.cloneNode(true));
  const { x, y, width, height } = layer.getBBox();
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const box = { x: x - 24, y: y - 24, width: width + 48, height: height + 48 };
  for (const [key, value] of Object.entries(box)) ground.setAttribute(key, String(value));
  ground.setAttribute("fill", getComputedStyle(shown).backgroundColor);
  const originals = layer.querySelectorAll("*");
  inner.removeAttribute("transform");
  inner.querySelectorAll("*").forEach((element, index) => {
    const style = getComputedStyle(originals[index]);
    if (!["g", "svg", "title"].includes(element.tagName)) for (const key of DRAWN) element.setAttribute(key, style.getPropertyValue(key));
    for (const key of ["class", "tabindex", "role", "aria-pressed"]) element.removeAttribute(key);
  });
  for (const key of ["class", "aria-describedby"]) copy.removeAttribute(key);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  copy.append(ground, inner);
  download(`${name}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
}

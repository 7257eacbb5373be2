// The map: pan and zoom by mouse and keyboard, and nodes that are focused with the arrow keys.
//
// Nodes and arrows are drawn once for a layout; selecting, moving and zooming change attributes only.

import { html, useLayoutEffect, useMemo, useRef } from "../html.js";
import { own } from "../own.js";
import { count } from "../rules/text.js";
import { HEIGHT, WIDTH, layoutOf } from "./layout.js";
import { edgeText, labelText, noteOf, statusOf } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./layout.js").Positioned} Positioned */
/** @typedef {import("./layout.js").Line} Line */

const MARGIN = 24;
// Labels are readable from this scale on.
const READABLE = 0.9;
const LARGEST = 1.6;
const STEP = 60;
const STARTS_DRAG = 4;
const CHOSEN = '.node[aria-pressed="true"]';
const ENTRY = '.node[tabindex="0"]';
const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

/**
 * @param {{nodes: any[], edges: any[], selected: string, onSelect: (key: string) => void, name: string}} properties
 */
export function MapView({ nodes, edges, selected, onSelect, name }) {
  const svg = useRef(/** @type {any} */ (null));
  const layout = useMemo(() => layoutOf(nodes, edges), [nodes, edges]);
  const canvas = useCanvas(svg, layout, selected);
  useLayoutEffect(() => {
    mark(svg.current, selected);
    canvas.reveal();
  }, [layout, selected]);
  const drawn = useMemo(() => html`<g class="layer">
    ${lineShapes(layout.lines)}
    ${layout.positioned.map((positioned) => nodeShape(positioned, edges, {
      "data-node": positioned.node.key, role: "button", tabindex: -1, "aria-label": labelOf(positioned, edges), "aria-pressed": "false",
    }))}
  </g>`, [layout]);
  const keyOf = (/** @type {any} */ target) => target.closest?.("[data-node]")?.dataset.node ?? "";
  const press = (/** @type {KeyboardEvent} */ event) => {
    const place = layout.positioned.find(({ node }) => node.key === keyOf(event.target));
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && selected) onSelect("");
    else if ([" ", "Enter"].includes(event.key) && place) onSelect(place.node.key === selected ? "" : place.node.key);
    else if (!canvas.press(event) && !(place && focusNext(svg.current, layout.positioned, place, event.key))) return;
    event.preventDefault();
  };
  return html`<div class="map-frame">
    <div class="map-tools" role="group" aria-label="Zoom">
      <button type="button" class="button" aria-label="Zoom in" onClick=${() => canvas.zoom(1.25)}>+</button>
      <button type="button" class="button" aria-label="Zoom out" onClick=${() => canvas.zoom(0.8)}>−</button>
      <button type="button" class="button" onClick=${() => canvas.fit(0)}>Fit</button>
    </div>
    <svg ref=${svg} class="map" role="group" aria-label=${`Map of ${name}`} aria-describedby="map-keys"
      onKeyDown=${press} onfocusin=${(/** @type {any} */ event) => canvas.show(event.target)}
      onPointerDown=${canvas.grab} onPointerMove=${canvas.drag} onPointerUp=${canvas.drop} onPointerCancel=${canvas.drop}
      onClick=${(/** @type {any} */ event) => canvas.isClick() && onSelect(keyOf(event.target))}>${drawn}</svg>
  </div>
  <p class="quiet map-keys" id="map-keys">Arrow keys move between groups, Enter selects, Escape clears; + and − zoom, 0 shows all, Shift with arrow keys moves the map. Drag moves it, too; Ctrl with the wheel zooms.</p>`;
}

/**
 * Fade what is not next to the selected node.
 *
 * @param {any} svg
 * @param {string} selected
 */
function mark(svg, selected) {
  const near = new Set([selected]);
  for (const edge of svg.querySelectorAll(".edge")) {
    const { from, to } = edge.dataset;
    const isNear = [from, to].includes(selected);
    edge.classList.toggle("is-near", isNear);
    if (isNear) near.add(from).add(to);
  }
  for (const node of svg.querySelectorAll(".node")) {
    node.classList.toggle("is-near", near.has(node.dataset.node));
    node.setAttribute("aria-pressed", node.dataset.node === selected);
  }
  const chosen = svg.querySelector(CHOSEN);
  svg.classList.toggle("has-selection", Boolean(chosen));
  enter(svg, svg.querySelector(".node:focus") ?? chosen ?? svg.querySelector(ENTRY) ?? svg.querySelector(".node"));
}

/**
 * Make a node the only one in the order of Tab.
 *
 * @param {any} svg
 * @param {any} node
 */
function enter(svg, node) {
  svg.querySelector(ENTRY)?.setAttribute("tabindex", "-1");
  node?.setAttribute("tabindex", "0");
}

/**
 * Focus the next node: up and down within a column, left and right the nearest of the next column.
 *
 * @param {any} svg
 * @param {Positioned[]} positioned
 * @param {Positioned} from
 * @param {string} key
 */
function focusNext(svg, positioned, from, key) {
  const [across, along] = own(ARROWS, key) ?? [0, 0];
  const away = (/** @type {Positioned} */ each) => Math.abs(each.y - from.y);
  const isAhead = (/** @type {Positioned} */ each) => each.column === from.column + across && (across || (each.y - from.y) * along > 0);
  const ahead = across || along ? positioned.filter(isAhead).sort((one, other) => away(one) - away(other)) : [];
  const next = own({ Home: positioned[0], End: positioned.at(-1) }, key) ?? ahead[0];
  if (!next) return Boolean(across || along);
  const node = svg.querySelector(`[data-node="${CSS.escape(next.node.key)}"]`);
  enter(svg, node);
  node.focus({ preventScroll: true });
  return true;
}

/**
 * Pan and zoom.
 *
 * @param {{current: any}} svg
 * @param {ReturnType<typeof layoutOf>} layout
 * @param {string} selected
 */
function useCanvas(svg, layout, selected) {
  const view = Object.assign(useRef({ x: 0, y: 0, scale: 1, selected }).current, { selected });
  const set = (/** @type {number} */ x, /** @type {number} */ y, scale = view.scale) => {
    Object.assign(view, { x, y, scale });
    svg.current.firstElementChild.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  };
  const move = (/** @type {number} */ x, /** @type {number} */ y) => set(view.x + x, view.y + y);
  const placeOf = (/** @type {string | undefined} */ key) => layout.positioned.find(({ node }) => node.key === key);
  const fit = (/** @type {number} */ least, key = "") => set(...fitted(layout.boundsOf(key), layout.positioned[0], svg.current, least));
  const zoom = (/** @type {number} */ factor, x = svg.current.clientWidth / 2, y = svg.current.clientHeight / 2) => {
    const scale = Math.min(3, Math.max(0.05, view.scale * factor));
    set(x - ((x - view.x) * scale) / view.scale, y - ((y - view.y) * scale) / view.scale, scale);
  };
  // The drawing fits the canvas, which the panel of a selected node narrows, or as much as is next to that node.
  const reveal = () => {
    if (!placeOf(view.selected)) return;
    const { clientWidth, clientHeight } = svg.current;
    const [left, top, right, bottom] = layout.boundsOf(view.selected);
    const isWhole = view.x + left * view.scale >= 0 && view.x + right * view.scale <= clientWidth && view.y + top * view.scale >= 0 && view.y + bottom * view.scale <= clientHeight;
    if (!isWhole) fit(0, view.selected);
  };
  useLayoutEffect(() => {
    const begin = () => {
      fit(READABLE);
      reveal();
    };
    begin();
    const resized = new ResizeObserver(begin);
    resized.observe(svg.current);
    return () => resized.disconnect();
  }, [layout]);
  useWheel(svg, zoom);
  const show = (/** @type {any} */ node) => {
    const place = placeOf(node?.dataset.node);
    if (!place) return;
    const { clientWidth, clientHeight } = svg.current;
    const by = (/** @type {number} */ start, /** @type {number} */ size, /** @type {number} */ room) => (start < MARGIN ? MARGIN - start : Math.min(0, room - MARGIN - start - size));
    move(by(view.x + place.x * view.scale, WIDTH * view.scale, clientWidth), by(view.y + place.y * view.scale, HEIGHT * view.scale, clientHeight));
  };
  const press = (/** @type {KeyboardEvent} */ { key, shiftKey }) => {
    const [x, y] = (shiftKey && own(ARROWS, key)) || [0, 0];
    if (x || y) move(-STEP * x, -STEP * y);
    else if (key === "+" || key === "=") zoom(1.25);
    else if (key === "-") zoom(0.8);
    else if (key === "0") fit(0);
    else return false;
    return true;
  };
  return { fit, zoom, show, reveal, press, ...useDrag(svg, move) };
}

/**
 * Return where bounds are shown as a whole, or at the least scale around the first node, which is the internet.
 *
 * @param {import("./layout.js").Box} bounds
 * @param {Positioned} node
 * @param {SVGElement} svg
 * @param {number} least scale
 * @returns {[number, number, number]}
 */
function fitted([left, top, right, bottom], node, { clientWidth: width, clientHeight: height }, least) {
  const scale = Math.max(Math.min((width - 2 * MARGIN) / (right - left), (height - 2 * MARGIN) / (bottom - top), LARGEST), least);
  // What does not fit begins with the node.
  const start = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ room, /** @type {number} */ at) => {
    const rest = room - (to - from) * scale;
    return rest >= 0 || !least ? rest / 2 - from * scale : Math.min(MARGIN - from * scale, Math.max(room - MARGIN - to * scale, room / 3 - at * scale));
  };
  return [start(left, right, width, node.x), start(top, bottom, height, node.y), scale];
}

/**
 * Zoom by the wheel with Ctrl, which is also what pinching a touch pad sends.
 *
 * @param {{current: any}} svg
 * @param {(factor: number, x: number, y: number) => void} zoom
 */
function useWheel(svg, zoom) {
  useLayoutEffect(() => {
    const { current } = svg;
    const wheel = (/** @type {WheelEvent} */ event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = current.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
    };
    current.addEventListener("wheel", wheel, { passive: false });
    return () => current.removeEventListener("wheel", wheel);
  }, []);
}

/**
 * @param {{current: any}} svg
 * @param {(x: number, y: number) => void} move
 */
function useDrag(svg, move) {
  const held = useRef(/** @type {any} */ ({})).current;
  return {
    // A drag is no click.
    isClick: () => !held.moved,
    grab: (/** @type {PointerEvent} */ { button, clientX, clientY }) => Object.assign(held, { at: !button && [clientX, clientY], moved: false }),
    drag: (/** @type {PointerEvent} */ { clientX, clientY, pointerId }) => {
      if (!held.at) return;
      const [x, y] = [clientX - held.at[0], clientY - held.at[1]];
      if (!held.moved && Math.hypot(x, y) < STARTS_DRAG) return;
      if (!held.moved) svg.current.setPointerCapture(pointerId);
      Object.assign(held, { at: [clientX, clientY], moved: true });
      move(x, y);
    },
    drop: () => Object.assign(held, { at: null }),
  };
}

const LONGEST = 20;

/** @param {string} text */
const clip = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/**
 * @param {Positioned} positioned
 * @param {Edge[]} edges of the map
 */
export function labelOf({ node }, edges) {
  const arrows = (/** @type {"from" | "to"} */ side) => edges.filter((edge) => edge[side] === node).length;
  return [node.label, noteOf(node), node.isOpen && "open to the internet", `${count(arrows("to"), "arrow")} in, ${arrows("from")} out`].filter(Boolean).join(", ");
}

/**
 * @param {Positioned} positioned
 * @param {Edge[]} edges of the map
 * @param {Record<string, any>} [more] attributes
 * @param {(edge: Edge) => string} [textOf] the arrow of a node to itself
 */
export function nodeShape({ node, x, y }, edges, more = {}, textOf = labelText) {
  const self = edges.find(({ from, to }) => from === node && to === node);
  const note = `${node.isOpen ? "▲ open · " : ""}${noteOf(node)}`;
  return html`<g key=${node.key} class=${`node node-${node.kind}${node.isOpen ? " node-open" : ""}`} transform=${`translate(${x} ${y})`} ...${more}>
    <title>${node.label}: ${noteOf(node)}</title>
    <rect width=${WIDTH} height=${HEIGHT} rx="7" />
    <svg width=${WIDTH - 8} height=${HEIGHT}><text class="node-name" x="11" y="20">${clip(node.label)}</text><text class="node-note" x="11" y="38">${note}</text></svg>
    ${self && html`<text class="node-self" x="4" y=${HEIGHT + 14}>↻ within: ${textOf(self)}</text>`}
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
  <g>${lines.map((line) => shape(line, toneOf(line.edge), html`<text x=${line.x} y=${line.y + 4} text-anchor="middle">${line.text}</text>`))}</g>`;

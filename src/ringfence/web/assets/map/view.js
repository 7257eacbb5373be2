// The map: pan and zoom by mouse and keyboard, and nodes that are focused with the arrow keys.
//
// Nodes and arrows are drawn once for a layout; selecting, moving and zooming change attributes only.

import { html, useLayoutEffect, useMemo, useRef } from "../html.js";
import { count } from "../rule_text.js";
import { HEIGHT, WIDTH, layoutOf } from "./layout.js";
import { edgeText, noteOf, shortTexts, statusOf } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {import("./layout.js").Placed} Placed */
/** @typedef {import("./layout.js").Line} Line */
/** @typedef {{x: number, y: number, scale: number}} View */

const MARGIN = 24;
// Labels are readable from this scale on.
const READABLE = 0.75;
const STEP = 60;
const STARTS_DRAG = 4;

/**
 * @param {{nodes: any[], edges: any[], selected: string, onSelect: (key: string) => void, name: string}} properties
 */
export function MapView({ nodes, edges, selected, onSelect, name }) {
  const svg = useRef(/** @type {any} */ (null));
  const layout = useMemo(() => layoutOf(nodes, edges), [nodes, edges]);
  const canvas = useCanvas(svg, layout);
  useLayoutEffect(() => {
    mark(svg.current, selected);
    canvas.show(svg.current.querySelector(".is-selected"));
  }, [layout, selected]);
  const drawn = useMemo(() => html`<g class="layer">
    ${lineShapes(layout.lines)}
    ${layout.placed.map((placed) => nodeShape(placed, edges, {
      "data-node": placed.node.key, role: "button", tabindex: -1, "aria-label": labelOf(placed, edges), "aria-pressed": "false",
    }))}
  </g>`, [layout]);
  const keyOf = (/** @type {any} */ target) => target.closest?.("[data-node]")?.dataset.node ?? "";
  const press = (/** @type {KeyboardEvent} */ event) => {
    const place = layout.placed.find(({ node }) => node.key === keyOf(event.target));
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && selected) onSelect("");
    else if ([" ", "Enter"].includes(event.key) && place) onSelect(place.node.key === selected ? "" : place.node.key);
    else if (!canvas.press(event) && !(place && focusNext(svg.current, layout.placed, place, event.key))) return;
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
 * Fade what is not next to the selected node, and keep one node in the order of Tab.
 *
 * @param {SVGElement} svg
 * @param {string} selected
 */
function mark(svg, selected) {
  const nodes = /** @type {any[]} */ ([...svg.querySelectorAll("[data-node]")]);
  const near = new Set([selected]);
  for (const edge of /** @type {any[]} */ ([...svg.querySelectorAll(".edge")])) {
    const { from, to } = edge.dataset;
    const isNear = from === selected || to === selected;
    edge.classList.toggle("is-near", isNear);
    if (isNear) near.add(from).add(to);
  }
  for (const node of nodes) {
    node.classList.toggle("is-near", near.has(node.dataset.node));
    node.classList.toggle("is-selected", node.dataset.node === selected);
    node.setAttribute("aria-pressed", String(node.dataset.node === selected));
    node.setAttribute("tabindex", "-1");
  }
  const current = nodes.find((node) => node === document.activeElement) ?? nodes.find((node) => node.dataset.node === selected) ?? nodes[0];
  svg.classList.toggle("has-selection", nodes.some((node) => node.dataset.node === selected));
  current?.setAttribute("tabindex", "0");
}

/**
 * Focus the next node: up and down within a column, left and right the nearest of the next column.
 *
 * @param {SVGElement} svg
 * @param {Placed[]} placed
 * @param {Placed} from
 * @param {string} key
 */
function focusNext(svg, placed, from, key) {
  const [across, along] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  const ends = { Home: placed[0], End: placed.at(-1) };
  const isAhead = (/** @type {Placed} */ each) => each.column === from.column + across && (across || (each.y - from.y) * along > 0);
  const away = (/** @type {Placed} */ each) => Math.abs(each.y - from.y);
  const ahead = across || along ? placed.filter(isAhead).sort((one, other) => away(one) - away(other)) : [];
  const next = key in ends ? ends[/** @type {"Home"} */ (key)] : ahead[0];
  if (!next) return Boolean(across || along);
  for (const node of /** @type {any[]} */ ([...svg.querySelectorAll("[data-node]")])) {
    const isNext = node.dataset.node === next.node.key;
    node.setAttribute("tabindex", isNext ? "0" : "-1");
    if (isNext) node.focus({ preventScroll: true });
  }
  return true;
}

/**
 * Pan and zoom.
 *
 * @param {{current: any}} svg
 * @param {ReturnType<typeof layoutOf>} layout
 */
function useCanvas(svg, layout) {
  const view = useRef(/** @type {View} */ ({ x: 0, y: 0, scale: 1 })).current;
  const held = useRef(/** @type {any} */ ({ at: null, moved: false })).current;
  const set = (/** @type {View} */ next) => {
    Object.assign(view, next);
    svg.current.firstElementChild.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  };
  const fit = (/** @type {number} */ least) => {
    const { clientWidth: width, clientHeight: height } = svg.current;
    const whole = Math.min((width - 2 * MARGIN) / layout.width, (height - 2 * MARGIN) / layout.height, 1.1);
    const scale = Math.max(whole, least, 0.05);
    // What does not fit begins at the internet.
    const first = layout.placed[0]?.y ?? 0;
    const x = Math.max(MARGIN, (width - layout.width * scale) / 2);
    const y = (height - layout.height * scale) / 2;
    set({ x, y: y < MARGIN && least ? Math.min(MARGIN, Math.max(height / 3 - first * scale, 2 * y - MARGIN)) : y, scale });
  };
  const zoom = (/** @type {number} */ factor, /** @type {{x: number, y: number} | undefined} */ at = undefined) => {
    const { x, y } = at ?? { x: svg.current.clientWidth / 2, y: svg.current.clientHeight / 2 };
    const scale = Math.min(3, Math.max(0.05, view.scale * factor));
    set({ x: x - ((x - view.x) * scale) / view.scale, y: y - ((y - view.y) * scale) / view.scale, scale });
  };
  useLayoutEffect(() => fit(READABLE), [layout]);
  useLayoutEffect(() => {
    const wheel = (/** @type {WheelEvent} */ event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.current.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - box.left, y: event.clientY - box.top });
    };
    svg.current.addEventListener("wheel", wheel, { passive: false });
    return () => svg.current?.removeEventListener("wheel", wheel);
  }, []);
  return { fit, zoom, isClick: () => !held.moved, ...handlers(svg, view, held, set, { fit, zoom }) };
}

/**
 * @param {{current: any}} svg
 * @param {View} view
 * @param {any} held
 * @param {(view: View) => void} set
 * @param {{fit: (least: number) => void, zoom: (factor: number) => void}} actions
 */
function handlers(svg, view, held, set, { fit, zoom }) {
  const move = (/** @type {number} */ x, /** @type {number} */ y) => set({ ...view, x: view.x + x, y: view.y + y });
  return {
    grab: (/** @type {PointerEvent} */ event) => Object.assign(held, { at: event.button ? null : [event.clientX, event.clientY], moved: false }),
    drag: (/** @type {PointerEvent} */ event) => {
      if (!held.at) return;
      const [x, y] = [event.clientX - held.at[0], event.clientY - held.at[1]];
      if (!held.moved && Math.hypot(x, y) < STARTS_DRAG) return;
      if (!held.moved) svg.current.setPointerCapture(event.pointerId);
      Object.assign(held, { at: [event.clientX, event.clientY], moved: true });
      move(x, y);
    },
    drop: () => Object.assign(held, { at: null }),
    press: (/** @type {KeyboardEvent} */ { key, shiftKey }) => {
      const [x, y] = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[key] ?? [0, 0];
      if (shiftKey && (x || y)) move(x, y);
      else if (key === "+" || key === "=") zoom(1.25);
      else if (key === "-") zoom(0.8);
      else if (key === "0") fit(0);
      else return false;
      return true;
    },
    /** Move the map so that a node is in sight. @param {any} node if any */
    show: (node) => {
      const at = node?.closest("[data-node]")?.getAttribute("transform")?.match(/[-\d.]+/g)?.map(Number);
      if (!at) return;
      const { clientWidth, clientHeight } = svg.current;
      const by = (/** @type {number} */ place, /** @type {number} */ size, /** @type {number} */ room) => {
        if (place < MARGIN) return MARGIN - place;
        return Math.min(0, room - MARGIN - place - size);
      };
      move(by(view.x + at[0] * view.scale, WIDTH * view.scale, clientWidth), by(view.y + at[1] * view.scale, HEIGHT * view.scale, clientHeight));
    },
  };
}

const LONGEST = 22;

/** @param {string} text */
const clip = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/**
 * @param {Placed} placed
 * @param {Edge[]} edges of the map
 */
export function labelOf({ node }, edges) {
  const arrows = (/** @type {"from" | "to"} */ side) => edges.filter((edge) => edge[side] === node).length;
  return [node.label, noteOf(node), node.isOpen && "open to the internet", `${count(arrows("to"), "arrow")} in, ${arrows("from")} out`].filter(Boolean).join(", ");
}

/**
 * @param {Placed} placed
 * @param {Edge[]} edges of the map
 * @param {Record<string, any>} [more] attributes
 */
export function nodeShape({ node, x, y }, edges, more = {}) {
  const self = edges.find(({ from, to }) => from === node && to === node);
  const note = `${node.isOpen ? "▲ open · " : ""}${noteOf(node)}${self ? ` · ↻ ${shortTexts(self.flows, 1)}` : ""}`;
  return html`<g key=${node.key} class=${`node node-${node.kind}${node.isOpen ? " node-open" : ""}`} transform=${`translate(${x} ${y})`} ...${more}>
    <title>${node.label}: ${noteOf(node)}</title>
    <rect width=${WIDTH} height=${HEIGHT} rx="7" />
    <svg width=${WIDTH - 8} height=${HEIGHT}><text class="node-name" x="11" y="19">${clip(node.label)}</text><text class="node-note" x="11" y="35">${note}</text></svg>
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
  <g>${lines.map((line) => shape(line, toneOf(line.edge), html`<text x=${line.x} y=${line.y + 4} text-anchor="middle">${clip(line.text)}</text>`))}</g>`;

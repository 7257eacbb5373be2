// A layered layout: the internet at the left, and groups in columns by their distance from it. Pure.
//
// The same graph has the same layout. Each node is moved to the mean row of its neighbours
// (barycentre) a few times, which leaves few crossings.

import { INTERNET } from "./graph.js";
import { shortTexts } from "./flows.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {{node: Node, x: number, y: number, column: number}} Placed */
/** @typedef {{edge: Edge, path: string, head: string, x: number, y: number, text: string, isCrowded: boolean}} Line */

export const WIDTH = 164;
export const HEIGHT = 44;
const GAP_X = 120;
const GAP_Y = 30;
const SWEEPS = 6;
const LABEL_HEIGHT = 15;
const CHARACTER = 6.4;

/**
 * @param {Node[]} nodes
 * @param {Edge[]} edges
 * @returns {{placed: Placed[], lines: Line[], width: number, height: number}}
 */
export function layoutOf(nodes, edges) {
  const drawn = edges.filter(({ from, to }) => from !== to);
  const tied = new Set(drawn.flatMap(({ from, to }) => [from, to]));
  const columns = split(ordered(columnsOf(nodes.filter((node) => tied.has(node)), drawn), drawn), tied.size);
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const at = (/** @type {Node} */ node, /** @type {number} */ column, /** @type {number} */ row) => ({ node, column, x: column * (WIDTH + GAP_X), y: row * (HEIGHT + GAP_Y) });
  const placed = columns.flatMap((column, index) => column.map((node, row) => at(node, index, row + (tallest - column.length) / 2)));
  // Nodes without arrows are below.
  const alone = nodes.filter((node) => !tied.has(node)).sort(compare);
  const broad = Math.max(columns.length, Math.min(4, alone.length), Math.ceil(Math.sqrt(alone.length / 3)));
  placed.push(...alone.map((node, index) => at(node, index % broad, tallest + (tallest && 0.5) + Math.floor(index / broad))));
  const rows = Math.max(...placed.map(({ y }) => y));
  return { placed, lines: linesOf(placed, drawn), width: broad * (WIDTH + GAP_X) - GAP_X, height: rows + HEIGHT };
}

/**
 * @param {Edge[]} edges
 * @param {"from" | "to"} side
 * @param {"from" | "to"} other
 */
function neighbours(edges, side, other) {
  const found = /** @type {Map<Node, Node[]>} */ (new Map());
  for (const edge of edges) found.set(edge[side], [...(found.get(edge[side]) ?? []), edge[other]]);
  return found;
}

const rank = (/** @type {Node} */ node) => (node.key === INTERNET ? 0 : node.kind === "prefix" ? 1 : 2);

/**
 * The internet first, then by name.
 *
 * @param {Node} one
 * @param {Node} other
 */
const compare = (one, other) => rank(one) - rank(other)
  || (one.label < other.label ? -1 : Number(one.label > other.label)) || (one.key < other.key ? -1 : 1);

/**
 * Return the nodes by columns: outside, open to the internet, and so on. Groups that nothing reaches from the
 * internet come from the third column on.
 *
 * @param {Node[]} nodes
 * @param {Edge[]} edges
 */
function columnsOf(nodes, edges) {
  const targets = neighbours(edges, "from", "to");
  const sources = neighbours(edges, "to", "from");
  const distance = /** @type {Map<Node, number>} */ (new Map());
  const spread = (/** @type {Node[]} */ starts, /** @type {number} */ at) => {
    for (let front = starts.filter((node) => !distance.has(node)), step = at; front.length; step += 1) {
      for (const node of front) distance.set(node, step);
      front = [...new Set(front.flatMap((node) => targets.get(node) ?? []))].filter((node) => !distance.has(node) && node.kind === "group");
    }
  };
  spread(nodes.filter((node) => node.key === INTERNET), 0);
  spread(nodes.filter((node) => node.kind === "group" && sources.get(node)?.some(({ kind }) => kind !== "group")), 2);
  spread(nodes.filter((node) => node.kind === "group" && targets.has(node) && !sources.has(node)), 2);
  spread(nodes.filter((node) => node.kind === "group"), 2);
  const columns = /** @type {Node[][]} */ (Array.from({ length: Math.max(2, ...distance.values()) + 1 }, () => []));
  for (const node of nodes) columns[node.kind === "group" ? distance.get(node) ?? 2 : 0].push(node);
  return columns.map((column) => column.sort(compare)).filter((column) => column.length);
}

/**
 * Return the columns in the order of barycentres; the internet stays first.
 *
 * @param {Node[][]} columns
 * @param {Edge[]} edges
 */
function ordered(columns, edges) {
  const both = neighbours([...edges, ...edges.map((edge) => ({ ...edge, from: edge.to, to: edge.from }))], "from", "to");
  const rows = /** @type {Map<Node, number>} */ (new Map());
  const number = (/** @type {Node[]} */ column) => column.forEach((node, row) => rows.set(node, row - column.length / 2));
  columns.forEach(number);
  let current = columns;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const swept = sweep % 2 ? [...current].reverse() : current;
    const sorted = swept.map((column) => {
      const means = new Map(column.map((node) => {
        const others = both.get(node) ?? [];
        const sum = others.reduce((total, other) => total + (rows.get(other) ?? 0), 0);
        return [node, node.key === INTERNET ? -Infinity : others.length ? sum / others.length : rows.get(node) ?? 0];
      }));
      const next = [...column].sort((one, other) => (means.get(one) ?? 0) - (means.get(other) ?? 0) || 0);
      number(next);
      return next;
    });
    current = sweep % 2 ? sorted.reverse() : sorted;
  }
  return current;
}

/**
 * Split columns that would be too tall to be seen.
 *
 * @param {Node[][]} columns
 * @param {number} total
 */
function split(columns, total) {
  const most = Math.max(8, Math.ceil(Math.sqrt(total) * 1.5));
  return columns.flatMap((column) => {
    const parts = Math.ceil(column.length / most);
    const size = Math.ceil(column.length / parts);
    return Array.from({ length: parts }, (_, index) => column.slice(index * size, (index + 1) * size));
  });
}

/**
 * @param {Placed[]} placed
 * @param {Edge[]} edges
 * @returns {Line[]}
 */
function linesOf(placed, edges) {
  const at = new Map(placed.map((each) => [each.node, each]));
  const taken = bands();
  for (const { x, y } of placed) taken.add(x, y, WIDTH, HEIGHT);
  // Labels of what the internet reaches are placed first.
  const sorted = [...edges].sort((one, other) => Number(other.from.key === INTERNET) - Number(one.from.key === INTERNET));
  return sorted.flatMap((edge) => {
    const [from, to] = [at.get(edge.from), at.get(edge.to)];
    return from && to ? [lineOf(edge, from, to, taken)] : [];
  });
}

/**
 * @param {Edge} edge
 * @param {Placed} from
 * @param {Placed} to
 * @param {ReturnType<typeof bands>} taken
 * @returns {Line}
 */
function lineOf(edge, from, to, taken) {
  const isForward = to.column > from.column;
  const isBeside = to.column === from.column;
  // There and back are two lines.
  const shift = HEIGHT / 2 + (isForward || (isBeside && to.y > from.y) ? -6 : 6);
  const [y1, y2] = [from.y + shift, to.y + shift];
  const x1 = from.x + (isForward || isBeside ? WIDTH : 0);
  const x2 = to.x + (isForward ? 0 : WIDTH);
  const point = isForward ? -9 : 9;
  const bend = isBeside ? 56 : Math.max(48, Math.abs(x2 - x1) / 2);
  const [c1, c2] = isBeside ? [x1 + bend, x2 + bend] : isForward ? [x1 + bend, x2 - bend] : [x1 - bend, x2 + bend];
  const isOpen = edge.from.key === INTERNET;
  const text = (isOpen ? "▲ " : "") + shortTexts(edge.flows, 2);
  const width = text.length * CHARACTER + 6;
  const places = [0.5, 0.66, 0.34, 0.8, 0.22].map((t) => {
    const s = 1 - t;
    const mix = (/** @type {number[]} */ [a, b, c, d]) => s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
    return { x: mix([x1, c1, c2, x2]), y: mix([y1, y1, y2, y2]) };
  });
  const free = places.find(({ x, y }) => taken.isFree(x - width / 2, y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT));
  const { x, y } = free ?? places[0];
  if (free) taken.add(x - width / 2, y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT);
  const end = x2 + point * 0.7;
  return {
    edge, text, x, y, isCrowded: !free,
    path: `M${x1} ${y1}C${c1} ${y1} ${c2} ${y2} ${end} ${y2}`,
    head: `M${x2} ${y2}l${point} -5v10z`,
  };
}

/** Return rectangles that are taken, found by bands of the height of a label. */
function bands() {
  const found = /** @type {Map<number, [number, number, number, number][]>} */ (new Map());
  const bandsAt = (/** @type {number} */ y, /** @type {number} */ height) => {
    const first = Math.floor(y / LABEL_HEIGHT);
    return Array.from({ length: Math.floor((y + height) / LABEL_HEIGHT) - first + 1 }, (_, index) => first + index);
  };
  return {
    /** @type {(x: number, y: number, width: number, height: number) => void} */
    add(x, y, width, height) {
      for (const band of bandsAt(y, height)) found.set(band, [...(found.get(band) ?? []), [x, y, x + width, y + height]]);
    },
    /** @type {(x: number, y: number, width: number, height: number) => boolean} */
    isFree: (x, y, width, height) => bandsAt(y, height).every((band) => !found.get(band)?.some(
      ([left, top, right, bottom]) => x < right && left < x + width && y < bottom && top < y + height,
    )),
  };
}

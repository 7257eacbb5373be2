// A layered layout: the internet at the left, and groups in columns by their distance from it. Pure.
//
// The same graph has the same layout. Each node is moved to the mean row of its neighbours
// (barycentre) a few times, which leaves few crossings.

import { INTERNET } from "./graph.js";
import { labelText } from "./words.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {import("./graph.js").Edge} Edge */
/** @typedef {{node: Node, x: number, y: number, column: number}} Positioned */
/** @typedef {Node | {key: string}} Item a node, or the position of an arrow that passes a column */
/** @typedef {{from: Item, to: Item}} Link */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {[number, number, number, number]} Box left, top, right, bottom */
/** @typedef {{edge: Edge, path: string, head: string, x: number, y: number, text: string, isCrowded: boolean}} Line */

export const WIDTH = 184;
export const HEIGHT = 48;
const GAP_X = 148;
const GAP_Y = 30;
// The height of an arrow that passes a column
const VIA = 18;
const SWEEPS = 6;
const LABEL_HEIGHT = 16;
const CHARACTER = 7.2;
// How far the middle of a label is from its arrow
const BESIDE = 11;
// How much nearer a label is to its own arrow than to others, and how far at most.
const CLEAR = 4;
const FAR = 24;
// How far the points of an arrow are apart
const APART = 12;
// With more arrows than these, labels may lie on others.
const MOST_CLEAR = 150;

/**
 * @param {Node[]} nodes
 * @param {Edge[]} edges
 * @param {(edge: Edge) => string} [textOf] the label of an arrow
 * @returns {{positioned: Positioned[], lines: Line[], boundsOf: (key?: string) => Box}} the bounds of everything that is
 * drawn, labels included, or of a node with its arrows and what is at their other ends
 */
export function layoutOf(nodes, edges, textOf = labelText) {
  const drawn = edges.filter(({ from, to }) => from !== to);
  const tied = new Set(drawn.flatMap(({ from, to }) => [from, to]));
  const columns = split(ordered(columnsOf(nodes.filter((node) => tied.has(node)), drawn), drawn), tied.size);
  const columnOf = new Map(columns.flatMap((column, index) => column.map((node) => [node, index])));
  const chains = drawn.map((edge) => chainOf(edge, columns, columnOf));
  const positioned = placesOf(ordered(columns, chains.flatMap((chain) => chain.slice(1).map((to, index) => ({ from: chain[index], to })))));
  const lowest = Math.max(-GAP_Y, ...positioned.map(({ y }) => y + HEIGHT)) + GAP_Y;
  // Nodes without arrows are below.
  const alone = nodes.filter((node) => !tied.has(node)).sort(compare);
  const broad = Math.max(columns.length, Math.min(4, alone.length), Math.ceil(Math.sqrt(alone.length / 3)));
  positioned.push(...alone.map((node, index) => ({
    node, column: index % broad, x: (index % broad) * (WIDTH + GAP_X), y: lowest + Math.floor(index / broad) * (HEIGHT + GAP_Y),
  })));
  const shown = /** @type {Positioned[]} */ (positioned.filter(({ node }) => "kind" in node));
  const blocks = shown.map((at) => blockOf(at, edges));
  const lines = linesOf(positioned, drawn, chains, [...blocks], textOf);
  return { positioned: shown, lines, boundsOf: (key = "") => boundsOf(shown, blocks, lines, key) };
}

/**
 * Return the box of a node, with what it admits from itself, which is written below it.
 *
 * @param {Positioned} positioned
 * @param {Edge[]} edges
 * @returns {Box}
 */
function blockOf({ node, x, y }, edges) {
  return [x, y, x + WIDTH, y + HEIGHT + (edges.some(({ from, to }) => from === node && to === node) ? LABEL_HEIGHT + 2 : 0)];
}

/**
 * @param {Positioned[]} positioned
 * @param {Box[]} blocks of the nodes
 * @param {(Line & {points: Point[]})[]} lines
 * @param {string} key of a node; if empty, the bounds are those of everything
 * @returns {Box}
 */
function boundsOf(positioned, blocks, lines, key) {
  const near = lines.filter(({ edge: { from, to } }) => !key || from.key === key || to.key === key);
  const ends = new Set(near.flatMap(({ edge: { from, to } }) => [from, to]));
  const boxes = blocks.filter((_, index) => !key || positioned[index].node.key === key || ends.has(positioned[index].node));
  for (const { text, points, ...at } of near) boxes.push(boxOf(text, at), ...points.map(({ x, y }) => /** @type {Box} */ ([x, y, x, y])));
  // @ts-ignore - a name of Math
  return boxes.reduce((one, other) => /** @type {Box} */ (one.map((value, index) => Math[["min", "min", "max", "max"][index]](value, other[index]))));
}

/**
 * Return the box of a label around its middle.
 *
 * @param {string} text
 * @param {Point} at
 * @returns {Box}
 */
function boxOf(text, { x, y }) {
  const [right, down] = [text.length * CHARACTER / 2 + 3, LABEL_HEIGHT / 2];
  return [x - right, y - down, x + right, y + down];
}

/**
 * Return the items that an edge passes: in each column between its ends, an item of its own, which is added.
 *
 * @param {Edge} edge
 * @param {Item[][]} columns
 * @param {Map<Item, number>} columnOf
 * @returns {Item[]}
 */
function chainOf({ from, to }, columns, columnOf) {
  const [start, end] = [columnOf.get(from) ?? 0, columnOf.get(to) ?? 0];
  const step = Math.sign(end - start);
  const vias = /** @type {Item[]} */ ([]);
  for (let column = start + step; step && column !== end; column += step) {
    const via = { key: "" };
    columns[column].push(via);
    vias.push(via);
  }
  return [from, ...vias, to];
}

/**
 * @param {Item[][]} columns
 * @returns {{node: Item, x: number, y: number, column: number}[]}
 */
function placesOf(columns) {
  const sizeOf = (/** @type {Item} */ item) => ("kind" in item ? HEIGHT + GAP_Y : VIA);
  const heights = columns.map((column) => column.reduce((sum, item) => sum + sizeOf(item), 0));
  const tallest = Math.max(0, ...heights);
  return columns.flatMap((items, column) => {
    let next = (tallest - heights[column]) / 2;
    return items.map((node) => {
      const y = next;
      next += sizeOf(node);
      return { node, column, x: column * (WIDTH + GAP_X), y };
    });
  });
}

/**
 * @param {Link[]} edges
 * @param {"from" | "to"} side
 * @param {"from" | "to"} other
 */
function neighbours(edges, side, other) {
  const found = /** @type {Map<any, any[]>} */ (new Map());
  for (const edge of edges) {
    const list = found.get(edge[side]);
    if (list) list.push(edge[other]);
    else found.set(edge[side], [edge[other]]);
  }
  return found;
}

const rank = (/** @type {Node} */ { kind }) => ["internet", "prefix", "unknown", "outside", "group"].indexOf(kind);

/**
 * The internet first, then other ends, groups last; by name.
 *
 * @param {Node} one
 * @param {Node} other
 */
export const compare = (one, other) => rank(one) - rank(other)
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
 * @template {Item} T
 * @param {T[][]} columns
 * @param {Link[]} links
 */
function ordered(columns, links) {
  const both = neighbours([...links, ...links.map(({ from, to }) => ({ from: to, to: from }))], "from", "to");
  const rows = /** @type {Map<T, number>} */ (new Map());
  const number = (/** @type {T[]} */ column) => column.forEach((item, row) => rows.set(item, row - column.length / 2));
  columns.forEach(number);
  let current = columns;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const swept = sweep % 2 ? [...current].reverse() : current;
    const sorted = swept.map((column) => {
      const means = new Map(column.map((item) => {
        const others = both.get(item) ?? [];
        const sum = others.reduce((total, other) => total + (rows.get(other) ?? 0), 0);
        return [item, item.key === INTERNET ? -Infinity : others.length ? sum / others.length : rows.get(item) ?? 0];
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
 * Split columns that would be too tall to be shown.
 *
 * @param {Node[][]} columns
 * @param {number} total
 * @returns {Item[][]}
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
 * @param {{node: Item, x: number, y: number, column: number}[]} positioned
 * @param {Edge[]} edges between two nodes
 * @param {Item[][]} chains of the edges
 * @param {Box[]} taken by nodes; labels are added
 * @param {(edge: Edge) => string} textOf
 * @returns {(Line & {points: Point[]})[]}
 */
function linesOf(positioned, edges, chains, taken, textOf) {
  const at = new Map(positioned.map((each) => [each.node, each]));
  const lines = edges.map((edge, index) => lineOf(edge, textOf(edge), chains[index].map((item) => /** @type {Positioned} */ (at.get(item)))));
  // Labels of what the internet reaches are positioned first.
  return lines.sort((one, other) => Number(other.edge.from.key === INTERNET) - Number(one.edge.from.key === INTERNET))
    .map(({ ends, ...line }) => {
      const others = lines.length > MOST_CLEAR ? [] : lines.filter(({ edge }) => edge !== line.edge).flatMap((other) => other.points);
      return { ...line, ...labelAt(line.text, ends, line.points, taken, others) };
    });
}

/**
 * @param {Edge} edge
 * @param {string} text
 * @param {Positioned[]} chain
 */
function lineOf(edge, text, chain) {
  const [from, to] = [chain[0], chain[chain.length - 1]];
  const isForward = to.column > from.column;
  const isBeside = to.column === from.column;
  // There and back are two lines.
  const shift = HEIGHT / 2 + (isForward || (isBeside && to.y > from.y) ? -6 : 6);
  const [entry, exit, point] = isForward ? [0, WIDTH, -9] : [WIDTH, isBeside ? WIDTH : 0, 9];
  const points = /** @type {Point[]} */ ([]);
  let [x1, y1] = [from.x + exit, from.y + shift];
  const ends = endsOf(text, [[x1, y1], [to.x + entry, to.y + shift]], chain.length > 2 ? [chain[1].y, chain[chain.length - 2].y] : [to.y + shift, y1], [exit ? 1 : -1, entry ? 1 : -1]);
  let path = `M${x1} ${y1}`;
  for (const next of chain.slice(1)) {
    const [x2, y2] = [next.x + entry, next.y + (next === to ? shift : VIA / 2)];
    const bend = isBeside ? 56 : (isForward ? 1 : -1) * Math.max(40, Math.abs(x2 - x1) / 2);
    const [c1, c2] = [x1 + bend, isBeside ? x2 + bend : x2 - bend];
    path += `C${c1} ${y1} ${c2} ${y2} ${next === to ? x2 + point * 0.7 : x2} ${y2}`;
    const steps = Math.ceil((Math.abs(x2 - x1) + Math.abs(y2 - y1)) / APART) + 4;
    for (let step = 0; step <= steps; step += 1) points.push(pointOf(step / steps, [x1, c1, c2, x2], y1, y2));
    x1 = next.x + exit;
    y1 = y2;
    if (next === to) break;
    path += `H${x1}`;
    for (let x = APART; x < WIDTH; x += APART) points.push({ x: next.x + x, y: y1 });
  }
  return { edge, text, path, points, ends, head: `M${to.x + entry} ${to.y + shift}l${point} -5v10z` };
}

/**
 * Return where a label is beside its arrow, at the end and at the start: first on the sides from which the arrow
 * bends away.
 *
 * @param {string} text
 * @param {number[][]} points the start and the end
 * @param {number[]} next where the arrow goes from the start, and where it comes from at the end
 * @param {number[]} sides of the nodes: 1 is right
 */
function endsOf(text, points, next, sides) {
  const ends = points.map(([x, y], index) => ({
    x: x + sides[index] * (text.length * CHARACTER / 2 + (index ? 13 : 6)), y, side: next[index] < y - 1 ? BESIDE : -BESIDE,
  })).reverse();
  return [1, -1].flatMap((way) => ends.map(({ x, y, side }) => ({ x, y: y + way * side })));
}

/**
 * Return a point of a cubic curve that begins and ends horizontally.
 *
 * @param {number} t
 * @param {number[]} xs
 * @param {number} y1
 * @param {number} y2
 */
function pointOf(t, [a, b, c, d], y1, y2) {
  const s = 1 - t;
  const [first, second, third, fourth] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return { x: first * a + second * b + third * c + fourth * d, y: (first + second) * y1 + (third + fourth) * y2 };
}

/**
 * Return the position of a label: of those that are free, and nearer to its arrow than to others, the first that
 * covers the least of others.
 *
 * @param {string} text
 * @param {Point[]} ends beside the arrow
 * @param {Point[]} own points of the arrow
 * @param {Box[]} taken
 * @param {Point[]} others points of other arrows
 */
function labelAt(text, ends, own, taken, others) {
  const along = own.map((_, index) => own[(own.length >> 1) + (index % 2 ? -1 : 1) * Math.ceil(index / 2)]);
  const nearest = (/** @type {Point[]} */ points, /** @type {Point} */ at) => points.reduce((least, { x, y }) => Math.min(least, Math.hypot(x - at.x, y - at.y)), Infinity);
  let [found, least] = [along[0], Infinity];
  for (const at of [...ends, ...along]) {
    const box = boxOf(text, at);
    if (taken.some((other) => meets(box, other))) continue;
    const covers = others.filter(({ x, y }) => meets(box, [x, y, x, y])).length;
    if (covers >= least) continue;
    const away = nearest(own, at);
    if (away < FAR && nearest(others, at) > away + CLEAR) [found, least] = [at, covers];
    if (!least) break;
  }
  const isCrowded = least === Infinity;
  if (!isCrowded) taken.push(boxOf(text, found));
  return { ...found, isCrowded };
}

/**
 * @param {Box} one
 * @param {Box} other
 */
const meets = (one, other) => one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];

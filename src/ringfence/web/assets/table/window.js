// Which lines of a long table are in the document: those in the window, and the one with the focus.

import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../html.js";

/** @typedef {import("./lines.js").Line} Line */

// A shorter table is shown as a whole.
const MAX_WHOLE = 60;
// In pixels: how far lines are shown outside of the window, and in what steps it follows scrolling.
const MARGIN = 500;
const STEP = 250;
const ESTIMATE = 40;

/**
 * Return the lines to show, and the height of those that are left out between them.
 *
 * @param {Line[]} lines
 * @param {{top: number, height: number, pinned: string, heightOf: (line: Line) => number}} options
 * @returns {{line?: Line, position: number, space: number}[]}
 */
function shownLines(lines, { top, height, pinned, heightOf }) {
  const isWhole = lines.length <= MAX_WHOLE;
  /** @type {{line?: Line, position: number, space: number}[]} */
  const shown = [];
  let offset = 0;
  let space = 0;
  lines.forEach((line, position) => {
    const size = isWhole ? 0 : heightOf(line);
    const isNear = offset + size >= top - MARGIN && offset <= top + height + MARGIN;
    offset += size;
    if (!isWhole && !isNear && line.key !== pinned) {
      space += size;
      return;
    }
    if (space) shown.push({ position, space });
    shown.push({ line, position, space: 0 });
    space = 0;
  });
  return space ? [...shown, { position: lines.length, space }] : shown;
}

/**
 * Keep the heights of the rows that were in the document.
 *
 * @param {any} mode the heights depend on
 */
function useHeights(mode) {
  const [, redraw] = useState(0);
  const heights = useRef(new Map());
  const observer = useRef(/** @type {ResizeObserver | null} */ (null));
  const modeOf = useRef(mode);
  if (modeOf.current !== mode) heights.current.clear();
  modeOf.current = mode;
  const measured = useCallback((/** @type {ResizeObserverEntry[]} */ entries) => {
    const before = heights.current.size;
    let isOther = false;
    for (const { target, borderBoxSize } of entries.filter((entry) => entry.target.isConnected)) {
      const { row = "" } = /** @type {HTMLElement} */ (target).dataset;
      const [{ blockSize }] = borderBoxSize;
      isOther ||= Math.abs((heights.current.get(row) ?? blockSize) - blockSize) > 1;
      heights.current.set(row, blockSize);
    }
    if (isOther || !before) redraw((count) => count + 1);
  }, []);
  /** Observe the height of a row's element; returns a function that stops it. */
  const observe = useCallback((/** @type {Element} */ element) => {
    observer.current ??= new ResizeObserver(measured);
    observer.current.observe(element);
    return () => observer.current?.unobserve(element);
  }, []);
  useEffect(() => () => observer.current?.disconnect(), []);
  // A row without messages is the usual one.
  const usual = Math.min(...[...heights.current.values()].slice(0, MAX_WHOLE));
  const estimate = Number.isFinite(usual) ? usual : ESTIMATE;
  const heightOf = (/** @type {Line} */ { key }) => heights.current.get(key) ?? estimate;
  return { heightOf, observe, forget: () => heights.current.clear() };
}

/**
 * @param {{current: any}} table
 * @param {Line[]} lines
 * @param {{current: string}} pinned the key of the line that is shown wherever it is
 * @param {any} mode the heights of lines depend on
 */
export function useWindow(table, lines, pinned, mode) {
  const [view, setView] = useState({ top: 0, height: innerHeight });
  const { heightOf, observe, forget } = useHeights(mode);
  const follow = useCallback(() => {
    const body = table.current?.tBodies[0];
    if (!body) return;
    const top = Math.floor(-body.getBoundingClientRect().top / STEP) * STEP;
    const height = Math.ceil(innerHeight / STEP) * STEP + STEP;
    setView((before) => (before.top === top && before.height === height ? before : { top, height }));
  }, []);
  useEffect(() => {
    const resized = () => {
      forget();
      follow();
    };
    addEventListener("scroll", follow, { passive: true });
    addEventListener("resize", resized);
    return () => {
      removeEventListener("scroll", follow);
      removeEventListener("resize", resized);
    };
  }, []);
  useLayoutEffect(follow, [lines.length, mode]);
  return { shown: shownLines(lines, { ...view, pinned: pinned.current, heightOf }), observe };
}

/** @param {{height: number, columns: number}} properties */
export function Space({ height, columns }) {
  const element = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => element.current.style.setProperty("height", `${height}px`), [height]);
  return html`<tr class="space" aria-hidden="true"><td ref=${element} colspan=${columns}></td></tr>`;
}

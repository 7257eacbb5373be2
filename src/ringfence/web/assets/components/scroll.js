// The scroll positions of the entries of the browser's history.
//
// Pages load their data after they are shown, so the browser itself would restore a position before
// there is anything to scroll to.

import { own } from "../own.js";

const KEY = "ringfence:scroll";
// For so long a page may grow to its former height.
const PATIENCE_MILLISECONDS = 5000;
const BY_THE_USER = ["wheel", "touchmove", "keydown", "pointerdown"];

history.scrollRestoration = "manual";

let stop = () => {};

/** @returns {Record<string, number>} */
const positions = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

/**
 * Keep the position of an entry that is left.
 *
 * @param {number} entry
 */
export function leaveScroll(entry) {
  stop();
  sessionStorage.setItem(KEY, JSON.stringify({ ...positions(), [entry]: Math.round(scrollY) }));
}

/**
 * Scroll to the position at which an entry was left, as soon as its content is there.
 *
 * @param {number} entry
 */
export function restoreScroll(entry) {
  stop();
  const wanted = own(positions(), String(entry)) ?? 0;
  const watch = new ResizeObserver(() => {
    scrollTo(0, wanted);
    if (Math.abs(scrollY - wanted) <= 1 && wanted) stop();
  });
  const timer = setTimeout(() => stop(), PATIENCE_MILLISECONDS);
  stop = () => {
    watch.disconnect();
    clearTimeout(timer);
    for (const event of BY_THE_USER) removeEventListener(event, stop);
    stop = () => {};
  };
  if (!wanted) {
    scrollTo(0, 0);
    stop();
    return;
  }
  for (const event of BY_THE_USER) addEventListener(event, stop, { passive: true });
  watch.observe(document.body);
}

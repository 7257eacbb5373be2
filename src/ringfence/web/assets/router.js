// Where the reader is: the address bar is the only place that knows, so that a view can be shared.

import { useEffect, useState } from "./html.js";

// Of this service, without a slash at its end: it may be served below a path. This file is at
// console/assets/RELEASE/ below it.
export const BASE = new URL("../../..", import.meta.url).pathname.slice(0, -1);
export const CONSOLE = `${BASE}/console/`;
export const GROUP_PAGES = `${CONSOLE}groups/`;

const MOVED = "ringfence:moved";

let isHeld = () => false;

/**
 * Ask before this page is left, for as long as there is something to lose; gives what ends it.
 *
 * @param {() => boolean} hasSomethingToLose
 */
export function holdHere(hasSomethingToLose) {
  const warn = (/** @type {BeforeUnloadEvent} */ event) => hasSomethingToLose() && event.preventDefault();
  isHeld = hasSomethingToLose;
  window.addEventListener("beforeunload", warn);
  return () => {
    isHeld = () => false;
    window.removeEventListener("beforeunload", warn);
  };
}

/** Give the present path and query, and follow them. */
export function useAddress() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const moved = () => redraw((count) => count + 1);
    window.addEventListener("popstate", moved);
    window.addEventListener(MOVED, moved);
    return () => {
      window.removeEventListener("popstate", moved);
      window.removeEventListener(MOVED, moved);
    };
  }, []);
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/**
 * Go to an address of the console; `quietly` leaves no trace in the browser's history.
 *
 * @param {string} address
 * @param {{quietly?: boolean}} [how]
 */
export function go(address, { quietly = false } = {}) {
  const isAnotherPage = new URL(address, location.href).pathname !== location.pathname;
  if (isAnotherPage && isHeld() && !confirm("Leave? What you changed here is not applied yet.")) return;
  history[quietly ? "replaceState" : "pushState"](null, "", address);
  window.dispatchEvent(new Event(MOVED));
  if (isAnotherPage) scrollTo(0, 0);
}

/**
 * Change some parameters of the address, and drop those that are empty.
 *
 * @param {Record<string, string | string[]>} changes
 */
export function refine(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each) query.append(name, each);
  }
  go(query.size ? `${location.pathname}?${query}` : location.pathname, { quietly: true });
}

/** Follow links within the console without loading the page anew. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.("a[href]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!(link instanceof HTMLAnchorElement) || !isPlain || event.defaultPrevented) return;
    const isOurs = link.origin === location.origin && link.pathname.startsWith(CONSOLE);
    if (!isOurs || link.target || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

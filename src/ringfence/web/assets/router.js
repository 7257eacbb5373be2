// The router. All view state is in the URL, so that every view can be bookmarked and shared.

import { useEffect, useState } from "./html.js";

// The path below which the service is served, without a trailing slash. This file is at
// console/assets/RELEASE/ below it.
export const BASE = new URL("../../..", import.meta.url).pathname.slice(0, -1);
export const CONSOLE = `${BASE}/console/`;
export const GROUP_PAGES = `${CONSOLE}groups/`;

const NAVIGATED = "ringfence:navigated";

let hasUnsavedChanges = () => false;

/**
 * Ask for confirmation before the page is left with unsaved changes; return a function that stops it.
 *
 * @param {() => boolean} hasChanges
 */
export function guardUnsavedChanges(hasChanges) {
  const warn = (/** @type {BeforeUnloadEvent} */ event) => hasChanges() && event.preventDefault();
  hasUnsavedChanges = hasChanges;
  window.addEventListener("beforeunload", warn);
  return () => {
    hasUnsavedChanges = () => false;
    window.removeEventListener("beforeunload", warn);
  };
}

/** Return the current path and query, and update the component when they change. */
export function useLocation() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const navigated = () => redraw((count) => count + 1);
    window.addEventListener("popstate", navigated);
    window.addEventListener(NAVIGATED, navigated);
    return () => {
      window.removeEventListener("popstate", navigated);
      window.removeEventListener(NAVIGATED, navigated);
    };
  }, []);
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/**
 * Navigate to a URL of the console; `replace` replaces the current entry of the browser's history.
 *
 * @param {string} url
 * @param {{replace?: boolean}} [options]
 */
export function navigate(url, { replace = false } = {}) {
  const isAnotherPage = new URL(url, location.href).pathname !== location.pathname;
  if (isAnotherPage && hasUnsavedChanges() && !confirm("Leave this page? Your changes are not applied.")) return;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  window.dispatchEvent(new Event(NAVIGATED));
  if (isAnotherPage) scrollTo(0, 0);
}

/**
 * Set query parameters of the URL, and remove those that are empty.
 *
 * @param {Record<string, string | string[]>} changes
 */
export function updateQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each) query.append(name, each);
  }
  navigate(query.size ? `${location.pathname}?${query}` : location.pathname, { replace: true });
}

/** Handle clicks on links within the console without reloading the page. */
export function interceptLinks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.("a[href]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!(link instanceof HTMLAnchorElement) || !isPlain || event.defaultPrevented) return;
    const isOurs = link.origin === location.origin && link.pathname.startsWith(CONSOLE);
    if (!isOurs || link.target || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

// The router. All view state is in the URL, so that every view can be bookmarked and shared.

import { leaveScroll, restoreScroll } from "./components/scroll.js";
import { useEffect, useState } from "./html.js";

// The path below which the service is served, without a trailing slash. This file is at
// console/assets/RELEASE/ below it.
export const BASE = new URL("../../..", import.meta.url).pathname.slice(0, -1);
export const CONSOLE = `${BASE}/console/`;
/** @param {string} path of a page, such as "clouds" */
export const urlOfPage = (path) => `${CONSOLE}${path}/`;
export const GROUP_PAGES = `${CONSOLE}groups/`;

export const NAVIGATED = "ringfence:navigated";
const QUESTION = "Leave this page? Your changes are not applied.";

/** @returns {boolean} */
const no = () => false;
let mustAsk = no;
// The page that is shown: its position in the browser's history, and its path.
let entry = history.state?.entry ?? 0;
let shownPath = location.pathname;
let isReturning = false;

/**
 * Ask for confirmation before the page is left with unsaved changes; return a function that stops it.
 *
 * Nothing is lost, and no question is shown, while `keepsDraft` says that the changes are kept.
 *
 * @param {() => boolean} hasChanges
 * @param {{keepsDraft?: () => boolean}} [options]
 */
export function guardUnsavedChanges(hasChanges, { keepsDraft = no } = {}) {
  const asks = () => hasChanges() && !keepsDraft();
  const warn = (/** @type {BeforeUnloadEvent} */ event) => mustAsk() && event.preventDefault();
  mustAsk = asks;
  window.addEventListener("beforeunload", warn);
  return () => {
    if (mustAsk === asks) mustAsk = no;
    window.removeEventListener("beforeunload", warn);
  };
}

/** Load the page again without a question, because what it shows is of another user. */
export function reloadUnasked() {
  mustAsk = no;
  location.reload();
}

/** Return the current path and query, and update the component when they change. */
export function useLocation() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const navigated = () => redraw((count) => count + 1);
    window.addEventListener(NAVIGATED, navigated);
    return () => window.removeEventListener(NAVIGATED, navigated);
  }, []);
  return { path: shownPath, query: new URLSearchParams(location.search) };
}

/**
 * Navigate to a URL of the console; `replace` replaces the current entry of the browser's history.
 *
 * @param {string} url
 * @param {{replace?: boolean, typing?: boolean}} [options]
 */
export function navigate(url, { replace = false, typing = false } = {}) {
  const target = new URL(url, location.href);
  const isAnotherPage = target.pathname !== location.pathname;
  if (isAnotherPage && mustAsk() && !confirm(QUESTION)) return;
  if (replace || target.href === location.href) {
    history.replaceState({ entry, typing }, "", url);
  } else {
    leaveScroll(entry);
    entry += 1;
    history.pushState({ entry, typing }, "", url);
  }
  show();
  if (isAnotherPage) scrollTo(0, 0);
}

/**
 * Set query parameters of the URL, and remove those that are empty.
 *
 * Each change is an entry of the browser's history, so that Back undoes it; what is typed in one go
 * is one entry. `replace` makes none.
 *
 * @param {Record<string, string | string[]>} changes
 * @param {{replace?: boolean, typing?: boolean}} [options]
 */
export function updateQuery(changes, { replace = false, typing = isInTextField() } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each) query.append(name, each);
  }
  const isTypingOn = typing && history.state?.typing;
  navigate(query.size ? `${location.pathname}?${query}` : location.pathname, { replace: replace || isTypingOn, typing });
}

const isInTextField = () => Boolean(document.activeElement?.matches("input:not([type=checkbox], [type=radio]), textarea"));

function show() {
  shownPath = location.pathname;
  window.dispatchEvent(new Event(NAVIGATED));
}

/** Show the entry of the browser's history that the user went to, unless they decide to stay. */
function wentTo() {
  // An entry without a state was made by a link within the page, after the one that is shown.
  const next = history.state?.entry ?? entry + 1;
  if (!history.state) history.replaceState({ entry: next }, "");
  if (isReturning) {
    isReturning = false;
    return;
  }
  if (location.pathname !== shownPath && mustAsk() && !confirm(QUESTION)) {
    isReturning = true;
    history.go(entry - next);
    return;
  }
  leaveScroll(entry);
  entry = next;
  show();
  restoreScroll(entry);
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

history.replaceState({ ...history.state, entry }, "");
window.addEventListener("popstate", wentTo);
window.addEventListener("pagehide", () => leaveScroll(entry));
restoreScroll(entry);

// The title of a page: its heading, the title of the tab, and where the focus goes when its element is gone.

import { html, useEffect, useRef } from "../html.js";
import { NAVIGATED } from "../router.js";

// They turn the text around them, in the title of a tab beyond its name.
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** @param {{of: string, children?: any}} properties */
export function Title({ of: name, children }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => {
    document.title = name ? `${name.replace(BIDI_CONTROLS, "")} · Ringfence` : "Ringfence";
  }, [name]);
  useEffect(() => {
    const active = document.activeElement;
    // Do not take the focus away from a form field.
    if (!active || active === document.body || active.closest("a, nav")) {
      element.current?.focus({ preventScroll: true });
    }
  }, []);
  return html`<h1 ref=${element} tabindex="-1">${children ?? name}</h1>`;
}

/**
 * The head of a page: its title with a short note beside it (how many were found), a sentence below, and actions.
 *
 * @param {{of: string, note?: string, isLive?: boolean, about?: any, children?: any}} properties
 */
export function PageHead({ of: name, note, isLive = true, about, children }) {
  return html`<div class="page-head">
    <div class="page-name"><${Title} of=${name} />
      ${note !== undefined && html`<p class="quiet" aria-live=${isLive ? "polite" : null}>${note}</p>`}
      ${about && html`<p class="quiet page-about">${about}</p>`}</div>
    ${children && html`<div class="actions">${children}</div>`}</div>`;
}

export const isFocusLost = () => (document.activeElement ?? document.body) === document.body;

/**
 * Focus an element again; if it is gone, what opened it, or else the heading of the page.
 *
 * @param {Element | null} element
 */
export function focusBack(element) {
  const summary = element?.closest("details")?.querySelector("summary");
  const places = [element, summary, document.querySelector("dialog[open] h2"), document.querySelector("h1")];
  for (const place of places) {
    if (!(place instanceof HTMLElement) || !place.isConnected || place === document.body) continue;
    place.focus({ preventScroll: place.tagName === "H1" });
    if (document.activeElement === place) return;
  }
}

/**
 * Move the focus to the heading when the element that has it is removed, and when another part of a
 * page is shown: without a focus, a keyboard starts again at the top and a screen reader is silent.
 */
export function keepFocus() {
  let path = location.pathname;
  let timer = 0;
  /** @type {Element | null} */
  let last = null;
  // The page may focus something itself, a moment later.
  const soon = (/** @type {() => boolean} */ isNeeded) => {
    clearTimeout(timer);
    timer = setTimeout(() => isNeeded() && focusBack(null), 80);
  };
  document.addEventListener("focusin", (event) => {
    last = /** @type {Element} */ (event.target);
  });
  new MutationObserver(() => {
    if (!last || last.isConnected || !isFocusLost()) return;
    last = null;
    soon(isFocusLost);
  }).observe(document, { childList: true, subtree: true });
  window.addEventListener(NAVIGATED, () => {
    if (location.pathname === path) return;
    path = location.pathname;
    soon(() => isFocusLost() || Boolean(document.activeElement?.closest(".tabs, .crumbs")));
  });
}

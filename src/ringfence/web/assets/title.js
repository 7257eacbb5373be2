// A page's name: at its top, in the tab, and where a screen reader goes when the page changes.

import { html, useEffect, useRef } from "./html.js";

/** @param {{of: string, children?: any}} properties */
export function Title({ of: name, children }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => {
    document.title = name ? `${name} · Ringfence` : "Ringfence";
  }, [name]);
  useEffect(() => {
    const active = document.activeElement;
    // Nobody's place in a form is taken away.
    if (!active || active === document.body || active.closest("a, nav")) {
      element.current?.focus({ preventScroll: true });
    }
  }, []);
  return html`<h1 ref=${element} tabindex="-1">${children ?? name}</h1>`;
}

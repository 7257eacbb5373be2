// The title of a page: its heading, the title of the tab, and the focus target when the page changes.

import { html, useEffect, useRef } from "./html.js";

/** @param {{of: string, children?: any}} properties */
export function Title({ of: name, children }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => {
    document.title = name ? `${name} · Ringfence` : "Ringfence";
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

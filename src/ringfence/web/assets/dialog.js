// A question that must be answered first: the browser's own dialog, which keeps the focus in.

import { html, useEffect, useId, useRef } from "./html.js";
import { Cross } from "./icons.js";

/**
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} properties
 */
export function Dialog({ title, onClose, children, wide = false }) {
  const element = useRef(/** @type {any} */ (null));
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return html`<dialog
    ref=${element}
    class=${wide ? "dialog dialog-wide" : "dialog"}
    aria-labelledby=${heading}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose();
    }}
  >
    <header class="dialog-head">
      <h2 id=${heading}>${title}</h2>
      <button type="button" class="button button-plain" aria-label="Close" onClick=${onClose}><${Cross} /></button>
    </header>
    ${children}
  </dialog>`;
}

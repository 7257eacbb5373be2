// A modal dialog: the browser's own, which keeps the focus inside.

import { html, useEffect, useId, useRef } from "./html.js";
import { Cross } from "./icons.js";

/**
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} properties
 */
export function Dialog({ title, onClose, children, wide = false }) {
  const element = useRef(/** @type {any} */ (null));
  const heading = useId();
  useEffect(() => {
    const opener = document.activeElement;
    element.current.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
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

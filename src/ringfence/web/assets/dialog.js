// A modal dialog: the browser's own, which keeps the focus inside.

import { html, useEffect, useId, useRef, useState } from "./html.js";
import { Cross } from "./icons.js";
import { focusBack } from "./title.js";

/**
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean}} properties
 */
export function Dialog({ title, onClose, children, wide = false }) {
  const element = useRef(/** @type {any} */ (null));
  const heading = useId();
  // Before the menu of the button closes.
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    element.current.showModal();
    // After the page is drawn, which may show other buttons than before.
    return () => {
      setTimeout(() => focusBack(opener));
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
      <h2 id=${heading} tabindex="-1">${title}</h2>
      <button type="button" class="button button-plain" aria-label="Close" onClick=${onClose}><${Cross} /></button>
    </header>
    ${children}
  </dialog>`;
}

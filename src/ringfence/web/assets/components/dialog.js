// A modal dialog: the browser's own, which keeps the focus inside.

import { html, useLayoutEffect, useId, useRef, useState } from "../html.js";
import { Cross } from "./icons.js";
import { focusBack, isFocusLost } from "./title.js";

/**
 * @param {{title: string, onClose: () => void, children?: any, wide?: boolean, isPalette?: boolean}} properties
 */
export function Dialog({ title, onClose, children, wide = false, isPalette = false }) {
  const element = useRef(/** @type {any} */ (null));
  const heading = useId();
  // Before the menu of the button closes.
  const [opener] = useState(() => document.activeElement);
  useLayoutEffect(() => {
    element.current.showModal();
    // After the page is drawn, which may show other buttons than before.
    return () => {
      setTimeout(() => isFocusLost() && focusBack(opener));
    };
  }, []);
  return html`<dialog
    ref=${element}
    class=${isPalette ? "dialog palette" : wide ? "dialog dialog-wide" : "dialog"}
    aria-labelledby=${isPalette ? null : heading}
    aria-label=${isPalette ? title : null}
    onClick=${(/** @type {Event} */ event) => isPalette && event.target === element.current && onClose()}
    onClose=${onClose}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      onClose();
    }}
  >
    ${!isPalette && html`<header class="dialog-head">
      <h2 id=${heading} tabindex="-1">${title}</h2>
      <button type="button" class="button button-plain" aria-label="Close" onClick=${onClose}><${Cross} /></button>
    </header>`}
    ${children}
  </dialog>`;
}

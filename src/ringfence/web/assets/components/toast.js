// Toasts: short messages about the result of an action, also announced to screen readers.

import { html, useEffect, useState } from "../html.js";

const TOAST = "ringfence:toast";
const SHOWN_MILLISECONDS = 6000;

/**
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [tone]
 */
export function showToast(text, tone = "plain") {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
  window.dispatchEvent(new CustomEvent(TOAST, { detail: { text, tone } }));
}

/** Show the latest toast at the bottom of the window for a few seconds. */
export function Toast() {
  const [toast, setToast] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let timer = 0;
    const show = (/** @type {any} */ event) => {
      clearTimeout(timer);
      setToast(event.detail);
      timer = setTimeout(() => setToast(null), SHOWN_MILLISECONDS);
    };
    window.addEventListener(TOAST, show);
    return () => window.removeEventListener(TOAST, show);
  }, []);
  return toast && html`<div class="toast toast-${toast.tone}" aria-hidden="true">${toast.text}</div>`;
}

// What just happened, for eyes and for screen readers.

import { html, useEffect, useState } from "./html.js";

const SAID = "ringfence:said";
const SHOWN_FOR = 6000;

/**
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [tone]
 */
export function say(text, tone = "plain") {
  const region = document.getElementById("said");
  if (region) region.textContent = text;
  window.dispatchEvent(new CustomEvent(SAID, { detail: { text, tone } }));
}

/** The line at the foot of the window that shows it for a while. */
export function Said() {
  const [said, setSaid] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let timer = 0;
    const show = (/** @type {any} */ event) => {
      clearTimeout(timer);
      setSaid(event.detail);
      timer = setTimeout(() => setSaid(null), SHOWN_FOR);
    };
    window.addEventListener(SAID, show);
    return () => window.removeEventListener(SAID, show);
  }, []);
  return said && html`<div class="said said-${said.tone}" aria-hidden="true">${said.text}</div>`;
}

// A dialog that says what a button does, and does it once that is confirmed.

import { html, useState } from "../html.js";
import { Dialog } from "./dialog.js";
import { showToast } from "./toast.js";

/**
 * @param {{title: string, text: string, label: string, isDangerous?: boolean, done: string, run: () => Promise<any>, onDone: (result: any) => void, onClose: () => void}} properties
 */
export function Confirm({ title, text, label, isDangerous, done, run, onDone, onClose }) {
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      const result = await run();
      if (done) showToast(done);
      onDone(result);
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="dialog-body"><p>${text}</p>${submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}</div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class=${isDangerous ? "button button-danger" : "button button-main"} disabled=${isBusy} onClick=${act}>${label}</button></footer>
  <//>`;
}

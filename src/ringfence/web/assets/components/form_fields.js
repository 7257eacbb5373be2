// Labelled fields of forms.

import { html, useId } from "../html.js";

/**
 * A labelled field of a form.
 *
 * @param {{label: string, hint?: string, value: string, set: (value: string) => void, error?: any, type?: string, max?: string, required?: boolean}} properties
 */
export function Field({ label, hint = "", value, set, error, type = "text", max, required = false }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} type=${type} max=${max} value=${value} aria-invalid=${Boolean(error)} required=${required}
      aria-describedby=${hint ? `${id}-hint ${id}-error` : `${id}-error`} autocomplete="off"
      onInput=${(/** @type {any} */ event) => set(event.target.value)} />
    ${hint && html`<span class="quiet" id=${`${id}-hint`}>${hint}</span>`}
    <span class="field-error" id=${`${id}-error`}>${error ? [error].flat().join(" ") : ""}</span>
  </div>`;
}

/** @param {{label: string, checked: boolean, set: (value: boolean) => void}} properties */
export function Check({ label, checked, set }) {
  return html`<label class="check"><input type="checkbox" checked=${checked}
    onChange=${(/** @type {any} */ event) => set(event.target.checked)} /> ${label}</label>`;
}

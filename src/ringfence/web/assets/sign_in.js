// The sign-in page: with username and password, or with a token.

import { html, useId, useState } from "./html.js";
import { signIn } from "./session.js";
import { Title } from "./title.js";

/** @param {{onDone: () => Promise<void>}} properties */
export function SignIn({ onDone }) {
  const [byToken, setByToken] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const errorId = useId();
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const credentials = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setSubmitError(null);
    try {
      await signIn(/** @type {any} */ (credentials));
      await onDone();
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`<main id="main" class="sign-in">
    <form class="card" onSubmit=${submit} aria-describedby=${submitError ? errorId : null}>
      <span class="brand-mark brand-large" aria-hidden="true"></span>
      <${Title} of="Sign in">Sign in to Ringfence<//>
      <p class="quiet">Manage OpenStack security groups.</p>
      ${submitError && html`<p class="notice notice-bad" role="alert" id=${errorId}>${submitError.message}</p>`}
      ${byToken
        ? html`<${Field} key="token" name="token" label="Token" type="password" complete="off" />`
        : html`<${Field} key="username" name="username" label="Username" type="text" complete="username" />
            <${Field} key="password" name="password" label="Password" type="password" complete="current-password" />`}
      <button class="button button-main button-wide" disabled=${isBusy}>
        ${isBusy ? "Signing in…" : "Sign in"}
      </button>
      <button type="button" class="button button-plain button-wide" onClick=${() => setByToken(!byToken)}>
        ${byToken ? "Use username and password" : "Use a token"}
      </button>
    </form>
  </main>`;
}

/** @param {{name: string, label: string, type: string, complete: string}} properties */
function Field({ name, label, type, complete }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${complete} autocapitalize="none"
      spellcheck=${false} required />
  </div>`;
}

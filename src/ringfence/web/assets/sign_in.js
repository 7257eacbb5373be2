// Signing in: with a name and a password, or with a token.

import { html, useId, useState } from "./html.js";
import { signIn } from "./session.js";
import { Title } from "./title.js";

/** @param {{onDone: () => Promise<void>}} properties */
export function SignIn({ onDone }) {
  const [byToken, setByToken] = useState(false);
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const problem = useId();
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setRefused(null);
    try {
      await signIn(/** @type {any} */ (given));
      await onDone();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return html`<main id="main" class="sign-in">
    <form class="card" onSubmit=${submit} aria-describedby=${refused ? problem : null}>
      <span class="brand-mark brand-large" aria-hidden="true"></span>
      <${Title} of="Sign in">Sign in to Ringfence<//>
      <p class="quiet">What is open, why, and what happens if you change it.</p>
      ${refused && html`<p class="notice notice-bad" role="alert" id=${problem}>${refused.message}</p>`}
      ${byToken
        ? html`<${Entry} key="token" name="token" label="Token" type="password" complete="off" />`
        : html`<${Entry} key="username" name="username" label="Username" type="text" complete="username" />
            <${Entry} key="password" name="password" label="Password" type="password" complete="current-password" />`}
      <button class="button button-main button-wide" disabled=${isBusy}>
        ${isBusy ? "Signing in…" : "Sign in"}
      </button>
      <button type="button" class="button button-plain button-wide" onClick=${() => setByToken(!byToken)}>
        ${byToken ? "Use a username and a password" : "Use a token"}
      </button>
    </form>
  </main>`;
}

/** @param {{name: string, label: string, type: string, complete: string}} properties */
function Entry({ name, label, type, complete }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${complete} autocapitalize="none"
      spellcheck=${false} required />
  </div>`;
}

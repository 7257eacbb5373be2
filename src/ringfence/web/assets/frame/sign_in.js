// Signing in: the page, and the dialog over a page whose session has ended.

import { Dialog } from "../components/dialog.js";
import { Title } from "../components/title.js";
import { html, useEffect, useId, useState } from "../html.js";
import { loadUser, signIn } from "./session.js";

/** @param {{onDone: () => Promise<void>}} properties */
export function SignIn({ onDone }) {
  return html`<main id="main" class="sign-in">
    <div class="card">
      <span class="brand-mark brand-large" aria-hidden="true"></span>
      <${Title} of="Sign in">Sign in to Ringfence<//>
      <p class="quiet">Manage OpenStack security groups.</p>
      <${SignInForm} onDone=${onDone} />
    </div>
  </main>`;
}

/**
 * Ask the user to sign in again over the page, which stays as it is.
 *
 * `onDone` gets the user who has signed in, in this window or in another one.
 *
 * @param {{username: string, onDone: (user: any) => void, onClose: () => void}} properties
 */
export function SignInAgain({ username, onDone, onClose }) {
  const look = async () => onDone(await loadUser());
  useEffect(() => {
    const lookAgain = () => document.hidden || look().catch(() => undefined);
    document.addEventListener("visibilitychange", lookAgain);
    return () => document.removeEventListener("visibilitychange", lookAgain);
  }, []);
  return html`<${Dialog} title="Your session ended" onClose=${onClose}>
    <div class="dialog-body sign-in-again">
      <p>Sign in again to go on. What you typed on this page is kept.</p>
      <${SignInForm} username=${username} onDone=${look} />
    </div>
  <//>`;
}

/** @param {{onDone: () => Promise<void>, username?: string}} properties */
function SignInForm({ onDone, username = "" }) {
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
  return html`<form class="sign-in-form" onSubmit=${submit} aria-describedby=${submitError ? errorId : null}>
    ${submitError && html`<p class="notice notice-bad" role="alert" id=${errorId}>${submitError.message}</p>`}
    ${byToken
      ? html`<${Field} key="token" name="token" label="Token" type="password" complete="off" />`
      : html`<${Field} key="username" name="username" label="Username" type="text" complete="username" value=${username} />
          <${Field} key="password" name="password" label="Password" type="password" complete="current-password" autofocus=${Boolean(username)} />`}
    <button class="button button-main button-wide" disabled=${isBusy}>
      ${isBusy ? "Signing in…" : "Sign in"}
    </button>
    <button type="button" class="button button-plain button-wide" onClick=${() => setByToken(!byToken)}>
      ${byToken ? "Use username and password" : "Use a token"}
    </button>
  </form>`;
}

/** @param {{name: string, label: string, type: string, complete: string, value?: string, autofocus?: boolean}} properties */
function Field({ name, label, type, complete, value = "", autofocus = false }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${complete} autocapitalize="none"
      spellcheck=${false} autofocus=${autofocus} defaultValue=${value} required />
  </div>`;
}

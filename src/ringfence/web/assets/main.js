// Entry point of the console: the signed-in user, the header and the routes.

import { SIGNED_IN, SIGNED_OUT } from "./api.js";
import { Bars } from "./components/icons.js";
import { keepFocus } from "./components/title.js";
import { Toast, showToast } from "./components/toast.js";
import { Failure, RETRY_MILLISECONDS, isOutage } from "./components/use_loaded.js";
import { Palette, PaletteButton } from "./frame/palette.js";
import { cachedUser, signOut, loadUser } from "./frame/session.js";
import { SignIn, SignInAgain } from "./frame/sign_in.js";
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./html.js";
import { LINKS, Page, USER_LINKS } from "./pages.js";
import { BASE, CONSOLE, GROUP_PAGES, interceptLinks, navigate, reloadUnasked, urlOfPage, useLocation } from "./router.js";

/** @param {{user: any}} properties */
function Content({ user }) {
  const { path, query } = useLocation();
  const [broken] = useErrorBoundary();
  if (broken) return html`<${Failure} error=${broken} retry=${() => location.reload()} />`;
  return html`<${Page} user=${user} query=${query} parts=${path.slice(CONSOLE.length).split("/").filter(Boolean)} />`;
}

/** @param {{links: [string, string, (user: any) => boolean][], user: any}} properties */
function Links({ links, user }) {
  const { path } = useLocation();
  const current = (/** @type {string} */ start) => (path.startsWith(start) ? "page" : null);
  return links.filter(([, , isShown]) => isShown(user)).map(([path, label]) => html`
    <a key=${path} href=${urlOfPage(path)} aria-current=${current(urlOfPage(path))}>${label}</a>`);
}

/** @param {{user: any, children: any}} properties */
function Frame({ user, children }) {
  const leave = async (/** @type {boolean} */ everywhere) => {
    await signOut(everywhere);
    showToast(everywhere ? "You are signed out everywhere." : "You are signed out.");
    location.assign(`${CONSOLE}sign-in/`);
  };
  return html`
    <a class="skip" href="#main">Skip to content</a>
    <header class="bar">
      <details class="menu bar-menu" name="menu">
        <summary aria-label="Pages"><${Bars} /></summary>
        <nav class="menu-items" aria-label="Pages"><${Links} links=${LINKS} user=${user} /></nav>
      </details>
      <a class="brand" href=${GROUP_PAGES}><span class="brand-mark" aria-hidden="true"></span>Ringfence</a>
      <nav class="bar-pages" aria-label="Main"><${Links} links=${LINKS} user=${user} /></nav>
      <${PaletteButton} />
      <details class="menu" name="menu">
        <summary><span class="menu-name">${user.username}</span></summary>
        <div class="menu-items">
          <${Links} links=${USER_LINKS} user=${user} />
          <a href=${`${BASE}/api/docs/`} target="_blank" rel="noopener">API</a>
          <button type="button" onClick=${() => leave(false)}>Sign out</button>
          <button type="button" onClick=${() => leave(true)}>Sign out everywhere</button>
        </div>
      </details>
    </header>
    <main id="main" tabindex="-1">${children}<${Content} user=${user} /></main>
    <${Toast} /><${Palette} user=${user} />`;
}

function Console() {
  const { path } = useLocation();
  const [user, setUser] = useState(/** @type {any} */ (cachedUser));
  const [error, setError] = useState(/** @type {any} */ (null));
  const expiry = useExpiry(user, setUser);
  const load = async () => {
    try {
      setUser(expiry.known.current = await loadUser());
      setError(null);
    } catch (error) {
      const isSignedOut = error.status === 401;
      if (isSignedOut) setUser(null);
      setError(isSignedOut ? null : error);
      if (isOutage(error)) setTimeout(load, RETRY_MILLISECONDS);
    }
  };
  useEffect(() => {
    load();
  }, []);
  const isSigningIn = path === `${CONSOLE}sign-in/`;
  useEffect(() => {
    if (user && isSigningIn) navigate(GROUP_PAGES, { replace: true });
  }, [user, isSigningIn]);
  // With the user of the last visit, the page shows what it could load.
  if (error && !user) return html`<main id="main"><${Failure} error=${error} retry=${load} /></main>`;
  if (user === undefined) return html`<div class="bar" aria-hidden="true"></div>`;
  // The URL stays, so that the user sees the requested page after signing in.
  if (user === null) return html`<${SignIn} onDone=${load} /><${Toast} />`;
  // Nothing of one user stays on the page for another.
  return html`<${Frame} key=${user.username} user=${user}>${expiry.notice}<//>`;
}

/**
 * What happens when the session ends: a page that nobody used yet leads to the sign-in page; any
 * other stays as it is, below a dialog.
 *
 * @param {any} user
 * @param {(user: any) => void} setUser
 */
function useExpiry(user, setUser) {
  const known = useRef(/** @type {any} */ (null));
  const [state, setState] = useState(/** @type {"" | "open" | "closed"} */ (""));
  useEffect(() => {
    const signedOut = (/** @type {Event} */ event) => {
      if (!known.current) return setUser(null);
      event.preventDefault();
      return setState("open");
    };
    window.addEventListener(SIGNED_OUT, signedOut);
    return () => window.removeEventListener(SIGNED_OUT, signedOut);
  }, []);
  const signedIn = (/** @type {any} */ next) => {
    if (next.username !== known.current.username) return reloadUnasked();
    known.current = next;
    setUser(next);
    setState("");
    return window.dispatchEvent(new Event(SIGNED_IN));
  };
  const notice = state === "open"
    ? html`<${SignInAgain} username=${user?.username} onDone=${signedIn} onClose=${() => setState("closed")} />`
    : state === "closed" && html`<div class="notice notice-warn notice-session" role="alert">
        <span><strong>Your session ended.</strong> What is shown is as of then.</span>
        <button type="button" class="button" onClick=${() => setState("open")}>Sign in</button>
      </div>`;
  return { known, notice };
}

// Close an open menu on a click outside of it or on one of its items.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const inside = menu.contains(/** @type {Node} */ (event.target));
    const isItem = /** @type {Element} */ (event.target).closest?.(".menu-items");
    if (!inside || isItem) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.removeAttribute("open");
  /** @type {HTMLElement | null} */ (menu.querySelector("summary"))?.focus();
});

interceptLinks();
keepFocus();
render(html`<${Console} />`, /** @type {any} */ (document.getElementById("console")));

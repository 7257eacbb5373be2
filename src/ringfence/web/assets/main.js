// Entry point of the console: the signed-in user, the header and the routes.

import { html, render, useEffect, useErrorBoundary, useState } from "./html.js";
import { Bars } from "./icons.js";
import { LINKS, Page, USER_LINKS, urlOfPage } from "./pages.js";
import { BASE, CONSOLE, GROUP_PAGES, interceptLinks, navigate, useLocation } from "./router.js";
import { cachedUser, signOut, loadUser } from "./session.js";
import { SignIn } from "./sign_in.js";
import { Toast, showToast } from "./toast.js";
import { Failure } from "./use_loaded.js";

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

/** @param {{user: any}} properties */
function Frame({ user }) {
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
    <main id="main" tabindex="-1"><${Content} user=${user} /></main>
    <${Toast} />`;
}

function Console() {
  const { path } = useLocation();
  const [user, setUser] = useState(/** @type {any} */ (cachedUser));
  const [error, setError] = useState(/** @type {any} */ (null));
  const load = async () => {
    setError(null);
    try {
      setUser(await loadUser());
    } catch (error) {
      if (error.status === 401) setUser(null);
      else setError(error);
    }
  };
  useEffect(() => {
    load();
    const signedOut = () => setUser(null);
    window.addEventListener("ringfence:signed-out", signedOut);
    return () => window.removeEventListener("ringfence:signed-out", signedOut);
  }, []);
  const isSigningIn = path === `${CONSOLE}sign-in/`;
  useEffect(() => {
    if (user && isSigningIn) navigate(GROUP_PAGES, { replace: true });
  }, [user, isSigningIn]);
  if (error) return html`<main id="main"><${Failure} error=${error} retry=${load} /></main>`;
  if (user === undefined) return html`<div class="bar" aria-hidden="true"></div>`;
  // The URL stays, so that the user sees the requested page after signing in.
  if (user === null) return html`<${SignIn} onDone=${load} /><${Toast} />`;
  return html`<${Frame} user=${user} />`;
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
render(html`<${Console} />`, /** @type {any} */ (document.getElementById("console")));

// The command palette: pages, the actions of the page, groups, tenants and instances by name.

import { INSTANCES, OVERVIEWS, TENANTS, request } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { Magnifier } from "../components/icons.js";
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../html.js";
import { LINKS, USER_LINKS } from "../pages.js";
import { GROUP_PAGES, navigate, urlOfPage } from "../router.js";
import { currentActions } from "./actions.js";

const OPEN = "ringfence:palette";
const DEBOUNCE_MILLISECONDS = 150;
const MAC = navigator.platform.startsWith("Mac");
const PALETTE_KEYS = MAC ? "⌘K" : "Ctrl K";

/** @typedef {{section: string, name: string, about?: string, href?: string, run?: () => void}} Entry */

/** The button of the header that opens the palette. */
export function PaletteButton() {
  const open = () => window.dispatchEvent(new CustomEvent(OPEN, { detail: "palette" }));
  return html`<button type="button" class="palette-button" aria-keyshortcuts=${MAC ? "Meta+K" : "Control+K"} onClick=${open}>
    <${Magnifier} /><span class="palette-word">Go to…</span><kbd>${PALETTE_KEYS}</kbd>
  </button>`;
}

/**
 * The palette and the list of shortcuts, which open with their keys.
 *
 * @param {{user: any}} properties
 */
export function Palette({ user }) {
  const [shown, setShown] = useState("");
  // Before the button can be pressed, not after it was painted.
  useLayoutEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const name = shortcutOf(event);
      if (!name || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      setShown(name);
    };
    const asked = (/** @type {any} */ event) => setShown(event.detail);
    document.addEventListener("keydown", pressed);
    window.addEventListener(OPEN, asked);
    return () => {
      document.removeEventListener("keydown", pressed);
      window.removeEventListener(OPEN, asked);
    };
  }, []);
  const close = () => setShown("");
  if (shown === "palette") return html`<${Chooser} user=${user} onClose=${close} showKeys=${() => setShown("keys")} />`;
  return shown === "keys" && html`<${Shortcuts} onClose=${close} />`;
}

/**
 * Return what a key opens.
 *
 * @param {KeyboardEvent} event
 */
function shortcutOf(event) {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") return "palette";
  const target = /** @type {Element} */ (event.target);
  const isTyping = target.closest?.("input, select, textarea, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return "";
  return event.key === "/" ? "palette" : event.key === "?" ? "keys" : "";
}

/** @param {{user: any, onClose: () => void, showKeys: () => void}} properties */
function Chooser({ user, onClose, showKeys }) {
  const [text, setText] = useState("");
  const [marked, setMarked] = useState(0);
  const found = useFound(text.trim());
  const isLoading = found.name !== text.trim();
  const chosenEarly = useRef(false);
  const [actions] = useState(currentActions);
  const list = useId();
  const near = [...actions.map((action) => ({ section: "This page", about: action.hint, ...action })), ...pagesOf(user, showKeys).filter(({ name }) => !actions.some((action) => action.name === name))];
  const entries = [...matching(near, text), ...(isLoading ? [] : found.entries)];
  const choose = (/** @type {Entry | undefined} */ entry) => {
    if (!entry) return;
    onClose();
    // The palette is gone by then, and leaves the focus to what is opened.
    setTimeout(() => (entry.href ? navigate(entry.href) : entry.run?.()), 20);
  };
  useEffect(() => {
    if (isLoading) return;
    if (chosenEarly.current) choose(entries[0]);
    chosenEarly.current = false;
  }, [found]);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setMarked((marked + step + entries.length) % Math.max(1, entries.length));
    else if (event.key !== "Enter" || event.isComposing) return;
    else if (entries[marked]) choose(entries[marked]);
    else chosenEarly.current = isLoading;
    event.preventDefault();
  };
  useEffect(() => document.getElementById(`${list}-${marked}`)?.scrollIntoView({ block: "nearest" }), [marked]);
  return html`<${Dialog} title="Go to" isPalette onClose=${onClose}>
    <div class="palette-field">
      <${Magnifier} />
      <input autofocus type="text" role="combobox" aria-label="Page, group, tenant, instance or action"
        placeholder="Page, group, tenant, instance or action" autocomplete="off" autocapitalize="none" spellcheck=${false}
        aria-expanded="true" aria-autocomplete="list" aria-controls=${list}
        aria-activedescendant=${entries[marked] ? `${list}-${marked}` : null} value=${text} onKeyDown=${pressed}
        onInput=${(/** @type {any} */ event) => { setText(event.target.value); setMarked(0); }} />
    </div>
    <${Entries} id=${list} entries=${entries} marked=${marked} choose=${choose} />
    <p class="palette-foot" role="status">
      ${!isLoading && found.error ? html`<span class="tone-bad">${found.error.message}</span>`
        : isLoading ? "Searching…"
        : entries.length === 0 ? "Nothing has this name or address." : html`<span><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd></span>`}
    </p>
  <//>`;
}

/** @param {{id: string, entries: Entry[], marked: number, choose: (entry: Entry) => void}} properties */
function Entries({ id, entries, marked, choose }) {
  const sections = [...new Set(entries.map((entry) => entry.section))];
  return html`<div class="palette-list" role="listbox" id=${id} aria-label="Results">
    ${sections.map((section, index) => html`<div key=${section} role="group" aria-labelledby=${`${id}s${index}`}>
      <div class="palette-section" id=${`${id}s${index}`} role="presentation">${section}</div>
      ${entries.map((entry, place) => entry.section === section && html`
        <div key=${place} id=${`${id}-${place}`} role="option" class="palette-entry" aria-selected=${place === marked}
          onClick=${() => choose(entry)}>
          <span class="palette-name">${entry.name}</span>
          ${entry.about && html`<span class="quiet">${entry.about}</span>`}
        </div>`)}
    </div>`)}
  </div>`;
}

/**
 * Return the pages of the user.
 *
 * @param {any} user
 * @param {() => void} showKeys
 * @returns {Entry[]}
 */
function pagesOf(user, showKeys) {
  const section = "Pages";
  const pages = [...LINKS, ...USER_LINKS].filter(([, , isShown]) => isShown(user));
  return [
    ...pages.map(([path, name]) => ({ section, name, href: urlOfPage(path) })),
    ...(user.can_create ? [{ section, name: "New group", href: `${GROUP_PAGES}new/` }] : []),
    { section, name: "Keyboard shortcuts", about: "?", run: showKeys },
  ];
}

/**
 * @param {Entry[]} entries
 * @param {string} text
 */
function matching(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}

/**
 * Search the API for a name, a moment after the last key; `name` says what the entries are for.
 *
 * @param {string} name
 * @returns {{name: string, entries: Entry[], error?: any}}
 */
function useFound(name) {
  const [found, setFound] = useState(/** @type {{name: string, entries: Entry[], error?: any}} */ ({ name: "", entries: [] }));
  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setFound({ name, entries: name ? await search(name, controller.signal) : [] });
      } catch (error) {
        if (!controller.signal.aborted) setFound({ name, entries: [], error });
      }
    }, name ? DEBOUNCE_MILLISECONDS : 0);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [name]);
  return found;
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Entry[]>}
 */
async function search(name, signal) {
  const look = async (/** @type {string} */ path, /** @type {Record<string, any>} */ query) =>
    (await request("GET", path, { query: { page_size: 6, field: ["uuid", "name", "tenant_name", "project_name"], ...query }, signal })).data;
  const [exact, groups, tenants, instances] = await Promise.all([
    look(OVERVIEWS, { name_exact: name }),
    look(OVERVIEWS, { query: name }),
    look(TENANTS, { name, field: ["uuid", "name", "project_name"] }),
    look(INSTANCES, { query: name, page_size: 4, field: ["uuid", "name", "tenant_name"] }),
  ]);
  const others = groups.filter((/** @type {any} */ group) => !exact.some((/** @type {any} */ each) => each.uuid === group.uuid));
  return [
    ...[...exact, ...others].map((group) => ({
      section: "Groups", name: group.name, about: group.tenant_name, href: `${GROUP_PAGES}${group.uuid}/`,
    })),
    ...tenants.map((/** @type {any} */ tenant) => ({
      section: "Tenants", name: tenant.name, about: tenant.project_name, href: `${GROUP_PAGES}?tenant_uuid=${tenant.uuid}`,
    })),
    ...instances.map((/** @type {any} */ instance) => ({
      section: "Instances", name: instance.name, about: instance.tenant_name, href: urlOfPage(`instances/${instance.uuid}`),
    })),
  ];
}

/** @param {{onClose: () => void}} properties */
function Shortcuts({ onClose }) {
  const [actions] = useState(() => currentActions().filter((action) => action.hint));
  const keys = [
    [`${PALETTE_KEYS} or /`, "Find a page, a group, a tenant, an instance or an action"],
    ["?", "Show these shortcuts"],
    ["Esc", "Close a dialog or a menu"],
    ...actions.map((action) => [action.hint, action.name]),
  ];
  return html`<${Dialog} title="Keyboard shortcuts" onClose=${onClose}>
    <div class="dialog-body"><dl class="keys">
      ${keys.map(([key, what]) => html`<div key=${what}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
    </dl></div>
  <//>`;
}

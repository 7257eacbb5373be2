// What the pages with a draft show of it: undo and redo, and notices on where it comes from.

import { Redo, Undo } from "../components/icons.js";
import { html, useEffect, useRef } from "../html.js";

/** @typedef {import("./drafts.js").Draft} Draft */

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const farDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** @param {string} time in ISO 8601 */
export function timeText(time) {
  const at = new Date(time);
  if (at.getFullYear() !== new Date().getFullYear()) return farDate.format(at);
  return (at.toDateString() === new Date().toDateString() ? clock : date).format(at);
}

/**
 * Say that a draft was restored, was changed in another tab, or cannot be kept.
 *
 * @param {{draft: Draft, isChanged: boolean, discard: () => void}} properties
 */
export function DraftNotices({ draft, isChanged, discard }) {
  const { elsewhere, restoredAt, isKept } = draft;
  return html`
    ${elsewhere && html`<div class="notice notice-warn" role="alert">
      <p>${elsewhere.savedAt ? `This draft was changed in another tab at ${timeText(elsewhere.savedAt)}.` : "This draft was applied or discarded in another tab."}
        ${" "}Until you choose, what you type here is not kept.</p>
      <div class="actions">
        <button type="button" class="button" onClick=${draft.takeElsewhere}>${elsewhere.savedAt ? "Show the other draft" : "Discard it here, too"}</button>
        <button type="button" class="button" onClick=${draft.keepMine}>Keep what is shown here</button>
      </div>
    </div>`}
    ${!elsewhere && isChanged && restoredAt && html`<p class="notice notice-draft" role="status">
      You have unapplied changes from ${timeText(restoredAt)}.
      <button type="button" class="button button-plain" onClick=${discard}>Discard</button>
    </p>`}
    ${isChanged && !isKept && html`<p class="notice notice-warn" role="alert">
      <strong>This browser does not store your changes:</strong> its storage is full or switched off. They are lost if you reload or close this page.</p>`}`;
}

/** @param {{draft: Draft}} properties */
export function UndoButtons({ draft }) {
  const buttons = useRef(/** @type {any} */ (null));
  const latest = useRef(draft);
  latest.current = draft;
  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      run(latest.current, action, buttons.current);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  const button = (/** @type {"undo" | "redo"} */ action, /** @type {boolean} */ can, /** @type {string} */ label, /** @type {any} */ icon) => html`
    <button type="button" class="button button-icon" aria-disabled=${!can} aria-label=${label} title=${label}
      onClick=${() => run(draft, action, buttons.current)}>${icon}</button>`;
  return html`<span class="undo" role="group" aria-label="Undo and redo" ref=${buttons}>
    ${button("undo", draft.canUndo, "Undo (Ctrl+Z)", html`<${Undo} />`)}
    ${button("redo", draft.canRedo, "Redo (Ctrl+Shift+Z)", html`<${Redo} />`)}
  </span>`;
}

/**
 * Return the action of a key; null in a text area, which undoes what is typed in it, and in a dialog.
 *
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | null}
 */
function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey, target }) {
  const isElsewhere = target instanceof HTMLTextAreaElement || document.querySelector("dialog[open]");
  if (!(ctrlKey || metaKey) || altKey || isElsewhere) return null;
  if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
  return key.toLowerCase() === "y" && ctrlKey ? "redo" : null;
}

/**
 * @param {Draft} draft
 * @param {"undo" | "redo"} action
 * @param {HTMLElement} buttons receive the focus if its element disappears
 */
function run(draft, action, buttons) {
  const focused = document.activeElement;
  draft[action]();
  requestAnimationFrame(() => {
    if (!focused?.isConnected) /** @type {HTMLElement | null} */ (buttons.querySelector("button"))?.focus();
  });
}

// Saved views: named URLs of the list, kept in the browser for each user.

import { Dialog } from "../components/dialog.js";
import { Cross } from "../components/icons.js";
import { html, useId, useState } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { BUSY_STATES } from "./filters.js";

/** @typedef {{name: string, search: string}} View */

const BUILT_IN = /** @type {View[]} */ ([
  { name: "All", search: "" },
  { name: "Failed", search: "state=ERRED" },
  { name: "Drifting", search: "drift=drifting&drift=missing" },
  { name: "Open to the internet", search: "is_open_to_all=true" },
  { name: "In progress", search: BUSY_STATES.map((state) => `state=${state}`).join("&") },
]);

/** @param {string} search */
function comparable(search) {
  const query = new URLSearchParams(search);
  query.delete("page");
  query.sort();
  return query.toString();
}

/**
 * Return the saved views of a user, and what saves them.
 *
 * @param {string} username
 * @returns {[View[], (views: View[]) => void]}
 */
function useViews(username) {
  const key = `ringfence:views:${username}`;
  const [views, setViews] = useState(() => read(key));
  const save = (/** @type {View[]} */ changed) => {
    localStorage.setItem(key, JSON.stringify(changed));
    setViews(changed);
  };
  return [views, save];
}

/**
 * @param {string} key
 * @returns {View[]}
 */
function read(key) {
  try {
    const views = JSON.parse(localStorage.getItem(key) ?? "[]");
    return views.filter((/** @type {any} */ view) => typeof view.name === "string" && typeof view.search === "string");
  } catch {
    return [];
  }
}

/** @param {{username: string, query: URLSearchParams}} properties */
export function Views({ username, query }) {
  const [saved, save] = useViews(username);
  const [isNaming, setNaming] = useState(false);
  const current = comparable(query.toString());
  const isKnown = [...BUILT_IN, ...saved].some((view) => comparable(view.search) === current);
  const link = (/** @type {View} */ { name, search }) => html`<a href=${search ? `${GROUP_PAGES}?${search}` : GROUP_PAGES}
    aria-current=${comparable(search) === current ? "page" : null}>${name}</a>`;
  return html`<nav class="views" aria-label="Views">
    <ul>
      ${BUILT_IN.map((view) => html`<li key=${view.name}>${link(view)}</li>`)}
      ${saved.map((view) => html`<li key=${`saved ${view.name}`}>${link(view)}<button type="button" class="view-remove" aria-label=${`Delete the view ${view.name}`}
        onClick=${() => save(saved.filter((each) => each !== view))}><${Cross} /></button></li>`)}
      ${!isKnown && html`<li><button type="button" class="view-save" onClick=${() => setNaming(true)}>Save this view</button></li>`}
    </ul>
    ${isNaming && html`<${NameView} onClose=${() => setNaming(false)}
      save=${(/** @type {string} */ name) => save([...saved.filter((view) => view.name !== name), { name, search: current }])} />`}
  </nav>`;
}

/** @param {{onClose: () => void, save: (name: string) => void}} properties */
function NameView({ onClose, save }) {
  const id = useId();
  const [name, setName] = useState("");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!name.trim()) return;
    save(name.trim());
    onClose();
  };
  return html`<${Dialog} title="Save this view" onClose=${onClose}>
    <form class="dialog-body" id="save-view" onSubmit=${submit}>
      <div class="field"><label for=${id}>Name</label>
        <input id=${id} value=${name} maxlength="60" required onInput=${(/** @type {any} */ event) => setName(event.target.value)} /></div>
      <p class="quiet">The view is kept in this browser. Its URL can be shared.</p>
    </form>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button button-main" form="save-view">Save</button>
    </footer>
  <//>`;
}

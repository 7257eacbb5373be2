// The page of a group that is gone or not visible: the draft of its rules is not lost with it.

import { showToast } from "../components/toast.js";
import { restoreRows } from "../editor/draft_rows.js";
import { nameOf, parseDraft, readText, writeText } from "../editor/draft_store.js";
import { cachedUser } from "../frame/session.js";
import { html, useEffect, useId, useState } from "../html.js";
import { GROUP_PAGES, navigate } from "../router.js";
import { newRow } from "../rules/rows.js";
import { count } from "../rules/text.js";

/** @typedef {import("../rules/rows.js").Row} Row */

/** @param {string} uuid of the group */
const draftName = (uuid) => nameOf(cachedUser()?.username ?? "", `group:${uuid}`);

/**
 * Return the rows of the draft of a group as rows of a new group, and where the group was; null
 * without a draft.
 *
 * @param {string} uuid of the group
 * @returns {{name: string, tenant: string, rows: Row[], text: string} | null}
 */
export function draftOfGroup(uuid) {
  const { value } = parseDraft(readText(draftName(uuid)), ({ base, ...draft }) => ({ base, ...restoreRows(draft) }));
  if (!value) return null;
  const { base, rows, paste } = value;
  const copies = rows.map((/** @type {Row} */ { id, ...row }) => (
    row.kind === "kept" ? newRow({ ...row, kind: "group", kept: undefined, group: undefined }) : newRow(row)
  ));
  return { name: base?.name ?? "", tenant: base?.tenant_uuid ?? "", rows: copies, text: [...rows.map(lineOf), paste.text].filter(Boolean).join("\n") };
}

/**
 * Remove the draft of a group.
 *
 * @param {string} uuid of the group
 */
export const dropDraftOfGroup = (uuid) => writeText(draftName(uuid), null);

/** @param {Row} row as it can be pasted */
function lineOf({ direction, ethertype, protocol, ports, kind, end, description }) {
  const anywhere = ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  const said = description && `# ${description}`;
  return [direction, protocol || "any", ports === "any" ? "" : ports, kind === "all" ? anywhere : end, said].filter(Boolean).join(" ");
}

/** @param {{uuid: string, name?: string}} properties */
export function GoneGroup({ uuid, name }) {
  const [draft, setDraft] = useState(/** @type {ReturnType<typeof draftOfGroup>} */ (null));
  // Not while it is drawn: the editor, if it was shown, stores the draft as it disappears.
  useEffect(() => setDraft(draftOfGroup(uuid)), [uuid]);
  const discard = () => {
    dropDraftOfGroup(uuid);
    setDraft(null);
    showToast("The draft is discarded.");
    /** @type {HTMLElement | null} */ (document.querySelector("#main h1"))?.focus();
  };
  return html`<section class="empty">
    <h1 tabindex="-1">${name ? `${name} no longer exists` : "Not found"}</h1>
    <p>${name ? "The group was deleted or unlinked." : "The group does not exist, or your roles do not allow you to see it."}</p>
    ${draft && html`<${Kept} uuid=${uuid} draft=${draft} discard=${discard} />`}
    <button type="button" class=${draft ? "button" : "button button-main"} onClick=${() => navigate(GROUP_PAGES)}>All groups</button>
  </section>`;
}

/** @param {{uuid: string, draft: {tenant: string, rows: Row[], text: string}, discard: () => void}} properties */
function Kept({ uuid, draft: { tenant, rows, text }, discard }) {
  const id = useId();
  const query = new URLSearchParams({ draft: uuid, ...(tenant ? { tenant } : {}) });
  return html`<div class="notice notice-draft">
    <p><strong>Your draft of its rules is kept in this browser:</strong> ${count(rows.length, "rule")}.</p>
    <div class="field">
      <label for=${id}>The rules as text, to copy</label>
      <textarea id=${id} class="mono" rows="6" readonly onFocus=${(/** @type {any} */ event) => event.target.select()}>${text}</textarea>
    </div>
    <div class="actions">
      <a class="button button-main" href=${`${GROUP_PAGES}new/?${query}`}>New group from this draft</a>
      <button type="button" class="button" onClick=${discard}>Discard the draft</button>
    </div>
  </div>`;
}

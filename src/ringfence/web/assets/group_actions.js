// Dialogs for the actions on a group: delete, unlink, edit name and description. None opens traffic.

import { GROUPS, request } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useId, useState } from "./html.js";
import { GROUP_PAGES, navigate } from "./router.js";
import { showToast } from "./toast.js";
import { ReferringGroups, useUsage } from "./usage.js";

export { DeleteGroup } from "./review/deletion.js";

/**
 * Return the If-Match header of a change: the version of the group when the dialog was opened.
 *
 * @param {any} group
 */
function useIfMatch(group) {
  const [version] = useState(group.version);
  return { "If-Match": `"v${version}"` };
}

/**
 * Return a handler that runs an action, and its error response.
 *
 * @param {() => Promise<any>} action
 */
function useSubmit(action) {
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const run = async (/** @type {any} */ event) => {
    event?.preventDefault();
    setBusy(true);
    setSubmitError(null);
    try {
      await action();
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return { isBusy, submitError, run };
}

/** @param {{submitError: any}} properties */
function SubmitError({ submitError }) {
  return submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`;
}

/** @param {{group: any, onClose: () => void}} properties */
export function UnlinkGroup({ group, onClose }) {
  const { data: usage } = useUsage({ group });
  const { isBusy, submitError, run } = useSubmit(async () => {
    await request("POST", `${GROUPS}${group.uuid}/unlink/`);
    showToast(`${group.name} is unlinked.`);
    navigate(GROUP_PAGES);
  });
  return html`<${Dialog} title=${`Unlink ${group.name}?`} onClose=${onClose}>
    <div class="dialog-body review">
      <p class="review-headline">No traffic is opened or closed; Ringfence forgets the group.</p>
      <p>This removes the group and its history from Ringfence. The group in the cloud does not change. The next pull of the tenant imports it again.</p>
      ${usage && usage.referenced_by.length > 0 && html`<${ReferringGroups} usage=${usage} />
        <p class="notice">In the cloud these rules stay as they are. Until the next pull, Ringfence does not know the members of their remote group.</p>`}
      <${SubmitError} submitError=${submitError} />
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-danger" disabled=${isBusy} onClick=${run}>Unlink</button>
    </footer>
  <//>`;
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function RenameGroup({ group, onClose, reload }) {
  const [name, setName] = useState(group.name);
  const [description, setDescription] = useState(group.description);
  const headers = useIfMatch(group);
  const nameId = useId();
  const descriptionId = useId();
  const { isBusy, submitError, run } = useSubmit(async () => {
    await request("PUT", `${GROUPS}${group.uuid}/`, { headers, body: { name, description } });
    onClose();
    await reload();
  });
  const fieldError = (/** @type {string} */ field) => submitError?.detail?.[field];
  return html`<${Dialog} title="Name and description" onClose=${onClose}>
    <form class="dialog-body review" id="rename" onSubmit=${run}>
      <p class="review-headline" aria-live="polite">${renamingText(group, name, description)}</p>
      <div class="field">
        <label for=${nameId}>Name</label>
        <input id=${nameId} value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} aria-invalid=${Boolean(fieldError("name"))} />
      </div>
      <div class="field">
        <label for=${descriptionId}>Description</label>
        <textarea id=${descriptionId} rows="3" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)}></textarea>
      </div>
      <${SubmitError} submitError=${submitError} />
    </form>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button button-main" form="rename" disabled=${isBusy}>Save</button>
    </footer>
  <//>`;
}

/**
 * Return what saving does, in one sentence.
 *
 * @param {any} group
 * @param {string} name
 * @param {string} description
 */
function renamingText(group, name, description) {
  const changed = [name !== group.name && "name", description !== group.description && "description"].filter(Boolean);
  if (!changed.length) return "Nothing changes.";
  return `No traffic is opened or closed; the ${changed.join(" and the ")} ${changed.length > 1 ? "change" : "changes"}.`;
}

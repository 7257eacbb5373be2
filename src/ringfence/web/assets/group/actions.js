// Dialogs for the actions on a group: delete, unlink, edit name and description. None opens traffic.

import { GROUPS } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { showToast } from "../components/toast.js";
import { CHANGED_MEANWHILE, findCarriedOut, sendOnce } from "../editor/attempts.js";
import { html, useId, useState } from "../html.js";
import { GROUP_PAGES, navigate } from "../router.js";
import { loadGroup } from "./load.js";
import { ReferringGroups, useUsage } from "./usage.js";

export { DeleteGroup } from "../review/deletion.js";

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
    try {
      await sendOnce(`group:${group.uuid}:unlink`, { path: `${GROUPS}${group.uuid}/unlink/` });
    } catch (error) {
      // It was unlinked, and the response got lost.
      if (error.status !== 404) throw error;
    }
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

/**
 * The name and the description that are typed, and how they are saved. If somebody changed the group
 * meanwhile, they are kept, and saved on top of the new version when the user saves again.
 *
 * @param {any} group
 * @param {() => Promise<void>} saved
 */
function useRenaming(group, saved) {
  const [base, setBase] = useState(group);
  const [typed, setTyped] = useState({ name: group.name, description: group.description });
  const [meanwhile, setMeanwhile] = useState("");
  const save = async () => {
    const purpose = `group:${group.uuid}:name`;
    try {
      await sendOnce(purpose, { method: "PUT", path: `${GROUPS}${group.uuid}/`, headers: { "If-Match": `"v${base.version}"` }, body: typed });
    } catch (error) {
      if (error.status !== 412) throw error;
      const isOwn = Boolean(await findCarriedOut(purpose));
      const current = await loadGroup(group.uuid);
      setMeanwhile(differenceText(base, current, isOwn));
      setTyped(mergedNames(base, current, typed));
      setBase(current);
      throw error;
    }
    await saved();
  };
  return { base, typed, setTyped, meanwhile, save };
}

/**
 * Return the typed name and description; what the user did not change is that of the new version.
 *
 * @param {any} base
 * @param {any} current
 * @param {{name: string, description: string}} typed
 */
const mergedNames = (base, current, typed) => ({
  name: typed.name === base.name ? current.name : typed.name,
  description: typed.description === base.description ? current.description : typed.description,
});

/**
 * Return how a version differs from the one that a dialog was opened with.
 *
 * @param {any} base
 * @param {any} current
 * @param {boolean} isOwn whether an own change made it, whose response got lost
 */
function differenceText(base, current, isOwn) {
  const differences = [
    current.name !== base.name && `the name is “${current.name}”`,
    current.description !== base.description && `the description is ${current.description ? `“${current.description}”` : "empty"}`,
    JSON.stringify(current.rules) !== JSON.stringify(base.rules) && "its rules differ",
  ].filter(Boolean);
  const who = isOwn ? "What you saved before has arrived." : CHANGED_MEANWHILE;
  return `${who} In version ${current.version}, ${differences.join(", ") || "nothing differs"}. Save again to put what you typed on top of it.`;
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function RenameGroup({ group, onClose, reload }) {
  const { base, typed, setTyped, meanwhile, save } = useRenaming(group, async () => {
    onClose();
    await reload();
  });
  const { name, description } = typed;
  const set = (/** @type {any} */ values) => setTyped((before) => ({ ...before, ...values }));
  const nameId = useId();
  const descriptionId = useId();
  const { isBusy, submitError, run } = useSubmit(save);
  const fieldError = (/** @type {string} */ field) => submitError?.detail?.[field];
  return html`<${Dialog} title="Name and description" onClose=${onClose}>
    <form class="dialog-body review" id="rename" onSubmit=${run}>
      <p class="review-headline" aria-live="polite">${renamingText(base, name, description)}</p>
      <div class="field">
        <label for=${nameId}>Name</label>
        <input id=${nameId} value=${name} onInput=${(/** @type {any} */ event) => set({ name: event.target.value })} aria-invalid=${Boolean(fieldError("name"))} />
      </div>
      <div class="field">
        <label for=${descriptionId}>Description</label>
        <textarea id=${descriptionId} rows="3" value=${description} onInput=${(/** @type {any} */ event) => set({ description: event.target.value })}></textarea>
      </div>
      ${submitError?.status === 412
        ? html`<p class="notice notice-warn" role="alert">${meanwhile}</p>`
        : html`<${SubmitError} submitError=${submitError} />`}
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

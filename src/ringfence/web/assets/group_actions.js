// Dialogs for the actions on a group: delete, unlink, edit name and description.

import { GROUPS, request } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useId, useState } from "./html.js";
import { GROUP_PAGES, navigate } from "./router.js";
import { count } from "./rule_text.js";
import { showToast } from "./toast.js";
import { Instances, ReferringGroups, useUsage } from "./usage.js";

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

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function DeleteGroup({ group, onClose, reload }) {
  const { data: usage, error } = useUsage({ group });
  const [detach, setDetach] = useState(false);
  const headers = useIfMatch(group);
  const { isBusy, submitError, run } = useSubmit(async () => {
    await request("DELETE", `${GROUPS}${group.uuid}/`, { headers, query: { detach: detach || undefined } });
    showToast(`${group.name} is being deleted.`);
    onClose();
    await reload();
  });
  const ports = usage?.ports.length ?? 0;
  const foreignPorts = usage?.ports_of_other_tenants ?? 0;
  const isInUse = ports + foreignPorts > 0 && !detach;
  return html`<${Dialog} title=${`Delete ${group.name}?`} onClose=${onClose}>
    <div class="dialog-body">
      <p>This deletes the group, its ${count(group.rules.length, "rule")} and its history, in Ringfence and in the cloud.</p>
      ${error && html`<p class="notice notice-warn">The usage could not be loaded: ${error.message}</p>`}
      ${!usage && !error && html`<p class="quiet">Loading usage…</p>`}
      ${usage && html`
        <h3>Impact</h3>
        <${Instances} usage=${usage} />
        <${ReferringGroups} usage=${usage} />
        ${usage.referenced_by.length > 0 && html`<p class="notice notice-warn">The cloud removes these rules together with the group. In Ringfence they stay and refer to a remote group that no longer exists.</p>`}
        ${ports > 0 && html`<label class="check">
          <input type="checkbox" checked=${detach} onChange=${(/** @type {any} */ event) => setDetach(event.target.checked)} />
          Remove the group from ${count(ports, "port")} first. A port without a security group blocks all traffic.
        </label>
        ${foreignPorts > 0 && html`<p class="notice notice-warn">The cloud refuses the deletion while ${count(foreignPorts, "port")} of other tenants use the group.</p>`}
        ${isInUse && html`<p class="quiet">A group that ports use cannot be deleted.</p>`}`}`}
      <${SubmitError} submitError=${submitError} />
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-danger" disabled=${isBusy || isInUse || (!usage && !error)} onClick=${run}>Delete</button>
    </footer>
  <//>`;
}

/** @param {{group: any, onClose: () => void}} properties */
export function UnlinkGroup({ group, onClose }) {
  const { isBusy, submitError, run } = useSubmit(async () => {
    await request("POST", `${GROUPS}${group.uuid}/unlink/`);
    showToast(`${group.name} is unlinked.`);
    navigate(GROUP_PAGES);
  });
  return html`<${Dialog} title=${`Unlink ${group.name}?`} onClose=${onClose}>
    <div class="dialog-body">
      <p>This removes the group and its history from Ringfence. The group in the cloud does not change. The next pull of the tenant imports it again.</p>
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
    <form class="dialog-body" id="rename" onSubmit=${run}>
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

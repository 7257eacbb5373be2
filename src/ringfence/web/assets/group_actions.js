// What is done to a whole group, each after a question that says what it means.

import { GROUP_PAGES, go } from "./router.js";
import { GROUPS, ask } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useId, useState } from "./html.js";
import { say } from "./toast.js";
import { Instances, Referring, useUsage } from "./usage.js";
import { count } from "./rule_text.js";

/**
 * What a change must begin from: the version that was there when the question was asked.
 *
 * @param {any} group
 */
function useSeen(group) {
  const [seen] = useState(group.version);
  return { "If-Match": `"v${seen}"` };
}

/**
 * Do it, or show in the API's own words why not.
 *
 * @param {() => Promise<any>} work
 */
function useDoing(work) {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const run = async (/** @type {any} */ event) => {
    event?.preventDefault();
    setBusy(true);
    setRefused(null);
    try {
      await work();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return { isBusy, refused, run };
}

/** @param {{refused: any}} properties */
function Refusal({ refused }) {
  return refused && html`<p class="notice notice-bad" role="alert">${refused.message}</p>`;
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function DeleteGroup({ group, onClose, reload }) {
  const { data: usage, error } = useUsage({ group });
  const [detach, setDetach] = useState(false);
  const headers = useSeen(group);
  const { isBusy, refused, run } = useDoing(async () => {
    await ask("DELETE", `${GROUPS}${group.uuid}/`, { headers, query: { detach: detach || undefined } });
    say(`${group.name} is being deleted.`);
    onClose();
    await reload();
  });
  const ports = usage?.ports.length ?? 0;
  const lone = ports > 0 && !detach;
  return html`<${Dialog} title=${`Delete ${group.name}?`} onClose=${onClose}>
    <div class="dialog-body">
      <p>It goes here and in the cloud. Its ${count(group.rules.length, "rule")} and its history go with it.</p>
      ${error && html`<p class="notice notice-warn">Who uses it could not be read: ${error.message}</p>`}
      ${!usage && !error && html`<p class="quiet">Looking who uses it…</p>`}
      ${usage && html`
        <h3>What breaks</h3>
        <${Instances} usage=${usage} />
        <${Referring} usage=${usage} />
        ${usage.referenced_by.length > 0 && html`<p class="notice notice-warn">In the cloud these rules are removed with it. Here they stay, and name a remote group that is not there any more.</p>`}
        ${ports > 0 && html`<label class="check">
          <input type="checkbox" checked=${detach} onChange=${(/** @type {any} */ event) => setDetach(event.target.checked)} />
          Take it off ${count(ports, "port")} first. A port without any other group lets nothing through.
        </label>
        ${lone && html`<p class="quiet">While ports carry it, it cannot be deleted.</p>`}`}`}
      <${Refusal} refused=${refused} />
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="button button-danger" disabled=${isBusy || lone || (!usage && !error)} onClick=${run}>Delete</button>
    </footer>
  <//>`;
}

/** @param {{group: any, onClose: () => void}} properties */
export function UnlinkGroup({ group, onClose }) {
  const { isBusy, refused, run } = useDoing(async () => {
    await ask("POST", `${GROUPS}${group.uuid}/unlink/`);
    say(`${group.name} is not known here any more.`);
    go(GROUP_PAGES);
  });
  return html`<${Dialog} title=${`Unlink ${group.name}?`} onClose=${onClose}>
    <div class="dialog-body">
      <p>It is forgotten here, with its history, and stays in the cloud as it is. The next comparison imports it again.</p>
      <${Refusal} refused=${refused} />
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="button button-danger" disabled=${isBusy} onClick=${run}>Unlink</button>
    </footer>
  <//>`;
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function RenameGroup({ group, onClose, reload }) {
  const [name, setName] = useState(group.name);
  const [description, setDescription] = useState(group.description);
  const headers = useSeen(group);
  const nameId = useId();
  const descriptionId = useId();
  const { isBusy, refused, run } = useDoing(async () => {
    await ask("PUT", `${GROUPS}${group.uuid}/`, { headers, body: { name, description } });
    onClose();
    await reload();
  });
  const wrong = (/** @type {string} */ field) => refused?.detail?.[field];
  return html`<${Dialog} title="Name and description" onClose=${onClose}>
    <form class="dialog-body" id="rename" onSubmit=${run}>
      <div class="field">
        <label for=${nameId}>Name</label>
        <input id=${nameId} value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} aria-invalid=${Boolean(wrong("name"))} />
      </div>
      <div class="field">
        <label for=${descriptionId}>Description</label>
        <textarea id=${descriptionId} rows="3" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)}></textarea>
      </div>
      <${Refusal} refused=${refused} />
    </form>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Leave it</button>
      <button class="button button-main" form="rename" disabled=${isBusy}>Save</button>
    </footer>
  <//>`;
}

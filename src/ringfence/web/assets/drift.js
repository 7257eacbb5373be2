// The drift of a group, and its drift mode.

import { GROUPS, request } from "./api.js";
import { html, useId } from "./html.js";
import { Changes } from "./rule_lists.js";
import { Drift } from "./states.js";
import { Ago } from "./times.js";
import { showToast } from "./toast.js";
import { useLoaded } from "./use_loaded.js";

const MODES = [
  ["adopt", "Adopt: accept changes in the cloud"],
  ["enforce", "Enforce: revert changes in the cloud"],
  ["report", "Report: only show drift"],
];

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function DriftPanel({ group, reload }) {
  const modeId = useId();
  const { data: drift, error, reload: reloadDrift } = useLoaded(
    async (signal) => (await request("GET", `${GROUPS}${group.uuid}/drift/`, { signal })).data,
    [group.uuid, group.state, group.version, group.drift, group.observed_at],
  );
  const choose = async (/** @type {any} */ event) => {
    try {
      await request("POST", `${GROUPS}${group.uuid}/set_drift_mode/`, { body: { mode: event.target.value } });
      showToast("Drift mode changed.", "good");
    } catch (error) {
      showToast(error.message, "bad");
    }
    await Promise.all([reloadDrift(), reload()]);
  };
  return html`<section class="card drift-panel">
    <h2>Drift</h2>
    ${error && html`<p class="quiet">${error.message}</p>`}
    ${!drift && !error && html`<p class="quiet">…</p>`}
    ${drift && html`
      <p><${Drift} drift=${drift.state} /> <span class="quiet">observed <${Ago} at=${drift.observed_at} /></span></p>
      <${Difference} drift=${drift} />
      <div class="field">
        <label for=${modeId}>Drift mode</label>
        <select id=${modeId} value=${drift.mode} onChange=${choose} disabled=${!group.can_manage}>
          ${MODES.map(([value, label]) => html`<option key=${value} value=${value} selected=${drift.mode === value}>${label}</option>`)}
        </select>
      </div>`}
  </section>`;
}

/** @param {{drift: any}} properties */
function Difference({ drift }) {
  if (drift.state === "missing") return html`<p>The group no longer exists in the cloud. Setting its rules creates it again.</p>`;
  if (drift.state !== "drifting") return null;
  return html`
    ${drift.missing_at_cloud.length > 0 && html`<h3>Desired, not in the cloud</h3><${Changes} rules=${drift.missing_at_cloud} sign="−" />`}
    ${drift.unexpected_at_cloud.length > 0 && html`<h3>In the cloud, not desired</h3><${Changes} rules=${drift.unexpected_at_cloud} sign="+" />`}
    ${drift.name && html`<p>Name in the cloud: <strong>${drift.name.at_cloud}</strong></p>`}
    ${drift.description && html`<p>Description in the cloud: ${drift.description.at_cloud || "none"}</p>`}`;
}

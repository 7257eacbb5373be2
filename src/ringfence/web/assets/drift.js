// How a group differs in its cloud, and who is right about that.

import { GROUPS, ask } from "./api.js";
import { html, useId } from "./html.js";
import { useLoaded } from "./use_loaded.js";
import { Changes } from "./rule_lists.js";
import { say } from "./toast.js";
import { Drift } from "./states.js";
import { Ago } from "./times.js";

const MODES = [
  ["adopt", "Adopt: the cloud is right"],
  ["enforce", "Enforce: what was asked for is put back"],
  ["report", "Report: nothing is touched"],
];

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function AtCloud({ group, reload }) {
  const mode = useId();
  const { data: drift, error, reload: again } = useLoaded(
    async (signal) => (await ask("GET", `${GROUPS}${group.uuid}/drift/`, { signal })).data,
    [group.uuid, group.state, group.version, group.drift, group.observed_at],
  );
  const choose = async (/** @type {any} */ event) => {
    try {
      await ask("POST", `${GROUPS}${group.uuid}/set_drift_mode/`, { body: { mode: event.target.value } });
      say("That is how differences are dealt with from now on.", "good");
    } catch (refused) {
      say(refused.message, "bad");
    }
    await Promise.all([again(), reload()]);
  };
  return html`<section class="card at-cloud">
    <h2>In the cloud</h2>
    ${error && html`<p class="quiet">${error.message}</p>`}
    ${!drift && !error && html`<p class="quiet">…</p>`}
    ${drift && html`
      <p><${Drift} drift=${drift.state} /> <span class="quiet">seen <${Ago} at=${drift.observed_at} /></span></p>
      <${Difference} drift=${drift} />
      <div class="field">
        <label for=${mode}>Where it differs</label>
        <select id=${mode} value=${drift.mode} onChange=${choose} disabled=${!group.can_manage}>
          ${MODES.map(([word, said]) => html`<option key=${word} value=${word} selected=${drift.mode === word}>${said}</option>`)}
        </select>
      </div>`}
  </section>`;
}

/** @param {{drift: any}} properties */
function Difference({ drift }) {
  if (drift.state === "missing") return html`<p>The cloud does not have this group any more. Setting its rules makes it anew.</p>`;
  if (drift.state !== "drifting") return null;
  return html`
    ${drift.missing_at_cloud.length > 0 && html`<h3>Asked for, and not there</h3><${Changes} rules=${drift.missing_at_cloud} sign="−" />`}
    ${drift.unexpected_at_cloud.length > 0 && html`<h3>There, and not asked for</h3><${Changes} rules=${drift.unexpected_at_cloud} sign="+" />`}
    ${drift.name && html`<p>It is called <strong>${drift.name.at_cloud}</strong> there.</p>`}
    ${drift.description && html`<p>Its description there: ${drift.description.at_cloud || "none"}</p>`}`;
}

// What the sync does, cloud by cloud and tenant by tenant; for staff and support.

import { GROUP_PAGES } from "./router.js";
import { TENANTS, ask } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useState } from "./html.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";
import { say } from "./toast.js";
import { State } from "./states.js";
import { Ago } from "./times.js";
import { Title } from "./title.js";
import { count } from "./rule_text.js";

/** @param {{user: any}} properties */
export function Clouds({ user }) {
  const { data: tenants, error, reload } = useLoaded(
    async (signal) => (await ask("GET", "/api/sync-status/", { signal })).data, [], () => 5000,
  );
  return html`
    <div class="page-head"><${Title} of="Clouds" /></div>
    <${Stale} error=${tenants && error} />
    ${error && !tenants && html`<${Failure} error=${error} retry=${reload} />`}
    ${!tenants && !error && html`<${Skeleton} rows=${8} />`}
    ${tenants?.length === 0 && html`<section class="empty"><h2>No cloud yet</h2><p>An operator names clouds and tenants in a file, and loads it: <code>ringfence load FILE</code>.</p></section>`}
    ${tenants && byCloud(tenants).map(([cloud, those]) => html`<${Cloud} key=${cloud} name=${cloud} tenants=${those} user=${user} reload=${reload} />`)}`;
}

/**
 * @param {any[]} tenants
 * @returns {[string, any[]][]}
 */
function byCloud(tenants) {
  const found = new Map();
  for (const tenant of tenants) found.set(tenant.cloud, [...(found.get(tenant.cloud) ?? []), tenant]);
  return [...found];
}

/** @param {any[]} tenants */
const sum = (tenants, /** @type {string} */ what) => tenants.reduce((total, tenant) => total + tenant[what], 0);

/** @param {{name: string, tenants: any[], user: any, reload: () => Promise<void>}} properties */
function Cloud({ name, tenants, user, reload }) {
  const [first] = tenants;
  const figures = /** @type {[string, number, string][]} */ ([
    ["Groups", sum(tenants, "groups"), ""],
    ["On their way", sum(tenants, "scheduled") + sum(tenants, "in_flight"), "busy"],
    ["Failed", sum(tenants, "erred"), "bad"],
    ["Differing", sum(tenants, "drifting"), "warn"],
    ["Missing", sum(tenants, "missing"), "bad"],
  ]);
  return html`<section class="card cloud">
    <div class="page-head"><h2>${name}</h2><${State} state=${first.cloud_state} /></div>
    ${first.cloud_error_message && html`<p class="notice notice-bad">${first.cloud_error_message}</p>`}
    <dl class="figures">${figures.map(([label, number, tone]) => html`<div key=${label}>
      <dt>${label}</dt><dd class=${number && tone ? `tone-${tone}` : null}>${number.toLocaleString("en")}</dd></div>`)}</dl>
    <table class="table">
      <caption class="unseen">Tenants of ${name}</caption>
      <thead><tr><th scope="col">Tenant</th><th scope="col">Comparison</th><th scope="col">Mode</th>
        <th scope="col" class="number">Groups</th><th scope="col" class="number">On their way</th><th scope="col" class="number">Failed</th>
        <th scope="col" class="number">Differing</th><th scope="col" class="number">Missing</th><th scope="col"><span class="unseen">Actions</span></th></tr></thead>
      <tbody>${tenants.map((tenant) => html`<${Tenant} key=${tenant.uuid} tenant=${tenant} user=${user} reload=${reload} />`)}</tbody>
    </table>
  </section>`;
}

/** @param {{tenant: any, user: any, reload: () => Promise<void>}} properties */
function Tenant({ tenant, user, reload }) {
  const [isAsked, setAsked] = useState(false);
  const list = `${GROUP_PAGES}?tenant_uuid=${tenant.uuid}`;
  const compare = async () => {
    try {
      await ask("POST", `${TENANTS}${tenant.uuid}/pull/`);
      say(`${tenant.tenant} is being compared.`);
    } catch (refused) {
      say(refused.message, "bad");
    }
    await reload();
  };
  const figure = (/** @type {string} */ label, /** @type {number} */ number, /** @type {string} */ narrowing) => html`<td data-label=${label} class="number">
    ${number && narrowing ? html`<a href=${`${list}&${narrowing}`}>${number}</a>` : html`<span class=${number ? null : "quiet"}>${number}</span>`}</td>`;
  const isStopped = Boolean(tenant.error_message) && tenant.state === "OK";
  const under = ["CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"].map((state) => `state=${state}`).join("&");
  return html`<tr>
    <td data-label="Tenant"><a href=${list}>${tenant.tenant}</a>
      ${tenant.error_message && html`<span class="warning">${tenant.error_message}</span>`}</td>
    <td data-label="Comparison"><${State} state=${tenant.state} /> <span class="quiet"><${Ago} at=${tenant.compared_at} /></span></td>
    <td data-label="Mode">${tenant.mode}</td>
    ${figure("Groups", tenant.groups, "o=name")} ${figure("On their way", tenant.scheduled + tenant.in_flight, under)}
    ${figure("Failed", tenant.erred, "state=ERRED")} ${figure("Differing", tenant.drifting, "drift=drifting")}
    ${figure("Missing", tenant.missing, "drift=missing")}
    <td class="row-actions">
      ${user.is_staff && html`<button type="button" class="button" disabled=${!["OK", "ERRED"].includes(tenant.state)} onClick=${compare}>Compare now</button>`}
      ${user.is_staff && isStopped && html`<button type="button" class="button button-danger" onClick=${() => setAsked(true)}>Confirm…</button>`}
      ${isAsked && html`<${Confirm} tenant=${tenant} reload=${reload} onClose=${() => setAsked(false)} />`}
    </td>
  </tr>`;
}

/** @param {{tenant: any, reload: () => Promise<void>, onClose: () => void}} properties */
function Confirm({ tenant, reload, onClose }) {
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await ask("POST", `${TENANTS}${tenant.uuid}/confirm_missing/`);
      say(`${tenant.tenant} is being compared; what is missing will be marked.`);
      onClose();
      await reload();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Mark what ${tenant.tenant} is missing?`} onClose=${onClose}>
    <div class="dialog-body">
      <p class="notice notice-warn">${tenant.error_message}</p>
      <p>If these groups are really gone in the cloud, each of them is looked for once more, and marked as failed where it is not found. The tenant has ${count(tenant.groups, "group")} here. Nothing is deleted.</p>
      ${refused && html`<p class="notice notice-bad" role="alert">${refused.message}</p>`}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Leave it stopped</button>
      <button type="button" class="button button-danger" disabled=${isBusy} onClick=${run}>They are gone: mark them</button>
    </footer>
  <//>`;
}

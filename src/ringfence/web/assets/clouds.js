// The state of the synchronisation, by cloud and tenant; for staff and support.

import { TENANTS, request } from "./api.js";
import { Dialog } from "./dialog.js";
import { DISCOVER_PAGE } from "./discover.js";
import { html, useState } from "./html.js";
import { GROUP_PAGES } from "./router.js";
import { count } from "./rule_text.js";
import { State } from "./states.js";
import { Ago } from "./times.js";
import { Title } from "./title.js";
import { showToast } from "./toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";

/** @param {{user: any}} properties */
export function Clouds({ user }) {
  const { data: tenants, error, reload } = useLoaded(
    async (signal) => (await request("GET", "/api/sync-status/", { signal })).data, [], () => 5000,
  );
  return html`
    <div class="page-head"><${Title} of="Clouds" /><a class="button" href=${DISCOVER_PAGE}>Discover</a></div>
    <${Stale} error=${tenants && error} />
    ${error && !tenants && html`<${Failure} error=${error} retry=${reload} />`}
    ${!tenants && !error && html`<${Skeleton} rows=${8} />`}
    ${tenants?.length === 0 && html`<section class="empty"><h2>No clouds yet</h2><p><a href=${DISCOVER_PAGE}>Discover</a> an OpenStack cloud, or define clouds and tenants in a file and load it with <code>ringfence load FILE</code>.</p></section>`}
    ${tenants && byCloud(tenants).map(([cloud, tenantsOfCloud]) => html`<${Cloud} key=${cloud} name=${cloud} tenants=${tenantsOfCloud} user=${user} reload=${reload} />`)}`;
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
const sum = (tenants, /** @type {string} */ field) => tenants.reduce((total, tenant) => total + tenant[field], 0);

/** @param {{name: string, tenants: any[], user: any, reload: () => Promise<void>}} properties */
function Cloud({ name, tenants, user, reload }) {
  const [first] = tenants;
  const figures = /** @type {[string, number, string][]} */ ([
    ["Groups", sum(tenants, "groups"), ""],
    ["In progress", sum(tenants, "scheduled") + sum(tenants, "in_flight"), "busy"],
    ["Failed", sum(tenants, "erred"), "bad"],
    ["Drifting", sum(tenants, "drifting"), "warn"],
    ["Missing", sum(tenants, "missing"), "bad"],
    ["Never pushed", sum(tenants, "never_pushed"), "warn"],
  ]);
  return html`<section class="card cloud">
    <div class="page-head"><h2>${name}</h2><${State} state=${first.cloud_state} /></div>
    ${first.cloud_error_message && html`<p class="notice notice-bad">${first.cloud_error_message}</p>`}
    <dl class="figures">${figures.map(([label, number, tone]) => html`<div key=${label}>
      <dt>${label}</dt><dd class=${number && tone ? `tone-${tone}` : null}>${number.toLocaleString("en")}</dd></div>`)}</dl>
    <table class="table">
      <caption class="visually-hidden">Tenants of ${name}</caption>
      <thead><tr><th scope="col">Tenant</th><th scope="col">Last pull</th><th scope="col">Drift mode</th>
        <th scope="col" class="number">Groups</th><th scope="col" class="number">In progress</th><th scope="col" class="number">Failed</th>
        <th scope="col" class="number">Drifting</th><th scope="col" class="number">Missing</th>
        <th scope="col" class="number">Never pushed</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${tenants.map((tenant) => html`<${Tenant} key=${tenant.uuid} tenant=${tenant} user=${user} reload=${reload} />`)}</tbody>
    </table>
  </section>`;
}

/** @param {{tenant: any, user: any, reload: () => Promise<void>}} properties */
function Tenant({ tenant, user, reload }) {
  const [isConfirming, setConfirming] = useState(false);
  const list = `${GROUP_PAGES}?tenant_uuid=${tenant.uuid}`;
  const pull = async () => {
    try {
      await request("POST", `${TENANTS}${tenant.uuid}/pull/`);
      showToast(`${tenant.tenant} is being pulled.`);
    } catch (error) {
      showToast(error.message, "bad");
    }
    await reload();
  };
  const figure = (/** @type {string} */ label, /** @type {number} */ number, /** @type {string} */ filter) => html`<td data-label=${label} class="number">
    ${number && filter ? html`<a href=${`${list}&${filter}`}>${number}</a>` : html`<span class=${number ? null : "quiet"}>${number}</span>`}</td>`;
  const isHeldBack = Boolean(tenant.error_message) && tenant.state === "OK";
  const inProgress = ["CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"].map((state) => `state=${state}`).join("&");
  return html`<tr>
    <td data-label="Tenant"><a href=${list}>${tenant.tenant}</a>
      ${tenant.error_message && html`<span class="warning">${tenant.error_message}</span>`}</td>
    <td data-label="Last pull"><${State} state=${tenant.state} /> <span class="quiet"><${Ago} at=${tenant.pulled_at} /></span></td>
    <td data-label="Drift mode">${tenant.mode}</td>
    ${figure("Groups", tenant.groups, "o=name")} ${figure("In progress", tenant.scheduled + tenant.in_flight, inProgress)}
    ${figure("Failed", tenant.erred, "state=ERRED")} ${figure("Drifting", tenant.drifting, "drift=drifting")}
    ${figure("Missing", tenant.missing, "drift=missing")} ${figure("Never pushed", tenant.never_pushed, "drift=never_pushed")}
    <td class="row-actions">
      ${user.is_staff && html`<button type="button" class="button" disabled=${!["OK", "ERRED"].includes(tenant.state)} onClick=${pull}>Pull now</button>`}
      ${user.is_staff && isHeldBack && html`<button type="button" class="button button-danger" onClick=${() => setConfirming(true)}>Confirm…</button>`}
      ${isConfirming && html`<${ConfirmMissing} tenant=${tenant} reload=${reload} onClose=${() => setConfirming(false)} />`}
    </td>
  </tr>`;
}

/** @param {{tenant: any, reload: () => Promise<void>, onClose: () => void}} properties */
function ConfirmMissing({ tenant, reload, onClose }) {
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await request("POST", `${TENANTS}${tenant.uuid}/confirm_missing/`);
      showToast(`${tenant.tenant} is being pulled. Missing groups will be marked as failed.`);
      onClose();
      await reload();
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Mark the missing groups of ${tenant.tenant} as failed?`} onClose=${onClose}>
    <div class="dialog-body">
      <p class="notice notice-warn">${tenant.error_message}</p>
      <p>Ringfence looks up each of these groups in the cloud once more and marks those that do not exist as failed. The tenant has ${count(tenant.groups, "group")} in Ringfence. Nothing is deleted.</p>
      ${submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-danger" disabled=${isBusy} onClick=${run}>Mark as failed</button>
    </footer>
  <//>`;
}

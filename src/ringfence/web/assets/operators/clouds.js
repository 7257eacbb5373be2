// The state of the synchronisation, by cloud and tenant; for staff and support.

import { OVERVIEWS, TENANTS, request, requestAll } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { State } from "../components/states.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html, useState } from "../html.js";
import { own } from "../own.js";
import { GROUP_PAGES } from "../router.js";
import { count } from "../rules/text.js";
import { DISCOVER_PAGE } from "./discover.js";

const POLL_MILLISECONDS = 5000;
// Drift is looked up group by group; of more, the rest is not graded.
const MOST_GRADED = 3000;

/** @typedef {Record<string, {opens: number, closes: number}>} Grades by tenant */

/** @param {{user: any}} properties */
export function Clouds({ user }) {
  const { data, error, reload } = useLoaded(
    async (signal) => {
      const [status, grades] = await Promise.all([request("GET", "/api/sync-status/", { signal }), loadGrades()]);
      return { tenants: status.data, grades };
    }, [], () => POLL_MILLISECONDS,
  );
  const tenants = data?.tenants;
  return html`
    <${PageHead} of="Clouds">${error?.status !== 403 && (user.is_staff || user.is_support) && html`<a class="button" href=${DISCOVER_PAGE}>Discover</a>`}<//>
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${8} />`}
    ${tenants?.length === 0 && html`<section class="empty"><h2>No clouds yet</h2><p><a href=${DISCOVER_PAGE}>Discover</a> an OpenStack cloud, or define clouds and tenants in a file and load it with <code>ringfence load FILE</code>.</p></section>`}
    ${data && byCloud(data.tenants).map(([cloud, ofCloud]) => html`<${Cloud} key=${cloud} name=${cloud} tenants=${ofCloud} grades=${data.grades} user=${user} reload=${reload} />`)}`;
}

/** @returns {Promise<Grades>} how many groups drift so that they admit more, or less */
async function loadGrades() {
  const groups = await requestAll(OVERVIEWS, { drift: "drifting", drift_grade: ["opens", "closes"], field: ["tenant_uuid", "drift_grade"] }, MOST_GRADED);
  const grades = /** @type {Grades} */ ({});
  for (const { tenant_uuid: tenant, drift_grade: grade } of groups) {
    grades[tenant] ??= { opens: 0, closes: 0 };
    grades[tenant][/** @type {"opens" | "closes"} */ (grade)] += 1;
  }
  return grades;
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

const IN_PROGRESS = ["CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING", "DELETION_SCHEDULED", "DELETING"].map((state) => `state=${state}`).join("&");

/**
 * The exceptions of a tenant: label, number, tone, and the filter of the list that shows them.
 *
 * @param {any} tenant
 * @param {Grades} grades
 * @returns {[string, number, string, string][]}
 */
function exceptionsOf(tenant, grades) {
  const { opens, closes } = own(grades, tenant.uuid) ?? { opens: 0, closes: 0 };
  return [
    ["Drift opens", opens, "bad", "drift=drifting&drift_grade=opens"],
    ["Drift closes", closes, "warn", "drift=drifting&drift_grade=closes"],
    ["Other drift", Math.max(0, tenant.drifting - opens - closes), "", "drift=drifting&drift_grade=none"],
    ["Missing", tenant.missing, "bad", "drift=missing"],
    ["Failed", tenant.erred, "bad", "state=ERRED"],
    ["Never pushed", tenant.never_pushed, "warn", "drift=never_pushed"],
    ["In progress", tenant.scheduled + tenant.in_flight, "busy", IN_PROGRESS],
  ];
}

/**
 * How many tenants are in sync; one that was never pulled was never compared.
 *
 * @param {any[]} tenants
 * @param {ReturnType<typeof exceptionsOf>[]} exceptions of each
 */
function syncText(tenants, exceptions) {
  const unknown = tenants.filter((tenant) => !tenant.pulled_at).length;
  const inSync = tenants.filter((tenant, index) => tenant.pulled_at && !tenant.error_message && !exceptions[index].some(([, number]) => number)).length;
  if (inSync === tenants.length) return "· all in sync";
  return [inSync && `${inSync} in sync`, unknown && `${unknown} never pulled`].filter(Boolean).map((text) => `· ${text}`).join(" ");
}

/** @param {{name: string, tenants: any[], grades: Grades, user: any, reload: () => Promise<void>}} properties */
function Cloud({ name, tenants, grades, user, reload }) {
  const [first] = tenants;
  const all = tenants.map((tenant) => exceptionsOf(tenant, grades));
  const sums = all[0].map(([label, , tone], index) => ({ label, tone, number: all.reduce((total, each) => total + each[index][1], 0) })).filter(({ number }) => number);
  // Those with exceptions come first.
  const weight = (/** @type {number} */ index) => Number(all[index].some(([, number]) => number) || Boolean(tenants[index].error_message));
  const order = tenants.map((_, index) => index).toSorted((one, other) => weight(other) - weight(one));
  const groups = tenants.reduce((total, tenant) => total + tenant.groups, 0);
  return html`<section class="card cloud">
    <div class="cloud-head"><h2>${name}</h2>${first.cloud_state !== "OK" && html`<${State} state=${first.cloud_state} />`}
      <p><span class="quiet">${count(tenants.length, "tenant")}, ${count(groups, "group")}</span>
        ${sums.map(({ label, tone, number }) => html` <span key=${label} class=${tone ? `mark mark-${tone}` : "mark"}>${label} ${number.toLocaleString("en")}</span>`)}
        ${" "}<span class="quiet">${syncText(tenants, all)}</span></p></div>
    ${first.cloud_error_message && html`<p class="notice notice-bad">${first.cloud_error_message}</p>`}
    <table class="table">
      <caption class="visually-hidden">Tenants of ${name}</caption>
      <thead><tr><th scope="col">Tenant</th><th scope="col">Exceptions</th><th scope="col" class="number">Groups</th><th scope="col">Last pull</th>
        <th scope="col">Drift mode</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${order.map((index) => html`<${Tenant} key=${tenants[index].uuid} tenant=${tenants[index]} exceptions=${all[index]} user=${user} reload=${reload} />`)}</tbody>
    </table>
  </section>`;
}

/** @param {{tenant: any, exceptions: ReturnType<typeof exceptionsOf>, user: any, reload: () => Promise<void>}} properties */
function Tenant({ tenant, exceptions, user, reload }) {
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
  const isHeldBack = Boolean(tenant.error_message) && tenant.state === "OK";
  const shown = exceptions.filter(([, number]) => number);
  return html`<tr>
    <td data-label="Tenant"><a href=${list}>${tenant.tenant}</a>
      ${tenant.error_message && html`<span class="warning">${tenant.error_message}</span>`}</td>
    <td data-label="Exceptions">${shown.map(([label, number, tone, filter]) => html`
      <a key=${label} class=${tone ? `mark mark-${tone}` : "mark"} href=${`${list}&${filter}`}>${label} ${number.toLocaleString("en")}</a> `)}
      ${!shown.length && html`<span class="quiet">${tenant.groups && tenant.pulled_at ? "None" : "–"}</span>`}</td>
    <td data-label="Groups" class="number">${tenant.groups.toLocaleString("en")}</td>
    <td data-label="Last pull">${tenant.state !== "OK" && html`<${State} state=${tenant.state} /> `}<span class="quiet"><${Ago} at=${tenant.pulled_at} /></span></td>
    <td data-label="Drift mode"><span class=${tenant.mode === "adopt" ? "quiet" : null}>${tenant.mode}</span>${tenant.other_modes > 0 && html` <span class="quiet clip">${count(tenant.other_modes, "group has", "groups have")} another</span>`}</td>
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

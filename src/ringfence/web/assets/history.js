// The versions of a group's desired rules, the difference between two of them, and rollback.

import { GROUPS, request } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useState } from "./html.js";
import { own } from "./own.js";
import { PlanReview } from "./plan_review.js";
import { updateQuery, useLocation } from "./router.js";
import { Changes } from "./rule_lists.js";
import { isStable } from "./states.js";
import { Ago } from "./times.js";
import { showToast } from "./toast.js";
import { Failure, Skeleton, useLoaded } from "./use_loaded.js";

const CAUSES = /** @type {Record<string, string>} */ ({
  user: "set", pull: "adopted from the cloud", load: "loaded from a file", rollback: "rolled back",
});
const PAGE_SIZE = 25;

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function History({ group, reload }) {
  const { query } = useLocation();
  const [size, setSize] = useState(PAGE_SIZE);
  const [target, setTarget] = useState(0);
  const path = `${GROUPS}${group.uuid}/versions/`;
  const { data, error, reload: reloadVersions } = useLoaded(
    (signal) => request("GET", path, { query: { page_size: size }, signal }), [group.version, size],
  );
  if (!data) return error ? html`<${Failure} error=${error} retry=${reloadVersions} />` : html`<${Skeleton} rows=${6} />`;
  const versions = data.data;
  const shown = Number(query.get("version") ?? versions[0]?.number);
  const listed = versions.find((/** @type {any} */ each) => each.number === shown);
  const before = Number(query.get("compare") ?? listed?.compared_with ?? Math.max(1, shown - 1));
  return html`<div class="columns history">
    <section class="card">
      <h2>Versions</h2>
      <ol class="plain versions">${versions.map((/** @type {any} */ version) => html`<li key=${version.number}
        class=${version.number === shown ? "is-shown" : null}>
        <button type="button" class="version" aria-pressed=${version.number === shown} onClick=${() => updateQuery({ version: String(version.number), compare: "" })}>
          <strong>Version ${version.number}</strong>
          ${version.number === group.applied_version && html` <span class="mark mark-good">in the cloud</span>`}
          <span class="quiet">${version.author ?? "Ringfence"} · ${own(CAUSES, version.cause) ?? version.cause} <${Ago} at=${version.created} /></span>
          <span><span class="tone-good">+${version.rules_added}</span> <span class="tone-bad">−${version.rules_removed}</span> <span class="quiet">of ${version.rules_count}</span></span>
        </button>
        ${version.compared_with !== null && version.compared_with < version.number - 1 && html`<p class="quiet">${version.number - version.compared_with - 1} older versions were removed.</p>`}
      </li>`)}</ol>
      ${data.total > versions.length && html`<button type="button" class="button" onClick=${() => setSize(Math.min(300, size * 4))}>Show older versions</button>`}
    </section>
    <section class="card">
      <div class="page-head">
        <h2>Version ${shown}${shown > 1 ? " compared with" : ""}
          ${shown > 1 && html` <select aria-label="Compare with version" value=${String(before)}
            onChange=${(/** @type {any} */ event) => updateQuery({ version: String(shown), compare: event.target.value })}>
            ${versions.filter((/** @type {any} */ each) => each.number !== shown).map((/** @type {any} */ each) => html`<option key=${each.number} value=${String(each.number)} selected=${each.number === before}>${each.number}</option>`)}
          </select>`}</h2>
        ${group.can_manage && shown !== group.version && html`<button type="button" class="button button-main"
          disabled=${!isStable(group.state)} onClick=${() => setTarget(shown)}>Roll back to version ${shown}</button>`}
      </div>
      <${VersionDiff} key=${`${shown}-${before}`} path=${path} shown=${shown} before=${before} />
    </section>
  </div>
  ${target > 0 && html`<${RollBack} group=${group} version=${target} path=${path} reload=${reload} onClose=${() => setTarget(0)} />`}`;
}

/** @param {{path: string, shown: number, before: number}} properties */
function VersionDiff({ path, shown, before }) {
  const { data, error } = useLoaded(async (signal) => {
    const query = shown > 1 && before !== shown ? { compare: before } : {};
    return (await request("GET", `${path}${shown}/`, { query, signal })).data;
  }, []);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!data) return html`<${Skeleton} rows=${4} />`;
  if (data.rules) return html`<p class="quiet">This is the first version.</p><${Changes} rules=${data.rules} sign="+" />`;
  return html`<${Diff} change=${data} />`;
}

/** @param {{change: any}} properties */
function Diff({ change }) {
  const renamed = ["name", "description"].filter((field) => change[field].from !== change[field].to);
  const isEmpty = !change.added.length && !change.removed.length && !change.description_only.length && !renamed.length;
  return html`
    ${isEmpty && html`<p class="quiet">The versions are the same.</p>`}
    ${renamed.map((field) => html`<p key=${field}>${field === "name" ? "Name" : "Description"}: <del>${change[field].from || "none"}</del> → <ins>${change[field].to || "none"}</ins></p>`)}
    <${Changes} rules=${change.added} sign="+" />
    <${Changes} rules=${change.removed} sign="−" />
    <${Changes} rules=${change.description_only} sign="=" />`;
}

/** @param {{group: any, version: number, path: string, reload: () => Promise<void>, onClose: () => void}} properties */
function RollBack({ group, version, path, reload, onClose }) {
  const [base] = useState(group.version);
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const { data, error } = useLoaded(async (signal) => {
    const desired = (await request("GET", `${path}${version}/`, { signal })).data;
    const change = (await request("GET", `${path}${version}/`, { query: { compare: base }, signal })).data;
    try {
      const plan = await request("POST", `${GROUPS}${group.uuid}/plan/`, { body: desired.rules, signal });
      return { change, plan: plan.data };
    } catch {
      // There is no plan for a failed group, or for rules with a deleted remote group: show the difference.
      return { change, plan: null };
    }
  }, []);
  const run = async () => {
    setBusy(true);
    try {
      await request("POST", `${GROUPS}${group.uuid}/rollback/`, { body: { version }, headers: { "If-Match": `"v${base}"` } });
      showToast(`Rollback to version ${version} saved. It is being applied to the cloud.`);
      onClose();
      await reload();
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Roll back to version ${version}`} onClose=${onClose} wide=${true}>
    <div class="dialog-body">
      <p>The rules of version ${version} become a new version. Name and description do not change.</p>
      ${submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
      ${error && html`<p class="notice notice-bad" role="alert">${error.message}</p>`}
      ${!data && !error && html`<p class="quiet">Planning…</p>`}
      ${data && (data.plan ? html`<${PlanReview} plan=${data.plan} />` : html`<${Diff} change=${{ ...data.change, name: {}, description: {} }} />`)}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-main" disabled=${!data || isBusy} onClick=${run}>Roll back</button>
    </footer>
  <//>`;
}

// What was asked for, version by version; two side by side; and going back.

import { GROUPS, ask } from "./api.js";
import { refine, useAddress } from "./router.js";
import { Dialog } from "./dialog.js";
import { html, useState } from "./html.js";
import { Failure, Skeleton, useLoaded } from "./use_loaded.js";
import { own } from "./own.js";
import { Review } from "./plan_review.js";
import { Changes } from "./rule_lists.js";
import { say } from "./toast.js";
import { isAtRest } from "./states.js";
import { Ago } from "./times.js";

const CAUSES = /** @type {Record<string, string>} */ ({
  user: "set", pull: "taken over from the cloud", load: "loaded from a file", rollback: "rolled back",
});
const SIZE = 25;

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function History({ group, reload }) {
  const { query } = useAddress();
  const [size, setSize] = useState(SIZE);
  const [back, setBack] = useState(0);
  const path = `${GROUPS}${group.uuid}/versions/`;
  const { data, error, reload: again } = useLoaded(
    (signal) => ask("GET", path, { query: { page_size: size }, signal }), [group.version, size],
  );
  if (!data) return error ? html`<${Failure} error=${error} retry=${again} />` : html`<${Skeleton} rows=${6} />`;
  const versions = data.data;
  const shown = Number(query.get("version") ?? versions[0]?.number);
  const before = Number(query.get("compare") ?? Math.max(1, shown - 1));
  return html`<div class="columns history">
    <section class="card">
      <h2>Versions</h2>
      <ol class="plain versions">${versions.map((/** @type {any} */ version) => html`<li key=${version.number}
        class=${version.number === shown ? "is-shown" : null}>
        <button type="button" class="version" aria-pressed=${version.number === shown} onClick=${() => refine({ version: String(version.number), compare: "" })}>
          <strong>Version ${version.number}</strong>
          ${version.number === group.applied_version && html` <span class="mark mark-good">in the cloud</span>`}
          <span class="quiet">${version.author ?? "Ringfence"} · ${own(CAUSES, version.cause) ?? version.cause} <${Ago} at=${version.created} /></span>
          <span><span class="tone-good">+${version.rules_added}</span> <span class="tone-bad">−${version.rules_removed}</span> <span class="quiet">of ${version.rules_count}</span></span>
        </button>
      </li>`)}</ol>
      ${data.total > versions.length && html`<button type="button" class="button" onClick=${() => setSize(Math.min(300, size * 4))}>Show older ones</button>`}
    </section>
    <section class="card">
      <div class="page-head">
        <h2>Version ${shown}${shown > 1 ? " against" : ""}
          ${shown > 1 && html` <select aria-label="Compare with version" value=${String(before)}
            onChange=${(/** @type {any} */ event) => refine({ version: String(shown), compare: event.target.value })}>
            ${versions.filter((/** @type {any} */ each) => each.number !== shown).map((/** @type {any} */ each) => html`<option key=${each.number} value=${String(each.number)} selected=${each.number === before}>${each.number}</option>`)}
          </select>`}</h2>
        ${group.can_manage && shown !== group.version && html`<button type="button" class="button button-main"
          disabled=${!isAtRest(group.state)} onClick=${() => setBack(shown)}>Go back to version ${shown}</button>`}
      </div>
      <${Comparison} key=${`${shown}-${before}`} path=${path} shown=${shown} before=${before} />
    </section>
  </div>
  ${back > 0 && html`<${RollBack} group=${group} version=${back} path=${path} reload=${reload} onClose=${() => setBack(0)} />`}`;
}

/** @param {{path: string, shown: number, before: number}} properties */
function Comparison({ path, shown, before }) {
  const { data, error } = useLoaded(async (signal) => {
    const query = shown > 1 && before !== shown ? { compare: before } : {};
    return (await ask("GET", `${path}${shown}/`, { query, signal })).data;
  }, []);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!data) return html`<${Skeleton} rows=${4} />`;
  if (data.rules) return html`<p class="quiet">The first version of all.</p><${Changes} rules=${data.rules} sign="+" />`;
  return html`<${Difference} change=${data} />`;
}

/** @param {{change: any}} properties */
function Difference({ change }) {
  const renamed = ["name", "description"].filter((field) => change[field].from !== change[field].to);
  const isNothing = !change.added.length && !change.removed.length && !change.description_only.length && !renamed.length;
  return html`
    ${isNothing && html`<p class="quiet">The two are the same.</p>`}
    ${renamed.map((field) => html`<p key=${field}>${field === "name" ? "Name" : "Description"}: <del>${change[field].from || "none"}</del> → <ins>${change[field].to || "none"}</ins></p>`)}
    <${Changes} rules=${change.added} sign="+" />
    <${Changes} rules=${change.removed} sign="−" />
    <${Changes} rules=${change.description_only} sign="=" />`;
}

/** @param {{group: any, version: number, path: string, reload: () => Promise<void>, onClose: () => void}} properties */
function RollBack({ group, version, path, reload, onClose }) {
  const [base] = useState(group.version);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const { data, error } = useLoaded(async (signal) => {
    const wanted = (await ask("GET", `${path}${version}/`, { signal })).data;
    const change = (await ask("GET", `${path}${version}/`, { query: { compare: base }, signal })).data;
    try {
      const plan = await ask("POST", `${GROUPS}${group.uuid}/plan/`, { body: wanted.rules, signal });
      return { change, plan: plan.data };
    } catch {
      // A group that failed takes no plan, nor does a rule whose group is gone: the difference does.
      return { change, plan: null };
    }
  }, []);
  const run = async () => {
    setBusy(true);
    try {
      await ask("POST", `${GROUPS}${group.uuid}/rollback/`, { body: { version }, headers: { "If-Match": `"v${base}"` } });
      say(`The rules of version ${version} are asked for again.`);
      onClose();
      await reload();
    } catch (problem) {
      setRefused(problem);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Go back to version ${version}`} onClose=${onClose} wide=${true}>
    <div class="dialog-body">
      <p>The rules of version ${version} become a new version. Name and description stay.</p>
      ${refused && html`<p class="notice notice-bad" role="alert">${refused.message}</p>`}
      ${error && html`<p class="notice notice-bad" role="alert">${error.message}</p>`}
      ${!data && !error && html`<p class="quiet">Planning…</p>`}
      ${data && (data.plan ? html`<${Review} plan=${data.plan} />` : html`<${Difference} change=${{ ...data.change, name: {}, description: {} }} />`)}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Stay here</button>
      <button type="button" class="button button-main" disabled=${!data || isBusy} onClick=${run}>Go back</button>
    </footer>
  <//>`;
}

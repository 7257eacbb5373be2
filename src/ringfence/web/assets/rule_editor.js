// Changing a group's rules: typed, checked by the API, reviewed, then done exactly so.

import { GROUP_PAGES, go, holdHere } from "./router.js";
import { GROUPS, ask } from "./api.js";
import { useChecked } from "./validation.js";
import { Dialog } from "./dialog.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { loadGroup } from "./load_group.js";
import { useLoaded } from "./use_loaded.js";
import { Review } from "./plan_review.js";
import { bodyOf, merged, rowOf, signature, withIds } from "./rows.js";
import { usePaste } from "./paste/box.js";
import { RuleTable } from "./rule_table.js";
import { say } from "./toast.js";
import { ago } from "./times.js";
import { count } from "./rule_text.js";

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function RuleEditor({ group, reload }) {
  // What the edit began from; somebody else may set rules meanwhile.
  const [base, setBase] = useState(group);
  const [rows, setRows] = useState(() => group.rules.map((/** @type {any} */ rule) => rowOf(rule)));
  const [isReviewing, setReviewing] = useState(false);
  const isEdited = useRef(false);
  const plan = useCallback(async (/** @type {any[]} */ bodies, /** @type {AbortSignal} */ signal) => {
    return (await ask("POST", `${GROUPS}${group.uuid}/plan/`, { body: bodies, signal })).data;
  }, [group.uuid]);
  const checked = useChecked(rows, plan, [group.version, group.state]);
  const changed = isDifferent(base.rules, rows);
  const paste = usePaste();
  isEdited.current = changed || Boolean(paste.text.trim());
  useEffect(() => holdHere(() => isEdited.current), []);
  const edit = useCallback((/** @type {any} */ how) => setRows(how), []);
  const canReview = Boolean(checked.isCurrent && checked.plan) && changed && !paste.pending;
  const review = () => (canReview ? setReviewing(true) : say(paste.pending || reasonOf(checked, changed), "bad"));
  const latest = useRef(review);
  latest.current = review;
  const takeIn = async (/** @type {boolean} */ withTheirs) => {
    const current = await loadGroup(group.uuid);
    setRows((/** @type {any} */ mine) => (withTheirs ? merged(mine, base.rules, current.rules) : withIds(mine, current.rules)));
    setBase(current);
    setReviewing(false);
    await reload();
  };
  const done = async () => {
    isEdited.current = false;
    say("Stored. It is on its way to the cloud.");
    go(`${GROUP_PAGES}${group.uuid}/`);
    await reload();
  };
  const isBehind = group.version !== base.version;
  return html`
    ${isBehind && html`<${Meanwhile} group=${group} base=${base} takeIn=${takeIn} />`}
    ${checked.status === 409 && html`<p class="notice notice-warn" role="status">${checked.general} What you type is kept.</p>`}
    ${checked.status !== 409 && checked.general && html`<p class="notice notice-bad" role="alert">${checked.general}</p>`}
    <${RuleTable} rows=${rows} edit=${edit} checked=${checked} tenant=${group.tenant_uuid}
      self=${{ name: group.name, url: group.url }} paste=${paste} onReview=${() => latest.current()} />
    <footer class="editor-foot">
      <p class="quiet" role="status">${paste.pending || reasonOf(checked, changed) || `${count(checked.plan.added.length, "rule")} to add, ${checked.plan.removed.length} to remove`}</p>
      <button type="button" class="button" disabled=${!changed} onClick=${() => setRows(base.rules.map((/** @type {any} */ rule) => rowOf(rule)))}>Undo all</button>
      <button type="button" class="button button-main" disabled=${!canReview} onClick=${review}>Review</button>
    </footer>
    ${isReviewing && html`<${Reviewing} group=${group} base=${base} rows=${rows} takeIn=${takeIn} onDone=${done} onClose=${() => setReviewing(false)} />`}`;
}

/**
 * @param {any[]} rules
 * @param {import("./rows.js").Row[]} rows
 */
function isDifferent(rules, rows) {
  const signatures = rules.map((rule) => signature(rowOf(rule)));
  return rows.length !== rules.length || rows.some((row, place) => signature(row) !== signatures[place]);
}

/**
 * @param {import("./validation.js").Checked} checked
 * @param {boolean} changed
 */
function reasonOf(checked, changed) {
  if (!changed) return "Nothing is changed yet.";
  if (!checked.isCurrent) return "Checking…";
  if (checked.mistakes.size) return `${count(checked.mistakes.size, "line")} to correct.`;
  return checked.plan ? "" : checked.general || "It cannot be checked now.";
}

/** @param {{group: any, base: any, rows: any[], takeIn: (withTheirs: boolean) => Promise<void>, onDone: () => Promise<void>, onClose: () => void}} properties */
function Reviewing({ group, base, rows, takeIn, onDone, onClose }) {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const { data: plan, error } = useLoaded(
    async (signal) => (await ask("POST", `${GROUPS}${group.uuid}/plan/`, { body: rows.map(bodyOf), signal })).data,
    [],
  );
  const isBehind = refused?.status === 412 || (plan && plan.version !== base.version);
  const apply = async () => {
    setBusy(true);
    try {
      await ask("POST", `${GROUPS}${group.uuid}/set_rules/`, {
        body: rows.map(bodyOf),
        query: { plan_token: plan.plan_token },
        headers: { "If-Match": `"v${base.version}"` },
      });
      await onDone();
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Change ${group.name}`} onClose=${onClose} wide=${true}>
    <div class="dialog-body">
      ${isBehind && html`<${Meanwhile} group=${group} base=${base} takeIn=${takeIn} />`}
      ${refused && refused.status !== 412 && html`<p class="notice notice-bad" role="alert">${refused.message}</p>`}
      ${error && html`<p class="notice notice-bad" role="alert">${error.message}</p>`}
      ${!plan && !error && html`<p class="quiet">Planning…</p>`}
      ${plan && !isBehind && html`<${Review} plan=${plan} />`}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Back to the rules</button>
      <button type="button" class="button button-main" disabled=${!plan || isBusy || isBehind} onClick=${apply}>Apply exactly this</button>
    </footer>
  <//>`;
}

/**
 * Somebody else has changed the group: who, what, and what becomes of the reader's own edits.
 *
 * @param {{group: any, base: any, takeIn: (withTheirs: boolean) => Promise<void>}} properties
 */
function Meanwhile({ group, base, takeIn }) {
  const { data } = useLoaded(async (signal) => {
    const path = `${GROUPS}${group.uuid}/versions/`;
    const [newest] = (await ask("GET", path, { query: { page_size: 1 }, signal })).data;
    const change = await ask("GET", `${path}${newest.number}/`, { query: { compare: base.version }, signal });
    return { newest, change: change.data };
  }, [group.version]);
  const who = data ? `${data.newest.author ?? "The cloud"} changed this group ${ago(data.newest.created)}` : "This group was changed meanwhile";
  const what = data ? `: ${data.change.added.length} added, ${data.change.removed.length} removed.` : ".";
  return html`<div class="notice notice-warn" role="alert">
    <p><strong>${who}${what}</strong> What you typed is still here.</p>
    <div class="actions">
      <button type="button" class="button" onClick=${() => takeIn(true)}>Take their changes in</button>
      <button type="button" class="button" onClick=${() => takeIn(false)}>Keep mine as it is</button>
    </div>
  </div>`;
}

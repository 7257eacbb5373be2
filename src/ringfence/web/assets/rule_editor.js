// The rule editor: rows are validated by the API while they are edited, then reviewed and applied.

import { GROUPS, request } from "./api.js";
import { Dialog } from "./dialog.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { loadGroup } from "./load_group.js";
import { usePaste } from "./paste/box.js";
import { PlanReview } from "./plan_review.js";
import { GROUP_PAGES, navigate, guardUnsavedChanges } from "./router.js";
import { bodyOf, mergeRows, rowOf, signature, withIds } from "./rows.js";
import { RuleTable } from "./table/table.js";
import { count } from "./rule_text.js";
import { ago } from "./times.js";
import { showToast } from "./toast.js";
import { useLoaded } from "./use_loaded.js";
import { useValidation } from "./validation.js";

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function RuleEditor({ group, reload }) {
  // The version that the edit is based on; somebody else may set rules in the meantime.
  const [base, setBase] = useState(group);
  const [rows, setRows] = useState(() => group.rules.map((/** @type {any} */ rule) => rowOf(rule)));
  const [isReviewing, setReviewing] = useState(false);
  const isEdited = useRef(false);
  const plan = useCallback(async (/** @type {any[]} */ bodies, /** @type {AbortSignal} */ signal) => {
    return (await request("POST", `${GROUPS}${group.uuid}/plan/`, { body: bodies, signal })).data;
  }, [group.uuid]);
  const validation = useValidation(rows, plan, [group.version, group.state]);
  const isChanged = isDifferent(base.rules, rows);
  const paste = usePaste();
  isEdited.current = isChanged || Boolean(paste.text.trim());
  useEffect(() => guardUnsavedChanges(() => isEdited.current), []);
  const edit = useCallback((/** @type {any} */ change) => setRows(change), []);
  const canReview = Boolean(validation.isCurrent && validation.plan) && isChanged && !paste.pending;
  const review = () => (canReview ? setReviewing(true) : showToast(paste.pending || blockedReason(validation, isChanged), "bad"));
  const latest = useRef(review);
  latest.current = review;
  const rebase = async (/** @type {boolean} */ keepTheirs) => {
    const current = await loadGroup(group.uuid);
    setRows((/** @type {any} */ mine) => (keepTheirs ? mergeRows(mine, base.rules, current.rules) : withIds(mine, current.rules)));
    setBase(current);
    setReviewing(false);
    await reload();
  };
  const done = async () => {
    isEdited.current = false;
    showToast("Saved. The change is being applied to the cloud.");
    navigate(`${GROUP_PAGES}${group.uuid}/`);
    await reload();
  };
  const isOutdated = group.version !== base.version;
  return html`
    ${isOutdated && html`<${ConcurrentChange} group=${group} base=${base} rebase=${rebase} />`}
    ${validation.status === 409 && html`<p class="notice notice-warn" role="status">${validation.general} Your edits are kept.</p>`}
    ${validation.status !== 409 && validation.general && html`<p class="notice notice-bad" role="alert">${validation.general}</p>`}
    <${RuleTable} rows=${rows} edit=${edit} validation=${validation} tenant=${group.tenant_uuid}
      self=${{ name: group.name, url: group.url }} paste=${paste} onReview=${() => latest.current()} />
    <footer class="editor-foot">
      <p class="quiet" role="status">${paste.pending || blockedReason(validation, isChanged) || `${count(validation.plan.added.length, "rule")} to add, ${validation.plan.removed.length} to remove`}</p>
      <button type="button" class="button" disabled=${!isChanged} onClick=${() => setRows(base.rules.map((/** @type {any} */ rule) => rowOf(rule)))}>Reset</button>
      <button type="button" class="button button-main" disabled=${!canReview} onClick=${review}>Review</button>
    </footer>
    ${isReviewing && html`<${ReviewDialog} group=${group} base=${base} rows=${rows} rebase=${rebase} onDone=${done} onClose=${() => setReviewing(false)} />`}`;
}

/**
 * @param {any[]} rules
 * @param {import("./rows.js").Row[]} rows
 */
function isDifferent(rules, rows) {
  const signatures = rules.map((rule) => signature(rowOf(rule)));
  return rows.length !== rules.length || rows.some((row, index) => signature(row) !== signatures[index]);
}

/**
 * Return why the rows cannot be reviewed; empty if they can.
 *
 * @param {import("./validation.js").Validation} validation
 * @param {boolean} isChanged
 */
function blockedReason(validation, isChanged) {
  if (!isChanged) return "No changes.";
  if (!validation.isCurrent) return "Checking…";
  if (validation.errors.size) return `${count(validation.errors.size, "rule")} to correct.`;
  return validation.plan ? "" : validation.general || "The rules cannot be validated now.";
}

/** @param {{group: any, base: any, rows: any[], rebase: (keepTheirs: boolean) => Promise<void>, onDone: () => Promise<void>, onClose: () => void}} properties */
function ReviewDialog({ group, base, rows, rebase, onDone, onClose }) {
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const { data: plan, error } = useLoaded(
    async (signal) => (await request("POST", `${GROUPS}${group.uuid}/plan/`, { body: rows.map(bodyOf), signal })).data,
    [],
  );
  const isOutdated = submitError?.status === 412 || (plan && plan.version !== base.version);
  const apply = async () => {
    setBusy(true);
    try {
      await request("POST", `${GROUPS}${group.uuid}/set_rules/`, {
        body: rows.map(bodyOf),
        query: { plan_token: plan.plan_token },
        headers: { "If-Match": `"v${base.version}"` },
      });
      await onDone();
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${`Review changes to ${group.name}`} onClose=${onClose} wide=${true}>
    <div class="dialog-body">
      ${isOutdated && html`<${ConcurrentChange} group=${group} base=${base} rebase=${rebase} />`}
      ${submitError && submitError.status !== 412 && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
      ${error && html`<p class="notice notice-bad" role="alert">${error.message}</p>`}
      ${!plan && !error && html`<p class="quiet">Planning…</p>`}
      ${plan && !isOutdated && html`<${PlanReview} plan=${plan} />`}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>Back</button>
      <button type="button" class="button button-main" disabled=${!plan || isBusy || isOutdated} onClick=${apply}>Apply</button>
    </footer>
  <//>`;
}

/**
 * The notice that somebody else has changed the group, with the choice how to continue.
 *
 * @param {{group: any, base: any, rebase: (keepTheirs: boolean) => Promise<void>}} properties
 */
function ConcurrentChange({ group, base, rebase }) {
  const { data } = useLoaded(async (signal) => {
    const path = `${GROUPS}${group.uuid}/versions/`;
    const [newest] = (await request("GET", path, { query: { page_size: 1 }, signal })).data;
    const change = await request("GET", `${path}${newest.number}/`, { query: { compare: base.version }, signal });
    return { newest, change: change.data };
  }, [group.version]);
  const who = data ? `${data.newest.author ?? "The cloud"} changed this group ${ago(data.newest.created)}` : "This group was changed by somebody else";
  const what = data ? `: ${data.change.added.length} added, ${data.change.removed.length} removed.` : ".";
  return html`<div class="notice notice-warn" role="alert">
    <p><strong>${who}${what}</strong> Your edits are kept.</p>
    <div class="actions">
      <button type="button" class="button" onClick=${() => rebase(true)}>Merge their changes</button>
      <button type="button" class="button" onClick=${() => rebase(false)}>Keep only mine</button>
    </div>
  </div>`;
}

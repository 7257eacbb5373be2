// The rule editor: rows are kept as a draft, validated by the API, then reviewed and applied.

import { GROUPS, request } from "../api.js";
import { showToast } from "../components/toast.js";
import { useActions } from "../frame/actions.js";
import { loadGroup } from "../group/load.js";
import { html, useCallback, useEffect, useMemo, useState } from "../html.js";
import { ReviewDialog, hasCloudChanged } from "../review/dialog.js";
import { headlineOf, readPlan, sumOf } from "../review/plan.js";
import { GROUP_PAGES, navigate } from "../router.js";
import { bodyOf, filledRows, mergeRows, rowOf, signature, withIds } from "../rules/rows.js";
import { count } from "../rules/text.js";
import { RuleTable } from "../table/table.js";
import { sendOnce } from "./attempts.js";
import { ConcurrentChange, useOwnChange } from "./concurrent_change.js";
import { DraftNotices, UndoButtons } from "./draft_controls.js";
import { NO_PASTE, restoreRows, stepOfRows, useDraftRows } from "./draft_rows.js";
import { useDraft } from "./drafts.js";
import { useValidation } from "./validation.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {{version: number, rules: any[]}} Base the version that the edit is based on */

/** @type {import("./drafts.js").Handling} */
const HANDLING = {
  restore: ({ base, ...draft }) => {
    if (!Number.isInteger(base.version)) throw new Error("no version");
    base.rules.forEach(rowOf);
    return { base, ...restoreRows(draft) };
  },
  isUnchanged: ({ base, rows, paste }) => !isDifferent(base.rules, rows) && !paste.text.trim(),
  stepOf: (before, after) => (isFollowing(before, after) ? null : stepOfRows(before, after)),
};

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function RuleEditor({ group, reload }) {
  const draft = useDraft(`group:${group.uuid}`, () => valueOf(group), HANDLING);
  const { base, rows } = draft.value;
  const filled = useMemo(() => filledRows(rows), [rows]);
  const { edit, paste } = useDraftRows(draft);
  const [isReviewing, setReviewing] = useState(false);
  const plan = useCallback(async (/** @type {any[]} */ bodies, /** @type {AbortSignal} */ signal) => {
    return (await request("POST", `${GROUPS}${group.uuid}/plan/`, { body: bodies, signal })).data;
  }, [group.uuid]);
  const validation = useValidation(filled, plan, [group.version, group.state]);
  const isEdited = isDifferent(base.rules, rows);
  const isChanged = isEdited || Boolean(paste.text.trim());
  const before = useMemo(() => base.rules.map((/** @type {any} */ rule) => rowOf(rule)), [base]);
  const { isOutdated, isAsking, apply, rebase } = useApply({ group, reload, draft, close: () => setReviewing(false) });
  useFollowing(draft, group, isChanged, isReviewing);
  const blocked = paste.pending || blockedReason(validation, isEdited);
  const sum = useMemo(() => (blocked ? "" : summaryOf(validation.plan, base.rules)), [blocked, base, validation.plan]);
  const review = () => (blocked ? showToast(blocked, "bad") : setReviewing(true));
  useActions([{ name: "Review the change", hint: "Ctrl Enter", run: review }], [blocked]);
  const undoAll = () => {
    draft.discard();
    showToast("All changes are undone. Undo brings them back.");
  };
  const outdated = isOutdated && (isAsking
    ? html`<p class="notice" role="status">Finding out whether your change was saved…</p>`
    : isChanged && html`<${ConcurrentChange} group=${group} base=${base} rebase=${rebase} />`);
  return html`
    ${!isReviewing && !draft.elsewhere && outdated}
    <${DraftNotices} draft=${draft} isChanged=${isChanged} discard=${undoAll} />
    ${validation.status === 409 && html`<p class="notice notice-warn" role="status">${validation.general} Your edits are kept.</p>`}
    ${validation.status !== 409 && validation.general && html`<p class="notice notice-bad" role="alert">${validation.general}</p>`}
    <${RuleTable} rows=${rows} edit=${edit} validation=${validation} tenant=${group.tenant_uuid}
      self=${{ name: group.name, url: group.url }} paste=${paste} before=${before} onReview=${review} />
    <footer class="editor-foot">
      <p class="quiet" role="status">${blocked || sum}</p>
      <${UndoButtons} draft=${draft} />
      <button type="button" class="button" disabled=${!isChanged} onClick=${undoAll}>Undo all</button>
      <button type="button" class="button button-main" disabled=${Boolean(blocked)} onClick=${review}>Review</button>
    </footer>
    ${isReviewing && html`<${ReviewDialog} title=${`Review changes to ${group.name}`} before=${base.rules} outdated=${outdated} tenant=${group.tenant_uuid} group=${group}
      load=${(/** @type {AbortSignal} */ signal) => plan(filled.map(bodyOf), signal)} apply=${apply} onClose=${() => setReviewing(false)} />`}`;
}

/**
 * Apply the rows of a draft, and continue with it when the group was changed since it was begun.
 *
 * @param {{group: any, reload: () => Promise<void>, draft: import("./drafts.js").Draft, close: () => void}} properties
 */
function useApply({ group, reload, draft, close }) {
  const { base, rows } = draft.value;
  const [isSending, setSending] = useState(false);
  const [refused, setRefused] = useState(0);
  const isOutdated = group.version !== base.version || refused === base.version;
  const purpose = `group:${group.uuid}`;
  const done = async (/** @type {number} */ version) => {
    draft.finish();
    // The response may have been lost, and somebody may have followed.
    showToast(group.version > version ? `Saved as version ${version}. Version ${group.version} has replaced it.` : `Saved as version ${version}. It is being applied to the cloud.`);
    navigate(`${GROUP_PAGES}${group.uuid}/`);
    focusTitle();
    await reload();
  };
  const rebase = async (/** @type {boolean} */ keepTheirs) => {
    const current = await loadGroup(group.uuid);
    draft.set((/** @type {any} */ { base, rows, paste }) => ({
      base: baseOf(current), paste, rows: keepTheirs ? mergeRows(rows, base.rules, current.rules) : withIds(rows, current.rules),
    }));
    close();
    await reload();
  };
  const found = async (/** @type {import("./attempts.js").Attempt} */ { body, headers }) => {
    const version = Number(headers?.["If-Match"].match(/\d+/)?.[0]) + 1;
    if (JSON.stringify(body) === JSON.stringify(filledRows(rows).map(bodyOf))) return done(version);
    showToast(`What you applied before was saved as version ${version}.`);
    return rebase(false);
  };
  const isAsking = useOwnChange(purpose, isOutdated && !isSending, found);
  const apply = async (/** @type {any} */ plan) => {
    setSending(true);
    try {
      await sendOnce(purpose, {
        path: `${GROUPS}${group.uuid}/set_rules/`, body: filledRows(rows).map(bodyOf),
        query: { plan_token: plan.plan_token }, headers: { "If-Match": `"v${base.version}"` },
      });
      await done(base.version + 1);
    } catch (error) {
      if (error.status !== 412 || hasCloudChanged(error)) throw error;
      setRefused(base.version);
      await reload();
    } finally {
      setSending(false);
    }
  };
  return { isOutdated: isOutdated && !isSending, isAsking, apply, rebase };
}

const focusTitle = () => requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector("#main h1"))?.focus());

/**
 * @param {any} plan
 * @param {any[]} before
 */
function summaryOf(plan, before) {
  return `${sumOf(readPlan(plan, before).lanes.yours)}. ${headlineOf(plan.traffic, { added: plan.added })}`;
}

/** @param {any} group with what is to be known of it in case it is deleted */
const baseOf = ({ version, rules, name, tenant_uuid }) => ({ version, rules, name, tenant_uuid });

/** @param {any} group */
const valueOf = (group) => ({ base: baseOf(group), rows: group.rules.map((/** @type {any} */ rule) => rowOf(rule)), paste: NO_PASTE });

/**
 * Return whether a value without edits follows another version of the group.
 *
 * @param {any} before
 * @param {any} after
 */
const isFollowing = (before, after) => before.base !== after.base && [before, after].every(({ base, rows }) => !isDifferent(base.rules, rows));

/**
 * Show the group's newest rules, as long as they are not edited.
 *
 * @param {import("./drafts.js").Draft} draft
 * @param {any} group
 * @param {boolean} isChanged
 * @param {boolean} isReviewing
 */
function useFollowing(draft, group, isChanged, isReviewing) {
  const isBehind = group.version !== draft.value.base.version && !isChanged && !isReviewing;
  useEffect(() => {
    if (isBehind) draft.set(valueOf(group));
  }, [isBehind, group.version]);
}

/** @type {WeakMap<any, string>} */
const signatures = new WeakMap();

/**
 * @param {any} object
 * @param {() => Row} row
 */
function cachedSignature(object, row) {
  const known = signatures.get(object) ?? signature(row());
  signatures.set(object, known);
  return known;
}

/**
 * @param {any[]} rules
 * @param {Row[]} all
 */
function isDifferent(rules, all) {
  const rows = filledRows(all);
  return rows.length !== rules.length || rows.some((row, index) => (
    cachedSignature(row, () => row) !== cachedSignature(rules[index], () => rowOf(rules[index]))
  ));
}

/**
 * Return why the rows cannot be reviewed; empty if they can.
 *
 * @param {import("./validation.js").Validation} validation
 * @param {boolean} isEdited
 */
function blockedReason(validation, isEdited) {
  if (!isEdited) return "No changes.";
  if (!validation.isCurrent) return "Checking…";
  if (validation.errors.size) return `${count(validation.errors.size, "rule")} to correct.`;
  return validation.plan ? "" : validation.general || "The rules cannot be validated now.";
}

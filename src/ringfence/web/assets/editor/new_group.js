// The page for a new group: from scratch, from a preset, or as a copy.

import { GROUPS, TENANTS, request } from "../api.js";
import { Field } from "../components/form_fields.js";
import { PageHead, Title } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, useLoaded } from "../components/use_loaded.js";
import { useActions } from "../frame/actions.js";
import { cachedUser } from "../frame/session.js";
import { draftOfGroup, dropDraftOfGroup } from "../group/gone.js";
import { html, useCallback, useEffect, useId, useMemo, useState } from "../html.js";
import { ReviewDialog } from "../review/dialog.js";
import { headlineOf } from "../review/plan.js";
import { GROUP_PAGES, navigate } from "../router.js";
import { bodyOf, filledRows, newRow, rowOf } from "../rules/rows.js";
import { count } from "../rules/text.js";
import { RuleTable } from "../table/table.js";
import { sendOnce } from "./attempts.js";
import { DraftNotices, UndoButtons } from "./draft_controls.js";
import { NO_PASTE, restoreRows, stepOfRows, useDraftRows } from "./draft_rows.js";
import { useDraft } from "./drafts.js";
import { ForeignGroups, foreignRows, withForeign } from "./foreign_groups.js";
import { TenantSelect, loadTenants } from "./tenant_select.js";
import { useValidation, validationOf } from "./validation.js";

/**
 * Return the part of an error body that is about the rules or about the group as a whole. Errors of
 * the name and the description are shown at their fields.
 *
 * @param {any} detail
 */
function ruleErrorsOf(detail) {
  if (Array.isArray(detail)) return detail;
  const { name, description, rules, ...whole } = detail ?? {};
  return rules ?? Object.values(whole).flat();
}

// Until one is chosen: a group in a tenant that nobody chose is soon a group in the wrong one.
const NO_TENANT = { uuid: "", name: "" };
let lastTenant = "";

/** @param {{query: URLSearchParams}} properties */
export function NewGroup({ query }) {
  const [sourceUuid, tenantUuid, goneUuid] = [query.get("copy"), query.get("tenant"), query.get("draft")];
  const { data, error, reload } = useLoaded(async (signal) => {
    const source = sourceUuid ? (await request("GET", `${GROUPS}${sourceUuid}/`, { signal })).data : null;
    const wanted = tenantUuid ?? source?.tenant_uuid ?? (lastTenant || null);
    const [tenants, first] = await Promise.all([loadTenants({}, signal), wanted ? loadTenants({ uuid: wanted }, signal) : null]);
    return { tenants: tenants.data, total: tenants.total, tenant: first?.data[0] ?? (tenants.data.length > 1 ? NO_TENANT : tenants.data[0]), source };
  }, [sourceUuid, tenantUuid, goneUuid]);
  if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
  if (!data) return html`<${Skeleton} rows=${8} />`;
  if (!data.tenant) return html`<${WhoCan} />`;
  const key = `new:${tenantUuid ?? ""}:${sourceUuid ?? goneUuid ?? ""}`;
  return html`<${Form} key=${key} draftKey=${key} tenants=${data.tenants} total=${data.total} first=${data.tenant} source=${data.source} gone=${goneUuid} />`;
}

/** Say who can create groups, to a user who cannot. */
function WhoCan() {
  const roles = (cachedUser()?.permissions ?? []).filter((/** @type {any} */ role) => role.scope_name);
  return html`<section class="empty"><${Title} of="New group" />
    <p>You cannot create groups in any tenant. This requires the role of administrator or manager in a project.</p>
    ${roles.map((/** @type {any} */ { scope_type: type, scope_name: name, customer_name: customer }) => html`<p key=${name}>
      In <strong>${name}</strong>, ask ${type === "project" ? `an administrator or manager of the project, or an owner of ${customer}` : "an owner"}.</p>`)}
    <p>Staff can create groups everywhere, and grant these roles.</p>
    <a class="button" href=${GROUP_PAGES}>All groups</a></section>`;
}

/** @type {import("./drafts.js").Handling} */
const HANDLING = {
  restore: ({ name, description, tenant, initial, ...draft }) => {
    if (typeof name !== "string" || typeof description !== "string" || typeof tenant.uuid !== "string") throw new Error("not a group");
    return { name, description, tenant, initial, ...restoreRows(draft) };
  },
  isUnchanged: (value) => contentOf(value) === value.initial,
  stepOf: stepOfRows,
};

/**
 * Return a text that is the same for values with the same content.
 *
 * @param {any} value
 */
const contentOf = ({ name, description, tenant, rows, paste }) => JSON.stringify([name, description, tenant.uuid, rows.map(bodyOf), paste.text]);

/** @param {{draftKey: string, tenants: any[], total: number, first: any, source: any, gone: string | null}} properties */
function Form({ draftKey, tenants, total, first, source, gone }) {
  const draft = useDraft(draftKey, () => initialOf(first, source, gone ? draftOfGroup(gone) : null), HANDLING);
  const { name, description, tenant, rows } = draft.value;
  const filled = useMemo(() => filledRows(rows), [rows]);
  const { edit, paste } = useDraftRows(draft);
  const [isReviewing, setReviewing] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const change = (/** @type {any} */ values) => draft.set((/** @type {any} */ before) => ({ ...before, ...values }));
  const choose = (/** @type {any} */ chosen) => {
    lastTenant = chosen.uuid;
    change({ tenant: chosen });
  };
  const path = `${TENANTS}${tenant.uuid}/`;
  const plan = useCallback(async (/** @type {any[]} */ rules, /** @type {AbortSignal} */ signal) => {
    const body = { name, description, rules };
    // Nothing can be validated without a tenant, which `blockedReason` requires.
    if (!tenant.uuid) return new Promise(() => {});
    return (await request("POST", `${path}plan_security_group/`, { body, signal })).data;
  }, [path, name, description]);
  const validation = useValidation(filled, plan, [plan], ruleErrorsOf);
  useEffect(() => setSubmitError(null), [rows, name, tenant]);
  const answered = submitError?.status === 400 ? validationOf(submitError, filled, ruleErrorsOf) : validation;
  const foreign = foreignRows(rows, answered);
  const shown = withForeign(answered, foreign, tenant.name);
  const blocked = tenant.uuid ? blockedReason(shown, name, paste) : "Choose a tenant.";
  const review = () => {
    if (blocked) showToast(blocked, "bad");
    else setReviewing(true);
  };
  const create = useCreate({ draft, draftKey, gone, path, setSubmitError, close: () => setReviewing(false) });
  const isChanged = !HANDLING.isUnchanged?.(draft.value);
  useActions([{ name: "Review the change", hint: "Ctrl Enter", run: review }], [blocked]);
  return html`
    <nav class="crumbs" aria-label="Breadcrumb"><a href=${GROUP_PAGES}>Groups</a></nav>
    <${PageHead} of=${source ? `Copy of ${source.name}` : "New group"} />
    <${DraftNotices} draft=${draft} isChanged=${isChanged} discard=${draft.discard} />
    <form class="card form-grid" id="new" onSubmit=${(/** @type {any} */ event) => {
      event.preventDefault();
      review();
    }}>
      <${Field} label="Name" value=${name} set=${(/** @type {string} */ text) => change({ name: text })} error=${name ? shown.detail?.name : null} required=${true} />
      <${Field} label="Description" value=${description} set=${(/** @type {string} */ text) => change({ description: text })} error=${shown.detail?.description} />
      <${TenantSelect} tenants=${tenants} total=${total} current=${tenant} set=${choose} />
    </form>
    ${shown.general && html`<p class="notice notice-bad" role="alert">${shown.general}</p>`}
    <h2 class="section">Rules</h2>
    ${foreign.length > 0 && html`<${ForeignGroups} foreign=${foreign} rows=${rows} edit=${edit} tenant=${tenant} />`}
    ${tenant.uuid ? html`<${RuleTable} key=${tenant.uuid} rows=${rows} edit=${edit} validation=${shown} tenant=${tenant.uuid} paste=${paste} before=${NOTHING} onReview=${review} />` : html`<p class="quiet">Choose a tenant first: rules can name its groups.</p>`}
    <footer class="editor-foot">
      <p class="quiet" role="status">${blocked || summaryOf(shown.plan)}</p>
      <${UndoButtons} draft=${draft} />
      <a class="button" href=${GROUP_PAGES}>Cancel</a>
      <button class="button button-main" form="new" aria-disabled=${Boolean(blocked)}>Review</button>
    </footer>
    ${isReviewing && html`<${ReviewDialog} title=${`Review ${name}`} before=${NOTHING} applyLabel="Create group" apply=${create}
      load=${(/** @type {AbortSignal} */ signal) => plan(filled.map(bodyOf), signal)} onClose=${() => setReviewing(false)}>
      <p class="quiet">A new group in ${tenant.name}. Nothing uses it until it is assigned to an instance.</p><//>`}`;
}

/** @type {any[]} */
const NOTHING = [];

/**
 * Create the group once, even if the response gets lost and it is tried again.
 *
 * @param {{draft: import("./drafts.js").Draft, draftKey: string, gone: string | null, path: string, setSubmitError: (error: any) => void, close: () => void}} properties
 */
function useCreate({ draft, draftKey, gone, path, setSubmitError, close }) {
  const { name, description, rows } = draft.value;
  return async () => {
    try {
      const { data } = await sendOnce(draftKey, { path: `${path}create_security_group/`, body: { name, description, rules: filledRows(rows).map(bodyOf) } });
      draft.finish();
      if (gone) dropDraftOfGroup(gone);
      showToast(`${data.name} is saved as version 1. It is being created in the cloud.`);
      navigate(`${GROUP_PAGES}${data.uuid}/`);
    } catch (error) {
      if (error.status !== 400) throw error;
      setSubmitError(error);
      close();
    }
  };
}

/**
 * @param {any} tenant
 * @param {any} source the group that is copied, if any
 * @param {ReturnType<typeof draftOfGroup>} gone the draft of a group that no longer exists, if any
 */
function initialOf(tenant, source, gone) {
  const value = {
    name: source ? `${source.name}-copy` : gone?.name ?? "", description: source?.description ?? "", tenant, paste: NO_PASTE,
    rows: gone?.rows ?? (source?.rules ?? []).map((/** @type {any} */ rule) => copyOf(rule)),
  };
  return { ...value, initial: contentOf(value) };
}

/** @param {any} plan */
function summaryOf({ traffic, added, quota: { security_group_rule_count: rules } }) {
  return `${headlineOf(traffic, { added })} Rules in the tenant: ${rules.used} → ${rules.after}`;
}

/**
 * Return why the group cannot be reviewed; empty if it can.
 *
 * @param {import("./validation.js").Validation} validation
 * @param {string} name
 * @param {import("../paste/box.js").Paste} paste
 */
function blockedReason(validation, name, paste) {
  if (paste.pending) return paste.pending;
  if (!name.trim()) return "The group has no name yet.";
  if (!validation.isCurrent) return "Checking…";
  if (validation.errors.size) return `${count(validation.errors.size, "rule")} to correct.`;
  if (validation.detail?.name || validation.detail?.description) return "The name or the description is to be corrected.";
  return validation.plan ? "" : validation.general || "The group cannot be validated now.";
}

/**
 * Copy a rule into a row of a new group. A remote that the editor cannot express must be chosen again.
 *
 * @param {any} rule
 */
function copyOf(rule) {
  const row = rowOf(rule, { keepId: false });
  return row.kind === "kept" ? newRow({ ...row, kind: "group", end: row.end, group: undefined }) : row;
}

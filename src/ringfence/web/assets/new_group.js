// The page for a new group: from scratch, from a preset, or as a copy.

import { GROUPS, TENANTS, request } from "./api.js";
import { html, useCallback, useEffect, useId, useState } from "./html.js";
import { usePaste } from "./paste/box.js";
import { GROUP_PAGES, navigate } from "./router.js";
import { bodyOf, newRow, rowOf } from "./rows.js";
import { RuleTable } from "./table/table.js";
import { Title } from "./title.js";
import { showToast } from "./toast.js";
import { Failure, Skeleton, useLoaded } from "./use_loaded.js";
import { validationOf, useValidation } from "./validation.js";

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

/** @param {{query: URLSearchParams}} properties */
export function NewGroup({ query }) {
  const sourceUuid = query.get("copy");
  const { data, error, reload } = useLoaded(async (signal) => {
    const [tenants, source] = await Promise.all([
      request("GET", TENANTS, { query: { can_manage: true, page_size: 300, o: "name", field: ["uuid", "name", "project_name", "service_name"] }, signal }),
      sourceUuid ? request("GET", `${GROUPS}${sourceUuid}/`, { signal }) : null,
    ]);
    return { tenants: tenants.data, source: source?.data };
  }, [sourceUuid]);
  if (error) return html`<${Failure} error=${error} retry=${reload} />`;
  if (!data) return html`<${Skeleton} rows=${8} />`;
  if (!data.tenants.length) {
    return html`<section class="empty"><${Title} of="New group" />
      <p>You cannot create groups in any tenant. This requires the role of administrator or manager in a project.</p></section>`;
  }
  return html`<${Form} key=${sourceUuid ?? ""} tenants=${data.tenants} source=${data.source} />`;
}

/** @param {{tenants: any[], source: any}} properties */
function Form({ tenants, source }) {
  const [name, setName] = useState(source ? `${source.name}-copy` : "");
  const [description, setDescription] = useState(source?.description ?? "");
  const [tenant, setTenant] = useState(() => (tenants.find((each) => each.uuid === source?.tenant_uuid) ?? tenants[0]).uuid);
  const [rows, setRows] = useState(() => (source?.rules ?? []).map((/** @type {any} */ rule) => copyOf(rule)));
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const path = `${TENANTS}${tenant}/`;
  const plan = useCallback(async (/** @type {any[]} */ rules, /** @type {AbortSignal} */ signal) => {
    const body = { name, description, rules };
    return (await request("POST", `${path}plan_security_group/`, { body, signal })).data;
  }, [path, name, description]);
  const validation = useValidation(rows, plan, [plan], ruleErrorsOf);
  useEffect(() => setSubmitError(null), [rows, name, tenant]);
  const shown = submitError ? validationOf(submitError, rows, ruleErrorsOf) : validation;
  const nameError = shown.detail?.name && name ? shown.detail.name : submitError?.detail?.name;
  const paste = usePaste();
  const create = async (/** @type {any} */ event) => {
    event?.preventDefault();
    if (paste.pending) {
      showToast(paste.pending, "bad");
      return;
    }
    setBusy(true);
    try {
      const { data } = await request("POST", `${path}create_security_group/`, { body: { name, description, rules: rows.map(bodyOf) } });
      showToast(`${data.name} is saved and being created in the cloud.`);
      navigate(`${GROUP_PAGES}${data.uuid}/`);
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  return html`
    <nav class="crumbs" aria-label="Breadcrumb"><a href=${GROUP_PAGES}>Groups</a></nav>
    <div class="page-head"><${Title} of=${source ? `Copy of ${source.name}` : "New group"} /></div>
    <form class="card form-grid" id="new" onSubmit=${create}>
      <${Field} label="Name" value=${name} set=${setName} error=${nameError} required=${true} />
      <${Field} label="Description" value=${description} set=${setDescription} error=${shown.detail?.description} />
      <${TenantSelect} tenants=${tenants} value=${tenant} set=${setTenant} />
    </form>
    ${shown.general && html`<p class="notice notice-bad" role="alert">${shown.general}</p>`}
    ${submitError && submitError.status !== 400 && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
    <h2 class="section">Rules</h2>
    <${RuleTable} key=${tenant} rows=${rows} edit=${setRows} validation=${shown} tenant=${tenant} paste=${paste} onReview=${create} />
    <footer class="editor-foot">
      <p class="quiet" role="status">${paste.pending || (validation.plan ? `Rules in the tenant: ${validation.plan.quota.security_group_rule_count.used} → ${validation.plan.quota.security_group_rule_count.after}` : "\u00a0")}</p>
      <a class="button" href=${GROUP_PAGES}>Cancel</a>
      <button class="button button-main" form="new" disabled=${isBusy || !name.trim() || Boolean(paste.pending)}>Create</button>
    </footer>`;
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

/** @param {{label: string, value: string, set: (value: string) => void, error: any, required?: boolean}} properties */
function Field({ label, value, set, error, required = false }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} value=${value} required=${required} aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}
      onInput=${(/** @type {any} */ event) => set(event.target.value)} />
    <span class="field-error" id=${`${id}-error`}>${error ? [error].flat().join(" ") : ""}</span>
  </div>`;
}

/** @param {{tenants: any[], value: string, set: (value: string) => void}} properties */
function TenantSelect({ tenants, value, set }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>Tenant</label>
    <select id=${id} value=${value} onChange=${(/** @type {any} */ event) => set(event.target.value)}>
      ${tenants.map((each) => html`<option key=${each.uuid} value=${each.uuid} selected=${each.uuid === value}>${each.name} · ${each.project_name} · ${each.service_name}</option>`)}
    </select>
    <span class="field-error"></span>
  </div>`;
}

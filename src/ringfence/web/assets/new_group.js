// A new group: from nothing, from a preset, or as a copy of another.

import { GROUP_PAGES, go } from "./router.js";
import { GROUPS, TENANTS, ask } from "./api.js";
import { ofRefusal, useChecked } from "./validation.js";
import { html, useCallback, useEffect, useId, useState } from "./html.js";
import { Failure, Skeleton, useLoaded } from "./use_loaded.js";
import { bodyOf, newRow, rowOf } from "./rows.js";
import { usePaste } from "./paste/box.js";
import { RuleTable } from "./rule_table.js";
import { say } from "./toast.js";
import { Title } from "./title.js";

/**
 * What is wrong with the rules, or with the whole; name and description say it at their own cells.
 *
 * @param {any} detail
 */
function rulesOf(detail) {
  if (Array.isArray(detail)) return detail;
  const { name, description, rules, ...whole } = detail ?? {};
  return rules ?? Object.values(whole).flat();
}

/** @param {{query: URLSearchParams}} properties */
export function NewGroup({ query }) {
  const copied = query.get("copy");
  const { data, error, reload } = useLoaded(async (signal) => {
    const [tenants, source] = await Promise.all([
      ask("GET", TENANTS, { query: { can_manage: true, page_size: 300, o: "name", field: ["uuid", "name", "project_name", "service_name"] }, signal }),
      copied ? ask("GET", `${GROUPS}${copied}/`, { signal }) : null,
    ]);
    return { tenants: tenants.data, source: source?.data };
  }, [copied]);
  if (error) return html`<${Failure} error=${error} retry=${reload} />`;
  if (!data) return html`<${Skeleton} rows=${8} />`;
  if (!data.tenants.length) {
    return html`<section class="empty"><${Title} of="New group" />
      <p>There is no tenant in which you may create a group. A project's administrator or manager may.</p></section>`;
  }
  return html`<${Form} key=${copied ?? ""} tenants=${data.tenants} source=${data.source} />`;
}

/** @param {{tenants: any[], source: any}} properties */
function Form({ tenants, source }) {
  const [name, setName] = useState(source ? `${source.name}-copy` : "");
  const [description, setDescription] = useState(source?.description ?? "");
  const [tenant, setTenant] = useState(() => (tenants.find((each) => each.uuid === source?.tenant_uuid) ?? tenants[0]).uuid);
  const [rows, setRows] = useState(() => (source?.rules ?? []).map((/** @type {any} */ rule) => copyOf(rule)));
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(/** @type {any} */ (null));
  const path = `${TENANTS}${tenant}/`;
  const plan = useCallback(async (/** @type {any[]} */ rules, /** @type {AbortSignal} */ signal) => {
    const body = { name, description, rules };
    return (await ask("POST", `${path}plan_security_group/`, { body, signal })).data;
  }, [path, name, description]);
  const checked = useChecked(rows, plan, [plan], rulesOf);
  useEffect(() => setRefused(null), [rows, name, tenant]);
  const wrong = refused ? ofRefusal(refused, rows, rulesOf) : checked;
  const said = wrong.detail?.name && name ? wrong.detail.name : refused?.detail?.name;
  const paste = usePaste();
  const create = async (/** @type {any} */ event) => {
    event?.preventDefault();
    if (paste.pending) {
      say(paste.pending, "bad");
      return;
    }
    setBusy(true);
    try {
      const { data } = await ask("POST", `${path}create_security_group/`, { body: { name, description, rules: rows.map(bodyOf) } });
      say(`${data.name} is stored, and on its way to the cloud.`);
      go(`${GROUP_PAGES}${data.uuid}/`);
    } catch (problem) {
      setRefused(problem);
      setBusy(false);
    }
  };
  return html`
    <nav class="crumbs" aria-label="Where you are"><a href=${GROUP_PAGES}>Groups</a></nav>
    <div class="page-head"><${Title} of=${source ? `Copy of ${source.name}` : "New group"} /></div>
    <form class="card form-grid" id="new" onSubmit=${create}>
      <${Entry} label="Name" value=${name} set=${setName} said=${said} required=${true} />
      <${Entry} label="Description" value=${description} set=${setDescription} said=${wrong.detail?.description} />
      <${Place} tenants=${tenants} value=${tenant} set=${setTenant} />
    </form>
    ${wrong.general && html`<p class="notice notice-bad" role="alert">${wrong.general}</p>`}
    ${refused && refused.status !== 400 && html`<p class="notice notice-bad" role="alert">${refused.message}</p>`}
    <h2 class="section">Rules</h2>
    <${RuleTable} key=${tenant} rows=${rows} edit=${setRows} checked=${wrong} tenant=${tenant} paste=${paste} onReview=${create} />
    <footer class="editor-foot">
      <p class="quiet" role="status">${paste.pending || (checked.plan ? `Rules of the tenant: ${checked.plan.quota.security_group_rule_count.used} → ${checked.plan.quota.security_group_rule_count.after}` : "\u00a0")}</p>
      <a class="button" href=${GROUP_PAGES}>Leave</a>
      <button class="button button-main" form="new" disabled=${isBusy || !name.trim() || Boolean(paste.pending)}>Create</button>
    </footer>`;
}

/**
 * A rule for another group: an end that cannot be written down is left to be chosen anew.
 *
 * @param {any} rule
 */
function copyOf(rule) {
  const row = rowOf(rule, { keepId: false });
  return row.kind === "kept" ? newRow({ ...row, kind: "group", end: row.end, group: undefined }) : row;
}

/** @param {{label: string, value: string, set: (value: string) => void, said: any, required?: boolean}} properties */
function Entry({ label, value, set, said, required = false }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} value=${value} required=${required} aria-invalid=${Boolean(said)} aria-describedby=${`${id}-said`}
      onInput=${(/** @type {any} */ event) => set(event.target.value)} />
    <span class="mistake" id=${`${id}-said`}>${said ? [said].flat().join(" ") : ""}</span>
  </div>`;
}

/** @param {{tenants: any[], value: string, set: (value: string) => void}} properties */
function Place({ tenants, value, set }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>Tenant</label>
    <select id=${id} value=${value} onChange=${(/** @type {any} */ event) => set(event.target.value)}>
      ${tenants.map((each) => html`<option key=${each.uuid} value=${each.uuid} selected=${each.uuid === value}>${each.name} · ${each.project_name} · ${each.service_name}</option>`)}
    </select>
    <span class="mistake"></span>
  </div>`;
}

// The page of a group: its name, its state with what helps, and its sections.

import { GROUPS, TENANTS, request } from "../api.js";
import { Drift, State, isStable } from "../components/states.js";
import { Ago } from "../components/times.js";
import { Title } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { messageOfChange } from "../editor/attempts.js";
import { nameOf, readText } from "../editor/draft_store.js";
import { RuleEditor } from "../editor/rule_editor.js";
import { ExportMenu } from "../export/menu.js";
import { useActions } from "../frame/actions.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { CONSOLE, GROUP_PAGES, navigate } from "../router.js";
import { DeleteGroup, RenameGroup, UnlinkGroup } from "./actions.js";
import { pushAgain } from "./drift.js";
import { GoneGroup } from "./gone.js";
import { History } from "./history.js";
import { loadGroup } from "./load.js";
import { GroupOverview } from "./overview.js";
import { QUOTA_TITLE, nextGoal, resultOf, statusOf } from "./status.js";

/** @param {{uuid: string, part: string, user: any}} properties */
export function Group({ uuid, part, user }) {
  const { data: group, error, reload } = useLoaded(
    (signal) => loadGroup(uuid, signal),
    [uuid],
    (found) => (found && !isStable(found.state) ? 800 : 6000),
  );
  const expect = useArrival(group);
  if (!group) {
    if (error?.status === 404) return html`<${GoneGroup} key=${uuid} uuid=${uuid} />`;
    return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${10} />`;
  }
  if (error?.status === 404) return html`<${GoneGroup} key=${uuid} uuid=${uuid} name=${group.name} />`;
  const parts = { edit: RuleEditor, history: History };
  const Chosen = parts[/** @type {keyof parts} */ (part)] ?? GroupOverview;
  // Who may not change the group reads it.
  const Shown = part === "edit" && !group.can_manage ? GroupOverview : Chosen;
  return html`
    <${GroupHeader} group=${group} part=${part} user=${user} reload=${reload} expect=${expect} />
    <${Stale} error=${error} />
    <${Shown} group=${group} user=${user} reload=${reload} expect=${expect} />`;
}

/**
 * Say that what somebody waits for has happened, or why not; return what starts waiting.
 *
 * @param {any} group
 */
function useArrival(group) {
  const goal = useRef(/** @type {import("./status.js").Goal} */ (null));
  const previous = useRef(/** @type {any} */ (undefined));
  useEffect(() => {
    if (!group) return;
    goal.current = nextGoal(goal.current, previous.current, group);
    previous.current = group;
    const result = resultOf(goal.current, group);
    if (!result) return;
    goal.current = null;
    showToast(result.text, result.tone);
  }, [group]);
  return (/** @type {number} */ version) => {
    goal.current = { version, kind: "pull" };
  };
}

/** @param {{group: any, part: string, user: any, reload: () => Promise<void>, expect: (version: number) => void}} properties */
function GroupHeader({ group, part, user, reload, expect }) {
  const [dialog, setDialog] = useState("");
  const base = `${GROUP_PAGES}${group.uuid}/`;
  const stable = isStable(group.state);
  const start = (/** @type {() => Promise<any>} */ send) => async () => {
    try {
      await send();
      expect(group.version);
    } catch (error) {
      showToast(messageOfChange(error, "Look at the new version, and choose again."), "bad");
    }
    await reload();
  };
  const pull = start(() => request("POST", `${GROUPS}${group.uuid}/pull/`));
  /** @type {Record<string, () => any>} */
  const runs = {
    pull,
    push: start(() => pushAgain(group)),
    pull_tenant: start(() => request("POST", `${TENANTS}${group.tenant_uuid}/pull/`)),
    edit: () => navigate(`${base}edit/`),
    rename: () => setDialog("rename"),
    delete: () => setDialog("delete"),
  };
  const canChange = group.can_manage && stable;
  useActions([
    canChange && part !== "edit" && { name: `Edit rules of ${group.name}`, href: `${base}edit/` },
    { name: `History of ${group.name}`, href: `${base}history/` },
    { name: `Copy ${group.name} to a new group`, href: `${GROUP_PAGES}new/?copy=${group.uuid}` },
    { name: `Show ${group.name} on the map`, href: `${CONSOLE}map/${group.tenant_uuid}/?group=${group.uuid}` },
    { name: "Can it reach?", href: `${CONSOLE}reach/?tenant=${group.tenant_uuid}` },
    canChange && group.backend_id && { name: `Compare ${group.name} with the cloud`, run: pull },
    canChange && { name: `Rename ${group.name}`, run: runs.rename },
    canChange && { name: `Delete ${group.name}`, run: runs.delete },
  ], [group.uuid, group.name, group.version, part, canChange]);
  const close = () => setDialog("");
  const tab = (/** @type {string} */ name, /** @type {string} */ label) => html`
    <a href=${name ? `${base}${name}/` : base} aria-current=${part === name ? "page" : null}>${label}</a>`;
  return html`
    <nav class="crumbs" aria-label="Breadcrumb">
      <a href=${GROUP_PAGES}>Groups</a>
      <a href=${`${GROUP_PAGES}?project_uuid=${group.project_uuid}`}>${group.customer_name} / ${group.project_name}</a>
      <a href=${`${GROUP_PAGES}?tenant_uuid=${group.tenant_uuid}`}>${group.tenant_name}</a>
      <span class="quiet">· cloud ${group.service_name}</span>
    </nav>
    <div class="page-head">
      <div class="page-name">
        <${Title} of=${group.name} />
        <${State} state=${group.state} drift=${group.drift} />
        ${group.drift === "drifting" && html`<${Drift} drift=${group.drift} state=${group.state} />`}
        ${part !== "edit" && readText(nameOf(user.username, `group:${group.uuid}`)) && html`<a class="mark mark-busy" href=${`${base}edit/`}>Draft</a>`}
        ${group.description && html`<p class="quiet page-about">${group.description}</p>`}
      </div>
      <div class="actions">
        <${ExportMenu} load=${async () => [group]} name=${group.name} />
        ${group.can_manage && part !== "edit" && html`<a class="button button-main" href=${`${base}edit/`}>Edit rules</a>`}
        <details class="menu" name="menu">
          <summary class="button">More</summary>
          <div class="menu-items">
            ${user.can_create !== false && html`<a href=${`${GROUP_PAGES}new/?copy=${group.uuid}`}>Copy to a new group</a>`}
            ${group.can_manage && html`
              <button type="button" onClick=${runs.rename} disabled=${!stable}>Edit name and description</button>
              ${group.backend_id && html`<button type="button" onClick=${pull} disabled=${!stable}>Compare with the cloud</button>`}
              <button type="button" class="danger" onClick=${runs.delete} disabled=${!stable}>Delete</button>`}
            ${user.is_staff && html`<button type="button" class="danger" onClick=${() => setDialog("unlink")}>Unlink</button>`}
          </div>
        </details>
      </div>
    </div>
    <${StatusNotice} group=${group} runs=${runs} isQuiet=${!part} />
    <nav class="tabs" aria-label="Sections of the group">
      ${tab("", "Rules")} ${group.can_manage && tab("edit", "Edit")} ${tab("history", "History")}
    </nav>
    ${dialog === "rename" && html`<${RenameGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${dialog === "delete" && html`<${DeleteGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${dialog === "unlink" && html`<${UnlinkGroup} group=${group} onClose=${close} />`}`;
}

/**
 * The state as one quiet line if all is well, else as a notice with the action that helps. The first
 * page has a panel of its own for drift.
 *
 * @param {{group: any, runs: Record<string, () => any>, isQuiet: boolean}} properties
 */
function StatusNotice({ group, runs, isQuiet }) {
  if (isQuiet && group.state === "OK" && group.drift === "drifting" && group.applied_version === group.version) return null;
  const { tone, title, text, quote, action, label } = statusOf(group);
  const button = action && html`<button type="button" class="button" onClick=${runs[action]}>${label}</button>`;
  if (tone === "good") return html`<p class="quiet status-line">${title} Compared <${Ago} at=${group.observed_at} />.</p>`;
  if (tone === "idle") return html`<p class="quiet status-line">${title} ${button}</p>`;
  return html`<div class=${`notice notice-${tone}`} role=${tone === "bad" ? "alert" : "status"}>
    ${tone === "busy" && html`<span class="spinner" aria-hidden="true"></span>`}
    <strong>${title}</strong> ${quote && html`<q class="quote">${quote}</q>`} <span>${text}</span>
    ${title === QUOTA_TITLE && html`<${Quota} group=${group} />`}
    ${button && html`<div class="actions">${button}</div>`}
  </div>`;
}

/**
 * The use and limit that Ringfence knows of the quota that the cloud named.
 *
 * @param {{group: any}} properties
 */
function Quota({ group }) {
  const { data: quotas } = useLoaded(
    async (signal) => (await request("GET", `${TENANTS}${group.tenant_uuid}/`, { query: { field: ["quotas"] }, signal })).data.quotas,
    [group.tenant_uuid, group.version],
  );
  const isOfGroups = /security_group(?!_rule)/.test(group.error_message);
  const known = quotas?.find((/** @type {any} */ each) => each.name === (isOfGroups ? "security_group_count" : "security_group_rule_count"));
  const [name, what] = isOfGroups ? ["security_group", "security groups"] : ["security_group_rule", "rules"];
  return html`<p>Quota <code>${name}</code> of the tenant ${group.tenant_name}: ${known
    ? `${known.usage} ${what} in Ringfence, ${known.limit < 0 ? "whose limit is not known here" : `limit ${known.limit} here`}.`
    : "…"} The cloud counts its own. Whoever operates the cloud ${group.service_name} can raise it.</p>`;
}

// The page of a group: its rules, state, drift, usage and actions.

import { Activity } from "./activity.js";
import { GROUPS, request } from "./api.js";
import { DriftPanel } from "./drift.js";
import { DeleteGroup, RenameGroup, UnlinkGroup } from "./group_actions.js";
import { History } from "./history.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { loadGroup } from "./load_group.js";
import { GROUP_PAGES, navigate } from "./router.js";
import { RuleEditor } from "./rule_editor.js";
import { RuleLists } from "./rule_lists.js";
import { openText, unknownRemotesText } from "./rule_text.js";
import { State, isStable } from "./states.js";
import { Title } from "./title.js";
import { showToast } from "./toast.js";
import { Usage } from "./usage.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";

/** @param {{uuid: string, part: string, user: any}} properties */
export function Group({ uuid, part, user }) {
  const { data: group, error, reload } = useLoaded(
    (signal) => loadGroup(uuid, signal),
    [uuid],
    (found) => (found && !isStable(found.state) ? 800 : 6000),
  );
  useResultToast(group);
  if (!group) {
    if (error?.status === 404) return html`<${GroupNotFound} />`;
    return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${10} />`;
  }
  if (error?.status === 404) return html`<${GroupNotFound} name=${group.name} />`;
  const parts = { edit: RuleEditor, history: History };
  const Shown = parts[/** @type {keyof parts} */ (part)] ?? Overview;
  return html`
    <${GroupHeader} group=${group} part=${part} user=${user} reload=${reload} />
    <${Stale} error=${error} />
    <${Shown} group=${group} user=${user} reload=${reload} />`;
}

/**
 * Show a toast when a pending change has been applied to the cloud or has failed.
 *
 * @param {any} group
 */
function useResultToast(group) {
  const previous = useRef("");
  useEffect(() => {
    if (!group) return;
    const wasPending = previous.current && !isStable(previous.current);
    if (wasPending && group.state === "OK") showToast(`${group.name} is applied to the cloud.`, "good");
    if (wasPending && group.state === "ERRED") showToast(`${group.name} failed: ${group.error_message}`, "bad");
    previous.current = group.state;
  }, [group?.state]);
}

/** @param {{group: any, part: string, user: any, reload: () => Promise<void>}} properties */
function GroupHeader({ group, part, user, reload }) {
  const [dialog, setDialog] = useState("");
  const base = `${GROUP_PAGES}${group.uuid}/`;
  const stable = isStable(group.state);
  const pull = async () => {
    try {
      await request("POST", `${GROUPS}${group.uuid}/pull/`);
      showToast("Pull requested.");
    } catch (error) {
      showToast(error.message, "bad");
    }
    await reload();
  };
  const pushAgain = async () => {
    try {
      await request("POST", `${GROUPS}${group.uuid}/rollback/`, {
        body: { version: group.version }, headers: { "If-Match": `"v${group.version}"` },
      });
      showToast("Push requested.");
    } catch (error) {
      showToast(error.message, "bad");
    }
    await reload();
  };
  const close = () => setDialog("");
  const tab = (/** @type {string} */ name, /** @type {string} */ label) => html`
    <a href=${name ? `${base}${name}/` : base} aria-current=${part === name ? "page" : null}>${label}</a>`;
  return html`
    <nav class="crumbs" aria-label="Breadcrumb">
      <a href=${GROUP_PAGES}>Groups</a>
      <a href=${`${GROUP_PAGES}?tenant_uuid=${group.tenant_uuid}`}>${group.tenant_name}</a>
    </nav>
    <div class="page-head">
      <div class="page-name">
        <${Title} of=${group.name} />
        <${State} state=${group.state} drift=${group.drift} />
      </div>
      <div class="actions">
        ${group.can_manage && part !== "edit" && html`<a class="button button-main" href=${`${base}edit/`}>Edit rules</a>`}
        <details class="menu" name="menu">
          <summary class="button">More</summary>
          <div class="menu-items">
            <a href=${`${GROUP_PAGES}new/?copy=${group.uuid}`}>Copy to a new group</a>
            ${group.can_manage && html`
              <button type="button" onClick=${() => setDialog("rename")} disabled=${!stable}>Edit name and description</button>
              <button type="button" onClick=${pull} disabled=${!stable}>Pull from the cloud</button>
              <button type="button" class="danger" onClick=${() => setDialog("delete")} disabled=${!stable}>Delete</button>`}
            ${user.is_staff && html`<button type="button" class="danger" onClick=${() => setDialog("unlink")}>Unlink</button>`}
          </div>
        </details>
      </div>
    </div>
    <p class="quiet page-about">${group.description || "No description."}</p>
    <${StatusNotice} group=${group} pull=${pull} pushAgain=${pushAgain} />
    <nav class="tabs" aria-label="Sections of the group">
      ${tab("", "Rules")} ${group.can_manage && tab("edit", "Edit")} ${tab("history", "History")}
    </nav>
    ${dialog === "rename" && html`<${RenameGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${dialog === "delete" && html`<${DeleteGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${dialog === "unlink" && html`<${UnlinkGroup} group=${group} onClose=${close} />`}`;
}

/** @param {{group: any, pull: () => Promise<void>, pushAgain: () => Promise<void>}} properties */
function StatusNotice({ group, pull, pushAgain }) {
  if (group.state === "ERRED") {
    return html`<div class="notice notice-bad" role="alert">
      <strong>The last operation on this group failed.</strong> ${group.error_message || "The cloud returned no error message."}
      <span class="quiet"> The desired rules are kept. You can edit the group, push it again or delete it.</span>
      ${group.can_manage && html`<div class="actions">
        <button type="button" class="button" onClick=${pushAgain}>Push again</button>
        ${group.backend_id && html`<button type="button" class="button" onClick=${pull}>Pull from the cloud</button>`}
      </div>`}
    </div>`;
  }
  if (!isStable(group.state)) {
    return html`<div class="notice notice-busy" role="status">
      <span class="spinner" aria-hidden="true"></span>
      Version ${group.version} is being applied to the cloud.
      ${group.applied_version > 0 && html`<span class="quiet"> The cloud has version ${group.applied_version} now.</span>`}
    </div>`;
  }
  if (group.drift === "never_pushed") {
    return html`<div class="notice notice-warn" role="status">
      <strong>This group is not in the cloud.</strong> It was loaded from a file and never pushed: no instance can use it.
      ${group.can_manage && html`<div class="actions"><button type="button" class="button" onClick=${pushAgain}>Push to the cloud</button></div>`}
    </div>`;
  }
  return null;
}

/** @param {{group: any, user: any, reload: () => Promise<void>}} properties */
function Overview({ group, reload }) {
  const openings = openText(group.open_to_all);
  const unknown = unknownRemotesText(group);
  return html`<div class="columns">
    <div>
      ${openings.length > 0 && html`<p class="notice notice-warn"><strong>Open to the internet:</strong> ${openings.join(", ")}.</p>`}
      ${unknown && html`<p class="notice"><strong>Exposure unknown:</strong> ${unknown}</p>`}
      <${RuleLists} rules=${group.rules} />
    </div>
    <aside class="side" aria-label="Details of the group">
      <section class="card">
        <h2>Details</h2>
        <dl>
          <div><dt>Tenant</dt><dd>${group.tenant_name}</dd></div>
          <div><dt>Project</dt><dd>${group.customer_name} / ${group.project_name}</dd></div>
          <div><dt>Cloud</dt><dd>${group.service_name}</dd></div>
          <div><dt>Version</dt><dd>${group.version}${group.drift === "never_pushed" ? html` <span class="quiet">(not in the cloud)</span>` : group.applied_version !== group.version ? html` <span class="quiet">(${group.applied_version || "none"} in the cloud)</span>` : null}</dd></div>
          <div><dt>Neutron ID</dt><dd class="mono clip" title=${group.backend_id}>${group.backend_id || "none yet"}</dd></div>
        </dl>
      </section>
      <${DriftPanel} group=${group} reload=${reload} />
      <${Usage} group=${group} />
      <${Activity} group=${group} />
    </aside>
  </div>`;
}

/** @param {{name?: string}} properties */
function GroupNotFound({ name }) {
  return html`<section class="empty">
    <h1 tabindex="-1">${name ? `${name} no longer exists` : "Not found"}</h1>
    <p>${name ? "The group was deleted or unlinked." : "The group does not exist, or your roles do not allow you to see it."}</p>
    <button type="button" class="button button-main" onClick=${() => navigate(GROUP_PAGES)}>All groups</button>
  </section>`;
}

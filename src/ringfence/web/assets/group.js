// One group: what it lets through, who depends on it, how it stands, and what can be done to it.

import { GROUP_PAGES, go } from "./router.js";
import { GROUPS, ask } from "./api.js";
import { Activity } from "./activity.js";
import { AtCloud } from "./drift.js";
import { DeleteGroup, RenameGroup, UnlinkGroup } from "./group_actions.js";
import { loadGroup } from "./load_group.js";
import { History } from "./history.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Failure, Skeleton, Stale, useLoaded } from "./use_loaded.js";
import { RuleLists } from "./rule_lists.js";
import { RuleEditor } from "./rule_editor.js";
import { say } from "./toast.js";
import { State, isAtRest } from "./states.js";
import { Title } from "./title.js";
import { Usage } from "./usage.js";
import { openWords, unknownWords } from "./rule_text.js";

/** @param {{uuid: string, part: string, user: any}} properties */
export function Group({ uuid, part, user }) {
  const { data: group, error, reload } = useLoaded(
    (signal) => loadGroup(uuid, signal),
    [uuid],
    (found) => (found && !isAtRest(found.state) ? 800 : 6000),
  );
  useArrival(group);
  if (!group) {
    if (error?.status === 404) return html`<${Gone} />`;
    return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${10} />`;
  }
  if (error?.status === 404) return html`<${Gone} name=${group.name} />`;
  const parts = { edit: RuleEditor, history: History };
  const Shown = parts[/** @type {keyof parts} */ (part)] ?? Overview;
  return html`
    <${Head} group=${group} part=${part} user=${user} reload=${reload} />
    <${Stale} error=${error} />
    <${Shown} group=${group} user=${user} reload=${reload} />`;
}

/**
 * Say when a change that was seen on its way has reached the cloud, or has not.
 *
 * @param {any} group
 */
function useArrival(group) {
  const before = useRef("");
  useEffect(() => {
    if (!group) return;
    const wasBusy = before.current && !isAtRest(before.current);
    if (wasBusy && group.state === "OK") say(`${group.name} is in the cloud as asked for.`, "good");
    if (wasBusy && group.state === "ERRED") say(`${group.name} failed: ${group.error_message}`, "bad");
    before.current = group.state;
  }, [group?.state]);
}

/** @param {{group: any, part: string, user: any, reload: () => Promise<void>}} properties */
function Head({ group, part, user, reload }) {
  const [asked, setAsked] = useState("");
  const home = `${GROUP_PAGES}${group.uuid}/`;
  const rest = isAtRest(group.state);
  const pull = async () => {
    try {
      await ask("POST", `${GROUPS}${group.uuid}/pull/`);
      say("The cloud is being asked.");
    } catch (refused) {
      say(refused.message, "bad");
    }
    await reload();
  };
  const pushAgain = async () => {
    try {
      await ask("POST", `${GROUPS}${group.uuid}/rollback/`, {
        body: { version: group.version }, headers: { "If-Match": `"v${group.version}"` },
      });
      say("It is pushed again.");
    } catch (refused) {
      say(refused.message, "bad");
    }
    await reload();
  };
  const close = () => setAsked("");
  const tab = (/** @type {string} */ name, /** @type {string} */ said) => html`
    <a href=${name ? `${home}${name}/` : home} aria-current=${part === name ? "page" : null}>${said}</a>`;
  return html`
    <nav class="crumbs" aria-label="Where you are">
      <a href=${GROUP_PAGES}>Groups</a>
      <a href=${`${GROUP_PAGES}?tenant_uuid=${group.tenant_uuid}`}>${group.tenant_name}</a>
    </nav>
    <div class="page-head">
      <div class="page-name">
        <${Title} of=${group.name} />
        <${State} state=${group.state} />
      </div>
      <div class="actions">
        ${group.can_manage && part !== "edit" && html`<a class="button button-main" href=${`${home}edit/`}>Edit rules</a>`}
        <details class="menu" name="menu">
          <summary class="button">More</summary>
          <div class="menu-items">
            <a href=${`${GROUP_PAGES}new/?copy=${group.uuid}`}>Copy to a new group</a>
            ${group.can_manage && html`
              <button type="button" onClick=${() => setAsked("rename")} disabled=${!rest}>Rename or describe</button>
              <button type="button" onClick=${pull} disabled=${!rest}>Compare with the cloud</button>
              <button type="button" class="danger" onClick=${() => setAsked("delete")} disabled=${!rest}>Delete</button>`}
            ${user.is_staff && html`<button type="button" class="danger" onClick=${() => setAsked("unlink")}>Unlink</button>`}
          </div>
        </details>
      </div>
    </div>
    <p class="quiet page-about">${group.description || "No description."}</p>
    <${Trouble} group=${group} pull=${pull} pushAgain=${pushAgain} />
    <nav class="tabs" aria-label="Parts of the group">
      ${tab("", "Rules")} ${group.can_manage && tab("edit", "Edit")} ${tab("history", "History")}
    </nav>
    ${asked === "rename" && html`<${RenameGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${asked === "delete" && html`<${DeleteGroup} group=${group} onClose=${close} reload=${reload} />`}
    ${asked === "unlink" && html`<${UnlinkGroup} group=${group} onClose=${close} />`}`;
}

/** @param {{group: any, pull: () => Promise<void>, pushAgain: () => Promise<void>}} properties */
function Trouble({ group, pull, pushAgain }) {
  if (group.state === "ERRED") {
    return html`<div class="notice notice-bad" role="alert">
      <strong>The last work on this group failed.</strong> ${group.error_message || "The cloud gave no reason."}
      <span class="quiet"> What is desired is kept. The group can be edited, pushed again, or deleted.</span>
      ${group.can_manage && html`<div class="actions">
        <button type="button" class="button" onClick=${pushAgain}>Push again</button>
        ${group.backend_id && html`<button type="button" class="button" onClick=${pull}>Compare with the cloud</button>`}
      </div>`}
    </div>`;
  }
  if (!isAtRest(group.state)) {
    return html`<div class="notice notice-busy" role="status">
      <span class="spinner" aria-hidden="true"></span>
      Version ${group.version} is on its way to the cloud.
      ${group.applied_version > 0 && html`<span class="quiet"> Version ${group.applied_version} is there now.</span>`}
    </div>`;
  }
  return null;
}

/** @param {{group: any, user: any, reload: () => Promise<void>}} properties */
function Overview({ group, reload }) {
  const opened = openWords(group.open_to_all);
  const unknown = unknownWords(group);
  return html`<div class="columns">
    <div>
      ${opened.length > 0 && html`<p class="notice notice-warn"><strong>Open to the internet:</strong> ${opened.join(", ")}.</p>`}
      ${unknown && html`<p class="notice"><strong>Not known:</strong> ${unknown}</p>`}
      <${RuleLists} rules=${group.rules} />
    </div>
    <aside class="side" aria-label="About the group">
      <section class="card">
        <h2>Where it is</h2>
        <dl>
          <div><dt>Tenant</dt><dd>${group.tenant_name}</dd></div>
          <div><dt>Project</dt><dd>${group.customer_name} / ${group.project_name}</dd></div>
          <div><dt>Cloud</dt><dd>${group.service_name}</dd></div>
          <div><dt>Version</dt><dd>${group.version}${group.applied_version !== group.version ? html` <span class="quiet">(${group.applied_version || "none"} in the cloud)</span>` : null}</dd></div>
          <div><dt>At Neutron</dt><dd class="mono clip" title=${group.backend_id}>${group.backend_id || "not yet"}</dd></div>
        </dl>
      </section>
      <${AtCloud} group=${group} reload=${reload} />
      <${Usage} group=${group} />
      <${Activity} group=${group} />
    </aside>
  </div>`;
}

/** @param {{name?: string}} properties */
function Gone({ name }) {
  return html`<section class="empty">
    <h1 tabindex="-1">${name ? `${name} is gone` : "Not found"}</h1>
    <p>${name ? "It was deleted, here and in the cloud." : "There is no such group, or your roles do not let you see it."}</p>
    <button type="button" class="button button-main" onClick=${() => go(GROUP_PAGES)}>All groups</button>
  </section>`;
}

// The review of a rollback: its plan, and the rules whose remote groups no longer exist.

import { GROUPS, request } from "../api.js";
import { showToast } from "../components/toast.js";
import { sendOnce } from "../editor/attempts.js";
import { html, useState } from "../html.js";
import { count, remoteText } from "../rules/text.js";
import { ReviewDialog, hasCloudChanged } from "./dialog.js";

/** @param {{group: any, version: number, reload: () => Promise<void>, onClose: () => void}} properties */
export function RollBack({ group, version, reload, onClose }) {
  // The group is loaded again now and then; the review stays that of the version it began with.
  const [base] = useState(group);
  const [isOutdated, setOutdated] = useState(false);
  const path = `${GROUPS}${group.uuid}/rollback/`;
  const load = async (/** @type {AbortSignal} */ signal) => {
    const { data } = await request("POST", path, { body: { version }, query: { dry_run: true }, signal });
    setOutdated(data.version !== base.version);
    return data;
  };
  const apply = async (/** @type {any} */ plan) => {
    try {
      await sendOnce(`group:${group.uuid}:rollback`, { path, body: { version }, query: { plan_token: plan.plan_token }, headers: { "If-Match": `"v${base.version}"` } });
      showToast(`Rollback to version ${version} saved. It is being applied to the cloud.`);
      onClose();
    } catch (error) {
      if (error.status !== 412 || hasCloudChanged(error)) throw error;
      setOutdated(true);
    }
    await reload();
  };
  const outdated = isOutdated && html`<p class="notice notice-warn" role="alert">Somebody changed the group since you opened this review. Go back, look at the new version, and roll back again.</p>`;
  return html`<${ReviewDialog} title=${`Roll back to version ${version}`} load=${load} apply=${apply} applyLabel="Roll back"
    before=${base.rules} outdated=${outdated} tenant=${base.tenant_uuid} group=${base} onClose=${onClose}>${(/** @type {any} */ plan) => html`
    <p>The rules of version ${version} become a new version. Name and description do not change.</p>
    ${base.state === "ERRED" && html`<p class="notice">The last change failed: ${base.error_message || "no reason is known"}. This one replaces it.</p>`}
    <${LostRemotes} rules=${plan.rules} />`}<//>`;
}

/** @param {{rules: any[]}} properties */
function LostRemotes({ rules }) {
  const lost = rules.filter((rule) => rule.remote_group_backend_id && remoteText(rule).kind === "unknown");
  const names = [...new Set(lost.map((rule) => remoteText(rule).end))].join(", ");
  return lost.length > 0 && html`<p class="notice notice-warn">${count(lost.length, "rule refers", "rules refer")} to a group that is not in Ringfence (${names}).
    If the cloud does not have it either, it refuses the rule, and the change fails.</p>`;
}

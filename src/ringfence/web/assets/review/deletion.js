// The review of a deletion: what closes, who loses access, and what is left without a group.

import { GROUPS, PORTS, request } from "../api.js";
import { showToast } from "../components/toast.js";
import { CHANGED_MEANWHILE, sendOnce } from "../editor/attempts.js";
import { Instances } from "../group/usage.js";
import { html, useState } from "../html.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { Remote, Traffic } from "../rules/rule.js";
import { count } from "../rules/text.js";
import { ReviewDialog } from "./dialog.js";

const INSTANCE_PAGES = `${CONSOLE}instances/`;
// So many referring groups are shown with their rules; the others by name.
const MOST_REFERRING = 10;
const MOST_PORTS = 300;

/**
 * Load what a deletion does. Without the plan it is still known who uses the group.
 *
 * @param {any} group
 * @param {AbortSignal} signal
 */
async function loadImpact(group, signal) {
  const path = `${GROUPS}${group.uuid}/`;
  const plan = request("POST", `${path}plan/`, { body: [], signal }).then(({ data }) => ({ traffic: data.traffic }), (planError) => ({ planError }));
  const usage = request("GET", `${path}usage/`, { signal }).then(({ data }) => data);
  const ports = request("GET", PORTS, { query: { security_group_uuid: group.uuid, page_size: MOST_PORTS, field: ["uuid", "instance_uuid", "instance_name", "fixed_ips", "security_groups", "other_security_group_ids"] }, signal });
  const referring = usage.then(({ referenced_by: others }) => Promise.all(others.slice(0, MOST_REFERRING).map(
    (/** @type {any} */ other) => request("GET", `${GROUPS}${other.uuid}/`, { query: { field: ["uuid", "name", "rules"] }, signal }).then(({ data }) => data, () => ({ ...other, rules: [] })),
  )));
  const [planned, used, carrying, others] = await Promise.all([plan, usage, ports, referring]);
  const bare = carrying.data.filter((/** @type {any} */ port) => port.security_groups.length === 1 && !port.other_security_group_ids?.length);
  return { ...planned, usage: used, bare, referring: others };
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function DeleteGroup({ group, onClose, reload }) {
  const [version] = useState(group.version);
  const [usage, setUsage] = useState(/** @type {any} */ (null));
  const [detach, setDetach] = useState(false);
  const [isOutdated, setOutdated] = useState(false);
  const load = async (/** @type {AbortSignal} */ signal) => {
    const impact = await loadImpact(group, signal);
    setUsage(impact.usage);
    return impact;
  };
  const apply = async () => {
    try {
      await sendOnce(`group:${group.uuid}:delete`, {
        method: "DELETE", path: `${GROUPS}${group.uuid}/`, headers: { "If-Match": `"v${version}"` }, query: { detach: detach || undefined },
      });
    } catch (error) {
      if (error.status === 412) {
        setOutdated(true);
        await reload();
        return;
      }
      // It was deleted, and the response got lost.
      if (error.status !== 404) throw error;
    }
    showToast(`${group.name} is being deleted.`);
    onClose();
    await reload();
  };
  const outdated = isOutdated && html`<p class="notice notice-warn" role="alert">${CHANGED_MEANWHILE} Go back, look at the new version, and delete it if it is still to go.</p>`;
  return html`<${ReviewDialog} title=${`Delete ${group.name}?`} outdated=${outdated} load=${load} apply=${apply} applyLabel="Delete" isDangerous=${true}
    blocked=${usage && !detach ? blockedReason(usage) : ""} onClose=${onClose}>${(/** @type {any} */ impact) => html`
    <p>This deletes the group, its ${count(group.rules.length, "rule")} and its history, in Ringfence and in the cloud.</p>
    ${impact.planError && html`<p class="notice notice-warn">What this closes could not be planned: ${impact.planError.message}</p>`}
    <h3>Used by</h3>
    <${Instances} usage=${impact.usage} />
    <${Bare} ports=${impact.bare} />
    <${Detach} usage=${impact.usage} detach=${detach} setDetach=${setDetach} />
    <${Referring} group=${group} usage=${impact.usage} referring=${impact.referring} />`}<//>`;
}

/**
 * Return why a group that is used cannot be deleted; empty if it can.
 *
 * @param {any} usage
 */
function blockedReason({ ports, ports_of_other_tenants: foreign }) {
  if (ports.length) return "A group that ports use cannot be deleted.";
  return foreign ? "Ports of other tenants use the group." : "";
}

/** @param {{usage: any, detach: boolean, setDetach: (detach: boolean) => void}} properties */
function Detach({ usage: { ports, ports_of_other_tenants: foreign }, detach, setDetach }) {
  return html`
    ${ports.length > 0 && html`<label class="check">
      <input type="checkbox" checked=${detach} onChange=${(/** @type {any} */ event) => setDetach(event.target.checked)} />
      Remove the group from ${count(ports.length, "port")} first. A port without a security group blocks all traffic.
    </label>`}
    ${foreign > 0 && html`<p class="notice notice-warn">The cloud refuses the deletion while ${count(foreign, "port")} of other tenants ${foreign === 1 ? "uses" : "use"} the group.</p>`}`;
}

/** @param {{ports: any[]}} properties */
function Bare({ ports }) {
  return ports.length > 0 && html`<div class="notice notice-warn"><strong>${count(ports.length, "port is", "ports are")} left without any group, and then ${ports.length === 1 ? "admits" : "admit"} nothing</strong>
    <ul>${ports.slice(0, 8).map((port) => html`<li key=${port.uuid}>
      ${port.instance_uuid ? html`<a href=${`${INSTANCE_PAGES}${port.instance_uuid}/`}>${port.instance_name || "an instance"}</a>` : "a port"}
      <span class="mono"> ${(port.fixed_ips ?? []).map((/** @type {any} */ fixed) => fixed.ip_address).join(", ")}</span></li>`)}
      ${ports.length > 8 && html`<li>and ${ports.length - 8} more</li>`}</ul></div>`;
}

/** @param {{group: any, usage: any, referring: any[]}} properties */
function Referring({ group, usage: { referenced_by: others }, referring }) {
  if (!others.length) return html`<p class="quiet">No rule of another group refers to this group.</p>`;
  const left = others.length - referring.length;
  return html`<h3>Rules of other groups that stop working</h3>
    <ul class="plain">${referring.map((other) => html`<li key=${other.uuid}>
      <a href=${`${GROUP_PAGES}${other.uuid}/`}>${other.name}</a>
      ${other.rules.filter((/** @type {any} */ rule) => rule.remote_group_uuid === group.uuid).map((/** @type {any} */ rule) => html`
        <span class="referring-rule" key=${rule.id}> <span class="quiet">${rule.direction}</span> <${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} /></span>`)}
    </li>`)}
    ${left > 0 && html`<li class="quiet">and ${count(left, "more group")}</li>`}</ul>
    <p class="notice notice-warn">The cloud removes these rules together with the group. In Ringfence they stay and refer to a remote group that no longer exists.</p>`;
}

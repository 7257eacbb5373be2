// The review of a deletion: what closes, who loses access, and what is left without a group.

import { GROUPS, request } from "../api.js";
import { Dialog } from "../dialog.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Remote, Traffic } from "../rule_lists.js";
import { CONSOLE, GROUP_PAGES } from "../router.js";
import { count } from "../rule_text.js";
import { showToast } from "../toast.js";
import { Instances } from "../usage.js";
import { useLoaded } from "../use_loaded.js";
import { headlineOf } from "./headline.js";
import { OpensAndCloses } from "./traffic_lists.js";

const PORTS = "/api/openstack-ports/";
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
  const plan = request("POST", `${path}plan/`, { body: [], signal }).then(({ data }) => data, (error) => ({ error }));
  const usage = request("GET", `${path}usage/`, { signal }).then(({ data }) => data);
  const ports = request("GET", PORTS, { query: { security_group_uuid: group.uuid, page_size: MOST_PORTS, field: ["uuid", "instance_uuid", "instance_name", "fixed_ips", "security_groups", "other_security_group_ids"] }, signal });
  const referring = usage.then(({ referenced_by: others }) => Promise.all(others.slice(0, MOST_REFERRING).map(
    (/** @type {any} */ other) => request("GET", `${GROUPS}${other.uuid}/`, { query: { field: ["uuid", "name", "rules"] }, signal }).then(({ data }) => data, () => ({ ...other, rules: [] })),
  )));
  const [planned, used, carrying, others] = await Promise.all([plan, usage, ports, referring]);
  const bare = carrying.data.filter((/** @type {any} */ port) => port.security_groups.length === 1 && !port.other_security_group_ids?.length);
  return { plan: planned, usage: used, bare, referring: others };
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties */
export function DeleteGroup({ group, onClose, reload }) {
  const [version] = useState(group.version);
  const { data: impact, error } = useLoaded((signal) => loadImpact(group, signal), []);
  const [detach, setDetach] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const headline = useRef(/** @type {any} */ (null));
  useEffect(() => headline.current?.focus(), []);
  const run = async () => {
    setBusy(true);
    setSubmitError(null);
    try {
      await request("DELETE", `${GROUPS}${group.uuid}/`, { headers: { "If-Match": `"v${version}"` }, query: { detach: detach || undefined } });
      showToast(`${group.name} is being deleted.`);
      onClose();
      await reload();
    } catch (failure) {
      setSubmitError(failure);
      setBusy(false);
    }
  };
  const blocked = blockedReason(impact, error, detach);
  return html`<${Dialog} title=${`Delete ${group.name}?`} onClose=${onClose} wide=${true}>
    <div class="dialog-body review">
      <p class="review-headline" tabindex="-1" ref=${headline} aria-live="polite">${headlineText(impact, error)}</p>
      ${submitError && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
      ${error && html`<p class="notice notice-warn">The usage could not be loaded: ${error.message}</p>`}
      <p>This deletes the group, its ${count(group.rules.length, "rule")} and its history, in Ringfence and in the cloud.</p>
      ${impact && html`<${Impact} group=${group} impact=${impact} detach=${detach} setDetach=${setDetach} />`}
    </div>
    <footer class="dialog-foot">
      <p class="quiet foot-reason" id="delete-blocked" role="status">${blocked}</p>
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button button-danger" disabled=${isBusy || Boolean(blocked)} aria-describedby="delete-blocked" onClick=${run}>Delete</button>
    </footer>
  <//>`;
}

/**
 * @param {any} impact
 * @param {any} error
 */
function headlineText(impact, error) {
  if (error) return "What this closes is not known.";
  if (!impact) return "Loading what this closes…";
  if (impact.plan.error) return "What this closes could not be planned.";
  return headlineOf(impact.plan.traffic);
}

/**
 * Return why the group cannot be deleted now; empty if it can.
 *
 * @param {any} impact
 * @param {any} error
 * @param {boolean} detach
 */
function blockedReason(impact, error, detach) {
  if (error) return "";
  if (!impact) return "Loading usage…";
  const { ports, ports_of_other_tenants: foreign } = impact.usage;
  if (detach || ports.length + foreign === 0) return "";
  return ports.length ? "A group that ports use cannot be deleted: remove it from them first." : "Ports of other tenants use the group.";
}

/** @param {{group: any, impact: any, detach: boolean, setDetach: (detach: boolean) => void}} properties */
function Impact({ group, impact: { plan, usage, bare, referring }, detach, setDetach }) {
  const ports = usage.ports.length;
  const foreign = usage.ports_of_other_tenants;
  return html`
    ${plan.error && html`<p class="notice notice-warn">What this closes could not be planned: ${plan.error.message}</p>`}
    ${plan.traffic && html`<${OpensAndCloses} traffic=${plan.traffic} />`}
    <h3>Used by</h3>
    <${Instances} usage=${usage} />
    ${bare.length > 0 && html`<${Bare} ports=${bare} />`}
    <${Referring} group=${group} usage=${usage} referring=${referring} />
    ${ports > 0 && html`<label class="check">
      <input type="checkbox" checked=${detach} onChange=${(/** @type {any} */ event) => setDetach(event.target.checked)} />
      Remove the group from ${count(ports, "port")} first. A port without a security group blocks all traffic.
    </label>`}
    ${foreign > 0 && html`<p class="notice notice-warn">The cloud refuses the deletion while ${count(foreign, "port")} of other tenants ${foreign === 1 ? "uses" : "use"} the group.</p>`}`;
}

/** @param {{ports: any[]}} properties */
function Bare({ ports }) {
  return html`<div class="notice notice-warn"><strong>${count(ports.length, "port is", "ports are")} left without any group, and then ${ports.length === 1 ? "admits" : "admit"} nothing</strong>
    <ul>${ports.slice(0, 8).map((port) => html`<li key=${port.uuid}>
      ${port.instance_uuid ? html`<a href=${`${INSTANCE_PAGES}${port.instance_uuid}/`}>${port.instance_name || "an instance"}</a>` : "a port"}
      <span class="mono"> ${(port.fixed_ips ?? []).map((/** @type {any} */ fixed) => fixed.ip_address).join(", ")}</span></li>`)}
      ${ports.length > 8 && html`<li>and ${ports.length - 8} more</li>`}</ul></div>`;
}

/** @param {{group: any, usage: any, referring: any[]}} properties */
function Referring({ group, usage: { referenced_by: others }, referring }) {
  if (!others.length) return html`<p class="quiet">No rule of another group refers to this group.</p>`;
  const left = others.length - referring.length;
  return html`<h3>Members of this group lose access to</h3>
    <ul class="plain">${referring.map((other) => html`<li key=${other.uuid}>
      <a href=${`${GROUP_PAGES}${other.uuid}/`}>${other.name}</a>
      ${other.rules.filter((/** @type {any} */ rule) => rule.remote_group_uuid === group.uuid).map((/** @type {any} */ rule) => html`
        <span class="referring-rule" key=${rule.id}> <span class="quiet">${rule.direction}</span> <${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} /></span>`)}
    </li>`)}
    ${left > 0 && html`<li class="quiet">and ${count(left, "more group")}</li>`}</ul>
    <p class="notice notice-warn">The cloud removes these rules together with the group. In Ringfence they stay and refer to a remote group that no longer exists.</p>`;
}

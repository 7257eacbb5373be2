// The drift of a group: what the cloud has that is not desired and the other way round, and both ways out.

import { GROUPS, request } from "../api.js";
import { Confirm } from "../components/confirm.js";
import { CHANGED_MEANWHILE, findCarriedOut, sendOnce } from "../editor/attempts.js";
import { Fragment, html, useId, useState } from "../html.js";
import { own } from "../own.js";
import { ReviewDialog, hasCloudChanged } from "../review/dialog.js";
import { labelled } from "../rules/openings.js";
import { count } from "../rules/text.js";
import { Origin, Reached } from "./drift_origin.js";
import { statusOf } from "./status.js";

const MODES = [
  ["adopt", "Adopt: accept changes in the cloud"],
  ["enforce", "Enforce: revert changes in the cloud"],
  ["report", "Report: only show drift"],
];
// What a pull does from now on
const MEANINGS = {
  adopt: "From the next pull on, what the cloud has becomes desired: a rule that somebody adds there stays.",
  enforce: "From the next pull on, what was changed in the cloud is overwritten with the desired rules.",
  report: "From the next pull on, a difference is shown, and neither side changes.",
};
const KEY = ["ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "description", "remote_group_uuid", "remote_group_backend_id", "remote_address_group_backend_id"];

/** @param {any} rule */
const keyOf = (rule) => JSON.stringify(KEY.map((name) => rule[name] ?? null));

/**
 * Return the rules of a group with whether the cloud has them, and those that only the cloud has.
 *
 * @param {any} group
 * @param {any} drift
 * @returns {{rule: any, kind: "" | "lost" | "undesired"}[]}
 */
export function rulesOfBoth(group, drift) {
  const lost = (drift?.missing_at_cloud ?? []).map(keyOf);
  const desired = group.rules.map((/** @type {any} */ rule) => {
    const place = lost.indexOf(keyOf(rule));
    if (place >= 0) lost.splice(place, 1);
    return { rule, kind: place >= 0 ? "lost" : "" };
  });
  const undesired = (drift?.unexpected_at_cloud ?? []).map((/** @type {any} */ rule) => ({ rule, kind: "undesired" }));
  return [...undesired, ...desired];
}

/**
 * How the cloud differs, with Revert and Adopt for who may change the group. The rules themselves are
 * marked in the tables.
 *
 * @param {{group: any, drift: any, isPending: boolean, reload: () => Promise<void>, expect: (version: number) => void}} properties
 */
export function DriftPanel({ group, drift, isPending, reload, expect }) {
  const [chosen, setChosen] = useState("");
  if (drift?.state !== "drifting") return null;
  const canAdopt = drift.missing_at_cloud.length + drift.unexpected_at_cloud.length > 0 && !drift.unreadable.length;
  const undesired = labelled(group.open_to_all).filter(({ kind }) => kind === "undesired").map(({ label }) => label);
  const { title, tone } = statusOf({ ...group, drift: "drifting", drift_grade: drift.grade });
  const close = () => setChosen("");
  const isLoud = undesired.length > 0 && !isPending;
  return html`<${Fragment}><section class=${`notice drift-panel notice-${tone} ${isLoud ? "undesired" : ""}`} aria-label="Drift" role=${isLoud ? "alert" : null}>
    ${isLoud && html`<p class="undesired-head"><strong>Not desired, open to the internet:</strong> ${undesired.join(", ")}.</p><${Reached} group=${group} />`}
    <p>${!isLoud && html`<strong>${title}</strong>`} ${differences(drift, isPending).join(" ")}</p>
    ${!isPending && html`<${Origin} group=${group} drift=${drift} />`}
    ${group.can_manage && !isPending && html`<div class="actions">
      <button type="button" class=${isLoud ? "button button-danger" : "button"} onClick=${() => setChosen("revert")}>Revert</button>
      ${canAdopt && html`<button type="button" class="button" onClick=${() => setChosen("adopt")}>Adopt</button>`}
      <span>Revert pushes the desired rules again. ${canAdopt && "Adopt makes the rules of the cloud the desired ones."}</span>
    </div>`}
  </section>
    ${chosen === "revert" && html`<${Revert} group=${group} onClose=${close} reload=${reload} expect=${expect} />`}
    ${chosen === "adopt" && html`<${Adopt} group=${group} onClose=${close} reload=${reload} />`}
  <//>`;
}

/**
 * Return sentences that say how the cloud differs.
 *
 * @param {any} drift
 * @param {boolean} isPending
 */
function differences({ missing_at_cloud: missing, unexpected_at_cloud: unexpected, unreadable, name, description, stateful, desired_stateful: desired }, isPending) {
  return [
    unexpected.length > 0 && `${count(unexpected.length, "rule is", "rules are")} ${isPending ? "being removed from the cloud" : "in the cloud only"}.`,
    missing.length > 0 && `${count(missing.length, "desired rule is", "desired rules are")} ${isPending ? "on the way to the cloud" : "not in the cloud"}.`,
    unreadable.length > 0 && `${count(unreadable.length, "rule", "rules")} in the cloud cannot be read.`,
    name && `Its name in the cloud is ${name.at_cloud}.`,
    description && `Its description in the cloud is ${description.at_cloud ? `“${description.at_cloud}”` : "empty"}.`,
    stateful !== null && desired !== null && stateful !== desired && `It is ${stateful ? "stateful" : "stateless"} in the cloud.`,
  ].filter(Boolean);
}

/**
 * Push the present version again; rejects with an `ApiError`.
 *
 * @param {any} group
 * @param {string} [planToken] of the plan that was reviewed
 */
export async function pushAgain(group, planToken) {
  const path = `${GROUPS}${group.uuid}/rollback/`;
  const change = { body: { version: group.version }, query: { plan_token: planToken }, headers: { "If-Match": `"v${group.version}"` } };
  // Without a plan there is no key: it makes no version, and an earlier response must not stand for it.
  if (planToken) await sendOnce(`group:${group.uuid}:push`, { path, ...change });
  else await request("POST", path, change);
}

/**
 * Return a change that closes its dialog, and what the dialog shows when somebody changed the group
 * meanwhile.
 *
 * @param {string} purpose
 * @param {(plan: any) => Promise<void>} send
 * @param {{onClose: () => void, reload: () => Promise<void>}} dialog
 */
function useChange(purpose, send, { onClose, reload }) {
  const [isOutdated, setOutdated] = useState(false);
  const apply = async (/** @type {any} */ plan) => {
    try {
      await send(plan);
      onClose();
    } catch (error) {
      if (error.status !== 412 || hasCloudChanged(error)) throw error;
      // Perhaps it was an own change, whose response got lost.
      if (await findCarriedOut(purpose)) onClose();
      else setOutdated(true);
    }
    await reload();
  };
  const outdated = isOutdated && html`<p class="notice notice-warn" role="alert">${CHANGED_MEANWHILE} Go back, look at what it has now, and choose again.</p>`;
  return { apply, outdated };
}

/** @param {{group: any, onClose: () => void, reload: () => Promise<void>, expect: (version: number) => void}} properties */
function Revert({ group: shown, onClose, reload, expect }) {
  const [group] = useState(shown);
  const load = async (/** @type {AbortSignal} */ signal) => (await request("POST", `${GROUPS}${group.uuid}/rollback/`, {
    body: { version: group.version }, query: { dry_run: true }, signal,
  })).data;
  const { apply, outdated } = useChange(`group:${group.uuid}:push`, async (plan) => {
    await pushAgain(group, plan.plan_token);
    expect(group.version);
  }, { onClose, reload });
  return html`<${ReviewDialog} title="Revert the cloud" load=${load} apply=${apply} applyLabel="Revert"
    before=${group.rules} outdated=${outdated} onClose=${onClose}><p>The desired rules stay as they are and are pushed to the cloud again.</p><//>`;
}

/**
 * Make the rules of the cloud the desired ones. The review is of what becomes desired: the cloud has it
 * already, and each door to the internet still needs its tick.
 *
 * @param {{group: any, onClose: () => void, reload: () => Promise<void>}} properties
 */
function Adopt({ group: shown, onClose, reload }) {
  const [group] = useState(shown);
  const path = `${GROUPS}${group.uuid}/`;
  const load = async (/** @type {AbortSignal} */ signal) => {
    const drift = (await request("GET", `${path}drift/`, { signal })).data;
    const kept = rulesOfBoth(group, drift).filter(({ kind }) => !kind).map(({ rule }) => rule);
    const adopted = [...kept, ...drift.unexpected_at_cloud];
    const opens = drift.traffic.opens.map((/** @type {any} */ piece) => ({
      ...piece, rules: piece.rules.map((/** @type {number} */ rule) => rule + kept.length),
    }));
    const plan = (await request("POST", `${path}plan/`, { body: adopted, signal })).data;
    return { ...plan, adopted, traffic: { ...drift.traffic, opens } };
  };
  const purpose = `group:${group.uuid}:adopt`;
  const { apply, outdated } = useChange(purpose, async (plan) => {
    await sendOnce(purpose, {
      path: `${path}set_rules/`, body: plan.adopted, query: { plan_token: plan.plan_token }, headers: { "If-Match": `"v${group.version}"` },
    });
  }, { onClose, reload });
  return html`<${ReviewDialog} title="Adopt what the cloud has" load=${load} apply=${apply} applyLabel="Adopt"
    before=${group.rules} outdated=${outdated} onClose=${onClose}><p>The cloud does not change. What it has becomes desired, as a new version:</p><//>`;
}

/**
 * The drift mode: a choice for who may change the group, words for others.
 *
 * @param {{group: any, drift: any, reload: () => Promise<void>}} properties
 */
export function DriftMode({ group, drift, reload }) {
  const modeId = useId();
  const [chosen, setChosen] = useState("");
  // Without a key: sent twice, it does the same, and an earlier response must not stand for it.
  const run = () => request("POST", `${GROUPS}${group.uuid}/set_drift_mode/`, { body: { mode: chosen } });
  const close = () => setChosen("");
  const end = async () => { await reload(); close(); };
  const words = MODES.find(([value]) => value === drift.mode)?.[1] ?? drift.mode;
  if (!group.can_manage) return html`<div><dt>Drift mode</dt><dd>${words}</dd></div>`;
  return html`<div><dt><label for=${modeId}>Drift mode</label></dt><dd>
    <select id=${modeId} value=${chosen || drift.mode} onChange=${(/** @type {any} */ event) => setChosen(event.target.value)}>
      ${MODES.map(([value, label]) => html`<option key=${value} value=${value} selected=${(chosen || drift.mode) === value}>${label}</option>`)}
    </select>
    ${chosen && html`<${Confirm} title="Change the drift mode?" text=${own(MEANINGS, chosen)} label="Change" isDangerous=${chosen !== "report"} done="Drift mode changed." run=${run} onDone=${end} onClose=${close} />`}</dd></div>`;
}

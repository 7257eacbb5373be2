// Changes of all selected groups: what to do, one review, and what became of each group.

import { Dialog } from "../components/dialog.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { useDoors } from "../review/doors.js";
import { PlanReview, doorsOf, headlineOf } from "../review/plan.js";
import { GROUP_PAGES } from "../router.js";
import { count } from "../rules/text.js";
import { gathered, isMove, sumOfTraffic } from "./bulk_changes.js";
import { AddForm, DeleteForm, DriftForm, PullForm, RemoveForm, ReplaceForm } from "./bulk_forms.js";
import { applyPlan, changeEntries, loadEntries, planEntries } from "./bulk_run.js";

/**
 * @typedef {import("./bulk_run.js").Entry} Entry
 * @typedef {import("./selection.js").Selected} Selected
 */

/**
 * What was chosen: an edit of the rules of a group, which is planned, or another change of it.
 *
 * @typedef {object} Chosen
 * @property {(rules: any[]) => any[]} [edit]
 * @property {(rules: any[]) => string} [says] what the edit means for rules, if that says more than their traffic
 * @property {(entry: Entry, signal: AbortSignal) => Promise<boolean>} [change]
 * @property {(entry: Entry) => string} [blocks] why a group cannot be changed
 */

/** @type {Record<string, {label: string, form: any, done?: string}>} `done` is what became of groups, unless their rules changed */
export const BULK = {
  add: { label: "Add rules", form: AddForm },
  remove: { label: "Remove rules", form: RemoveForm },
  replace: { label: "Replace a CIDR", form: ReplaceForm },
  drift: { label: "Set the drift mode", form: DriftForm, done: "now with this drift mode" },
  pull: { label: "Pull", form: PullForm, done: "pulled" },
  delete: { label: "Delete", form: DeleteForm, done: "deleted" },
};

/**
 * @param {{kind: string, selected: Selected[], cidr: string, onClose: () => void, onDone: () => void}} properties
 */
export function BulkDialog({ kind, selected, cidr, onClose, onDone }) {
  const { label, form: Form, done: became } = BULK[kind];
  // The selection is cleared as soon as the groups are changed.
  const [number] = useState(selected.length);
  const run = useBulk(kind, selected);
  const { step, entries, done, total, chosen } = run;
  useEffect(() => {
    if (step === "done") onDone();
  }, [step]);
  const close = () => {
    run.stop();
    if (step === "applying") onDone();
    onClose();
  };
  const isAllowed = entries.filter((entry) => !entry.problem);
  return html`<${Dialog} wide title=${`${label}: ${count(number, "group")}`} onClose=${close}>
    ${["loading", "planning", "applying"].includes(step) && html`<div class="dialog-body"><${Progress} step=${step} done=${done} total=${total} /></div>
      <footer class="dialog-foot"><button type="button" class="button" onClick=${close}>${step === "applying" ? "Stop" : "Cancel"}</button></footer>`}
    ${step === "form" && html`<${Form} entries=${isAllowed} cidr=${cidr} onCancel=${close} onChoose=${run.choose}
      leftOut=${html`<${LeftOut} entries=${entries.filter((entry) => entry.problem)} />`} />`}
    ${step === "review" && chosen && html`<${Review} entries=${entries} says=${chosen.says} onBack=${run.back} onApply=${run.apply} onClose=${close} />`}
    ${step === "done" && html`<${Outcome} entries=${entries} became=${became} onRetry=${run.retry} onClose=${close} />`}
  <//>`;
}

/**
 * Return the steps of a change: load the groups, choose, review the plans, apply them, see what failed.
 *
 * @param {string} kind
 * @param {Selected[]} selected
 */
function useBulk(kind, selected) {
  const [state, setState] = useState({ step: "loading", entries: /** @type {Entry[]} */ ([]), done: 0, total: selected.length, chosen: /** @type {Chosen | null} */ (null) });
  const controller = useRef(new AbortController());
  const { signal } = controller.current;
  const put = (/** @type {any} */ values) => !signal.aborted && setState((before) => ({ ...before, ...values }));
  const progress = (/** @type {number} */ done) => put({ done });
  const load = async (/** @type {Selected[]} */ groups) => {
    put({ step: "loading", done: 0, total: groups.length });
    return loadEntries(groups, { withUsage: kind === "delete", signal, progress });
  };
  const plan = async (/** @type {Entry[]} */ entries, /** @type {Chosen} */ chosen) => {
    put({ step: "planning", entries, chosen, done: 0, total: entries.filter((entry) => !entry.problem).length });
    if (chosen.edit) await planEntries(entries, chosen.edit, { signal, progress });
    put({ step: "review", entries });
  };
  const change = async (/** @type {Entry[]} */ entries, /** @type {Chosen} */ chosen) => {
    const changed = entries.filter((entry) => !entry.problem && (chosen.edit ? entry.plan : !chosen.blocks?.(entry)));
    put({ step: "applying", done: 0, total: changed.length });
    await changeEntries(changed, chosen.change ?? applyPlan, { signal, progress });
    put({ step: "done", entries });
  };
  // What was carried out, and its response got lost, is not planned again: it is sent with the same key.
  const sendLost = async (/** @type {Chosen} */ chosen) => {
    const lost = state.entries.filter((entry) => entry.outcome === "failed" && entry.isLost);
    if (!lost.length) return;
    put({ step: "applying", done: 0, total: lost.length });
    await changeEntries(lost, chosen.change ?? applyPlan, { signal, progress });
  };
  useEffect(() => {
    load(selected).then((entries) => put({ step: "form", entries }));
    return () => controller.current.abort();
  }, []);
  const { entries, chosen } = state;
  return {
    ...state,
    // An edit of rules is reviewed; the form of any other change shows all that it does.
    choose: (/** @type {Chosen} */ choice) => (choice.edit ? plan(entries, choice) : change(entries, choice)),
    apply: () => chosen && change(entries, chosen),
    back: () => put({ step: "form" }),
    retry: async () => {
      if (chosen) await sendLost(chosen);
      const failed = entries.filter((entry) => entry.outcome === "failed");
      if (!failed.length || failed.some((entry) => entry.isLost)) {
        put({ step: "done", entries });
        return;
      }
      const again = await load(failed.map((entry) => entry.selected));
      if (chosen?.edit) await plan(again, chosen);
      else put({ step: "form", entries: again });
    },
    stop: () => controller.current.abort(),
  };
}

/** @param {{step: string, done: number, total: number}} properties */
function Progress({ step, done, total }) {
  const verbs = /** @type {Record<string, string>} */ ({ loading: "Loading", planning: "Planning", applying: "Applying" });
  return html`<label class="bulk-progress"><span role="status">${verbs[step]}: ${done} of ${count(total, "group")}</span>
    <progress max=${total || 1} value=${done}></progress></label>`;
}

/** @param {{entries: Entry[]}} properties */
function LeftOut({ entries }) {
  if (!entries.length) return null;
  return html`<div class="notice notice-warn"><strong>${count(entries.length, "group is", "groups are")} left out</strong>
    <ul>${entries.map(({ selected, problem, refused }) => html`<li key=${selected.uuid}>${selected.name}, ${selected.tenant_name}: ${problem ?? refused}</li>`)}</ul></div>`;
}

/**
 * @param {any} traffic
 * @param {string} [said] what an edit means
 */
function reviewText(traffic, said) {
  if (!said) return headlineOf(traffic);
  const place = traffic.instances > 0 ? ` on ${count(traffic.instances, "instance")}` : "";
  return isMove(traffic) ? `${said}${place}.` : `${said}. ${headlineOf(traffic)}`;
}

/** @param {string} text after a colon */
const lowered = (text) => text.replace(/^(Opens|Closes|No|As|This)\b/, (word) => word.toLowerCase());

/** @param {{entries: Entry[], says?: Chosen["says"], onBack: () => void, onApply: () => void, onClose: () => void}} properties */
function Review({ entries, says, onBack, onApply, onClose }) {
  const planned = entries.filter((entry) => entry.plan);
  const same = entries.filter((entry) => !entry.plan && !entry.problem && !entry.refused);
  const sum = useMemo(() => ({ traffic: sumOfTraffic(planned.map((entry) => entry.plan)) }), [entries]);
  const { Doors, areConfirmed } = useDoors(sum);
  const leftOut = entries.filter((entry) => entry.problem || entry.refused);
  return html`<div class="dialog-body bulk-review">
      <p class="review-headline">${planned.length ? `${count(planned.length, "group")}: ${lowered(reviewText(sum.traffic, says?.(planned.flatMap(({ group }) => group.rules))))}` : `No group changes.${leftOut.length ? "" : " Nothing is left to do."}`}</p>
      <${LeftOut} entries=${leftOut} />
      <${Doors} />
      ${planned.map(({ selected, group, plan }) => html`<details class="bulk-group" key=${selected.uuid}>
        <summary><strong>${group.name}</strong> <span class="quiet">· ${group.tenant_name} ·</span> ${reviewText(gathered(plan), says?.(group.rules))}</summary>
        <${PlanReview} plan=${plan} before=${group.rules} doors=${doorsOf(plan).map(({ key, label }) => html`<p key=${key} class="tone-warn">Open ${label}</p>`)} />
      </details>`)}
      ${same.length > 0 && html`<details class="bulk-group"><summary>${count(same.length, "group does", "groups do")} not change</summary>
        <ul class="plain">${same.map(({ selected }) => html`<li key=${selected.uuid}>${selected.name} <span class="quiet">· ${selected.tenant_name}</span></li>`)}</ul></details>`}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onBack}>Back</button>
      ${planned.length
        ? html`<button type="button" class="button button-main" disabled=${!areConfirmed} onClick=${onApply}>Apply to ${count(planned.length, "group")}</button>`
        : html`<button type="button" class="button button-main" onClick=${onClose}>Close</button>`}
    </footer>`;
}

/** @param {{entries: Entry[], became?: string, onRetry: () => void, onClose: () => void}} properties */
function Outcome({ entries, became, onRetry, onClose }) {
  const by = (/** @type {string} */ outcome) => entries.filter((entry) => entry.outcome === outcome);
  const [done, differing, accepted, failed] = ["done", "differs", "accepted", "failed"].map(by);
  return html`<div class="dialog-body">
      <p role="status"><strong>${count(done.length, "group")} ${became ?? (done.length ? "changed; in the cloud" : "changed")}${differing.length > 0 ? `, ${differing.length} ${differing.length === 1 ? "differs" : "differ"} from the cloud` : ""}${accepted.length > 0 ? `, ${accepted.length} accepted and not yet in the cloud` : ""}${failed.length > 0 ? `, ${failed.length} failed` : ""}.</strong></p>
      ${became !== "deleted" && html`<ul class="plain bulk-done">${[...done, ...accepted].map(({ selected, plan, outcome }) => html`<li key=${selected.uuid}>
        <a href=${`${GROUP_PAGES}${selected.uuid}/`}>${selected.name}</a> <span class="quiet">· ${selected.tenant_name}${plan && ` · version ${plan.version + 1}${outcome === "done" ? " is in the cloud" : ", not yet in the cloud"}`}</span></li>`)}</ul>`}
      ${differing.length > 0 && html`<ul class="notice notice-warn bulk-failed">${differing.map(({ selected }) => html`<li key=${selected.uuid}>
        <a href=${`${GROUP_PAGES}${selected.uuid}/`}>${selected.name}</a>, ${selected.tenant_name}: the cloud differs from what is desired.</li>`)}</ul>`}
      ${failed.length > 0 && html`<ul class="notice notice-bad bulk-failed">${failed.map(({ selected, message }) => html`<li key=${selected.uuid}>
        <strong>${selected.name}</strong>, ${selected.tenant_name}: ${message}</li>`)}</ul>`}
      <${LeftOut} entries=${entries.filter((entry) => entry.problem || entry.refused)} />
    </div>
    <footer class="dialog-foot">
      ${failed.length > 0 && html`<button type="button" class="button" onClick=${onRetry}>Retry the failed</button>`}
      <button type="button" class="button button-main" onClick=${onClose}>Close</button>
    </footer>`;
}

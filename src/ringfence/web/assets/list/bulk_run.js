// Loads, plans and changes several groups: each is one change, of the version and the plan reviewed.

import { GROUPS, OVERVIEWS, request } from "../api.js";
import { isStable } from "../components/states.js";
import { isAnswered, messageOfChange, newKey } from "../editor/attempts.js";
import { loadGroup } from "../group/load.js";

const AT_ONCE = 4;
const POLL_MILLISECONDS = 700;
const MAX_POLLS = 90;
const WAY_ON = "Retry reads the new version and plans again.";

/**
 * A group in a change. `rules` and `plan` are there once it is planned, `problem` says why it cannot
 * be changed, and `outcome` what became of it.
 *
 * @typedef {object} Entry
 * @property {import("./selection.js").Selected} selected
 * @property {any} [group]
 * @property {any[]} [rules]
 * @property {any} [plan]
 * @property {any} [usage]
 * @property {string} key the idempotency key of its change
 * @property {string} [problem]
 * @property {string} [refused] why its plan was refused
 * @property {"done" | "differs" | "accepted" | "failed"} [outcome]
 * @property {boolean} [isLost] whether its change may have been carried out, because the response got lost
 * @property {string} [message]
 */

/**
 * Run work on items, a few at once, in their order.
 *
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<void>} work
 * @param {AbortSignal} signal
 */
async function each(items, work, signal) {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined && !signal.aborted; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/**
 * Load the groups of a selection; with their usage, if they are to be deleted.
 *
 * @param {import("./selection.js").Selected[]} selection
 * @param {{withUsage: boolean, signal: AbortSignal, progress: (done: number) => void}} options
 * @returns {Promise<Entry[]>}
 */
export async function loadEntries(selection, { withUsage, signal, progress }) {
  const entries = /** @type {Entry[]} */ (selection.map((selected) => ({ selected, key: newKey() })));
  let done = 0;
  await each(entries, async (entry) => {
    try {
      entry.group = await loadGroup(entry.selected.uuid, signal);
      if (!entry.group.can_manage) entry.problem = "You can only read this group.";
      else if (withUsage) entry.usage = (await request("GET", `${GROUPS}${entry.selected.uuid}/usage/`, { signal })).data;
    } catch (error) {
      if (!signal.aborted) entry.problem = error.message;
    }
    done += 1;
    progress(done);
  }, signal);
  return entries;
}

/**
 * Plan a change of rules in each group. Groups whose rules do not change are not planned.
 *
 * @param {Entry[]} entries
 * @param {(rules: any[]) => any[]} edit
 * @param {{signal: AbortSignal, progress: (done: number) => void}} options
 */
export async function planEntries(entries, edit, { signal, progress }) {
  let done = 0;
  await each(entries.filter((entry) => !entry.problem), async (entry) => {
    const rules = edit(entry.group.rules);
    const isSame = JSON.stringify(rules) === JSON.stringify(entry.group.rules);
    entry.rules = rules;
    entry.plan = entry.refused = undefined;
    if (!isSame) await planEntry(entry, signal);
    done += 1;
    progress(done);
  }, signal);
}

/**
 * @param {Entry} entry
 * @param {AbortSignal} signal
 */
async function planEntry(entry, signal) {
  const headers = { "If-Match": `"v${entry.group.version}"` };
  try {
    entry.plan = (await request("POST", `${GROUPS}${entry.group.uuid}/plan/`, { body: entry.rules, headers, signal })).data;
  } catch (error) {
    if (!signal.aborted) entry.refused = messageOfChange(error, WAY_ON);
  }
}

/**
 * Change each group, and wait until its change is in the cloud or has failed.
 *
 * @param {Entry[]} entries
 * @param {(entry: Entry, signal: AbortSignal) => Promise<boolean>} change returns whether to wait
 * @param {{signal: AbortSignal, progress: (done: number) => void}} options
 */
export async function changeEntries(entries, change, { signal, progress }) {
  let done = 0;
  await each(entries, async (entry) => {
    try {
      const waits = await change(entry, signal);
      Object.assign(entry, { isLost: false }, waits ? await settled(entry.selected.uuid, signal) : { outcome: "done", message: "" });
    } catch (error) {
      if (!signal.aborted) Object.assign(entry, { outcome: "failed", message: messageOfChange(error, WAY_ON), isLost: !isAnswered(error) });
    }
    done += 1;
    progress(done);
  }, signal);
}

/**
 * @param {string} uuid
 * @param {AbortSignal} signal
 * @returns {Promise<{outcome: "done" | "differs" | "accepted" | "failed", message: string}>}
 */
async function settled(uuid, signal) {
  for (let poll = 0; poll < MAX_POLLS && !signal.aborted; poll += 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    try {
      const { data } = await request("GET", `${OVERVIEWS}${uuid}/`, { query: { field: ["state", "error_message", "drift"] }, signal });
      if (data.state === "ERRED") return { outcome: "failed", message: data.error_message };
      if (isStable(data.state)) return { outcome: data.drift === "drifting" || data.drift === "missing" ? "differs" : "done", message: "" };
    } catch (error) {
      if (error.status === 404) return { outcome: "done", message: "" };
      if (error.status) throw error;
    }
  }
  return { outcome: "accepted", message: "Accepted, and not yet in the cloud." };
}

/**
 * Apply the plan of a group that was reviewed: its version and its token.
 *
 * @param {Entry} entry
 * @param {AbortSignal} signal
 */
export async function applyPlan({ group, rules, plan, key }, signal) {
  await request("POST", `${GROUPS}${group.uuid}/set_rules/`, {
    body: rules, query: { plan_token: plan.plan_token }, signal,
    headers: { "If-Match": `"v${plan.version}"`, "Idempotency-Key": key },
  });
  return true;
}

/**
 * @param {Entry} entry
 * @param {{mode: string}} choice
 * @param {AbortSignal} signal
 */
export async function setDriftMode({ group, key }, { mode }, signal) {
  await request("POST", `${GROUPS}${group.uuid}/set_drift_mode/`, { body: { mode }, headers: { "Idempotency-Key": key }, signal });
  return false;
}

/**
 * @param {Entry} entry
 * @param {AbortSignal} signal
 */
export async function pull({ group, key }, signal) {
  await request("POST", `${GROUPS}${group.uuid}/pull/`, { headers: { "Idempotency-Key": key }, signal });
  return true;
}

/**
 * @param {Entry} entry
 * @param {{detach: boolean}} choice
 * @param {AbortSignal} signal
 */
export async function remove({ group, key }, { detach }, signal) {
  try {
    await request("DELETE", `${GROUPS}${group.uuid}/`, {
      headers: { "If-Match": `"v${group.version}"`, "Idempotency-Key": key }, query: { detach: detach || undefined }, signal,
    });
  } catch (error) {
    // It was deleted, and the response got lost.
    if (error.status !== 404) throw error;
  }
  return true;
}

// What the state of a group means, in words, and the one action that helps whoever looks. Pure.

/**
 * @typedef {"push" | "pull" | "pull_tenant" | "edit" | "delete" | "rename" | ""} ActionName
 *
 * @typedef {object} Status
 * @property {"good" | "warn" | "bad" | "busy" | "idle"} tone
 * @property {string} title
 * @property {string} text what to know and what to do, besides the title
 * @property {string} quote what the cloud said
 * @property {ActionName} action none for a reader, and while a job runs
 * @property {string} label of the action
 */

/** Whether no job is pending. */
const isAtRest = (/** @type {string} */ state) => state === "OK" || state === "ERRED";

// The job that failed, by how the service's advice ends
const PULL_AGAIN = /pull it again\.$/;
const DELETE_AGAIN = /delete it again\.$| is in use by /;
const COMPARE = "Compare with the cloud";
const PUSH = "Push again";
const EDIT = "Edit rules";
export const QUOTA_TITLE = "The rules do not fit the quota in the cloud.";
const KEPT = "The desired rules are kept.";

/**
 * Causes of failures: how the message or the service's advice in it begins, then title, text, action
 * and label. The page has its own advice, with the button that follows it.
 *
 * @type {[RegExp, string, string, ActionName, string][]}
 */
const CAUSES = [
  [/^The default security group was not found/, "The cloud has replaced this group.", "OpenStack keeps one default group in each project: a pull of the tenant binds this group to it.", "pull_tenant", "Pull the tenant"],
  [/^The security group was not found in the cloud| Set its rules, or roll it back /, "This group is missing in the cloud.", `${KEPT} Pushing them creates it again; its instances have to be given it again.`, "push", "Create it again"],
  [/^.*A group of this name exists in the cloud.*/, "The cloud has another group of this name.", "Neither was changed. Under another name, this group is created beside it.", "rename", "Rename this group"],
  [/^The tenant moved to another project/, "The tenant moved to another project, which does not have this group.", KEPT, "push", "Create it there"],
  [/^Rules of this group in the cloud cannot be read.*/, "Rules in the cloud cannot be read.", "Nothing was changed. Correct or delete them in the cloud, then compare again.", "pull", COMPARE],
  [/ Set fewer rules; /, QUOTA_TITLE, "Remove rules, or have the quota raised and apply them again.", "edit", EDIT],
  [/^Quota exceeded for resources.*/, QUOTA_TITLE, "Remove rules, or have the quota in the cloud raised and push again.", "push", PUSH],
  [/ An operator must correct /, "The cloud does not let Ringfence in.", `${KEPT} An operator must correct the cloud's settings, credentials or roles first.`, "push", PUSH],
  [/ Set rules that name another group; /, "A rule names a group that the cloud does not have.", "Name another group in that rule.", "edit", EDIT],
  [/ When the cause has passed, /, "The cloud could not be reached.", KEPT, "push", PUSH],
  [/ Change what the cloud refuses; /, "The cloud refuses the change.", KEPT, "edit", EDIT],
  [/ To retry, |$/, "The last change did not reach the cloud.", KEPT, "push", PUSH],
];
const MISSING = CAUSES[1];
const OTHER = CAUSES[CAUSES.length - 1];

/**
 * Return what the state of a group means, and the action that helps whoever looks.
 *
 * @param {any} group its document and overview
 * @returns {Status}
 */
export function statusOf(group) {
  const found = group.state === "ERRED" ? failed(group) : isAtRest(group.state) ? atRest(group) : pending(group);
  if (!found.action || group.can_manage) return found;
  const text = `Ask an administrator or a manager of the project ${group.project_name}: “${found.label}” helps.`;
  return { ...found, text: found.tone === "idle" ? "" : text, action: "", label: "" };
}

/**
 * @param {Status["tone"]} tone
 * @param {string} title
 * @param {string} [text]
 * @param {ActionName} [action]
 * @param {string} [label]
 * @param {string} [quote]
 * @returns {Status}
 */
function status(tone, title, text = "", action = "", label = "", quote = "") {
  return { tone, title, text, quote, action, label };
}

/** @param {any} group */
function failed({ error_message: message, drift, backend_id: id, name, applied_version: applied }) {
  let known = /** @type {typeof OTHER} */ (CAUSES.find(([pattern]) => pattern.test(message)));
  const { index, 0: matched } = /** @type {RegExpExecArray} */ (known[0].exec(message));
  if (known === OTHER && drift === "missing") known = MISSING;
  let [, title, text, action, label] = known;
  if (DELETE_AGAIN.test(message)) {
    [title, text, action, label] = ["The group could not be deleted.", "", "delete", "Delete…"];
  } else if (PULL_AGAIN.test(message)) {
    [text, action, label] = ["", "pull", COMPARE];
    if (known === OTHER) title = "The group could not be compared with the cloud.";
  }
  // A group that was never in the cloud can be pushed, not pulled; nobody names the default group.
  if (action === "pull" && !id) [action, label] = ["push", PUSH];
  if (action === "rename" && name === "default") [text, action, label] = ["Neither was changed: an operator must bind them.", "", ""];
  const quote = index ? message.slice(0, index) : /\.$|^Quota/.test(matched) ? matched : "";
  if (drift === "in_sync") text = `${text} When it was last compared, the cloud had version ${applied}.`.trim();
  return status("bad", title, text, action, label, quote);
}

/** @param {any} group */
function pending({ state, version, applied_version: applied }) {
  if (state.startsWith("DELET")) return status("busy", "The group is being deleted in the cloud.");
  if (state.startsWith("CREAT")) return status("busy", `Version ${version} is on its way: the group is being created in the cloud.`);
  if (applied === version) return status("busy", "The cloud is being compared with the desired rules.");
  return status("busy", `Version ${version} is on its way to the cloud.`, applied ? `The cloud has version ${applied} now.` : "");
}

/** @param {any} group */
function atRest({ drift, drift_grade: grade, version, applied_version: applied, backend_id: id }) {
  if (drift === "never_pushed") return status("warn", "This group is not in the cloud.", "It was loaded from a file and never pushed: no instance can use it.", "push", "Push to the cloud");
  if (drift === "missing") return status("bad", MISSING[1], MISSING[2], MISSING[3], MISSING[4]);
  if (applied < version) return status("warn", `Version ${version} is not in the cloud.`, applied ? `The cloud has version ${applied}.` : "", "push", PUSH);
  if (drift === "drifting") {
    if (grade === "opens") return status("bad", "The cloud admits more than is desired.");
    return status("warn", grade === "closes" ? "The cloud admits less than is desired." : "The cloud differs from what is desired.");
  }
  if (drift === "in_sync") return status("good", `Version ${version} is in the cloud, as desired.`);
  return status("idle", "Not compared with the cloud yet.", "", id ? "pull" : "push", id ? COMPARE : "Push to the cloud");
}

/**
 * What somebody waits for: that a version reaches the cloud, or that a pull ends.
 *
 * @typedef {{version: number, kind: "change" | "pull"} | null} Goal
 */

/**
 * Return what is waited for once the group has been loaded again.
 *
 * A version that is new on this page is waited for even if no response had it on its way: on a slow
 * line it arrives between two requests.
 *
 * @param {Goal} goal
 * @param {any} before undefined for the first time
 * @param {any} now
 * @returns {Goal}
 */
export function nextGoal(goal, before, now) {
  if (now.state.startsWith("DELET")) return null;
  const isNew = before && now.version > before.version;
  const isStarted = !isAtRest(now.state) && (!before || isAtRest(before.state));
  if (!isNew && !isStarted) return goal;
  return { version: now.version, kind: isNew || now.applied_version < now.version ? "change" : "pull" };
}

/**
 * Return what to say of a goal: null while it is not reached. Success needs that the version is in the
 * cloud, and that no difference is known.
 *
 * @param {Goal} goal
 * @param {any} group
 * @returns {{text: string, tone: "good" | "bad" | "plain"} | null}
 */
export function resultOf(goal, group) {
  if (!goal || !isAtRest(group.state)) return null;
  const { name, drift } = group;
  if (group.state === "ERRED") return { text: `${name}: ${statusOf(group).title}`, tone: "bad" };
  const isChange = goal.kind === "change";
  if (isChange && group.applied_version < goal.version) return { text: `Version ${goal.version} of ${name} has not reached the cloud.`, tone: "bad" };
  if (drift === "in_sync") return { text: isChange ? `Version ${group.applied_version} of ${name} is in the cloud.` : `The cloud has ${name} as desired.`, tone: "good" };
  if (drift === "unknown") return { text: `Version ${group.applied_version} of ${name} was sent to the cloud, and not compared yet.`, tone: "plain" };
  return { text: `The cloud differs from what is desired of ${name}.`, tone: "bad" };
}

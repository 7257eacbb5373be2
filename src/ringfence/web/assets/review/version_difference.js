// The difference between two versions of a group: what opened and closed, and each rule from what to what.

import { request } from "../api.js";
import { Skeleton, useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { differenceOf } from "./differences.js";
import { DifferenceLines, sumOf } from "./plan.js";
import { RuleLines } from "./rule_line.js";
import { OpensAndCloses, headlineOf } from "./traffic.js";

/** @param {{path: string, shown: number, before: number}} properties */
export function VersionDifference({ path, shown, before }) {
  const { data, error } = useLoaded(async (signal) => {
    const query = shown > 1 && before !== shown ? { compare: before } : {};
    return (await request("GET", `${path}${shown}/`, { query, signal })).data;
  }, []);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!data) return html`<${Skeleton} rows=${4} />`;
  if (!data.rules) return html`<${Difference} change=${data} />`;
  const rules = data.rules.map((/** @type {any} */ rule) => ({ rule, number: 0 }));
  return html`<p class="quiet">${shown > 1 ? "The same version." : "This is the first version."}</p>
    <${RuleLines} rules=${rules} sign=${shown > 1 ? "=" : "+"} />`;
}

/** @param {{change: any}} properties */
function Difference({ change }) {
  const renamed = ["name", "description"].filter((field) => change[field].from !== change[field].to);
  // The rules are in no editor, so row numbers name nothing.
  const found = differenceOf(change.removed, change.added, { isNumbered: false });
  found.described = change.description_only.map((/** @type {any} */ rule) => ({ from: { ...rule, description: rule.description_before }, to: rule, number: 0 }));
  const rules = found.added.length + found.removed.length + found.changed.length;
  const descriptions = found.described.length;
  // Which instances had the group then is not known, nor what other groups admitted.
  const traffic = { ...change.traffic, instances: undefined, still_admitted_by: [] };
  const isSame = !rules && !descriptions && !renamed.length;
  return html`
    <p class="review-headline">${isSame ? "The versions are the same." : headlineOf(traffic, { rules, descriptions, added: change.added, removed: change.removed })}</p>
    ${renamed.map((field) => html`<p key=${field}>${field === "name" ? "Name" : "Description"}: <del>${change[field].from || "none"}</del> <span aria-hidden="true">→</span> <ins>${change[field].to || "none"}</ins></p>`)}
    <${OpensAndCloses} traffic=${traffic} added=${change.added} removed=${change.removed} />
    ${rules + descriptions > 0 && html`<h3>Rules <span class="quiet">${sumOf(found)}</span></h3><${DifferenceLines} difference=${found} />`}`;
}

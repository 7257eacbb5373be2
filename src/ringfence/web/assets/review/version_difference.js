// The difference between two versions of a group: what opened and closed, and each rule from what to what.

import { request } from "../api.js";
import { html } from "../html.js";
import { Skeleton, useLoaded } from "../use_loaded.js";
import { differenceOf } from "./differences.js";
import { headlineOf } from "./headline.js";
import { sumOf } from "./plan.js";
import { ChangedLines, RuleLines } from "./rule_line.js";
import { OpensAndCloses } from "./traffic_lists.js";

/** @param {{path: string, shown: number, before: number}} properties */
export function VersionDifference({ path, shown, before }) {
  const { data, error } = useLoaded(async (signal) => {
    const query = shown > 1 && before !== shown ? { compare: before } : {};
    return (await request("GET", `${path}${shown}/`, { query, signal })).data;
  }, []);
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!data) return html`<${Skeleton} rows=${4} />`;
  if (data.rules) {
    return html`<p class="quiet">${shown > 1 ? "The same version." : "This is the first version."}</p>
      <${RuleLines} rules=${unnumbered(data.rules)} sign=${shown > 1 ? "=" : "+"} />`;
  }
  return html`<${Difference} change=${data} />`;
}

/**
 * Rules of versions are in no editor, so their row numbers name nothing.
 *
 * @param {any[]} rules
 */
const unnumbered = (rules) => rules.map((rule) => ({ rule, number: 0 }));

/** @param {{change: any}} properties */
function Difference({ change }) {
  const renamed = ["name", "description"].filter((field) => change[field].from !== change[field].to);
  const described = change.description_only.map((/** @type {any} */ rule) => ({ from: { ...rule, description: rule.description_before }, to: rule, number: 0 }));
  const found = { ...differenceOf(change.removed, change.added), described };
  const rules = found.added.length + found.removed.length + found.changed.length;
  // Which instances had the group then is not known, nor what other groups admitted.
  const traffic = { ...change.traffic, instances: undefined, still_admitted_by: [] };
  const isSame = !rules && !described.length && !renamed.length;
  return html`
    <p class="review-headline">${isSame ? "The versions are the same." : headlineOf(traffic, { rules, descriptions: described.length })}</p>
    ${renamed.map((field) => html`<p key=${field}>${field === "name" ? "Name" : "Description"}: <del>${change[field].from || "none"}</del> <span aria-hidden="true">→</span> <ins>${change[field].to || "none"}</ins></p>`)}
    <${OpensAndCloses} traffic=${traffic} />
    ${rules + described.length > 0 && html`<h3>Rules <span class="quiet">${sumOf(found)}</span></h3>
      <${ChangedLines} pairs=${found.changed.map((pair) => ({ ...pair, number: 0 }))} />
      <${RuleLines} rules=${unnumbered(found.added.map((each) => each.rule))} sign="+" />
      <${RuleLines} rules=${found.removed} sign="−" />
      <${ChangedLines} pairs=${described} />`}`;
}

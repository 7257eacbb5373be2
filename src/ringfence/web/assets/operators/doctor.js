// What an API process finds out about the service; for staff.

import { request } from "../api.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { own } from "../own.js";
import { count } from "../rules/text.js";

// What needs a person comes first.
const OUTCOMES = /** @type {Record<string, [string, string]>} */ ({
  failed: ["Failed", "bad"],
  warning: ["Warning", "warn"],
  skipped: ["Skipped", "idle"],
  passed: ["Passed", "good"],
});
const ORDER = Object.keys(OUTCOMES);

export function Doctor() {
  const { data, error, isLoading, reload } = useLoaded(
    async (signal) => (await request("GET", "/api/doctor/", { signal })).data, [],
  );
  const checks = data?.toSorted((/** @type {any} */ one, /** @type {any} */ other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome));
  return html`
    <${PageHead} of="Doctor" note=${isLoading ? "Checking…" : checks ? summary(checks) : ""}>
      <button type="button" class="button" aria-disabled=${isLoading} onClick=${() => isLoading || reload()}>Check again</button><//>
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<${Skeleton} rows=${12} />`}
    ${checks && html`<div class="table-frame"><table class="table doctor">
      <caption class="visually-hidden">Checks</caption>
      <thead><tr><th scope="col">Check</th><th scope="col">Outcome</th><th scope="col">Found</th><th scope="col">Tested</th></tr></thead>
      <tbody>${checks.map((/** @type {any} */ check) => html`<${Row} key=${check.name} check=${check} />`)}</tbody></table></div>`}`;
}

/** @param {any[]} checks */
function summary(checks) {
  const number = (/** @type {string} */ outcome) => checks.filter((each) => each.outcome === outcome).length;
  const failed = number("failed");
  const warnings = number("warning");
  return [failed && `${failed} failed`, warnings && count(warnings, "warning"), `${number("passed")} passed`, `${number("skipped")} skipped`].filter(Boolean).join(", ");
}

/** @param {{check: any}} properties */
function Row({ check: { name, outcome, found, tested, fix } }) {
  const [label, tone] = own(OUTCOMES, outcome) ?? [outcome, "idle"];
  return html`<tr>
    <td class="cell-name" data-label="Check">${name}</td>
    <td data-label="Outcome"><span class=${`mark mark-${tone}`}>${label}</span></td>
    <td data-label="Found">${found}${fix && html`<strong class="doctor-fix">${fix}</strong>`}</td>
    <td class="quiet" data-label="Tested">${tested}</td>
  </tr>`;
}

// The versions of a group's desired rules, the difference between any two, and rollback.

import { GROUPS, request } from "../api.js";
import { isStable } from "../components/states.js";
import { Ago } from "../components/times.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { own } from "../own.js";
import { RollBack } from "../review/roll_back.js";
import { VersionDifference } from "../review/version_difference.js";
import { updateQuery, useLocation } from "../router.js";
import { count } from "../rules/text.js";

const CAUSES = /** @type {Record<string, string>} */ ({
  user: "set", pull: "adopted from the cloud", load: "loaded from a file", rollback: "rolled back",
});
// The API returns at most so many at once.
const PAGE_SIZE = 50;

/**
 * @typedef {object} Chosen
 * @property {any[]} versions
 * @property {number} shown
 * @property {number} before
 */

/** @param {{group: any, reload: () => Promise<void>}} properties */
export function History({ group, reload }) {
  const { query } = useLocation();
  const [pages, setPages] = useState(1);
  const [target, setTarget] = useState(0);
  const path = `${GROUPS}${group.uuid}/versions/`;
  const { data, error, reload: reloadVersions } = useLoaded((signal) => loadVersions(path, pages, signal), [group.version, pages]);
  if (!data) return error ? html`<${Failure} error=${error} retry=${reloadVersions} />` : html`<${Skeleton} rows=${6} />`;
  const { versions, total } = data;
  const shown = Number(query.get("version")) || versions[0]?.number;
  const listed = versions.find((each) => each.number === shown);
  const before = Number(query.get("compare")) || (listed?.compared_with ?? Math.max(1, shown - 1));
  const chosen = { versions, shown, before };
  return html`<${Stale} error=${error} /><div class="columns history">
    <section class="card">
      <h2>Versions <span class="quiet">${count(total, "version")}</span></h2>
      <${Versions} chosen=${chosen} applied=${group.applied_version} />
      ${total > versions.length && html`<button type="button" class="button" onClick=${() => setPages(pages + 1)}>Show older versions</button>`}
    </section>
    <section class="card review">
      <div class="page-head">
        <h2><${Comparison} chosen=${chosen} /></h2>
        ${group.can_manage && shown !== group.version && html`<button type="button" class="button button-main"
          disabled=${!isStable(group.state)} title=${isStable(group.state) ? undefined : "A change is being applied"}
          onClick=${() => setTarget(shown)}>Roll back to version ${shown}</button>`}
      </div>
      <${VersionDifference} key=${`${shown}-${before}`} path=${path} shown=${shown} before=${before} />
    </section>
  </div>
  ${target > 0 && html`<${RollBack} group=${group} version=${target} reload=${reload} onClose=${() => setTarget(0)} />`}`;
}

/**
 * @param {string} path
 * @param {number} pages
 * @param {AbortSignal} signal
 */
async function loadVersions(path, pages, signal) {
  const numbers = Array.from({ length: pages }, (_, index) => index + 1);
  const loaded = await Promise.all(numbers.map((page) => request("GET", path, { query: { page, page_size: PAGE_SIZE }, signal })));
  return { versions: /** @type {any[]} */ (loaded.flatMap(({ data }) => data)), total: loaded[0].total };
}

/** @param {number} number */
const show = (number) => updateQuery({ version: String(number), compare: "" });

/**
 * The list of versions, in which the arrow keys move.
 *
 * @param {{chosen: Chosen, applied: number}} properties
 */
function Versions({ chosen: { versions, shown, before }, applied }) {
  const list = useRef(/** @type {any} */ (null));
  const isMoving = useRef(false);
  useEffect(() => {
    if (isMoving.current) list.current?.querySelector('[aria-pressed="true"]')?.focus();
    isMoving.current = false;
  }, [shown]);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step && versions[versions.findIndex((each) => each.number === shown) + step];
    if (!next) return;
    event.preventDefault();
    isMoving.current = true;
    show(next.number);
  };
  return html`<ol class="plain versions" ref=${list} onKeyDown=${move}>${versions.map((version) => html`<li key=${version.number}
    class=${version.number === shown ? "is-shown" : null}>
    <button type="button" class="version" aria-pressed=${version.number === shown} onClick=${() => show(version.number)}>
      <strong>Version ${version.number}</strong>
      ${version.number === applied && html` <span class="mark mark-good">in the cloud</span>`}
      ${version.number === before && version.number !== shown && html` <span class="mark mark-idle">compared</span>`}
      <span class="quiet">${version.author ?? "Ringfence"} · ${own(CAUSES, version.cause) ?? version.cause} <${Ago} at=${version.created} /></span>
      <span class="quiet">${changesText(version)}, ${count(version.rules_count, "rule")} in all</span>
    </button>
    ${version.compared_with !== null && version.compared_with < version.number - 1 && html`<p class="quiet">${count(version.number - version.compared_with - 1, "older version was", "older versions were")} removed.</p>`}
  </li>`)}</ol>`;
}

/** @param {{rules_added: number, rules_removed: number}} version */
function changesText({ rules_added: added, rules_removed: removed }) {
  return [added && `${added} added`, removed && `${removed} removed`].filter(Boolean).join(", ") || "No rule added or removed";
}

/** @param {{chosen: Chosen}} properties */
function Comparison({ chosen: { versions, shown, before } }) {
  if (shown <= 1) return html`Version ${shown}`;
  const numbers = versions.map((each) => each.number).filter((number) => number !== shown);
  const offered = numbers.includes(before) || before === shown ? numbers : [...numbers, before];
  return html`Version ${shown} compared with
    ${" "}<select aria-label="Compare with version" value=${String(before)}
      onChange=${(/** @type {any} */ event) => updateQuery({ version: String(shown), compare: event.target.value })}>
      ${offered.map((number) => html`<option key=${number} value=${String(number)} selected=${number === before}>version ${number}</option>`)}
    </select>`;
}

// The list of groups, and the search in it; question, filters, ordering and page are in the URL.

import { Pages } from "../components/pagination.js";
import { isStable } from "../components/states.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { draftsOf } from "../editor/draft_store.js";
import { ExportMenu, groupsOf } from "../export/menu.js";
import { useActions } from "../frame/actions.js";
import { html, useEffect, useMemo, useState } from "../html.js";
import { GROUP_PAGES, updateQuery } from "../router.js";
import { count } from "../rules/text.js";
import { WhichAncestor } from "./ancestors.js";
import { ask } from "./ask.js";
import { AskField, NoRules, OwnNames, Unasked, Understood } from "./ask_field.js";
import { BulkBar } from "./bulk_bar.js";
import { CloudOnly, DesiredOnly } from "./cloud_only.js";
import { Chips, Filters, filtersOf } from "./filters.js";
import { loadAll, loadPage } from "./load.js";
import { RuleResults } from "./results.js";
import { useSelection } from "./selection.js";
import { COLUMNS, GroupTable } from "./table.js";
import { Views } from "./views.js";

/** @param {{query: URLSearchParams, user: any}} properties */
export function GroupList({ query, user }) {
  const text = query.get("q") ?? "";
  const as = query.get("as") ?? "";
  const question = useMemo(() => ask(text, as), [text, as]);
  const { data, error, isLoading, reload } = useLoaded(
    (signal) => loadPage(question, query, signal),
    [query.toString()],
    // Poll faster while a change is being applied.
    (found) => (found?.kind === "rules" ? 30_000 : found?.groups.every((/** @type {any} */ group) => isStable(group.state)) ? 10_000 : 2000),
  );
  const beyond = useBeyond(query, data);
  const selection = useSelection(data?.groups ?? [], viewOf(query));
  const canCreate = user?.can_create !== false;
  useActions([canCreate && { name: "New group", href: `${GROUP_PAGES}new/` }], [canCreate]);
  const isFiltered = filtersOf(query).length > 0 || text !== "";
  return html`
    <${PageHead} of="Security groups" note=${data && (data.kind === "groups" || data.kind === "rules") ? totalText(data, isFiltered) : ""}>
      <${ExportMenu} name="security-groups" load=${async () => groupsOf((await loadAll(question, query)).map(({ uuid }) => uuid))} />
      ${canCreate && html`<a class="button button-main" href=${`${GROUP_PAGES}new/`}>New group</a>`}
    <//>
    <${Views} username=${user?.username ?? ""} query=${query} />
    <div class="filter-bar"><${AskField} text=${text} /><${Filters} query=${query} kind=${question.kind} columns=${COLUMNS} /></div>
    <${Chips} query=${query} kind=${question.kind} />
    <${Understood} question=${question} text=${text} as=${as} />
    <${Stale} error=${data && error} />
    ${beyond && html`<p class="notice" role="status">${beyond}</p>`}
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${isLoading && !data && html`<div class="list-skeleton"><${Skeleton} rows=${24} /></div>`}
    ${data && html`<${Found} data=${data} query=${query} user=${user} selection=${selection} isLoading=${isLoading} isFiltered=${isFiltered} canCreate=${canCreate} />`}
    <${BulkBar} selection=${selection} total=${data?.total ?? 0} loadAll=${() => loadAll(question, query)}
      cidr=${question.query.within ?? ""} isReader=${!canCreate} reload=${reload} />`;
}

/**
 * @param {{data: any, query: URLSearchParams, user: any, selection: import("./selection.js").Selection,
 *   isLoading: boolean, isFiltered: boolean, canCreate: boolean}} properties
 */
function Found({ data, query, user, selection, isLoading, isFiltered, canCreate }) {
  const { kind, groups, question } = data;
  const drafts = useMemo(() => new Set(draftsOf(user?.username ?? "").map(({ key }) => key)), [data]);
  if (kind === "ancestors") return html`<${WhichAncestor} ancestors=${data.ancestors} name=${question.ancestor} text=${query.get("q") ?? ""} />`;
  if (kind === "unasked") return html`<${Unasked} question=${question} text=${query.get("q") ?? ""} />`;
  const cloudOnly = kind === "rules" && question.query.from_internet && html`<${CloudOnly} parameters=${data.parameters} />`;
  if (!groups.length) {
    return html`${kind === "rules"
      ? html`<${NoRules} question=${question} text=${query.get("q") ?? ""} />`
      : html`<${NoResults} question=${question} isFiltered=${isFiltered} canCreate=${canCreate} />`}${cloudOnly}`;
  }
  return html`
    ${kind === "rules" ? html`<${DesiredOnly} parameters=${data.parameters} />` : html`<${OwnNames} question=${question} parameters=${data.parameters} total=${data.total} />`}
    <div class=${isLoading ? "list-frame is-waiting" : "list-frame"}>
      ${kind === "rules"
        ? html`<${RuleResults} groups=${groups} selection=${selection} />`
        : html`<${GroupTable} groups=${groups} order=${query.get("o") ?? ""} selection=${selection} drafts=${drafts} />`}
    </div>
    ${cloudOnly}
    <${Pages} page=${data.page} pages=${data.pages} />`;
}

/**
 * Return what a selection belongs to: the question and the filters, on any page and in any order.
 *
 * @param {URLSearchParams} query
 */
function viewOf(query) {
  const view = new URLSearchParams(query);
  for (const name of ["page", "o"]) view.delete(name);
  return view.toString();
}

/**
 * If the page of the URL is beyond the end, go to the last one; return the note about that.
 *
 * @param {URLSearchParams} query
 * @param {any} data
 */
function useBeyond(query, data) {
  const [note, setNote] = useState({ text: "", search: "" });
  useEffect(() => {
    if (!data?.isBeyond) return;
    const page = data.pages > 1 ? String(data.pages) : "";
    const asked = query.get("page");
    updateQuery({ page }, { replace: true });
    setNote({ text: `There is no page ${asked}: the list has ${count(data.pages, "page")}. This is the last one.`, search: location.search });
  }, [data]);
  return note.search === location.search ? note.text : "";
}

/**
 * @param {any} data
 * @param {boolean} isFiltered
 */
function totalText({ kind, total, groups, pages }, isFiltered) {
  if (kind === "groups") return `${count(total, "group")}${isFiltered ? " found" : ""}`;
  return `${count(total, "rule")}${total >= 10_000 ? " or more" : ""}${pages === 1 && total > 0 ? ` in ${count(groups.length, "group")}` : ""} found`;
}

/** @param {{question: import("./ask.js").Question, isFiltered: boolean, canCreate: boolean}} properties */
function NoResults({ question, isFiltered, canCreate }) {
  const { lead, parts } = question;
  const asked = `${lead} ${parts.map((part) => part.text).join(" ")}`;
  if (isFiltered) {
    return html`<section class="empty"><h2>No groups match</h2>
      <p>${parts.length ? `Searched among all groups that you can see: ${asked}.` : "No group that you can see matches the filters."} Change the search, or clear the filters.</p></section>`;
  }
  return html`<section class="empty"><h2>No security groups yet</h2>
    <p>A security group defines which traffic its instances accept and send.${canCreate ? " Create one from scratch, from a preset, or as a copy." : ""}</p>
    ${canCreate && html`<a class="button button-main" href=${`${GROUP_PAGES}new/`}>Create a group</a>`}</section>`;
}

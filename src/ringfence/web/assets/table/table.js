// The table of the rule editor. All of it works with the keyboard.

import { showToast } from "../components/toast.js";
import { html, useId, useRef } from "../html.js";
import { isMany, readRules } from "../paste/read.js";
import { count } from "../rules/text.js";
import { useActions } from "./actions.js";
import { moveFocus, useFocus, useReviewKey } from "./focus.js";
import { useFresh } from "./fresh.js";
import { useGroupNames } from "./groups.js";
import { useErrors } from "./messages.js";
import { EditableRow, GroupHead, RemovedRow } from "./row.js";
import { SUGGESTIONS } from "./services.js";
import { FindBar, SelectionBar, Toolbar, useDense } from "./tools.js";
import { useSelection, useView } from "./view.js";
import { Space, useWindow } from "./window.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {(rows: Row[]) => Row[]} Edit */
/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("./lines.js").View} View */

const COLUMNS = ["Direction", "Ether type", "Protocol", "Ports", "Remote", "Description"];
const WIDTH = COLUMNS.length + 2;

/**
 * @param {object} properties
 * @param {Row[]} properties.rows
 * @param {(edit: Edit) => void} properties.edit
 * @param {import("../editor/validation.js").Validation} properties.validation
 * @param {string} properties.tenant the UUID of the tenant whose groups can be remotes
 * @param {{name: string, url: string}} [properties.self] the group itself
 * @param {import("../paste/box.js").Paste} properties.paste
 * @param {() => void} properties.onReview
 * @param {Row[]} [properties.before] the rows that the edit is based on
 */
export function RuleTable({ rows, edit, validation, tenant, self, paste, onReview, before }) {
  const table = useRef(/** @type {any} */ (null));
  const groups = useGroupNames(tenant, self);
  const errors = useErrors(rows, validation, groups, edit);
  const view = useView(rows, before, errors);
  const dense = useDense();
  const focus = useFocus(table);
  const fresh = useFresh();
  const { shown, observe } = useWindow(table, view.lines, focus.pinned, dense[0]);
  const selection = useSelection(view.lines);
  const [names, services] = [useId(), useId()];
  const act = useActions({ rows, before: before ?? [], edit, groups, fresh, focus, view, selection, observe, table });
  useReviewKey(onReview);
  const onKeyDown = (/** @type {any} */ event) => moveFocus(event, view.lines, focus.focusOn, act.add);
  const { rows: chosen, all } = selection;
  return html`
    <${Toolbar} add=${act.add} insert=${act.insert} self=${self} paste=${paste} dense=${dense} />
    <div class="table-frame rule-frame">
      ${(rows.length > 0 || view.lines.length > 0) && html`<${FindBar} ...${view} total=${totalOf(view, rows)}>
        ${chosen.length > 0 && html`<${SelectionBar} rows=${chosen} ...${act.selected} urlOf=${groups.urlOf} find=${groups.find} names=${names} />`}<//>`}
      <table class=${dense[0] ? "table editing is-dense" : "table editing"} ref=${table} aria-rowcount=${view.lines.length + 1}
        onKeyDown=${onKeyDown} onPaste=${(/** @type {any} */ event) => pasteInto(event, { rows, edit, paste, insert: act.insert })} onFocusIn=${focus.onFocusIn}>
        <caption class="visually-hidden">Edit rules; Ctrl with an arrow key moves between rows</caption>
        <thead><tr aria-rowindex="1">
          <th scope="col" class="row-number"><label class="select-all"><input type="checkbox" aria-label="Select all shown rules" checked=${all.length > 0 && chosen.length === all.length} disabled=${!all.length}
            indeterminate=${chosen.length > 0 && chosen.length < all.length} onClick=${(/** @type {any} */ event) => selection.set(all, event.target.checked)} /><span>Select all</span></label></th>
          ${COLUMNS.map((label) => html`<th scope="col" key=${label}>${label}</th>`)}
          <th scope="col"><span class="visually-hidden">Actions</span></th>
        </tr></thead>
        <tbody>
          ${shown.map(({ line, position, space }) => (line
            ? html`<${LineOf} key=${line.key} line=${line} position=${position} context=${{ errors, validation, selection, fresh, act, names, services, was: view.was }} />`
            : html`<${Space} key=${`space-${position}`} height=${space} columns=${WIDTH} />`))}
        </tbody>
      </table>
      ${view.lines.length === 0 && html`<p class="empty-line">${rows.length ? "No rule matches." : "No rules: this group allows no traffic. Add a rule, or paste a list."}</p>`}
    </div>
    <datalist id=${names}>${groups.names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    <datalist id=${services}>${SUGGESTIONS.map(({ port, label }) => html`<option key=${port} value=${port}>${label}</option>`)}</datalist>`;
}

/**
 * @param {View & {lines: Line[]}} view
 * @param {Row[]} rows
 */
function totalOf({ text, only, lines }, rows) {
  const shown = lines.reduce((sum, { type, isFolded, rows: below }) => sum + (type === "row" ? 1 : isFolded ? below.length : 0), 0);
  const removed = lines.reduce((sum, line) => sum + (line.type === "removed" ? 1 : line.isFolded ? line.removed : 0), 0);
  if (!text.trim() && !only.length) return count(rows.length, "rule");
  return `${shown.toLocaleString("en")} of ${count(rows.length, "rule")}${removed ? `, and ${removed} removed` : ""}`;
}

/** @param {{line: Line, position: number, context: any}} properties */
function LineOf({ line, position, context }) {
  const { errors, validation, selection, fresh, act, names, services, was } = context;
  const row = /** @type {Row} */ (line.row);
  const rowIndex = position + 2;
  if (line.type === "removed") return html`<${RemovedRow} row=${row} rowIndex=${rowIndex} act=${act} />`;
  if (line.type === "head") {
    const isSelected = line.rows.length > 0 && line.rows.every(({ key }) => selection.keys.has(key));
    return html`<${GroupHead} line=${line} rowIndex=${rowIndex} isSelected=${isSelected} act=${act} columns=${WIDTH} />`;
  }
  return html`<${EditableRow} row=${row} index=${line.index} rowIndex=${rowIndex} status=${line.status} was=${line.status === "changed" ? was(row) : undefined} isSelected=${selection.keys.has(row.key)}
    errors=${fresh.shownErrors(row, errors.of(row))} warnings=${validation.warnings.get(row.key)} act=${act} names=${names} services=${services} />`;
}

/**
 * Read several pasted lines as rules; open the box of pasted rules if one has an error.
 *
 * @param {any} event
 * @param {{rows: Row[], edit: (edit: Edit) => void, paste: import("../paste/box.js").Paste, insert: (rows: Row[], after: string) => void}} table
 */
function pasteInto(event, { rows, edit, paste, insert }) {
  const text = event.clipboardData?.getData("text") ?? "";
  const target = rows.find(({ key }) => key === event.target.closest?.("tr")?.dataset.row);
  if (!isMany(text) || !target) return;
  event.preventDefault();
  const { rows: added, errors } = readRules(text, target);
  if (errors.length) {
    paste.change({ isOpen: true, text: [paste.text, text].filter(Boolean).join("\n"), like: paste.text.trim() ? undefined : target });
    showToast(`${count(errors.length, "pasted line has", "pasted lines have")} errors. No rules were added.`, "bad");
    return;
  }
  insert(added, target.key);
  // Remove the row that was pasted into if it was empty.
  if (!target.id && !target.end && target.kind !== "all") edit((before) => before.filter(({ key }) => key !== target.key));
  showToast(`${count(added.length, "rule")} pasted.`);
}

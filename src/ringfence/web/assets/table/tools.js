// The tools above the table: adding rules, finding them, and changing those that are selected.

import { html, useId, useLayoutEffect, useRef, useState } from "../html.js";
import { PasteBox } from "../paste/box.js";
import { newRow, withCidr } from "../rules/rows.js";
import { count } from "../rules/text.js";
import { PRESETS } from "../rules/well_known_ports.js";
import { GROUPINGS, KINDS } from "./lines.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {import("./lines.js").View} View */

const DENSE = "ringfence:dense";
const isNarrow = () => matchMedia("(max-width: 47.99rem)").matches;

/**
 * Whether rows are low: as the user chose in this browser, or in wide windows.
 *
 * @returns {[boolean, () => void]}
 */
export function useDense() {
  const [isDense, setDense] = useState(() => storedDense() ?? matchMedia("(min-width: 80rem)").matches);
  return [isDense, () => {
    storedDense(!isDense);
    setDense(!isDense);
  }];
}

/** @param {boolean} [isDense] to remember */
function storedDense(isDense) {
  try {
    if (isDense !== undefined) localStorage.setItem(DENSE, String(isDense));
    const stored = localStorage.getItem(DENSE);
    return stored === null ? undefined : stored === "true";
  } catch {
    // The browser keeps nothing for this site.
    return undefined;
  }
}

/**
 * @param {object} properties
 * @param {(rows: Row[]) => void} properties.add rows to fill in
 * @param {(rows: Row[], after?: string) => void} properties.insert
 * @param {{name: string, url: string}} [properties.self]
 * @param {import("../paste/box.js").Paste} properties.paste
 * @param {[boolean, () => void]} properties.dense
 */
export function Toolbar({ add, insert, self, paste, dense: [isDense, toggleDense] }) {
  const [isMenu] = useState(isNarrow);
  const all = self && (() => insert(["IPv4", "IPv6"].map((ethertype) => newRow({ ethertype, protocol: "", kind: "group", end: self.name, group: self.url, description: "Traffic within the group" }))));
  const presets = html`
    ${PRESETS.map((preset) => html`<button type="button" class="chip" key=${preset.name}
      onClick=${() => add(preset.opens.map((values) => newRow({ ...values, description: preset.name })))}>${preset.name}</button>`)}
    ${all && html`<button type="button" class="chip" onClick=${all}>Allow all from this group</button>`}`;
  return html`<div class="rule-toolbar">
    <button type="button" class="button" data-add onClick=${() => add([newRow()])}>Add a rule</button>
    <button type="button" class="button" aria-expanded=${paste.isOpen} onClick=${() => paste.change({ isOpen: !paste.isOpen })}>Paste rules</button>
    ${isMenu
      ? html`<details class="menu presets-menu"><summary>Presets</summary><div class="menu-items" role="group" aria-label="Presets">${presets}</div></details>`
      : html`<span class="presets" role="group" aria-label="Presets">${presets}</span>
        <button type="button" class="chip dense" aria-pressed=${isDense} onClick=${toggleDense}>Dense rows</button>`}
    ${paste.isOpen && html`<${PasteBox} paste=${paste} insert=${insert} />`}
  </div>`;
}

/**
 * @param {object} properties
 * @param {View} properties.view
 * @param {(view: View) => void} properties.setView
 * @param {Record<string, number>} properties.counts of each kind
 * @param {string} properties.total what is shown
 * @param {any} properties.children shown instead while rows are selected
 */
export function FindBar({ view, setView, counts, total, children }) {
  const bar = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    // The head of the table sticks below the bar.
    const observer = new ResizeObserver(() => bar.current?.parentElement.style.setProperty("--find-bar", `${bar.current.offsetHeight}px`));
    observer.observe(bar.current);
    return () => observer.disconnect();
  }, []);
  const toggle = (/** @type {string} */ kind) =>
    setView({ ...view, only: view.only.includes(kind) ? view.only.filter((each) => each !== kind) : [...view.only, kind] });
  return html`<div class=${children ? "find-bar is-selecting" : "find-bar"} ref=${bar}>${children || html`
    <input type="search" aria-label="Find rules" placeholder="Find: port, address, group, description" spellcheck=${false} value=${view.text}
      onInput=${(/** @type {any} */ event) => setView({ ...view, text: event.target.value })} />
    ${KINDS.filter(([kind]) => counts[kind] || view.only.includes(kind)).map(([kind, label]) => html`<button type="button" class="chip" key=${kind}
      aria-pressed=${view.only.includes(kind)} onClick=${() => toggle(kind)}>${label} ${counts[kind]}</button>`)}
    <select aria-label="Group rules by" value=${view.by} onChange=${(/** @type {any} */ event) => setView({ ...view, by: event.target.value })}>
      ${GROUPINGS.map(([value, label]) => html`<option key=${value} value=${value} selected=${view.by === value}>${value ? `By ${label.toLowerCase()}` : label}</option>`)}
    </select>
    <span class="quiet" role="status">${total}</span>`}
  </div>`;
}

/**
 * What can be done with the selected rows.
 *
 * @param {object} properties
 * @param {Row[]} properties.rows
 * @param {(change: (row: Row) => Row) => void} properties.change
 * @param {() => void} properties.copy
 * @param {() => void} properties.remove
 * @param {() => void} properties.clear
 * @param {(name: string) => string | undefined} properties.urlOf
 * @param {(name: string) => void} properties.find
 * @param {string} properties.names the list of groups
 */
export function SelectionBar({ rows, change, copy, remove, clear, urlOf, find, names }) {
  const [form, setForm] = useState("");
  const opened = useRef("");
  useLayoutEffect(() => {
    // The focus returns to the button that opened the form.
    if (!form && opened.current) /** @type {any} */ (document.querySelector(`.find-bar [data-form="${opened.current}"]`))?.focus();
    opened.current = form;
  }, [form]);
  const open = (/** @type {string} */ name) => () => setForm(form === name ? "" : name);
  const done = (/** @type {(row: Row) => Row} */ each) => {
    change(each);
    setForm("");
  };
  return html`
    <strong role="status">${count(rows.length, "rule")} selected</strong>
    ${form === "" && html`
      <button type="button" class="chip" onClick=${remove}>Remove selected</button>
      <button type="button" class="chip" onClick=${copy}>Copy selected</button>
      <button type="button" class="chip" data-form="description" onClick=${open("description")}>Set description</button>
      <button type="button" class="chip" data-form="remote" onClick=${open("remote")}>Set remote</button>
      <button type="button" class="chip" onClick=${clear}>Clear selection</button>`}
    ${form === "description" && html`<${DescriptionForm} apply=${done} cancel=${open("")} />`}
    ${form === "remote" && html`<${RemoteForm} apply=${done} cancel=${open("")} urlOf=${urlOf} find=${find} names=${names} />`}`;
}

/** @param {{submit: () => void, cancel: () => void, children?: any}} properties */
function SmallForm({ submit, cancel, children }) {
  const form = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => form.current.querySelector("select, input").focus(), []);
  return html`<form class="selection-form" ref=${form} onSubmit=${(/** @type {any} */ event) => {
    event.preventDefault();
    submit();
  }}>${children}
    <button class="button">Set</button>
    <button type="button" class="button button-plain" onClick=${cancel}>Cancel</button></form>`;
}

/** @param {{apply: (each: (row: Row) => Row) => void, cancel: () => void}} properties */
function DescriptionForm({ apply, cancel }) {
  const [text, setText] = useState("");
  return html`<${SmallForm} cancel=${cancel} submit=${() => apply((row) => ({ ...row, description: text }))}>
    <input aria-label="Description of the selected rules" placeholder="description" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /><//>`;
}

/** @param {{apply: (each: (row: Row) => Row) => void, cancel: () => void, urlOf: (name: string) => string | undefined, find: (name: string) => void, names: string}} properties */
function RemoteForm({ apply, cancel, urlOf, find, names }) {
  const [kind, setKind] = useState(/** @type {Row["kind"]} */ ("cidr"));
  const [end, setEnd] = useState("");
  const id = useId();
  const submit = () => apply((row) => {
    const changed = { ...row, kind, end: "", group: kind === "group" ? urlOf(end) : undefined, kept: undefined };
    return kind === "cidr" ? withCidr(changed, end) : { ...changed, end };
  });
  return html`<${SmallForm} cancel=${cancel} submit=${submit}>
    <select aria-label="Remote type of the selected rules" onChange=${(/** @type {any} */ event) => {
      setKind(event.target.value);
      setEnd("");
    }}>
      <option value="cidr">CIDR</option><option value="group">Group</option><option value="all">Anywhere</option>
    </select>
    ${kind !== "all" && html`<input id=${id} aria-label="Remote of the selected rules" class=${kind === "cidr" ? "mono" : null} list=${kind === "group" ? names : null} required
      placeholder=${kind === "cidr" ? "e.g. 10.0.0.0/8" : "name of a group"} spellcheck=${false} autocomplete="off" value=${end}
      onInput=${(/** @type {any} */ event) => {
        setEnd(event.target.value);
        if (kind === "group") find(event.target.value);
      }} />`}<//>`;
}

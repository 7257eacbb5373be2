// The table of the rule editor. All of it works with the keyboard.

import { GROUPS, request } from "../api.js";
import { html, useCallback, useEffect, useId, useMemo, useRef, useState } from "../html.js";
import { Copy, Cross } from "../icons.js";
import { PasteBox } from "../paste/box.js";
import { isMany, readRules } from "../paste/read.js";
import { newRow } from "../rows.js";
import { count } from "../rule_text.js";
import { showToast } from "../toast.js";
import { PRESETS } from "../well_known_ports.js";

/** @typedef {import("../rows.js").Row} Row */
/** @typedef {(rows: Row[]) => Row[]} Edit */

const COLUMNS = [
  ["direction", "Direction"], ["ethertype", "Ether type"], ["protocol", "Protocol"], ["ports", "Ports"],
  ["kind", "Remote"], ["description", "Description"],
];
const PROTOCOLS = [["tcp", "TCP"], ["udp", "UDP"], ["icmp", "ICMP"], ["", "Any"]];
// The most names of groups that are looked up after a paste; others are found when they are typed.
const MAX_NAMES = 20;
const KINDS = [["cidr", "CIDR"], ["group", "Group"], ["all", "Anywhere"]];

/**
 * @param {object} properties
 * @param {Row[]} properties.rows
 * @param {(edit: Edit) => void} properties.edit
 * @param {import("../validation.js").Validation} properties.validation
 * @param {string} properties.tenant the UUID of the tenant whose groups can be remotes
 * @param {{name: string, url: string}} [properties.self] the group itself
 * @param {import("../paste/box.js").Paste} properties.paste
 * @param {() => void} properties.onReview
 */
export function RuleTable({ rows, edit, validation, tenant, self, paste, onReview }) {
  const table = useRef(/** @type {any} */ (null));
  const { names, find, resolve, urlOf } = useGroupNames(tenant, self);
  useEffect(() => {
    // Names that were typed before their groups were loaded.
    const resolved = (/** @type {Row} */ row) => (row.kind === "group" && !row.group ? urlOf(row.end) : undefined);
    edit((before) => (before.some(resolved) ? before.map((row) => ({ ...row, group: row.group ?? resolved(row) })) : before));
  }, [names]);
  const list = useId();
  const change = useCallback((/** @type {string} */ key, /** @type {Partial<Row>} */ values) => {
    edit((before) => before.map((row) => (row.key === key ? { ...row, ...values } : row)));
  }, []);
  const type = useCallback((/** @type {string} */ key, /** @type {string} */ name) => {
    find(name);
    change(key, { end: name, group: urlOf(name) });
  }, [find]);
  const insert = useCallback((/** @type {Row[]} */ given, /** @type {string} */ after = "") => {
    const added = given.map((row) => (row.kind === "group" && !row.group ? { ...row, group: urlOf(row.end) } : row));
    edit((before) => {
      const index = before.findIndex((row) => row.key === after);
      return index < 0 ? [...before, ...added] : before.toSpliced(index + 1, 0, ...added);
    });
    focusSoon(table, added[0]?.key, "ports");
    resolve(added.filter((row) => row.kind === "group" && !row.group).map((row) => row.end));
  }, [resolve]);
  const remove = useCallback((/** @type {string} */ key) => {
    edit((before) => {
      const index = before.findIndex((row) => row.key === key);
      focusSoon(table, (before[index + 1] ?? before[index - 1])?.key, "ports");
      return before.filter((row) => row.key !== key);
    });
  }, []);
  const onKeyDown = (/** @type {any} */ event) => moveFocus(event, table.current, rows, insert, onReview);
  const onPaste = (/** @type {any} */ event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    const key = event.target.closest?.("tr")?.dataset.row;
    if (!isMany(text) || !key) return;
    event.preventDefault();
    const target = rows.find((row) => row.key === key);
    const { rows: added, errors } = readRules(text, target);
    if (errors.length) {
      paste.change({ isOpen: true, text: [paste.text, text].filter(Boolean).join("\n"), like: paste.text.trim() ? undefined : target });
      showToast(`${count(errors.length, "pasted line has", "pasted lines have")} errors. No rules were added.`, "bad");
      return;
    }
    insert(added, key);
    // Remove the row that was pasted into if it was empty.
    if (target && !target.id && !target.end && target.kind !== "all") edit((before) => before.filter((row) => row.key !== key));
    showToast(`${count(added.length, "rule")} pasted.`);
  };
  return html`
    <${Toolbar} insert=${insert} self=${self} paste=${paste} />
    <div class="table-frame">
      <table class="table editing" ref=${table} onKeyDown=${onKeyDown} onPaste=${onPaste}>
        <caption class="visually-hidden">Edit rules; Ctrl with an arrow key moves between rows</caption>
        <thead><tr>
          ${COLUMNS.map(([name, label]) => html`<th scope="col" key=${name}>${label}</th>`)}
          <th scope="col"><span class="visually-hidden">Actions</span></th>
        </tr></thead>
        <tbody>
          ${rows.map((row, index) => html`<${EditableRow} key=${row.key} row=${row} index=${index}
            errors=${validation.errors.get(row.key)} warnings=${validation.warnings.get(row.key)}
            change=${change} type=${type} insert=${insert} remove=${remove} list=${list} />`)}
        </tbody>
      </table>
      ${rows.length === 0 && html`<p class="empty-line">No rules: this group allows no traffic. Add a rule, or paste a list.</p>`}
    </div>
    <datalist id=${list}>${names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>`;
}

/** @param {{insert: (rows: Row[]) => void, self?: {name: string, url: string}, paste: import("../paste/box.js").Paste}} properties */
function Toolbar({ insert, self, paste }) {
  return html`<div class="rule-toolbar">
    <button type="button" class="button" onClick=${() => insert([newRow()])}>Add a rule</button>
    <button type="button" class="button" aria-expanded=${paste.isOpen} onClick=${() => paste.change({ isOpen: !paste.isOpen })}>Paste rules</button>
    <span class="presets" role="group" aria-label="Presets">
      ${PRESETS.map((preset) => html`<button type="button" class="chip" key=${preset.name}
        onClick=${() => insert(preset.opens.map((values) => newRow({ ...values, description: preset.name })))}>${preset.name}</button>`)}
      ${self && html`<button type="button" class="chip" onClick=${() => insert(["IPv4", "IPv6"].map((ethertype) => newRow({ ethertype, protocol: "", kind: "group", end: self.name, group: self.url, description: "Traffic within the group" })))}>Allow all from this group</button>`}
    </span>
    ${paste.isOpen && html`<${PasteBox} paste=${paste} insert=${insert} />`}
  </div>`;
}

/** @param {any} properties */
function EditableRow({ row, index, errors, warnings, change, type, insert, remove, list }) {
  // In a table of hundreds of rows, only the changed row is updated.
  return useMemo(() => {
    const { key } = row;
    const errorOf = (/** @type {string} */ cell) => errors?.[cell];
    const set = (/** @type {string} */ name) => (/** @type {any} */ event) => change(key, { [name]: event.target.value });
    const cell = (/** @type {string} */ name) => ({
      "data-cell": name, "aria-invalid": errorOf(name) ? "true" : null,
      "aria-describedby": errorOf(name) ? `${key}-${name}` : null,
    });
    const errorText = (/** @type {string} */ name) => errorOf(name) && html`<span class="field-error" id=${`${key}-${name}`}>${errorOf(name)}</span>`;
    const rowName = `rule ${index + 1}`;
    const kinds = row.kind === "kept" ? [["kept", "Unchanged"], ...KINDS] : KINDS;
    const icmp = ["icmp", "1", "58"].includes(row.protocol);
    const isNumber = !PROTOCOLS.some(([value]) => value === row.protocol);
    return html`<tr data-row=${key} class=${row.id === undefined ? "is-new" : null}>
      <td data-label="Direction"><select aria-label=${`Direction, ${rowName}`} ...${cell("direction")} onChange=${set("direction")}>
        ${[["ingress", "Ingress"], ["egress", "Egress"]].map(([value, label]) => html`<option value=${value} selected=${row.direction === value}>${label}</option>`)}
      </select>${errorText("direction")}</td>
      <td data-label="Ether type"><select aria-label=${`Ether type, ${rowName}`} ...${cell("ethertype")} onChange=${set("ethertype")}>
        ${[["IPv4", "IPv4"], ["IPv6", "IPv6"]].map(([value, label]) => html`<option value=${value} selected=${row.ethertype === value}>${label}</option>`)}
      </select>${errorText("ethertype")}</td>
      <td data-label="Protocol" class="pair"><select aria-label=${`Protocol, ${rowName}`} ...${cell("protocol")}
        onChange=${(/** @type {any} */ event) => change(key, { protocol: event.target.value === "other" ? "47" : event.target.value, ports: event.target.value ? row.ports : "" })}>
        ${PROTOCOLS.map(([value, label]) => html`<option value=${value} selected=${row.protocol === value}>${label}</option>`)}
        <option value="other" selected=${isNumber}>Other</option>
      </select>${isNumber && html`<input class="short" aria-label=${`Protocol number, ${rowName}`} inputmode="numeric" value=${row.protocol} onInput=${set("protocol")} />`}${errorText("protocol")}</td>
      <td data-label=${icmp ? "Type/code" : "Ports"}><input aria-label=${`${icmp ? "Type and code" : "Ports"}, ${rowName}`} ...${cell("ports")} value=${row.ports}
        placeholder=${icmp ? "any, 8/0" : row.protocol === "" ? "any" : "22, 80-90, any"} spellcheck=${false} onInput=${set("ports")} />${errorText("ports")}</td>
      <td data-label="Remote" class="pair"><select aria-label=${`Remote type, ${rowName}`} data-cell="kind"
        onChange=${(/** @type {any} */ event) => change(key, { kind: event.target.value, end: "", group: undefined })}>
        ${kinds.map(([value, label]) => html`<option value=${value} selected=${row.kind === value}>${label}</option>`)}
      </select>
      ${row.kind === "cidr" && html`<input class="mono" aria-label=${`CIDR, ${rowName}`} ...${cell("end")} value=${row.end} placeholder=${row.ethertype === "IPv6" ? "2001:db8::/48" : "10.0.0.0/8"}
        spellcheck=${false} autocapitalize="none" onInput=${set("end")} />`}
      ${row.kind === "group" && html`<input aria-label=${`Remote group, ${rowName}`} ...${cell("end")} list=${list} value=${row.end} placeholder="group name" spellcheck=${false}
        autocomplete="off" onFocus=${() => type(key, row.end)} onInput=${(/** @type {any} */ event) => type(key, event.target.value)} />`}
      ${row.kind === "kept" && html`<span class="tone-warn clip" title=${`${row.end}: unknown members`}>${row.end}</span>`}
      ${errorText("end")}</td>
      <td data-label="Description"><input aria-label=${`Description, ${rowName}`} ...${cell("description")} value=${row.description} placeholder="optional" onInput=${set("description")} />${errorText("description")}
        ${errorText("whole")}${warnings?.map((/** @type {string} */ text) => html`<span class="warning" key=${text}>${text}</span>`)}</td>
      <td class="row-actions">
        <button type="button" class="button button-plain" aria-label=${`Copy ${rowName}`} title="Copy" onClick=${() => insert([newRow({ ...row, id: undefined })], key)}><${Copy} /></button>
        <button type="button" class="button button-plain" aria-label=${`Remove ${rowName}`} title="Remove" onClick=${() => remove(key)}><${Cross} /></button>
      </td>
    </tr>`;
  }, [row, index, errors, warnings, type]);
}

/**
 * Look up groups of a tenant by name, and keep the names and URLs that were found.
 *
 * @param {string} tenant
 * @param {{name: string, url: string}} [self]
 */
function useGroupNames(tenant, self) {
  const [names, setNames] = useState(/** @type {string[]} */ ([]));
  const known = useRef(new Map(self ? [[self.name, self.url]] : []));
  const timer = useRef(0);
  const find = useCallback((/** @type {string} */ text) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const query = { tenant_uuid: tenant, name: text, page_size: 20, o: "name", field: ["name", "url"] };
      const { data } = await request("GET", GROUPS, { query });
      for (const { name, url } of data) known.current.set(name, url);
      setNames(data.map((/** @type {any} */ group) => group.name));
    }, 150);
  }, [tenant]);
  const resolve = useCallback(async (/** @type {string[]} */ searched) => {
    const unknown = [...new Set(searched)].filter((name) => !known.current.has(name));
    const found = await Promise.allSettled(unknown.slice(0, MAX_NAMES).map((name) => request("GET", GROUPS, {
      query: { tenant_uuid: tenant, name_exact: name, field: ["name", "url"] },
    })));
    // For a name that does not exist, the API returns an error at its cell.
    for (const each of found) {
      if (each.status === "fulfilled") for (const { name, url } of each.value.data) known.current.set(name, url);
    }
    if (unknown.length) setNames((before) => [...new Set([...before, ...unknown.filter((name) => known.current.has(name))])]);
  }, [tenant]);
  const urlOf = useCallback((/** @type {string} */ name) => known.current.get(name), []);
  return { names, find, resolve, urlOf };
}

/**
 * Handle the keys of the table: Enter, Ctrl+Enter, and Ctrl with the arrow keys.
 *
 * @param {any} event
 * @param {HTMLTableElement} table
 * @param {Row[]} rows
 * @param {(rows: Row[], after?: string) => void} insert
 * @param {() => void} onReview
 */
function moveFocus(event, table, rows, insert, onReview) {
  const key = event.target.closest("tr")?.dataset.row;
  const index = rows.findIndex((row) => row.key === key);
  const isText = event.target.tagName === "INPUT";
  const isDown = event.key === "ArrowDown" || (event.key === "Enter" && isText);
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    onReview();
  } else if (index >= 0 && isDown && (event.ctrlKey || event.key === "Enter")) {
    event.preventDefault();
    if (rows[index + 1]) focusOn(table, rows[index + 1].key, event.target.dataset.cell);
    else if (event.key === "Enter") insert([newRow()], key);
  } else if (index > 0 && event.key === "ArrowUp" && event.ctrlKey) {
    event.preventDefault();
    focusOn(table, rows[index - 1].key, event.target.dataset.cell);
  }
}

/**
 * @param {HTMLTableElement | null} table
 * @param {string | undefined} key
 * @param {string} cell
 */
function focusOn(table, key, cell) {
  const row = table?.querySelector(`tr[data-row="${key}"]`);
  const target = row?.querySelector(`[data-cell="${cell}"]`) ?? row?.querySelector("[data-cell]");
  if (target instanceof HTMLElement) target.focus();
}

/**
 * @param {{current: any}} table
 * @param {string | undefined} key
 * @param {string} cell
 */
function focusSoon(table, key, cell) {
  requestAnimationFrame(() => focusOn(table.current, key, cell));
}

// The table in which rules are edited, for the keyboard first.

import { html, useCallback, useEffect, useId, useMemo, useRef, useState } from "./html.js";
import { GROUPS, ask } from "./api.js";
import { Copy, Cross } from "./icons.js";
import { PasteBox } from "./paste/box.js";
import { isMany, readRules } from "./paste/read.js";
import { newRow } from "./rows.js";
import { say } from "./toast.js";
import { PRESETS } from "./well_known_ports.js";
import { count } from "./rule_text.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {(rows: Row[]) => Row[]} Edit */

const COLUMNS = [
  ["direction", "Direction"], ["ethertype", "IP"], ["protocol", "Protocol"], ["ports", "Ports"],
  ["kind", "From or to"], ["description", "Why"],
];
const PROTOCOLS = [["tcp", "TCP"], ["udp", "UDP"], ["icmp", "ICMP"], ["", "Any"]];
// Names of groups that are looked up at once after a paste; others are found when they are typed.
const MOST_NAMES = 20;
const KINDS = [["cidr", "Addresses"], ["group", "Group"], ["all", "Anywhere"]];

/**
 * @param {object} properties
 * @param {Row[]} properties.rows
 * @param {(edit: Edit) => void} properties.edit
 * @param {import("./validation.js").Checked} properties.checked
 * @param {string} properties.tenant whose groups can be named
 * @param {{name: string, url: string}} [properties.self] the group itself
 * @param {import("./paste/box.js").Paste} properties.paste
 * @param {() => void} properties.onReview
 */
export function RuleTable({ rows, edit, checked, tenant, self, paste, onReview }) {
  const table = useRef(/** @type {any} */ (null));
  const { names, find, resolve, addressOf } = useGroupNames(tenant, self);
  useEffect(() => {
    // Names that were typed before it was known whose they are.
    const meant = (/** @type {Row} */ row) => (row.kind === "group" && !row.group ? addressOf(row.end) : undefined);
    edit((before) => (before.some(meant) ? before.map((row) => ({ ...row, group: row.group ?? meant(row) })) : before));
  }, [names]);
  const list = useId();
  const change = useCallback((/** @type {string} */ key, /** @type {Partial<Row>} */ values) => {
    edit((before) => before.map((row) => (row.key === key ? { ...row, ...values } : row)));
  }, []);
  const type = useCallback((/** @type {string} */ key, /** @type {string} */ name) => {
    find(name);
    change(key, { end: name, group: addressOf(name) });
  }, [find]);
  const insert = useCallback((/** @type {Row[]} */ given, /** @type {string} */ after = "") => {
    const added = given.map((row) => (row.kind === "group" && !row.group ? { ...row, group: addressOf(row.end) } : row));
    edit((before) => {
      const place = before.findIndex((row) => row.key === after);
      return place < 0 ? [...before, ...added] : before.toSpliced(place + 1, 0, ...added);
    });
    focusSoon(table, added[0]?.key, "ports");
    resolve(added.filter((row) => row.kind === "group" && !row.group).map((row) => row.end));
  }, [resolve]);
  const remove = useCallback((/** @type {string} */ key) => {
    edit((before) => {
      const place = before.findIndex((row) => row.key === key);
      focusSoon(table, (before[place + 1] ?? before[place - 1])?.key, "ports");
      return before.filter((row) => row.key !== key);
    });
  }, []);
  const onKeyDown = (/** @type {any} */ event) => move(event, table.current, rows, insert, onReview);
  const onPaste = (/** @type {any} */ event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    const key = event.target.closest?.("tr")?.dataset.row;
    if (!isMany(text) || !key) return;
    event.preventDefault();
    const here = rows.find((row) => row.key === key);
    const { rows: added, mistakes } = readRules(text, here);
    if (mistakes.length) {
      paste.change({ isOpen: true, text: [paste.text, text].filter(Boolean).join("\n"), like: paste.text.trim() ? undefined : here });
      say(`${count(mistakes.length, "pasted line")} not understood: nothing was added.`, "bad");
      return;
    }
    insert(added, key);
    // The line that was pasted into was only a place to paste.
    if (here && !here.id && !here.end && here.kind !== "all") edit((before) => before.filter((row) => row.key !== key));
    say(`${count(added.length, "rule")} pasted.`);
  };
  return html`
    <${Adding} insert=${insert} self=${self} paste=${paste} />
    <div class="table-frame">
      <table class="table editing" ref=${table} onKeyDown=${onKeyDown} onPaste=${onPaste}>
        <caption class="unseen">Rules; Control with the arrow keys moves between lines</caption>
        <thead><tr>
          ${COLUMNS.map(([name, label]) => html`<th scope="col" key=${name}>${label}</th>`)}
          <th scope="col"><span class="unseen">Actions</span></th>
        </tr></thead>
        <tbody>
          ${rows.map((row, place) => html`<${EditedRow} key=${row.key} row=${row} place=${place}
            mistakes=${checked.mistakes.get(row.key)} warnings=${checked.warnings.get(row.key)}
            change=${change} type=${type} insert=${insert} remove=${remove} list=${list} />`)}
        </tbody>
      </table>
      ${rows.length === 0 && html`<p class="empty-line">No rule: this group admits nothing, in or out. Add one above, or paste a list.</p>`}
    </div>
    <datalist id=${list}>${names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>`;
}

/** @param {{insert: (rows: Row[]) => void, self?: {name: string, url: string}, paste: import("./paste/box.js").Paste}} properties */
function Adding({ insert, self, paste }) {
  return html`<div class="adding">
    <button type="button" class="button" onClick=${() => insert([newRow()])}>Add a rule</button>
    <button type="button" class="button" aria-expanded=${paste.isOpen} onClick=${() => paste.change({ isOpen: !paste.isOpen })}>Paste many</button>
    <span class="adding-presets" role="group" aria-label="Presets">
      ${PRESETS.map((preset) => html`<button type="button" class="chip" key=${preset.name}
        onClick=${() => insert(preset.opens.map((values) => newRow({ ...values, description: preset.name })))}>${preset.name}</button>`)}
      ${self && html`<button type="button" class="chip" onClick=${() => insert(["IPv4", "IPv6"].map((ethertype) => newRow({ ethertype, protocol: "", kind: "group", end: self.name, group: self.url, description: "Among themselves" })))}>All from this group</button>`}
    </span>
    ${paste.isOpen && html`<${PasteBox} paste=${paste} insert=${insert} />`}
  </div>`;
}

/** @param {any} properties */
function EditedRow({ row, place, mistakes, warnings, change, type, insert, remove, list }) {
  // A table of hundreds redraws the line that changed alone.
  return useMemo(() => {
    const { key } = row;
    const said = (/** @type {string} */ cell) => mistakes?.[cell];
    const set = (/** @type {string} */ name) => (/** @type {any} */ event) => change(key, { [name]: event.target.value });
    const cell = (/** @type {string} */ name) => ({
      "data-cell": name, "aria-invalid": said(name) ? "true" : null,
      "aria-describedby": said(name) ? `${key}-${name}` : null,
    });
    const words = (/** @type {string} */ name) => said(name) && html`<span class="mistake" id=${`${key}-${name}`}>${said(name)}</span>`;
    const line = `rule ${place + 1}`;
    const kinds = row.kind === "kept" ? [["kept", "As it is"], ...KINDS] : KINDS;
    const icmp = ["icmp", "1", "58"].includes(row.protocol);
    const isOther = !PROTOCOLS.some(([value]) => value === row.protocol);
    return html`<tr data-row=${key} class=${row.id === undefined ? "is-new" : null}>
      <td data-label="Direction"><select aria-label=${`Direction, ${line}`} ...${cell("direction")} onChange=${set("direction")}>
        ${[["ingress", "In"], ["egress", "Out"]].map(([value, label]) => html`<option value=${value} selected=${row.direction === value}>${label}</option>`)}
      </select>${words("direction")}</td>
      <td data-label="IP"><select aria-label=${`IP version, ${line}`} ...${cell("ethertype")} onChange=${set("ethertype")}>
        ${[["IPv4", "v4"], ["IPv6", "v6"]].map(([value, label]) => html`<option value=${value} selected=${row.ethertype === value}>${label}</option>`)}
      </select>${words("ethertype")}</td>
      <td data-label="Protocol" class="pair"><select aria-label=${`Protocol, ${line}`} ...${cell("protocol")}
        onChange=${(/** @type {any} */ event) => change(key, { protocol: event.target.value === "other" ? "47" : event.target.value, ports: event.target.value ? row.ports : "" })}>
        ${PROTOCOLS.map(([value, label]) => html`<option value=${value} selected=${row.protocol === value}>${label}</option>`)}
        <option value="other" selected=${isOther}>No.</option>
      </select>${isOther && html`<input class="short" aria-label=${`Protocol number, ${line}`} inputmode="numeric" value=${row.protocol} onInput=${set("protocol")} />`}${words("protocol")}</td>
      <td data-label=${icmp ? "Type/code" : "Ports"}><input aria-label=${`${icmp ? "Type and code" : "Ports"}, ${line}`} ...${cell("ports")} value=${row.ports}
        placeholder=${icmp ? "any, 8/0" : row.protocol === "" ? "any" : "22, 80-90, any"} spellcheck=${false} onInput=${set("ports")} />${words("ports")}</td>
      <td data-label="From or to" class="pair"><select aria-label=${`Kind of the other end, ${line}`} data-cell="kind"
        onChange=${(/** @type {any} */ event) => change(key, { kind: event.target.value, end: "", group: undefined })}>
        ${kinds.map(([value, label]) => html`<option value=${value} selected=${row.kind === value}>${label}</option>`)}
      </select>
      ${row.kind === "cidr" && html`<input class="mono" aria-label=${`Addresses, ${line}`} ...${cell("end")} value=${row.end} placeholder=${row.ethertype === "IPv6" ? "2001:db8::/48" : "10.0.0.0/8"}
        spellcheck=${false} autocapitalize="none" onInput=${set("end")} />`}
      ${row.kind === "group" && html`<input aria-label=${`Group, ${line}`} ...${cell("end")} list=${list} value=${row.end} placeholder="name of a group" spellcheck=${false}
        autocomplete="off" onFocus=${() => type(key, row.end)} onInput=${(/** @type {any} */ event) => type(key, event.target.value)} />`}
      ${row.kind === "kept" && html`<span class="tone-warn clip" title=${`${row.end}: unknown members`}>${row.end}</span>`}
      ${words("end")}</td>
      <td data-label="Why"><input aria-label=${`Description, ${line}`} ...${cell("description")} value=${row.description} placeholder="why it is there" onInput=${set("description")} />${words("description")}
        ${words("whole")}${warnings?.map((/** @type {string} */ text) => html`<span class="warning" key=${text}>${text}</span>`)}</td>
      <td class="row-actions">
        <button type="button" class="button button-plain" aria-label=${`Copy ${line}`} title="Copy" onClick=${() => insert([newRow({ ...row, id: undefined })], key)}><${Copy} /></button>
        <button type="button" class="button button-plain" aria-label=${`Remove ${line}`} title="Remove" onClick=${() => remove(key)}><${Cross} /></button>
      </td>
    </tr>`;
  }, [row, place, mistakes, warnings, type]);
}

/**
 * The names of a tenant's groups, as far as they were searched for.
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
      const { data } = await ask("GET", GROUPS, { query });
      for (const { name, url } of data) known.current.set(name, url);
      setNames(data.map((/** @type {any} */ group) => group.name));
    }, 150);
  }, [tenant]);
  const resolve = useCallback(async (/** @type {string[]} */ wanted) => {
    const unknown = [...new Set(wanted)].filter((name) => !known.current.has(name));
    const found = await Promise.allSettled(unknown.slice(0, MOST_NAMES).map((name) => ask("GET", GROUPS, {
      query: { tenant_uuid: tenant, name_exact: name, field: ["name", "url"] },
    })));
    // A name that is not found is said at its cell, by the API.
    for (const each of found) {
      if (each.status === "fulfilled") for (const { name, url } of each.value.data) known.current.set(name, url);
    }
    if (unknown.length) setNames((before) => [...new Set([...before, ...unknown.filter((name) => known.current.has(name))])]);
  }, [tenant]);
  const addressOf = useCallback((/** @type {string} */ name) => known.current.get(name), []);
  return { names, find, resolve, addressOf };
}

/**
 * @param {any} event
 * @param {HTMLTableElement} table
 * @param {Row[]} rows
 * @param {(rows: Row[], after?: string) => void} insert
 * @param {() => void} onReview
 */
function move(event, table, rows, insert, onReview) {
  const key = event.target.closest("tr")?.dataset.row;
  const place = rows.findIndex((row) => row.key === key);
  const isText = event.target.tagName === "INPUT";
  const isDown = event.key === "ArrowDown" || (event.key === "Enter" && isText);
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    onReview();
  } else if (place >= 0 && isDown && (event.ctrlKey || event.key === "Enter")) {
    event.preventDefault();
    if (rows[place + 1]) focusOn(table, rows[place + 1].key, event.target.dataset.cell);
    else if (event.key === "Enter") insert([newRow()], key);
  } else if (place > 0 && event.key === "ArrowUp" && event.ctrlKey) {
    event.preventDefault();
    focusOn(table, rows[place - 1].key, event.target.dataset.cell);
  }
}

/**
 * @param {HTMLTableElement | null} table
 * @param {string | undefined} key
 * @param {string} cell
 */
function focusOn(table, key, cell) {
  const row = table?.querySelector(`tr[data-row="${key}"]`);
  const wanted = row?.querySelector(`[data-cell="${cell}"]`) ?? row?.querySelector("[data-cell]");
  if (wanted instanceof HTMLElement) wanted.focus();
}

/**
 * @param {{current: any}} table
 * @param {string | undefined} key
 * @param {string} cell
 */
function focusSoon(table, key, cell) {
  requestAnimationFrame(() => focusOn(table.current, key, cell));
}

// A row of the table that can be edited, one that was removed, and the head of a group of rows.

import { Copy, Cross } from "../components/icons.js";
import { html, useEffect, useMemo, useRef } from "../html.js";
import { hostBitsOf } from "../rules/prefixes.js";
import { bodyOf, hostBitsIn } from "../rules/rows.js";
import { count, trafficText } from "../rules/text.js";
import { remoteOf } from "./lines.js";
import { beginsService } from "./services.js";

/** @typedef {import("../rules/rows.js").Row} Row */

const DIRECTIONS = [["ingress", "Ingress"], ["egress", "Egress"]];
const ETHERTYPES = [["IPv4", "IPv4"], ["IPv6", "IPv6"]];
const PROTOCOLS = [["tcp", "TCP"], ["udp", "UDP"], ["icmp", "ICMP"], ["", "Any"]];
const KINDS = [["cidr", "CIDR"], ["group", "Group"], ["all", "Anywhere"]];
const MARKS = /** @type {Record<string, string>} */ ({ new: "+", changed: "≠", removed: "−" });

/**
 * What a row does to the table.
 *
 * @typedef {object} Actions
 * @property {(key: string, values: Partial<Row>) => void} change
 * @property {(key: string, text: string) => void} cidr
 * @property {(key: string, kind: Row["kind"]) => void} kind of the remote
 * @property {(key: string, name: string) => void} type the name of a group
 * @property {(rows: Row[], after?: string) => void} insert
 * @property {(row: Row) => void} copy
 * @property {(keys: string[]) => void} remove
 * @property {(row: Row) => void} putBack
 * @property {(key: string, event: any) => void} select
 * @property {(row: Row, cell: string, isWhole: boolean) => void} leave
 * @property {(label: string) => void} fold
 * @property {(rows: Row[], isSelected: boolean) => void} selectAll
 * @property {(element: Element) => () => void} observe
 */

/** @param {{options: string[][], value: string, set: (event: any) => void, name: string, rest?: any}} properties */
function Choice({ options, value, set, name, rest }) {
  return html`<select aria-label=${name} ...${rest} onChange=${set}>
    ${options.map(([each, label]) => html`<option key=${each} value=${each} selected=${value === each}>${label}</option>`)}
  </select>`;
}

/** @param {any} properties */
export function EditableRow({ row, index, rowIndex, status, was, isSelected, errors, warnings, act, names, services }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => act.observe(element.current), []);
  const latest = useRef(row);
  latest.current = row;
  const onFocusOut = (/** @type {any} */ event) => {
    // The row itself may be on its way out of the document.
    if (element.current) act.leave(latest.current, event.target.dataset.cell ?? "", !element.current.contains(event.relatedTarget));
  };
  // In a table of hundreds of rows, only the changed row is updated.
  return useMemo(() => {
    const { key } = row;
    const name = `rule ${index + 1}`;
    const shown = beginsService(row.ports) ? { ...errors, ports: undefined } : errors;
    const context = { row, was, name, errors: shown, act, lists: { names, services } };
    return html`<tr ref=${element} data-row=${key} aria-rowindex=${rowIndex} onFocusOut=${onFocusOut}
      class=${[status && `is-${status}`, isSelected && "is-selected"].filter(Boolean).join(" ") || null}>
      <td class="row-number"><label>
        <input type="checkbox" aria-label=${`Select ${name}`} data-cell="select" checked=${isSelected} onClick=${(/** @type {any} */ event) => act.select(key, event)} />
        <span class="only-card">Rule </span>${index + 1}<${Mark} status=${status} /></label></td>
      <${TrafficCells} ...${context} />
      <${RemoteCell} ...${context} />
      <td data-label="Description"><input aria-label=${`Description, ${name}`} ...${cellOf(context, "description")} value=${row.description} placeholder="optional"
          onInput=${(/** @type {any} */ event) => act.change(key, { description: event.target.value })} /><${ErrorText} ...${context} cell="description" />
        <${ErrorText} ...${context} cell="whole" />${warnings?.map((/** @type {string} */ text) => html`<span class="warning" key=${text}>${text}</span>`)}</td>
      <td class="row-actions">
        <button type="button" class="button button-plain" aria-label=${`Copy ${name}`} title="Copy" onClick=${() => act.copy(row)}><${Copy} /></button>
        <button type="button" class="button button-plain" aria-label=${`Remove ${name}`} title="Remove" onClick=${() => act.remove([key])}><${Cross} /></button>
      </td>
    </tr>`;
  }, [row, index, rowIndex, status, was, isSelected, errors, warnings, act]);
}

/** @param {{status: string}} properties */
const Mark = ({ status }) => (status ? html`<span class="row-mark" title=${status}>${MARKS[status]}<span class="visually-hidden"> ${status}</span></span>` : null);

/**
 * @param {any} context
 * @param {string} cell
 */
const cellOf = ({ row, errors }, cell) => ({
  "data-cell": cell, "aria-invalid": errors?.[cell] ? "true" : null, "aria-describedby": errors?.[cell] ? `${row.key}-${cell}` : null,
});

const LABELS = new Map(/** @type {[string, string][]} */ ([...DIRECTIONS, ...PROTOCOLS]));

/**
 * Return the value of a cell before the edit; empty if it is the same.
 *
 * @param {Row} row
 * @param {any} was
 * @param {string} cell
 */
function oldText(row, was, cell) {
  if (!was) return "";
  if (cell === "end") return remoteOf(row) === remoteOf(was) && row.kind === was.kind ? "" : remoteOf(was);
  const [value, old] = [row, was].map((each) => each[cell]);
  return value === old ? "" : (["direction", "protocol"].includes(cell) && LABELS.get(old)) || old || "empty";
}

/**
 * What is wrong with a cell, and what was in it.
 *
 * @param {any} properties
 */
function ErrorText({ row, was, errors, cell }) {
  const old = oldText(row, was, cell);
  return html`<${Wrong} row=${row} errors=${errors} cell=${cell} />${old && html`<span class="note was">was ${old}</span>`}`;
}

/** @param {any} properties */
const Wrong = ({ row, errors, cell }) => (errors?.[cell] ? html`<span class="field-error" id=${`${row.key}-${cell}`}>${errors[cell]}</span>` : null);

/** @param {any} context */
function TrafficCells(context) {
  const { row, name, act, lists } = context;
  const set = (/** @type {string} */ field) => (/** @type {any} */ event) => act.change(row.key, { [field]: event.target.value });
  const icmp = ["icmp", "1", "58"].includes(row.protocol);
  const isNumber = !PROTOCOLS.some(([value]) => value === row.protocol);
  const setProtocol = (/** @type {any} */ { target }) =>
    act.change(row.key, { protocol: target.value === "other" ? "47" : target.value, ports: target.value ? row.ports : "" });
  return html`
    <td data-label="Direction"><${Choice} name=${`Direction, ${name}`} options=${DIRECTIONS} value=${row.direction} set=${set("direction")} rest=${cellOf(context, "direction")} /><${ErrorText} ...${context} cell="direction" /></td>
    <td data-label="Ether type"><${Choice} name=${`Ether type, ${name}`} options=${ETHERTYPES} value=${row.ethertype} rest=${cellOf(context, "ethertype")}
      set=${(/** @type {any} */ event) => act.change(row.key, { ethertype: event.target.value, chosen: undefined })} /><${ErrorText} ...${context} cell="ethertype" /></td>
    <td data-label="Protocol" class="pair"><${Choice} name=${`Protocol, ${name}`} options=${[...PROTOCOLS, ["other", "Other"]]} value=${isNumber ? "other" : row.protocol} set=${setProtocol} rest=${cellOf(context, "protocol")} />
      ${isNumber && html`<input class="short" aria-label=${`Protocol number, ${name}`} inputmode="numeric" value=${row.protocol} onInput=${set("protocol")} />`}<${ErrorText} ...${context} cell="protocol" /></td>
    <td data-label=${icmp ? "Type/code" : "Ports"}><input aria-label=${`${icmp ? "Type and code" : "Ports"}, ${name}`} ...${cellOf(context, "ports")} value=${row.ports}
      placeholder=${icmp ? "any, 8/0" : row.protocol === "" ? "any" : "22 or 80-90"} list=${icmp ? null : lists.services} autocomplete="off" spellcheck=${false} autocapitalize="none" onInput=${set("ports")} /><${ErrorText} ...${context} cell="ports" /></td>`;
}

/** @param {any} context */
function RemoteCell(context) {
  const { row, name, act, lists } = context;
  const { key, kind, end } = row;
  const kinds = kind === "kept" ? [["kept", "Unchanged"], ...KINDS] : KINDS;
  return html`<td data-label="Remote" class="pair"><${Choice} name=${`Remote type, ${name}`} options=${kinds} value=${kind} rest=${{ "data-cell": "kind" }}
      set=${(/** @type {any} */ event) => act.kind(key, event.target.value)} />
    ${kind === "cidr" && html`<input class="mono" aria-label=${`CIDR, ${name}`} ...${cellOf(context, "end")} value=${end} placeholder=${row.ethertype === "IPv6" ? "e.g. 2001:db8::/48" : "e.g. 10.0.0.0/8"}
      spellcheck=${false} autocapitalize="none" onInput=${(/** @type {any} */ event) => act.cidr(key, event.target.value)} />`}
    ${kind === "group" && html`<input aria-label=${`Remote group, ${name}`} ...${cellOf(context, "end")} list=${lists.names} value=${end} placeholder="name of a group" spellcheck=${false}
      autocomplete="off" onFocus=${() => act.type(key, end)} onInput=${(/** @type {any} */ event) => act.type(key, event.target.value)} />`}
    ${kind === "kept" && html`<span class="tone-warn clip" title=${`${end}: unknown members`}>${end}</span>`}
    <${ErrorText} ...${context} cell="end" />
    ${row.chosen && html`<span class="note" role="status">Ether type is now ${row.ethertype}.</span>`}
    <${Meant} ...${context} /></td>`;
}

/**
 * What a CIDR with host bits can mean, to choose from.
 *
 * @param {any} context
 */
function Meant({ row, name, errors, act }) {
  const meant = row.kind === "cidr" ? hostBitsOf(row.end) : null;
  if (!meant || (hostBitsIn(row) && !errors?.end)) return null;
  return html`${!errors?.end && html`<span class="warning">Covers ${meant.covers}.</span>`}
    <span class="actions choices">${[meant.address, meant.network].map((each) => html`<button type="button" class="chip mono" key=${each}
      aria-label=${`Use ${each} in ${name}`} onClick=${(/** @type {any} */ event) => {
        event.target.closest("td").querySelector("input").focus();
        act.cidr(row.key, each);
      }}>${each}</button>`)}</span>`;
}

/** @param {{row: Row, rowIndex: number, act: Actions}} properties */
export function RemovedRow({ row, rowIndex, act }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => act.observe(element.current), []);
  const body = bodyOf(row);
  const { what, service } = trafficText(/** @type {any} */ (body));
  const text = `${what}${service ? ` (${service})` : ""}`;
  return html`<tr ref=${element} class="is-removed" data-row=${`removed-${row.key}`} aria-rowindex=${rowIndex}>
    <td class="row-number"><${Mark} status="removed" /></td>
    <td data-label="Direction"><del>${row.direction === "egress" ? "Egress" : "Ingress"}</del></td>
    <td data-label="Ether type"><del>${row.ethertype}</del></td>
    <td data-label="Traffic" colspan="2"><del>${text}</del></td>
    <td data-label="Remote"><del>${remoteOf(row)}</del></td>
    <td data-label="Description"><del>${row.description}</del></td>
    <td class="row-actions"><button type="button" class="chip" data-cell="back" aria-label=${`Restore ${text}, ${remoteOf(row)}`} onClick=${() => act.putBack(row)}>Restore</button></td>
  </tr>`;
}

/** @param {{line: import("./lines.js").Line, rowIndex: number, isSelected: boolean, act: Actions, columns: number}} properties */
export function GroupHead({ line, rowIndex, isSelected, act, columns }) {
  const element = useRef(/** @type {any} */ (null));
  useEffect(() => act.observe(element.current), []);
  const { label, rows, isFolded, removed } = line;
  return html`<tr ref=${element} class="group-head" data-row=${line.key} aria-rowindex=${rowIndex}>
    <td colspan=${columns}><input type="checkbox" aria-label=${`Select all rules of ${label}`} checked=${isSelected} disabled=${!rows.length}
        onClick=${(/** @type {any} */ event) => act.selectAll(rows, event.target.checked)} />
      <button type="button" class="fold" data-cell="fold" aria-expanded=${!isFolded} onClick=${() => act.fold(label)}>${label}${" "}<span class="quiet">${count(rows.length, "rule")}${removed > 0 && `, ${removed} removed`}</span></button></td>
  </tr>`;
}

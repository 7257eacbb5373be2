// The forms of changes of several groups: each returns what is to be done.

import { html, useId, useMemo, useState } from "../html.js";
import { readRules } from "../paste/read.js";
import { bodyOf } from "../rules/rows.js";
import { Remote, Traffic } from "../rules/rule.js";
import { count } from "../rules/text.js";
import { addRules, distinctRules, removeRules, replaceCidr, replacedText } from "./bulk_changes.js";
import { pull, remove, setDriftMode } from "./bulk_run.js";

/**
 * @typedef {object} FormProperties
 * @property {import("./bulk_run.js").Entry[]} entries that can be changed
 * @property {any} leftOut
 * @property {string} cidr that was searched
 * @property {() => void} onCancel
 * @property {(chosen: import("./bulk.js").Chosen) => void} onChoose
 */

/** @param {{leftOut: any, label: string, isReady: boolean, isDangerous?: boolean, onCancel: () => void, onSubmit: () => void, children?: any}} properties */
function Form({ leftOut, label, isReady, isDangerous = false, onCancel, onSubmit, children }) {
  const id = useId();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isReady) onSubmit();
  };
  return html`<form class="dialog-body" id=${id} onSubmit=${submit}>${children}${leftOut}</form>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onCancel}>Cancel</button>
      <button class=${`button ${isDangerous ? "button-danger" : "button-main"}`} form=${id} disabled=${!isReady}>${label}</button>
    </footer>`;
}

/** @param {FormProperties} properties */
export function AddForm({ entries, onChoose, ...rest }) {
  const id = useId();
  const [text, setText] = useState("");
  const { rows, errors } = useMemo(() => readRules(text), [text]);
  const unnamed = rows.filter((row) => row.kind === "group" && !row.group);
  const rules = rows.map(bodyOf);
  const isReady = entries.length > 0 && rows.length > 0 && !errors.length && !unnamed.length;
  return html`<${Form} label="Review" isReady=${isReady} onSubmit=${() => onChoose({ edit: (held) => addRules(held, rules) })} ...${rest}>
    <div class="field"><label for=${id}>Rules, one a line, as in <code>tcp 22 10.0.0.0/8 office</code></label>
      <textarea id=${id} rows="4" value=${text} spellcheck=${false} onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea></div>
    ${text.trim() && errors.map((error) => html`<p class="field-error" key=${error.line}>Line ${error.line}: ${error.word && html`<q>${error.word}</q> `}${error.message}</p>`)}
    ${unnamed.length > 0 && html`<p class="field-error">Rules for several groups have a CIDR, and no remote group.</p>`}
    ${rules.length > 0 && html`<p>Added to each group that does not have it:</p><ul class="plain">${rules.map((rule, index) => html`<li key=${index}>
      <${RuleOf} rule=${rule} /></li>`)}</ul>`}
  <//>`;
}

/** @param {{rule: any}} properties */
const RuleOf = ({ rule }) => html`<${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} />`;

/** @param {FormProperties} properties */
export function RemoveForm({ entries, onChoose, ...rest }) {
  const rules = useMemo(() => distinctRules(
    entries.map((entry) => entry.group),
    new Set(entries.flatMap((entry) => entry.selected.rules ?? [])),
  ), [entries]);
  const [chosen, setChosen] = useState(() => new Set(rules.filter((each) => each.isFound).map((each) => each.key)));
  const [text, setText] = useState("");
  const toggle = (/** @type {string} */ key) => setChosen((before) => {
    const after = new Set(before);
    if (!after.delete(key)) after.add(key);
    return after;
  });
  const shown = rules.filter(({ key }) => chosen.has(key) || key.toLowerCase().includes(text.trim().toLowerCase())).slice(0, 200);
  return html`<${Form} label="Review" isReady=${chosen.size > 0} onSubmit=${() => onChoose({ edit: (held) => removeRules(held, chosen) })} ...${rest}>
    <input type="search" aria-label="Filter the rules" placeholder="Filter, by port or CIDR" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <ul class="plain bulk-rules">${shown.map(({ key, rule, groups }) => html`<li key=${key}><label class="check">
      <input type="checkbox" checked=${chosen.has(key)} onChange=${() => toggle(key)} />
      <span><${RuleOf} rule=${rule} /> <span class="quiet">${rule.ethertype} · in ${count(groups, "group")}</span></span></label></li>`)}</ul>
    <p class="quiet" role="status">${count(chosen.size, "rule")} of ${rules.length} chosen${shown.length < rules.length && `, ${shown.length} shown`}.</p>
  <//>`;
}

/** @param {FormProperties} properties */
export function ReplaceForm({ entries, cidr, onChoose, ...rest }) {
  const [from, setFrom] = useState(cidr);
  const [to, setTo] = useState("");
  const id = useId();
  const rules = entries.flatMap((entry) => entry.group.rules);
  const cidrs = useMemo(() => [...new Set(rules.map((rule) => rule.cidr).filter(Boolean))].sort(), [entries]);
  const number = rules.filter((rule) => rule.cidr && rule.cidr === from.trim()).length;
  const groups = entries.filter((entry) => entry.group.rules.some((/** @type {any} */ rule) => rule.cidr && rule.cidr === from.trim())).length;
  return html`<${Form} label="Review" isReady=${number > 0 && to.trim() !== "" && to.trim() !== from.trim()}
    onSubmit=${() => onChoose({ edit: (held) => replaceCidr(held, from.trim(), to.trim()), says: (held) => replacedText(held, from.trim(), to.trim()) })} ...${rest}>
    <div class="field"><label for=${`${id}from`}>Replace the CIDR</label>
      <input id=${`${id}from`} list=${`${id}list`} value=${from} onInput=${(/** @type {any} */ event) => setFrom(event.target.value)} />
      <datalist id=${`${id}list`}>${cidrs.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist></div>
    <div class="field"><label for=${`${id}to`}>With</label>
      <input id=${`${id}to`} value=${to} placeholder="e.g. 10.20.0.0/16" onInput=${(/** @type {any} */ event) => setTo(event.target.value)} /></div>
    <p class="quiet" role="status">${from.trim() ? `${count(number, "rule")} in ${count(groups, "group")} ${number === 1 ? "has" : "have"} exactly ${from.trim()}.` : "\u00a0"}</p>
  <//>`;
}

const MODES = [["adopt", "Adopt: accept changes in the cloud"], ["enforce", "Enforce: revert changes in the cloud"], ["report", "Report: only show drift"]];

/** @param {FormProperties} properties */
export function DriftForm({ entries, onChoose, ...rest }) {
  const id = useId();
  const [mode, setMode] = useState("");
  return html`<${Form} label=${`Set in ${count(entries.length, "group")}`} isReady=${mode !== "" && entries.length > 0}
    onSubmit=${() => onChoose({ change: (entry, signal) => setDriftMode(entry, { mode }, signal) })} ...${rest}>
    <div class="field"><label for=${id}>Drift mode</label>
      <select id=${id} value=${mode} onChange=${(/** @type {any} */ event) => setMode(event.target.value)}>
        <option value="">Choose</option>${MODES.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></div>
    ${mode === "enforce" && html`<p class="notice notice-warn">At the next pull, Ringfence reverts what others changed in the cloud.</p>`}
    <${GroupNames} entries=${entries} />
  <//>`;
}

/** @param {FormProperties} properties */
export function PullForm({ entries, onChoose, ...rest }) {
  return html`<${Form} label=${`Pull ${count(entries.length, "group")}`} isReady=${entries.length > 0} onSubmit=${() => onChoose({ change: pull })} ...${rest}>
    <p>Reads each group from its cloud and compares it with the desired rules. The group's drift mode decides whether a difference is adopted, reverted or reported.</p>
    <${GroupNames} entries=${entries} />
  <//>`;
}

/** @param {{entries: import("./bulk_run.js").Entry[]}} properties */
function GroupNames({ entries }) {
  return html`<ul class="plain bulk-names">${entries.map(({ group }) => html`<li key=${group.uuid}>${group.name} <span class="quiet">${group.tenant_name}</span></li>`)}</ul>`;
}

/** @param {any} usage */
const portsOf = (usage) => usage.ports.length + usage.ports_of_other_tenants;

/** @param {FormProperties} properties */
export function DeleteForm({ entries, onChoose, ...rest }) {
  const [detach, setDetach] = useState(false);
  const blocks = (/** @type {import("./bulk_run.js").Entry} */ { usage }) => {
    if (usage.ports_of_other_tenants) return "ports of other tenants use it: the cloud refuses";
    return portsOf(usage) && !detach ? "in use: kept" : "";
  };
  const number = entries.filter((entry) => !blocks(entry)).length;
  const ports = entries.reduce((sum, { usage }) => sum + usage.ports.length, 0);
  return html`<${Form} isDangerous label=${`Delete ${count(number, "group")}`} isReady=${number > 0}
    onSubmit=${() => onChoose({ blocks, change: (entry, signal) => remove(entry, { detach }, signal) })} ...${rest}>
    <p>Deletes the groups, their rules and their history, in Ringfence and in the cloud.</p>
    ${ports > 0 && html`<label class="check"><input type="checkbox" checked=${detach} onChange=${(/** @type {any} */ event) => setDetach(event.target.checked)} />
      Remove the groups from ${count(ports, "port")} first. A port without a security group blocks all traffic.</label>`}
    <ul class="plain bulk-names">${entries.map((entry) => html`<li key=${entry.group.uuid}><strong>${entry.group.name}</strong> <span class="quiet">${entry.group.tenant_name}</span>
      ${" "}${usesOf(entry.usage)}${blocks(entry) && html` <span class="tone-warn">${blocks(entry)}</span>`}</li>`)}</ul>
  <//>`;
}

/** @param {any} usage */
function usesOf(usage) {
  const rules = usage.referenced_by.length;
  const refers = rules ? `; the cloud also removes the rules of ${count(rules, "group")} that refer to it` : "";
  return `${count(portsOf(usage), "port")}${usage.observed_at ? "" : " (never observed)"}${refers}`;
}


// What a group admits: its rules in words, by direction, what is open to the internet first.

import { html, useMemo, useState } from "../html.js";
import { isInternet } from "../rules/internet.js";
import { Remote, Traffic } from "../rules/rule.js";
import { count, remoteText, trafficText } from "../rules/text.js";

/**
 * A rule, and whether only the cloud has it ("undesired") or not yet ("lost").
 *
 * @typedef {{rule: any, kind: "" | "lost" | "undesired"}} Shown
 */

const FOLDED = 25;
const DIRECTIONS = /** @type {const} */ ([
  ["ingress", "Ingress rules", "Source", "No ingress rules: this group admits no incoming connections. Other groups of a member may."],
  ["egress", "Egress rules", "Destination", "No egress rules: this group admits no outgoing connections. Other groups of a member may."],
]);

/** @param {{rules: Shown[], isPending: boolean}} properties */
export function Admits({ rules, isPending }) {
  const [text, setText] = useState("");
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = useMemo(
    () => (words.length ? rules.filter(({ rule }) => words.every((word) => wordsOf(rule).includes(word))) : rules),
    [rules, text],
  );
  return html`
    ${rules.length > FOLDED && html`<search class="rule-filter">
      <input type="search" aria-label="Filter rules" placeholder="Filter: ssh, 443, 10.0.0.0/8, a word" value=${text}
        onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
      <span class="quiet" role="status">${words.length > 0 && `${count(found.length, "rule")} of ${count(rules.length, "rule")}`}</span>
    </search>`}
    ${DIRECTIONS.map(([direction, title, remote, empty]) => html`<${Direction} key=${direction} title=${title} remote=${remote}
      rules=${found.filter(({ rule }) => rule.direction === direction)} isPending=${isPending}
      empty=${words.length ? "No rule matches." : empty} isFiltered=${words.length > 0} />`)}`;
}

/** @param {{title: string, remote: string, rules: Shown[], isPending: boolean, empty: string, isFiltered: boolean}} properties */
function Direction({ title, remote, rules, isPending, empty, isFiltered }) {
  const [isUnfolded, setUnfolded] = useState(false);
  const ordered = useMemo(() => [...rules].sort((one, other) => loudness(one) - loudness(other)), [rules]);
  const shown = isUnfolded ? ordered : ordered.slice(0, FOLDED);
  return html`<section class="card rules">
    <h2>${title} <span class="quiet">${count(rules.length, "rule")}</span></h2>
    ${rules.length ? html`<table class="table">
      <caption class="visually-hidden">${title}</caption>
      <thead><tr><th scope="col">Protocol and ports</th><th scope="col">${remote}</th><th scope="col">Description</th></tr></thead>
      <tbody>${shown.map(({ rule, kind }, index) => html`<tr key=${rule.id ?? `c${index}`} class=${kind && `rule-${kind}`}>
        <td data-label="Traffic"><${Traffic} rule=${rule} /></td>
        <td data-label=${remote}><${Remote} rule=${rule} />${rule.ethertype === "IPv6" && rule.cidr && html` <span class="quiet">IPv6</span>`}</td>
        <td data-label="Description" class=${kind || rule.description ? null : "cell-empty"}><${Kind} kind=${kind} isPending=${isPending} /> <span>${rule.description}</span></td>
      </tr>`)}</tbody>
    </table>` : html`<p class="quiet">${empty}</p>`}
    ${ordered.length > shown.length && html`<button type="button" class="button button-plain" onClick=${() => setUnfolded(true)}>Show all ${count(ordered.length, isFiltered ? "matching rule" : "rule")}</button>`}
  </section>`;
}

/** @param {{kind: string, isPending: boolean}} properties */
function Kind({ kind, isPending }) {
  if (kind === "undesired") return html`<span class="open-mark open-undesired">${isPending ? "Being removed" : "Only in the cloud"}</span>`;
  return kind === "lost" && html`<span class="open-mark open-lost">${isPending ? "On its way" : "Not in the cloud"}</span>`;
}

/**
 * Return where a rule comes: drift first, then what is open to the internet, then the rest.
 *
 * @param {Shown} shown
 */
function loudness({ rule, kind }) {
  const isOpen = rule.direction === "ingress" && isFromInternet(rule);
  return ["undesired", "lost", ""].indexOf(kind) * 2 + (isOpen ? 0 : 1);
}

/** @param {any} rule */
function isFromInternet(rule) {
  const { kind } = remoteText(rule);
  return kind === "all" || (kind === "cidr" && isInternet(rule.cidr));
}

/**
 * Return what a filter finds a rule by.
 *
 * @param {any} rule
 */
function wordsOf(rule) {
  const { what, service } = trafficText(rule);
  const { end } = remoteText(rule);
  return `${what} ${service} ${end} ${rule.cidr ?? ""} ${rule.ethertype} ${rule.description}`.toLowerCase();
}

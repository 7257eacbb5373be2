// Rules of a review as sentences: added, removed, or changed from one to another.

import { html } from "../html.js";
import { Remote, Traffic } from "../rules/rule.js";
import { remoteText, trafficText } from "../rules/text.js";

/**
 * A list of rules with one sign; `why` follows each.
 *
 * @param {{rules: {rule: any, number: number}[], sign: "+" | "−" | "=", why?: string}} properties
 */
export function RuleLines({ rules, sign, why }) {
  const names = { "+": "Added", "−": "Removed", "=": "Unchanged" };
  const tones = { "+": "plus", "−": "minus", "=": "same" };
  return rules.length > 0 && html`<ul class="changes">${rules.map(({ rule, number }, index) => html`<li key=${index} class=${`change change-${tones[sign]}`}>
    <${Sign} sign=${sign} name=${names[sign]} />
    <span><${RowNumber} number=${sign === "−" ? 0 : number} /><${Direction} rule=${rule} /> <${Traffic} rule=${rule} /> ${rule.direction === "ingress" ? "from" : "to"} <${Remote} rule=${rule} />
      <span class="quiet"> ${remoteText(rule).kind === "all" ? "" : rule.ethertype}${rule.description ? ` · ${rule.description}` : ""}${why && ` · ${why}`}</span></span>
  </li>`)}</ul>`;
}

/** @param {{pairs: {from: any, to: any, number: number}[]}} properties */
export function ChangedLines({ pairs }) {
  return pairs.length > 0 && html`<ul class="changes">${pairs.map(({ from, to, number }, index) => html`<li key=${index} class="change change-turn">
    <${Sign} sign="→" name="Changed" />
    <span><${RowNumber} number=${number} /><${Direction} rule=${to} />${" "}
      <strong><${Turn} from=${trafficWords(from)} to=${trafficWords(to)} /></strong> ${to.direction === "ingress" ? "from" : "to"}${" "}
      <${Turn} from=${remoteText(from).end} to=${remoteText(to).end} />
      <span class="quiet"> <${Turn} from=${from.ethertype} to=${to.ethertype} /></span>
      ${(from.description || to.description) && html`<span class="quiet"> · <${Turn} from=${from.description || "no description"} to=${to.description || "no description"} /></span>`}</span>
  </li>`)}</ul>`;
}

/** @param {{sign: string, name: string}} properties */
function Sign({ sign, name }) {
  return html`<span class="sign" aria-hidden="true">${sign}</span><span class="visually-hidden">${name}: </span>`;
}

/** @param {{number: number}} properties */
function RowNumber({ number }) {
  return number > 0 && html`<span class="row-number">Rule ${number}: </span>`;
}

/** @param {{rule: any}} properties */
function Direction({ rule }) {
  return html`<span class="change-direction">${rule.direction}</span>`;
}

/** @param {any} rule */
function trafficWords(rule) {
  const { what, service } = trafficText(rule);
  return service ? `${what} ${service}` : what;
}

/** @param {{from: string, to: string}} properties */
function Turn({ from, to }) {
  if (from === to) return from;
  return html`<del>${from}</del> <span aria-hidden="true">→</span><span class="visually-hidden"> becomes </span> <ins>${to}</ins>`;
}

/**
 * Return a rule by what it says.
 *
 * @param {any} rule
 */
export function ruleText(rule) {
  return `${trafficText(rule).what} ${rule.direction === "ingress" ? "from" : "to"} ${remoteText(rule).end}`;
}

// The box for pasting rules. Lines that cannot be parsed are listed with their errors, and must be
// corrected or removed before the change can be reviewed.

import { showToast } from "../components/toast.js";
import { html, useId, useMemo, useRef } from "../html.js";
import { count } from "../rules/text.js";
import { readRules } from "./read.js";

/** @typedef {import("../rules/rows.js").Row} Row */

// The most errors that are listed; the others are counted.
const MAX_SHOWN = 20;
const EXAMPLES = ["tcp 443 10.0.0.0/8 office", "udp 53 10.1.0.0/16 10.2.0.0/16", "out tcp 8000-8100 2001:db8::/32"];

/**
 * @typedef {object} Paste
 * @property {boolean} isOpen
 * @property {string} text
 * @property {Row} [like] the row that the text was pasted into
 * @property {{rows: Row[], errors: import("./read.js").LineError[]}} read
 * @property {(values: {isOpen?: boolean, text?: string, like?: Row}) => void} change
 * @property {string} pending why the change cannot be reviewed yet; empty if nothing is pending
 */

/**
 * Parse the text of the box. The page keeps it, with what else the user types.
 *
 * @param {{isOpen: boolean, text: string, like?: Row}} kept
 * @param {Paste["change"]} change
 * @returns {Paste}
 */
export function usePaste(kept, change) {
  const read = useMemo(() => readRules(kept.text, kept.like), [kept.text, kept.like]);
  const pending = read.errors.length
    ? `${count(read.errors.length, "pasted line")} to correct or remove.`
    : read.rows.length ? `${count(read.rows.length, "pasted rule")} not added yet.` : "";
  return { ...kept, read, pending, change };
}

/** @param {{paste: Paste, insert: (rows: Row[], after?: string) => void}} properties */
export function PasteBox({ paste, insert }) {
  const { text, read, like, change } = paste;
  const box = useRef(/** @type {any} */ (null));
  const id = useId();
  const clear = () => change({ isOpen: false, text: "", like: undefined });
  const add = () => {
    insert(read.rows, like?.key);
    showToast(`${count(read.rows.length, "rule")} added.`);
    clear();
  };
  const goTo = (/** @type {number} */ line) => {
    const lines = text.split(/\r\n|\r|\n/);
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    box.current?.focus();
    box.current?.setSelectionRange(start, start + lines[line - 1].length);
  };
  const remove = (/** @type {number} */ line) => {
    change({ text: text.split(/\r\n|\r|\n/).toSpliced(line - 1, 1).join("\n") });
    box.current?.focus();
  };
  const choose = (/** @type {number[]} */ lines, /** @type {number} */ choice) => {
    change({ text: withChoices(text, read.errors.filter((error) => lines.includes(error.line)), choice) });
    box.current?.focus();
  };
  return html`<div class="paste-box">
    <label for=${id}>One rule per line: protocol, ports, remote CIDRs</label>
    <p class="quiet" id=${`${id}-how`}>For example ${EXAMPLES.map((example, index) => html`<span key=${example}>${index > 0 && ", "}<code>${example}</code></span>`)}.
      The syntax of ufw, iptables and <code>openstack security group rule create</code> is accepted as well, and CSV with a header.
      ${like && html` A line with addresses only becomes a rule like the one that was pasted into: <code>${like.direction === "egress" ? "out" : "in"} ${like.protocol || "any"} ${like.ports}</code>.`}</p>
    <textarea id=${id} ref=${box} rows="6" class="mono" spellcheck=${false} autocapitalize="none" value=${text}
      aria-invalid=${read.errors.length ? "true" : null} aria-describedby=${`${id}-how ${id}-state`}
      onInput=${(/** @type {any} */ event) => change({ text: event.target.value })}></textarea>
    <p class="quiet" id=${`${id}-state`} role="status">${stateOf(paste)}</p>
    ${read.errors.length > 0 && html`<${LineErrors} errors=${read.errors} goTo=${goTo} remove=${remove} choose=${choose} />`}
    <div class="actions">
      <button type="button" class="button button-main" disabled=${read.errors.length > 0 || !read.rows.length} onClick=${add}>${read.rows.length && !read.errors.length ? `Add ${count(read.rows.length, "rule")}` : "Add rules"}</button>
      <button type="button" class="button" onClick=${clear}>Discard</button>
    </div>
  </div>`;
}

/** @param {Paste} paste */
function stateOf({ text, read }) {
  if (!text.trim()) return "No rules pasted yet.";
  if (read.errors.length) return `${count(read.errors.length, "line has", "lines have")} errors. Correct or remove them to add the rules.`;
  return read.rows.length ? `${count(read.rows.length, "rule")}, no errors.` : "The text contains no rules.";
}

/**
 * @param {object} properties
 * @param {import("./read.js").LineError[]} properties.errors
 * @param {(line: number) => void} properties.goTo
 * @param {(line: number) => void} properties.remove
 * @param {(lines: number[], choice: number) => void} properties.choose replaces the words of lines
 */
function LineErrors({ errors, goTo, remove, choose }) {
  const open = errors.filter(({ choices }) => choices.length).map(({ line }) => line);
  return html`
    ${open.length > 1 && html`<p class="actions">
      <button type="button" class="chip" onClick=${() => choose(open, 0)}>Use the one address in all ${open.length} lines</button>
      <button type="button" class="chip" onClick=${() => choose(open, 1)}>Use the network in all ${open.length} lines</button>
    </p>`}
    <ol class="plain paste-errors" aria-label="Lines with errors">
    ${errors.slice(0, MAX_SHOWN).map(({ line, text, word, message, choices }) => html`<li key=${line}>
      <button type="button" class="button button-plain" onClick=${() => goTo(line)}>Line ${line}</button>
      <span class="paste-line"><code><${Marked} text=${text} word=${word} /></code>
        <span class="field-error">${message}</span>
        ${choices.length > 0 && html`<span class="actions">${choices.map((choice, index) => html`<button type="button" class="chip mono" key=${choice}
          aria-label=${`Use ${choice} in line ${line}`} onClick=${() => choose([line], index)}>${choice}</button>`)}</span>`}</span>
      <button type="button" class="button button-plain" aria-label=${`Remove line ${line}`} onClick=${() => remove(line)}>Remove</button>
    </li>`)}
    ${errors.length > MAX_SHOWN && html`<li class="quiet">and ${errors.length - MAX_SHOWN} more</li>`}
  </ol>`;
}

/**
 * Return a text with the words of some lines replaced with one of their choices.
 *
 * @param {string} text
 * @param {import("./read.js").LineError[]} errors
 * @param {number} choice
 */
function withChoices(text, errors, choice) {
  const lines = text.split(/\r\n|\r|\n/);
  for (const { line, word, choices } of errors) {
    // The word stands alone: it may also be the end of a longer one.
    const parts = lines[line - 1].split(/([\s,"'=]+)/);
    const at = parts.indexOf(word);
    if (at >= 0 && choices[choice]) parts[at] = choices[choice];
    lines[line - 1] = parts.join("");
  }
  return lines.join("\n");
}

/** @param {{text: string, word: string}} properties */
function Marked({ text, word }) {
  const shown = text.slice(0, 300);
  const index = word ? shown.indexOf(word) : -1;
  if (index < 0) return shown;
  return html`${shown.slice(0, index)}<mark>${word}</mark>${shown.slice(index + word.length)}`;
}

// The box into which many rules are pasted: what cannot be read is shown at its line, and nothing
// is reviewed before it is corrected or removed.

import { html, useId, useMemo, useRef, useState } from "../html.js";
import { say } from "../toast.js";
import { count } from "../rule_text.js";
import { readRules } from "./read.js";

/** @typedef {import("../rows.js").Row} Row */

// More than fits beside the text; the rest is counted.
const SHOWN = 20;
const EXAMPLES = ["tcp 443 10.0.0.0/8 office", "udp 53 10.1.0.0/16 10.2.0.0/16", "out tcp 8000-8100 2001:db8::/32"];

/**
 * @typedef {object} Paste
 * @property {boolean} isOpen
 * @property {string} text
 * @property {Row} [like] the row that the text was pasted into
 * @property {{rows: Row[], mistakes: import("./read.js").Wrong[]}} read
 * @property {(values: {isOpen?: boolean, text?: string, like?: Row}) => void} change
 * @property {string} pending why nothing can be reviewed yet; empty where nothing is pending
 */

/**
 * Hold the text of the box, and what it reads as.
 *
 * @returns {Paste}
 */
export function usePaste() {
  const [held, setHeld] = useState(/** @type {{isOpen: boolean, text: string, like?: Row}} */ ({ isOpen: false, text: "" }));
  const read = useMemo(() => readRules(held.text, held.like), [held.text, held.like]);
  const pending = read.mistakes.length
    ? `${count(read.mistakes.length, "pasted line")} to correct or remove.`
    : read.rows.length ? `${count(read.rows.length, "pasted rule")} not added yet.` : "";
  return { ...held, read, pending, change: (values) => setHeld((before) => ({ ...before, ...values })) };
}

/** @param {{paste: Paste, insert: (rows: Row[], after?: string) => void}} properties */
export function PasteBox({ paste, insert }) {
  const { text, read, like, change } = paste;
  const box = useRef(/** @type {any} */ (null));
  const id = useId();
  const clear = () => change({ isOpen: false, text: "", like: undefined });
  const add = () => {
    insert(read.rows, like?.key);
    say(`${count(read.rows.length, "rule")} added.`);
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
  return html`<div class="pasting">
    <label for=${id}>One rule a line: a protocol, its ports, and addresses</label>
    <p class="quiet" id=${`${id}-how`}>For example ${EXAMPLES.map((example, place) => html`<span key=${example}>${place > 0 && ", "}<code>${example}</code></span>`)}.
      Rules of ufw, iptables and <code>openstack security group rule create</code> are read as well, and CSV with a header.
      ${like && html` Addresses alone are read as <code>${like.direction === "egress" ? "out" : "in"} ${like.protocol || "any"} ${like.ports}</code>, like the rule that they were pasted into.`}</p>
    <textarea id=${id} ref=${box} rows="6" class="mono" spellcheck=${false} autocapitalize="none" value=${text}
      aria-invalid=${read.mistakes.length ? "true" : null} aria-describedby=${`${id}-how ${id}-state`}
      onInput=${(/** @type {any} */ event) => change({ text: event.target.value })}></textarea>
    <p class="quiet" id=${`${id}-state`} role="status">${stateOf(paste)}</p>
    ${read.mistakes.length > 0 && html`<${Mistakes} mistakes=${read.mistakes} goTo=${goTo} remove=${remove} />`}
    <div class="actions">
      <button type="button" class="button button-main" disabled=${read.mistakes.length > 0 || !read.rows.length} onClick=${add}>${read.rows.length && !read.mistakes.length ? `Add ${count(read.rows.length, "rule")}` : "Add these lines"}</button>
      <button type="button" class="button" onClick=${clear}>Discard</button>
    </div>
  </div>`;
}

/** @param {Paste} paste */
function stateOf({ text, read }) {
  if (!text.trim()) return "Nothing is pasted yet.";
  if (read.mistakes.length) return `${count(read.mistakes.length, "line")} not understood. Nothing is added, and nothing can be reviewed, until each is corrected or removed.`;
  return read.rows.length ? `All lines are understood: ${count(read.rows.length, "rule")}.` : "There is no rule in this text.";
}

/**
 * @param {object} properties
 * @param {import("./read.js").Wrong[]} properties.mistakes
 * @param {(line: number) => void} properties.goTo
 * @param {(line: number) => void} properties.remove
 */
function Mistakes({ mistakes, goTo, remove }) {
  return html`<ol class="plain paste-mistakes" aria-label="Lines that are not understood">
    ${mistakes.slice(0, SHOWN).map(({ line, text, word, message }) => html`<li key=${line}>
      <button type="button" class="button button-plain" onClick=${() => goTo(line)}>Line ${line}</button>
      <span class="paste-line"><code><${Marked} text=${text} word=${word} /></code>
        <span class="mistake">${message}</span></span>
      <button type="button" class="button button-plain" aria-label=${`Remove line ${line}`} onClick=${() => remove(line)}>Remove</button>
    </li>`)}
    ${mistakes.length > SHOWN && html`<li class="quiet">and ${mistakes.length - SHOWN} more</li>`}
  </ol>`;
}

/** @param {{text: string, word: string}} properties */
function Marked({ text, word }) {
  const shown = text.slice(0, 300);
  const place = word ? shown.indexOf(word) : -1;
  if (place < 0) return shown;
  return html`${shown.slice(0, place)}<mark>${word}</mark>${shown.slice(place + word.length)}`;
}

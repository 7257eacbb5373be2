// Filters of lists: fields, and chips for the chosen ones. All of them are in the URL.

import { html, useEffect, useRef, useState } from "../html.js";
import { navigate, updateQuery } from "../router.js";
import { Cross } from "./icons.js";
import { POSITION } from "./pagination.js";

const PAUSE_MILLISECONDS = 250;

/**
 * @param {{name: string, label: string, query: URLSearchParams, choices: string[][], all?: string}} properties a choice is its value,
 *     its text, and the heading that it is below, if any
 */
export function SelectFilter({ name, label, query, choices, all = "all" }) {
  const chosen = query.get(name) ?? "";
  // A value that is none of the choices stays shown, and can be removed.
  const shown = !chosen || choices.some(([value]) => value === chosen) ? choices : [...choices, [chosen, chosen]];
  return html`<select aria-label=${label} class=${chosen ? "is-chosen" : null} value=${chosen}
    onChange=${(/** @type {any} */ event) => updateQuery({ ...POSITION, [name]: event.target.value })}>
    <option value="">${label}: ${all}</option>
    ${[...new Set(shown.map(([, , heading]) => heading))].map((heading) => {
      const options = shown.filter((each) => each[2] === heading).map(([value, text]) => html`<option key=${value} value=${value} selected=${value === chosen}>${text}</option>`);
      return heading ? html`<optgroup key=${heading} label=${heading}>${options}</optgroup>` : options;
    })}
  </select>`;
}

/**
 * A field that filters while it is typed in.
 *
 * @param {{name: string, label: string, query: URLSearchParams, type?: string, className?: string}} properties
 */
export function TextFilter({ name, label, query, type = "search", className = "" }) {
  const given = query.get(name) ?? "";
  const [text, setText] = useState(given);
  const sent = useRef(given);
  useEffect(() => {
    // Another link, or a chip, has changed the URL.
    if (given === sent.current) return;
    sent.current = given;
    setText(given);
  }, [given]);
  useEffect(() => {
    if (text.trim() === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      updateQuery({ ...POSITION, [name]: text.trim() });
    }, PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input type=${type} class=${`${className}${given ? " is-chosen" : ""}`} aria-label=${label} placeholder=${label}
    autocomplete="off" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`;
}

/**
 * A chip for each filter that is set; `texts` says what a filter shows.
 *
 * @param {{query: URLSearchParams, texts: Record<string, (value: string) => string>}} properties
 */
function Chips({ query, texts }) {
  const chosen = [...query].filter(([name]) => Object.hasOwn(texts, name));
  if (!chosen.length) return null;
  const remove = (/** @type {string} */ name, /** @type {string} */ value) =>
    updateQuery({ ...POSITION, [name]: query.getAll(name).filter((each) => each !== value) });
  return html`<ul class="chips" aria-label="Filters">
    ${chosen.map(([name, value]) => {
      const text = texts[name](value);
      return html`<li key=${`${name}=${value}`}><button type="button" class="chip filter-chip" aria-label=${`Remove the filter ${text}`} onClick=${() => remove(name, value)}>${text}<${Cross} /></button></li>`;
    })}
    <li><button type="button" class="chip chip-plain" onClick=${() => navigate(location.pathname, { replace: true })}>Clear filters</button></li>
  </ul>`;
}

/**
 * A search field and the selects of a list. Narrow windows show the selects behind a button.
 *
 * @param {{query: URLSearchParams, texts: Record<string, (value: string) => string>, search?: any, children?: any}} properties
 */
export function FilterBar({ query, texts, search, children }) {
  const [isOpen, setOpen] = useState(false);
  const number = [...query].filter(([name]) => Object.hasOwn(texts, name)).length;
  return html`<search class="filter-bar">${search}
      <button type="button" class="button filter-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>Filters${number > 0 && ` (${number})`}</button>
      <div class=${isOpen ? "filters is-open" : "filters"}>${children}</div></search>
    <${Chips} query=${query} texts=${texts} />`;
}

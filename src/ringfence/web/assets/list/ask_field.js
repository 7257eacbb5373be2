// The search field, and how its question is understood: every part can be taken out.

import { OVERVIEWS, request } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Cross } from "../icons.js";
import { updateQuery } from "../router.js";
import { count } from "../rule_text.js";
import { useLoaded } from "../use_loaded.js";

/** @typedef {import("./ask.js").Question} Question */

/** @param {{text: string}} properties */
export function AskField({ text: asked }) {
  const [text, setText] = useState(asked);
  const sent = useRef(asked);
  // The URL may change by Back, by a view, or by a part that is taken out.
  useEffect(() => {
    if (asked === sent.current) return;
    sent.current = asked;
    setText(asked);
  }, [asked]);
  const send = () => {
    if (text.trim() === sent.current) return;
    sent.current = text.trim();
    updateQuery({ q: text.trim(), as: "", query: "", page: "" });
  };
  useEffect(() => {
    const timer = setTimeout(send, 200);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<form class="search-form" role="search" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  }}>
    <input class="search" type="search" aria-label="Search groups and rules" value=${text} autocomplete="off" spellcheck=${false}
      placeholder="Name, tenant, 443, ssh from internet, 10.4.7.9, 10.0.0.0/8"
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
  </form>`;
}

/**
 * What the question is understood as, with what it may mean instead.
 *
 * @param {{question: Question, text: string, as: string}} properties
 */
export function Understood({ question, text, as }) {
  const { kind, lead, parts, canBeName } = question;
  if (!text) return null;
  const without = (/** @type {string} */ words) => updateQuery({ q: text.replace(words, " ").replace(/\s+/g, " ").trim(), page: "" });
  return html`<p class="understood" aria-live="polite">
    <span>${lead}</span>
    ${parts.map((part) => html` <span key=${part.words} class="part"><strong>${part.text}</strong>
      ${parts.length > 1 && html`<button type="button" aria-label=${`Take out: ${part.text}`} onClick=${() => without(part.words)}><${Cross} /></button>`}</span>`)}
    ${kind === "rules" && canBeName && html`<${Names} text=${text} />`}
    ${as === "names" && html` <button type="button" class="link" onClick=${() => updateQuery({ as: "", page: "" })}>Search rules instead</button>`}
  </p>`;
}

/** @param {{text: string}} properties */
function Names({ text }) {
  const { data: number = 0 } = useLoaded(
    async (signal) => (await request("GET", OVERVIEWS, { query: { query: text, page_size: 1, field: ["uuid"] }, signal })).total,
    [text],
  );
  return html` <button type="button" class="link" onClick=${() => updateQuery({ as: "names", page: "" })}>
    Search names instead${number > 0 && ` (${count(number, "group")})`}</button>`;
}

// The search field, and how its question is understood: every part can be taken out.

import { OVERVIEWS, request } from "../api.js";
import { Cross } from "../components/icons.js";
import { useLoaded } from "../components/use_loaded.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { updateQuery } from "../router.js";
import { count } from "../rules/text.js";

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
  if (!text || kind === "unasked") return null;
  return html`<p class="understood" aria-live="polite">
    <span>${lead}</span>
    ${parts.map((part) => html` <span key=${part.words} class="part"><strong>${part.text}</strong>
      ${parts.length > 1 && html`<button type="button" aria-label=${`Take out: ${part.text}`} onClick=${() => updateQuery({ q: without(text, part.words), page: "" })}><${Cross} /></button>`}</span>`)}
    ${kind === "rules" && canBeName && html`<${Names} text=${text} />`}
    ${as === "names" && html` <button type="button" class="link" onClick=${() => updateQuery({ as: "", page: "" })}>Search rules instead</button>`}
  </p>`;
}

/**
 * Why words are no question, and what is a question instead.
 *
 * @param {{question: Question, text: string}} properties
 */
export function Unasked({ question: { lead, choices }, text }) {
  return html`<section class="empty" role="status"><h2>${lead}</h2>
    <ul class="plain ancestors">${choices.map((choice) => html`<li key=${choice.text}>
      <button type="button" class="button" onClick=${() => updateQuery({ q: choice.text, as: "", page: "" })}>${choice.label}</button></li>`)}</ul>
    <p><${Names} text=${text} /></p></section>`;
}

/**
 * Shown where no rule matches. Words that are in no rule are not the same as no such rule.
 *
 * @param {{question: Question, text: string}} properties
 */
export function NoRules({ question: { lead, parts }, text }) {
  const mention = parts.find(({ query }, index) => index > 0 && query.query && !query.port);
  return html`<section class="empty"><h2>${mention ? `No rule is found ${mention.text}` : "No rules match"}</h2>
    <p>Searched in the desired rules of all groups that you can see: ${lead} ${parts.map((part) => part.text).join(" ")}.</p>
    ${mention && html`<button type="button" class="button" onClick=${() => updateQuery({ q: without(text, mention.words), page: "" })}>Search without “${mention.words}”</button>`}</section>`;
}

/**
 * @param {string} text
 * @param {string} words
 */
const without = (text, words) => words.split(" ").reduce((rest, word) => rest.replace(word, " "), text).replace(/\s+/g, " ").trim();

/** @param {{text: string}} properties */
function Names({ text }) {
  const { data: number = 0 } = useLoaded(
    async (signal) => (await request("GET", OVERVIEWS, { query: { query: text, page_size: 1, field: ["uuid"] }, signal })).total,
    [text],
  );
  return html` <button type="button" class="link" onClick=${() => updateQuery({ as: "names", page: "" })}>
    Search names instead${number > 0 && ` (${count(number, "group")})`}</button>`;
}

/**
 * Offers the groups whose own name has the words, if others have them elsewhere.
 *
 * @param {{question: Question, parameters: Record<string, any>, total: number}} properties
 */
export function OwnNames({ question: { query: { query: name }, ancestor }, parameters, total }) {
  const { data: number = 0 } = useLoaded(
    async (signal) => (name && !ancestor ? (await request("GET", OVERVIEWS, { query: { ...parameters, query: "", name, page_size: 1, field: ["uuid"] }, signal })).total : 0),
    [name, ancestor, total],
  );
  return number > 0 && number < total && html`<p><button type="button" class="link" onClick=${() => updateQuery({ q: "", as: "", name: name ?? "", page: "" })}>
    Only groups with “${name}” in their own name (${number})</button></p>`;
}

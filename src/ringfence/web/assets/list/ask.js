// What a question in the search field means: "ssh from internet", "10.4.7.9", "tcp 22 in shop". Pure.

import { isOutgoing, partAt } from "./ask_parts.js";

/**
 * A part of a question: the words that were typed, what they mean, and the parameters of the search.
 *
 * @typedef {object} Part
 * @property {"traffic" | "end" | "other"} kind
 * @property {string} words
 * @property {string} text
 * @property {Record<string, string>} query
 */

/**
 * What a question means: rules, or groups by name, or neither: then `lead`
 * says why, and `choices` are what is a question instead. `ancestor` is the name of a tenant, a project or a
 * customer that both are in, and `level` which of them, if that is said.
 *
 * @typedef {object} Question
 * @property {"groups" | "rules" | "unasked"} kind
 * @property {string} lead
 * @property {Part[]} parts
 * @property {Record<string, string>} query
 * @property {string} ancestor
 * @property {string} level
 * @property {{text: string, label: string}[]} choices
 * @property {boolean} canBeName whether the words may be a name as well
 */

const NOISE = new Set(["rule", "rules", "group", "groups", "that", "which", "what", "who", "can", "is", "are", "with", "the", "a", "any", "all", "admit", "admits", "allow", "allows", "allowed", "permit", "permits", "accept", "accepts", "open", "traffic"]);
// Rules are searched by what they admit, all parts of a question together.
const NEGATIONS = new Set(["not", "no", "without", "except", "excluding", "excludes", "but", "unless", "never", "non", "only", "nobody", "none", "closed", "deny", "denies", "denied", "block", "blocks", "blocked", "outside"]);
const ALTERNATIVES = new Set(["or", "either", "|", "||"]);

/**
 * Return what a question means. `as` is "names" if its words are to be searched as a name.
 *
 * @param {string} text
 * @param {string} [as]
 * @returns {Question}
 */
export function ask(text, as = "") {
  const words = text.trim().replace(/(^|\s)[!¬]\s*(?=\S)/g, "$1not ").split(/[\s,]+/).filter(Boolean);
  if (as === "names") return groupsOf(words.join(" "), [], "", "");
  const { ancestor, level, rest, named } = ancestorIn(words);
  const { parts, left, clashing, refused } = partsIn(rest);
  const isClear = parts.some(({ words: of }) => of.includes(" ")) || parts.length > 1;
  const isQuestion = parts.length > 0 && (isClear || !left.length);
  const inAncestor = ancestor ? [other(named, `in ${level ? `${level} ` : ""}${ancestor}`)] : [];
  if (isQuestion) {
    const unasked = whyUnasked(parts, clashing, refused, named, text);
    if (unasked) return { kind: "unasked", parts: [], query: {}, ancestor: "", level: "", canBeName: true, ...unasked };
  }
  const isText = !parts.length || clashing.length > 0 || refused !== "" || (left.length > 0 && (!isClear || left.join(" ").length < 3 || parts.some(({ query }) => query.query)));
  if (isText) return groupsOf(rest.join(" "), inAncestor, ancestor, level);
  const mentions = left.length ? [other(left.join(" "), `mentioning “${left.join(" ")}”`, { query: left.join(" ") })] : [];
  return rulesOf([...parts, ...mentions, ...inAncestor], ancestor, level, rest);
}

/**
 * Return the parts of a question; `left` are the words that are none, `clashing` the parts that cannot
 * hold together with others, and `refused` a word that takes away or joins.
 *
 * @param {string[]} words
 */
function partsIn(words) {
  const lower = words.map((word) => word.toLowerCase());
  const isOut = lower.some(isOutgoing);
  /** @type {Piece[]} */
  const parts = [];
  /** @type {Piece[]} */
  const clashing = [];
  /** @type {string[]} */
  const left = [];
  let refused = "";
  for (let index = 0; index < words.length;) {
    const word = lower[index];
    const found = NEGATIONS.has(word) || ALTERNATIVES.has(word) ? null : partAt(lower.slice(index), isOut);
    const size = found?.size ?? 1;
    if (found) {
      const isClash = parts.some(({ query }) => clashes(query, found.query));
      (isClash ? clashing : parts).push({ ...found, words: words.slice(index, index + size).join(" ") });
    } else if (NEGATIONS.has(word) || ALTERNATIVES.has(word)) refused ||= words[index];
    else if (!NOISE.has(word) && !["and", "&", "&&", "+"].includes(word)) left.push(words[index]);
    index += size;
  }
  return { parts, left, clashing, refused };
}

/** @typedef {Part & {either?: import("../rules/prefixes.js").HostBits}} Piece */

/**
 * Return why a question is not one, and what is a question instead; null if it is one.
 *
 * @param {Piece[]} parts
 * @param {Piece[]} clashing
 * @param {string} refused
 * @param {string} named the words of the ancestor
 * @param {string} text
 */
function whyUnasked(parts, clashing, refused, named, text) {
  const joined = (/** @type {Part[]} */ of) => [...of.map(({ words }) => words), named].filter(Boolean).join(" ");
  const choice = (/** @type {string} */ asked) => ({ text: asked, label: asked });
  if (NEGATIONS.has(refused.toLowerCase())) {
    return { lead: `This is not one question: rules are found by what they admit, and “${refused}” takes away.`, choices: clashing.length ? [] : [choice(joined(parts))] };
  }
  if (clashing.length) {
    const first = parts.filter(({ query }) => clashing.some((each) => clashes(query, each.query)));
    const others = parts.filter((part) => !first.includes(part));
    const each = [...first, ...clashing].map((part) => joined([part, ...others]));
    return { lead: `This is not one question: no rule needs to have ${[...first, ...clashing].map(({ words }) => `“${words}”`).join(" and ")} together.`, choices: [...new Set(each)].map(choice) };
  }
  if (refused) {
    return { lead: `This is not one question: all parts of a question hold together, and “${refused}” means one of them.`, choices: parts.map((part) => choice(joined([part]))) };
  }
  const unclear = parts.find(({ either }) => either);
  if (!unclear?.either) return null;
  const { address, network, covers } = unclear.either;
  const given = unclear.words.split(" ").at(-1) ?? "";
  const single = /^(within|overlap)/i.test(unclear.words) ? address : address.split("/")[0];
  return {
    lead: `Which is meant by ${given}?`,
    choices: [
      { text: text.replace(given, single), label: `The one address ${address.split("/")[0]}` },
      { text: text.replace(given, network), label: `The network ${network} (${covers})` },
    ],
  };
}

/**
 * @param {Record<string, string>} one
 * @param {Record<string, string>} two
 */
const clashes = (one, two) => Object.keys(two).some((name) => name in one && one[name] !== two[name]);

/**
 * @param {string} words
 * @param {string} text
 * @param {Record<string, string>} [query]
 * @returns {Part}
 */
const other = (words, text, query = {}) => ({ kind: "other", words, text, query });

/**
 * @param {string} text
 * @param {Part[]} inAncestor
 * @param {string} ancestor
 * @param {string} level
 * @returns {Question}
 */
function groupsOf(text, inAncestor, ancestor, level) {
  /** @type {Record<string, string>} */
  const query = text ? { query: text } : {};
  const parts = text ? [other(text, `“${text}” in their name or description, or their tenant’s, project’s or customer’s name`)] : [];
  return { kind: "groups", lead: text ? "Groups with" : "Groups", parts: [...parts, ...inAncestor], query, ancestor, level, choices: [], canBeName: false };
}

/**
 * @param {Part[]} parts
 * @param {string} ancestor
 * @param {string} level
 * @param {string[]} rest
 * @returns {Question}
 */
function rulesOf(parts, ancestor, level, rest) {
  /** @type {Record<string, string>} */
  const query = Object.assign({}, ...parts.map((part) => part.query));
  const hasTraffic = parts.some(({ kind }) => kind === "traffic");
  const hasEnd = parts.some(({ kind }) => kind === "end");
  // Rules that admit traffic are incoming, unless the question says otherwise.
  if ((hasTraffic || hasEnd) && !query.direction) query.direction = "ingress";
  const verb = query.direction === "egress" ? "Rules that let out" : "Rules that admit";
  const lead = hasTraffic ? verb : hasEnd ? `${verb} traffic` : "Rules";
  const ranks = ["traffic", "end", "other"];
  const sorted = [...parts].sort((one, two) => ranks.indexOf(one.kind) - ranks.indexOf(two.kind));
  return { kind: "rules", lead, parts: lead === "Rules" ? sorted : sorted.map(bracketed), query, ancestor, level, choices: [], canBeName: rest.length < 4 };
}

/** @param {Part} part */
const bracketed = (part) => (part.query.direction && part.kind === "other" ? { ...part, text: `(${part.text})` } : part);

/**
 * Take the ancestor out of the words: "in tenant shop".
 *
 * @param {string[]} words
 */
function ancestorIn(words) {
  const start = words.findIndex((word, index) => word.toLowerCase() === "in" && index < words.length - 1);
  if (start < 0) return { ancestor: "", level: "", rest: words, named: "" };
  const after = words.slice(start + 1);
  const next = after.findIndex((word, index) => index > 0 && ["from", "to", "not", "without", "except"].includes(word.toLowerCase()));
  const named = next < 0 ? after : after.slice(0, next);
  const isLevel = named.length > 1 && ["tenant", "project", "customer"].includes(named[0].toLowerCase());
  return {
    ancestor: named.slice(isLevel ? 1 : 0).join(" "),
    level: isLevel ? named[0].toLowerCase() : "",
    rest: [...words.slice(0, start), ...after.slice(named.length)],
    named: ["in", ...named].join(" "),
  };
}

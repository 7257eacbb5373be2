// Parses the options of a command. Each may occur once.

import { ParseError } from "./values.js";

/**
 * Take the options in `words` from index `start` on; throw `ParseError` for an unknown one.
 *
 * @param {string[]} words
 * @param {number} start
 * @param {Record<string, string>} known the name of a value by its option; "-" and a name for a flag
 * @param {{unsupported?: Record<string, string>, form: string}} messages
 */
export function takeOptions(words, start, known, { unsupported = {}, form }) {
  const values = /** @type {Record<string, string>} */ ({});
  const rest = [];
  const all = words.slice(start).flatMap(splitAtEqual);
  for (let at = 0; at < all.length; at += 1) {
    const word = all[at];
    if (Object.hasOwn(unsupported, word)) throw new ParseError(word, unsupported[word]);
    if (!word.startsWith("-") && !Object.hasOwn(known, word)) {
      rest.push(word);
      continue;
    }
    if (!Object.hasOwn(known, word)) throw new ParseError(word, form);
    const isFlag = known[word].startsWith("-");
    const name = isFlag ? known[word].slice(1) : known[word];
    if (Object.hasOwn(values, name)) throw new ParseError(word, "repeats what the line already says.");
    const value = isFlag ? word : all[at += 1];
    if (value === undefined || (!isFlag && Object.hasOwn(known, value))) throw new ParseError(word, "requires a value.");
    values[name] = value;
  }
  return { values, rest };
}

/** @param {string} word */
function splitAtEqual(word) {
  const index = word.indexOf("=");
  return word.startsWith("--") && index > 0 ? [word.slice(0, index), word.slice(index + 1)] : [word];
}

// The options of a command, each with its value and at most once.

import { Mistake } from "./values.js";

/**
 * Take the options that stand in `words` from `place` on; raise `Mistake` for any that is not known.
 *
 * @param {string[]} words
 * @param {number} place
 * @param {Record<string, string>} known the name of a value by its option; "-" and a name for a flag
 * @param {{refused?: Record<string, string>, form: string}} how
 */
export function takeOptions(words, place, known, { refused = {}, form }) {
  const values = /** @type {Record<string, string>} */ ({});
  const rest = [];
  const all = words.slice(place).flatMap(splitAtEqual);
  for (let at = 0; at < all.length; at += 1) {
    const word = all[at];
    if (Object.hasOwn(refused, word)) throw new Mistake(word, refused[word]);
    if (!word.startsWith("-") && !Object.hasOwn(known, word)) {
      rest.push(word);
      continue;
    }
    if (!Object.hasOwn(known, word)) throw new Mistake(word, form);
    const isFlag = known[word].startsWith("-");
    const name = isFlag ? known[word].slice(1) : known[word];
    if (Object.hasOwn(values, name)) throw new Mistake(word, "says again what the line has said already.");
    const value = isFlag ? word : all[at += 1];
    if (value === undefined || (!isFlag && Object.hasOwn(known, value))) throw new Mistake(word, "needs a value after it.");
    values[name] = value;
  }
  return { values, rest };
}

/** @param {string} word */
function splitAtEqual(word) {
  const place = word.indexOf("=");
  return word.startsWith("--") && place > 0 ? [word.slice(0, place), word.slice(place + 1)] : [word];
}

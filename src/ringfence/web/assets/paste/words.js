// A line as words: by spaces, or with quotes as a shell has them.

import { Mistake } from "./values.js";

/** The words of a line, taken one by one. */
export class Words {
  /** @param {string[]} words */
  constructor(words) {
    this.words = words;
    this.place = 0;
  }

  /** The next word; undefined at the end. */
  get next() {
    return /** @type {string | undefined} */ (this.words[this.place]);
  }

  /** @param {string} message of the mistake where there is no word left */
  take(message) {
    const word = this.next;
    if (word === undefined) throw new Mistake(this.words.at(-1) ?? "", message);
    this.place += 1;
    return word;
  }

  /** @param {string[]} keywords */
  takeIf(...keywords) {
    const isOne = this.next !== undefined && keywords.includes(this.next.toLowerCase());
    if (isOne) this.place += 1;
    return isOne;
  }

  /** Take a list that may have spaces at its commas: "80, 443". */
  takeList(/** @type {string} */ message) {
    let word = this.take(message);
    while (this.next !== undefined && (word.endsWith(",") || this.next.startsWith(","))) {
      word += this.next;
      this.place += 1;
    }
    return word;
  }
}

/**
 * Return what stands before a `#` that begins a word, and what stands after it.
 *
 * @param {string} line
 */
export function withoutRemark(line) {
  const found = /(?:^|\s)#/.exec(line);
  if (!found) return { said: line, remark: "" };
  const end = found.index + found[0].length;
  return { said: line.slice(0, found.index), remark: line.slice(end).trim() };
}

/**
 * Split a command as a shell does; a `#` outside quotes begins a remark.
 *
 * @param {string} line
 */
export function shellWords(line) {
  /** @type {string[]} */
  const words = [];
  let word = "";
  let isWord = false;
  let quote = "";
  for (let place = 0; place < line.length; place += 1) {
    const letter = line[place];
    if (quote) {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      isWord = true;
    } else if (/\s/.test(letter)) {
      if (isWord) words.push(word);
      word = "";
      isWord = false;
    } else if (letter === "#" && !isWord) {
      return { words, remark: line.slice(place + 1).trim() };
    } else if ("\\`$;|&<>".includes(letter)) {
      throw new Mistake(letter, "is not read: write one command a line, with its values spelt out.");
    } else {
      word += letter;
      isWord = true;
    }
  }
  if (quote) throw new Mistake(quote, "is not closed: a quoted text ends with the same quote.");
  if (isWord) words.push(word);
  return { words, remark: "" };
}

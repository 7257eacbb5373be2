// Splits a line into words: at spaces, or by the quoting rules of a shell.

import { ParseError } from "./values.js";

/** A cursor over the words of a line. */
export class Words {
  /** @param {string[]} words */
  constructor(words) {
    this.words = words;
    this.position = 0;
  }

  /** The next word; undefined at the end. */
  get next() {
    return /** @type {string | undefined} */ (this.words[this.position]);
  }

  /** @param {string} message of the error if no word is left */
  take(message) {
    const word = this.next;
    if (word === undefined) throw new ParseError(this.words.at(-1) ?? "", message);
    this.position += 1;
    return word;
  }

  /** @param {string[]} keywords */
  takeIf(...keywords) {
    const isOne = this.next !== undefined && keywords.includes(this.next.toLowerCase());
    if (isOne) this.position += 1;
    return isOne;
  }

  /** Take a list that may have spaces at its commas: "80, 443". */
  takeList(/** @type {string} */ message) {
    let word = this.take(message);
    while (this.next !== undefined && (word.endsWith(",") || this.next.startsWith(","))) {
      word += this.next;
      this.position += 1;
    }
    return word;
  }
}

/**
 * Split a line at a `#` that begins a word.
 *
 * @param {string} line
 */
export function withoutRemark(line) {
  const found = /(?:^|\s)#/.exec(line);
  if (!found) return { text: line, remark: "" };
  const end = found.index + found[0].length;
  return { text: line.slice(0, found.index), remark: line.slice(end).trim() };
}

/**
 * Split a command as a shell does; a `#` outside of quotes begins a remark.
 *
 * @param {string} line
 */
export function shellWords(line) {
  /** @type {string[]} */
  const words = [];
  let word = "";
  let isWord = false;
  let quote = "";
  for (let index = 0; index < line.length; index += 1) {
    const letter = line[index];
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
      return { words, remark: line.slice(index + 1).trim() };
    } else if ("\\`$;|&<>".includes(letter)) {
      throw new ParseError(letter, "is not supported: write one command per line, with literal values.");
    } else {
      word += letter;
      isWord = true;
    }
  }
  if (quote) throw new ParseError(quote, "is not closed: end the text with the same quote.");
  if (isWord) words.push(word);
  return { words, remark: "" };
}

// Text from outside in files that programs read: one function for each format.

// What no reader shows as itself; a space is the only blank that it does.
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;
// Control characters and bidirectional controls, but for tabs and line breaks.
const CONTROL = /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
// What spreadsheets take for the start of a formula.
const FORMULA = /^[\s\x1c-\x1f\x85]*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

const SHORT = /** @type {Record<string, string>} */ ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" });

/**
 * Return the escape sequence of a character; half of a surrogate pair is no character.
 *
 * @param {string} character
 */
function sequenceOf(character) {
  const point = Number(character.codePointAt(0));
  if (point >= 0xd800 && point <= 0xdfff) return "\ufffd";
  const short = SHORT[character];
  if (short) return short;
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
}

/**
 * A cell of CSV: one line, and never a formula.
 *
 * @param {unknown} value
 */
export function csvCell(value) {
  const text = String(value ?? "");
  const line = text.replace(UNPRINTABLE, sequenceOf);
  const cell = FORMULA.test(text) || FORMULA.test(line) ? `'${line}` : line;
  return /^[\w .:/-]*$/.test(cell) ? cell : `"${cell.replaceAll('"', '""')}"`;
}

/**
 * A scalar of YAML, on one line; numbers are those of JSON, and text is always quoted.
 *
 * @param {string | number} value
 */
export function yamlScalar(value) {
  if (typeof value === "number") return String(value);
  return `"${value.replace(/["\\]/g, "\\$&").replace(UNPRINTABLE, sequenceOf)}"`;
}

/**
 * A string of HCL. Dollar and percent signs before a brace would begin a template.
 *
 * @param {string} text
 */
export function hclString(text) {
  const plain = text.replace(/["\\]/g, "\\$&").replace(UNPRINTABLE, sequenceOf);
  return `"${plain.replace(/[$%]+(?=\{)/g, (signs) => [...signs].map(sequenceOf).join(""))}"`;
}

/**
 * A word of a POSIX shell. No argument has a NUL, and what a terminal would interpret is replaced.
 *
 * @param {string | number} value
 */
export function shellWord(value) {
  const text = String(value).replace(CONTROL, "\ufffd");
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The rest of a line after `#`, in YAML, HCL and shells.
 *
 * @param {string} text
 */
export const comment = (text) => `# ${text.replace(UNPRINTABLE, "\ufffd")}`;

/**
 * A name of a file, without its suffix.
 *
 * @param {string} text
 */
export const fileName = (text) => text.normalize("NFKD").replace(/[^\w.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80) || "ringfence";

// The storage of drafts in this browser, by user and key.

const PREFIX = "ringfence:draft:";
// A draft in another format, of an earlier or a later release, is not read.
const FORMAT = 1;

// A draft that was not changed for so long is dropped.
const MAX_DAYS = 90;

// What the browser refused to store, because its storage is full or switched off.
const unstored = new Map();

/**
 * @typedef {object} Stored
 * @property {any} value undefined if there is no draft, or if it cannot be read
 * @property {string} savedAt in ISO 8601; empty without a draft
 * @property {boolean} isUnreadable
 */

/**
 * Return the drafts that a user has in this browser: their keys, and when they were saved.
 *
 * @param {string} username
 * @returns {{key: string, savedAt: string}[]}
 */
export function draftsOf(username) {
  const prefix = nameOf(username, "");
  const names = new Set([...storedNames(), ...unstored.keys()]);
  return [...names].filter((name) => name.startsWith(prefix)).map((name) => ({
    key: name.slice(prefix.length), savedAt: parseDraft(readText(name)).savedAt,
  }));
}

/** Drop the drafts, of every user of this browser, that were not changed for long. */
export function dropOldDrafts() {
  const oldest = Date.now() - MAX_DAYS * 24 * 3600 * 1000;
  for (const name of storedNames().filter((each) => each.startsWith(PREFIX))) {
    if (Date.parse(parseDraft(readText(name)).savedAt) < oldest) writeText(name, null);
  }
}

/**
 * @param {string} username
 * @param {string} key
 */
export const nameOf = (username, key) => `${PREFIX}${encodeURIComponent(username)}:${key}`;

/** @param {any} value */
export const serializeDraft = (value) => JSON.stringify({ format: FORMAT, savedAt: new Date().toISOString(), value });

/**
 * @param {string | null} text
 * @param {(value: any) => any} [restore] throws if the value is unusable
 * @returns {Stored}
 */
export function parseDraft(text, restore = (value) => value) {
  if (text === null) return { value: undefined, savedAt: "", isUnreadable: false };
  try {
    const { format, savedAt, value } = JSON.parse(text);
    if (format !== FORMAT || Number.isNaN(Date.parse(savedAt))) throw new Error("another format");
    return { value: restore(value), savedAt, isUnreadable: false };
  } catch {
    return { value: undefined, savedAt: "", isUnreadable: true };
  }
}

/**
 * Return what is stored under a name; null if nothing is.
 *
 * @param {string} name
 * @returns {string | null}
 */
export function readText(name) {
  try {
    return unstored.get(name) ?? localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * Store a text under a name; null removes it. What the browser refuses is kept until the page is
 * reloaded. Return whether it was stored.
 *
 * @param {string} name
 * @param {string | null} text
 */
export function writeText(name, text) {
  unstored.delete(name);
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    if (text !== null) unstored.set(name, text);
    return text === null;
  }
}

function storedNames() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

// Changes that are carried out once, although their response may get lost: each is sent with an
// idempotency key, which is kept in this browser until a response is received.

import { request } from "./api.js";
import { readText, writeText } from "./draft_store.js";
import { own } from "./own.js";
import { cachedUser } from "./session.js";

/**
 * @typedef {object} Change
 * @property {string} path
 * @property {any} body
 * @property {Record<string, string>} [query]
 * @property {Record<string, string>} [headers]
 */

/** @typedef {Change & {key: string}} Attempt a change that was sent, and received no response yet */

/**
 * Send a change. If it was sent before without a response, it is sent with the same key: it is not
 * carried out twice, and the response is the one that got lost.
 *
 * @param {string} purpose what the change is for, such as a group
 * @param {Change} change
 */
export async function sendOnce(purpose, change) {
  const before = attemptsOf(purpose);
  const attempt = before.find((each) => isSame(each, change)) ?? { ...change, key: newKey() };
  const others = before.filter((each) => each !== attempt);
  keep(purpose, [...others, attempt]);
  try {
    const response = await send(attempt);
    keep(purpose, []);
    return response;
  } catch (error) {
    if (isAnswered(error)) keep(purpose, others);
    throw error;
  }
}

/**
 * Return the change among those without a response that was carried out, after it is sent again; null if
 * none was. Call it only if sending them again cannot change anything that was not changed already,
 * as with an `If-Match` that is out of date. Throws if there is no response again.
 *
 * @param {string} purpose
 * @returns {Promise<Attempt | null>}
 */
export async function findCarriedOut(purpose) {
  for (const attempt of attemptsOf(purpose)) {
    try {
      await send(attempt);
      keep(purpose, []);
      return attempt;
    } catch (error) {
      if (!isAnswered(error)) throw error;
      keep(purpose, attemptsOf(purpose).filter((each) => each.key !== attempt.key));
    }
  }
  return null;
}

/**
 * Return the changes that received no response.
 *
 * @param {string} purpose
 * @returns {Attempt[]}
 */
export function attemptsOf(purpose) {
  try {
    return JSON.parse(readText(nameOf(purpose)) ?? "[]").filter((/** @type {any} */ each) => each && own(each, "key"));
  } catch {
    return [];
  }
}

const nameOf = (/** @type {string} */ purpose) => `ringfence:attempts:${encodeURIComponent(cachedUser()?.username ?? "")}:${purpose}`;
const keep = (/** @type {string} */ purpose, /** @type {Attempt[]} */ attempts) => writeText(nameOf(purpose), attempts.length ? JSON.stringify(attempts) : null);
const send = (/** @type {Attempt} */ { path, key, headers, ...options }) => request("POST", path, { ...options, headers: { ...headers, "Idempotency-Key": key } });
const partsOf = (/** @type {Change} */ { path, body, query, headers }) => JSON.stringify([path, body, query ?? {}, headers ?? {}]);
const isSame = (/** @type {Change} */ one, /** @type {Change} */ other) => partsOf(one) === partsOf(other);

/** @param {any} error is a response unless the change may still be carried out, or can be sent again */
const isAnswered = ({ status }) => status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);

// Not crypto.randomUUID(), which pages without TLS do not have.
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

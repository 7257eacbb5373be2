// Changes that are carried out once, although their response may get lost: each is sent with an
// idempotency key, which is kept in this browser until a response is received.

import { request } from "../api.js";
import { cachedUser } from "../frame/session.js";
import { own } from "../own.js";
import { readText, writeText } from "./draft_store.js";

/**
 * @typedef {object} Change
 * @property {string} path
 * @property {"POST" | "PUT" | "DELETE"} [method] POST unless given
 * @property {any} [body]
 * @property {import("../api.js").Options["query"]} [query]
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
const send = (/** @type {Attempt} */ { method = "POST", path, key, headers, ...options }) => request(method, path, { ...options, headers: { ...headers, "Idempotency-Key": key } });
const partsOf = (/** @type {Change} */ { method = "POST", path, body, query, headers }) => JSON.stringify([method, path, body, query ?? {}, headers ?? {}]);
const isSame = (/** @type {Change} */ one, /** @type {Change} */ other) => partsOf(one) === partsOf(other);

/** The words for a change that was refused, because the group is no longer at the version it was based on. */
export const CHANGED_MEANWHILE = "Somebody changed the group meanwhile.";

/**
 * Return what an error of a change of a group says.
 *
 * @param {any} error
 * @param {string} wayOn what to do if somebody changed the group meanwhile
 */
export function messageOfChange({ status, message }, wayOn) {
  if (status !== 412) return message;
  return `${message.includes("in the cloud has changed") ? "The group has changed in the cloud meanwhile." : CHANGED_MEANWHILE} ${wayOn}`;
}

/** @param {any} error is a response unless the change may still be carried out, or can be sent again */
export const isAnswered = ({ status }) => status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);

/** Return a key that no other change has. Pages without TLS have no `crypto.randomUUID()`. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

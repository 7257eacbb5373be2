// Requests to the API: the operations that every client uses, authenticated by the session cookie.

import { own } from "./own.js";
import { BASE } from "./router.js";

/** An error response of the API; status 0 if no response was received. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {any} detail the response body, or a message
   */
  constructor(status, detail) {
    super(messageOf(detail));
    this.status = status;
    this.detail = detail;
  }
}

// The session has ended; who shows a sign-in form over the page cancels the event.
export const SIGNED_OUT = "ringfence:signed-out";
// The same user has signed in again.
export const SIGNED_IN = "ringfence:signed-in";

// This version of the API allows a failed group to be changed.
const MEDIA_TYPE = "application/json; version=2026-10";

// The most rows that the API returns at once
const MAX_PAGE_SIZE = 300;

/**
 * @typedef {object} Options
 * @property {any} [body]
 * @property {Record<string, string | number | boolean | string[] | null | undefined>} [query]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {boolean} [waitsForSignIn] whether a request of an ended session waits for the next one
 */

/**
 * Send a request and return the parsed response; throws `ApiError`.
 *
 * If the session has ended, the user signs in over the page, and the request is sent again.
 *
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<{data: any, total: number, etag: string | null}>}
 */
export async function request(method, path, options = {}) {
  const { query, headers = {}, signal, waitsForSignIn = true } = options;
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  /** @type {Record<string, string>} */
  const sent = { ...headers, "X-Ringfence-Console": "1", Accept: MEDIA_TYPE };
  if (body) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(urlOf(path, query), { method, headers: sent, signal, body });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "Ringfence cannot be reached. The data shown may be out of date.");
  }
  const data = await bodyOf(response);
  if (!response.ok) {
    if (response.status === 401 && waitsForSignIn && (await isSignedInAgain(signal))) {
      return request(method, path, { ...options, waitsForSignIn: false });
    }
    const hints = response.status === 400 ? hintsOf(response.headers.get("Ringfence-Hint")) : {};
    throw new ApiError(response.status, withHints(data ?? response.statusText, hints));
  }
  return {
    data,
    total: Number(response.headers.get("X-Result-Count") ?? 0),
    etag: response.headers.get("ETag"),
  };
}

/**
 * Say that the session has ended; resolve when the user has signed in again, with `false` if the
 * page does not wait for that (it shows the sign-in page).
 *
 * @param {AbortSignal} [signal]
 * @returns {Promise<boolean>}
 */
async function isSignedInAgain(signal) {
  const pageWaits = !window.dispatchEvent(new Event(SIGNED_OUT, { cancelable: true }));
  if (!pageWaits) return false;
  return new Promise((resolve, reject) => {
    window.addEventListener(SIGNED_IN, () => resolve(true), { once: true, signal });
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * Return the rows of all pages of a list; throws `ApiError`.
 *
 * @param {string} path
 * @param {Record<string, any>} query
 * @param {number} [most] rows
 * @returns {Promise<any[]>}
 */
export async function requestAll(path, query, most = Infinity) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const { data, total } = await request("GET", path, { query: { ...query, page, page_size: MAX_PAGE_SIZE } });
    rows.push(...data);
    if (!data.length || rows.length >= total || rows.length >= most) return rows.slice(0, most);
  }
}

/**
 * @param {string} path
 * @param {Options["query"]} query
 */
function urlOf(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) {
      if (each !== null && each !== undefined && each !== "") pairs.append(name, String(each));
    }
  }
  return BASE + (pairs.size ? `${path}?${pairs}` : path);
}

/** @param {Response} response */
async function bodyOf(response) {
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return text;
  }
}

/**
 * @param {string | null} header
 * @returns {Record<string, string>} what is allowed instead, by field
 */
function hintsOf(header) {
  try {
    return JSON.parse(header ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Return an error body in which the messages of each field are followed by its hint.
 *
 * @param {any} detail
 * @param {Record<string, string>} hints
 * @param {string} [field]
 * @returns {any}
 */
function withHints(detail, hints, field = "non_field_errors") {
  if (Array.isArray(detail)) return detail.map((each) => withHints(each, hints, field));
  if (detail && typeof detail === "object") {
    return Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, withHints(value, hints, name)]));
  }
  const hint = own(hints, field);
  return hint && typeof detail === "string" && !detail.includes(hint) ? `${detail} ${hint}` : detail;
}

/**
 * Join the messages of an error body, at whatever depth they are nested.
 *
 * @param {any} detail
 * @returns {string}
 */
export function messageOf(detail) {
  if (detail === null || detail === undefined) return "";
  if (typeof detail !== "object") return String(detail);
  return Object.values(detail).map(messageOf).filter(Boolean).join(" ");
}

export const GROUPS = "/api/openstack-security-groups/";
export const OVERVIEWS = "/api/security-group-overviews/";
export const TENANTS = "/api/openstack-tenants/";
export const INSTANCES = "/api/openstack-instances/";
export const PORTS = "/api/openstack-ports/";
export const EXPOSURES = "/api/security-group-exposures/";
export const EVENTS = "/api/events/";

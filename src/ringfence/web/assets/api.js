// The API as the console asks it: the same operations as everybody's, with the session's cookie.

import { BASE } from "./router.js";

/**
 * What the API refused, or that it could not be reached (status 0).
 */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {any} detail the body, or the words for what went wrong
   */
  constructor(status, detail) {
    super(words(detail));
    this.status = status;
    this.detail = detail;
  }
}

// This contract lets a failed group be changed.
const CONTRACT = "application/json; version=2026-10";

/**
 * @typedef {object} Options
 * @property {any} [body]
 * @property {Record<string, string | number | boolean | string[] | null | undefined>} [query]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * Ask, and give what is answered; raises `Refused`.
 *
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<{data: any, total: number, etag: string | null}>}
 */
export async function ask(method, path, { body, query, headers = {}, signal } = {}) {
  /** @type {Record<string, string>} */
  const sent = { ...headers, "X-Ringfence-Console": "1", Accept: CONTRACT };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address(path, query), {
      method, headers: sent, signal, body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, "Ringfence cannot be reached. What you see may be old.");
  }
  const data = await bodyOf(response);
  if (!response.ok) {
    if (response.status === 401) window.dispatchEvent(new Event("ringfence:signed-out"));
    throw new Refused(response.status, data ?? response.statusText);
  }
  return {
    data,
    total: Number(response.headers.get("X-Result-Count") ?? 0),
    etag: response.headers.get("ETag"),
  };
}

/**
 * @param {string} path
 * @param {Options["query"]} query
 */
function address(path, query = {}) {
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
 * Give the API's own words, however deep they stand.
 *
 * @param {any} detail
 * @returns {string}
 */
export function words(detail) {
  if (detail === null || detail === undefined) return "";
  if (typeof detail !== "object") return String(detail);
  return Object.values(detail).map(words).filter(Boolean).join(" ");
}

export const GROUPS = "/api/openstack-security-groups/";
export const OVERVIEWS = "/api/security-group-overviews/";
export const TENANTS = "/api/openstack-tenants/";

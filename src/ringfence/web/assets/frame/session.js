// The session: created and ended by the server. Its cookie cannot be read by scripts.

import { TENANTS, request } from "../api.js";

const SESSION = "/console/session/";

const CACHE_KEY = "ringfence:user";

/**
 * Return the user of the last visit, so that a page can load its data before `loadUser` returns.
 * What the user may see is decided by the server alone.
 */
export function cachedUser() {
  const cached = localStorage.getItem(CACHE_KEY);
  return cached ? JSON.parse(cached) : undefined;
}

/**
 * Return the signed-in user; throws `ApiError`. `can_create`: some tenant allows them to create groups.
 *
 * @returns {Promise<{username: string, is_staff: boolean, is_support: boolean, permissions: any[], can_create: boolean}>}
 */
export async function loadUser() {
  try {
    const [me, tenants] = await Promise.all([
      request("GET", "/api/users/me/", {
        query: { field: ["username", "is_staff", "is_support", "permissions"] }, waitsForSignIn: false,
      }),
      request("GET", TENANTS, { query: { can_manage: true, page_size: 1, field: ["uuid"] }, waitsForSignIn: false }),
    ]);
    const user = { ...me.data, can_create: tenants.total > 0 };
    localStorage.setItem(CACHE_KEY, JSON.stringify(user));
    return user;
  } catch (error) {
    if (error.status === 401) localStorage.removeItem(CACHE_KEY);
    throw error;
  }
}

/** @param {{token: string} | {username: string, password: string}} secret */
export async function signIn(secret) {
  await request("POST", SESSION, { body: secret, waitsForSignIn: false });
}

/** @param {boolean} everywhere */
export async function signOut(everywhere) {
  localStorage.removeItem(CACHE_KEY);
  await request("DELETE", SESSION, { query: { everywhere: everywhere || undefined }, waitsForSignIn: false });
}

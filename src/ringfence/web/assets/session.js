// Who is signed in: begun and ended at the server, which keeps the secret from scripts.

import { ask } from "./api.js";

const SESSION = "/console/session/";

const KEPT = "ringfence:user";

/**
 * Who is likely there, before the server has said so: a page need not wait to ask for what is its
 * own. What it may show is decided by the server alone.
 */
export function likelyUser() {
  const kept = localStorage.getItem(KEPT);
  return kept ? JSON.parse(kept) : undefined;
}

/** Give the user who is signed in; raises `Refused`. */
export async function whoAmI() {
  try {
    const query = { field: ["username", "is_staff", "is_support"] };
    const { data } = await ask("GET", "/api/users/me/", { query });
    localStorage.setItem(KEPT, JSON.stringify(data));
    return data;
  } catch (refused) {
    if (refused.status === 401) localStorage.removeItem(KEPT);
    throw refused;
  }
}

/** @param {{token: string} | {username: string, password: string}} secret */
export async function signIn(secret) {
  await ask("POST", SESSION, { body: secret });
}

/** @param {boolean} everywhere */
export async function signOut(everywhere) {
  localStorage.removeItem(KEPT);
  await ask("DELETE", SESSION, { query: { everywhere: everywhere || undefined } });
}

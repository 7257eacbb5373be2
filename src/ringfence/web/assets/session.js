// Who is signed in: begun and ended at the server, which keeps the secret from scripts.

import { ask } from "./api.js";

const SESSION = "/console/session/";

const HINT = "ringfence:was-signed-in";

/** Who is likely there, before the server has said so: pages need not wait to ask for theirs. */
export function likelyUser() {
  return localStorage.getItem(HINT) ? { username: "", is_staff: false, is_support: false } : undefined;
}

/** Give the user who is signed in; raises `Refused`. */
export async function whoAmI() {
  try {
    const query = { field: ["uuid", "username", "is_staff", "is_support"] };
    const { data } = await ask("GET", "/api/users/me/", { query });
    localStorage.setItem(HINT, "yes");
    return data;
  } catch (refused) {
    if (refused.status === 401) localStorage.removeItem(HINT);
    throw refused;
  }
}

/** @param {{token: string} | {username: string, password: string}} secret */
export async function signIn(secret) {
  await ask("POST", SESSION, { body: secret });
}

/** @param {boolean} everywhere */
export async function signOut(everywhere) {
  await ask("DELETE", SESSION, { query: { everywhere: everywhere || undefined } });
}

// Who is signed in: begun and ended at the server, which keeps the secret from scripts.

import { ask } from "./api.js";

const SESSION = "/console/session/";

/** Give the user who is signed in; raises `Refused`. */
export async function whoAmI() {
  return (await ask("GET", "/api/users/me/", {
    query: { field: ["uuid", "username", "is_staff", "is_support", "permissions"] },
  })).data;
}

/** @param {{token: string} | {username: string, password: string}} secret */
export async function signIn(secret) {
  await ask("POST", SESSION, { body: secret });
}

/** @param {boolean} everywhere */
export async function signOut(everywhere) {
  await ask("DELETE", SESSION, { query: { everywhere: everywhere || undefined } });
}

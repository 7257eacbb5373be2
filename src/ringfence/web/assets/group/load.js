// Loads a group: its document merged with its overview.

import { GROUPS, OVERVIEWS, request } from "../api.js";

/**
 * @param {string} uuid
 * @param {AbortSignal} [signal]
 */
export async function loadGroup(uuid, signal) {
  const [overview, group] = await Promise.all([
    request("GET", `${OVERVIEWS}${uuid}/`, { signal }),
    request("GET", `${GROUPS}${uuid}/`, { signal }),
  ]);
  return { ...group.data, ...overview.data };
}

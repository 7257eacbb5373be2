// A group as the console knows it: its rules, with how it stands at a glance.

import { GROUPS, OVERVIEWS, ask } from "./api.js";

/**
 * @param {string} uuid
 * @param {AbortSignal} [signal]
 */
export async function loadGroup(uuid, signal) {
  const [overview, group] = await Promise.all([
    ask("GET", `${OVERVIEWS}${uuid}/`, { signal }),
    ask("GET", `${GROUPS}${uuid}/`, { signal }),
  ]);
  return { ...group.data, ...overview.data };
}

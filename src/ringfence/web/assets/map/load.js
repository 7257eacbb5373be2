// Loads the groups of a tenant with their rules, and what is open in the cloud.

import { GROUPS, OVERVIEWS, requestAll } from "../api.js";

/**
 * @param {string} tenant UUID
 * @returns {Promise<any[]>} documents with rules, each with the openings of its overview
 */
export async function loadGroups(tenant) {
  const [groups, overviews] = await Promise.all([
    requestAll(GROUPS, { tenant_uuid: tenant, field: ["uuid", "name", "rules", "instance_count"] }),
    requestAll(OVERVIEWS, { tenant_uuid: tenant, field: ["uuid", "open_to_all", "observed_at"] }),
  ]);
  const byUuid = new Map(overviews.map((overview) => [overview.uuid, overview]));
  return groups.map((group) => {
    const { observed_at: at, open_to_all: openings = [] } = byUuid.get(group.uuid) ?? {};
    // Before the first observation no instance is known, which is not the same as none.
    return { ...group, instance_count: at ? group.instance_count : null, openings };
  });
}

// Loads what the map shows: the groups of a tenant with their rules, and what is open in the cloud.

import { GROUPS, OVERVIEWS, TENANTS, request } from "../api.js";

const PAGE_SIZE = 300;

/**
 * Load all pages of a list.
 *
 * @param {string} path
 * @param {Record<string, any>} query
 * @param {AbortSignal} [signal]
 */
async function loadPages(path, query, signal) {
  const found = /** @type {any[]} */ ([]);
  for (let page = 1, total = 1; found.length < total; page += 1) {
    const answer = await request("GET", path, { query: { ...query, page_size: PAGE_SIZE, page }, signal });
    if (!answer.data.length) break;
    found.push(...answer.data);
    total = answer.total;
  }
  return found;
}

/**
 * @param {string} tenant UUID
 * @param {AbortSignal} [signal]
 * @returns {Promise<any[]>} documents with rules, each with the openings of its overview
 */
export async function loadGroups(tenant, signal) {
  const [groups, overviews] = await Promise.all([
    loadPages(GROUPS, { tenant_uuid: tenant, field: ["uuid", "name", "rules", "instance_count"] }, signal),
    loadPages(OVERVIEWS, { tenant_uuid: tenant, field: ["uuid", "open_to_all", "observed_at"] }, signal),
  ]);
  const byUuid = new Map(overviews.map((overview) => [overview.uuid, overview]));
  return groups.map((group) => {
    const overview = byUuid.get(group.uuid);
    // Before the first observation no instance is known, which is not the same as none.
    const instances = overview?.observed_at ? { } : { instance_count: null };
    return { ...group, ...instances, openings: overview?.open_to_all ?? [] };
  });
}

/**
 * @param {string} tenant UUID
 * @param {AbortSignal} signal
 */
export async function loadMap(tenant, signal) {
  const fields = { field: ["uuid", "name"] };
  const [{ data }, groups] = await Promise.all([
    request("GET", `${TENANTS}${tenant}/`, { query: fields, signal }), loadGroups(tenant, signal),
  ]);
  return { tenant: data, groups };
}

/** @param {AbortSignal} signal */
export const loadTenants = (signal) => loadPages(TENANTS, { field: ["uuid", "name", "customer_name", "project_name"] }, signal);

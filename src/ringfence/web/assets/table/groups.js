// The groups that can be remotes, by name.

import { GROUPS, request } from "../api.js";
import { useCallback, useRef, useState } from "../html.js";

// The most names that are looked up after a paste; others are found when they are typed.
const MAX_NAMES = 20;

/**
 * Look up groups of a tenant by name, and keep the names and URLs that were found.
 *
 * @param {string} tenant
 * @param {{name: string, url: string}} [self]
 */
export function useGroupNames(tenant, self) {
  const [names, setNames] = useState(/** @type {string[]} */ ([]));
  const known = useRef(new Map(self ? [[self.name, self.url]] : []));
  const timer = useRef(0);
  const find = useCallback((/** @type {string} */ text) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const query = { tenant_uuid: tenant, name: text, page_size: 20, o: "name", field: ["name", "url"] };
      // Without a response, the API's error at the cell remains.
      const { data } = await request("GET", GROUPS, { query }).catch(() => ({ data: [] }));
      for (const { name, url } of data) known.current.set(name, url);
      setNames(data.map((/** @type {any} */ group) => group.name));
    }, 150);
  }, [tenant]);
  const resolve = useCallback(async (/** @type {string[]} */ searched) => {
    const unknown = [...new Set(searched)].filter((name) => !known.current.has(name));
    const found = await Promise.allSettled(unknown.slice(0, MAX_NAMES).map((name) => request("GET", GROUPS, {
      query: { tenant_uuid: tenant, name_exact: name, field: ["name", "url"] },
    })));
    // For a name that does not exist, the API returns an error at its cell.
    for (const each of found) {
      if (each.status === "fulfilled") for (const { name, url } of each.value.data) known.current.set(name, url);
    }
    if (unknown.length) setNames((before) => [...new Set([...before, ...unknown.filter((name) => known.current.has(name))])]);
  }, [tenant]);
  const urlOf = useCallback((/** @type {string} */ name) => known.current.get(name), []);
  return { names, find, resolve, urlOf };
}

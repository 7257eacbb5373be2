// Says that an empty page is empty because its user sees no groups at all.

import { TENANTS, request } from "../api.js";
import { useLoaded } from "./use_loaded.js";

/** @param {{children?: any}} properties what is said to users who see some tenant */
export function IfSeen({ children }) {
  const { data: tenants } = useLoaded(
    async (signal) => (await request("GET", TENANTS, { query: { page_size: 1, field: ["uuid"] }, signal })).total, [],
  );
  return tenants === 0 ? "You see no groups: no role of yours names a tenant. Ask an administrator for one." : children;
}

// The ends of a question: an address, a CIDR, or the name of an instance.

import { ApiError, INSTANCES, request } from "../api.js";

/**
 * Return the end that a text spells out; null for a name, which is looked up.
 *
 * @param {string} text
 * @returns {{address: string} | {cidr: string} | {instance_uuid: string} | null}
 */
export function literalEnd(text) {
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (text.includes(":") && /^[\da-f:.]+$/i.test(text));
  if (isAddress) return { address: text };
  if (/^[\da-f:.]+\/\d{1,3}$/i.test(text) && /[.:]/.test(text)) return { cidr: text };
  if (/^[\da-f]{32}$/i.test(text)) return { instance_uuid: text };
  return null;
}

/**
 * Return an end of a question in the keys of the API; throws `ApiError` if no instance, or more than
 * one, has the name.
 *
 * @param {string} text
 * @param {string} tenant
 * @param {AbortSignal} signal
 */
export async function endOf(text, tenant, signal) {
  const literal = literalEnd(text);
  if (literal) return literal;
  const query = { tenant_uuid: tenant, name_exact: text, page_size: 2, field: ["uuid"] };
  const { data } = await request("GET", INSTANCES, { query, signal });
  if (data.length === 1) return { instance_uuid: data[0].uuid };
  throw new ApiError(404, data.length
    ? `Several instances of this tenant are called ${text}. Enter an address.`
    : `No instance of this tenant is called ${text}. Enter a name, an IP address such as 198.51.100.7, or a CIDR such as 10.0.0.0/8.`);
}

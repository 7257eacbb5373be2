// The ends of a question: an address, a CIDR, the internet, or the name of an instance.

import { ApiError, INSTANCES, request } from "../api.js";
import { isInternet } from "../rules/internet.js";

/**
 * Return the end that a text spells out; null for a name, which is looked up.
 *
 * @param {string} text
 * @returns {{address: string} | {cidr: string} | {instance_uuid: string} | null}
 */
export function literalEnd(text) {
  if (/^internet$/i.test(text)) return { cidr: "0.0.0.0/0" };
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
  const named = async (/** @type {string} */ of) => (await request("GET", INSTANCES, { query: { tenant_uuid: of, name_exact: text, page_size: 2, field: ["uuid", "tenant_name"] }, signal })).data;
  const data = await named(tenant);
  if (data.length === 1) return { instance_uuid: data[0].uuid };
  if (data.length) throw new ApiError(404, `Several instances of this tenant are called ${text}. Enter an address.`);
  const others = await named("");
  throw new ApiError(404, `No instance of this tenant is called ${text}. ${others.length === 1
    ? `The tenant ${others[0].tenant_name} has one: choose it.`
    : "Enter a name, internet, an IP address such as 198.51.100.7, or a CIDR such as 10.0.0.0/8."}`);
}

/**
 * Return whether the source has public addresses that do not reach the instance, whatever its groups
 * admit. Floating IPs are IPv4.
 *
 * @param {any} source
 * @param {any} destination
 * @param {AbortSignal} signal
 */
export async function isOutOfReach(source, destination, signal) {
  const from = source.cidr ?? source.address;
  if (!from || !isInternet(from) || !destination.instance_uuid) return false;
  const { data } = await request("GET", `${INSTANCES}${destination.instance_uuid}/`, { signal });
  const isIpv6 = from.includes(":");
  const isPublic = (/** @type {string} */ address) => address.includes(":") === isIpv6 && isInternet(address);
  return data.internal_ips.length > 0 && (isIpv6 || !data.external_ips.length) && !data.internal_ips.some(isPublic);
}

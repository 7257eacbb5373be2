// Whether a prefix reaches the internet: the same definition as the service's.

import { prefixOf } from "./prefixes.js";

// Ranges that no address of the internet is in; ranges that adjoin are written as one.
const NOT_INTERNET = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
  "192.0.2.0/24", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
  "::/127", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8",
].map((cidr) => prefixOf(cidr));

/**
 * Return whether a prefix reaches the internet. None is every address, and what cannot be read is not
 * known to be confined.
 *
 * @param {string | null | undefined} cidr
 */
export function isInternet(cidr) {
  const prefix = cidr ? prefixOf(cidr) : null;
  if (!prefix) return true;
  return !NOT_INTERNET.some((range) => range && range.size === prefix.size && prefix.bits.startsWith(range.bits));
}

// Whether a prefix reaches the internet: the same definition as the service's.

// Ranges that no address of the internet is in; ranges that adjoin are written as one.
const NOT_INTERNET = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
  "192.0.2.0/24", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
  "::/127", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8",
].map((cidr) => prefixOf(cidr));

/**
 * Return the leading bits of a prefix, as text, and the bits of its addresses; null if it is not one.
 *
 * @param {string} cidr
 * @returns {{bits: string, size: number} | null}
 */
export function prefixOf(cidr) {
  const [address, length] = cidr.trim().split("/");
  const bits = address.includes(":") ? bitsOfIpv6(address) : bitsOfIpv4(address);
  if (bits === null || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const kept = length === undefined ? bits.length : Number(length);
  return kept > bits.length ? null : { bits: bits.slice(0, kept), size: bits.length };
}

/** @param {string} address */
function bitsOfIpv4(address) {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.map((part) => Number(part).toString(2).padStart(8, "0")).join("");
}

/** @param {string} address */
function bitsOfIpv6(address) {
  // Browsers know all spellings; an address with a zone is none.
  const url = `ws://[${address}]/`;
  if (!URL.canParse(url)) return null;
  const [head, tail] = new URL(url).hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail ?? ""].map((part) => part.split(":").filter(Boolean));
  const zeros = Array(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].map((part) => parseInt(part, 16).toString(2).padStart(16, "0")).join("");
}

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

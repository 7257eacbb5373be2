// What a prefix of addresses covers.

/**
 * Return the leading bits of a prefix, as text, and the bits of its addresses; null if it is not one.
 *
 * @param {string} cidr
 * @returns {{bits: string, size: number} | null}
 */
export function prefixOf(cidr) {
  const [address, length, ...rest] = cidr.trim().split("/");
  const bits = address.includes(":") ? bitsOfIpv6(address) : bitsOfIpv4(address);
  if (bits === null || rest.length || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
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

/** @param {string} bits of a whole address */
function addressOf(bits) {
  const isIpv6 = bits.length === 128;
  const parts = bits.match(isIpv6 ? /.{16}/g : /.{8}/g) ?? [];
  const numbers = parts.map((part) => parseInt(part, 2));
  if (!isIpv6) return numbers.join(".");
  return new URL(`ws://[${numbers.map((number) => number.toString(16)).join(":")}]/`).hostname.slice(1, -1);
}

/**
 * A CIDR whose address has bits behind the prefix, such as 10.20.30.40/8. It may be meant as the one
 * address or as the network.
 *
 * @typedef {object} HostBits
 * @property {string} address the CIDR of the one address
 * @property {string} network the CIDR of the network
 * @property {string} covers the addresses of the network, and how many they are
 */

/**
 * Return what a CIDR with host bits can mean; null for any other text.
 *
 * @param {string} cidr
 * @returns {HostBits | null}
 */
export function hostBitsOf(cidr) {
  const [address, length] = cidr.trim().split("/");
  const prefix = prefixOf(cidr);
  const whole = prefixOf(address)?.bits ?? "";
  if (!prefix || length === undefined || !whole.slice(prefix.bits.length).includes("1")) return null;
  const { bits, size } = prefix;
  const [first, last] = ["0", "1"].map((bit) => addressOf(bits.padEnd(size, bit)));
  const free = size - bits.length;
  const count = free > 32 ? `2^${free}` : (2 ** free).toLocaleString("en");
  return { address: `${address}/${size}`, network: `${first}/${bits.length}`, covers: `${first}–${last}, ${count} addresses` };
}

/**
 * Return the IP version that a text can only be meant for; empty if it is not known yet.
 *
 * @param {string} text
 * @returns {"" | "IPv4" | "IPv6"}
 */
export function familyOf(text) {
  if (/^\s*[\da-f]*:/i.test(text)) return "IPv6";
  return /^\s*\d{1,3}\./.test(text) ? "IPv4" : "";
}

// Pieces of traffic in words: what opens or closes, and to whom.

import { openText, remoteText, trafficText } from "../rule_text.js";

/**
 * Return whether a piece reaches from the internet to instances.
 *
 * @param {any} piece
 */
export const isDoor = (piece) => piece.direction === "ingress" && piece.internet;

/**
 * Return whether a piece is so wide that it is the internet, not some addresses of it.
 *
 * @param {any} piece
 */
export function isWide({ cidr }) {
  const length = Number(cidr?.split("/")[1] ?? 128);
  return length <= (cidr?.includes(":") ? 16 : 8);
}

/**
 * Return who is at the other end of a piece.
 *
 * @param {any} piece
 * @returns {{end: string, meaning: string, kind: string, uuid?: string}}
 */
export function endOf(piece) {
  const { cidr, remote_group_uuid: uuid, remote_group_name: name, unreadable_end: unreadable } = piece;
  if (cidr) return remoteText(piece);
  if (unreadable) return { end: unreadable, meaning: "this end cannot be read", kind: "unknown" };
  if (uuid) return { end: name || `group ${uuid}`, meaning: "members of this group", kind: "group", uuid };
  if (name || piece.remote_group_backend_id || typeof piece.remote_address_group_backend_id === "string") return remoteText(piece);
  return { end: "a group whose name is not known", meaning: "unknown members", kind: "unknown" };
}

/**
 * Return short labels of pieces, each once: "SSH", "all TCP", "outgoing HTTPS".
 *
 * @param {any[]} pieces
 */
export function labelsOf(pieces) {
  return [...new Set(pieces.map((piece) => {
    const [label] = openText([piece]);
    const lowered = label.startsWith("All ") ? `a${label.slice(1)}` : label;
    return piece.direction === "egress" ? `outgoing ${lowered.replace("all traffic", "traffic")}` : lowered;
  }))];
}

/**
 * Return what a piece admits, with the number behind a service: "SSH (TCP 22)".
 *
 * @param {any} piece
 */
export function pieceText(piece) {
  const { what, service } = trafficText(piece);
  return service ? `${service} (${what})` : what;
}

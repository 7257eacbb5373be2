// What a change opens and closes in words: in one sentence, and piece by piece.

import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { count, openText, remoteText, trafficText } from "../rules/text.js";
import { asPiece, cidrOf, gather, mayBeDoor, widthOf } from "./gather.js";

/**
 * @typedef {object} Written what a change does besides traffic
 * @property {number} [descriptions] how many descriptions change
 * @property {number} [rules] how many rules are added, removed or changed
 * @property {any[]} [added] the rules that open
 * @property {any[]} [removed] the rules that close
 */

/**
 * Return in one sentence what a change opens and closes, what matters most first.
 *
 * @param {any} traffic
 * @param {Written} [written]
 */
export function headlineOf(traffic, written = {}) {
  const { closes, exact, same, instances } = traffic;
  if (same) return `${exact ? "No" : "As far as known, no"} traffic is opened or closed${writtenText(written)}.`;
  const opens = gather(traffic.opens, written.added);
  const more = hiddenOf(traffic.opens_total, traffic.opens, written.added, opens);
  const moreCloses = hiddenOf(traffic.closes_total, closes, written.removed);
  const { doors, place } = internetOf(opens, traffic.opens_total > traffic.opens.length ? written.added : [], more);
  const others = labelsOf(opens).filter((label) => !doors.includes(label));
  const closed = labelsOf(closes);
  const isMove = !more && !moreCloses && others.length < 2 && closed.length === 1 && (others[0] ?? doors.join()) === closed[0];
  const verbs = [
    (others.length || more) && `opens ${list(others, more)}${isMove ? endsText(opens.filter((piece) => others.includes(labelsOf([piece])[0]))) : ""}`,
    (closed.length || moreCloses) && `closes ${isMove && others.length ? "it" : list(closed, moreCloses)}${isMove ? endsText(closes) : ""}`,
  ].filter(Boolean);
  const unknown = instances === null ? "; on how many instances is not known" : "";
  const known = exact ? "" : "As far as known, ";
  if (doors.length) {
    const also = verbs.length ? `; also ${verbs.join(" and ")}` : "";
    return first(`${known}${list(doors)} ${doors.length > 1 ? "become" : "becomes"} open to ${place}${placeText(traffic, true)}${also}${unknown}.`);
  }
  const end = verbs.length === 1 && !more && !moreCloses ? endText([...opens, ...closes]) : "";
  if (!isMove && !end && opens.some(isDoor)) verbs[0] += " (in part to the internet)";
  return first(`${known}${exact ? "" : "this "}${verbs.join(" and ")}${end}${placeText(traffic, opens.some(isDoor))}${stillText(traffic)}${unknown}.`);
}

/**
 * Return what becomes open to the internet, and whether that is all of it or many prefixes.
 *
 * @param {any[]} opens
 * @param {any[]} [added] the rules from which pieces are that are not listed
 * @param {number} [more] how many pieces are not known
 */
function internetOf(opens, added = [], more = 0) {
  const some = [...opens.filter((piece) => isDoor(piece) && piece.cidr), ...added.filter(mayBeDoor).map(asPiece)];
  const labels = some.map((piece) => labelsOf([piece])[0]);
  const ofLabel = (/** @type {string} */ label) => some.filter((_, index) => labels[index] === label);
  const wide = labelsOf(opens.filter(isWideDoor));
  const together = labelsOf(some).filter((label) => !wide.includes(label) && widthOf(ofLabel(label).map(cidrOf)).isWide);
  const { number } = widthOf(together.flatMap(ofLabel).map(cidrOf));
  return { doors: [...wide, ...together], place: wide.length || number < 2 ? "the internet" : `${more ? "at least " : ""}${number} prefixes of the internet` };
}

/**
 * Return how many pieces of traffic are neither listed nor like one that is. A rule that meets others is
 * made up of many.
 *
 * @param {number} total
 * @param {any[]} pieces those listed
 * @param {any[]} [rules] those from which all pieces are
 * @param {any[]} [gathered] the pieces, gathered by rule
 */
export function hiddenOf(total, pieces, rules, gathered = pieces) {
  const isListed = (/** @type {any} */ rule) => gathered.some((piece) => piece.direction === rule.direction && [rule, asPiece(rule)].some((each) => trafficText(piece).what === trafficText(each).what));
  return rules?.every(isListed) ? 0 : total - pieces.length;
}

/** @param {string} text */
const first = (text) => text[0].toUpperCase() + text.slice(1);

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
  return Number(cidr?.split("/")[1] ?? 128) <= (cidr?.includes(":") ? 16 : 8);
}

/** @param {any} piece */
const isWideDoor = (piece) => isDoor(piece) && isWide(piece);

/**
 * Return who is at the other end of a piece.
 *
 * @param {any} piece
 * @returns {{end: string, meaning: string, kind: string, uuid?: string}}
 */
export function endOf(piece) {
  const { cidr, remote_group_uuid: uuid, remote_group_name: name, unreadable_end: unreadable } = piece;
  if (unreadable) return { end: unreadable, meaning: "this end cannot be read", kind: "unknown" };
  if (!cidr && uuid) return { end: name || `group ${uuid}`, meaning: "members of this group", kind: "group", uuid };
  if (cidr || name || piece.remote_group_backend_id || piece.remote_address_group_backend_id) return remoteText(piece);
  return { end: "a group whose name is not known", meaning: "unknown members", kind: "unknown" };
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

/**
 * Return pieces in the order in which they matter: from the internet, other incoming traffic, outgoing.
 *
 * @param {any[]} pieces
 */
function loudestFirst(pieces) {
  const rank = (/** @type {any} */ piece) => (isDoor(piece) ? 0 : 1 + Number(piece.direction === "egress"));
  return [...pieces].sort((one, other) => rank(one) - rank(other));
}

/**
 * Return short labels of pieces, each once: "SSH", "all TCP", "outgoing HTTPS".
 *
 * @param {any[]} pieces
 */
function labelsOf(pieces) {
  return [...new Set(loudestFirst(pieces).map((piece) => {
    const [label] = openText([piece]);
    const named = /^web\b/.test(label) ? trafficText(piece).what : label.replace(/^All /, "all ");
    return piece.direction === "egress" ? `outgoing ${named.replace("all traffic", "traffic")}` : named;
  }))];
}

/**
 * Return labels as a list in words, the first three by name.
 *
 * @param {string[]} labels
 * @param {number} [more] how many are not known
 */
function list(labels, more = 0) {
  const shown = labels.slice(0, labels.length > 4 || more ? 3 : 4);
  const left = labels.length - shown.length + more;
  const parts = left ? [...shown, `${left} more`] : shown;
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** @param {any[]} pieces */
function endText(pieces) {
  const wide = labelsOf(pieces.filter(isWideDoor));
  if (labelsOf(pieces).every((label) => wide.includes(label))) return " to the internet";
  return new Set(pieces.map((piece) => endOf(piece).end)).size === 1 || pieces.some(isDoor) ? endsText(pieces) : "";
}

/**
 * Return the ends of pieces, the first three by name.
 *
 * @param {any[]} pieces
 */
function endsText(pieces) {
  if (new Set(pieces.map((piece) => piece.direction)).size > 1) return "";
  const ends = [...new Set(pieces.map((piece) => endOf(piece).end.replace(/(\.\d+)\/32$|\/128$/, "$1")))];
  const doors = pieces.filter(isDoor).length;
  const internet = doors ? `${doors < pieces.length ? ", in part" : ""} on the internet` : "";
  return ` to ${list(ends.slice(0, 3), Math.max(ends.length - 3, 0))}${internet}`;
}

/**
 * @param {any} traffic
 * @param {boolean} isDoorOpened
 */
function placeText({ instances, floating_ips: floating, opens }, isDoorOpened) {
  if (typeof instances !== "number") return "";
  if (!instances) return opens.length ? ", on no instance yet" : ", on no instance";
  const place = ` on ${count(instances, "instance")}`;
  if (!isDoorOpened || typeof floating !== "number") return place;
  if (!floating) return `${place} without floating IPs`;
  // One instance may have several.
  return floating < instances ? `${place}, of which at most ${floating} ${floating === 1 ? "has" : "have"} a floating IP` : `${place} with ${count(floating, "floating IP")}`;
}

/** @param {any} traffic */
function stillText({ closes_total: closed, still_admitted_by: others = [] }) {
  if (!closed || !others.length) return "";
  const who = others.length === 1 ? `${others[0].security_group_name} still admits` : `${others.length} other groups still admit`;
  const all = others.some((/** @type {any} */ other) => other.admits === "all");
  return `, but ${who} ${all ? "" : "part of "}what closes`;
}

/** @param {Written} written */
function writtenText({ descriptions = 0, rules = 0 }) {
  const parts = [
    rules && (rules === 1 ? "one rule is written differently" : `${rules} rules are written differently`),
    descriptions && (descriptions === 1 ? "one description changes" : `${descriptions} descriptions change`),
  ].filter(Boolean);
  return parts.length ? `; ${parts.join(" and ")}` : "";
}

/** @typedef {(piece: any, kind: "opens" | "closes") => string} Origin says which rule a piece is from */

/**
 * Everything that opens and closes; the internet is loudest. `doors` replaces the doors to the internet.
 * `added` and `removed` are the rules from which all of it is.
 *
 * @param {{traffic: any, added?: any[], removed?: any[], origin?: Origin, doors?: any}} properties
 */
export function OpensAndCloses({ traffic, added, removed, origin = () => "", doors }) {
  const { closes, opens_total: opened, closes_total: closed } = traffic;
  const opens = gather(traffic.opens, added);
  const confirmed = doors ? wideOf(opens) : [];
  const listed = opens.filter((piece) => !doors || !(isDoor(piece) || confirmed.includes(trafficOf(piece))));
  return html`
    ${opened > 0 && html`<h3 class="review-opens"><span aria-hidden="true">▲</span> Opens</h3>${doors}
      <${Pieces} kind="opens" pieces=${listed} more=${hiddenOf(opened, traffic.opens, added, opens)} origin=${origin} />`}
    ${closed > 0 && html`<h3><span aria-hidden="true">▼</span> Closes</h3>
      <${Pieces} kind="closes" pieces=${closes} more=${hiddenOf(closed, closes, removed)} origin=${origin} />`}
    <${StillAdmitted} others=${traffic.still_admitted_by ?? []} />
    ${traffic.notes.map((/** @type {any} */ note) => html`<p class="notice" key=${note.code}>${note.message}</p>`)}`;
}

/** @param {any} piece */
const trafficOf = (piece) => [piece.direction, piece.ethertype, pieceText(piece)].join(" ");

/**
 * Return the traffic from all of the internet.
 *
 * @param {any[]} pieces
 */
const wideOf = (pieces) => pieces.filter(isWideDoor).map(trafficOf);

/** @param {{kind: "opens" | "closes", pieces: any[], more: number, origin: Origin}} properties */
function Pieces({ kind, pieces, more, origin }) {
  const wide = wideOf(pieces);
  const isLoud = (/** @type {any} */ piece) => isDoor(piece) || wide.includes(trafficOf(piece));
  /** @type {Map<string, any[]>} */
  const alike = new Map();
  for (const piece of loudestFirst(pieces)) {
    const key = [trafficOf(piece), isLoud(piece), origin(piece, kind)].join(" ");
    alike.set(key, [...(alike.get(key) ?? []), piece]);
  }
  return html`<ul class=${`pieces pieces-${kind}`}>
    ${[...alike].map(([key, same]) => html`<li key=${key} class=${isLoud(same[0]) ? "is-door" : null}><${Alike} pieces=${same} /><span class="quiet">${origin(same[0], kind)}</span></li>`)}
    ${more > 0 && html`<li class="quiet">and ${more} more, which are not listed</li>`}
  </ul>`;
}

/** @param {{pieces: any[]}} properties pieces that differ in their ends only */
function Alike({ pieces }) {
  const [piece] = pieces;
  const isIngress = piece.direction === "ingress";
  const shown = pieces.slice(0, pieces.length > 4 ? 3 : 4).map(endOf);
  const meaning = pieces.length > 1 || shown[0].kind === "all" ? "" : ` · ${shown[0].meaning}`;
  return html`<span><strong>${pieceText(piece)}</strong> ${isIngress ? "from" : "to"}${" "}
    ${shown.map(({ end, kind, uuid }, index) => html`${index > 0 && ", "}${kind === "group" ? html`<a href=${`${GROUP_PAGES}${uuid}/`}>${end}</a>` : html`<span class=${kind === "cidr" ? "mono" : null}>${end}</span>`}`)}
    ${pieces.length > shown.length && ` and ${pieces.length - shown.length} more prefixes`}
    ${isDoor(piece) && html` <span class="open-mark">open to the internet</span>`}
    <span class="quiet"> ${piece.ethertype}, ${piece.direction}${meaning}</span></span>`;
}

/** @param {{others: any[]}} properties */
function StillAdmitted({ others }) {
  if (!others.length) return null;
  return html`<div class="notice notice-warn"><strong>Still admitted by other groups on the same ports</strong>
    <ul>${others.map((other) => html`<li key=${other.security_group_uuid}>
      <a href=${`${GROUP_PAGES}${other.security_group_uuid}/`}>${other.security_group_name}</a> admits ${other.admits} of what closes, on ${count(other.ports, "port")}</li>`)}</ul></div>`;
}

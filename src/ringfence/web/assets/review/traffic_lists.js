// What a change opens and closes, in words; the internet is loudest.

import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { count } from "../rule_text.js";
import { endOf, isDoor, pieceText } from "./pieces.js";

/**
 * @param {{traffic: any, origin?: (piece: any, kind: "opens" | "closes") => string}} properties
 */
export function OpensAndCloses({ traffic, origin = () => "" }) {
  return html`
    <${Pieces} kind="opens" pieces=${traffic.opens} total=${traffic.opens_total} origin=${origin} />
    <${Pieces} kind="closes" pieces=${traffic.closes} total=${traffic.closes_total} origin=${origin} />
    <${StillAdmitted} others=${traffic.still_admitted_by ?? []} />
    ${traffic.notes.map((/** @type {any} */ note) => html`<p class="notice" key=${note.code}>${note.message}</p>`)}`;
}

/** @param {{kind: "opens" | "closes", pieces: any[], total: number, origin: (piece: any, kind: "opens" | "closes") => string}} properties */
function Pieces({ kind, pieces, total, origin }) {
  if (!total) return null;
  const sorted = [...pieces.filter(isDoor), ...pieces.filter((piece) => !isDoor(piece))];
  return html`<h3 class=${`review-${kind}`}><span aria-hidden="true">${kind === "opens" ? "▲" : "▼"}</span> ${kind === "opens" ? "Opens" : "Closes"}</h3>
    <ul class=${`pieces pieces-${kind}`}>
      ${sorted.map((piece, index) => html`<li key=${index} class=${isDoor(piece) ? "is-door" : null}><${Piece} piece=${piece} /><span class="quiet piece-origin">${origin(piece, kind)}</span></li>`)}
      ${total > pieces.length && html`<li class="quiet">and ${total - pieces.length} more, which are not listed</li>`}
    </ul>`;
}

/** @param {{piece: any}} properties */
function Piece({ piece }) {
  const { end, meaning, kind, uuid } = endOf(piece);
  const isIngress = piece.direction === "ingress";
  return html`<span><strong>${pieceText(piece)}</strong> ${isIngress ? "from" : "to"}${" "}
    ${kind === "group" ? html`<a href=${`${GROUP_PAGES}${uuid}/`}>${end}</a>` : html`<span class=${kind === "cidr" ? "mono" : null}>${end}</span>`}
    ${isDoor(piece) && html` <span class="open-mark">the internet</span>`}
    <span class="quiet"> ${piece.ethertype}, ${isIngress ? "incoming" : "outgoing"}${kind === "all" ? "" : ` · ${meaning}`}</span></span>`;
}

/** @param {{others: any[]}} properties */
function StillAdmitted({ others }) {
  if (!others.length) return null;
  return html`<div class="notice notice-warn"><strong>Still admitted by other groups on the same ports</strong>
    <ul>${others.map((other) => html`<li key=${other.security_group_uuid}>
      <a href=${`${GROUP_PAGES}${other.security_group_uuid}/`}>${other.security_group_name}</a> admits
      ${other.admits === "all" ? " all" : " part"} of what closes, on ${count(other.ports, "port")}</li>`)}</ul></div>`;
}

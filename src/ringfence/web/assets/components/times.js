// Relative times, with the exact time in a tooltip.

import { html } from "../html.js";

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400],
  ["hour", 3600], ["minute", 60],
]);
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** @param {string} time in ISO 8601 */
export function ago(time) {
  const seconds = (new Date(time).getTime() - Date.now()) / 1000;
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? relative.format(Math.round(seconds / unit[1]), unit[0]) : "just now";
}

/** @param {{at: string | null, never?: string}} properties */
export function Ago({ at, never = "never" }) {
  if (!at) return html`<span class="quiet">${never}</span>`;
  return html`<time datetime=${at} title=${new Date(at).toLocaleString()}>${ago(at)}</time>`;
}

// The number of ports that are open to the internet, day by day, as a small chart.

import { html } from "../html.js";
import { count } from "../rules/text.js";

/** @typedef {{day: string, ports: number, reachable_ports: number}} Day */

const WIDTH = 300;
const HEIGHT = 60;

/**
 * Return the points of a line.
 *
 * @param {number[]} values
 * @param {number} most
 */
const pointsOf = (values, most) => values
  .map((value, index) => `${((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - (value / most) * (HEIGHT - 4) - 2).toFixed(1)}`)
  .join(" ");

/** @param {string} day */
const dayText = (day) => new Date(`${day}T00:00:00Z`).toLocaleDateString("en", { day: "numeric", month: "short", timeZone: "UTC" });

/**
 * Of one day, only its number is shown: it is no line.
 *
 * @param {{days: Day[]}} properties oldest first
 */
export function Trend({ days }) {
  const last = days.at(-1);
  if (!last || days.length < 2) return null;
  const [first] = days;
  const most = Math.max(1, ...days.map(({ ports }) => ports));
  const text = `${dayText(first.day)}: ${count(first.ports, "port")}, ${first.reachable_ports} reachable. ${dayText(last.day)}: ${count(last.ports, "port")}, ${last.reachable_ports} reachable. At most ${most}.`;
  return html`<figure class="trend">
    <figcaption>Open ports, ${dayText(first.day)} to ${dayText(last.day)}</figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${text}>
      <polygon class="trend-area" points=${`0,${HEIGHT} ${pointsOf(days.map(({ reachable_ports: ports }) => ports), most)} ${WIDTH},${HEIGHT}`} />
      <polyline class="trend-line" points=${pointsOf(days.map(({ ports }) => ports), most)} />
    </svg>
    <p class="quiet"><span class="trend-key-line" aria-hidden="true"></span>${count(last.ports, "port")} open <span class="trend-key-area" aria-hidden="true"></span>${last.reachable_ports} of them reachable</p>
  </figure>`;
}

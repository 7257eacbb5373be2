// The fields for a protocol and a port.

import { html, useId } from "../html.js";

/** @typedef {{protocol: string, port: string}} Traffic */

const PROTOCOLS = [["tcp", "TCP"], ["udp", "UDP"], ["icmp", "ICMP"], ["", "Any protocol"]];
export const hasPort = (/** @type {string} */ protocol) => ["tcp", "udp"].includes(protocol);

/**
 * Return the traffic in the keys of the API. A port that is no number is sent as it was typed, so that
 * the API refuses it.
 *
 * @param {Traffic} traffic
 * @returns {{protocol: string, port?: number | string}}
 */
export function trafficQuery({ protocol, port }) {
  const text = port.trim();
  if (!hasPort(protocol) || !text) return { protocol };
  return { protocol, port: /^\d{1,5}$/.test(text) ? Number(text) : text };
}

/** @param {{value: Traffic, set: (value: Traffic) => void}} properties */
export function TrafficFields({ value, set }) {
  const protocolId = useId();
  const portId = useId();
  return html`
    <div class="field"><label for=${protocolId}>Protocol</label>
      <select id=${protocolId} value=${value.protocol} onChange=${(/** @type {any} */ event) => set({ ...value, protocol: event.target.value })}>
        ${PROTOCOLS.map(([name, label]) => html`<option key=${name} value=${name} selected=${name === value.protocol}>${label}</option>`)}
      </select></div>
    <div class="field"><label for=${portId}>Port</label>
      <input id=${portId} inputmode="numeric" autocomplete="off" disabled=${!hasPort(value.protocol)} placeholder=${hasPort(value.protocol) ? "all" : ""}
        value=${hasPort(value.protocol) ? value.port : ""} onInput=${(/** @type {any} */ event) => set({ ...value, port: event.target.value })} /></div>`;
}

// Names of services that can be typed into the cell of ports.

import { PRESETS, WELL_KNOWN_PORTS } from "../rules/well_known_ports.js";

const UDP = new Set(["53", "67", "69", "123", "161", "500", "514", "1194", "4500", "4789", "51820"]);

const NAMED = Object.entries(WELL_KNOWN_PORTS).filter(([, name], index, all) => all.findIndex(([, other]) => other === name) === index);
const SERVICES = new Map(NAMED.map(([port, name]) => [name.toLowerCase(), { protocol: UDP.has(port) ? "udp" : "tcp", ports: port }]));
for (const { name, opens } of PRESETS) SERVICES.set(name.toLowerCase(), opens[0]);

/** The ports with their names, for suggestions. */
export const SUGGESTIONS = NAMED.map(([port, name]) => ({ port, label: `${name} (${UDP.has(port) ? "UDP" : "TCP"})` }));

/**
 * Return the protocol and ports of a service; undefined for any other text.
 *
 * @param {string} text
 */
export const serviceNamed = (text) => SERVICES.get(text.trim().toLowerCase());

/** Whether a text can become the name of a service while it is typed. */
export const beginsService = (/** @type {string} */ text) => {
  const typed = text.trim().toLowerCase();
  return /^[a-z]/.test(typed) && [...SERVICES.keys()].some((name) => name.startsWith(typed));
};

/**
 * Return the names of the services on a single port.
 *
 * @param {string} ports
 */
export const serviceOn = (ports) => (Object.hasOwn(WELL_KNOWN_PORTS, ports) ? WELL_KNOWN_PORTS[ports] : "");

// The groups that let in what is searched for, and whether the ports that may carry them are known.

import { OVERVIEWS, request } from "../api.js";
import { html } from "../html.js";
import { GROUP_PAGES } from "../router.js";
import { count, isIcmp } from "../rules/text.js";
import { WELL_KNOWN_PORTS } from "../rules/well_known_ports.js";

const PAGE_SIZE = 300;
export const PLACES = ["tenant_uuid", "project_uuid", "customer_uuid", "service_settings_uuid"];

/**
 * Return the groups that admit the internet in tenants whose ports were never read.
 *
 * @param {Record<string, string[]>} ancestors
 * @param {AbortSignal} signal
 */
export async function loadUnknown(ancestors, signal) {
  const unknown = [];
  for (let page = 1; ; page += 1) {
    // Groups whose instances are not known come first.
    const query = { ...ancestors, is_open_to_all: "true", o: "instance_count", page, page_size: PAGE_SIZE, field: ["tenant_uuid", "instance_count", "open_to_all"] };
    const { data, total } = await request("GET", OVERVIEWS, { query, signal });
    const found = data.filter((/** @type {any} */ group) => group.instance_count === null);
    unknown.push(...found);
    if (found.length < PAGE_SIZE || page * PAGE_SIZE >= total) return unknown;
  }
}

/**
 * Return of how many tenants the ports are not known, of groups that admit the service, or anything.
 *
 * @param {any[]} unknown
 * @param {string} [service] its name
 * @param {string} [port]
 */
export function unknownTenants(unknown, service, port = Object.keys(WELL_KNOWN_PORTS).find((each) => WELL_KNOWN_PORTS[each] === service)) {
  const admits = (/** @type {any} */ opening) => !port || (!isIcmp(opening) && (opening.from_port === null || (opening.from_port <= port && port <= opening.to_port)));
  return new Set(unknown.filter((group) => group.open_to_all.some(admits)).map((group) => group.tenant_uuid)).size;
}

/** @param {{query: URLSearchParams, services: Record<string, string>, unknown: any[]}} properties */
export function LetIn({ query, services, unknown }) {
  const [port, protocol] = ["port", "protocol"].map((name) => query.get(name) ?? "");
  const chosen = query.getAll("service");
  const traffic = [protocol, /^[a-z]/i.test(protocol) || !port ? "" : "port", port].filter(Boolean).join(" ");
  const isNarrow = Boolean(traffic || chosen.length);
  const numbers = chosen.length ? chosen.map((each) => unknownTenants(unknown, services[each])) : [unknownTenants(unknown, "", port)];
  const tenants = Math.max(...numbers);
  if (!isNarrow && !tenants) return null;
  const link = (/** @type {string} */ name, /** @type {string[][]} */ search) => {
    const places = PLACES.flatMap((each) => query.getAll(each).map((value) => [each, value]));
    return html` <a href=${`${GROUP_PAGES}?${new URLSearchParams([...search, ...places])}`}>${name}</a>`;
  };
  const searches = chosen.length ? chosen.map((each) => [services[each] ?? each, each]) : [[traffic.toUpperCase(), traffic]];
  return html`<p class=${`notice${tenants ? " notice-warn" : ""}`}>
    ${tenants > 0 && html`<strong>The ports of ${count(tenants, "tenant")} are not known:</strong> they were not pulled, and groups there admit this. `}
    Groups that admit it:${isNarrow ? searches.map(([name, words]) => link(`${name} from the internet`, [["q", `${words} from internet`]])) : link("open to the internet", [["is_open_to_all", "true"]])}</p>`;
}

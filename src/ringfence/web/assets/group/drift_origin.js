// Since when a difference of the cloud is known, and which instances it reaches.

import { EVENTS, INSTANCES, request } from "../api.js";
import { Ago } from "../components/times.js";
import { useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { CONSOLE } from "../router.js";

const DRIFTED = "openstack_security_group_drifted";
// What ends a drift; a later one has an event of its own.
const PUSHED = "openstack_security_group_updated";
const SHOWN = 4;

/**
 * When the present drift was first observed. Who changed the cloud is in no event: the user of the
 * event is whoever pulled.
 *
 * @param {{group: any, drift: any}} properties
 */
export function Origin({ group, drift }) {
  const { data: latest } = useLoaded(
    async (signal) => (await request("GET", EVENTS, { query: { scope: group.url, event_type: [DRIFTED, PUSHED], page_size: 1 }, signal })).data[0],
    [group.uuid, group.observed_at, group.drift],
  );
  const isFirst = latest?.event_type === DRIFTED;
  return html`<p>${isFirst ? "First observed" : "Observed"} <${Ago} at=${isFirst ? latest.created : drift.observed_at} />${isFirst && ", by a pull"}.
    ${" "}Somebody changed the group in the cloud; Ringfence does not know who.</p>`;
}

/**
 * The instances that have the group, by name, with their floating IPs.
 *
 * @param {{group: any}} properties
 */
export function Reached({ group }) {
  const { data: found, error } = useLoaded(
    (signal) => request("GET", INSTANCES, {
      query: { security_group_uuid: group.uuid, o: "name", page_size: SHOWN, field: ["uuid", "name", "external_ips"] }, signal,
    }),
    [group.uuid],
  );
  if (error) return null;
  const left = (found?.total ?? 0) - SHOWN;
  return html`<p>${found?.data.length === 0 ? "No instance is known to have this group." : "Instances: "}
    ${found ? found.data.map((/** @type {any} */ one, /** @type {number} */ index) => html`${index > 0 && ", "}<a href=${`${CONSOLE}instances/${one.uuid}/`}>${one.name || "an instance without a name"}</a> (${one.external_ips.join(", ") || "no floating IP"})`) : "…"}
    ${left > 0 && ` and ${left} more`}</p>`;
}

// The latest events of a group.

import { EVENTS, request } from "../api.js";
import { Ago } from "../components/times.js";
import { useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";

/** @param {{group: any}} properties */
export function Activity({ group }) {
  const { data: events, error } = useLoaded(
    async (signal) => (await request("GET", EVENTS, { query: { scope: group.url, page_size: 6 }, signal })).data,
    [group.uuid, group.state, group.version],
  );
  return html`<section class="group-activity">
    <h2>Activity</h2>
    ${error && html`<p class="quiet">${error.message}</p>`}
    ${events?.length === 0 && html`<p class="quiet">No events yet.</p>`}
    <ol class="plain activity">${(events ?? []).map((/** @type {any} */ event) => html`<li key=${event.uuid}>
      ${event.message}${" "}
      <span class="quiet"><${Ago} at=${event.created} />${event.context.user_username ? ` · ${event.event_type === "openstack_security_group_drifted" ? "pull by " : ""}${event.context.user_username}` : ""}</span>
    </li>`)}</ol>
  </section>`;
}

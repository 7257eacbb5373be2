// The first page of a group: what it admits, who uses it, whether the cloud agrees; then the rest.

import { GROUPS, request } from "../api.js";
import { isStable } from "../components/states.js";
import { Ago } from "../components/times.js";
import { Skeleton, useLoaded } from "../components/use_loaded.js";
import { html, useMemo } from "../html.js";
import { labelled } from "../rules/openings.js";
import { unknownRemotesText } from "../rules/text.js";
import { Activity } from "./activity.js";
import { Admits } from "./admits.js";
import { DriftMode, DriftPanel, rulesOfBoth } from "./drift.js";
import { UsedBy } from "./usage.js";

/** @param {{group: any, reload: () => Promise<void>, expect: (version: number) => void}} properties */
export function GroupOverview({ group, reload, expect }) {
  const { data: drift, error, reload: reloadDrift } = useLoaded(
    async (signal) => (await request("GET", `${GROUPS}${group.uuid}/drift/`, { signal })).data,
    [group.uuid, group.state, group.version, group.applied_version, group.drift, group.observed_at],
  );
  const isPending = !isStable(group.state);
  const reloadBoth = async () => {
    await Promise.all([reloadDrift(), reload()]);
  };
  const rules = useMemo(() => rulesOfBoth(group, drift), [group.rules, drift]);
  const unknown = unknownRemotesText(group);
  // Its panel comes first: what follows must not move when it arrives.
  if (group.drift === "drifting" && !drift && !error) return html`<${Skeleton} rows=${8} />`;
  return html`
    <${DriftPanel} group=${group} drift=${drift} isPending=${isPending} reload=${reloadBoth} expect=${expect} />
    <${Exposure} group=${group} isPending=${isPending} />
    ${unknown && html`<p class="notice"><strong>Exposure unknown:</strong> ${unknown}</p>`}
    <div class="columns">
      <div><${Admits} rules=${rules} isPending=${isPending} /></div>
      <aside class="side" aria-label="Users of the group"><${UsedBy} group=${group} /></aside>
    </div>
    <div class="group-rest">
      <section><h2>Details</h2><dl>
        <div><dt>Version</dt><dd>${group.version}${group.applied_version !== group.version && html` <span class="quiet">(${group.applied_version || "none"} in the cloud)</span>`}</dd></div>
        <div><dt>Compared</dt><dd><${Ago} at=${drift?.observed_at ?? group.observed_at} /></dd></div>
        <div><dt>Neutron ID</dt><dd class="mono">${group.backend_id || "none yet"}</dd></div>
        ${drift && html`<${DriftMode} group=${group} drift=${drift} reload=${reloadBoth} />`}
      </dl></section>
      <${Activity} group=${group} />
    </div>`;
}

/**
 * What the internet reaches as desired; the panel of the drift says what nobody desired.
 *
 * @param {{group: any, isPending: boolean}} properties
 */
function Exposure({ group, isPending }) {
  const openings = labelled(group.open_to_all);
  const of = (/** @type {string} */ kind) => openings.filter((each) => each.kind === kind).map(({ label }) => label).join(", ");
  const [open, lost] = [of("open"), of("lost")];
  return html`
    ${open && html`<p class="notice notice-warn"><strong>Open to the internet:</strong> ${open}.</p>`}
    ${lost && html`<p class=${isPending ? "notice notice-busy" : "notice"}><strong>${isPending ? "Open to the internet soon" : "Desired to be open, not in the cloud yet"}:</strong> ${lost}.</p>`}`;
}

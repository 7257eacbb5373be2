// The page of an instance: its ports, their groups, what they admit and by which rules, and who reaches them.

import { INSTANCES, PORTS, request } from "../api.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html, useId, useState } from "../html.js";
import { GROUP_PAGES, urlOfPage } from "../router.js";
import { isInternet } from "../rules/internet.js";
import { count, remoteText, trafficText } from "../rules/text.js";
import { reasonText } from "./because.js";
import { GroupLinks, OriginRule, ruleOf } from "./group_links.js";
import { TrafficFields, trafficQuery } from "./traffic_fields.js";

/** @param {{uuid: string}} properties */
export function Instance({ uuid }) {
  const { data, error, reload } = useLoaded(async (signal) => {
    const [instance, ports] = await Promise.all([
      request("GET", `${INSTANCES}${uuid}/`, { signal }),
      request("GET", PORTS, { query: { instance_uuid: uuid, page_size: 100 }, signal }),
    ]);
    return { instance: instance.data, ports: ports.data };
  }, [uuid], () => 15_000);
  if (!data) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${10} />`;
  const { instance, ports } = data;
  return html`
    <nav class="crumbs" aria-label="Breadcrumb"><a href=${urlOfPage("instances")}>Instances</a>
      <a href=${`${urlOfPage("instances")}?tenant_uuid=${instance.tenant_uuid}`}>${instance.tenant_name}</a></nav>
    <${PageHead} of=${instance.name || instance.uuid} about=${`${instance.customer_name} / ${instance.project_name} · ${instance.tenant_name} · ${instance.service_name}`}>
      <a class="button" href=${`${urlOfPage("reach")}?tenant=${instance.tenant_uuid}&destination=${encodeURIComponent(instance.name || instance.uuid)}`}>Can it reach?</a><//>
    <${Stale} error=${error} />
    ${ports.length === 0 && html`<p class="notice">No ports of this instance are known.</p>`}
    ${ports.map((/** @type {any} */ port) => html`<${Port} key=${port.uuid} port=${port} />`)}`;
}

/** @param {{port: any}} properties */
function Port({ port }) {
  const addresses = port.fixed_ips.map((/** @type {any} */ each) => each.ip_address);
  return html`<section class="card port">
    <h2 class="port-name"><span class="mono">${addresses.join(", ") || port.name || port.backend_id}</span>
      ${port.floating_ips.length > 0 && html`<span class="quiet"> floating IP </span><span class="mono">${port.floating_ips.join(", ")}</span>`}</h2>
    <p>Groups: <${GroupLinks} groups=${port.security_groups} unknown=${port.other_security_group_ids.length} />
      ${port.name && html`<span class="quiet"> · port ${port.name}</span>`}
      ${port.state === "ERRED" && html`<span class="tone-bad"> · ${port.error_message}</span>`}</p>
    <${EffectiveRules} port=${port} />
    <${WhoCanReach} port=${port} />
  </section>`;
}

/** @param {{port: any}} properties */
function EffectiveRules({ port }) {
  const { data, error } = useLoaded(
    async (signal) => (await request("GET", `${PORTS}${port.uuid}/effective_rules/`, { signal })).data,
    [port.uuid, JSON.stringify(port.security_groups)],
  );
  if (error) return html`<p class="notice notice-warn">${error.message}</p>`;
  if (!data) return html`<${Skeleton} rows=${3} />`;
  const { pieces } = data;
  return html`
    ${data.everything_because && html`<p class="notice notice-warn"><strong>Admits everything:</strong> ${reasonText(data.everything_because)}</p>`}
    ${data.not_known.length > 0 && html`<p class="notice notice-warn"><strong>More may be admitted.</strong> ${data.not_known.map(reasonText).join(" ")}</p>`}
    ${!data.everything_because && ["ingress", "egress"].map((direction) => html`<${Pieces} key=${direction} direction=${direction}
      pieces=${pieces.filter((/** @type {any} */ piece) => piece.direction === direction)} />`)}
    ${data.pieces_total > pieces.length && html`<p class="quiet">The widest ${pieces.length} of ${data.pieces_total} are shown.</p>`}
    ${!data.exact && html`<p class="quiet">Not exact: the cloud's firewall driver decides some of it.</p>`}
    <p class="quiet port-note">Observed <${Ago} at=${data.observed_at} />. Routing and other firewalls, of a router or within the instance, are not considered.</p>`;
}

/** @param {{direction: string, pieces: any[]}} properties */
function Pieces({ direction, pieces }) {
  const isIngress = direction === "ingress";
  if (!pieces.length) return html`<h3>${isIngress ? "Ingress" : "Egress"}</h3><p class="quiet">No traffic is admitted ${isIngress ? "in" : "out"}.</p>`;
  return html`<h3>${isIngress ? "Ingress" : "Egress"}</h3>
    <table class="table effective">
      <caption class="visually-hidden">What the port admits ${isIngress ? "in" : "out"}, and by which rules</caption>
      <thead><tr><th scope="col">Traffic</th><th scope="col">${isIngress ? "From" : "To"}</th><th scope="col">By</th></tr></thead>
      <tbody>${pieces.map((piece, index) => html`<tr key=${index}>
        <td data-label="Traffic"><${PieceTraffic} piece=${piece} /></td>
        <td data-label=${isIngress ? "From" : "To"}><${PieceEnd} piece=${piece} /></td>
        <td data-label="By"><ul class="plain">${piece.rules.map((/** @type {any} */ rule, /** @type {number} */ at) => html`<li key=${at}><${OriginRule} rule=${rule} /></li>`)}
          ${piece.has_more_rules && html`<li class="quiet">and more rules</li>`}</ul></td>
      </tr>`)}</tbody>
    </table>`;
}

/** @param {{piece: any}} properties */
function PieceTraffic({ piece }) {
  const { what, service } = trafficText(piece);
  const isRange = /^\d+-\d+$/.test(piece.protocol);
  return html`<strong>${isRange ? `Protocols ${piece.protocol.replace("-", "–")}` : what}</strong>${service && html` <span class="service">${service}</span>`} <span class="quiet">${piece.ethertype}</span>`;
}

/** @param {{piece: any}} properties */
function PieceEnd({ piece }) {
  const { end, kind, uuid } = remoteText(ruleOf(piece));
  const isIngress = piece.direction === "ingress";
  const isOpen = isIngress && piece.internet;
  if (kind === "group") return html`<a href=${`${GROUP_PAGES}${uuid}/`}>${end}</a>`;
  return html`<span class=${isOpen ? "open-mark" : kind === "cidr" ? "mono" : isIngress ? "tone-warn" : null}>${isOpen && "▲ "}${end}</span>`;
}

/** @param {{port: any}} properties */
function WhoCanReach({ port }) {
  const [traffic, setTraffic] = useState({ protocol: "tcp", port: "22" });
  const [shown, setShown] = useState(/** @type {any} */ (null));
  const heading = useId();
  return html`<section aria-labelledby=${heading}>
    <h3 id=${heading}>Who can reach it?</h3>
    <form class="traffic-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); setShown(trafficQuery(traffic)); }}>
      <${TrafficFields} value=${traffic} set=${setTraffic} />
      <button class="button">Show</button>
    </form>
    ${shown && html`<${Sources} key=${JSON.stringify(shown)} port=${port} traffic=${shown} />`}
  </section>`;
}

/** @param {{port: any, traffic: any}} properties */
function Sources({ port, traffic }) {
  const { data, error } = useLoaded(
    async (signal) => (await request("GET", `${PORTS}${port.uuid}/who_can_reach/`, { query: traffic, signal })).data, [],
  );
  if (error) return html`<p class="notice notice-bad" role="alert">${error.message}</p>`;
  if (!data) return html`<p class="quiet" role="status">…</p>`;
  const { prefixes, groups, address_groups: addressGroups } = data;
  const isNobody = !prefixes.length && !groups.length && !addressGroups.length && !data.everything_because;
  return html`<div role="status" class="sources">
    ${data.everything_because && html`<p class="notice notice-warn"><strong>Everybody:</strong> ${reasonText(data.everything_because)}</p>`}
    ${data.internet && html`<p class="notice notice-warn"><strong>▲ The internet</strong> is among them.</p>`}
    ${isNobody && html`<p><strong>Nobody</strong>, as far as security groups go.</p>`}
    ${data.not_known.length > 0 && html`<p class="notice notice-warn"><strong>There may be more.</strong> ${data.not_known.map(reasonText).join(" ")}</p>`}
    <ul class="plain">
      ${prefixes.map((/** @type {any} */ each) => html`<li key=${each.cidr}><span class=${isInternet(each.cidr) ? "open-mark" : "mono"}>${isInternet(each.cidr) && "▲ "}${each.cidr}</span> <${By} rules=${each.by} /></li>`)}
      ${groups.map((/** @type {any} */ each) => html`<li key=${each.uuid ?? each.backend_id}>${each.uuid ? html`<a href=${`${GROUP_PAGES}${each.uuid}/`}>${each.name}</a>` : "a group that you do not see"}
        <span class="quiet"> ${each.members_known ? count(each.members.length, "port") : "members are not all known"}</span>
        <span class="mono"> ${each.members.slice(0, 8).flatMap((/** @type {any} */ member) => member.addresses).join(", ")}</span> <${By} rules=${each.by} /></li>`)}
      ${addressGroups.map((/** @type {any} */ each, /** @type {number} */ index) => html`<li key=${index}>address group <span class="mono">${each.name || each.backend_id || each.id}</span> <${By} rules=${each.by ?? []} /></li>`)}
    </ul>
  </div>`;
}

/** @param {{rules: any[]}} properties */
function By({ rules }) {
  return html`<span class="quiet by">by ${rules.slice(0, 3).map((rule, index) => html`${index > 0 && "; "}<${OriginRule} rule=${rule} />`)}${rules.length > 3 && ` and ${rules.length - 3} more`}</span>`;
}

// "Can it reach?": whether security groups admit traffic between two ends, by which rule, and if not, which rule nearly does.

import { INSTANCES, TENANTS, request } from "../api.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { Failure, Skeleton, useLoaded } from "../components/use_loaded.js";
import { html, useEffect, useId, useRef, useState } from "../html.js";
import { own } from "../own.js";
import { GROUP_PAGES, updateQuery } from "../router.js";
import { remoteText, trafficText } from "../rules/text.js";
import { notableReasons } from "./because.js";
import { endOf, isOutOfReach } from "./ends.js";
import { OriginRule, ruleOf } from "./group_links.js";
import { TrafficFields, hasPort, trafficQuery } from "./traffic_fields.js";

const FIELDS = ["tenant", "source", "destination", "protocol", "port", "at"];
/** @type {Record<string, [string, string]>} label and tone */
const OUTCOMES = {
  admitted: ["Admitted", "good"],
  refused: ["Refused", "bad"],
  partly: ["Partly admitted", "warn"],
  undetermined: ["Not known", "warn"],
};

/** @param {{query: URLSearchParams}} properties */
export function Reach({ query }) {
  const { data, error, reload } = useLoaded(async (signal) => {
    const [{ data: tenants }, { data: [first] }] = await Promise.all([
      request("GET", TENANTS, { query: { page_size: 300, o: "name", field: ["uuid", "name", "project_name", "customer_name"] }, signal }),
      request("GET", INSTANCES, { query: { page_size: 1, field: ["tenant_uuid"] }, signal }),
    ]);
    return { tenants, preset: first?.tenant_uuid ?? tenants[0]?.uuid };
  }, []);
  const { tenants, preset } = data ?? {};
  if (!tenants) return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<${Skeleton} rows=${6} />`;
  const given = Object.fromEntries(FIELDS.map((name) => [name, query.get(name) ?? ""]));
  const tenant = given.tenant || preset || "";
  const isComplete = tenant && given.source && given.destination && query.has("protocol");
  return html`
    <${PageHead} of="Can it reach?" about="Whether security groups admit traffic between two ends, by what the last pull observed. Nothing is sent." />
    <${Form} key=${query.toString()} tenants=${tenants} given=${{ ...given, tenant, protocol: query.get("protocol") ?? "tcp" }} />
    ${isComplete && html`<${Verdict} key=${`${query}`} tenant=${tenant} question=${given} />`}`;
}

/** @param {{tenants: any[], given: any}} properties */
function Form({ tenants, given }) {
  const [values, setValues] = useState(given);
  const [names, setNames] = useState(/** @type {any[]} */ ([]));
  const list = useId();
  const id = useId();
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => setValues({ ...values, [name]: event.target.value });
  useEffect(() => {
    let isShown = true;
    const query = { tenant_uuid: values.tenant, page_size: 100, o: "name", field: ["uuid", "name", "internal_ips"] };
    request("GET", INSTANCES, { query }).then(({ data }) => isShown && setNames(data), () => {});
    return () => { isShown = false; };
  }, [values.tenant]);
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    updateQuery({ ...values, source: values.source.trim(), destination: values.destination.trim(), protocol: values.protocol || "any", port: hasPort(values.protocol) ? values.port.trim() : "" });
  };
  const end = (/** @type {string} */ name, /** @type {string} */ label) => html`<div class="field"><label for=${`${id}-${name}`}>${label}</label>
    <input id=${`${id}-${name}`} class="mono" required list=${list} value=${values[name]} onInput=${set(name)} autocomplete="off" spellcheck=${false} autocapitalize="none"
      placeholder="name, internet, IP or CIDR" /></div>`;
  return html`<form class="card form-grid reach-form" onSubmit=${ask}>
    <div class="field"><label for=${`${id}-tenant`}>Tenant</label>
      <select id=${`${id}-tenant`} value=${values.tenant} onChange=${set("tenant")}>
        ${tenants.map((each) => html`<option key=${each.uuid} value=${each.uuid} selected=${each.uuid === values.tenant}>${each.name} · ${each.customer_name} / ${each.project_name}</option>`)}
      </select></div>
    ${end("source", "From")} ${end("destination", "To")}
    <${TrafficFields} value=${{ ...values, protocol: values.protocol === "any" ? "" : values.protocol }} set=${setValues} />
    <div class="field"><label for=${`${id}-at`}>Rules</label>
      <select id=${`${id}-at`} value=${values.at} onChange=${set("at")}>
        <option value="" selected=${!values.at}>in the cloud (observed)</option><option value="desired" selected=${values.at === "desired"}>desired</option>
      </select></div>
    <button class="button button-main">Ask</button>
    <datalist id=${list}><option value="internet">all addresses (0.0.0.0/0)</option>${names.map((each) => html`<option key=${each.uuid} value=${each.name}>${each.internal_ips.join(", ")}</option>`)}</datalist>
  </form>`;
}

/** @param {{tenant: string, question: any}} properties */
function Verdict({ tenant, question }) {
  const answer = useRef(/** @type {any} */ (null));
  const { data: found, error } = useLoaded(async (signal) => {
    const [source, destination] = await Promise.all([endOf(question.source, tenant, signal), endOf(question.destination, tenant, signal)]);
    const traffic = trafficQuery({ protocol: question.protocol === "any" ? "" : question.protocol, port: question.port });
    const body = { source, destination, ...traffic, ...(question.at === "desired" && { at: "desired" }) };
    const [{ data }, isPrivate] = await Promise.all([request("POST", `${TENANTS}${tenant}/verdict/`, { body, signal }), isOutOfReach(source, destination, signal)]);
    return { data, isPrivate };
  }, []);
  useEffect(() => answer.current?.focus(), [found, error]);
  if (error) return html`<p class="notice notice-bad" role="alert" tabindex="-1" ref=${answer}>${error.message}</p>`;
  if (!found) return html`<p class="quiet" role="status">Judging…</p>`;
  const { data, isPrivate } = found;
  const [label, tone] = own(OUTCOMES, data.verdict) ?? [data.verdict, "idle"];
  const what = question.protocol === "any" ? "Everything" : [question.protocol.toUpperCase(), question.port].filter(Boolean).join(" ");
  const directions = /** @type {[string, string, any][]} */ ([["egress", `Egress of ${question.source}`, data.egress], ["ingress", `Ingress of ${question.destination}`, data.ingress], ["reply", "The reply", data.reply]]);
  return html`<section class="card verdict" aria-label="Verdict">
    <h2 class=${`verdict-head tone-${tone}`} tabindex="-1" ref=${answer}>${label}</h2>
    <p>${what} from <span class="mono">${question.source}</span> to <span class="mono">${question.destination}</span>${question.at === "desired" ? ", by the desired rules" : ""}.</p>
    ${directions.map(([name, , direction]) => direction?.verdict === "partly" && direction.by.length > 0 && html`<p class="notice" key=${name}>
      <strong>The part that is admitted:</strong> ${[...new Set(direction.by.map((/** @type {any} */ rule) => partText(rule, question, what)))].join("; ")}. The rest is refused.</p>`)}
    ${isPrivate && html`<p class="notice">${question.destination} has no floating IP: public addresses do not reach it, whatever the rules admit.</p>`}
    ${notableReasons(data.because).map((text) => html`<p class="notice" key=${text}>${text}</p>`)}
    ${directions.map(([name, title, direction]) => direction && html`<${Direction} key=${name} title=${title} direction=${direction} />`)}
    ${!data.egress && !data.ingress && html`<p class="quiet">Neither end is a port that you see.</p>`}
    <p class="quiet">Oldest observation used: <${Ago} at=${data.observed_at} />.${data.driver && ` Driver: ${data.driver}.`}${!data.exact && " Members of a group can change, and the verdict with them."}
      ${" "}Routing and other firewalls, of a router, of the provider or within the instance, are not considered.</p>
  </section>`;
}

/**
 * The part of the question that a rule admits.
 *
 * @param {any} rule
 * @param {any} question
 * @param {string} what
 */
function partText(rule, question, what) {
  const isIngress = rule.direction === "ingress";
  const { end, kind } = remoteText(ruleOf(rule));
  const isAll = kind === "all";
  const hasAllPorts = question.port || (rule.from_port === null && (question.protocol !== "any" || !rule.protocol));
  const all = question[isIngress ? "source" : "destination"];
  return `${hasAllPorts ? what : trafficText(rule).what} ${isIngress ? "from" : "to"} ${isAll ? all : end} (${rule.ethertype})${hasAllPorts && isAll ? ", not at every address" : ""}`;
}

/** @param {{title: string, direction: any}} properties */
function Direction({ title, direction }) {
  const [label, tone] = own(OUTCOMES, direction.verdict) ?? [direction.verdict, "idle"];
  return html`<h3>${title}: <span class=${`tone-${tone}`}>${label.toLowerCase()}</span></h3>
    ${direction.by.length > 0 && html`<ul class="plain">${direction.by.map((/** @type {any} */ rule, /** @type {number} */ index) => html`<li key=${index}>${direction.verdict === "undetermined" ? "Perhaps by" : "By"} <${OriginRule} rule=${rule} /></li>`)}</ul>`}
    ${direction.verdict === "refused" && !direction.by.length && html`<p>No rule admits it.</p>`}
    ${direction.nearest.length > 0 && html`<p class="quiet">Rules that nearly admit it:</p>
      <ul class="plain">${direction.nearest.map((/** @type {any} */ rule, /** @type {number} */ index) => html`<li key=${index}><${OriginRule} rule=${rule} /> — <strong>${rule.text}</strong>. <a href=${`${GROUP_PAGES}${rule.security_group_uuid}/edit/`}>Edit rules</a></li>`)}</ul>`}`;
}

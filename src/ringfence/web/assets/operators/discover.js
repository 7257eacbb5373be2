// Discovery of clouds: the projects that become tenants, and what the last run reported.

import { request } from "../api.js";
import { Check, Field } from "../components/form_fields.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { html, useState } from "../html.js";
import { own } from "../own.js";
import { CONSOLE } from "../router.js";
import { count } from "../rules/text.js";

const ABOUT = "The projects of an OpenStack cloud become tenants, with their groups. The cloud is only read. New tenants start with the drift mode “report”.";
const DISCOVERIES = "/api/discoveries/";
export const DISCOVER_PAGE = `${CONSOLE}clouds/discover/`;

/** @type {Record<string, [string, string]>} */
const STATES = { idle: ["Done", "good"], requested: ["Waiting for a worker", "busy"], running: ["Running", "busy"] };

/** @type {[string, string, string][]} label, field of the report, tone if it is not zero */
const FIGURES = [
  ["Tenants", "tenants", ""],
  ["Groups", "groups", ""],
  ["Rules", "rules", ""],
  ["Ports", "ports", ""],
  ["Open to the internet", "open_groups", "warn"],
  ["On floating IPs", "groups_on_floating_ips", ""],
  ["Open on floating IPs", "open_groups_on_floating_ips", "bad"],
  ["Shared", "shared_groups", ""],
  ["Duplicate names", "duplicate_group_names", "warn"],
  ["Duplicate projects", "duplicate_project_names", "warn"],
  ["Unresolved remote groups", "unresolved_rules", "warn"],
  ["Unreadable rules", "unreadable_rules", "warn"],
  ["Not in Keystone", "groups_of_unknown_projects", "warn"],
  ["Projects not in Keystone", "unknown_projects", "warn"],
  ["Skipped", "skipped_items", "warn"],
];
/** @type {Record<string, string>} */
const EXAMPLES = {
  shared_groups: "Shared",
  duplicate_group_names: "Duplicate names of groups",
  duplicate_project_names: "Duplicate names of projects",
  unresolved_rules: "Remote groups that the cloud does not list",
  unknown_projects: "Projects that Keystone does not know",
};

/** @param {{user: any}} properties */
export function Discover({ user }) {
  const { data, error, reload } = useLoaded(
    async (signal) => (await request("GET", DISCOVERIES, { signal })).data, [],
    (found) => (found?.every((/** @type {any} */ each) => each.state === "idle") ? 15000 : 2000),
  );
  return html`
    <nav class="crumbs" aria-label="Breadcrumb"><a href=${`${CONSOLE}clouds/`}>Clouds</a></nav>
    <${PageHead} of="Discover" about=${error?.status !== 403 && (user.is_staff || user.is_support) && ABOUT} />
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${6} />`}
    ${data && user.is_staff && html`<${Form} reload=${reload} />`}
    ${data?.length === 0 && html`<p class="empty-line">No cloud has been discovered yet.</p>`}
    ${data?.map((/** @type {any} */ each) => html`<${Discovery} key=${each.uuid} discovery=${each} user=${user} reload=${reload} />`)}`;
}

/** @param {string} text */
const listed = (text) => {
  const names = text.split(",").map((each) => each.trim()).filter(Boolean);
  // An empty list means all domains, which a mistyped name must not.
  return names.length > 0 || !text.trim() ? names : [text.trim()];
};

/** @param {{reload: () => Promise<void>}} properties */
function Form({ reload }) {
  const [values, setValues] = useState({ cloud: "", domains: "", match: "", customer: "" });
  const [byParent, setByParent] = useState(false);
  const [isFollowed, setFollowed] = useState(false);
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const run = async (/** @type {boolean} */ load) => {
    setBusy(true);
    setSubmitError(null);
    const body = {
      cloud: values.cloud,
      domains: listed(values.domains),
      ...(values.match.trim() && { match: values.match }),
      customer: values.customer.trim() || null,
      by_parent: byParent,
      load,
      ...(load && isFollowed && { follow: true }),
    };
    try {
      await request("POST", DISCOVERIES, { body });
      showToast(load ? `${values.cloud} is being discovered.` : `${values.cloud} is being read. Nothing is created.`);
      await reload();
    } catch (error) {
      setSubmitError(error);
    }
    setBusy(false);
  };
  const field = (/** @type {keyof typeof values} */ name, /** @type {string} */ label, /** @type {string} */ hint) => html`<${Field}
    label=${label} hint=${hint} value=${values[name]} error=${own(submitError?.detail ?? {}, name)}
    set=${(/** @type {string} */ value) => setValues({ ...values, [name]: value })} />`;
  const general = submitError && !["cloud", "domains", "match", "customer"].some((name) => own(submitError.detail ?? {}, name));
  return html`<form class="card discover-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); run(false); }}>
    <div class="form-grid">
      ${field("cloud", "Cloud", "The entry in clouds.yaml")}
      ${field("domains", "Domains", "All, or names separated by commas")}
      ${field("match", "Projects", "All, or a pattern such as web-*")}
      ${field("customer", "Customer", "The domain, or one name for all projects")}
    </div>
    <${Check} label="Parent projects are customers" checked=${byParent} set=${setByParent} />
    <${Check} label="Follow: repeat it, so that new projects join" checked=${isFollowed} set=${setFollowed} />
    ${general && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
    <div class="actions">
      <button class="button" disabled=${isBusy || !values.cloud.trim()}>Report only</button>
      <button type="button" class="button button-main" disabled=${isBusy || !values.cloud.trim()} onClick=${() => run(true)}>Create tenants</button>
    </div>
  </form>`;
}

/** @param {any} discovery */
function selectionOf({ cloud, entries, domains, match, customer, by_parent: byParent }) {
  const parts = [
    entries.length === 1 && entries[0] === cloud ? "" : `entries ${entries.join(", ")}`,
    domains.length ? `domains ${domains.join(", ")}` : "all domains",
    match === "*" ? "" : `projects ${match}`,
    customer ? `customer ${customer}` : byParent ? "parent projects as customers" : "",
  ];
  return parts.filter(Boolean).join("; ");
}

/** @param {{discovery: any, user: any, reload: () => Promise<void>}} properties */
function Discovery({ discovery, user, reload }) {
  const { cloud, state, report } = discovery;
  const [label, tone] = state === "idle" && discovery.error_message ? ["Failed", "bad"] : (own(STATES, state) ?? [state, "idle"]);
  const act = async (/** @type {() => Promise<any>} */ work, /** @type {string} */ done) => {
    try {
      await work();
      showToast(done);
    } catch (error) {
      showToast(error.message, "bad");
    }
    await reload();
  };
  const { entries, domains, match, customer, by_parent } = discovery;
  const path = `${DISCOVERIES}${discovery.uuid}/`;
  const again = () => act(
    () => request("POST", DISCOVERIES, { body: { cloud, entries, domains, match, customer, by_parent } }), `${cloud} is being discovered.`);
  const follow = () => act(
    () => request("POST", `${path}set_follow/`, { body: { follow: !discovery.follow } }),
    discovery.follow ? `${cloud} is not followed any more.` : `${cloud} is followed.`);
  const forget = () => act(() => request("DELETE", path), `The discovery of ${cloud} is removed. Its tenants stay.`);
  return html`<section class="card cloud" aria-label=${cloud}>
    <div class="page-head"><h2>${cloud}</h2><span class=${`mark mark-${tone}`}>${label}</span>
      ${discovery.follow && html`<span class="mark mark-idle">Followed</span>`}</div>
    <p class="quiet">${selectionOf(discovery)}. Last run: <${Ago} at=${discovery.finished} />${discovery.progress && `. ${discovery.progress}`}</p>
    ${discovery.error_message && html`<p class="notice notice-bad">${discovery.error_message}</p>`}
    ${report && html`<${Report} report=${report} />`}
    ${user.is_staff && html`<div class="actions">
      <button type="button" class="button" disabled=${state !== "idle"} onClick=${again}>Create tenants</button>
      <button type="button" class="button" onClick=${follow}>${discovery.follow ? "Stop following" : "Follow"}</button>
      <button type="button" class="button" onClick=${forget}>Remove</button>
    </div>`}
  </section>`;
}

/** @param {{report: any}} properties */
function Report({ report }) {
  const examples = Object.entries(EXAMPLES).filter(([name]) => own(report.examples ?? {}, name)?.length);
  return html`
    ${report.warnings.map((/** @type {string} */ warning) => html`<p key=${warning} class="notice notice-warn">${warning}</p>`)}
    <dl class="figures">${FIGURES.map(([label, name, tone]) => html`<div key=${name}>
      <dt>${label}</dt><dd class=${report[name] ? tone && `tone-${tone}` : "quiet"}>${(report[name] ?? 0).toLocaleString("en")}</dd></div>`)}</dl>
    ${examples.length > 0 && html`<dl class="examples">${examples.map(([name, label]) => html`<div key=${name}>
      <dt>${label}</dt><dd>${report.examples[name].join(", ")}</dd></div>`)}</dl>`}
    <p class="quiet">${count(report.projects, "project")} in ${count(report.domains, "domain")}; ${count(report.requests, "request")} to the cloud, all of them reading.</p>`;
}

// The export of what is shown: a menu of formats, and the download of a file.

import { GROUPS, request, requestAll } from "../api.js";
import { showToast } from "../components/toast.js";
import { html, useRef, useState } from "../html.js";
import { count } from "../rules/text.js";
import { csvOfGroups } from "./csv.js";
import { fileName } from "./escape.js";
import { openstackOfGroups } from "./openstack.js";
import { GROUP_FIELDS, remoteOf } from "./remotes.js";
import { terraformOfGroups } from "./terraform.js";
import { yamlOfGroups } from "./yaml.js";

/** @typedef {import("./remotes.js").Group} Group */

// More groups than these are read page by page.
const FEW = 20;

// These refer to groups by their IDs in the cloud.
const OF_NEUTRON = ["tf", "sh"];

/** @type {[string, string, string, (groups: Group[]) => string][]} label, suffix, media type, and the text */
const FORMATS = [
  ["CSV", "csv", "text/csv", csvOfGroups],
  ["YAML for ringfence load", "yaml", "application/yaml", yamlOfGroups],
  ["Terraform", "tf", "text/plain", terraformOfGroups],
  ["openstack commands", "sh", "text/x-shellscript", openstackOfGroups],
];

/**
 * The name of a file with today's date, as in web-2026-11-28.
 *
 * @param {string} name
 */
function dated(name) {
  const now = new Date();
  const parts = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  return `${fileName(name)}-${parts.map((part) => String(part).padStart(2, "0")).join("-")}`;
}

/**
 * Save a text as a file.
 *
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Return groups with their rules, in the order of their UUIDs.
 *
 * @param {string[]} uuids
 * @returns {Promise<Group[]>}
 */
export async function groupsOf(uuids) {
  const query = { field: GROUP_FIELDS };
  const found = uuids.length > FEW
    ? await requestAll(GROUPS, query)
    : await Promise.all(uuids.map(async (uuid) => (await request("GET", `${GROUPS}${uuid}/`, { query })).data));
  const byUuid = new Map(found.map((group) => [group.uuid, group]));
  return uuids.flatMap((uuid) => byUuid.get(uuid) ?? []);
}

/**
 * Return groups whose rules have the ID in the cloud of each remote group that is not among them; those
 * that the user does not see, or the cloud does not have, stay without.
 *
 * @param {Group[]} groups
 * @returns {Promise<Group[]>}
 */
export async function withCloudIds(groups) {
  const own = new Set(groups.map(({ uuid }) => uuid));
  const outside = (/** @type {Group["rules"][number]} */ rule) => {
    const remote = remoteOf(rule);
    return remote.kind === "group" && !own.has(remote.value) ? remote.value : null;
  };
  const wanted = new Set(groups.flatMap(({ rules }) => rules.map(outside)).filter((uuid) => uuid !== null));
  const query = { field: ["uuid", "backend_id"] };
  const found = wanted.size > FEW ? await requestAll(GROUPS, query) : await Promise.all([...wanted].map((uuid) => cloudIdOf(uuid, query)));
  const ids = new Map(found.map(({ uuid, backend_id: id }) => [uuid, id]));
  return groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => {
      const uuid = outside(rule);
      return uuid === null ? rule : { ...rule, remote_group_backend_id: ids.get(uuid) ?? "" };
    }),
  }));
}

/**
 * @param {string} uuid
 * @param {Record<string, any>} query
 */
async function cloudIdOf(uuid, query) {
  try {
    return (await request("GET", `${GROUPS}${uuid}/`, { query })).data;
  } catch (error) {
    if (error.status === 404 || error.status === 403) return { uuid, backend_id: "" };
    throw error;
  }
}

/**
 * A menu that downloads groups with their rules.
 *
 * @param {{load: () => Promise<any[]>, name: string}} properties `name` is that of the file
 */
export function ExportMenu({ load, name }) {
  const [isBusy, setBusy] = useState(false);
  const summary = useRef(/** @type {any} */ (null));
  const save = async (/** @type {typeof FORMATS[number]} */ [, suffix, type, textOf]) => {
    // The menu closes, and takes the focus with it.
    summary.current?.focus();
    setBusy(true);
    try {
      const loaded = await load();
      const groups = OF_NEUTRON.includes(suffix) ? await withCloudIds(loaded) : loaded;
      download(`${dated(name)}.${suffix}`, textOf(groups), type);
      showToast(`${count(groups.length, "group")} exported.`, "good");
    } catch (error) {
      showToast(error.message, "bad");
    }
    setBusy(false);
  };
  return html`<details class="menu">
    <summary ref=${summary} aria-disabled=${isBusy}>${isBusy ? "Exporting…" : "Export"}</summary>
    <div class="menu-items">${FORMATS.map((format) => html`
      <button key=${format[1]} type="button" disabled=${isBusy} onClick=${() => save(format)}>${format[0]}</button>`)}</div>
  </details>`;
}

/**
 * A button that downloads rows as CSV.
 *
 * @param {{load: () => Promise<string>, name: string}} properties
 */
export function CsvButton({ load, name }) {
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      download(`${dated(name)}.csv`, await load(), "text/csv");
    } catch (error) {
      showToast(error.message, "bad");
    }
    setBusy(false);
  };
  return html`<button type="button" class="button" disabled=${isBusy} onClick=${save}>${isBusy ? "Exporting…" : "Export CSV"}</button>`;
}

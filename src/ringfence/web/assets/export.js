// The export of what is shown: a menu of formats, and the download of a file.

import { GROUPS, request } from "./api.js";
import { csvOfGroups } from "./export/csv.js";
import { fileName } from "./export/escape.js";
import { openstackOfGroups } from "./export/openstack.js";
import { GROUP_FIELDS } from "./export/remotes.js";
import { terraformOfGroups } from "./export/terraform.js";
import { yamlOfGroups } from "./export/yaml.js";
import { html, useRef, useState } from "./html.js";
import { count } from "./rule_text.js";
import { showToast } from "./toast.js";

/** @typedef {import("./export/remotes.js").Group} Group */

const PAGE_SIZE = 300;
// More groups than these are read page by page.
const FEW = 20;

/** @type {[string, string, string, (groups: Group[]) => string][]} label, suffix, media type, and the text */
const FORMATS = [
  ["CSV", "csv", "text/csv", csvOfGroups],
  ["YAML for ringfence load", "yaml", "application/yaml", yamlOfGroups],
  ["Terraform", "tf", "text/plain", terraformOfGroups],
  ["openstack commands", "sh", "text/x-shellscript", openstackOfGroups],
];

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
 * Return all pages of a list.
 *
 * @param {string} path
 * @param {Record<string, any>} query
 * @param {number} [most] rows
 * @returns {Promise<any[]>}
 */
export async function loadAll(path, query, most = Infinity) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const { data, total } = await request("GET", path, { query: { ...query, page, page_size: PAGE_SIZE } });
    rows.push(...data);
    if (!data.length || rows.length >= total || rows.length >= most) return rows.slice(0, most);
  }
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
    ? await loadAll(GROUPS, query)
    : await Promise.all(uuids.map(async (uuid) => (await request("GET", `${GROUPS}${uuid}/`, { query })).data));
  const byUuid = new Map(found.map((group) => [group.uuid, group]));
  return uuids.flatMap((uuid) => byUuid.get(uuid) ?? []);
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
      const groups = await load();
      download(`${fileName(name)}.${suffix}`, textOf(groups), type);
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
      download(`${fileName(name)}.csv`, await load(), "text/csv");
    } catch (error) {
      showToast(error.message, "bad");
    }
    setBusy(false);
  };
  return html`<button type="button" class="button" disabled=${isBusy} onClick=${save}>${isBusy ? "Exporting…" : "Export CSV"}</button>`;
}

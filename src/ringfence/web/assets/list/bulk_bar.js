// The bar of the selection: how many groups are selected, and what can be done with all of them.

import { showToast } from "../components/toast.js";
import { ExportMenu, groupsOf } from "../export/menu.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { count } from "../rules/text.js";
import { BULK, BulkDialog } from "./bulk.js";

/**
 * Move the focus to the title when the bar goes that had it.
 *
 * @param {boolean} isShown
 */
function useFocusAfter(isShown) {
  const wasShown = useRef(false);
  useEffect(() => {
    if (wasShown.current && !isShown && document.activeElement === document.body) document.querySelector("h1")?.focus();
    wasShown.current = isShown;
  }, [isShown]);
}

/**
 * @param {{selection: import("./selection.js").Selection, total: number, loadAll: () => Promise<import("./selection.js").Selected[]>,
 *   cidr: string, isReader: boolean, reload: () => Promise<void>}} properties
 */
export function BulkBar({ selection, total, loadAll, cidr, isReader, reload }) {
  const [kind, setKind] = useState("");
  const [isBusy, setBusy] = useState(false);
  const selected = [...selection.selected.values()];
  const selectAll = async () => {
    setBusy(true);
    try {
      selection.change(await loadAll(), true);
    } catch (error) {
      showToast(error.message, "bad");
    }
    setBusy(false);
  };
  const isShown = selected.length > 0 || kind !== "";
  useFocusAfter(isShown);
  const open = (/** @type {any} */ event, /** @type {string} */ name) => {
    // The menu closes: the focus comes back to its button.
    event.currentTarget.closest("details").querySelector("summary").focus();
    setKind(name);
  };
  if (!isShown) return null;
  return html`${selected.length > 0 && html`<div class="bulk-bar" role="region" aria-label="Selected groups">
    <strong role="status">${selected.length} selected</strong>
    ${selected.length < total && html`<button type="button" class="button button-plain" aria-label="Select all results" disabled=${isBusy} onClick=${selectAll}>Select all</button>`}
    <button type="button" class="button button-plain" aria-label="Clear selection" onClick=${selection.clear}>Clear</button>
    <${ExportMenu} name="security-groups" load=${() => groupsOf(selected.map(({ uuid }) => uuid))} />
    <details class="menu" name="menu">
      <summary>Change ${count(selected.length, "group")}</summary>
      <div class="menu-items">
        ${Object.entries(BULK).map(([name, { label }]) => html`<button key=${name} type="button" class=${name === "delete" ? "danger" : null}
          disabled=${isReader} onClick=${(/** @type {any} */ event) => open(event, name)}>${label}…</button>`)}
      </div>
    </details>
  </div>`}
    ${kind && html`<${BulkDialog} key=${kind} kind=${kind} selected=${selected} cidr=${cidr} onClose=${() => setKind("")}
      onDone=${() => {
        selection.clear();
        reload();
      }} />`}`;
}

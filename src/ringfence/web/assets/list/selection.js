// The selection of groups, in the list and in the results of a search.

import { html, useCallback, useEffect, useRef, useState } from "../html.js";

/**
 * A selected group: what the rows know about it. `rules` are the ids of its rules that a search found.
 *
 * @typedef {object} Selected
 * @property {string} uuid
 * @property {string} name
 * @property {string} tenant_name
 * @property {boolean} [can_manage]
 * @property {number[]} [rules]
 */

/**
 * Return the selection: `toggle` selects a range of the shown rows if the shift key is held.
 *
 * @param {Selected[]} rows that are shown
 * @param {string} view that the selection belongs to; another one begins without
 */
export function useSelection(rows, view) {
  const [selected, setSelected] = useState(/** @type {Map<string, Selected>} */ (new Map()));
  const last = useRef("");
  useEffect(() => setSelected(new Map()), [view]);
  const change = useCallback((/** @type {Selected[]} */ groups, /** @type {boolean} */ isOn) => setSelected((before) => {
    const after = new Map(before);
    for (const group of groups) {
      if (isOn) after.set(group.uuid, group);
      else after.delete(group.uuid);
    }
    return after;
  }), []);
  const toggle = (/** @type {Selected} */ group, /** @type {boolean} */ isOn, /** @type {boolean} */ isRange) => {
    const [from, to] = [last.current, group.uuid].map((uuid) => rows.findIndex((row) => row.uuid === uuid)).sort((one, two) => one - two);
    change(isRange && from >= 0 ? rows.slice(from, to + 1) : [group], isOn);
    last.current = group.uuid;
  };
  return { selected, change, toggle, clear: useCallback(() => setSelected(new Map()), []) };
}

/** @typedef {ReturnType<typeof useSelection>} Selection */

/** @param {{group: Selected, selection: Selection}} properties */
export function SelectBox({ group, selection }) {
  return html`<input type="checkbox" aria-label=${`Select ${group.name}`} checked=${selection.selected.has(group.uuid)}
    onClick=${(/** @type {any} */ event) => selection.toggle(group, event.target.checked, event.shiftKey)} />`;
}

/** @param {{groups: Selected[], selection: Selection}} properties */
export function SelectPage({ groups, selection }) {
  const box = useRef(/** @type {any} */ (null));
  const number = groups.filter(({ uuid }) => selection.selected.has(uuid)).length;
  useEffect(() => {
    box.current.indeterminate = number > 0 && number < groups.length;
  });
  return html`<label class="select-all"><input ref=${box} type="checkbox" aria-label="Select all on this page" checked=${number > 0 && number === groups.length}
    onClick=${() => selection.change(groups, number < groups.length)} /><span>Select all</span></label>`;
}

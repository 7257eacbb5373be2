// What rows and tools do to the table.

import { useMemo, useRef } from "../html.js";
import { newRow, withCidr } from "../rules/rows.js";
import { serviceNamed } from "./services.js";

/** @typedef {import("../rules/rows.js").Row} Row */
/** @typedef {import("./lines.js").Line} Line */
/** @typedef {(rows: Row[]) => Row[]} Edit */

/**
 * Return what rows and tools do to the table: the same functions at every update.
 *
 * @param {any} given
 */
export function useActions(given) {
  const now = useRef(given);
  now.current = given;
  return useMemo(() => {
    const edit = (/** @type {Edit} */ change) => now.current.edit(change);
    const each = (/** @type {(row: Row) => boolean} */ isOne, /** @type {(row: Row) => Row} */ change) => edit((rows) => {
      const after = rows.map((row) => (isOne(row) ? change(row) : row));
      return after.some((row, index) => row !== rows[index]) ? after : rows;
    });
    const one = (/** @type {string} */ key, /** @type {(row: Row) => Row} */ change) => each((row) => row.key === key, change);
    const insert = (/** @type {Row[]} */ added, /** @type {string} */ after = "") => insertRows(now.current, added, after);
    const add = (/** @type {Row[]} */ added, /** @type {string} */ after = "") => {
      now.current.fresh.add(added);
      insert(added, after);
    };
    const remove = (/** @type {string[]} */ keys) => removeRows(now.current, new Set(keys));
    const change = (/** @type {string} */ key, /** @type {Partial<Row>} */ values) => one(key, (row) => ({ ...row, ...values }));
    return {
      insert, add, remove, change,
      ...remoteActions(now, one, change),
      copy: (/** @type {Row} */ row) => insert([newRow({ ...row, id: undefined })], row.key),
      putBack: (/** @type {Row} */ row) => putBack(now.current, row),
      select: (/** @type {string} */ key, /** @type {any} */ event) => now.current.selection.select(key, event),
      selectAll: (/** @type {Row[]} */ rows, /** @type {boolean} */ isSelected) => now.current.selection.set(rows, isSelected),
      fold: (/** @type {string} */ label) => now.current.view.setFolded((/** @type {Set<string>} */ before) => toggled(before, label)),
      leave: (/** @type {Row} */ row, /** @type {string} */ cell, /** @type {boolean} */ isWhole) => {
        const service = cell === "ports" ? serviceNamed(row.ports) : undefined;
        if (service) change(row.key, { ...service, ports: service.protocol === "icmp" && row.ethertype === "IPv6" ? "128/0" : service.ports });
        now.current.fresh.leave(row, cell, isWhole);
      },
      observe: (/** @type {Element} */ element) => now.current.observe(element),
      selected: selectedActions(now, { each, insert, remove }),
    };
  }, []);
}

/**
 * Return what is done with the remote of a row.
 *
 * @param {{current: any}} now
 * @param {(key: string, change: (row: Row) => Row) => void} one
 * @param {(key: string, values: Partial<Row>) => void} change
 */
function remoteActions(now, one, change) {
  return {
    cidr: (/** @type {string} */ key, /** @type {string} */ text) => one(key, (row) => withCidr(row, text)),
    kind: (/** @type {string} */ key, /** @type {Row["kind"]} */ kind) => {
      now.current.fresh.name(key, kind === "group");
      change(key, { kind, end: "", group: undefined, chosen: undefined });
    },
    type: (/** @type {string} */ key, /** @type {string} */ name) => {
      now.current.fresh.name(key);
      now.current.groups.find(name);
      one(key, (row) => (row.end === name && row.group ? row : { ...row, end: name, group: now.current.groups.urlOf(name) }));
    },
  };
}

/**
 * @param {Set<string>} set
 * @param {string} value
 */
function toggled(set, value) {
  const after = new Set(set);
  if (!after.delete(value)) after.add(value);
  return after;
}

/**
 * Return what is done with the selected rows.
 *
 * @param {{current: any}} now
 * @param {any} actions
 */
function selectedActions(now, { each, insert, remove }) {
  const chosen = () => /** @type {Row[]} */ (now.current.selection.rows);
  return {
    change: (/** @type {(row: Row) => Row} */ change) => {
      const keys = new Set(chosen().map(({ key }) => key));
      each((/** @type {Row} */ { key }) => keys.has(key), change);
    },
    copy: () => insert(chosen().map((row) => newRow({ ...row, id: undefined })), chosen().at(-1)?.key),
    remove: () => remove(chosen().map(({ key }) => key)),
    clear: () => {
      now.current.selection.clear();
      now.current.table.current.querySelector("thead input").focus();
    },
  };
}

/**
 * @param {any} now
 * @param {Row[]} given
 * @param {string} after the key of the row above
 */
function insertRows({ edit, groups, focus, view }, given, after) {
  const added = given.map((row) => (row.kind === "group" && !row.group ? { ...row, group: groups.urlOf(row.end) } : row));
  edit((/** @type {Row[]} */ rows) => {
    const index = rows.findIndex((row) => row.key === after);
    return index < 0 ? [...rows, ...added] : rows.toSpliced(index + 1, 0, ...added);
  });
  if (view.folded.size) view.setFolded(new Set());
  const [first] = added;
  focus.focusOn(first?.key, first?.ports && !first.end && first.kind === "cidr" ? "end" : "ports");
  groups.resolve(added.filter((row) => row.kind === "group" && !row.group).map((row) => row.end));
}

/**
 * @param {any} now
 * @param {Set<string>} keys
 */
function removeRows({ edit, focus, view }, keys) {
  const lines = /** @type {Line[]} */ (view.lines).filter(({ type }) => type === "row");
  const last = lines.findLastIndex(({ key }) => keys.has(key));
  const rest = (/** @type {Line} */ { key }) => !keys.has(key);
  const next = lines.slice(last + 1).find(rest) ?? lines.slice(0, Math.max(last, 0)).findLast(rest);
  if (next) focus.focusOn(next.key, "ports");
  else /** @type {any} */ (document.querySelector(".rule-toolbar [data-add]"))?.focus();
  edit((/** @type {Row[]} */ rows) => rows.filter(({ key }) => !keys.has(key)));
}

/**
 * Insert a removed row where it was.
 *
 * @param {any} now
 * @param {Row} row
 */
function putBack({ edit, before, focus }, row) {
  edit((/** @type {Row[]} */ rows) => {
    const above = before.slice(0, before.indexOf(row)).map((/** @type {Row} */ { id }) => id);
    const index = rows.findLastIndex(({ id }) => id !== undefined && above.includes(id));
    return rows.toSpliced(index + 1, 0, row);
  });
  focus.focusOn(row.key, "ports");
}

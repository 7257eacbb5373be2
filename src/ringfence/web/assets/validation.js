// What the API says of rules while they are typed: its own words, at the cell that is meant.

import { Refused, words } from "./api.js";
import { bodyOf, portsMistake } from "./rows.js";
import { useEffect, useState } from "./html.js";
import { own } from "./own.js";

/** @typedef {import("./rows.js").Row} Row */

const PAUSE = 300;
/** @type {Record<string, string>} */
const CELLS = {
  direction: "direction", ethertype: "ethertype", protocol: "protocol", from_port: "ports",
  to_port: "ports", cidr: "end", remote_group: "end", remote_group_name: "end", description: "description",
};

/**
 * @typedef {object} Checked
 * @property {boolean} isCurrent whether the answer is about what the table shows now
 * @property {any} plan null where there is a mistake
 * @property {Map<string, Record<string, string>>} mistakes words by cell, by the key of the row
 * @property {Map<string, string[]>} warnings by the key of the row
 * @property {string} general what is wrong with the whole
 * @property {number} status of the refusal, 0 without one
 * @property {any} detail
 */

/** @type {Checked} */
const NOTHING = { isCurrent: false, plan: null, mistakes: new Map(), warnings: new Map(), general: "", status: 0, detail: null };

/**
 * Ask about the rows once nothing was typed for a moment.
 *
 * @param {Row[]} rows
 * @param {(bodies: any[], signal: AbortSignal) => Promise<any>} check gives a plan
 * @param {any[]} dependencies what else the answer depends on
 * @param {(detail: any) => any} [ofRules] gives what a refusal says of the rules
 * @returns {Checked}
 */
export function useChecked(rows, check, dependencies, ofRules = (detail) => detail) {
  const [checked, setChecked] = useState(NOTHING);
  useEffect(() => {
    const controller = new AbortController();
    setChecked((before) => ({ ...before, isCurrent: false }));
    const timer = setTimeout(async () => {
      try {
        const plan = await check(rows.map(bodyOf), controller.signal);
        if (!controller.signal.aborted) setChecked({ ...NOTHING, isCurrent: true, plan, warnings: warningsOf(plan, rows) });
      } catch (refused) {
        if (!controller.signal.aborted && refused instanceof Refused) setChecked(ofRefusal(refused, rows, ofRules));
      }
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [rows, ...dependencies]);
  return checked;
}

/**
 * @param {Refused} refused
 * @param {Row[]} rows
 * @param {(detail: any) => any} ofRules
 * @returns {Checked}
 */
export function ofRefusal(refused, rows, ofRules = (detail) => detail) {
  const detail = refused.status === 400 ? ofRules(refused.detail) : null;
  const mistakes = new Map();
  const isEach = Array.isArray(detail) && detail.some((each) => typeof each === "object");
  if (isEach) {
    detail.forEach((each, place) => {
      const found = mistakesOf(each);
      const ports = rows[place] && portsMistake(rows[place]);
      // What was typed is not what the API was sent.
      if (ports) found.ports = ports;
      if (rows[place] && Object.keys(found).length) mistakes.set(rows[place].key, found);
    });
  }
  const general = isEach ? "" : words(refused.status === 400 ? detail : refused.detail);
  return { ...NOTHING, isCurrent: true, mistakes, general, status: refused.status, detail: refused.detail };
}

/** @param {any} detail of one rule */
function mistakesOf(detail) {
  /** @type {Record<string, string>} */
  const found = {};
  const isNamed = detail && typeof detail === "object" && !Array.isArray(detail);
  for (const [field, said] of Object.entries(isNamed ? detail : { whole: detail })) {
    const cell = own(CELLS, field) ?? "whole";
    const text = words(said);
    if (text && !found[cell]?.includes(text)) found[cell] = [found[cell], text].filter(Boolean).join(" ");
  }
  return found;
}

/**
 * @param {any} plan
 * @param {Row[]} rows
 */
function warningsOf(plan, rows) {
  const found = new Map();
  for (const { rule, message } of plan.warnings) {
    const key = rows[rule]?.key;
    if (key) found.set(key, [...(found.get(key) ?? []), message]);
  }
  return found;
}

// Validation of rules while they are edited. The API validates; its messages are shown at the cells.

import { ApiError, messageOf } from "../api.js";
import { useEffect, useState } from "../html.js";
import { own } from "../own.js";
import { bodyOf, portsError } from "../rules/rows.js";

/** @typedef {import("../rules/rows.js").Row} Row */

const DEBOUNCE_MILLISECONDS = 300;
const RETRY_MILLISECONDS = 2000;
// No response, or one of a proxy or an overloaded service: the rules were not validated.
const OUTAGES = [0, 429, 502, 503, 504];
/** @type {Record<string, string>} */
const CELLS = {
  direction: "direction", ethertype: "ethertype", protocol: "protocol", from_port: "ports",
  to_port: "ports", cidr: "end", remote_group: "end", remote_group_name: "end", description: "description",
};

/**
 * @typedef {object} Validation
 * @property {boolean} isCurrent whether the result is for the rows that the table shows now
 * @property {any} plan null if there are errors
 * @property {Map<string, Record<string, string>>} errors messages by cell, by the key of the row
 * @property {Map<string, string[]>} warnings by the key of the row
 * @property {string} general an error that belongs to no rule
 * @property {number} status of the error response; 0 without one
 * @property {any} detail
 */

/** @type {Validation} */
const EMPTY = { isCurrent: false, plan: null, errors: new Map(), warnings: new Map(), general: "", status: 0, detail: null };

/**
 * Validate the rows after a short pause in typing.
 *
 * @param {Row[]} rows
 * @param {(bodies: any[], signal: AbortSignal) => Promise<any>} check returns a plan
 * @param {any[]} dependencies what else the result depends on
 * @param {(detail: any) => any} [ofRules] returns the part of an error body that is about the rules
 * @returns {Validation}
 */
export function useValidation(rows, check, dependencies, ofRules = (detail) => detail) {
  const [validation, setValidation] = useState(EMPTY);
  useEffect(() => {
    const controller = new AbortController();
    setValidation((before) => ({ ...before, isCurrent: false }));
    let timer = 0;
    let isOut = false;
    const run = async () => {
      clearTimeout(timer);
      isOut = false;
      try {
        const plan = await check(rows.map(bodyOf), controller.signal);
        if (!controller.signal.aborted) setValidation({ ...EMPTY, isCurrent: true, plan, warnings: warningsOf(plan, rows) });
      } catch (error) {
        if (controller.signal.aborted || !(error instanceof ApiError)) return;
        setValidation(validationOf(error, rows, ofRules));
        isOut = isOutage(error.status, error.detail);
        if (isOut) timer = setTimeout(run, RETRY_MILLISECONDS);
      }
    };
    const online = () => isOut && run();
    timer = setTimeout(run, DEBOUNCE_MILLISECONDS);
    window.addEventListener("online", online);
    return () => {
      clearTimeout(timer);
      controller.abort();
      window.removeEventListener("online", online);
    };
  }, [rows, ...dependencies]);
  return validation;
}

/**
 * Return whether a response, or its absence, says that the service cannot be reached. A status without
 * an error is 0, too: it has no detail.
 *
 * @param {number} status
 * @param {any} detail
 */
const isOutage = (status, detail) => OUTAGES.includes(status) && detail !== null;

/**
 * Assign the messages of an error response to the cells of the rows.
 *
 * @param {ApiError} error
 * @param {Row[]} rows
 * @param {(detail: any) => any} ofRules
 * @returns {Validation}
 */
export function validationOf(error, rows, ofRules = (detail) => detail) {
  const detail = error.status === 400 ? ofRules(error.detail) : null;
  const errors = new Map();
  const isPerRule = Array.isArray(detail) && detail.some((each) => typeof each === "object");
  if (isPerRule) {
    detail.forEach((each, index) => {
      const found = cellErrorsOf(each);
      const ports = rows[index] && portsError(rows[index]);
      // The API receives a placeholder for ports that cannot be parsed: show our own message.
      if (ports) found.ports = ports;
      if (rows[index] && Object.keys(found).length) errors.set(rows[index].key, found);
    });
  }
  if (isOutage(error.status, error.detail)) {
    return { ...EMPTY, isCurrent: true, general: "Ringfence cannot be reached. Your edits are kept, and checked as soon as it is back.", status: error.status, detail: error.detail };
  }
  const general = isPerRule ? "" : messageOf(error.status === 400 ? detail : error.detail);
  return { ...EMPTY, isCurrent: true, errors, general, status: error.status, detail: error.detail };
}

/** @param {any} detail of one rule */
function cellErrorsOf(detail) {
  /** @type {Record<string, string>} */
  const found = {};
  const isNamed = detail && typeof detail === "object" && !Array.isArray(detail);
  for (const [field, value] of Object.entries(isNamed ? detail : { whole: detail })) {
    const cell = own(CELLS, field) ?? "whole";
    const text = messageOf(value);
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

// Loads a page of the list: groups, or the rules of a question.

import { OVERVIEWS, request, requestAll } from "../api.js";
import { ancestorsNamed } from "./ancestors.js";
import { parametersOf } from "./filters.js";
import { RULES, groupsIn } from "./results.js";

/**
 * @typedef {import("./ask.js").Question} Question
 * @typedef {import("./selection.js").Selected} Selected
 */

const PAGE_SIZE = { groups: 50, rules: 200 };
const MOST_SELECTED = 3000;

/**
 * Return the request of a question and its filters; instead, the ancestors that its name means, unless
 * that is one.
 *
 * @param {Question} question
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal
 */
async function requestOf(question, query, signal) {
  const { kind, ancestor, level } = question;
  const ancestors = ancestor ? await ancestorsNamed(ancestor, level, signal) : [];
  if (ancestor && ancestors.length !== 1) return { ancestors };
  const within = ancestors[0] ? { [`${ancestors[0].level}_uuid`]: ancestors[0].uuid } : {};
  const isRules = kind === "rules";
  const parameters = { ...parametersOf(query, kind), ...question.query, ...within, o: isRules ? "security_group_name" : query.get("o") };
  return { path: isRules ? RULES : OVERVIEWS, parameters };
}

/**
 * Load a page. A page beyond the end is the last one, and `isBeyond` says so.
 *
 * @param {Question} question
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function loadPage(question, query, signal) {
  const { kind } = question;
  if (kind === "unasked") return { kind, question, groups: [], total: 0, pages: 1 };
  const { ancestors, path, parameters } = await requestOf(question, query, signal);
  if (!path) return { kind: "ancestors", question, ancestors, groups: [], total: 0, pages: 1 };
  const size = PAGE_SIZE[kind];
  const page = query.get("page");
  const read = (/** @type {string | null} */ number) => request("GET", path, { query: { ...parameters, page: number, page_size: size }, signal });
  let isBeyond = false;
  const { data, total } = await read(page).catch((error) => {
    if (error.status !== 404 || !page) throw error;
    isBeyond = true;
    return read("last");
  });
  const pages = Math.max(1, Math.ceil(total / size));
  return { kind, question, groups: kind === "rules" ? groupsIn(data) : data, total, pages, parameters, isBeyond, page: isBeyond ? pages : Number(page ?? 1) };
}

/**
 * Load all groups of the results, to select them.
 *
 * @param {Question} question
 * @param {URLSearchParams} query
 * @returns {Promise<Selected[]>}
 */
export async function loadAll(question, query) {
  if (question.kind === "unasked") return [];
  const { path, parameters } = await requestOf(question, query, new AbortController().signal);
  if (!path) return [];
  const isRules = question.kind === "rules";
  const field = isRules ? ["id", "security_group_uuid", "security_group_name", "tenant_name"] : ["uuid", "name", "tenant_name", "can_manage"];
  const found = await requestAll(path, { ...parameters, field }, MOST_SELECTED * (isRules ? 10 : 1));
  return isRules ? groupsIn(found) : found;
}

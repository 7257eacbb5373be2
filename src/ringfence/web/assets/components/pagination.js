// Pages of a list, and a page that a list does not have.

import { html } from "../html.js";
import { updateQuery } from "../router.js";

/** What moves through pages; another filter starts at the first page. */
export const POSITION = { page: "", until: "" };

/** @param {{page: number, pages: number}} properties */
export function Pages({ page, pages }) {
  if (pages < 2) return null;
  const to = (/** @type {number} */ number) => () => {
    updateQuery({ page: number > 1 ? String(number) : "" });
    scrollTo(0, 0);
  };
  return html`<nav class="paging" aria-label="Pagination">
    <button type="button" class="button" disabled=${page <= 1} onClick=${to(page - 1)}>Previous</button>
    <span>Page ${page} of ${pages}</span>
    <button type="button" class="button" disabled=${page >= pages} onClick=${to(page + 1)}>Next</button>
  </nav>`;
}

/** @param {{page: string | null}} properties */
export function NoPage({ page }) {
  return html`<section class="empty" role="alert"><h2>The list has no page ${page}</h2>
    <button type="button" class="button" onClick=${() => updateQuery(POSITION)}>First page</button></section>`;
}

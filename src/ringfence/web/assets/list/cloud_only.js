// What the cloud admits from the internet and the desired rules do not, below the rules of a question.

import { EXPOSURES, request } from "../api.js";
import { useLoaded } from "../components/use_loaded.js";
import { html } from "../html.js";
import { CONSOLE } from "../router.js";
import { count } from "../rules/text.js";

const SHARED = ["protocol", "port", "ethertype", "wider_than", "tenant_uuid", "project_uuid", "customer_uuid", "service_settings_uuid"];

/**
 * Return the filters of exposures that the search of rules has, too.
 *
 * @param {Record<string, any>} parameters
 */
const shared = (parameters) => SHARED.flatMap((name) => [parameters[name] ?? []].flat().map((value) => [name, value]));

/** @param {{parameters: Record<string, any>}} properties of the search of rules */
export function DesiredOnly({ parameters }) {
  const link = html`<a href=${`${CONSOLE}exposures/?${new URLSearchParams(shared(parameters))}`}>what is open in the cloud</a>`;
  return html`<p class="quiet">Searched in the desired rules${parameters.direction !== "egress" && html`: see also ${link}`}.</p>`;
}

/** @param {{parameters: Record<string, any>}} properties of the search of rules */
export function CloudOnly({ parameters }) {
  const query = new URLSearchParams([["desired", "none"], ["desired", "part"], ...shared(parameters)]);
  const search = query.toString();
  const { data: total, error } = useLoaded(
    async (signal) => {
      const names = [...new Set(query.keys())];
      const filters = Object.fromEntries(names.map((name) => [name, query.getAll(name)]));
      return (await request("GET", EXPOSURES, { query: { ...filters, page_size: 1, field: ["port_uuid"] }, signal })).total;
    },
    [search], () => 30_000,
  );
  const link = html`<a href=${`${CONSOLE}exposures/?${search}`}>Exposures</a>`;
  if (error) return html`<p class="notice" role="status">These are desired rules. What the cloud admits besides could not be loaded: see ${link}.</p>`;
  if (!total) return null;
  return html`<p class="notice notice-bad" role="status"><strong>${count(total, "exposure")} in the cloud only.</strong> The cloud admits this from the internet, and no desired rule does: see ${link}.</p>`;
}

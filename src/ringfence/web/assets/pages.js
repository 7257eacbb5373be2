// The pages of the console, by the parts of their URLs, and the links of the header.

import { Instance } from "./access/instance.js";
import { Instances } from "./access/instances.js";
import { Reach } from "./access/reach.js";
import { Title } from "./components/title.js";
import { NewGroup } from "./editor/new_group.js";
import { Group } from "./group/page.js";
import { html, useEffect } from "./html.js";
import { GroupList } from "./list/page.js";
import { ChooseTenant, TenantMap } from "./map/page.js";
import { Clouds } from "./operators/clouds.js";
import { Discover } from "./operators/discover.js";
import { Doctor } from "./operators/doctor.js";
import { Events } from "./operators/events.js";
import { Exposures } from "./operators/exposures.js";
import { Tokens } from "./operators/tokens.js";
import { Users } from "./operators/users.js";
import { CONSOLE, GROUP_PAGES, navigate, urlOfPage } from "./router.js";

/**
 * @typedef {object} PageProperties
 * @property {any} user
 * @property {URLSearchParams} query
 * @property {string[]} parts of the URL below /console/
 */

/** @type {[string, (properties: PageProperties) => any][]} paths, of which "*" is any part */
const PAGES = [
  ["", () => html`<${GoToGroups} />`],
  ["groups", ({ user, query }) => html`<${GroupList} user=${user} query=${query} />`],
  ["groups/new", ({ query }) => html`<${NewGroup} query=${query} />`],
  ["groups/*", ({ user, parts }) => html`<${Group} key=${parts[1]} uuid=${parts[1]} part="" user=${user} />`],
  ["groups/*/*", ({ user, parts }) => html`<${Group} key=${parts[1]} uuid=${parts[1]} part=${parts[2]} user=${user} />`],
  ["instances", ({ query }) => html`<${Instances} query=${query} />`],
  ["instances/*", ({ parts }) => html`<${Instance} key=${parts[1]} uuid=${parts[1]} />`],
  ["reach", ({ query }) => html`<${Reach} query=${query} />`],
  ["map", () => html`<${ChooseTenant} />`],
  ["map/*", ({ query, parts }) => html`<${TenantMap} key=${parts[1]} tenant=${parts[1]} query=${query} />`],
  ["exposures", ({ query }) => html`<${Exposures} query=${query} />`],
  ["clouds", ({ user }) => html`<${Clouds} user=${user} />`],
  ["clouds/discover", ({ user }) => html`<${Discover} user=${user} />`],
  ["events", ({ query }) => html`<${Events} query=${query} />`],
  ["tokens", ({ user, query }) => html`<${Tokens} user=${user} query=${query} />`],
  ["doctor", () => html`<${Doctor} />`],
  ["users", ({ query }) => html`<${Users} query=${query} />`],
];

/**
 * The links of the header: path, label, and who sees it. `isOperator` is staff or support.
 *
 * @type {[string, string, (user: any) => boolean][]}
 */
export const LINKS = [
  ["groups", "Groups", () => true],
  ["instances", "Instances", () => true],
  ["map", "Map", () => true],
  ["exposures", "Exposures", () => true],
  ["clouds", "Clouds", (user) => user.is_staff || user.is_support],
  ["events", "Events", () => true],
];

/**
 * The links of the user's menu, as above.
 *
 * @type {[string, string, (user: any) => boolean][]}
 */
export const USER_LINKS = [
  ["tokens", "Tokens and sessions", () => true],
  ["users", "Users and roles", (user) => user.is_staff || user.is_support],
  ["doctor", "Doctor", (user) => user.is_staff],
];

/** @param {PageProperties} properties */
export function Page({ user, query, parts }) {
  const found = PAGES.find(([path]) => isAt(path, parts));
  return found ? found[1]({ user, query, parts }) : html`<${NoSuchPage} user=${user} />`;
}

/**
 * @param {string} path
 * @param {string[]} parts
 */
function isAt(path, parts) {
  const names = path.split("/").filter(Boolean);
  return names.length === parts.length && names.every((name, index) => name === "*" || name === parts[index]);
}

/** @param {{user: any}} properties */
function NoSuchPage({ user }) {
  return html`<section class="empty">
    <${Title} of="Page not found" />
    <p>The console has no page with the URL <code>${location.pathname}</code>. It may be mistyped, or from another release.</p>
    <div class="actions">
      ${LINKS.filter(([, , isShown]) => isShown(user)).map(([path, label], index) => html`
        <a key=${path} class=${index ? "button" : "button button-main"} href=${urlOfPage(path)}>${label}</a>`)}
      ${history.length > 1 && html`<button type="button" class="button" onClick=${() => history.back()}>Back</button>`}
    </div>
  </section>`;
}

function GoToGroups() {
  useEffect(() => navigate(GROUP_PAGES, { replace: true }), []);
  return null;
}

// The user's tokens and sessions: to create, rotate, revoke and end them. Staff manage those of all users.

import { request } from "../api.js";
import { Confirm } from "../components/confirm.js";
import { Dialog } from "../components/dialog.js";
import { SelectFilter } from "../components/filters.js";
import { Check, Field } from "../components/form_fields.js";
import { Ago } from "../components/times.js";
import { PageHead } from "../components/title.js";
import { showToast } from "../components/toast.js";
import { Failure, Skeleton, Stale, useLoaded } from "../components/use_loaded.js";
import { signOut } from "../frame/session.js";
import { html, useRef, useState } from "../html.js";
import { CONSOLE } from "../router.js";

const TOKENS = "/api/personal-access-tokens/";
const SESSIONS = "/api/console-sessions/";
const AUTH_TOKENS = "/api/auth-tokens/";
// The year of a token that does not expire.
const NEVER = "9999";

/** @param {{user: any, query: URLSearchParams}} properties */
export function Tokens({ user, query }) {
  const isAll = user.is_staff && query.get("of") === "all";
  const whose = { username: isAll ? undefined : user.username, page_size: 300 };
  const [shown, setShown] = useState(/** @type {any} */ (null));
  const { data, error, reload } = useLoaded(
    async (signal) => {
      const [tokens, sessions] = await Promise.all([TOKENS, SESSIONS].map((path) => request("GET", path, { query: whose, signal })));
      const ofUsers = user.is_staff || user.is_support ? (await request("GET", AUTH_TOKENS, { query: { page_size: 300 }, signal })).data : [];
      return { tokens: tokens.data, sessions: sessions.data, ofUsers };
    },
    [isAll, user.username],
  );
  return html`
    <${PageHead} of="Tokens and sessions">${user.is_staff && html`<${SelectFilter} name="of" label="Whose" query=${query} choices=${[["all", "all users"]]} all=${user.username} />`}
        <button type="button" class="button button-main" onClick=${() => setShown({ kind: "create" })}>New token</button><//>
    <${Stale} error=${data && error} />
    ${error && !data && html`<${Failure} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${8} />`}
    ${data && html`
      <${TokenList} tokens=${data.tokens} isAll=${isAll} show=${setShown} />
      <${SessionList} sessions=${data.sessions} isAll=${isAll} user=${user} show=${setShown} />
      ${data.ofUsers.length > 0 && html`<${UserTokens} rows=${data.ofUsers} user=${user} show=${setShown} />`}`}
    <${Shown} shown=${shown} show=${setShown} reload=${reload} username=${user.username} latest=${latestEnd(data?.sessions ?? [], user)} />`;
}

/**
 * When the user's newest session ends: nothing that it creates lives longer.
 *
 * @param {any[]} sessions
 * @param {any} user
 */
function latestEnd(sessions, user) {
  const ends = sessions.filter((session) => session.user_username === user.username).map((session) => Date.parse(session.expires_at));
  return ends.length ? Math.max(...ends) : Date.now() + 3_600_000;
}

/** @param {{shown: any, show: (shown: any) => void, reload: () => Promise<void>, username: string, latest: number}} properties */
function Shown({ shown, show, reload, username, latest }) {
  const close = () => show(null);
  if (shown?.kind === "create") return html`<${NewToken} username=${username} latest=${latest} onClose=${close} onCreated=${(/** @type {any} */ token) => { show({ kind: "secret", token }); reload(); }} />`;
  if (shown?.kind === "secret") return html`<${Secret} token=${shown.token} onClose=${close} />`;
  if (shown?.kind === "ask") return html`<${Confirm} ...${shown} onClose=${close} onDone=${async (/** @type {any} */ token) => { show(token ? { kind: "secret", token } : null); await reload(); }} />`;
  return null;
}

/** @param {{tokens: any[], isAll: boolean, show: (shown: any) => void}} properties */
function TokenList({ tokens, isAll, show }) {
  return html`<section class="card cloud"><h2>Personal access tokens</h2>
    ${tokens.length === 0 ? html`<p class="quiet">No tokens yet. Scripts and other programs sign in with tokens.</p>` : html`<table class="table">
      <caption class="visually-hidden">Personal access tokens</caption>
      <thead><tr><th scope="col">Name</th>${isAll && html`<th scope="col">User</th>`}<th scope="col">Access</th><th scope="col">Limited to</th><th scope="col">Expires</th>
        <th scope="col">Last used</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${tokens.map((token) => html`<${TokenRow} key=${token.uuid} token=${token} isAll=${isAll} show=${show} />`)}</tbody>
    </table>`}
  </section>`;
}

/** @param {{token: any, isAll: boolean, show: (shown: any) => void}} properties */
function TokenRow({ token, isAll, show }) {
  const name = token.name || "Without a name";
  const path = `${TOKENS}${token.uuid}/`;
  const rotate = () => show({
    kind: "ask", title: `Rotate ${name}?`, label: "Rotate", done: "",
    text: "It gets a new secret. The present one stops working at once, and the sessions that were started with it end.",
    run: async () => (await request("POST", `${path}rotate/`)).data,
  });
  const revoke = () => show({
    kind: "ask", title: `Revoke ${name}?`, label: "Revoke", isDangerous: true, done: `${name} is revoked.`,
    text: "It stops working at once, and the sessions that were started with it end.",
    run: async () => { await request("DELETE", path); },
  });
  return html`<tr>
    <td data-label="Name">${token.name || html`<span class="quiet">${name}</span>`}${!token.is_active && html` <span class="mark mark-bad">Expired</span>`}</td>
    ${isAll && html`<td data-label="User">${token.user_username}</td>`}
    <td data-label="Access">${token.scopes.includes("write") ? "Read and write" : "Read"}</td>
    <td data-label="Limited to">${token.allowed_scopes.map((/** @type {any} */ scope) => `${scope.type} ${scope.name ?? scope.uuid}`).join(", ") || html`<span class="quiet">Everything the owner may</span>`}</td>
    <td data-label="Expires">${token.expires_at.startsWith(NEVER) ? html`<span class="mark mark-warn">Never</span>` : html`<${Ago} at=${token.expires_at} />`}</td>
    <td data-label="Last used"><${Ago} at=${token.use_count ? token.last_used_at : null} />${token.last_used_ip && html` <span class="quiet">from ${token.last_used_ip}</span>`}</td>
    <td class="row-actions"><button type="button" class="button" aria-label=${`Rotate ${name}`} onClick=${rotate}>Rotate</button>
      <button type="button" class="button" aria-label=${`Revoke ${name}`} onClick=${revoke}>Revoke</button></td>
  </tr>`;
}

/** @param {{sessions: any[], isAll: boolean, user: any, show: (shown: any) => void}} properties */
function SessionList({ sessions, isAll, user, show }) {
  const end = (/** @type {any} */ session) => show({
    kind: "ask", title: "End this session?", label: "End", done: "The session is ended.",
    text: "If it is the one that you use now, you have to sign in again.", run: async () => { await request("DELETE", `${SESSIONS}${session.uuid}/`); },
  });
  const endAll = () => show({
    kind: "ask", title: "End all of your sessions?", label: "End all", isDangerous: true, done: "You are signed out everywhere.",
    text: "You are signed out in every browser, also in this one. Tokens stay valid.",
    run: async () => { await signOut(true); location.assign(`${CONSOLE}sign-in/`); },
  });
  return html`<section class="card cloud"><div class="page-head"><h2>Console sessions</h2>
      <button type="button" class="button" onClick=${endAll}>End all my sessions</button></div>
    <table class="table">
      <caption class="visually-hidden">Sessions of ${isAll ? "all users" : user.username}</caption>
      <thead><tr>${isAll && html`<th scope="col">User</th>`}<th scope="col">Signed in</th><th scope="col">With</th><th scope="col">From</th><th scope="col">Ends</th>
        <th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${sessions.map((session) => html`<tr key=${session.uuid}>
        ${isAll && html`<td data-label="User">${session.user_username}</td>`}
        <td data-label="Signed in"><${Ago} at=${session.created} /></td>
        <td data-label="With">${session.begun_with === "password" ? "Password" : "Token"}</td>
        <td data-label="From"><span class="mono">${session.ip_address ?? "unknown"}</span></td>
        <td data-label="Ends"><${Ago} at=${session.expires_at} /></td>
        <td class="row-actions"><button type="button" class="button" aria-label=${`End the session of ${session.user_username} from ${session.ip_address ?? "unknown"}`} onClick=${() => end(session)}>End</button></td>
      </tr>`)}</tbody>
    </table></section>`;
}

/** @param {{rows: any[], user: any, show: (shown: any) => void}} properties */
function UserTokens({ rows, user, show }) {
  const revoke = (/** @type {any} */ row) => show({
    kind: "ask", title: `Revoke all tokens of ${row.user_username}?`, label: "Revoke all", isDangerous: true, done: `The tokens of ${row.user_username} are revoked.`,
    text: "Every token and session of this user stops working at once. A token from a provisioning file returns when the file is loaded again.",
    run: async () => { await request("DELETE", new URL(row.url).pathname.replace(/^.*(?=\/api\/)/, "")); },
  });
  return html`<section class="card cloud"><h2>Users who have tokens</h2>
    <table class="table">
      <caption class="visually-hidden">Users who have tokens</caption>
      <thead><tr><th scope="col">User</th><th scope="col">Newest token</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.url}>
        <td data-label="User">${row.user_username}${!row.user_is_active && html` <span class="mark mark-idle">Not active</span>`}</td>
        <td data-label="Newest token"><${Ago} at=${row.created} /></td>
        <td class="row-actions">${user.is_staff && html`<button type="button" class="button" aria-label=${`Revoke all tokens of ${row.user_username}`} onClick=${() => revoke(row)}>Revoke all</button>`}</td>
      </tr>`)}</tbody>
    </table></section>`;
}

/**
 * A time as a field of a form has it, in the time zone of the browser.
 *
 * @param {number} milliseconds
 */
const fieldTime = (milliseconds) => new Date(milliseconds - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/**
 * Errors of a field with their times as the browser shows times.
 *
 * @param {string[] | undefined} errors
 */
const inLocalTime = (errors) => errors?.map((error) => error.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, (time) => new Date(time).toLocaleString()));

/**
 * When the token expires, and who creates one that lives longer.
 *
 * @param {{latest: number, value: string, set: (value: string) => void, errors: string[] | undefined, command: string}} properties
 */
function Expiry({ latest, value, set, errors, command }) {
  return html`<${Field} label="Expires" type="datetime-local" value=${value} set=${set} error=${inLocalTime(errors)} max=${fieldTime(latest)}
      hint=${`Until ${new Date(latest).toLocaleString()} at the latest, when your session ends.`} />
    <p class="quiet">For a longer lifetime, ask an administrator to run this on the Ringfence server: <code>${command}</code></p>`;
}

/** @param {{value: string, set: (value: string) => void}} properties */
function Project({ value, set }) {
  const { data: projects } = useLoaded(
    async (signal) => (await request("GET", "/api/projects/", { query: { page_size: 300, field: ["uuid", "name", "customer_name"] }, signal })).data, [],
  );
  return html`<div class="field"><label for="token-project">Project</label>
    <select id="token-project" value=${value} onChange=${(/** @type {any} */ event) => set(event.target.value)}>
      <option value="">All that you see</option>
      ${(projects ?? []).map((/** @type {any} */ each) => html`<option key=${each.uuid} value=${each.uuid}>${each.name} · ${each.customer_name}</option>`)}
    </select></div>`;
}

/** @param {{username: string, latest: number, onClose: () => void, onCreated: (token: any) => void}} properties */
function NewToken({ username, latest, onClose, onCreated }) {
  const [name, setName] = useState("");
  const [chosen, setExpires] = useState(/** @type {string | null} */ (null));
  // The sessions may still be on their way.
  const expires = chosen ?? fieldTime(latest);
  const [isReadOnly, setReadOnly] = useState(true);
  const [project, setProject] = useState("");
  const [submitError, setSubmitError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const create = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    const body = {
      name, scopes: isReadOnly ? ["read"] : ["read", "write"], expires_at: expires ? new Date(expires).toISOString() : "",
      allowed_scopes: project ? [{ type: "project", uuid: project }] : [],
    };
    try {
      onCreated((await request("POST", TOKENS, { body })).data);
    } catch (error) {
      setSubmitError(error);
      setBusy(false);
    }
  };
  const detail = submitError?.detail ?? {};
  const isGeneral = submitError && !detail.name && !detail.expires_at;
  return html`<${Dialog} title="New token" onClose=${onClose}>
    <form class="dialog-body" id="new-token" onSubmit=${create}>
      <${Field} label="Name" value=${name} set=${setName} error=${detail.name} hint="For example, nightly backup" />
      <${Expiry} latest=${latest} value=${expires} set=${setExpires} errors=${detail.expires_at} command=${`ringfence token ${username} --expires 30d${isReadOnly ? " --read-only" : ""}`} />
      <${Project} value=${project} set=${setProject} />
      <${Check} label="Read-only" checked=${isReadOnly} set=${setReadOnly} />
      ${isGeneral && html`<p class="notice notice-bad" role="alert">${submitError.message}</p>`}
    </form>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button button-main" form="new-token" disabled=${isBusy || !name.trim()}>Create</button></footer>
  <//>`;
}

/** @param {{token: any, onClose: () => void}} properties */
function Secret({ token, onClose }) {
  const field = useRef(/** @type {any} */ (null));
  const copy = async () => {
    field.current.select();
    try {
      await navigator.clipboard.writeText(token.token);
      showToast("The token is copied.", "good");
    } catch {
      showToast("The browser does not allow it. The token is selected: copy it yourself.", "bad");
    }
  };
  return html`<${Dialog} title=${token.name ? `Token ${token.name}` : "Token"} onClose=${onClose}>
    <div class="dialog-body">
      <p>Copy the token now: it is not shown again.</p>
      <p class="secret"><input ref=${field} class="mono" readonly aria-label="Token" value=${token.token} onFocus=${(/** @type {any} */ event) => event.target.select()} />
        <button type="button" class="button button-main" onClick=${copy}>Copy</button></p>
    </div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>Done</button></footer>
  <//>`;
}

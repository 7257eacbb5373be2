// Loading of data from the API, with polling while the tab is visible, and what a page shows meanwhile.

import { html, useCallback, useEffect, useRef, useState } from "../html.js";

// Nobody responded, or a proxy did instead of Ringfence: the request is repeated until it is back.
const OUTAGE = [0, 502, 503, 504];
export const RETRY_MILLISECONDS = 2500;

/** @param {any} error */
export const isOutage = (error) => OUTAGE.includes(error.status);

/**
 * Load data, and poll while the tab is visible.
 *
 * The last data stays while new data is loaded, also if that fails. After an outage it is loaded
 * again as soon as Ringfence is back, also by components that do not poll.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {any[]} dependencies
 * @param {(data: T | undefined) => number} [interval] milliseconds until the next request; 0 does not poll
 * @returns {{data: T | undefined, error: any, isLoading: boolean, reload: () => Promise<void>}}
 */
export function useLoaded(load, dependencies, interval = () => 0) {
  const [state, setState] = useState(/** @type {any} */ ({ isLoading: true }));
  const latestRun = useRef(/** @type {() => Promise<void>} */ (async () => {}));
  useEffect(() => {
    const controller = new AbortController();
    let timer = 0;
    let isOut = false;
    const schedule = (/** @type {T | undefined} */ data) => {
      clearTimeout(timer);
      const wait = isOut ? RETRY_MILLISECONDS : interval(data);
      if (wait && !document.hidden && !controller.signal.aborted) timer = setTimeout(run, wait);
    };
    const run = async () => {
      clearTimeout(timer);
      try {
        const data = await load(controller.signal);
        if (controller.signal.aborted) return;
        isOut = false;
        setState({ data, error: null, isLoading: false });
        schedule(data);
      } catch (error) {
        if (controller.signal.aborted) return;
        isOut = isOutage(error);
        setState((/** @type {any} */ before) => ({ ...before, error, isLoading: false }));
        schedule(undefined);
      }
    };
    const visibilityChanged = () => (document.hidden ? clearTimeout(timer) : (isOut || interval(undefined)) && run());
    latestRun.current = run;
    setState((/** @type {any} */ before) => ({ ...before, isLoading: true }));
    run();
    document.addEventListener("visibilitychange", visibilityChanged);
    window.addEventListener("online", run);
    return () => {
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", visibilityChanged);
      window.removeEventListener("online", run);
    };
  }, dependencies);
  const reload = useCallback(() => latestRun.current(), []);
  return { ...state, reload };
}

/**
 * The error page, for a page that could not be loaded.
 *
 * @param {{error: any, retry?: () => void}} properties
 */
export function Failure({ error, retry }) {
  const known = {
    0: ["Ringfence cannot be reached", "The page is loaded again as soon as it responds."],
    403: ["Access denied", "Your roles do not allow this. Ask an administrator for access."],
    404: ["Not found", "It does not exist, or your roles do not allow you to see it."],
    503: ["Service unavailable", "The database is temporarily unavailable."],
  };
  const [title, text] = known[/** @type {keyof known} */ (error.status)] ?? ["Request failed", error.message];
  return html`<section class="empty" role="alert">
    <h2>${title}</h2>
    <p>${text}</p>
    ${retry && error.status !== 403 && html`<button type="button" class="button" onClick=${retry}>Retry</button>`}
  </section>`;
}

/**
 * A notice above data that may be out of date.
 *
 * @param {{error: any}} properties
 */
export function Stale({ error }) {
  return error && html`<p class="notice notice-warn" role="status">${error.message}</p>`;
}

/**
 * A placeholder in the shape of the page, so that the layout does not shift when the data arrives.
 *
 * @param {{rows?: number}} properties
 */
export function Skeleton({ rows = 6 }) {
  return html`<div class="skeleton" aria-hidden="true">
    ${Array.from({ length: rows }, (_, index) => html`<div key=${index}></div>`)}
  </div>`;
}

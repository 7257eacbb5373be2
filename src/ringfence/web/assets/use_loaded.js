// What a page shows is asked for, and asked for again while somebody looks at it.

import { html, useCallback, useEffect, useRef, useState } from "./html.js";

/**
 * Load, and load again after a while for as long as the tab is seen.
 *
 * What was there stays while new things come, also where they fail to.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {any[]} dependencies
 * @param {(data: T | undefined) => number} [pause] milliseconds until the next time; 0 is never
 * @returns {{data: T | undefined, error: any, isLoading: boolean, reload: () => Promise<void>}}
 */
export function useLoaded(load, dependencies, pause = () => 0) {
  const [state, setState] = useState(/** @type {any} */ ({ isLoading: true }));
  const again = useRef(/** @type {() => Promise<void>} */ (async () => {}));
  useEffect(() => {
    const controller = new AbortController();
    let timer = 0;
    const plan = (/** @type {T | undefined} */ data) => {
      clearTimeout(timer);
      const wait = pause(data);
      if (wait && !document.hidden && !controller.signal.aborted) timer = setTimeout(run, wait);
    };
    const run = async () => {
      clearTimeout(timer);
      try {
        const data = await load(controller.signal);
        if (controller.signal.aborted) return;
        setState({ data, error: null, isLoading: false });
        plan(data);
      } catch (error) {
        if (controller.signal.aborted) return;
        setState((/** @type {any} */ before) => ({ ...before, error, isLoading: false }));
        plan(undefined);
      }
    };
    const seen = () => (document.hidden ? clearTimeout(timer) : pause(undefined) && run());
    again.current = run;
    setState((/** @type {any} */ before) => ({ ...before, isLoading: true }));
    run();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", run);
    return () => {
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", run);
    };
  }, dependencies);
  const reload = useCallback(() => again.current(), []);
  return { ...state, reload };
}

/**
 * What stands in a page's place when it could not be had at all.
 *
 * @param {{error: any, retry?: () => void}} properties
 */
export function Failure({ error, retry }) {
  const known = {
    0: ["Out of reach", "Ringfence does not answer. It is tried again as soon as you are online."],
    403: ["Not for you", "Your roles do not include this. An administrator can change that."],
    404: ["Not found", "There is nothing here, or your roles do not let you see it."],
    503: ["Not available now", "The database is away for a moment."],
  };
  const [title, said] = known[/** @type {keyof known} */ (error.status)] ?? ["This did not work", error.message];
  return html`<section class="empty" role="alert">
    <h2>${title}</h2>
    <p>${said}</p>
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  </section>`;
}

/**
 * A line above what is shown that may be old.
 *
 * @param {{error: any}} properties
 */
export function Stale({ error }) {
  return error && html`<p class="notice notice-warn" role="status">${error.message}</p>`;
}

/**
 * Grey bars in the shape of what is to come, so that nothing moves when it does.
 *
 * @param {{rows?: number}} properties
 */
export function Skeleton({ rows = 6 }) {
  return html`<div class="skeleton" aria-hidden="true">
    ${Array.from({ length: rows }, (_, place) => html`<div key=${place}></div>`)}
  </div>`;
}

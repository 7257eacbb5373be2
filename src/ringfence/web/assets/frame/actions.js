// The actions of the pages that are shown, for the command palette.

import { useEffect } from "../html.js";

/**
 * @typedef {object} Action
 * @property {string} name
 * @property {string} [hint] shown beside the name, such as a shortcut
 * @property {() => void} [run]
 * @property {string} [href] instead of `run`
 */

/** @type {Set<Action[]>} */
const registered = new Set();

/**
 * Offer actions in the command palette while the component is mounted.
 *
 * @param {(Action | false | null | undefined)[]} actions
 * @param {any[]} dependencies
 */
export function useActions(actions, dependencies) {
  useEffect(() => {
    const offered = /** @type {Action[]} */ (actions.filter(Boolean));
    registered.add(offered);
    return () => {
      registered.delete(offered);
    };
  }, dependencies);
}

/** Return the actions of the components that are mounted. */
export const currentActions = () => [...registered].flat();

// What the editor shows when the group was changed since the edit was begun.

import { GROUPS, request } from "../api.js";
import { ago } from "../components/times.js";
import { useLoaded } from "../components/use_loaded.js";
import { html, useEffect, useState } from "../html.js";
import { attemptsOf, findCarriedOut } from "./attempts.js";

const RETRY_MILLISECONDS = 2000;

/**
 * Find out whether it was an own change that moved the group on, because its response got lost. Return
 * whether this is not known yet.
 *
 * @param {string} purpose of the own change
 * @param {boolean} isOutdated whether the group has moved on
 * @param {(attempt: import("./attempts.js").Attempt) => Promise<void>} onFound
 */
export function useOwnChange(purpose, isOutdated, onFound) {
  const [isKnown, setKnown] = useState(false);
  useEffect(() => {
    setKnown(false);
    if (!isOutdated) return undefined;
    let timer = 0;
    let isOver = false;
    const ask = async () => {
      try {
        const found = await findCarriedOut(purpose);
        if (found && !isOver) await onFound(found);
        if (!isOver) setKnown(true);
      } catch {
        if (!isOver) timer = setTimeout(ask, RETRY_MILLISECONDS);
      }
    };
    if (attemptsOf(purpose).length) ask();
    else setKnown(true);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isOutdated]);
  return isOutdated && !isKnown;
}

/**
 * The notice that somebody else has changed the group, with the choice how to continue.
 *
 * @param {{group: any, base: any, rebase: (keepTheirs: boolean) => Promise<void>}} properties
 */
export function ConcurrentChange({ group, base, rebase }) {
  const [failure, setFailure] = useState("");
  const { data } = useLoaded(async (signal) => {
    const path = `${GROUPS}${group.uuid}/versions/`;
    const [newest] = (await request("GET", path, { query: { page_size: 1 }, signal })).data;
    const change = await request("GET", `${path}${newest.number}/`, { query: { compare: base.version }, signal });
    return { newest, change: change.data };
  }, [group.version]);
  const choose = async (/** @type {boolean} */ keepTheirs) => {
    try {
      await rebase(keepTheirs);
    } catch (error) {
      setFailure(error.message);
    }
  };
  const who = data ? `${data.newest.author ?? "The cloud"} changed this group ${ago(data.newest.created)}` : "This group was changed by somebody else";
  const what = data ? `: ${data.change.added.length} added, ${data.change.removed.length} removed.` : ".";
  return html`<div class="notice notice-warn" role="alert">
    <p><strong>${who}${what}</strong> Your edits are kept. ${failure}</p>
    <div class="actions">
      <button type="button" class="button" onClick=${() => choose(true)}>Merge their changes</button>
      <button type="button" class="button" onClick=${() => choose(false)}>Keep only mine</button>
    </div>
  </div>`;
}

// Drafts: what a user has typed and not applied, kept in this browser, with undo and redo.

import { showToast } from "../components/toast.js";
import { cachedUser } from "../frame/session.js";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { guardUnsavedChanges } from "../router.js";
import { dropOldDrafts, nameOf, parseDraft, readText, serializeDraft, writeText } from "./draft_store.js";

const SAVE_MILLISECONDS = 300;
const MAX_STEPS = 200;

/** @typedef {import("./draft_store.js").Stored} Stored */

/**
 * @typedef {object} Draft
 * @property {any} value
 * @property {(change: any) => void} set sets a value, or what a function returns for the last one
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {boolean} canUndo
 * @property {boolean} canRedo
 * @property {() => void} discard returns to the initial value, as a step that can be undone
 * @property {() => void} finish removes the draft, because it was applied
 * @property {string} restoredAt when the draft that was found had been saved; empty if none was found
 * @property {boolean} isKept whether it survives a reload
 * @property {Stored | null} elsewhere the draft as it was changed in another tab
 * @property {() => void} takeElsewhere
 * @property {() => void} keepMine
 */

/**
 * What a draft needs to know of its value. `restore` returns a stored value as it is used, and throws
 * if it is unusable. `isUnchanged` returns whether there is nothing to keep. `stepOf` names what was
 * changed: changes with the same name in succession are undone together; null is no step of its own.
 *
 * @typedef {object} Handling
 * @property {(value: any) => any} [restore]
 * @property {(value: any) => boolean} [isUnchanged]
 * @property {(before: any, after: any) => string | null} [stepOf]
 */

/**
 * Keep a value that the user edits, by user and key, until it is discarded or applied.
 *
 * @param {string} key
 * @param {any} initial a value, or a function that returns it
 * @param {Handling} [handling]
 * @returns {Draft}
 */
export function useDraft(key, initial, handling = {}) {
  const [name] = useState(() => {
    dropOldDrafts();
    return nameOf(cachedUser()?.username ?? "", key);
  });
  const [found] = useState(() => parseDraft(readText(name), handling.restore));
  const [restoredAt, setRestoredAt] = useState(found.savedAt);
  const initialValue = () => (typeof initial === "function" ? initial() : initial);
  const steps = useSteps(() => found.value ?? initialValue(), handling.stepOf ?? (() => ""));
  const storage = useStorage(name, steps.value, handling);
  useEffect(() => {
    if (!found.isUnreadable) return;
    storage.remove();
    showToast("A draft of another release of the console could not be read. It was dropped.", "bad");
  }, []);
  return {
    ...steps, restoredAt, isKept: storage.isKept, elsewhere: storage.elsewhere,
    discard: () => {
      setRestoredAt("");
      steps.set(initialValue());
    },
    finish: () => storage.remove(true),
    takeElsewhere: () => {
      const value = storage.elsewhere?.value ?? initialValue();
      storage.adopt(value);
      steps.set(value);
    },
    keepMine: storage.overwrite,
  };
}

/**
 * @typedef {object} Steps
 * @property {any} value
 * @property {any[]} past
 * @property {any[]} future
 * @property {string} name of the last step
 */

/**
 * Keep a value with the steps that led to it.
 *
 * @param {() => any} initial
 * @param {(before: any, after: any) => string | null} stepOf
 */
function useSteps(initial, stepOf) {
  const [state, setState] = useState(() => /** @type {Steps} */ ({ value: initial(), past: [], future: [], name: "" }));
  const actions = useMemo(() => ({
    set: (/** @type {any} */ change) => setState((before) => after(before, change, stepOf)),
    undo: () => setState(undone),
    redo: () => setState(redone),
  }), []);
  return { ...actions, value: state.value, canUndo: state.past.length > 0, canRedo: state.future.length > 0 };
}

/**
 * @param {Steps} state
 * @param {any} change
 * @param {(before: any, after: any) => string | null} stepOf
 * @returns {Steps}
 */
function after(state, change, stepOf) {
  const value = typeof change === "function" ? change(state.value) : change;
  if (value === state.value) return state;
  const name = stepOf(state.value, value);
  if (name === null) return { ...state, value };
  const isMerged = name !== "" && name === state.name;
  return { value, name, future: [], past: isMerged ? state.past : [...state.past, state.value].slice(-MAX_STEPS) };
}

/** @param {Steps} state */
function undone(state) {
  const { value, past, future } = state;
  return past.length ? { value: past.at(-1), past: past.slice(0, -1), future: [value, ...future], name: "" } : state;
}

/** @param {Steps} state */
function redone(state) {
  const { value, past, future } = state;
  return future.length ? { value: future[0], past: [...past, value], future: future.slice(1), name: "" } : state;
}

/**
 * Store a value soon after it changed, and at once when the page is left. A draft that another tab
 * has changed since is not overwritten.
 *
 * @param {string} name
 * @param {any} value
 * @param {Handling} handling
 */
function useStorage(name, value, { restore, isUnchanged = () => false }) {
  const [isKept, setKept] = useState(true);
  const [elsewhere, setElsewhere] = useState(/** @type {Stored | null} */ (null));
  // The text that the storage holds, as far as this tab knows, and the value that it stands for.
  const [known] = useState(() => ({ text: readText(name), value, isFinished: false }));
  const meet = useCallback((/** @type {string | null} */ text) => {
    if (text === null && isUnchanged(latest.current.value)) {
      known.text = null;
      setElsewhere(null);
    } else {
      setElsewhere(parseDraft(text, restore));
    }
  }, []);
  const save = () => {
    if (known.isFinished || value === known.value || elsewhere) return;
    const text = readText(name);
    if (text !== known.text) {
      meet(text);
      return;
    }
    known.text = isUnchanged(value) ? null : serializeDraft(value);
    known.value = value;
    setKept(writeText(name, known.text));
  };
  const latest = useRef({ value, save, elsewhere });
  latest.current = { value, save, elsewhere };
  useEffect(() => {
    const timer = setTimeout(() => latest.current.save(), SAVE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [value, elsewhere]);
  useStorageEvents(name, () => latest.current.save(), (text) => (text !== known.text || latest.current.elsewhere) && meet(text));
  useEffect(() => guardUnsavedChanges(() => !isKept), [isKept]);
  const know = (/** @type {any} */ values) => {
    Object.assign(known, { text: readText(name) }, values);
    setElsewhere(null);
  };
  return {
    isKept,
    elsewhere,
    overwrite: () => know({ value: undefined }),
    adopt: (/** @type {any} */ value) => know({ value }),
    remove: (isFinished = false) => {
      setKept(writeText(name, null));
      know({ value, isFinished });
    },
  };
}

/**
 * @param {string} name
 * @param {() => void} leave is called when the page is left, or may be
 * @param {(text: string | null) => void} changed is called when another tab has changed the draft
 */
function useStorageEvents(name, leave, changed) {
  // Not useEffect(), which ends only after the next page is painted: that page may read the draft.
  useLayoutEffect(() => {
    const stored = (/** @type {StorageEvent} */ event) => event.key === name && changed(event.newValue);
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", leave);
    window.addEventListener("storage", stored);
    return () => {
      leave();
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", leave);
      window.removeEventListener("storage", stored);
    };
  }, []);
}

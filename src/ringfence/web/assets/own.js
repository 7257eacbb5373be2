// Values by names that somebody typed or sent.

/**
 * Return the value of a name; undefined for one that the object itself does not have, such as
 * "constructor".
 *
 * @template T
 * @param {Record<string, T>} values
 * @param {string | number | undefined | null} name
 * @returns {T | undefined}
 */
export const own = (values, name) => (Object.hasOwn(values, name ?? "") ? values[name ?? ""] : undefined);

// Lookup of values by names from user input or responses.

/**
 * Return the value of an object's own property; undefined for inherited names such as
 * "constructor".
 *
 * @template T
 * @param {Record<string, T>} values
 * @param {string | number | undefined | null} name
 * @returns {T | undefined}
 */
export const own = (values, name) => (Object.hasOwn(values, name ?? "") ? values[name ?? ""] : undefined);

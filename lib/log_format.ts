/**
 * The forms in which a log can be written.
 * @module
 */

/** `human`; `journal`, the same for journald, which adds time and level itself; or for machines. */
export const LOG_FORMATS = ["human", "journal", "json", "logfmt"] as const;
/** One of {@link LOG_FORMATS}. */
export type LogFormat = (typeof LOG_FORMATS)[number];

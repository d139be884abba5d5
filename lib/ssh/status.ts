/**
 * The statuses of PGO's wire protocol: sent as SSH exit status, with one line of text.
 * @module
 */

/** What each status is called on the wire. */
export const STATUS_TEXT = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  406: "Not Acceptable",
  500: "Internal Server Error",
} as const;

/** A status that is no exit code of a program. */
export type Status = keyof typeof STATUS_TEXT;

/** A command that was not carried out; {@link line} is what the client is shown. */
export class StatusError extends Error {
  constructor(readonly status: Status, message: string) {
    super(message);
  }

  /** `Unauthorized: Key for user "miek" does not match any for name pgo`. */
  get line(): string {
    return `${STATUS_TEXT[this.status]}: ${this.message}`;
  }
}

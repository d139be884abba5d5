/**
 * Why pgoctl could not do what it was asked to.
 * @module
 */

/** Why a command could not be run at the other end. */
export class ClientError extends Error {
  constructor(
    readonly kind: "unreachable" | "host key" | "unauthorized" | "key" | "lost",
    message: string,
  ) {
    super(message);
  }
}

/** pgoctl was called in a way it does not understand. */
export class UsageError extends Error {}

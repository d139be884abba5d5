/**
 * Why pgoctl could not do what it was asked to, and the exit codes it keeps to.
 * @module
 */
import type { Status } from "../ssh/status.ts";

/** pgoctl's own exit codes; all others are the remote program's. */
export const EXIT = {
  usage: 64,
  unreachable: 69,
  internal: 70,
  timeout: 75,
  hostKey: 76,
  unauthorized: 77,
  interrupted: 130,
} as const;

/** pgoctl's exit code for a status that pgod sends instead of a program's exit code. */
export const STATUS_EXIT: Record<Status, number> = {
  400: EXIT.usage,
  401: EXIT.unauthorized,
  404: EXIT.usage,
  406: EXIT.usage,
  500: EXIT.internal,
};

/** The exit code of each kind of error. */
export const KIND_EXIT = {
  usage: EXIT.usage,
  key: EXIT.usage,
  unreachable: EXIT.unreachable,
  lost: EXIT.unreachable,
  timeout: EXIT.timeout,
  "host key": EXIT.hostKey,
  unauthorized: EXIT.unauthorized,
  interrupted: EXIT.interrupted,
} as const;

/** Why a command could not be run at the other end; one line, and another that says what to do. */
export class ClientError extends Error {
  constructor(
    readonly kind: keyof typeof KIND_EXIT,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** pgoctl was called, or configured, in a way it does not understand. */
export class UsageError extends ClientError {
  constructor(message: string, hint?: string) {
    super("usage", message, hint);
  }
}

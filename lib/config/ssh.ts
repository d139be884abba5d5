/**
 * `[ssh]`: how much of pgod its clients may have.
 * @module
 */
import * as v from "valibot";
import { parseDuration } from "./flags.ts";
import { parsed } from "./grammar.ts";

/** Limits of the SSH server; all times in milliseconds. */
export interface SshLimits {
  /** Connections at once that have not logged in. */
  unauthenticated: number;
  /** Those of one address; of one /64 where it is IPv6. */
  perAddress: number;
  /** How long logging in may take. */
  loginGrace: number;
  /** Keys and other methods a connection may try. */
  authTries: number;
  /** Sessions that one connection may have open at once. */
  sessions: number;
  /** Commands that one key may run at once at one service. */
  commands: number;
  /** How long a connection without an open session stays. */
  idle: number;
  /** Characters of a command line; a longer one than 32768 would not fit a packet. */
  line: number;
  /** How long a client may take nothing of the output that waits for it. */
  stall: number;
}

/** What holds unless the config says otherwise. */
export const SSH_LIMITS: SshLimits = {
  unauthenticated: 600,
  perAddress: 500,
  loginGrace: 30_000,
  authTries: 6,
  sessions: 10,
  commands: 20,
  idle: 10 * 60_000,
  line: 32 * 1024,
  stall: 10 * 60_000,
};

const count = (least: number, most: number) =>
  v.pipe(
    v.number((issue) => `${issue.received} given, expected a number`),
    v.check(
      (value) => Number.isInteger(value) && value >= least && value <= most,
      (issue) => `${issue.received} is not from ${least} to ${most}`,
    ),
  );

const duration = parsed('a duration such as "30s"', (text) => parseDuration(text));

/** The table in the file; every key may be left out. */
export const sshSchema = v.strictObject({
  unauthenticated: v.optional(count(1, 10_000)),
  per_address: v.optional(count(1, 10_000)),
  login_grace: v.optional(duration),
  auth_tries: v.optional(count(1, 100)),
  sessions: v.optional(count(1, 1000)),
  commands: v.optional(count(1, 10_000)),
  idle: v.optional(duration),
  line: v.optional(count(100, 32 * 1024)),
  stall: v.optional(duration),
});

/** The limits of a file. */
export function sshLimits(table: v.InferOutput<typeof sshSchema>): SshLimits {
  return {
    unauthenticated: table.unauthenticated ?? SSH_LIMITS.unauthenticated,
    perAddress: table.per_address ?? SSH_LIMITS.perAddress,
    loginGrace: table.login_grace ?? SSH_LIMITS.loginGrace,
    authTries: table.auth_tries ?? SSH_LIMITS.authTries,
    sessions: table.sessions ?? SSH_LIMITS.sessions,
    commands: table.commands ?? SSH_LIMITS.commands,
    idle: table.idle ?? SSH_LIMITS.idle,
    line: table.line ?? SSH_LIMITS.line,
    stall: table.stall ?? SSH_LIMITS.stall,
  };
}

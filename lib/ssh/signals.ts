/**
 * The signals a client may send, and what they do to a command that does not mind them.
 * @module
 */

/** RFC 4254's names, with the numbers they have on Linux. */
const SIGNALS = {
  ABRT: 6,
  ALRM: 14,
  FPE: 8,
  HUP: 1,
  ILL: 4,
  INT: 2,
  KILL: 9,
  PIPE: 13,
  QUIT: 3,
  SEGV: 11,
  TERM: 15,
  USR1: 10,
  USR2: 12,
} as const;

/** A signal's name without `SIG`. */
export type SignalName = keyof typeof SIGNALS;

/** Whether `name` is one that may be sent. */
export function isSignal(name: string): name is SignalName {
  return Object.hasOwn(SIGNALS, name);
}

/** The exit code of what a signal ended, as a shell has it. */
export function signalExit(name: SignalName): number {
  return 128 + SIGNALS[name];
}

/** Why a command is ended before its time: its client sent a signal, or (`undefined`) left. */
export class ClientEnd extends Error {
  constructor(readonly signal: SignalName | undefined) {
    super(signal ? `the client sent SIG${signal}` : "the client left");
  }

  /** As of a program that the signal ends; one that left has hung up. */
  get status(): number {
    return signalExit(this.signal ?? "HUP");
  }
}

/** A client's signals: for the command that takes them, else they end it. */
export class ClientSignals {
  readonly #ended = new AbortController();
  #take: ((name: SignalName) => void) | undefined;
  #fatal: SignalName | undefined;

  /** Aborts when a signal ends the command. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The exit code of the command if a signal ended it. */
  get exit(): number | undefined {
    return this.#fatal && signalExit(this.#fatal);
  }

  /** From now on `take` gets them, and nothing is ended. */
  take(take: (name: SignalName) => void): void {
    this.#take = take;
  }

  /** One has come in. */
  deliver(name: SignalName): void {
    if (this.#take) return this.#take(name);
    this.#fatal ??= name;
    this.#ended.abort(new ClientEnd(this.#fatal));
  }
}

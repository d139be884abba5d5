/**
 * How many programs are started at once.
 * @module
 */
import { sleep } from "./clock.ts";

/** Milliseconds after which a program that still runs counts as one that waits, for a network or a build. */
const BRIEF = 500;

/**
 * Turns to start a program, in the order they were asked for. Starting one keeps pgod from everything else for
 * milliseconds, and a thousand at once would keep the whole host from it: so it is a few at a time.
 */
export class Starts {
  #busy = 0;
  readonly #queue: (() => void)[] = [];

  constructor(readonly limit: number) {}

  /** Resolves when it is this one's turn. The turn ends when it is given back, or after a while. */
  async turn(): Promise<() => void> {
    if (this.#busy < this.limit) this.#busy++;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    const given = new AbortController();
    const giveBack = () => {
      if (given.signal.aborted) return;
      given.abort();
      const next = this.#queue.shift();
      if (next) next();
      else this.#busy--;
    };
    void sleep(BRIEF, given.signal).then(giveBack);
    return giveBack;
  }
}

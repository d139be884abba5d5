/**
 * How many programs are started at once.
 * @module
 */
import { sleep } from "./clock.ts";

/** Milliseconds after which a program that still runs counts as one that waits, for a network or a build. */
const BRIEF = 100;

/**
 * Turns to start a program, in the order they were asked for. Starting one keeps pgod from everything else for
 * milliseconds, and a thousand at once would keep the whole host from it: so it is a few at a time.
 */
export class Starts {
  #busy = 0;
  #handing = false;
  readonly #queue: (() => void)[] = [];

  constructor(readonly limit: number) {}

  /** Resolves when it is this one's turn. The turn ends when it is given back, or after a while. */
  async turn(): Promise<() => void> {
    await new Promise<void>((resolve) => {
      this.#queue.push(resolve);
      void this.#handOut();
    });
    const given = new AbortController();
    const giveBack = () => {
      if (given.signal.aborted) return;
      given.abort();
      this.#busy--;
      void this.#handOut();
    };
    void sleep(BRIEF, given.signal).then(giveBack);
    return giveBack;
  }

  /** One turn after the other, with room between them for everything else that waits for pgod. */
  async #handOut(): Promise<void> {
    if (this.#handing) return;
    this.#handing = true;
    for (let next; this.#busy < this.limit && (next = this.#queue.shift());) {
      this.#busy++;
      next();
      if (this.#queue.length > 0) await sleep(0);
    }
    this.#handing = false;
  }
}

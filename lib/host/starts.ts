/**
 * How many programs are started at once, and whose turn it is.
 * @module
 */
import { sleep } from "./clock.ts";

/** Milliseconds after which a program that still runs counts as one that waits, for a network or a build. */
const BRIEF = 100;

/** In whose turn pgod starts programs of its own: before all others. */
export const OWN = "";

/**
 * Turns to start a program. Starting one keeps pgod from everything else for milliseconds, and a thousand at once
 * would keep the whole host from it: so it is a few at a time, of each Unix user who waits one after the other, so
 * that nobody waits for all that another asks.
 */
export class Starts {
  #busy = 0;
  #handing = false;
  /** Who waits, by user; the first of the first user is next. */
  readonly #queues = new Map<string, Set<() => void>>();

  constructor(readonly limit: number) {}

  /**
   * Resolves when it is the turn of this one of `user`'s, or at once when `signal` aborts. The turn ends when it is
   * given back, or after a while.
   */
  async turn(user: string, signal?: AbortSignal): Promise<() => void> {
    if (!await this.#wait(user, signal)) return () => {};
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

  /** Whether it got its turn, and did not leave before. */
  #wait(user: string, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const queue = this.#queues.get(user) ?? new Set();
      const start = () => {
        signal?.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = () => {
        queue.delete(start);
        if (queue.size === 0 && this.#queues.get(user) === queue) this.#queues.delete(user);
        resolve(false);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queues.set(user, queue.add(start));
      void this.#handOut();
    });
  }

  /** The next that may start; its user goes to the end. */
  #next(): (() => void) | undefined {
    const [user] = this.#queues.has(OWN) ? [OWN] : this.#queues.keys();
    if (user === undefined) return undefined;
    const queue = this.#queues.get(user) ?? new Set();
    const [next] = queue;
    if (next) queue.delete(next);
    this.#queues.delete(user);
    if (queue.size > 0) this.#queues.set(user, queue);
    return next;
  }

  /** One turn after the other, with room between them for everything else that waits for pgod. */
  async #handOut(): Promise<void> {
    if (this.#handing) return;
    this.#handing = true;
    for (let next; this.#busy < this.limit && (next = this.#next());) {
      this.#busy++;
      next();
      if (this.#queues.size > 0) await sleep(0);
    }
    this.#handing = false;
  }
}

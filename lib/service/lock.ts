/**
 * One writer a service.
 * @module
 */
import { sleep } from "../host/clock.ts";

/** Somebody else held the lock for too long. */
export class BusyError extends Error {}

/** Serves one holder at a time, in the order they came. */
export class Lock {
  #holder = "";
  #tail: Promise<void> = Promise.resolve();

  /** Who holds it: `up by SHA256:…`, or `""`. */
  get holder(): string {
    return this.#holder;
  }

  /** Resolves when everybody who waits for it now has had it. */
  idle(): Promise<void> {
    return this.#tail;
  }

  /**
   * Runs `work` alone. `waiting` is told who holds the lock, when somebody does.
   * @throws {BusyError} when it is not free after `patience` milliseconds, or `signal` aborts before.
   */
  async hold<Value>(
    who: string,
    work: () => Promise<Value>,
    options: { patience: number; signal?: AbortSignal; waiting?: (holder: string) => void },
  ): Promise<Value> {
    const before = this.#tail;
    const { promise: mine, resolve: release } = Promise.withResolvers<void>();
    this.#tail = before.then(() => mine);
    if (this.#holder) options.waiting?.(this.#holder);
    const timer = new AbortController();
    const given = AbortSignal.any([timer.signal, ...(options.signal ? [options.signal] : [])]);
    const turn = await Promise.race([
      before.then(() => true),
      sleep(options.patience, given).then(() => false),
    ]);
    timer.abort();
    try {
      if (!turn) throw new BusyError(`still waiting for "${this.#holder}", try again later`);
      this.#holder = who;
      return await work();
    } finally {
      if (turn) this.#holder = "";
      release();
    }
  }
}

/**
 * How many deployments a host carries out at once, in the order they came.
 * @module
 */

/** A bounded number of turns. */
export class Turns {
  readonly #busy = new Set<string>();
  readonly #queue: (() => void)[] = [];

  constructor(readonly limit: number) {}

  /** Runs `work` when there is room; `waiting` is told whose turns it waits for. */
  async take<Value>(
    who: string,
    work: () => Promise<Value>,
    waiting: (for_: string) => void = () => {},
  ): Promise<Value> {
    if (this.#busy.size >= this.limit) {
      waiting([...this.#busy].join(", "));
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    // A name of its own for each turn: a service may have one only, but tests may not know that.
    const turn = this.#busy.has(who) ? `${who} (again)` : who;
    this.#busy.add(turn);
    try {
      return await work();
    } finally {
      this.#busy.delete(turn);
      this.#queue.shift()?.();
    }
  }
}

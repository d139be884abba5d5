/**
 * How many deployments a host carries out at once: one of each Unix user, in the order they came.
 * @module
 */

/** Who takes a turn: a service and the Unix user it is of. */
interface Taker {
  name: string;
  user: string;
}

/** A bounded number of turns, of which no user has two: slow builds of one keep nobody else waiting for good. */
export class Turns {
  readonly #busy = new Set<Taker>();
  readonly #queue: { taker: Taker; start: () => void }[] = [];

  constructor(readonly limit: number) {}

  /** Runs `work` when there is room and its user has no other turn; `waiting` is told whose turns it waits for. */
  async take<Value>(
    { name, user }: Taker,
    work: () => Promise<Value>,
    waiting: (for_: string) => void = () => {},
  ): Promise<Value> {
    const taker = { name, user };
    const full = this.#busy.size >= this.limit;
    if (full || this.#hasTurn(user)) {
      const before = [...this.#busy].filter((other) => full || other.user === user);
      waiting(before.map(({ name }) => name).join(", "));
      await new Promise<void>((start) => this.#queue.push({ taker, start }));
    } else {
      this.#busy.add(taker);
    }
    try {
      return await work();
    } finally {
      this.#busy.delete(taker);
      this.#next(user);
    }
  }

  #hasTurn(user: string): boolean {
    return [...this.#busy].some((other) => other.user === user);
  }

  /** Starts the first that may; those of `last`, who just had a turn, let the others go first. */
  #next(last: string): void {
    const ready = this.#queue.filter(({ taker }) => !this.#hasTurn(taker.user));
    const next = ready.find(({ taker }) => taker.user !== last) ?? ready[0];
    if (!next) return;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    // At once, not when it wakes up: who comes in between would find room that is taken.
    this.#busy.add(next.taker);
    next.start();
  }
}

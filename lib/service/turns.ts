/**
 * How many deployments a host carries out at once: one of each Unix user, in the order they came.
 * @module
 */
import { sleep as realSleep } from "../host/clock.ts";

/** Who takes a turn: a service and the Unix user it is of. */
interface Taker {
  name: string;
  user: string;
}

/** Milliseconds after which a turn is given on although its holder still works: being slow keeps nobody waiting. */
export const LONGEST_TURN = 5 * 60_000;

/** A bounded number of turns, of which no user has two: slow builds of one keep nobody else waiting for good. */
export class Turns {
  readonly #busy = new Set<Place>();
  readonly #queue: Place[] = [];

  constructor(readonly limit: number, readonly sleep = realSleep) {}

  /** A place for one who will want turns; it is in no queue yet. */
  place({ name, user }: Taker): Place {
    return new Place(this, { name, user });
  }

  /** Runs `work` when there is room and its user has no other turn; `waiting` is told whose turns it waits for. */
  async take<Value>(
    taker: Taker,
    work: () => Promise<Value>,
    waiting: (for_: string) => void = () => {},
  ): Promise<Value> {
    const place = this.place(taker);
    if (!place.ask()) {
      waiting(place.before());
      await place.turn;
    }
    try {
      return await work();
    } finally {
      place.leave();
    }
  }

  /** Names of those whose turns `place` waits for. */
  before({ taker: { user } }: Place): string {
    const full = this.#busy.size >= this.limit;
    return [...this.#busy].filter(({ taker }) => full || taker.user === user)
      .map(({ taker }) => taker.name).join(", ");
  }

  /** Puts a place into the queue, or gives it a turn at once. */
  enter(place: Place): void {
    if (this.#busy.size >= this.limit || this.#hasTurn(place.taker.user)) this.#queue.push(place);
    else this.#give(place);
  }

  /** Takes a place out of the queue, or its turn away. */
  remove(place: Place): void {
    if (this.#busy.delete(place)) return this.#next(place.taker.user);
    const at = this.#queue.indexOf(place);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #hasTurn(user: string): boolean {
    return [...this.#busy].some(({ taker }) => taker.user === user);
  }

  /** Starts the first that may; those of `last`, who just had a turn, let the others go first. */
  #next(last: string): void {
    if (this.#busy.size >= this.limit) return;
    const ready = this.#queue.filter(({ taker }) => !this.#hasTurn(taker.user));
    const next = ready.find(({ taker }) => taker.user !== last) ?? ready[0];
    if (!next) return;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    // At once, not when it wakes up: who comes in between would find room that is taken.
    this.#give(next);
  }

  #give(place: Place): void {
    this.#busy.add(place);
    void this.sleep(LONGEST_TURN, place.begin()).then(() => place.leave());
  }
}

/** One who wants a turn, from asking until it is given back or has lasted too long; then it may ask again. */
export class Place {
  #state: "outside" | "waiting" | "has" = "outside";
  #ended = new AbortController();
  #turn = Promise.withResolvers<void>();

  constructor(readonly turns: Turns, readonly taker: Taker) {}

  /** Whether it is in the queue. */
  get isWaiting(): boolean {
    return this.#state === "waiting";
  }

  /** Resolves when it has its turn, or has left. */
  get turn(): Promise<void> {
    return this.#turn.promise;
  }

  /** Whether it has a turn; if not, it waits for one from now on. */
  ask(): boolean {
    if (this.#state === "outside") {
      this.#state = "waiting";
      this.#ended = new AbortController();
      this.#turn = Promise.withResolvers();
      this.turns.enter(this);
    }
    return this.#state === "has";
  }

  /** Names of those it waits for. */
  before(): string {
    return this.turns.before(this);
  }

  /** Gives its turn back, or leaves the queue. */
  leave(): void {
    if (this.#state === "outside") return;
    this.#state = "outside";
    this.turns.remove(this);
    this.#ended.abort();
    this.#turn.resolve();
  }

  /** Its turn begins; the signal aborts when it is given back. For {@link Turns}. */
  begin(): AbortSignal {
    this.#state = "has";
    this.#turn.resolve();
    return this.#ended.signal;
  }
}

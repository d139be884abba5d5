/**
 * A client of the service that asks all the time, and knows how long it got no answer.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";

/** Milliseconds between two requests. */
const PAUSE = 50;

/** Asks `url` until it is stopped. */
export class Visitor {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #lastGood = performance.now();
  #outage = 0;
  /** What was answered last; `""` for nothing. */
  page = "";

  constructor(readonly url: string) {
    this.#done = this.#ask();
  }

  /** Milliseconds without an answer so far; a pause between two answers is none. */
  get outage(): number {
    const now = this.page === "" ? performance.now() - this.#lastGood : 0;
    return Math.round(this.#outage + now);
  }

  async #ask(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const page = await this.#get();
      const now = performance.now();
      if (page !== "") {
        if (this.page === "") this.#outage += now - this.#lastGood;
        this.#lastGood = now;
      }
      this.page = page;
      await sleep(PAUSE, this.#stop.signal);
    }
  }

  async #get(): Promise<string> {
    try {
      const response = await fetch(this.url, {
        signal: AbortSignal.timeout(1_000),
        headers: { connection: "close" },
      });
      return response.ok ? await response.text() : "";
    } catch {
      return "";
    }
  }

  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

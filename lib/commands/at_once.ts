/**
 * How many commands go on at once: each costs the host a program and memory.
 * @module
 */
import { StatusError } from "../ssh/status.ts";

/** Who runs commands where. */
interface Place {
  /** The service's name; `""` for the host itself. */
  service: string;
  /** Fingerprint of the key. */
  key: string;
}

/** Counts the commands that each key runs at each service. */
export class AtOnce {
  readonly #running = new Map<string, number>();

  /** Runs `work` as one of `most` at that place. @throws {StatusError} 500 where there are as many already. */
  async run<Value>(
    { service, key }: Place,
    most: number,
    work: () => Promise<Value>,
  ): Promise<Value> {
    const place = JSON.stringify([service, key]);
    const running = this.#running.get(place) ?? 0;
    if (running >= most) {
      const where = service === "" ? "this host" : service;
      throw new StatusError(
        500,
        `Key ${key} runs ${running} commands at ${where} already, as many as it may ` +
          `([ssh] commands in pgod's config): try again when one has ended`,
      );
    }
    this.#running.set(place, running + 1);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(place) ?? 1) - 1;
      if (left > 0) this.#running.set(place, left);
      else this.#running.delete(place);
    }
  }
}

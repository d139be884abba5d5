/**
 * What a fleet is about to let go of: each to its end, while everything else goes on.
 * @module
 */
import { overlaps, type PortRange } from "../config/ports.ts";

interface Parting {
  /** What it may still hold. */
  ports: readonly PortRange[];
  done: Promise<void>;
}

/** Partings under way, by service. */
export class Partings {
  readonly #partings = new Map<string, Parting>();

  /** Begins one, after an earlier one of the same service; it ends with `body`, which does not throw. */
  begin(name: string, ports: readonly PortRange[], body: () => Promise<void>): Promise<void> {
    const before = this.#partings.get(name);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const parting = { ports: [...ports, ...before?.ports ?? []], done };
    this.#partings.set(name, parting);
    void (async () => {
      await before?.done;
      await body();
      if (this.#partings.get(name) === parting) this.#partings.delete(name);
      resolve();
    })();
    return done;
  }

  /** Resolves when nothing under way is in the way of a service with these ports; undefined: nothing is. */
  before(name: string, ports: readonly PortRange[] = []): Promise<unknown> | undefined {
    const found = [...this.#partings].filter(([other, parting]) =>
      other === name || ports.some((port) => parting.ports.some((held) => overlaps(port, held)))
    );
    return found.length > 0 ? Promise.all(found.map(([, { done }]) => done)) : undefined;
  }

  /** Resolves when all that are under way now are over. */
  async all(): Promise<void> {
    await Promise.all([...this.#partings.values()].map(({ done }) => done));
  }
}

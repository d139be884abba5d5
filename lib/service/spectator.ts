/**
 * Whoever watches a deployment: told everything as long as they keep up, but nothing ever waits for them. A client
 * that stalls, or goes, must not hold a service between its old and its new containers.
 * @module
 */
import type { Sink } from "../host/streams.ts";

/** Bytes that wait for a slow reader; what comes beyond that is left out. */
const BACKLOG = 1024 * 1024;

/** A sink that takes everything at once. */
export interface Spectator {
  sink(chunk: Uint8Array): void;
  /** Resolves when the reader has what was not left out, or is gone. */
  caughtUp(): Promise<void>;
}

/** Hands on to `sink` what its reader can take; a gap is marked by a line. */
export function spectator(sink: Sink): Spectator {
  let waiting = 0;
  let missed = 0;
  let gone = false;
  let last = Promise.resolve();
  const hand = (chunk: Uint8Array) => {
    waiting += chunk.length;
    last = last.then(async () => {
      try {
        if (!gone) await sink(chunk);
      } catch {
        gone = true;
      } finally {
        waiting -= chunk.length;
      }
    });
  };
  const mark = () => {
    hand(new TextEncoder().encode(`\npgod: ${missed} bytes left out, they came too fast\n`));
    missed = 0;
  };
  return {
    sink(chunk) {
      if (gone) return;
      if (waiting + chunk.length > BACKLOG) return void (missed += chunk.length);
      if (missed > 0) mark();
      hand(chunk.slice());
    },
    caughtUp() {
      if (missed > 0 && !gone) mark();
      return last;
    },
  };
}

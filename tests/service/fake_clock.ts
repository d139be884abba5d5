/**
 * A clock that only moves when a test says so.
 * @module
 */
import type { Sleep } from "../../lib/host/clock.ts";

/** `performance.now()` for as long as `body` goes on; `sleep` moves it on, and takes no time. */
export async function withClock(
  body: (clock: { now: number; sleep: Sleep }) => Promise<void>,
): Promise<void> {
  const real = performance.now;
  const clock = {
    now: real.call(performance),
    sleep: (ms: number) => Promise.resolve(void (clock.now += ms)),
  };
  performance.now = () => clock.now;
  try {
    await body(clock);
  } finally {
    performance.now = real;
  }
}

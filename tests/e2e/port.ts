/**
 * Ports of loopback for tests.
 * @module
 */

/** Below what the kernel gives to clients: none of their connections takes one away. */
const FIRST = 20_000;
const COUNT = 12_000;

/** A port that nobody listens on now. */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

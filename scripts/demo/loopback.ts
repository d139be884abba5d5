/**
 * Loopback as the demo uses it: free ports, the page that its service shows, and waiting for that.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";

/** What the page at `url` says; fails while nothing answers. */
export async function page(url: string): Promise<string> {
  return (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text()).trim();
}

/** Waits with a dot a second until `probe` is true. */
export async function until(
  what: string,
  signal: AbortSignal,
  probe: () => Promise<boolean>,
  seconds = 120,
): Promise<void> {
  const write = (text: string) => Deno.stdout.write(new TextEncoder().encode(text));
  await write(`   waiting: ${what} `);
  for (let waited = 0; waited < seconds; waited++) {
    if (await probe().catch(() => false)) return console.log(" yes");
    await write(".");
    await sleep(1000, signal);
    signal.throwIfAborted();
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** A port of loopback that nobody listens on now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/**
 * Clients that come at a steady pace, whatever becomes of those before them.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";
import { ask } from "./proxies.ts";

/** Milliseconds between two clients. */
const PACE = 50;

/** One client: when it came and went (milliseconds), and what it got; 0: no answer. */
export interface Visit {
  came: number;
  went: number;
  status: number;
}

/** Sends clients to a port for `url` until told to stop; then waits for the last of them. */
export function crowd(port: number, url: string): { stop(): Promise<Visit[]> } {
  const ended = new AbortController();
  const visits: Promise<Visit>[] = [];
  const visit = async (): Promise<Visit> => {
    const came = performance.now();
    const { status } = await ask({ port }, url);
    return { came, went: performance.now(), status };
  };
  const coming = (async () => {
    while (!ended.signal.aborted) {
      visits.push(visit());
      await sleep(PACE, ended.signal);
    }
  })();
  return {
    async stop() {
      ended.abort();
      await coming;
      return await Promise.all(visits);
    },
  };
}

/** Those that did not get what they came for. */
export function failed(visits: readonly Visit[]): Visit[] {
  return visits.filter(({ status }) => status !== 200);
}

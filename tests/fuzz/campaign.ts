/**
 * Runs all targets against one server, with honest clients beside them, and compares the server before and after.
 * @module
 */
import fc from "fast-check";
import { sleep, within } from "../../lib/host/clock.ts";
import { honest, type State, type Subject, withSubject } from "./process.ts";
import { makeOtherKeys, type Target, targets } from "./targets.ts";

/** What a campaign found; it rejects when an input did harm. */
export interface Findings {
  seed: number;
  /** Inputs sent, by target. */
  inputs: Record<string, number>;
  /** Honest clients, served meanwhile. */
  pings: { served: number; failed: number; slowest: number };
  before: State;
  after: State;
}

/** Targets that run side by side, so that the server is never idle. */
const LANES = 6;
/** Milliseconds to log in; a connection that was left open is gone after it. */
const GRACE = 5_000;

/** Sends `count` inputs in all. The same seed sends the same inputs to each target, in the same order. */
export async function campaign(
  { count, seed, only, report = () => {} }: {
    count: number;
    seed: number;
    only?: string;
    report?: (line: string) => void;
  },
): Promise<Findings> {
  const others = makeOtherKeys();
  const inputs: Record<string, number> = {};
  let findings: Findings | undefined;
  await withSubject(
    { limits: { loginGrace: GRACE }, keys: others.map(({ line }) => line) },
    async (subject) => {
      const chosen = targets(others).filter(({ name }) => !only || name === only);
      const round = async (count: number, seed: number) => {
        const queue = chosen.flatMap((target) =>
          laneSizes(target, count).map((runs, lane) => ({ target, runs, seed: seed + lane }))
        ).values();
        const work = async () => {
          for (const { target, runs, seed } of queue) {
            const started = performance.now();
            await assertLane(subject, target, runs, seed);
            const sent = runs * target.batch;
            inputs[target.name] = (inputs[target.name] ?? 0) + sent;
            const seconds = ((performance.now() - started) / 1000).toFixed(1);
            report(`${target.name}: ${sent} inputs with seed ${seed}, ${seconds} s`);
          }
        };
        await Promise.all(Array.from({ length: LANES }, work));
      };
      const pinging = ping(subject);
      let before: State;
      try {
        // What is loaded, compiled and kept in caches once is no growth.
        await round(count / 10, seed + 100);
        before = await settled(subject);
        await round(count * 0.9, seed);
      } finally {
        await pinging.stop();
      }
      findings = {
        seed,
        inputs,
        pings: pinging.seen,
        before,
        after: await settled(subject, before),
      };
    },
  );
  if (!findings) throw new Error("the campaign came to no end");
  return findings;
}

/** The runs of a target, in parts that can be spread over lanes. */
function laneSizes({ share, batch }: Target, count: number): number[] {
  const runs = Math.ceil(count * share / 100 / batch);
  const parts = Math.min(runs, 3);
  return Array.from({ length: parts }, (_, at) => Math.ceil((runs - at) / parts));
}

async function assertLane(
  subject: Subject,
  target: Target,
  numRuns: number,
  seed: number,
): Promise<void> {
  try {
    await fc.assert(target.property(subject), { seed, numRuns, endOnFailure: true });
  } catch (error) {
    // A death closes all connections at once: its own words say more than theirs.
    await sleep(500);
    const death = subject.death();
    throw new Error(
      `${target.name}, seed ${seed}: ${death ? `the server died: ${death}\n` : ""}${error}`,
    );
  }
}

/** Pings until it is told to stop. */
function ping(subject: Subject): { seen: Findings["pings"]; stop(): Promise<void> } {
  const seen = { served: 0, failed: 0, slowest: 0 };
  const stopped = new AbortController();
  const done = (async () => {
    while (!stopped.signal.aborted) {
      const started = performance.now();
      const status = await within(10_000, honest(subject, "fuzz//ping").catch(() => -1));
      if (status === 0) seen.served++;
      else seen.failed++;
      seen.slowest = Math.max(seen.slowest, Math.round(performance.now() - started));
      await sleep(100, stopped.signal);
    }
  })();
  return {
    seen,
    stop: () => {
      stopped.abort();
      return done;
    },
  };
}

/** How it is once what was started has ended, for which it has the time to log in and a little more. */
async function settled(subject: Subject, before?: State): Promise<State> {
  const patience = performance.now() + GRACE + 5_000;
  for (;;) {
    const state = await subject.state();
    // Of the honest client, which goes on meanwhile at first, a connection may be seen.
    const idle = state.children === 0 && state.running === 0;
    if (performance.now() > patience || (idle && state.sockets <= (before?.sockets ?? Infinity))) {
      return state;
    }
    await sleep(200);
  }
}

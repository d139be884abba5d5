import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Outcome, withServer } from "../ssh/loopback.ts";

/** Runs `pgoctl … exec`, sends it `signals` one after the other once its program runs, and waits for its end. */
async function interrupted(
  signals: Deno.Signal[],
  program: (got: string[], signal: string, end: (code: number) => void) => void,
): Promise<{ got: string[]; end: Outcome }> {
  const got: string[] = [];
  const started = Promise.withResolvers<void>();
  const handle: Handle = async ({ stdin, takeSignals, signal }) => {
    const ended = Promise.withResolvers<number>();
    takeSignals((name) => {
      got.push(name);
      program(got, name, ended.resolve);
    });
    signal.addEventListener("abort", () => ended.resolve(1));
    // Its end has come by then: signals get through all the same.
    for await (const _ of stdin);
    started.resolve();
    return await ended.promise;
  };
  let end: Outcome | undefined;
  await withServer({ handle }, async ({ pgoctl, dir, port }) => {
    const argv = ["-F", "none", "-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//exec"];
    const child = pgoctl(argv).spawn();
    await child.stdin.close();
    const output = child.output();
    await started.promise;
    for (const signal of signals) {
      child.kill(signal);
      await sleep(300);
    }
    const { code } = await output;
    end = { code, stdout: "", stderr: "" };
  });
  assert.ok(end);
  return { got, end };
}

for (const [signal, code] of [["INT", 130], ["TERM", 143], ["HUP", 129]] as const) {
  Deno.test(`SIG${signal} goes to the program, whose exit code is pgoctl's`, async () => {
    const { got, end } = await interrupted([`SIG${signal}`], (_, __, end) => end(code + 50));
    assert.deepEqual([got, end.code], [[signal], code + 50]);
  });
}

Deno.test("a program that does not end by Ctrl-C is left by the second one", async () => {
  const { got, end } = await interrupted(["SIGINT", "SIGINT"], () => {});
  assert.deepEqual([got, end.code], [["INT"], 130]);
});

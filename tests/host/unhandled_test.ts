import assert from "node:assert/strict";

/** What a program that goes on until its end prints, and how it ends. */
async function inPgod(code: string) {
  const script = `
    import { openLog } from "${new URL("../../lib/log.ts", import.meta.url)}";
    import { surviveUnhandled } from "${new URL("../../lib/unhandled.ts", import.meta.url)}";
    import { sleep } from "${new URL("../../lib/host/clock.ts", import.meta.url)}";
    import { EventEmitter } from "node:events";
    import process from "node:process";
    surviveUnhandled(openLog({ debug: false, format: "json" }));
    ${code}
    await sleep(50);
    console.log("goes on");
  `;
  const child = new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--allow-env", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code: status, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { status, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

for (
  const [what, code] of [
    ["a promise that nobody waits for", 'void Promise.reject(new Error("oh no"));'],
    ["a timer's callback", 'setTimeout(() => { throw new Error("oh no"); }, 1);'],
    ["a listener", 'sleep(1).then(() => queueMicrotask(() => { throw new Error("oh no"); }));'],
    [
      "an emitter whose errors nobody takes",
      'sleep(1).then(() => process.nextTick(() => new EventEmitter().emit("error", new Error("oh no"))));',
    ],
  ] as const
) {
  Deno.test(`what ${what} throws is told, and ends nothing`, async () => {
    const { status, stdout, stderr } = await inPgod(code);
    assert.equal(stdout, "goes on\n", stderr);
    assert.equal(status, 0);
    const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ level, event }) => [level, event]), [[
      "ERROR",
      "pgod.unhandled",
    ]]);
    assert.match(lines[0].message, /^a fault of pgod's own.*: Error: oh no at /);
  });
}

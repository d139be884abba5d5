/**
 * pgod is killed with SIGKILL before and after each step of a deployment, or the client that asked for one.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";
import { status } from "../e2e/services.ts";
import { ok, until } from "../e2e/shell.ts";
import type { Fault } from "./fault.ts";

const STEPS: [name: string, words: string, starts: boolean][] = [
  [
    "git fetch",
    "git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c protocol.ext.allow=never -c gc.autoDetach=false --git-dir=",
    true,
  ],
  ["build", "podman-compose -p shop -f", true],
  ["tag", "podman tag", true],
  ["checkout", "checkout read-tree", true],
  ["stop", "podman stop", true],
  ["down", "run.yaml down", true],
  ["up", "run.yaml up -d", true],
];

/** Without it a deployment that was begun once counts as done, and nothing is started at boot. */
const FORGETFUL = [
  {
    file: "lib/service/reconcile.ts",
    find: 'if (again && ["failed", "rolled back"].includes(last.outcome)',
    replace: 'if (again && ["failed", "rolled back", "running"].includes(last.outcome)',
  },
  {
    file: "lib/service/poller.ts",
    find: "          say(service, await ensureLive(service, output));\n",
    replace: "",
  },
  {
    file: "lib/service/heal.ts",
    find: "  if (found.length === 0) {",
    replace: "  if (found.length >= 0) {",
  },
];

/** Without it what was seen before the kill, but not fetched, is never fetched; or what was fetched counts as seen to. */
const INCURIOUS = {
  before: [{
    file: "lib/service/follow.ts",
    find: "  if (await git.fetchedTip() !== remote) await git.fetch(signal);",
    replace: `  const mark = \`\${service.host.dir}/seen-\${remote}\`;
  if (await Deno.stat(mark).then(() => true, () => false)) return service.tip ?? remote;
  await Deno.writeTextFile(mark, "");
  if (await git.fetchedTip() !== remote) await git.fetch(signal);`,
  }],
  after: [{
    file: "lib/service/follow.ts",
    find: "  if (tip) await adoptTip(service, tip).catch(() => {});",
    replace: "  if (tip) await adoptTip(service, service.handled = tip).catch(() => {});",
  }, {
    file: "lib/service/reconcile.ts",
    find: '  if (service.handled === tip && request.cause === "push") {',
    replace: "  if (service.handled === tip) {",
  }],
};

/** Whoever asked for a deployment goes while containers are on their way up. */
const CLIENTS: Fault[] = ["before", "after"].map((when): Fault => ({
  name: `client killed ${when} up`,
  expected: "one",
  starts: true,
  without: [{
    file: "lib/host/podman_compose.ts",
    find: 'signal: call.action === "build" ? signal : undefined,',
    replace: "signal,",
  }],
  harm: "neither the one nor the other",
  async happen({ world, halts, publish }) {
    await publish("two");
    await until("two is live", async () => {
      const { deployment, busy } = await status(world);
      return deployment === 2 && !busy;
    });
    await halts.halt(when as "before" | "after", "run.yaml up -d");
    const client = world.pgoctl("shop//rollback");
    await halts.reached();
    await ok(["pkill", "-KILL", "-f", `pgoctl.* -p ${world.port} .*shop//rollback`]);
    await client;
    // Long enough for pgod to see that the channel is closed.
    await sleep(1_000);
  },
  holds: async ({ world }) => (await status(world)).frozen !== null,
}));

/** A kill before and after each step. */
export const KILLS: Fault[] = [
  ...CLIENTS,
  ...STEPS.flatMap(([name, words, starts]) =>
    (["before", "after"] as const).map((when): Fault => ({
      name: `pgod killed ${when} ${name}`,
      expected: "two",
      starts,
      without: name === "git fetch" ? INCURIOUS[when] : FORGETFUL,
      harm: "the push never arrives, or nothing runs",
      async happen({ world, halts, publish }) {
        await halts.halt(when, name === "git fetch" ? "fetch --quiet" : words);
        await publish("two");
        await halts.reached();
        await world.signal("KILL");
        await halts.drop();
        await world.start();
      },
    }))
  ),
];

/**
 * What the log says of a client that leaves in the middle of a command: that, and nothing that wakes somebody up.
 * @module
 */
import assert from "node:assert/strict";
import { createAuthority } from "../../lib/commands/authority.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import { within } from "../../lib/host/clock.ts";
import { createRun } from "../../lib/host/process.ts";
import type { Service } from "../../lib/service/service.ts";
import { type AuthorizedKey, parseKeyFile } from "../../lib/ssh/access.ts";
import { type Recorded, recordedLog } from "../recorded_log.ts";
import { type Loopback, withServer } from "./loopback.ts";

/** Ends a client in the middle of `logs -f`, and has a container's program for it that goes on for ever. */
async function leaving(
  start: (loopback: Loopback) => Deno.Command,
  leave: (child: Deno.ChildProcess) => unknown,
): Promise<Recorded[]> {
  const { log, lines } = recordedLog("ssh.command", "ssh.failed");
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/podman`, "#!/bin/sh\necho tick\nexec sleep 4716\n", {
    mode: 0o755,
  });
  const path = `${dir}:${Deno.env.get("PATH")}`;
  const keys: AuthorizedKey[] = [];
  const web = { id: "aa", composeService: "web" };
  const service = {
    ...{ keys, user: { name: "shop", uid: 1, gid: 1, home: "/" }, config: { name: "shop" } },
    host: { run: createRun({ how: "self", log: recordedLog().log, path }) },
    running: { deployment: 1, monitored: new Set(), containers: [web] },
  } as unknown as Service;
  const fleet = { find: () => service, services: () => [service] };
  const ended = Promise.withResolvers<void>();
  const handle = createHandler(fleet, createAuthority(() => []), log);
  await withServer({
    log,
    handle: (request) => handle(request).finally(ended.resolve),
  }, async (loopback) => {
    keys.push(
      ...parseKeyFile("ssh/good.pub", await Deno.readTextFile(`${loopback.dir}/good.pub`)).keys,
    );
    const child = start(loopback).spawn();
    const reader = child.stdout.getReader();
    assert.match(new TextDecoder().decode((await reader.read()).value), /tick/);
    await leave(child);
    assert.equal(await within(10_000, ended.promise.then(() => true)), true);
    await reader.cancel();
    await Promise.all([child.status, child.stderr.cancel(), child.stdin.close().catch(() => {})]);
  });
  await Deno.remove(dir, { recursive: true });
  return lines;
}

const LEFT = { status: 129, error: "podman was ended: the client left", gone: true };
const LEAVING: [
  what: string,
  start: (loopback: Loopback) => Deno.Command,
  leave: (child: Deno.ChildProcess) => unknown,
  line: Record<string, unknown>,
][] = [
  ["ssh ended", ({ ssh }) => ssh(["shop//logs -f"]), (child) => child.kill("SIGTERM"), LEFT],
  [
    "pgoctl interrupted",
    ({ pgoctl, dir, port }) =>
      pgoctl(["-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:shop//logs", "-f"]),
    (child) => child.kill("SIGINT"),
    LEFT,
  ],
  [
    "Ctrl-C in a terminal",
    ({ ssh }) => ssh(["shop//logs -f"], { options: ["-tt"] }),
    async (child) => {
      const writer = child.stdin.getWriter();
      await writer.write(Uint8Array.of(3));
      writer.releaseLock();
    },
    { status: 130, error: "podman was ended: the client sent SIGINT", gone: undefined },
  ],
];
for (const [what, start, leave, expected] of LEAVING) {
  Deno.test(`${what} in the middle of logs -f is no error: one line says so`, async () => {
    const lines = await leaving(start, leave);
    assert.deepEqual(lines.map(({ event }) => event), ["ssh.command"]);
    const { status, error, gone } = lines[0]?.fields ?? {};
    assert.deepEqual({ status, error, gone }, expected);
  });
}

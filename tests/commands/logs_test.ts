import assert from "node:assert/strict";
import { type Call, readWords } from "../../lib/commands/command.ts";
import { logs } from "../../lib/commands/logs.ts";
import { type Container, parseContainers } from "../../lib/host/podman.ts";
import type { Run } from "../../lib/host/process.ts";
import type { Service } from "../../lib/service/service.ts";

const listed = (ids: Record<string, string>) =>
  JSON.stringify(
    Object.entries(ids).map(([service, id]) => ({
      Id: id,
      Names: [`shop_${service}_1`],
      State: "running",
      Labels: { "com.docker.compose.service": service },
    })),
  );

/** Runs `logs WORDS` where Podman has `present`, and pgod remembers `known`: ids by compose service. */
async function call(
  words: string[],
  present: Record<string, string>,
  known?: Record<string, string>,
  said = "",
) {
  const started: string[] = [];
  const seen = { stdout: "", stderr: "" };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const run: Run = async ({ argv, stdout, stderr }) => {
    if (argv[1] === "ps") {
      started.push("podman ps");
      return { code: 0, stdout: listed(present), stderr: "" };
    }
    const line = argv.slice(argv.indexOf("podman")).join(" ");
    started.push(line);
    const ids = argv.slice(argv.lastIndexOf("--") + 1);
    const gone = ids.find((id) => !Object.values(present).includes(id));
    if (gone) {
      const error = `Error: no container with name or ID "${gone}" found: no such container\n`;
      await stderr?.(bytes(error));
      return { code: 125, stdout: "", stderr: "" };
    }
    if (said) await stderr?.(bytes(said));
    await stdout?.(bytes(`${ids.join(" ")} printed this\n`));
    return { code: 0, stdout: "", stderr: "" };
  };
  const containers: Container[] = parseContainers(listed(known ?? {}));
  const running = known && { deployment: 1, monitored: new Set<string>(), containers };
  const user = { name: "miek", uid: 1, gid: 1, home: "/home/miek" };
  const service = { user, config: { name: "shop" }, host: { run }, running } as unknown as Service;
  const code = await logs.run({
    ...readWords(logs, words),
    service,
    stdout: (chunk: Uint8Array) => void (seen.stdout += new TextDecoder().decode(chunk)),
    stderr: (chunk: Uint8Array) => void (seen.stderr += new TextDecoder().decode(chunk)),
    signal: new AbortController().signal,
  } as unknown as Call);
  return { ...seen, started, code, running: service.running };
}

const both = { web: "aa", side: "bb" };

Deno.test("logs asks Podman once for the containers that it does not know", async () => {
  const { started, stdout } = await call(["web"], both);
  assert.deepEqual(started, ["podman ps", "podman logs -- aa"]);
  assert.equal(stdout, "aa printed this\n");
});

Deno.test("logs of containers that the last tick saw is one program", async () => {
  assert.deepEqual((await call(["-n", "5", "side"], both, both)).started, [
    "podman logs --tail=5 -- bb",
  ]);
  assert.deepEqual((await call(["-f"], both, both)).started, [
    "podman logs --follow --names -- aa bb",
  ]);
});

Deno.test("logs asks for a service that the last tick did not see, and before it refuses one", async () => {
  const { started } = await call(["side"], both, { web: "aa" });
  assert.deepEqual(started, ["podman ps", "podman logs -- bb"]);
  assert.equal((await call(["web", "side"], both, { web: "aa" })).started[0], "podman ps");
  await assert.rejects(call(["no"], both, both), /no service "no" has a container/);
});

Deno.test("a container removed since then: Podman is asked, and nobody sees that it was not there", async () => {
  const { code, stdout, stderr, started, running } = await call(
    ["web"],
    { web: "new" },
    { web: "aa" },
  );
  assert.deepEqual(started, ["podman logs -- aa", "podman ps", "podman logs -- new"]);
  assert.deepEqual([code, stdout, stderr], [0, "new printed this\n", ""]);
  assert.equal(running, undefined, "the next tick looks again");
});

Deno.test("a container that says what Podman would say is heard", async () => {
  const said = "Error: no such container\n";
  const { stdout, stderr } = await call(["web"], both, both, said);
  assert.deepEqual([stdout, stderr], ["aa printed this\n", said]);
});

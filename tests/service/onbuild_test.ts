import assert from "node:assert/strict";
import { resolve } from "../../lib/compose/resolve.ts";
import type { Run } from "../../lib/host/process.ts";
import { createOutput } from "../../lib/service/output.ts";
import { build, StepError } from "../../lib/service/prepare.ts";
import type { Service } from "../../lib/service/service.ts";
import { memorySource } from "../compose/memory_source.ts";

const output = createOutput(() => {}, () => {});

/** Builds from x.io/a, which is on no host before its pull and has `onBuild`; returns what was called. */
async function buildFrom(onBuild: string[] | null, from = "FROM x.io/a", calls: string[] = []) {
  let pulled = false;
  const run: Run = ({ argv }) => {
    const line = argv.join(" ");
    if (/^podman(-compose)? (pull|-p)/.test(line)) calls.push(line);
    if (line.startsWith("podman pull")) pulled = true;
    const stdout = line.includes("{{.Id}}")
      ? "ab12\n"
      : line.includes("{{.Os}}")
      ? "linux/amd64\n"
      : line.startsWith("podman info")
      ? "/home/miek/storage/overlay-images\n"
      : line === `cat /home/miek/storage/overlay-images/ab12/=${btoa("sha256:ab12")}`
      ? JSON.stringify({ config: { OnBuild: onBuild } })
      : "";
    const code = line === "podman image exists x.io/a" && !pulled ? 1 : 0;
    return Promise.resolve({ code, stdout, stderr: "" });
  };
  const { model } = await resolve(
    memorySource({
      "Containerfile": `${from}\n`,
      "compose.yaml": "services: { web: { build: . } }",
    }),
    { service: "shop", file: "compose.yaml", env: {}, profiles: [] },
  );
  assert.ok(model);
  const service = {
    config: { name: "shop" },
    user: { name: "miek" },
    env: {},
    logins: [],
    paths: { scratch: "/d/scratch", deployments: "/d/deployments", checkout: "/d/checkout" },
    git: { materialize: () => Promise.resolve() },
    host: { run },
  } as unknown as Service;
  const record = { number: 1, revision: "one" };
  const prepared = { record, candidate: { revision: "one", model, digest: "" } };
  await build(service, prepared as unknown as Parameters<typeof build>[1], output);
  return calls;
}

const BUILD =
  "podman-compose -p shop -f /d/deployments/1.build.yaml --podman-build-args=--pull-never build";

Deno.test("what a build starts from is pulled before, and not again by the build", async () => {
  assert.deepEqual(await buildFrom(null), ["podman pull -- x.io/a", BUILD]);
});

Deno.test("it is pulled for the platform that is asked for", async () => {
  assert.deepEqual(await buildFrom([], "FROM --platform=linux/arm64 x.io/a"), [
    "podman pull --platform=linux/arm64 -- x.io/a",
    BUILD,
  ]);
});

Deno.test("an image with ONBUILD is pulled, refused, and nothing is built", async () => {
  const calls: string[] = [];
  await assert.rejects(
    buildFrom(["RUN --mount=type=cache,id=../x,target=/m ls"], undefined, calls),
    (error: Error) =>
      error instanceof StepError && /web refused: x\.io\/a has ONBUILD/.test(error.message),
  );
  assert.deepEqual(calls, ["podman pull -- x.io/a"]);
});

import assert from "node:assert/strict";
import { createOutput } from "../../lib/service/output.ts";
import { heal } from "../../lib/service/heal.ts";
import { setup } from "./podman_in_memory.ts";

const files = (number: number, kind: string) => `/lib/shop/deployments/${number}.${kind}.yaml`;

Deno.test("a deployment builds before it takes anything down", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(1, "build")} --podman-build-args=--pull-never build`,
    `podman-compose -p shop -f ${files(1, "run")} up -d`,
  ]);
  podman.calls.length = 0;
  await deployRevision("two");
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(2, "build")} --podman-build-args=--pull-never build`,
    "podman stop id-web",
    `podman-compose -p shop -f ${files(1, "run")} down`,
    `podman-compose -p shop -f ${files(2, "run")} up -d`,
  ]);
  const { live, checkout } = service.host.ledger.service("shop");
  assert.deepEqual([live, checkout], [2, "two"]);
  service.host.ledger.close();
});

Deno.test("a build that leaves no image has failed, whatever its exit code: nothing is touched", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  podman.calls.length = 0;
  podman.broken.add("localhost/pgo/shop/web:2");
  await assert.rejects(deployRevision("two"), /build of web failed/);
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(2, "build")} --podman-build-args=--pull-never build`,
  ]);
  assert.equal(service.host.ledger.service("shop").live, 1);
  assert.equal(service.host.ledger.last("shop")?.outcome, "failed");
  service.host.ledger.close();
});

Deno.test("containers that do not stay up: the last good run file again, and the ledger says so", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  podman.calls.length = 0;
  podman.broken.add("deployment 2");
  await assert.rejects(
    deployRevision("two"),
    /deployment 2 failed: web is exited \(3\).*deployment 1 runs again/,
  );
  assert.deepEqual(podman.changes.slice(-3), [
    "podman stop id-web",
    `podman-compose -p shop -f ${files(2, "run")} down`,
    `podman-compose -p shop -f ${files(1, "run")} up -d`,
  ]);
  assert.equal(service.host.ledger.service("shop").live, 1);
  assert.equal(service.host.ledger.last("shop")?.outcome, "rolled back");
  service.host.ledger.close();
});

Deno.test("a secret of the config is in podman-compose's environment only", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  const own = "/lib/shop/deployments/1.env.json";
  assert.equal(podman.files.get(own), '{"S":"hunter2"}');
  podman.files.delete(own);
  assert.ok(![...podman.calls, ...podman.files.values()].some((text) => text.includes("hunter2")));
  const up = podman.calls.findIndex((line) => line.endsWith("up -d"));
  assert.equal(podman.envs[up]?.["S"], "hunter2");
  service.host.ledger.close();
});

Deno.test("what Podman told is known until a monitor comes or goes, or a deployment starts something", async () => {
  const { service, podman, deployRevision } = await setup();
  const output = createOutput(() => {}, () => {});
  // Whether a run file is there is looked up on the disk itself.
  const deployments = await Deno.makeTempDir();
  await Deno.writeTextFile(`${deployments}/1.run.yaml`, "");
  Object.assign(service, { paths: { ...service.paths, deployments } });
  const asked = async (...monitored: string[]) => {
    const before = podman.calls.length;
    await heal(service, output, new Set(monitored));
    return podman.calls.slice(before).filter((line) => line.startsWith("podman ps")).length;
  };
  await deployRevision("one");
  assert.equal(await asked("id-web", "another service's"), 1);
  assert.equal(service.running?.containers[0]?.id, "id-web");
  assert.equal(await asked("another service's", "id-web"), 0);
  assert.equal(await asked("id-web", "another service's", "new"), 1);
  assert.equal(await asked("id-web"), 1);
  assert.equal(await asked("id-web"), 0);
  await deployRevision("two");
  assert.equal(service.running, undefined);
  service.host.ledger.close();
  await Deno.remove(deployments, { recursive: true });
});

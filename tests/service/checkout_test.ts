import assert from "node:assert/strict";
import { bindSources, writableSources } from "../../lib/compose/run_file.ts";
import { stringify } from "yaml";
import { meetsWriters } from "../../lib/service/checkout.ts";
import type { Service } from "../../lib/service/service.ts";
import { Turns } from "../../lib/service/turns.ts";

const RUN = stringify({
  services: {
    web: { volumes: ["/c/checkout/www:/www:ro", "/c/checkout/data:/data", "/anonymous"] },
    side: {
      volumes: [{
        type: "bind",
        source: "/c/checkout/logs",
        target: "/l",
        read_only: true,
        bind: { propagation: "z,nosuid" },
      }],
    },
  },
});

Deno.test("what containers may write of the checkout is told from what they may read", () => {
  assert.deepEqual(bindSources(RUN), ["/c/checkout/www", "/c/checkout/data", "/c/checkout/logs"]);
  assert.deepEqual(writableSources(RUN), ["/c/checkout/data"]);
});

Deno.test("Git does not write where a container may, while it runs", async () => {
  const trees: Record<string, [string, string][]> = {
    old: [["www/index.html", "1"], ["data/seed", "1"]],
    page: [["www/index.html", "2"], ["data/seed", "1"]],
    seed: [["www/index.html", "1"], ["data/seed", "2"]],
    gone: [["www/index.html", "1"]],
  };
  const service = {
    host: {
      ledger: { service: () => ({ live: 1, checkout: "old" }) },
      run: undefined,
    },
    config: { name: "shop" },
    user: {},
    paths: { checkout: "/c/checkout", deployments: "/c/deployments" },
    git: {
      tree: (name: string) =>
        Promise.resolve(
          new Map((trees[name] ?? []).map(([path, id]) => [path, { id, kind: "file" }])),
        ),
    },
  } as unknown as Service;
  Object.assign(service.host, {
    run: ({ argv }: { argv: string[] }) =>
      Promise.resolve(
        argv.at(-1)?.endsWith("run.yaml")
          ? { code: 0, stdout: RUN, stderr: "" }
          : { code: 1, stdout: "", stderr: "" },
      ),
  });
  assert.equal(await meetsWriters(service, "page"), false);
  assert.equal(await meetsWriters(service, "seed"), true);
  assert.equal(await meetsWriters(service, "gone"), true);
});

Deno.test("no more deployments at once than there are turns, in the order they came", async () => {
  const turns = new Turns(2);
  const events: string[] = [];
  const gates = new Map<string, () => void>();
  const take = (name: string) =>
    turns.take(name, async () => {
      events.push(name);
      await new Promise<void>((resolve) => gates.set(name, resolve));
    }, (others) => events.push(`${name} waits for ${others}`));
  const all = ["a", "b", "c", "d"].map(take);
  await Promise.resolve();
  assert.deepEqual(events, ["a", "b", "c waits for a, b", "d waits for a, b"]);
  for (const name of ["b", "a", "c", "d"]) {
    while (!gates.has(name)) await Promise.resolve();
    gates.get(name)?.();
  }
  await Promise.all(all);
  assert.deepEqual(events.slice(4), ["c", "d"]);
});

import assert from "node:assert/strict";
import { bindSources, writableSources } from "../../lib/compose/run_file.ts";
import { stringify } from "yaml";
import { meetsWriters } from "../../lib/service/checkout.ts";
import type { Service } from "../../lib/service/service.ts";

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

Deno.test("a mount may be written unless its last options say ro, however many colons it has", () => {
  const volumes = [
    "/a:/x",
    "/b:/x:ro",
    "/c:/x:z,ro",
    "/d:/ro",
    "/e:/x:rw,z",
    `/f:${":".repeat(1e5)}/x`,
  ];
  const text = JSON.stringify({ services: { web: { volumes } } });
  assert.deepEqual(writableSources(text), ["/a", "/d", "/e"]);
});

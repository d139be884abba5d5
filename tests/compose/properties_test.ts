import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { readEnvFile } from "../../lib/compose/env_file.ts";
import type { Model } from "../../lib/compose/model.ts";
import { judge } from "../../lib/compose/policy.ts";
import { isRefused } from "../../lib/compose/problem.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import { bindSources, runFile } from "../../lib/compose/run_file.ts";
import { showModel } from "../../lib/compose/show.ts";
import { CHECKOUT, inspectCase, readCorpus } from "./corpus.ts";
import { composeService, RUNS } from "./generated.ts";
import { memorySource } from "./memory_source.ts";

const DEPLOYMENT = {
  service: "shop",
  id: "7",
  revision: "abc",
  checkout: CHECKOUT,
  scratch: "/var/lib/pgo/shop/scratch",
  deployments: "/var/lib/pgo/shop/deployments",
};

/** What a run file means when it is read again, as if somebody had committed it. */
async function again(model: Model) {
  const { text, env } = runFile(model, DEPLOYMENT);
  const source = memorySource({ "compose.yaml": text });
  const options = { service: "shop", file: "compose.yaml", env, profiles: [] };
  const { model: second, findings } = await resolve(source, options);
  // What was worth a note is so the second time, too.
  assert.deepEqual(findings.filter(({ kind }) => kind !== "note"), []);
  assert.ok(second);
  return { text, second };
}

/** The run file of a model's run file is that run file, and both mean the same. */
async function isFixed(model: Model): Promise<void> {
  const { text, second } = await again(model);
  // Files written for contents are binds of what was written, the second time.
  const third = runFile(second, DEPLOYMENT);
  const built = { ...second, services: second.services };
  assert.equal(third.text, text);
  const exposed = (given: Model) => {
    const { services } = JSON.parse(JSON.stringify(showModel(given)));
    return Object.entries(services as Record<string, Record<string, unknown>>).map(([name, s]) => [
      name,
      s["ports"],
      s["privileged"],
      s["cap_add"],
      s["devices"],
      s["sysctls"],
      s["command"],
      s["entrypoint"],
      s["environment"],
      s["networks"],
      s["ulimits"],
      s["user"],
    ]).sort();
  };
  assert.deepEqual(exposed(built), exposed(model));
}

Deno.test("resolving a run file again gives the same model: every legit repository", async () => {
  for (const one of await readCorpus("legit")) {
    const { model } = await inspectCase(one);
    assert.ok(model, one.name);
    await isFixed(model);
  }
});

Deno.test("resolving a run file again gives the same model: generated services", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), composeService, { minKeys: 1, maxKeys: 3 }),
      async (services) => {
        const source = memorySource({
          "compose.yaml": stringify({ services, volumes: { data: null } }),
        });
        const { model } = await resolve(source, {
          service: "shop",
          file: "compose.yaml",
          env: { SECRET: "hunter2\n$x" },
          profiles: [],
        });
        if (!model) return;
        accepted++;
        await isFixed(model);
      },
    ),
    { numRuns: RUNS },
  );
  assert.ok(accepted > RUNS / 20, `${accepted} of ${RUNS} generated files could be read`);
});

Deno.test("no generated file publishes, mounts or grants what the judge did not see", async () => {
  const policy = {
    service: "shop",
    ports: [{ from: 8000, to: 8010 }],
    foreignPorts: [],
    mounts: [],
    networks: [],
    volumes: [],
    allow: [],
    checkout: CHECKOUT,
    dataDir: "/var/lib/pgo/shop/data",
  };
  await fc.assert(
    fc.asyncProperty(composeService, async (service) => {
      const file = stringify({ services: { web: service }, volumes: { data: null } });
      const options = { service: "shop", file: "compose.yaml", env: {}, profiles: [] };
      const { model, findings } = await resolve(memorySource({ "compose.yaml": file }), options);
      if (!model || isRefused([...findings, ...judge(model, policy)])) return;
      const { text } = runFile(model, DEPLOYMENT);
      const { web } = parse(text).services;
      for (const port of web.ports ?? []) {
        const [, from, to = from] =
          /(?:^|:)(\d+)(?:-(\d+))?:\d+(?:-\d+)?\/(?:tcp|udp)$/.exec(port) ?? [];
        assert.ok(Number(from) >= 8000 && Number(to) <= 8010, port);
      }
      for (const source of bindSources(text)) {
        assert.ok(`${source}/`.startsWith(`${CHECKOUT}/`), source);
        assert.ok(!source.split("/").includes(".."), source);
      }
      for (
        const key of ["privileged", "cap_add", "devices", "sysctls", "network_mode", "pid", "ipc"]
      ) {
        assert.equal(web[key], undefined, key);
      }
      assert.equal(web.image, "localhost/pgo/shop/web:7");
    }),
    { numRuns: RUNS },
  );
});

Deno.test("whatever an env file holds, it is read or refused with its line", () => {
  const line = fc.tuple(
    fc.constantFrom("A=", "export B=", "C: ", "", "#", "D"),
    fc.string({ unit: fc.constantFrom("a", "'", '"', "\\", "$", "{", "}", "#", " ", "\n", "A") }),
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      try {
        readEnvFile(lines.join("\n"), new Map([["A", "x"]]));
      } catch (error) {
        assert.match((error as Error).message, /^\d+: /);
      }
    }),
    { numRuns: RUNS },
  );
});

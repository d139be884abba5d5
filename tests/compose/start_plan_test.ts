import assert from "node:assert/strict";
import { resolve } from "../../lib/compose/resolve.ts";
import { startPlan } from "../../lib/compose/start_plan.ts";
import { memorySource } from "./memory_source.ts";

async function plan(yaml: string) {
  const options = { service: "shop", file: "compose.yaml", env: {}, profiles: [] };
  const { model } = await resolve(memorySource({ "compose.yaml": yaml }), options);
  assert.ok(model);
  return startPlan(model);
}

Deno.test("services start with those they depend on before them, and wait where a condition says so", async () => {
  const { groups } = await plan(`
services:
  web: { image: x, depends_on: { migrate: { condition: service_completed_successfully }, cache: { condition: service_started } } }
  migrate: { image: x, depends_on: { db: { condition: service_healthy } } }
  cache: { image: x }
  db: { image: x, healthcheck: { test: [CMD, ready] } }
  log: { image: x, depends_on: [web] }
`);
  assert.deepEqual(groups, [
    { services: ["db", "cache"], first: [] },
    { services: ["migrate"], first: [{ service: "db", condition: "service_healthy" }] },
    {
      services: ["web", "log"],
      first: [{ service: "migrate", condition: "service_completed_successfully" }],
    },
  ]);
});

Deno.test("what is wanted of each: ports, its check with the specification's defaults, whether it may end", async () => {
  const { wanted } = await plan(`
services:
  web:
    image: x
    restart: always
    ports: ["8000-8001:80-81", "127.0.0.1:53:53/udp", "[::1]:8002:82"]
    healthcheck: { test: "a && b", interval: 1m, retries: 5, start_period: 10s }
  job: { image: x, healthcheck: { disable: true } }
  image: { image: x }
`);
  assert.deepEqual(wanted[0], {
    name: "web",
    ports: [{ ip: "", port: 8000 }, { ip: "", port: 8001 }, { ip: "::1", port: 8002 }],
    published: [
      { port: 8000, protocol: "tcp" },
      { port: 8001, protocol: "tcp" },
      { port: 53, protocol: "udp" },
      { port: 8002, protocol: "tcp" },
    ],
    check: {
      argv: ["/bin/sh", "-c", "a && b"],
      interval: 60_000,
      timeout: 30_000,
      startPeriod: 10_000,
      retries: 5,
    },
    mayEnd: false,
    restarts: true,
  });
  assert.deepEqual([wanted[1]?.check, wanted[1]?.mayEnd, wanted[2]?.check], [
    null,
    true,
    undefined,
  ]);
});

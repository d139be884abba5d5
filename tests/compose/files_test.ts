import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { buildFile, pulls } from "../../lib/compose/build_file.ts";
import { interpolate } from "../../lib/compose/interpolate.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import { bindSources, composeServices, runFile } from "../../lib/compose/run_file.ts";
import { memorySource } from "./memory_source.ts";

const DEPLOYMENT = {
  service: "shop",
  id: "7",
  revision: "abc",
  checkout: "/lib/shop/checkout",
  scratch: "/lib/shop/scratch",
  deployments: "/lib/shop/deployments",
};
const FILES = {
  "app/Containerfile": "FROM scratch",
  ".env": "TAG=1.2\n",
  "all.env": "FROM_FILE=yes\n",
  "compose.yaml": `
x-common: &common { restart: no, env_file: all.env }
services:
  web:
    <<: *common
    build: { context: app, dockerfile: Containerfile, args: { A: b } }
    command: 'sh -c "echo $$HOME"'
    environment: { SECRET: "\${SECRET}", TAG: "\${TAG}" }
    ports: ["8000:80"]
    volumes: ["./www:/www:ro", "d:/d"]
    networks: [front]
    healthcheck: { test: ["CMD", "test", "-f", "/a b"], retries: 3 }
  db: { image: "docker.io/library/db:\${TAG}", read_only: true, cap_drop: [ALL] }
  debug: { image: x, profiles: [dev] }
networks: { front: { internal: true }, unused: {} }
volumes: { d: {} }
`,
};

async function model() {
  const { model, findings, files } = await resolve(memorySource(FILES), {
    service: "shop",
    file: "compose.yaml",
    env: { SECRET: "hunter2" },
    profiles: [],
  });
  assert.deepEqual(findings, []);
  assert.deepEqual(files, [".env", "compose.yaml", "all.env"]);
  assert.ok(model);
  return model;
}

Deno.test("the run file is the judged model, absolute and literal", async () => {
  const { text, env } = runFile(await model(), DEPLOYMENT);
  const file = parse(text);
  assert.deepEqual(env, { SECRET: "hunter2" });
  assert.doesNotMatch(text, /hunter2/);
  assert.deepEqual(composeServices(text), ["web", "db"]);
  assert.deepEqual(file.services.web, {
    restart: "no",
    image: "localhost/pgo/shop/web:7",
    pull_policy: "never",
    command: ["sh", "-c", "echo $$HOME"],
    environment: { FROM_FILE: "yes", SECRET: null, TAG: "1.2" },
    labels: { "pgo.service": "shop", "pgo.revision": "abc", "pgo.deployment": "7" },
    ports: ["8000:80/tcp"],
    volumes: ["/lib/shop/checkout/www:/www:ro", "d:/d"],
    networks: ["front"],
    healthcheck: { test: ["CMD-SHELL", "test -f '/a b'"], retries: "3" },
  });
  assert.deepEqual(file.services.db.cap_drop, ["ALL"]);
  assert.deepEqual(file.services.db.networks, ["default"]);
  assert.deepEqual(file.networks, {
    default: { name: "shop_default" },
    front: { name: "shop_front", internal: true },
  });
  assert.deepEqual(file.volumes, { d: { name: "shop_d" } });
});

Deno.test("what a run file mounts of the host is found in every form, and nothing else", () => {
  const volumes = [
    "/a:/x",
    "/b:/x:ro",
    "/anonymous",
    "/anonymous:ro",
    "named:/x",
    { type: "bind", source: "/c$$d", target: "/x" },
    { type: "volume", source: "/e", target: "/x" },
  ];
  const text = stringify({ services: { web: { volumes }, db: { volumes: ["/a:/y"] } } });
  assert.deepEqual(bindSources(text), ["/a", "/b", "/c$d"]);
});

Deno.test("the build file builds from scratch, and the rest is pulled", async () => {
  const { text, tags } = buildFile(await model(), DEPLOYMENT);
  assert.deepEqual(tags, [{ composeService: "web", tag: "localhost/pgo/shop/web:7" }]);
  assert.deepEqual(parse(text).services, {
    web: {
      image: "localhost/pgo/shop/web:7",
      build: { context: "/lib/shop/scratch/app", dockerfile: "Containerfile", args: { A: "b" } },
    },
  });
  assert.deepEqual(pulls(await model(), DEPLOYMENT), [{
    image: "docker.io/library/db:1.2",
    platform: undefined,
    tag: "localhost/pgo/shop/db:7",
    policy: "always",
  }]);
});

const VARIABLES = new Map([["X", "x"], ["E", ""]]);
const FORMS: [text: string, expected: string][] = [
  ["$X", "x"],
  ["${X}y", "xy"],
  ["${E:-d}", "d"],
  ["${E-d}", ""],
  ["${N-d}", "d"],
  ["${X:+a}${E:+a}${E+b}", "ab"],
  ["${N:-${X:-z}}", "x"],
  ["$$X", "$X"],
  ["${X?}", "x"],
];
for (const [text, expected] of FORMS) {
  Deno.test(`interpolation of ${text}`, () =>
    assert.equal(interpolate(text, VARIABLES).text, expected));
}
Deno.test("a required variable that is missing is named", () => {
  assert.throws(() => interpolate("${N:?set it}", VARIABLES), /N is required: set it/);
  assert.throws(() => interpolate("${E:?}", VARIABLES), /E is required/);
  assert.throws(() => interpolate("$(id)", VARIABLES), /begins no variable/);
});

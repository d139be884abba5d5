/**
 * Resolving and judging: a large honest file, and the worst of the hostile corpus.
 * @module
 */
import { parse } from "yaml";
import { judge } from "../lib/compose/policy.ts";
import { isRefused } from "../lib/compose/problem.ts";
import { resolve } from "../lib/compose/resolve.ts";
import { runFile } from "../lib/compose/run_file.ts";
import { CHECKOUT, inspectCase, readCorpus } from "../tests/compose/corpus.ts";
import { memorySource } from "../tests/compose/memory_source.ts";
import { median, type Row } from "./measure.ts";

const SERVICES = 200;

/** A compose file as people write them, with an anchor, a build, a health check and mounts in each service. */
export function largeFile(services = SERVICES): string {
  const one = (at: number) =>
    `  service-${at}:
    <<: *common
    image: docker.io/library/app:\${TAG:-1.${at}}
    command: ["serve", "--name", "service-${at}"]
    ports: ["127.0.0.1:${10_000 + at}:8080"]
    environment:
      NAME: service-${at}
      DATABASE: postgres://db/\${DATABASE:-app}
      SECRET: \${SECRET}
    volumes: ["./data/${at}:/data", "shared:/shared:ro"]
    networks: [front, back]
    depends_on: { ${at === 0 ? "" : `service-${at - 1}: { condition: service_healthy }`} }
`;
  return `x-common: &common
  restart: unless-stopped
  read_only: true
  cap_drop: [ALL]
  env_file: all.env
  logging: { driver: json-file, options: { max-size: 10m } }
  healthcheck: { test: [CMD, wget, -q, "http://localhost:8080/"], interval: 30s, retries: 3 }
services:
${Array.from({ length: services }, (_, at) => one(at)).join("")}
networks: { front: {}, back: { internal: true } }
volumes: { shared: {} }
`;
}

/** The rows of this part. */
export async function benchCompose(): Promise<Row[]> {
  const text = largeFile();
  const source = memorySource({
    "compose.yaml": text,
    "all.env": "A=1\nB='2'\n",
    ".env": "TAG=2\n",
  });
  const policy = {
    service: "shop",
    ports: [{ from: 10_000, to: 10_000 + SERVICES }],
    foreignPorts: [],
    mounts: [],
    networks: [],
    volumes: [],
    allow: [],
    checkout: CHECKOUT,
    dataDir: "/data",
  };
  const options = { service: "shop", file: undefined, env: { SECRET: "x" }, profiles: [] };
  const inspect = async () => {
    const { model, findings } = await resolve(source, options);
    if (!model || isRefused([...findings, ...judge(model, policy)])) {
      throw new Error(JSON.stringify(findings[0]));
    }
    return model;
  };
  const model = await inspect();
  const deployment = {
    service: "shop",
    id: "1",
    revision: "r",
    checkout: CHECKOUT,
    scratch: "/s",
    deployments: "/d",
  };
  const floor = {
    what: "yaml's parse",
    value: await median(40, () => parse(text, { merge: true, maxAliasCount: -1 })),
  };
  const hostile = await readCorpus("hostile");
  let worst: Row = { what: "", value: 0, unit: "ms" };
  for (const one of hostile) {
    const value = await median(3, () => inspectCase(one));
    if (value > worst.value) {
      worst = {
        what: `refuse the slowest of ${hostile.length} hostile repositories (${one.name})`,
        value,
        unit: "ms",
        goal: { atMost: 100, of: "value" },
      };
    }
  }
  return [
    {
      what: `resolve and judge ${SERVICES} services`,
      value: await median(40, inspect),
      unit: "ms",
      floor,
      goal: { atMost: 50, of: "value" },
    },
    {
      what: "write their run file",
      value: await median(20, () => runFile(model, deployment)),
      unit: "ms",
      floor,
    },
    worst,
    {
      what: "memory of the whole, hostile corpus included",
      value: Deno.memoryUsage().rss / 2 ** 20,
      unit: "MB",
    },
  ];
}

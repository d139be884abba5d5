import assert from "node:assert/strict";
import fc from "fast-check";
import { judge, type Policy } from "../../lib/compose/policy.ts";
import { formatFinding } from "../../lib/compose/problem.ts";
import { findComposeFiles, resolve } from "../../lib/compose/resolve.ts";
import { memorySource } from "./memory_source.ts";

const POLICY: Policy = {
  service: "shop",
  ports: [{ from: 8000, to: 8010 }],
  foreignPorts: [{ range: { from: 9000, to: 9000 }, service: "other" }],
  mounts: ["/srv/data"],
  networks: ["backend"],
  volumes: [],
  allow: ["cap_add:NET_ADMIN"],
  checkout: "/lib/shop/checkout",
  dataDir: "/lib/shop/data",
};

const OPTIONS = { service: "shop", file: "compose.yaml", env: {}, profiles: [] };

async function verdict(
  yaml: string,
  policy = POLICY,
  env: Record<string, string> = {},
): Promise<string[]> {
  const { model, findings } = await resolve(memorySource({ "compose.yaml": yaml }), {
    ...OPTIONS,
    env,
  });
  return [...findings, ...model ? judge(model, policy) : []].map(formatFinding);
}
const web = (more: string) =>
  `services:\n  web:\n    image: docker.io/library/busybox\n    ${more}\n`;

const ALLOWED = [
  'ports: ["8000:80", "8001-8002:81-82/udp", "127.0.0.1:8003:80", "[::1]:8004:80"]',
  "ports: [{ target: 80, published: 8005, host_ip: 127.0.0.1, protocol: udp }]",
  'volumes: ["./www:/www:ro", "/srv/data/x:/x", "/anonymous"]',
  "cap_add: [NET_ADMIN]\n    restart: no",
  "container_name: shop_web",
];
for (const yaml of ALLOWED) {
  Deno.test(`allowed: ${yaml}`, async () => assert.deepEqual(await verdict(web(yaml)), []));
}

const REFUSED: [yaml: string, expected: RegExp][] = [
  [
    'ports: ["80:80"]',
    /^compose\.yaml:4:13: services\.web\.ports\[0\]: host port 80 is not this service's/,
  ],
  ['ports: ["8010-8011:80-81"]', /host port 8011/],
  ['ports: ["9000:80"]', /belongs to service "other"/],
  ["ports: [22:22]", /host port 22 /],
  ["ports: [80]", /lets podman pick a host port/],
  ['ports: ["0.0.0.0::80"]', /lets podman pick|is no port/],
  ['ports: ["8000:80:90:100"]', /services\.web\.ports\[0\]/],
  ["ports: [{ target: 80, published: 81 }]", /host port 81/],
  ["ports: 8000", /expected a list/],
  ["ports: [{ target: 80, published: 8000, y: 1 }]", /"y" is not supported/],
  ["network_mode: host", /services\.web\.network_mode: network_mode \(host\) would leave/],
  ["extends: { service: x }", /there is no service "x"/],
  ["privileged: true", /allow = \["privileged"\]/],
  ["cap_add: [SYS_ADMIN]", /allow = \["cap_add:SYS_ADMIN"\]/],
  ["pid: host", /processes of others/],
  ['volumes: ["/etc:/etc"]', /\/etc is outside/],
  ['volumes: ["../x:/x"]', /outside the repository/],
  ['volumes: ["/lib/shop/checkout/../../x:/x"]', /outside/],
  ['volumes: ["~/x:/x"]', /outside/],
  ["container_name: other_web_1", /could be another service's/],
  ["labels: { io.podman.compose.project: other }", /steers podman/],
  ["env_file: ../../etc/passwd", /outside the repository/],
  ['command: "sh -c ${SECRET}"', /SECRET comes from the config, .*would show in argv/],
  ['hostname: "${"', /"\$\{" is never closed/],
];
for (const [yaml, expected] of REFUSED) {
  Deno.test(`refused: ${yaml}`, async () =>
    assert.match((await verdict(web(yaml), POLICY, { SECRET: "x" })).join("\n"), expected));
}

Deno.test("images that are options or files are refused", async () => {
  for (
    const image of [
      "--privileged",
      "localhost/pgo/other/web:1",
      "dir:x",
      "docker-archive:/etc/passwd",
      "A b",
      "oci:x",
    ]
  ) {
    assert.notDeepEqual(await verdict(`services: { web: { image: "${image}" } }`), [], image);
  }
});

Deno.test("includes, other top-level keys, symlinks and bombs are refused", async () => {
  assert.match(
    (await verdict("include: [x]\n" + web("init: true"))).join(),
    /x is not in the repo/,
  );
  assert.match(
    (await verdict("models: {}\n" + web("init: true"))).join(),
    /"models" is not supported/,
  );
  const link = await resolve(memorySource({ "compose.yaml": null }), OPTIONS);
  assert.match(link.findings.map(formatFinding).join(), /is a symlink/);
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (let at = 0; at < 8; at++) {
    bomb.push(
      `${"bcdefghi"[at]}: &${"bcdefghi"[at]} [${Array(10).fill(`*${"abcdefgh"[at]}`).join(",")}]`,
    );
  }
  assert.match((await verdict(bomb.join("\n"))).join(), /more than 20000 values/);
});

Deno.test("a committed symlink leads neither a mount nor a build out of the repository", async () => {
  for (
    const part of [
      "volumes: ['./link:/x']",
      "volumes: ['./link/deep:/x']",
      "build: ./link",
      "build: { context: ., dockerfile: link }",
    ]
  ) {
    const source = memorySource({ "compose.yaml": web(part), link: null });
    const { findings } = await resolve(source, OPTIONS);
    assert.match(findings.map(formatFinding).join(), /link is a symlink/, part);
  }
});

Deno.test("with no ports in the config, any port that is nobody else's", async () => {
  const free = { ...POLICY, ports: undefined };
  assert.deepEqual(await verdict(web('ports: ["80:80"]'), free), []);
  assert.notDeepEqual(await verdict(web('ports: ["9000:80"]'), free), []);
  assert.notDeepEqual(await verdict(web('ports: ["80"]'), free), []);
  assert.notDeepEqual(await verdict(web('ports: ["80:80"]'), { ...POLICY, ports: [] }), []);
});

Deno.test("the usual names, in order", async () => {
  const found = (...paths: string[]) =>
    findComposeFiles(memorySource(Object.fromEntries(paths.map((path) => [path, ""]))));
  assert.deepEqual(await found("docker-compose.yml", "compose.yml"), ["compose.yml"]);
  assert.deepEqual(await found("compose.yaml", "compose.override.yml"), [
    "compose.yaml",
    "compose.override.yml",
  ]);
  assert.deepEqual(await findComposeFiles(memorySource({ "compose.yaml": null })), []);
});

Deno.test("whatever is pushed, resolving does not throw", async () => {
  const seed = web(
    'ports: ["8000:80"]\n    environment: { A: "${B:-c}" }\n    volumes: ["./x:/x"]',
  );
  const mutated = fc.tuple(fc.nat(seed.length), fc.nat(20), fc.string({ unit: "binary" }))
    .map(([at, length, text]) => seed.slice(0, at) + text + seed.slice(at + length));
  await fc.assert(fc.asyncProperty(mutated, async (yaml) => void await verdict(yaml)), {
    numRuns: 1000,
  });
});

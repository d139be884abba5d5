/**
 * Techniques that only podman-compose 1.3.0 obeys, with real podman and real containers: each first works with plain
 * podman-compose, and is then refused by PGO.
 * @module
 */
import assert from "node:assert/strict";
import { composePaths } from "./compose_versions.ts";
import { type Attack, attack, type Home, idle, SECRET, withHome } from "./hostile_home.ts";
import { freePort } from "./port.ts";
import { until } from "./shell.ts";
import { BASE, USERS } from "./users.ts";

const [ALICE] = USERS;
const [, newer] = await composePaths();
/** podman-compose 1.3.0 puts containers into a pod, which would keep them from joining one outside of it. */
const ALONE = "x-podman: { in_pod: false }\n";
const withoutInit = (text: string) => text.replace("    init: true\n", "");

function attacks(home: Home, port: number): Record<string, Omit<Attack, "path">> {
  const { dir, podman } = home;
  const inContainer = (...argv: string[]) => podman("exec", "shop_web_1", ...argv);
  return {
    "a file outside of the repository is included": {
      files: { "compose.yaml": idle("", "include: [../../host/more.yaml]\n") },
      works: async () => assert.match(await podman("exec", "shop_more_1", "env"), /^OWNER=host$/m),
      refusal: /include.*(outside|\.\.)/,
    },
    "the network of another service's container is shared": {
      files: { "compose.yaml": idle("network_mode: container:other", ALONE) },
      works: async () =>
        assert.equal(
          await until("its page", () =>
            inContainer("wget", "-q", "-O", "-", "127.0.0.1:8080"), 10_000),
          "its loopback",
        ),
      refusal: /web\.network_mode/,
    },
    "the processes of another service's container are seen and ended": {
      files: { "compose.yaml": withoutInit(idle("pid: container:other", ALONE)) },
      async works() {
        assert.match(await inContainer("ps"), /httpd -f -p 127\.0\.0\.1:8080/);
        await inContainer("killall", "-9", "httpd");
        await until(
          "its end",
          async () =>
            await podman("inspect", "other", "--format", "{{.State.Running}}") === "false",
        );
      },
      refusal: /web\.pid/,
    },
    "the host's processes are seen": {
      files: { "compose.yaml": withoutInit(idle("pid: host")) },
      works: async () => assert.match(await inContainer("ps"), new RegExp(`^ *${Deno.pid} `, "m")),
      refusal: /web\.pid/,
    },
    "the host's loopback is reached": {
      files: { "compose.yaml": idle("network_mode: host") },
      works: async () =>
        assert.equal(
          await inContainer("wget", "-q", "-O", "-", `127.0.0.1:${port}`),
          "for the host alone",
        ),
      refusal: /web\.network_mode/,
    },
    "a named volume is a folder of the host": {
      files: {
        "compose.yaml": idle(
          `volumes: ["data:/x"]`,
          `volumes: { data: { driver_opts: { type: none, o: bind, device: "${dir}/host" } } }\n`,
        ),
      },
      works: async () => assert.equal(await inContainer("cat", "/x/secret"), SECRET),
      refusal: /volumes\.data\.driver_opts/,
    },
    "a second build context is a folder of the host": {
      files: {
        "compose.yaml":
          `services: { web: { build: { context: ., additional_contexts: { host: "${dir}/host" } }, init: true, command: [sleep, "600"] } }\n`,
        "Dockerfile": `FROM ${BASE}\nCOPY --from=host secret /secret\n`,
      },
      works: async () => assert.equal(await inContainer("cat", "/secret"), SECRET),
      refusal: /web\.build\.additional_contexts/,
    },
    "a program of the repository runs on the host, outside of any container": {
      files: {
        "compose.yaml": idle(`runtime: ${dir}/shop/checkout/evil`),
        "evil": `#!/bin/sh\ncat ${dir}/host/secret > ${dir}/host/stolen\nexec crun "$@"\n`,
      },
      works: async () => assert.equal(await Deno.readTextFile(`${dir}/host/stolen`), `${SECRET}\n`),
      refusal: /web\.runtime/,
    },
  };
}

Deno.test("what podman-compose 1.3.0 obeys, PGO refuses", async (t) => {
  assert.equal(newer?.version, "1.3.0");
  const port = freePort();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    () => new Response("for the host alone"),
  );
  try {
    await withHome(ALICE, async (home) => {
      const more = idle("environment: [OWNER=host]").replace("  web:", "  more:");
      await Deno.writeTextFile(`${home.dir}/host/more.yaml`, more);
      const serve = "echo -n its loopback > /index.html; exec httpd -f -p 127.0.0.1:8080 -h /";
      await home.podman("run", "-d", "--name=other", "--init", BASE, "sh", "-c", serve);
      for (const [what, one] of Object.entries(attacks(home, port))) {
        await t.step(what, () => attack(home, { ...one, path: newer?.path ?? "" }));
      }
    });
  } finally {
    await server.shutdown();
  }
});

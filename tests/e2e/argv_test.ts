import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import type { Service } from "../../lib/compose/model.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import { runFile } from "../../lib/compose/run_file.ts";
import { composeService } from "../compose/generated.ts";
import { memorySource } from "../compose/memory_source.ts";
import { composePaths } from "./compose_versions.ts";
import { sh } from "./shell.ts";

/** Services in the one run file that podman-compose is given: a start of it takes most of a second. */
const SERVICES = 150;

/** Writes each call's words, ended by NUL, and a line of its own between calls; every question is answered with yes. */
const RECORDER = `#!/bin/sh
printf '%s\\0' "$@" END >>"$RECORD"
case $1 in --version) echo podman version 4.3.1 ;; esac
`;

/** Generated services that can be read, each under a name of its own. */
async function generated(seed: number): Promise<Service[]> {
  const found: Service[] = [];
  for (const service of fc.sample(composeService, { seed, numRuns: SERVICES * 20 })) {
    const name = `s${found.length}`;
    const text = stringify({ services: { [name]: service }, volumes: { data: null } });
    const { model } = await resolve(memorySource({ "compose.yaml": text }), {
      service: "shop",
      file: "compose.yaml",
      env: { SECRET: "hunter2" },
      profiles: [],
    });
    // What lies outside is refused, and its path would only be written in another way.
    const inside = (one: Service) => one.mounts.every(({ source }) => !/^(\.\.|~)/.test(source));
    found.push(...(model?.services ?? []).filter(inside));
    if (found.length === SERVICES) break;
  }
  return found;
}

/** What an argv of `podman run` gives a container. */
function given(call: readonly string[]) {
  // What follows the image is the container's own business.
  const image = call.findIndex((word) => word.startsWith("localhost/pgo/shop/"));
  const argv = call.slice(0, image + 1);
  const after = (...flags: string[]) =>
    argv.flatMap((word, at) => flags.includes(argv[at - 1] ?? "") ? [word] : []).sort();
  return {
    ports: after("-p"),
    mounts: after("-v", "--mount", "--tmpfs", "--volume").map((mount) => mount.split(":")[0])
      .sort(),
    privileged: argv.includes("--privileged"),
    granted: after(
      "--cap-add",
      "--device",
      "--sysctl",
      "--security-opt",
      "--pid",
      "--ipc",
      "--uts",
    ),
    networks: argv.filter((word) => word.startsWith("--network=")).concat(
      after("--net", "--network"),
    ),
    images: argv.filter((word) => /^localhost\/pgo\/shop\//.test(word)).length,
  };
}

function shown(service: Service, dir: string) {
  const ports = service.ports.map(({ hostIp, from, to, target, protocol }) => {
    const ip = hostIp.includes(":") ? `[${hostIp}]:` : hostIp ? `${hostIp}:` : "";
    const host = from === undefined ? ip ? ":" : "" : from === to ? `${from}:` : `${from}-${to}:`;
    return `${ip}${host}${target}/${protocol}`;
  });
  return {
    ports: ports.sort(),
    mounts: service.mounts.length,
    binds: service.mounts.filter(({ type }) => type === "bind").map(({ source }) =>
      source.startsWith("/")
        ? source
        : source === "."
        ? `${dir}/checkout`
        : `${dir}/checkout/${source}`
    ).sort(),
    privileged: service.privileges.some(({ name }) => name === "privileged"),
    granted: service.privileges.filter(({ name }) => name !== "privileged").map(({ value }) =>
      value
    ).sort(),
  };
}

for (const { version, path } of await composePaths()) {
  Deno.test(`podman-compose ${version}: what it asks of podman for generated services is what the model shows`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      const services = await generated(Math.trunc(Math.random() * 2 ** 31));
      assert.equal(services.length, SERVICES);
      const deployment = {
        service: "shop",
        id: "1",
        revision: "r",
        checkout: `${dir}/checkout`,
        scratch: dir,
        deployments: dir,
      };
      const volume = {
        name: "data",
        podmanName: undefined,
        external: false,
        internal: false,
        labels: {},
        at: services[0]?.at,
      };
      assert.ok(volume.at);
      const { text, env } = runFile({
        services,
        networks: [],
        volumes: [{ ...volume, at: volume.at }],
      }, deployment);
      await Deno.writeTextFile(`${dir}/run.yaml`, text);
      await Deno.mkdir(`${dir}/bin`);
      // 1.0.3 sleeps for a second after each container.
      await Deno.writeTextFile(
        `${dir}/sitecustomize.py`,
        "import time\ntime.sleep = lambda s: None\n",
      );
      await Deno.writeTextFile(`${dir}/bin/podman`, RECORDER, { mode: 0o755 });
      const search = [`${dir}/bin`, ...path ? [path] : [], Deno.env.get("PATH")].join(":");
      const result = await sh([
        "sh",
        "-c",
        'exec podman-compose -p shop -f "$1" up -d',
        "sh",
        `${dir}/run.yaml`,
      ], {
        env: { ...env, PATH: search, RECORD: `${dir}/record`, HOME: dir, PYTHONPATH: dir },
      });
      const record = await Deno.readTextFile(`${dir}/record`);
      const calls = record.split("\0END\0").map((call) => call.split("\0")).filter(([verb]) =>
        verb === "run"
      );
      assert.equal(calls.length, SERVICES, result.stderr.slice(-2000));
      for (const argv of calls) {
        const name = argv.find((word) => word.startsWith("--name="))?.replace(
          /^--name=shop_|_1$/g,
          "",
        );
        const service = services.find((one) => one.name === name);
        assert.ok(service, String(name));
        const { mounts, images, networks, ...asked } = given(argv);
        const { mounts: count, binds, ...seen } = shown(service, dir);
        assert.deepEqual(asked, seen, argv.join(" "));
        assert.equal(mounts.length, count, argv.join(" "));
        for (const bind of binds) assert.ok(mounts.includes(bind), `${bind} in ${argv.join(" ")}`);
        assert.equal(images, 1);
        assert.ok(networks.every((network) => network.includes("shop_default")), networks.join());
        assert.ok(!argv.join(" ").includes("hunter2"));
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

/**
 * Pushes that are no good.
 * @module
 */
import { status } from "../e2e/services.ts";
import { BASE } from "../e2e/users.ts";
import { ok, sh, until } from "../e2e/shell.ts";
import { DOWN_FIRST, type Fault } from "./fault.ts";
import type { Scene } from "./scene.ts";

/** The push was tried, and did not become live. */
async function hasFailed({ world }: Scene): Promise<boolean> {
  const { last } = await status(world);
  return last.number >= 2 && !["running", "live"].includes(last.outcome);
}

const failed = (scene: Scene) => until("the failure", () => hasFailed(scene), 90_000);

const isRefused = ({ world }: Scene, words: string) => Promise.resolve(world.log().includes(words));

const UNTIL_UP = /command: httpd.*\n/;

/** Pushes that are no good. */
export const CANDIDATES: Fault[] = [
  {
    name: "build error",
    expected: "one",
    starts: false,
    without: DOWN_FIRST,
    harm: "an outage for nothing",
    async happen(scene) {
      await scene.world.push("shop", { Broken: `FROM ${BASE}\nRUN ["/bin/nope"]\n` });
      await scene.publish("two", (text) => text.replace("file: Containerfile", "file: Broken"));
      await failed(scene);
    },
  },
  {
    name: "registry down in mid-deploy",
    expected: "one",
    starts: false,
    without: DOWN_FIRST,
    harm: "an outage for nothing",
    async happen(scene) {
      await scene.publish(
        "two",
        (text) => text.replace(`image: ${BASE}`, "image: 127.0.0.1:9/side:1"),
      );
      await failed(scene);
    },
  },
  {
    name: "YAML error",
    expected: "one",
    starts: false,
    without: [{
      file: "lib/service/candidate.ts",
      find: "    throw new Rejection(findings",
      replace:
        '    await (await import("./switch.ts")).takeDown(service, null, { step() {} } as never);\n    throw new Rejection(findings',
    }],
    harm: "nothing runs",
    async happen(scene) {
      await scene.publish("two", (text) => `${text}\nservices: [\n`);
    },
    holds: (scene) => isRefused(scene, "docker-compose.yml:"),
  },
  {
    name: "violation of the policy",
    expected: "one",
    starts: false,
    without: [{
      file: "lib/service/candidate.ts",
      find: "  if (isRefused(findings) || !model) {",
      replace: "  if (!model) {",
    }],
    harm: "what is not allowed runs",
    async happen(scene) {
      await scene.publish(
        "two",
        (text) => text.replace("init: true", "init: true\n    labels: { pgo.x: y }"),
      );
    },
    holds: (scene) => isRefused(scene, "pgo.x"),
  },
  {
    name: "port taken by a foreign process",
    expected: "one",
    starts: false,
    without: [{
      file: "lib/service/start.ts",
      find: "  const published = wanted.flatMap(({ published }) => published);",
      replace:
        "  const published = wanted.slice(wanted.length).flatMap(({ published }) => published);",
    }],
    harm: "an outage for nothing",
    async happen(scene) {
      const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
      try {
        const { port } = listener.addr;
        const { world } = scene;
        const config = await Deno.readTextFile(`${world.dir}/config.toml`);
        await world.configure(config.replace(/ports = \[/, `ports = ["${port}/0", `));
        await world.signal("HUP");
        await until("the config", () => Promise.resolve(world.log().includes("Config read again")));
        await scene.publish("two", (text) => text.replace(/(ports: \[)/, `$1"${port}:81", `));
        await failed(scene);
      } finally {
        listener.close();
      }
    },
  },
  {
    name: "container exits at once",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/switch.ts",
      find: "    await bringUp(service, previous, output);\n    await remember",
      replace: "    await remember",
    }, {
      file: "lib/service/heal.ts",
      find: "  if (found.length === 0) {",
      replace: "  if (found.length >= 0) {",
    }],
    harm: "nothing runs",
    async happen(scene) {
      await scene.publish(
        "two",
        (text) => text.replace(UNTIL_UP, 'command: ["sh", "-c", "exit 3"]\n'),
      );
      await failed(scene);
    },
  },
  {
    name: "never healthy",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/gate.ts",
      find: "    const { check } = watched;",
      replace: "    const { check } = watched;\n    if (check) return true;",
    }],
    harm: "what is not healthy serves",
    async happen(scene) {
      await scene.publish(
        "two",
        (text) =>
          text.replace(
            UNTIL_UP,
            (line) =>
              `${line}    healthcheck: { test: [CMD, test, -f, /never], interval: 300ms, retries: 3 }\n`,
          ),
      );
    },
    holds: hasFailed,
  },
  {
    name: "restarts in a loop",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/gate.ts",
      find: "    if (++watched.starts > STARTS) {",
      replace: "    if (++watched.starts > 1e9) {",
    }],
    harm: "nobody serves",
    async happen(scene) {
      await scene.publish(
        "two",
        (text) =>
          text.replace(UNTIL_UP, 'command: ["sh", "-c", "sleep 1; exit 1"]\n    restart: always\n'),
      );
    },
    holds: hasFailed,
  },
  {
    name: "force push of another history",
    expected: "two",
    starts: true,
    without: [
      {
        file: "lib/host/git.ts",
        find: "    const refspec = `+${ref}:${ref}`;",
        replace: "    const refspec = `${ref}:${ref}`;",
      },
      {
        file: "lib/host/git.ts",
        find: "      if (code !== 0 || !await fetchedTip()) await clone(signal);",
        replace: "      if (code > 999) await clone(signal);",
      },
      {
        file: "lib/service/follow.ts",
        find: "    await git.clone(signal);\n    await adoptTip",
        replace: "    await adoptTip",
      },
    ],
    harm: "the push never arrives",
    async happen({ world, publish }) {
      const work = `${world.dir}/work-shop`;
      await ok(["git", "-C", work, "checkout", "-q", "--orphan", "other"]);
      await publish("two");
      await sh(["git", "-C", work, "branch", "-D", "main"]);
    },
  },
  {
    name: "two pushes during a deployment",
    expected: "four",
    starts: true,
    without: [{
      file: "lib/service/reconcile.ts",
      find: "    service.handled = tip;\n    service.quarantine = report",
      replace:
        "    service.handled = await service.git.remoteTip();\n    await service.git.fetch();\n    service.quarantine = report",
    }],
    harm: "the newest push never arrives",
    async happen({ halts, publish }) {
      await halts.halt("after", "--pull-never build");
      await publish("two");
      await halts.reached();
      await publish("three");
      await publish("four");
    },
  },
];

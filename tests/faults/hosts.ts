/**
 * What happens to a host: disks, clocks, ledgers, mirrors, operators, reboots.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { sleep } from "../../lib/host/clock.ts";
import { status } from "../e2e/services.ts";
import { as, ok, sh, until } from "../e2e/shell.ts";
import { DOWN_FIRST, type Fault } from "./fault.ts";
import { type Scene, USER } from "./scene.ts";

const LEDGER = ["pgo.db", "pgo.db-wal", "pgo.db-shm"];

async function live({ world }: Scene, number: number): Promise<void> {
  await until(`deployment ${number}`, async () => {
    const { deployment, busy } = await status(world);
    return deployment === number && !busy;
  }, 60_000);
}

/** What happens to a host. */
export const HOSTS: Fault[] = [
  {
    name: "container removed behind pgod's back",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/heal.ts",
      find: "  if (found.length === 0) {",
      replace: "  if (found.length >= 0) {",
    }],
    harm: "nothing runs",
    async happen({ visitor }) {
      await as(USER, ["podman", "rm", "-f", "-t", "0", "shop_web_1"]);
      await until("it is gone", () => Promise.resolve(visitor.page === ""));
    },
  },
  {
    name: "container's monitor killed",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/heal.ts",
      find: "  if (found.length === 0) {",
      replace: "  if (found.length >= 0) {",
    }],
    harm: "nothing runs, and podman says it does",
    async happen({ visitor }) {
      const id = await as(USER, ["podman", "inspect", "--format", "{{.Id}}", "shop_web_1"]);
      const { stdout } = await as(USER, ["ps", "-u", USER, "-o", "pid=,args="]);
      const processes = stdout.split("\n").filter((line) => line.includes(id.stdout.trim()));
      const pids = processes.map((line) => line.trim().split(" ")[0] ?? "");
      if (pids.length === 0) throw new Error("no monitor found");
      await as(USER, ["kill", "-s", "KILL", ...pids]);
      await until("nothing answers", () => Promise.resolve(visitor.page === ""));
    },
  },
  {
    name: "mirror corrupted",
    expected: "two",
    starts: true,
    without: [
      {
        file: "lib/service/follow.ts",
        find: "    await git.clone(signal);\n    await adoptTip",
        replace: "    await adoptTip",
      },
      {
        file: "lib/service/follow.ts",
        find: "    await service.git.clone();\n    return await read();",
        replace: "    throw error;",
      },
      {
        file: "lib/host/git.ts",
        find: "      if (code !== 0 || !await fetchedTip()) await clone(signal);",
        replace: "      if (code > 999) await clone(signal);",
      },
    ],
    harm: "the push never arrives",
    async happen({ dir, publish }) {
      // A broken disk: what is there is not what it says. Git mends by itself what is only missing.
      const spoil =
        'find "$1/objects" -type f -exec sh -c "chmod u+w \\$1; echo spoilt >\\$1" sh {} ";"';
      await ok(["sh", "-c", spoil, "sh", `${dir}/mirror.git`]);
      await publish("two");
    },
  },
  {
    name: "checkout deleted",
    expected: "one",
    starts: false,
    without: [{
      file: "lib/service/reconcile.ts",
      find: "    if (!seen.checkedOut) await advance(service, tip);",
      replace: "",
    }],
    harm: "it never comes back",
    async happen({ dir }) {
      await ok(["rm", "-rf", `${dir}/checkout`]);
    },
    holds: async ({ dir }) =>
      await Deno.readTextFile(`${dir}/checkout/www/index.html`).catch(() => "") === "one",
  },
  {
    name: "remote gone for five ticks",
    expected: "two",
    starts: true,
    without: [{
      file: "lib/service/poller.ts",
      find: "      failures = error instanceof RemoteError ? failures + 1 : 0;",
      replace:
        "      if (error instanceof RemoteError && ++failures > 4) return;\n      failures = failures % 5;",
    }],
    harm: "later pushes never arrive",
    async happen({ world, publish }) {
      const remote = `${world.dir}/shop.git`;
      await ok(["mv", remote, `${remote}.away`]);
      const asked = () => world.log().split("ls-remote").length;
      const before = asked();
      await until("five ticks", () => Promise.resolve(asked() >= before + 5));
      await ok(["mv", `${remote}.away`, remote]);
      await publish("two");
    },
  },
  diskFault(),
  ledgerFault("ledger deleted", async (paths) => void await ok(["rm", "-f", ...paths]), [{
    file: "lib/service/state.ts",
    find: "  const known = ledger.service(config.name);",
    replace: "  if (text !== null) return;\n  const known = ledger.service(config.name);",
  }], "everything is deployed anew"),
  ledgerFault(
    "ledger corrupted",
    async ([path = ""]) => await Deno.writeTextFile(path, "no database ".repeat(999)),
    [{
      file: "lib/service/open_ledger.ts",
      find: "    const why = (error as Error).message;",
      replace: "    if (error) throw error;\n    const why = (error as Error).message;",
    }],
    "pgod does not start",
  ),
  {
    name: "clock moved back",
    expected: "two",
    starts: true,
    without: [{
      file: "lib/service/ledger.ts",
      find: "       ORDER BY number DESC LIMIT 1`,\n    ).get(service, number)",
      replace: "       ORDER BY started DESC LIMIT 1`,\n    ).get(service, number)",
    }],
    harm: "a rollback to the wrong revision",
    async happen(scene) {
      const { world, publish } = scene;
      assertEqual(await world.stop(), 0);
      // What was recorded before the clock was moved lies in the future after it.
      const ledger = new DatabaseSync(`${world.dir}/lib/pgo.db`);
      ledger.exec(
        "UPDATE deployment SET started = '2099-01-01T00:00:00.000Z', ended = '2099-01-01T00:00:01.000Z'",
      );
      ledger.close();
      await world.start();
      await publish("two");
      await live(scene, 2);
      await publish("three");
      await live(scene, 3);
      assertEqual((await world.pgoctl("shop//rollback")).code, 0);
    },
  },
  {
    name: "operator's down during a deployment",
    expected: "",
    starts: true,
    without: [{
      file: "lib/commands/lifecycle.ts",
      find: '      await stopFor(call, "down");\n',
      replace: "",
    }],
    harm: "it comes back by itself",
    async happen({ world, halts, publish, visitor }) {
      await halts.halt("after", "--pull-never build");
      await publish("two");
      await halts.reached();
      const down = world.pgoctl("shop//down");
      await until("it waits", () => Promise.resolve(world.log().includes("--pull-never build")));
      await halts.release();
      assertEqual((await down).code, 0);
      await until("it is down", () => Promise.resolve(visitor.page === ""));
      // Long enough for ticks to bring it back.
      await sleep(6_000);
    },
  },
  {
    name: "host reboots: all containers stopped, /run/user gone",
    expected: "one",
    starts: true,
    without: [{
      file: "lib/service/poller.ts",
      find: "          say(service, await ensureLive(service, output));\n",
      replace: "",
    }, {
      file: "lib/service/heal.ts",
      find: "  if (found.length === 0) {",
      replace: "  if (found.length >= 0) {",
    }],
    harm: "nothing runs",
    async happen({ world, visitor }) {
      assertEqual(await world.stop(), 0);
      await as(USER, ["podman", "stop", "-a", "-t", "0"]);
      const uid = await ok(["id", "-u", USER]);
      await ok(["sh", "-c", 'rm -rf "/run/user/$1"', "sh", uid]);
      await until("nothing runs", () => Promise.resolve(visitor.page === ""));
      await world.start();
    },
  },
];

/** Milliseconds that a visitor may miss by chance where nothing is started. */
const BLINK = 150;

/** The disk is full when the candidate was built; once there is room again it is deployed. */
function diskFault(): Fault {
  let missed = NaN;
  return {
    name: "disk full in --dir",
    expected: "two",
    starts: true,
    without: DOWN_FIRST,
    harm: "an outage while nothing can be deployed",
    async happen({ world, halts, publish, visitor }) {
      const dir = `${world.dir}/lib`;
      const onDisk = (script: string) => ok(["sh", "-c", script, "sh", dir]);
      assertEqual(await world.stop(), 0);
      await onDisk(
        'cp -a "$1" "$1.disk" && rm -rf "$1"/* && mount -t tmpfs -o size=4m,mode=755 tmpfs "$1" && cp -a "$1.disk"/. "$1"/',
      );
      try {
        await world.start();
        await until("it is known again", async () => (await status(world)).deployment === 1);
        await halts.halt("after", "--pull-never build");
        await publish("two");
        await halts.reached();
        await sh(["sh", "-c", 'cat /dev/zero >"$1/shop/data/full"', "sh", dir]);
        await halts.release();
        await until(
          "trouble",
          () => Promise.resolve(/No space left|disk is full/i.test(world.log())),
        );
        await sleep(3_000);
        missed = visitor.outage;
      } finally {
        await world.stop();
        await onDisk(
          'rm -f "$1/shop/data/full"; cp -a "$1"/. "$1.disk"/; umount -l "$1"; cp -a "$1.disk"/. "$1"/; rm -rf "$1.disk"',
        );
        await world.start();
      }
      await world.pgoctl("shop//sync", ["--retry"]);
    },
    holds: () => Promise.resolve(missed <= BLINK),
  };
}

function ledgerFault(
  name: string,
  harmIt: (paths: string[]) => Promise<void>,
  without: Fault["without"],
  harm: string,
): Fault {
  return {
    name,
    expected: "one",
    starts: false,
    without,
    harm,
    async happen(scene) {
      const { world } = scene;
      assertEqual(await world.stop(), 0);
      await harmIt(LEDGER.map((file) => `${world.dir}/lib/${file}`));
      // A pgod that does not start is a harm too: then its status cannot be asked.
      await world.start().catch(() => {});
      await sleep(3_000);
    },
    holds: async ({ world }) => (await status(world)).deployment !== null,
  };
}

function assertEqual(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${actual} instead of ${expected}`);
}

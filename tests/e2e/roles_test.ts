/**
 * Who may do what, with real containers: roles, addresses, times, admins, and the lines that the log keeps of it.
 * @module
 */
import assert from "node:assert/strict";
import { commandFlags } from "../../lib/config/permissions.ts";
import { sshCommand } from "./clients.ts";
import { PGOD } from "./pgod.ts";
import { ok, sh, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;

const COMPOSE = `services:
  web: { image: ${BASE}, init: true, command: sleep 1000 }
`;

/** Options before the keys in shop's ssh/, by name. */
const OPTIONS: Record<string, string> = {
  reader: 'pgo-role="read",no-pty ',
  operator: "",
  near: 'from="127.0.0.0/8,!127.0.0.66",expiry-time="20990101Z" ',
  away: 'from="192.0.2.0/24" ',
  late: 'expiry-time="20200101" ',
  odd: 'command="true" ',
};

function configOf({ dir }: Pick<World, "dir">): string {
  const service = (name: string, user: string) =>
    `[[services]]\nname = "${name}"\nuser = "${user}"\nrepository = "file://${dir}/${name}.git"\nports = []\n`;
  const tables = `[global]\nadmin_keys = "${dir}/admins"\n[ssh]\nstall = "2s"\n`;
  return `${tables}${service("shop", ALICE)}${service("wiki", BOB)}`;
}

/** Makes the keys and pushes them; the file of admins holds the key "admin". */
async function handOut(world: World): Promise<void> {
  const files: Record<string, string> = {};
  for (const name of [...Object.keys(OPTIONS), "admin"]) {
    await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", world.key(name)]);
    const text = await Deno.readTextFile(`${world.key(name)}.pub`);
    if (name === "admin") await Deno.writeTextFile(`${world.dir}/admins`, text, { mode: 0o600 });
    else files[`ssh/${name}.pub`] = OPTIONS[name] + text;
  }
  await world.push("shop", files);
}

/** How often the log has a line with all of `words`. */
const count = (world: World, ...words: string[]) =>
  world.log().split("\n").filter((line) => words.every((word) => line.includes(word))).length;

Deno.test("who may do what", async (t) => {
  await Promise.all([baseImage(ALICE), baseImage(BOB)]);
  await withWorld({
    files: { shop: { "compose.yaml": COMPOSE }, wiki: { "compose.yaml": COMPOSE } },
    config: configOf,
    interval: "20s",
  }, async (world) => {
    await handOut(world);
    await world.start();
    await until("both are live", () => Promise.resolve(count(world, "is live") === 2));
    const run = (key: string, target: string, args: string[] = []) =>
      world.pgoctl(target, args, { key });

    await t.step("roles: read looks, operate changes, exec runs programs", async () => {
      for (
        const [key, ps, restart, exec] of [
          ["reader", 0, 77, 77],
          ["operator", 0, 0, 77],
          ["good", 0, 0, 0],
        ] as const
      ) {
        const codes = [
          (await run(key, "shop//ps")).code,
          (await run(key, "shop//restart", ["web"])).code,
          (await run(key, "shop//exec", ["web", "true"])).code,
        ];
        assert.deepEqual(codes, [ps, restart, exec], key);
      }
      assert.match(
        (await run("operator", "shop//exec", ["web", "true"])).stderr,
        /Key SHA256:\S+ has the role "operate" for shop, but exec needs "exec": pgo-role="exec" before the key in ssh\/operator\.pub/,
      );
    });

    await t.step("addresses, times and options that cannot be honoured", async () => {
      assert.equal((await world.ssh("shop//ping", { key: "near" })).code, 0);
      for (const key of ["away", "late", "odd"]) {
        assert.match((await world.ssh("shop//ping", { key })).stderr, /Permission denied/, key);
      }
      const elsewhere = ["-o", "BindAddress=127.0.0.66"];
      assert.equal((await world.ssh("shop//ping", { key: "near", more: elsewhere })).code, 255);
      assert.equal(count(world, "shop: ssh/odd.pub:1: the option", "command"), 1);
      assert.equal(count(world, "Login refused: not from this address", "remote=127.0.0.66:"), 1);
    });

    await t.step(
      "an admin operates every service; nobody else learns which there are",
      async () => {
        assert.equal((await run("admin", "wiki//ps")).code, 0);
        assert.equal((await run("admin", "shop//exec", ["web", "true"])).code, 77);
        assert.match((await run("admin", "none//ps")).stderr, /No service found with name "none"/);
        const stranger = await run("operator", "none//ps");
        assert.match(stranger.stderr, /does not match any for name none/);
        assert.equal(
          stranger.stderr.replaceAll("none", "wiki"),
          (await run("operator", "wiki//ps")).stderr,
        );
        const listed = JSON.parse((await run("admin", "//status", ["--json"])).stdout);
        assert.deepEqual(
          listed.map(({ service, role, containers }: Record<string, unknown>) => [
            service,
            role,
            containers,
          ]),
          ["shop", "wiki"].map((name) => [name, "operate", { running: 1, all: 1 }]),
        );
        assert.match(
          (await world.ssh("//status", { key: "reader" })).stdout,
          /^SERVICE .*\nshop .* read +1\/1 [^\n]* live\n$/,
        );
      },
    );

    await t.step("one line for each command, with who, what and how much", () => {
      const line = world.log().split("\n").find((line) =>
        line.includes("Command") && line.includes("command=exec") && line.includes("role=exec")
      );
      assert.match(
        line ?? "",
        /remote=127\.0\.0\.1:\d+ .*key=SHA256:\S+ .*comment=good .*args="web true" .*status=0 received=0 sent=0 ms=\d+$/,
      );
      assert.equal(count(world, "Command", "command=exec", "role=exec"), 1);
      assert.equal(count(world, "Command", "command=exec", "comment=operator", "status=401"), 2);
    });

    await t.step(
      "a client that does not read its output is ended, and its program too",
      async () => {
        const [program = "", ...args] = sshCommand(world, "shop//exec web yes");
        const child = new Deno.Command(program, {
          args,
          stdin: "null",
          stdout: "piped",
          stderr: "null",
        })
          .spawn();
        await until("it runs", async () => /\byes\b/.test(await processes()));
        child.kill("SIGSTOP");
        await until("it is ended", async () => !/\byes\b/.test(await processes()), 20_000);
        assert.equal(count(world, "Connection ended: its client takes nothing"), 1);
        assert.equal((await world.ssh("shop//ping")).code, 0);
        child.kill("SIGKILL");
        await child.stdout.cancel();
        await child.status;
      },
    );

    await t.step(
      "the file of admins is read again at SIGHUP, and trusted only while it is root's",
      async () => {
        const file = `${world.dir}/admins`;
        await ok(["chmod", "666", file]);
        await world.signal("HUP");
        await until(
          "it is refused",
          () => Promise.resolve(count(world, "can be written by others") > 0),
        );
        assert.equal((await run("admin", "wiki//ping")).code, 0, "what was read before stays");
        const check = await sh([
          "deno",
          "run",
          "-q",
          ...commandFlags("check", { how: "runuser", config: `${world.dir}/config.toml` }),
          PGOD,
          "check",
          "-c",
          `${world.dir}/config.toml`,
        ]);
        assert.equal(check.code, 2);
        assert.match(
          check.stderr,
          /config\.toml:2:1: global\.admin_keys: .* can be written by others/,
        );
        await ok(["chmod", "600", file]);
        await Deno.writeTextFile(file, "nonsense\n");
        await world.signal("HUP");
        await until("it is read", () => Promise.resolve(count(world, "admins:1:", "nonsense") > 0));
        assert.equal((await run("admin", "wiki//ping")).code, 77);
      },
    );
  });
});

/** What ALICE's processes are, those of her containers' root too. */
const processes = () => ok(["ps", "-u", ALICE, "-o", "args="]);

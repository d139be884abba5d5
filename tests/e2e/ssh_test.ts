/**
 * Every client against a real service: what a job does with it, and what a person does in a terminal.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "shlex";
import { sleep } from "../../lib/host/clock.ts";
import { type Client, CLIENTS, type Place } from "../ssh/every_client.ts";
import { type Screen, withScreen } from "./screen.ts";
import { withShop } from "./services.ts";
import { as, denoDir, ok, sh, until } from "./shell.ts";
import { USERS } from "./users.ts";

const [ALICE] = USERS;

/** What a program in the container "web" prints. */
const inside = async (...argv: string[]) =>
  (await as(ALICE, ["podman", "exec", "shop_web_1", ...argv])).stdout;

/** What a job does: looks, runs a program that reads and fails, and follows what is printed until it is ended. */
async function operate(
  run: (line: string, stdin?: string) => ReturnType<typeof sh>,
  follow: string[],
  env: Record<string, string>,
): Promise<void> {
  assert.match((await run("shop//ping")).stdout, /^pong! - /);
  assert.match((await run("shop//ps")).stdout, /^CONTAINER ID[^]*shop_web_1/);
  const { code, stdout, stderr } = await run(
    `shop//exec web sh -c 'read x; echo "<$x>"; echo err >&2; exit 5'`,
    "in\n",
  );
  assert.deepEqual([code, stdout], [5, "<in>\n"], stderr);
  assert.match(stderr, /err\n/);
  const [program = "", ...args] = follow;
  const streams = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  const child = new Deno.Command(program, { args, env, ...streams }).spawn();
  let seen = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (seen.split("tick\n").length > 3) break;
  }
  child.kill("SIGKILL");
  await child.status;
  await child.stdin.abort();
  assert.match(seen, /^(tick\n){3}/);
}

/** What a person does: `start` is the line that begins a shell in the container. */
async function sitDown(screen: Screen, start: string): Promise<void> {
  // Only then tmux has made its terminal what it is.
  await screen.wait(/^\$$/m);
  const modes = await screen.modes();
  await screen.type(start, "Enter");
  await screen.wait(/^\/ #$/m);

  await screen.type("clear; tty; echo $TERM; stty size", "Enter");
  await screen.wait(/^\/dev\/pts\/\d+\nxterm-256color\n30 100$/m);
  await screen.resize(90, 25);
  await until("it has the new size", async () => {
    await screen.type("clear; stty size", "Enter");
    await sleep(300);
    return /^25 90$/m.test(await screen.shows());
  });
  await screen.resize(100, 30);

  await screen.type("clear; sleep 1000", "Enter");
  await until("it sleeps", async () => /sleep 1000/.test(await inside("ps")));
  await screen.type("C-c");
  await screen.type("echo code $?", "Enter");
  await screen.wait(/^code 130$/m);

  await screen.type("rm -f /note; vi /note", "Enter");
  await screen.wait(/^- \/note/m);
  await screen.type("i", "first line", "Enter", "second");
  await screen.wait(/^second$[^]*^I \/note/m);
  await screen.type("Escape");
  await screen.wait(/^- \/note/m);
  await screen.type(":wq", "Enter");
  await screen.wait(/^\/ #$/m);
  assert.equal(await inside("cat", "/note"), "first line\nsecond\n");

  await screen.type("clear", "Enter", "C-d");
  await screen.wait(/^\$$/m);
  await screen.type("echo code $?", "Enter");
  await screen.wait(/^code 0$/m);
  assert.equal(await screen.modes(), modes);
}

Deno.test("SSH clients of all kinds, and terminals", (t) =>
  withShop(async (world) => {
    const { dir, port } = world;
    const [, hostKey = ""] = (await ok(["ssh-keygen", "-lf", `${dir}/lib/ssh_host_ed25519_key`]))
      .split(" ");
    const place: Place = { dir, port, hostKey };
    const env = { HOME: dir, USER: "miek", DENO_DIR: denoDir() };
    const line = (client: Client, line: string, ...more: string[]) =>
      join(client.argv(place, "good", line, more));
    for (const client of CLIENTS) {
      await t.step(`${client.name}: ps, exec with stdin and an exit code, logs -f`, async () => {
        if (client.convert) await ok(client.convert(`${dir}/good`));
        const argv = (line: string) => client.argv(place, "good", line);
        await operate(
          (line, stdin) => sh(argv(line), { env, stdin: stdin ?? "" }),
          argv("shop//logs -f -n 1 side"),
          env,
        );
      });
    }
    await t.step("of logs -f nothing is left when its clients are killed", async () => {
      const logs = async () => /podman logs/.test(await ok(["ps", "-u", ALICE, "-o", "args="]));
      await until("podman logs is ended", async () => !(await logs()));
    });

    const byName = (wanted: string) => CLIENTS.filter(({ name }) => name === wanted);
    for (const client of [...byName("OpenSSH"), ...byName("pgoctl")]) {
      await t.step(`${client.name} -t: size, keys, vi, and the terminal as it was`, () =>
        withScreen(env, (screen) => sitDown(screen, line(client, "shop//exec web sh", "-t"))));
    }
    for (const client of [...byName("dbclient"), ...byName("plink")]) {
      await t.step(`${client.name} -t: a terminal, and its exit code`, () =>
        withScreen(env, async (screen) => {
          const exec = line(client, "shop//exec web sh -c 'tty; stty size; exit 7'", "-t");
          await screen.type(`clear; ${exec}; echo code $?`, "Enter");
          await screen.wait(/\/dev\/pts\/\d+\n30 100\ncode 7$/m);
        }));
    }
    for (const client of byName("pgoctl")) {
      await t.step("pgoctl -t, ended by TERM: the terminal is as it was, vi is gone", () =>
        withScreen(env, async (screen) => {
          const modes = await screen.modes();
          const vi = line(client, "shop//exec web vi /file", "-t");
          const start = join(["sh", "-c", `echo $$ >${dir}/pid; exec ${vi}`]);
          await screen.type(`clear; ${start}`, "Enter");
          await screen.wait(/^- \/file/m);
          assert.notEqual(await screen.modes(), modes);
          await ok(["kill", (await Deno.readTextFile(`${dir}/pid`)).trim()]);
          await screen.wait(/^\$$/m);
          await screen.type("echo code $?", "Enter");
          await screen.wait(/^code 143$/m);
          assert.equal(await screen.modes(), modes);
          await until("vi is gone", async () =>
            !/vi \/file/.test(await inside("ps")));
        }));
      await t.step("pgoctl -t logs -f: lines begin at the left, and Ctrl-C ends it", () =>
        withScreen(env, async (screen) => {
          await screen.type(`clear; ${line(client, "shop//logs -f -n 1 side", "-t")}`, "Enter");
          await screen.wait(/^tick\ntick$/m);
          await screen.type("C-c");
          await screen.wait(/^\$$/m);
          await screen.type("echo code $?", "Enter");
          await screen.wait(/^code 130$/m);
        }));
      await t.step(
        "pgoctl without -t: Ctrl-C reaches the program, and its exit code comes back",
        () =>
          withScreen(env, async (screen) => {
            const program = `trap "echo got; exit 9" INT; echo ready; sleep 1000 & wait`;
            await screen.type(
              `clear; ${line(client, join(["shop//exec", "web", "sh", "-c", program]))}`,
              "Enter",
            );
            await screen.wait(/^ready$/m);
            await screen.type("C-c");
            await screen.wait(/got$/m);
            await screen.wait(/^\$$/m);
            await screen.type("echo code $?", "Enter");
            await screen.wait(/^code 9$/m);
          }),
      );
    }
  }));

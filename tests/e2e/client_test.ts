/**
 * pgoctl as people have it: an agent, a locked key, an alias, IPv6, a pinned host, against a real pgod.
 * @module
 */
import assert from "node:assert/strict";
import { withAgent } from "../client/agent.ts";
import { pgoctlCommand } from "./clients.ts";
import { permittedCommand, startLogging } from "./pgod.ts";
import { freePort } from "./port.ts";
import { oneService, web } from "./services.ts";
import { denoDir, ok, sh, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const [ALICE] = USERS;

Deno.test("pgoctl reaches a real pgod with an agent, an alias, IPv6 and a pinned host", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  await withWorld({
    files: { shop: web(port, "one") },
    config: (world) => oneService(world, port),
  }, async (world) => {
    const { dir } = world;
    const home = `${dir}/home`;
    const ssh = freePort();
    const flags = ["-c", `${dir}/config.toml`, "-s", `[::1]:${ssh}`, "--dir", `${dir}/lib`];
    let log = "";
    const pgod = startLogging(
      [...await permittedCommand(flags), "-t", "1s"],
      (text) => log += text,
    );
    const socket = `${dir}/agent`;
    const run = (argv: string[], env: Record<string, string> = {}) =>
      sh([...pgoctlCommand(home, env["SSH_AUTH_SOCK"]), ...argv], {
        env: { HOME: home, USER: "miek", DENO_DIR: denoDir(), ...env },
      });
    try {
      await until(`pgod listens\n${log}`, () => Promise.resolve(log.includes("Launched servers")));
      const first = ["-i", `${dir}/good`, "-p", `${ssh}`, "--known-hosts", "/dev/null"];
      await until(
        "the key is known",
        async () => (await run([...first, "[::1]:shop//ping"])).code === 0,
      );
      const hostKey = (await ok(["ssh-keygen", "-y", "-f", `${dir}/lib/ssh_host_ed25519_key`]))
        .trim();

      await t.step("user@[::1], and the host is pinned as ssh names it", async () => {
        const argv = ["-i", `${dir}/good`, "-p", `${ssh}`, "ann@[::1]:shop//ping"];
        const { code, stdout, stderr } = await run(argv);
        assert.deepEqual([code, /^pong! - /.test(stdout)], [0, true], stderr);
        assert.match(stderr, new RegExp(`new host \\[::1\\]:${ssh} with key SHA256:`));
        const known = ["-F", `[::1]:${ssh}`, "-f", `${home}/.ssh/known_hosts`];
        assert.match(await ok(["ssh-keygen", ...known]), / found: line 1/);
        const strict = await run(["--strict", ...argv]);
        assert.deepEqual([strict.code, strict.stderr], [0, ""]);
      });

      await t.step("an alias, with the key of an agent alone; --json all the way", async () => {
        const config =
          `Host prod\n  HostName ::1\n  Port ${ssh}\n  User ann\nHost *\n  IdentityAgent ${socket}\n`;
        await Deno.writeTextFile(`${home}/.ssh/config`, config, { mode: 0o600 });
        await withAgent(socket, [`${dir}/wrong`, `${dir}/good`], async () => {
          const env = { SSH_AUTH_SOCK: socket };
          const { code, stdout, stderr } = await run(["--json", "prod:shop//status"], env);
          assert.equal(code, 0, stderr);
          assert.equal(typeof JSON.parse(stdout), "object");
        });
        const alone = await run(["prod:shop//ping"]);
        assert.equal(alone.code, 64, "the agent is gone, and there is no file");
      });

      await t.step("PGOCTL_HOST_KEY: the right one, a wrong one", async () => {
        const argv = ["-F", "none", "-i", `${dir}/good`, "-p", `${ssh}`, "[::1]:shop//ping"];
        await Deno.remove(`${home}/.ssh/known_hosts`);
        const right = await run(argv, { PGOCTL_HOST_KEY: hostKey });
        assert.deepEqual([right.code, right.stderr], [0, ""]);
        const other = await Deno.readTextFile(`${dir}/wrong.pub`);
        assert.equal((await run(argv, { PGOCTL_HOST_KEY: other })).code, 76);
        await assert.rejects(Deno.stat(`${home}/.ssh/known_hosts`), Deno.errors.NotFound);
      });

      await t.step(
        "a refusal says which key was offered, and where it would have to be",
        async () => {
          const print = (await ok(["ssh-keygen", "-l", "-f", `${dir}/wrong.pub`])).split(" ")[1] ??
            "?";
          const argv = ["-F", "none", "-i", `${dir}/wrong`, "-p", `${ssh}`, "[::1]:shop//ping"];
          const { code, stderr } = await run(argv);
          assert.equal(code, 77);
          assert.ok(stderr.includes(`offered: ${print} (${dir}/wrong)`), stderr);
          assert.match(stderr, /has to be in ssh\/ of shop's repository, at the tip of its branch/);
        },
      );

      await t.step("an ordinary sshd is told from a pgod, and its key is not pinned", async () => {
        const port = freePort();
        await ok(["mkdir", "-p", "/run/sshd"]);
        const options = ["-o", "PidFile=none", "-h", `${dir}/wrong`];
        const args = ["-D", "-f", "/dev/null", ...options, "-o", `ListenAddress=[::1]:${port}`];
        const sshd = new Deno.Command("/usr/sbin/sshd", {
          args,
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
        try {
          const known = `${dir}/of-sshd`;
          const to = ["-i", `${dir}/good`, "--known-hosts", known, "-p", `${port}`];
          const argv = [...to, "[::1]:shop//ping"];
          let end = await run(argv);
          await until("sshd answers", async () => {
            end = await run(argv);
            return !end.stderr.includes("nothing listens");
          });
          assert.equal(end.code, 69);
          assert.match(
            end.stderr,
            /^pgoctl: ::1 port \d+ is an ordinary SSH server \(OpenSSH_\S+\), not pgod \(pgod's own port is 2222/,
          );
          await assert.rejects(Deno.stat(known), Deno.errors.NotFound);
        } finally {
          await ok(["kill", `${sshd.pid}`]);
          await sshd.status;
        }
      });
    } finally {
      await ok(["kill", "-s", "TERM", `${pgod.child.pid}`]);
      await pgod.ended;
    }
  });
});

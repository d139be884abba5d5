/**
 * One known_hosts file for pgoctl and for OpenSSH's own programs.
 * @module
 */
import assert from "node:assert/strict";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Loopback, outcome, withServer } from "../ssh/loopback.ts";

const handle: Handle = () => Promise.resolve(0);

/** Runs ssh against the server with no other pins than those of `file`; its exit code, 255 for a refusal. */
async function sshCode({ dir, port }: Loopback, file: string): Promise<number> {
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${file}`,
    "GlobalKnownHostsFile=/dev/null",
  ].flatMap((option) => ["-o", option]);
  const to = ["-p", `${port}`, "-i", `${dir}/good`, "127.0.0.1", "x//ps"];
  const args = ["-F", "none", ...options, ...to];
  const { code } = await new Deno.Command("ssh", { args, stdin: "null", stderr: "null" }).output();
  return code;
}

async function keygen(...args: string[]): Promise<{ code: number; stdout: string }> {
  const { code, stdout } = await new Deno.Command("ssh-keygen", { args, stderr: "null" }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

for (const hash of ["no", "yes"]) {
  Deno.test(`what pgoctl writes with HashKnownHosts ${hash}, ssh and ssh-keygen find`, () =>
    withServer({ handle }, async (loopback) => {
      const { dir, pgoctl, port } = loopback;
      const [file, config] = [`${dir}/.ssh/known_hosts`, `${dir}/config`];
      await Deno.writeTextFile(config, `HashKnownHosts ${hash}\n`);
      const argv = ["-F", config, "-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//ps"];
      assert.match((await outcome(pgoctl(argv))).stderr, /new host .* added to /);
      assert.equal((await Deno.readTextFile(file)).startsWith("|1|"), hash === "yes");
      const found = await keygen("-F", `[127.0.0.1]:${port}`, "-f", file);
      assert.deepEqual([found.code, /ssh-ed25519/.test(found.stdout)], [0, true]);
      assert.equal(await sshCode(loopback, file), 0);
      assert.equal((await keygen("-F", "127.0.0.1", "-f", file)).code, 1);
    }));
}

for (const hashed of [false, true]) {
  Deno.test(`what ssh writes${hashed ? ", hashed by ssh-keygen -H," : ""} pgoctl --strict takes`, () =>
    withServer({ handle }, async (loopback) => {
      const { dir, ssh, pgoctl, port } = loopback;
      assert.equal((await outcome(ssh(["x//ps"]))).code, 0);
      const file = `${dir}/ssh_known`;
      if (hashed) assert.equal((await keygen("-q", "-H", "-f", file)).code, 0);
      assert.equal((await Deno.readTextFile(file)).startsWith("|1|"), hashed);
      const argv = ["-i", `${dir}/good`, "-p", `${port}`, "--strict", "--known-hosts", file];
      const end = await outcome(pgoctl([...argv, "127.0.0.1:x//ps"]));
      assert.deepEqual(end, { code: 0, stdout: "", stderr: "" });
    }));
}

const LINES: [what: string, line: (host: string, key: string) => string, taken: boolean][] = [
  ["the host at its port", (host, key) => `${host} ${key}`, true],
  ["the host without its port", (_, key) => `127.0.0.1 ${key}`, true],
  ["another host", (_, key) => `127.0.0.2 ${key}`, false],
  ["a pattern", (_, key) => `[127.0.0.?]:* ${key}`, true],
  ["a pattern that leaves it out", (host, key) => `!${host},!127.0.0.1,* ${key}`, false],
  ["a revoked key", (host, key) => `${host} ${key}\n@revoked * ${key}`, false],
  ["a key revoked for another host", (host, key) => `${host} ${key}\n@revoked other ${key}`, true],
  ["a CA only", (host, key) => `@cert-authority ${host} ${key}`, false],
  ["a comment", (host, key) => `#${host} ${key}`, false],
];
for (const [what, line, taken] of LINES) {
  Deno.test(`known_hosts with ${what} is ${taken ? "enough" : "not enough"}, for ssh and for pgoctl --strict`, () =>
    withServer({ handle }, async (loopback) => {
      const { dir, ssh, pgoctl, port } = loopback;
      await outcome(ssh(["x//ps"]));
      const [, type, blob] = (await Deno.readTextFile(`${dir}/ssh_known`)).trim().split(" ");
      const file = `${dir}/mine`;
      await Deno.writeTextFile(file, line(`[127.0.0.1]:${port}`, `${type} ${blob}`) + "\n");
      const argv = ["-F", "none", "-i", `${dir}/good`, "-p", `${port}`, "--strict"];
      const end = await outcome(pgoctl([...argv, "--known-hosts", file, "127.0.0.1:x//ps"]));
      assert.deepEqual([await sshCode(loopback, file), end.code], taken ? [0, 0] : [255, 76]);
    }));
}

Deno.test("several files, an alias, and one that may not be written", () =>
  withServer({ handle }, async ({ dir, pgoctl, port, ssh }) => {
    const config = `${dir}/config`;
    const run = (lines: string[]) => {
      Deno.writeTextFileSync(config, lines.join("\n") + "\n");
      return outcome(
        pgoctl(["-F", config, "-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//ps"]),
      );
    };
    await outcome(ssh(["x//ps"]));
    const [, ...key] = (await Deno.readTextFile(`${dir}/ssh_known`)).trim().split(" ");
    const strict = "StrictHostKeyChecking yes";
    const files = `UserKnownHostsFile ${dir}/.ssh/none ${dir}/ssh_known`;
    assert.equal((await run([strict, files])).code, 0, "the second file knows it");
    await Deno.writeTextFile(`${dir}/alias`, `pgo-host ${key.join(" ")}\n`);
    assert.equal(
      (await run([strict, "HostKeyAlias pgo-host", `UserKnownHostsFile ${dir}/alias`])).code,
      0,
    );
    const refused = await run([
      "StrictHostKeyChecking ask",
      "UserKnownHostsFile none",
      "GlobalKnownHostsFile /dev/null",
    ]);
    assert.equal(refused.code, 76);
    assert.match(
      refused.stderr,
      /and StrictHostKeyChecking ask \(\S+config:1\) accepts no new one/,
    );
    const nowhere = await run(["UserKnownHostsFile /dev/null"]);
    assert.deepEqual([nowhere.code, /kept nowhere\n$/.test(nowhere.stderr)], [0, true]);
  }));

import assert from "node:assert/strict";
import { decodeLine } from "../../lib/ssh/protocol.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Loopback, makeKey, outcome, withServer } from "../ssh/loopback.ts";
import { withAgent } from "./agent.ts";

const handle: Handle = async ({ key, line = "", stdout }) => {
  await stdout(new TextEncoder().encode(key.file));
  return decodeLine(line).args.length;
};

const TYPES = ["-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t rsa"];
Deno.test("a key that only the agent has logs in, of every type", () =>
  withServer({ handle }, async ({ dir, know, pgoctl, port }) => {
    // Several, since what an ECDSA signature looks like depends on its first bits.
    const names = TYPES.flatMap((type, at) =>
      Array.from(
        { length: type.includes("ecdsa") ? 3 : 1 },
        (_, more) => ({ type, name: `k${at}${more}` }),
      )
    );
    for (const { type, name } of names) {
      await makeKey(`${dir}/${name}`, ...type.split(" "));
      await know(name);
    }
    const env = { SSH_AUTH_SOCK: `${dir}/agent` };
    await withAgent(env.SSH_AUTH_SOCK, names.map(({ name }) => `${dir}/${name}`), async () => {
      for (const { type, name } of names) {
        await Deno.remove(`${dir}/${name}`);
        const argv = ["-i", `${dir}/${name}.pub`, "-p", `${port}`, "127.0.0.1:x//ps"];
        const { stdout, stderr } = await outcome(pgoctl(argv, env));
        assert.equal(stdout, `${name}.pub`, `${type}: ${stderr}`);
      }
    });
  }));

/** The keys that were shown since `from`, by name, in order, each once. */
async function shownNames({ dir, shown }: Loopback, from: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(dir)) if (name.endsWith(".pub")) names.push(name);
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${dir}/${name}`)));
  const byBlob = new Map(texts.map((text, at) => [text.split(" ")[1], names[at]]));
  return [...new Set(shown.slice(from).map((blob) => byBlob.get(blob)?.slice(0, -4) ?? "?"))];
}

const ORDERS: [what: string, config: string[]][] = [
  ["agent and files", []],
  ["IdentitiesOnly", ["IdentitiesOnly yes"]],
  ["no agent", ["IdentityAgent none"]],
  ["another agent", ["IdentityAgent DIR/other"]],
];
for (const [what, more] of ORDERS) {
  Deno.test(`keys are shown in the order ssh shows them: ${what}`, () =>
    withServer({ handle, limits: { authTries: 20 } }, async (loopback) => {
      const { dir, pgoctl, port, shown } = loopback;
      for (const name of ["f1", "a1", "a2", "both", "f2"]) await makeKey(`${dir}/${name}`);
      const files = ["f1", "both", "gone", "f2"].map((name) => `IdentityFile ${dir}/${name}`);
      const config = `${dir}/config`;
      const lines = [...more.map((line) => line.replace("DIR", dir)), ...files];
      await Deno.writeTextFile(config, lines.join("\n") + "\n");
      const SSH_AUTH_SOCK = `${dir}/agent`;
      await withAgent(
        `${dir}/other`,
        [`${dir}/f2`, `${dir}/a2`],
        () =>
          withAgent(
            SSH_AUTH_SOCK,
            ["a1", "both", "a2"].map((name) => `${dir}/${name}`),
            async () => {
              const options = [
                "StrictHostKeyChecking=no",
                `UserKnownHostsFile=${dir}/h`,
                "LogLevel=ERROR",
              ];
              const args = ["-F", config, ...options.flatMap((option) => ["-o", option])];
              const ssh = new Deno.Command("ssh", {
                args: [...args, "-o", "BatchMode=yes", "-p", `${port}`, "127.0.0.1", "x//ps"],
                env: { SSH_AUTH_SOCK },
                stdin: "null",
              });
              assert.equal((await ssh.output()).code, 255);
              const theirs = await shownNames(loopback, 0);
              const before = shown.length;
              const env = { SSH_AUTH_SOCK };
              const end = await outcome(
                pgoctl(["-F", config, "-p", `${port}`, "127.0.0.1:x//ps"], env, [`${dir}/other`]),
              );
              assert.equal(end.code, 77, end.stderr);
              assert.deepEqual(await shownNames(loopback, before), theirs);
              assert.ok(theirs.length >= 3, `${theirs}`);
            },
          ),
      );
    }));
}

Deno.test("pgoctl: the agent's key without -i; with -i a public or a locked one, and no other", () =>
  withServer({ handle }, async ({ dir, pgoctl, port, shown, know }) => {
    await makeKey(`${dir}/other`);
    await makeKey(`${dir}/locked`, "-t", "ed25519");
    await know("locked");
    const rest = ["-p", `${port}`, "127.0.0.1:x//ps"];
    const env = { SSH_AUTH_SOCK: `${dir}/agent` };
    await withAgent(
      `${dir}/agent`,
      ["other", "locked"].map((name) => `${dir}/${name}`),
      async () => {
        const change = ["-q", "-p", "-P", "", "-N", "secret", "-f", `${dir}/locked`];
        assert.equal((await new Deno.Command("ssh-keygen", { args: change }).output()).code, 0);
        const free = await outcome(pgoctl(rest, env));
        assert.deepEqual([free.code, free.stdout], [0, "locked.pub"], free.stderr);
        const before = shown.length;
        for (const file of ["locked", "locked.pub"]) {
          const { code, stdout, stderr } = await outcome(
            pgoctl(["-i", `${dir}/${file}`, ...rest], env),
          );
          assert.deepEqual([code, stdout, stderr], [0, "locked.pub", ""]);
        }
        assert.equal(new Set(shown.slice(before)).size, 1);
        const none = await outcome(pgoctl(["-i", `${dir}/good.pub`, ...rest], env));
        assert.equal(none.code, 64);
        assert.match(
          none.stderr,
          /good\.pub is no private key, nor has an agent its private half\n$/,
        );
      },
    );
  }));

Deno.test("an agent that is gone, or that will not sign, is passed over", () =>
  withServer({ handle }, async ({ dir, pgoctl, port, know }) => {
    const rest = ["-p", `${port}`, "127.0.0.1:x//ps"];
    await Deno.copyFile(`${dir}/good`, `${dir}/.ssh/id_ed25519`);
    const gone = await outcome(pgoctl(rest, { SSH_AUTH_SOCK: `${dir}/nowhere` }));
    assert.deepEqual([gone.code, gone.stdout], [0, "good.pub"]);
    assert.match(
      gone.stderr,
      /^pgoctl: the agent at \S+\/nowhere cannot be used: it does not answer\n/,
    );
    await makeKey(`${dir}/asks`);
    await know("asks");
    // Without a display nobody can confirm, so that the agent refuses.
    await withAgent(`${dir}/agent`, [], async (add) => {
      await add("-c", `${dir}/asks`);
      const { code, stdout, stderr } = await outcome(
        pgoctl(rest, { SSH_AUTH_SOCK: `${dir}/agent` }),
      );
      assert.deepEqual([code, stdout], [0, "good.pub"], stderr);
    });
  }));

Deno.test("an agent that pgoctl may not use: how it may is said", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    await Deno.writeTextFile(`${dir}/.ssh/config`, `IdentityAgent ${dir}/agent\n`);
    await withAgent(`${dir}/agent`, [`${dir}/good`], async () => {
      const { code, stderr } = await outcome(pgoctl(["-p", `${port}`, "127.0.0.1:x//ps"]));
      assert.equal(code, 64);
      assert.match(
        stderr,
        /agent at \S+\/agent cannot be used: pgoctl may use an agent that SSH_AUTH_SOCK names, no other\n/,
      );
    });
  }));

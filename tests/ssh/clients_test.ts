/**
 * Clients by kinds of keys, against the real server: who gets in, what comes back, and that it comes back whole.
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "shlex";
import { decodeLine } from "../../lib/ssh/protocol.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Client, CLIENTS } from "./every_client.ts";
import { denoDir, makeKey, withServer } from "./loopback.ts";

const KINDS: [name: string, ...type: string[]][] = [
  ["ed25519", "-t", "ed25519"],
  ["ecdsa-256", "-t", "ecdsa", "-b", "256"],
  ["ecdsa-384", "-t", "ecdsa", "-b", "384"],
  ["ecdsa-521", "-t", "ecdsa", "-b", "521"],
  ["rsa-3072", "-t", "rsa", "-b", "3072"],
];

const MEGABYTE = new Uint8Array(2 ** 20).map((_, at) => at * 31 + (at >> 8));
const OUTPUT = 100;
const INPUT = 8;
const digest = (megabytes: number) => {
  const hash = createHash("sha256");
  for (let at = 0; at < megabytes; at++) hash.update(MEGABYTE);
  return hash.digest("hex");
};

/** `who`: the file of the key; `term`: the terminal; `exit N`; `big`: 100 MB; `exec`: the hash of stdin. */
const handle: Handle = async ({ key, line = "", stdin, stdout, stderr, terminal }) => {
  const { command, args: [code = "0"] } = decodeLine(line);
  const print = (text: string) => stdout(new TextEncoder().encode(text));
  if (command === "who") await print(`${key.file}\n`);
  if (command === "term") await print(`in ${terminal?.term}\n`);
  if (command === "exit") await stderr(new TextEncoder().encode("on stderr\n"));
  if (command === "big") { for (let at = 0; at < OUTPUT; at++) await stdout(MEGABYTE); }
  if (command === "exec") {
    const hash = createHash("sha256");
    for await (const chunk of stdin) hash.update(chunk);
    await print(hash.digest("hex"));
  }
  return Number(code);
};

/** Runs a client's command line, with HOME in `dir`; stdin comes from `input`. */
async function start(argv: string[], dir: string, input: Uint8Array<ArrayBuffer>[] = []) {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    env: { HOME: dir, USER: "miek", DENO_DIR: denoDir() },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const hash = createHash("sha256");
  let [stdout, stderr] = ["", ""];
  const [{ code }] = await Promise.all([
    child.status,
    new Blob(input).stream().pipeTo(child.stdin).catch(() => {}),
    (async () => {
      for await (const chunk of child.stdout) {
        hash.update(chunk);
        if (chunk.length < 1000) stdout += new TextDecoder().decode(chunk);
      }
    })(),
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) stderr += text;
    })(),
  ]);
  return { code, stdout, stderr, hash: hash.digest("hex") };
}

interface Options {
  /** Options of the client's own. */
  more?: string[];
  /** Runs it in a terminal of its own. */
  inTerminal?: boolean;
  /** What it reads. */
  input?: Uint8Array<ArrayBuffer>[];
}

/** Runs `body` beside a server that knows `mine`, a key of `kind`, which `client` can read. */
function withKey(
  client: Client,
  kind: string[],
  body: (run: (line: string, more?: Options) => ReturnType<typeof start>) => Promise<void>,
): Promise<void> {
  return withServer({ handle }, async ({ dir, port, know }) => {
    await makeKey(`${dir}/mine`, ...kind);
    await know("mine");
    const { stdout } = await start(["ssh-keygen", "-lf", `${dir}/host_key`], dir);
    const place = { dir, port, hostKey: stdout.split(" ")[1] ?? "" };
    if (client.convert) {
      const { code, stderr } = await start(client.convert(`${dir}/mine`), dir);
      assert.equal(code, 0, stderr);
    }
    await body((line, { more, input, inTerminal } = {}) => {
      const argv = client.argv(place, "mine", line, more);
      return start(inTerminal ? ["script", "-qfec", join(argv), "/dev/null"] : argv, dir, input);
    });
  });
}

const installed = await Promise.all(CLIENTS.map(async ({ version: [program = "", ...args] }) => {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}));

CLIENTS.forEach((client, at) => {
  const ignore = !installed[at];
  const name = ignore ? `${client.name} (not installed: ${client.debian})` : client.name;

  for (const [kind, ...type] of KINDS) {
    Deno.test({
      name: `${name}, ${kind}: gets in, is answered, gets exit codes`,
      ignore,
      fn: () =>
        withKey(client, type, async (run) => {
          const who = await run("x//who");
          assert.deepEqual([who.code, who.stdout], [0, "mine.pub\n"], who.stderr);
          const exit = await run("x//exit 7");
          assert.deepEqual([exit.code, exit.stdout], [7, ""]);
          assert.match(exit.stderr, /on stderr\r?\n/);
        }),
    });
  }

  Deno.test({
    name: `${name}: ${OUTPUT} MB of output and ${INPUT} MB of input arrive whole`,
    ignore,
    fn: () =>
      withKey(client, ["-t", "ed25519"], async (run) => {
        const big = await run("x//big");
        assert.deepEqual([big.code, big.hash], [0, digest(OUTPUT)], big.stderr);
        const hash = await run("x//exec", { input: Array(INPUT).fill(MEGABYTE) });
        assert.deepEqual([hash.code, hash.stdout], [0, digest(INPUT)], hash.stderr);
      }),
  });
});

const SHA1: Record<string, string[]> = {
  OpenSSH: ["-o", "PubkeyAcceptedAlgorithms=ssh-rsa"],
  paramiko: ["rsa-sha2-256", "rsa-sha2-512"],
};
CLIENTS.forEach((client, at) => {
  const more = SHA1[client.name];
  if (!more) return;
  Deno.test({
    name: `${client.name}: an RSA key that can sign with SHA-1 only is refused`,
    ignore: !installed[at],
    fn: () =>
      withKey(client, ["-t", "rsa", "-b", "3072"], async (run) => {
        assert.equal((await run("x//who")).code, 0);
        const { code, stdout } = await run("x//who", { more });
        assert.notEqual(code, 0);
        assert.equal(stdout, "");
      }),
  });
});

CLIENTS.forEach((client, at) => {
  const { terminal } = client;
  if (!terminal) return;
  Deno.test({
    name: `${client.name} ${terminal}: a terminal is given, and lines end in CR LF`,
    ignore: !installed[at],
    fn: () =>
      withKey(client, ["-t", "ed25519"], async (run) => {
        const { code, stdout } = await run("x//term", { more: [terminal], inTerminal: true });
        assert.equal(code, 0);
        assert.match(stdout, /in (?!undefined)[\w-]+\r\n/);
      }),
  });
});

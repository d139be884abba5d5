import assert from "node:assert/strict";
import { join, quote } from "shlex";
import { decodeLine } from "../../lib/ssh/protocol.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Loopback, makeKey, outcome, pgoctlWords, withServer } from "../ssh/loopback.ts";

const handle: Handle = async ({ line = "", stdin, stdout }) => {
  let input = "";
  for await (const chunk of stdin) input += new TextDecoder().decode(chunk);
  await stdout(new TextEncoder().encode(`done ${decodeLine(line).command} ${input}\n`));
  return 7;
};

const SECRET = "sésame 1";

/** A server that knows `locked`, whose passphrase is {@link SECRET}; `type` as ssh-keygen has it. */
const withLocked = (type: string[], body: (loopback: Loopback) => Promise<void>) =>
  withServer({ handle }, async (loopback) => {
    const { dir, know } = loopback;
    await makeKey(`${dir}/locked`, ...type);
    await know("locked");
    await lock(`${dir}/locked`, type.includes("PEM") ? ["-m", "PEM"] : []);
    await body(loopback);
  });

async function lock(file: string, format: string[] = []): Promise<void> {
  const args = ["-q", "-p", ...format, "-P", "", "-N", SECRET, "-f", file];
  const { code } = await new Deno.Command("ssh-keygen", { args }).output();
  assert.equal(code, 0);
}

/**
 * Runs pgoctl in a shell on a terminal, types (or does) one of `typed` at each question, and returns all that the
 * terminal showed: pgoctl's own words, `code N`, and what `stty -a` says of the terminal afterwards.
 */
async function onTerminal(
  { dir, port }: Loopback,
  typed: (string | (() => Promise<void>))[],
  { key = "locked", target = ["127.0.0.1:x//ps"], input = "", before = "" } = {},
): Promise<string> {
  const words = pgoctlWords(dir, ["-i", `${dir}/${key}`, "-p", `${port}`, ...target]);
  const line = `${before}${join(words)}${input}; echo "code $?"; stty -a`;
  const child = new Deno.Command("script", {
    args: ["-qec", `sh -c ${quote(line)}`, "/dev/null"],
    env: { HOME: dir, USER: "miek" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  let shown = "";
  let asked = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    for (; asked < shown.split(/Passphrase for \S+: /).length - 1; asked++) {
      const answer = typed[asked] ?? "\x03";
      if (typeof answer === "string") await writer.write(new TextEncoder().encode(answer));
      else await answer();
    }
  }
  await writer.close().catch(() => {});
  await child.status;
  assert.equal(asked, typed.length, shown);
  assert.doesNotMatch(shown, /same 1/, "the passphrase was shown");
  assert.match(shown, /[^-]\bicanon\b/, "the terminal was not put back");
  assert.match(shown, /[^-]\becho\b/, "the terminal was not put back");
  return shown.replaceAll("\r\n", "\n");
}

const FORMATS: [what: string, type: string[], keepPublic: boolean][] = [
  ["OpenSSH's format", ["-t", "ed25519"], true],
  ["OpenSSH's format without a .pub beside", ["-t", "ecdsa", "-b", "256"], false],
  ["PEM", ["-t", "rsa", "-m", "PEM"], true],
  ["PEM without a .pub beside", ["-t", "rsa", "-m", "PEM"], false],
];
for (const [what, type, keepPublic] of FORMATS) {
  Deno.test(`a locked key in ${what}: the terminal asks, shows nothing, and the login works`, () =>
    withLocked(type, async (loopback) => {
      if (!keepPublic) await Deno.remove(`${loopback.dir}/locked.pub`);
      const shown = await onTerminal(loopback, [`${SECRET}\r`]);
      assert.match(
        shown,
        /^pgoctl: new host .*\nPassphrase for \S+\/locked: \n[^]*done ps \ncode 7\n/,
      );
    }));
}

Deno.test("backspace takes a whole character, Ctrl-U the line; a wrong one is asked for again, three times", () =>
  withLocked(["-t", "ed25519"], async (loopback) => {
    const right = await onTerminal(loopback, [
      "nonsense\r",
      `xx\x15s${"é"}\x7féxx\b\x7f${SECRET.slice(2)}\r`,
    ]);
    assert.match(right, /: \npgoctl: that is not its passphrase\nPassphrase [^]*code 7\n/);
    const wrong = await onTerminal(loopback, ["a\r", "b\r", "c\r"]);
    assert.match(wrong, /pgoctl: \S+\/locked has a passphrase, and stayed locked\ncode 64\n/);
  }));

Deno.test("Ctrl-C ends it with 130, Ctrl-D and an empty line go without the key", () =>
  withLocked(["-t", "ed25519"], async (loopback) => {
    assert.match(await onTerminal(loopback, ["sec\x03"]), /: \npgoctl: interrupted\ncode 130\n/);
    for (const end of ["\x04", "\r"]) {
      assert.match(await onTerminal(loopback, [end]), /stayed locked\ncode 64\n/);
    }
  }));

Deno.test("a pgoctl that is ended while it asks puts the terminal back", () =>
  withLocked(["-t", "ed25519"], async (loopback) => {
    const { dir } = loopback;
    const before = `sh -c 'echo $$ > ${dir}/pid; exec "$@"' sh `;
    const end = async () => {
      const pid = (await Deno.readTextFile(`${dir}/pid`)).trim();
      assert.equal((await new Deno.Command("kill", { args: [pid] }).output()).code, 0);
    };
    assert.match(await onTerminal(loopback, [end], { before }), /code 143\n/);
  }));

Deno.test("nobody is asked for a key that the host would not take", () =>
  withLocked(["-t", "ed25519"], async (loopback) => {
    const { dir } = loopback;
    await makeKey(`${dir}/stranger`);
    await lock(`${dir}/stranger`);
    const shown = await onTerminal(loopback, [], { key: "stranger" });
    assert.match(shown, /^pgoctl: new host[^]*Unauthorized: [^]*\ncode 77\n/);
  }));

Deno.test("exec's input is not what was typed at the question, nor the other way round", () =>
  withLocked(["-t", "ed25519"], async (loopback) => {
    const shown = await onTerminal(loopback, [`${SECRET}\r`], {
      target: ["127.0.0.1:x//exec", "web"],
      before: "printf 'from a pipe' | ",
    });
    assert.match(shown, /done exec from a pipe\ncode 7\n/);
  }));

Deno.test("without a terminal, or with BatchMode, a locked key is one clear line", () =>
  withLocked(["-t", "ed25519"], async ({ dir, port }) => {
    const run = async (...more: string[]) => {
      const argv = [...more, "-i", `${dir}/locked`, "-p", `${port}`, "127.0.0.1:x//ps"];
      const [program = "", ...args] = pgoctlWords(dir, argv);
      // A session of its own has no terminal, wherever the tests run.
      return await outcome(
        new Deno.Command(program, {
          args,
          env: { HOME: dir, USER: "miek" },
          detached: true,
          stdin: "piped",
          stdout: "piped",
          stderr: "piped",
        }),
      );
    };
    await run();
    const { code, stderr } = await run();
    assert.equal(code, 64);
    assert.match(
      stderr,
      /^pgoctl: \S+\/locked has a passphrase, and there is no terminal to ask on: load it into an ssh-agent\n/,
    );
    await Deno.writeTextFile(`${dir}/config`, "BatchMode yes\n");
    assert.match((await run("-F", `${dir}/config`)).stderr, /and BatchMode forbids to ask/);
  }));

Deno.test("a key encrypted in PKCS#8 is refused with the command that rewrites it", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    await makeKey(`${dir}/p8`, "-t", "rsa");
    await lock(`${dir}/p8`, ["-m", "PKCS8"]);
    const argv = ["-i", `${dir}/p8`, "-p", `${port}`, "127.0.0.1:x//ps"];
    const { code, stderr } = await outcome(pgoctl(argv));
    assert.equal(code, 64);
    assert.match(stderr, /p8 is encrypted in a way pgoctl cannot read: ssh-keygen -p -f FILE/);
  }));

import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "shlex";
import { passKeys } from "../../lib/client/keys.ts";
import { readOptions } from "../../lib/client/options.ts";
import { ScreenOutput } from "../../lib/client/screen_output.ts";
import { sleep } from "../../lib/host/clock.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { StatusError } from "../../lib/ssh/status.ts";
import { CLIENTS } from "../ssh/every_client.ts";
import { denoDir, type Loopback, makeKey, outcome, withServer } from "../ssh/loopback.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What reaches the program of keys that are typed in these portions, and whether the user has left. */
async function typed(portions: string[]): Promise<[keys: string, left: boolean]> {
  let left = false;
  let keys = "";
  const source = ReadableStream.from(portions.map(bytes));
  for await (const chunk of passKeys(source, () => left = true)) {
    keys += text(chunk);
  }
  return [keys, left];
}

const TYPED: [what: string, portions: string[], keys: string, left: boolean][] = [
  ["keys as they are", ["ls -l ~\r", "\x03\x04"], "ls -l ~\r\x03\x04", false],
  ["~. at the very start", ["~."], "", true],
  ["~. after Enter, a key at a time", ["x", "\r", "~", ".", "y"], "x\r", true],
  ["~. in mid-line", ["cd ~.\r"], "cd ~.\r", false],
  ["~~ is one ~", ["\r~~.\r"], "\r~.\r", false],
  ["~ and another key", ["\r~/bin\r~"], "\r~/bin\r~", false],
];
for (const [what, portions, keys, left] of TYPED) {
  Deno.test(`typed into a terminal: ${what}`, async () =>
    assert.deepEqual(await typed(portions), [keys, left]));
}

/** What a terminal shows that puts a carriage return before every line feed, as Deno leaves it: "index" moves down only. */
const cooked = (output: string) => output.replaceAll("\n", "\r\n").replaceAll("\x1bD", "\n");

Deno.test("output looks the same as in a terminal that processes nothing, however it is cut", () => {
  const part = fc.constantFrom("a", "\r", "\n", "\r\n", "é");
  fc.assert(fc.property(fc.array(part), fc.nat(5), (parts, size) => {
    const all = bytes(parts.join(""));
    const output = new ScreenOutput();
    let shown = "";
    for (let at = 0; at < all.length; at += size + 1) {
      const rendered = output.render(all.subarray(at, at + size + 1));
      shown += String.fromCharCode(...rendered);
    }
    const wanted = String.fromCharCode(...all);
    // One carriage return is as good as two.
    const same = (text: string) => text.replaceAll(/\r+/g, "\r");
    assert.equal(same(cooked(shown)), same(wanted));
  }));
});

Deno.test("the picture is put back: the other screen is left only by whom it was entered", () => {
  const output = new ScreenOutput();
  assert.doesNotMatch(text(output.reset()), /1049/);
  for (const chunk of ["x\x1b[?10", "49", "hy"]) output.render(bytes(chunk));
  assert.ok(text(output.reset()).startsWith("\x1b[?1049l\x1b[?25h"));
  output.render(bytes("\x1b[?1049l"));
  assert.doesNotMatch(text(output.reset()), /1049/);
});

Deno.test("-t is counted, -tt is two, and after the target it is the command's", () => {
  const count = (...argv: string[]) => readOptions([...argv, "h:x//logs", "-t"]).terminal;
  assert.deepEqual([count(), count("-t"), count("-tt"), count("-t", "-t")], [0, 1, 2, 2]);
});

/** Says what terminal it was given, and reads until the end. */
const describe: Handle = async ({ terminal, stdin, stdout }) => {
  const size = terminal?.take(() => {});
  await stdout(bytes(`[${terminal?.term} ${size?.rows} ${size?.cols}]\n`));
  for await (const chunk of stdin) await stdout(chunk);
  return 4;
};

Deno.test("-t without a terminal says so and asks for none, -tt asks for one; bytes are clean", () =>
  withServer({ handle: describe }, async ({ pgoctl, dir, port }) => {
    const to = ["-F", "none", "-i", `${dir}/good`, "-p", `${port}`];
    const run = (...more: string[]) =>
      outcome(pgoctl([...to, ...more, "127.0.0.1:x//exec"], { TERM: "vt220" }), "a\nb");
    const [none, asked, forced] = [await run(), await run("-t"), await run("-tt")];
    for (const { code, stdout } of [none, asked]) {
      assert.deepEqual([code, stdout], [4, "[undefined undefined undefined]\na\nb"]);
    }
    assert.match(asked.stderr, /^pgoctl: -t is ignored, stdin is no terminal [^\n]*\n$/m);
    assert.deepEqual([forced.code, forced.stdout], [4, "[vt220 undefined undefined]\na\nb"]);
  }));

/** The line that runs pgoctl in a shell, with `argv` between its key and its target. */
function shellLine({ dir, port }: Loopback, ...argv: string[]): string {
  const pgoctl = CLIENTS.find(({ name }) => name === "pgoctl");
  assert.ok(pgoctl);
  return join(pgoctl.argv({ dir, port, hostKey: "" }, "good", "x//exec", ["-F", "none", ...argv]));
}

/** Runs a line of shell in a terminal of 40 by 100, and returns what it shows. */
async function inTerminal({ dir }: Loopback, line: string): Promise<string> {
  const command = new Deno.Command("script", {
    args: ["-qfec", `stty rows 40 cols 100; ${line}`, "/dev/null"],
    env: {
      HOME: dir,
      USER: "miek",
      TERM: "vt220",
      SHELL: "/bin/sh",
      DENO_DIR: denoDir(),
      PATH: Deno.env.get("PATH") ?? "",
    },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  return (await outcome(command)).stdout;
}

const SANE = /\bisig icanon iexten echo\b/;
/** Ends as it is told by the exec line; `hang` only with its client. */
function actor(started: () => void): Handle {
  return async ({ line = "", terminal, stdout, signal }) => {
    const size = terminal?.take(() => {});
    await stdout(bytes(`\x1b[?1049h[${terminal?.term} ${size?.rows} ${size?.cols}]\r\n`));
    started();
    if (line.endsWith("refuse")) throw new StatusError(406, "No");
    if (line.endsWith("hang")) await sleep(60_000, signal);
    return 4;
  };
}

const ENDS: [what: string, argv: string[], word: string, code: number, cut: boolean][] = [
  ["its program ends", [], "end", 4, false],
  ["it is refused", [], "refuse", 64, false],
  ["the connection is cut", ["--timeout", "1s"], "hang", 75, true],
];
for (const [what, argv, word, code, cut] of ENDS) {
  Deno.test(`the terminal is as it was after ${what}`, () =>
    withServer({ handle: actor(() => {}) }, async (loopback) => {
      const line = `${shellLine(loopback, "-t", ...argv)} ${word}; echo "code $?"; stty -a`;
      const shown = await inTerminal(loopback, line);
      assert.match(shown, /\[vt220 40 100\]/);
      assert.match(shown, new RegExp(`code ${code}\r\n`));
      assert.match(shown, SANE);
      assert.equal(shown.includes("\x1b[?1049l"), cut);
    }));
}

for (const [signal, code] of [["TERM", 143], ["HUP", 129], ["INT", 130]] as const) {
  Deno.test(`the terminal is as it was after SIG${signal}, and the program is ended`, async () => {
    const started = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const act = actor(started.resolve);
    const handle: Handle = async (request) => {
      request.signal.addEventListener("abort", () => gone.resolve());
      return await act(request);
    };
    await withServer({ handle }, async (loopback) => {
      const pid = `${loopback.dir}/pid`;
      const pgoctl = join(["sh", "-c", `echo $$ > ${pid}; exec ${shellLine(loopback, "-t")} hang`]);
      const shown = inTerminal(loopback, `${pgoctl}; echo "code $?"; stty -a`);
      await started.promise;
      await sleep(200);
      const args = ["-s", signal, (await Deno.readTextFile(pid)).trim()];
      await new Deno.Command("kill", { args }).output();
      await gone.promise;
      assert.match(await shown, new RegExp(`code ${code}\r\n`));
      assert.match(await shown, SANE);
    });
  });
}

Deno.test("a key that may have no terminal is told so", () =>
  withServer({ handle: describe }, async ({ pgoctl, dir, port, know }) => {
    await makeKey(`${dir}/mine`);
    await Deno.writeTextFile(
      `${dir}/mine.pub`,
      `no-pty ${await Deno.readTextFile(`${dir}/mine.pub`)}`,
    );
    await know("mine");
    const argv = ["-F", "none", "-i", `${dir}/mine`, "-p", `${port}`, "-tt", "127.0.0.1:x//exec"];
    const { code, stderr } = await outcome(pgoctl(argv));
    assert.deepEqual([code, stderr.split("\n").at(-2)], [
      69,
      "pgoctl: 127.0.0.1 gives this key no terminal",
    ]);
  }));

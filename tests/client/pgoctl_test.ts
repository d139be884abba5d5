import assert from "node:assert/strict";
import { decodeLine } from "../../lib/ssh/protocol.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { StatusError } from "../../lib/ssh/status.ts";
import { type Loopback, type Outcome, outcome, withServer } from "../ssh/loopback.ts";

/** Prints its arguments as JSON; `exit N` and `fail N` end as told, `nokey` as for a foreign service. */
const handle: Handle = async ({ line = "", stdout, stdin }) => {
  const { service, command, args } = decodeLine(line);
  if (command === "exit") return Number(args[0]);
  if (command === "fail") throw new StatusError(406, "Command");
  if (command === "foreign") {
    const message = `Key for user "miek" does not match any for name ${service}`;
    throw new StatusError(401, message);
  }
  let input = "";
  for await (const chunk of stdin) input += new TextDecoder().decode(chunk);
  await stdout(new TextEncoder().encode(JSON.stringify([command, args, input])));
  return 0;
};

/** Runs pgoctl with the good key and the right port before `argv`. */
function pgoctl({ pgoctl, dir, port }: Loopback, ...argv: string[]): Promise<Outcome> {
  return outcome(pgoctl(["-i", `${dir}/good`, "-p", `${port}`, ...argv]), "input");
}

Deno.test("arguments arrive unchanged; options after the target belong to the command", () =>
  withServer({ handle }, async (loopback) => {
    const args = [
      "-i",
      "x",
      "-p",
      "--strict",
      "--",
      "",
      "a b",
      "'",
      '"',
      "$HOME",
      "a\nb",
      "é",
      "\\",
    ];
    const { code, stdout } = await pgoctl(loopback, "127.0.0.1:x//ps", ...args);
    assert.deepEqual([code, JSON.parse(stdout)], [0, ["ps", args, ""]]);
  }));

Deno.test("stdin is exec's; other commands leave it to the script around them", () =>
  withServer({ handle }, async (loopback) => {
    assert.equal((await pgoctl(loopback, "127.0.0.1:x//exec")).stdout, '["exec",[],"input"]');
    assert.equal((await pgoctl(loopback, "127.0.0.1:x//ps")).stdout, '["ps",[],""]');
  }));

Deno.test("exit codes: the program's own, and those of the table", () =>
  withServer({ handle }, async (loopback) => {
    for (const code of [0, 1, 64, 255]) {
      const end = await pgoctl(loopback, "127.0.0.1:x//exit", `${code}`);
      assert.equal(end.code, code);
      assert.doesNotMatch(end.stderr, /Process exited/);
    }
    const unknown = await pgoctl(loopback, "127.0.0.1:x//fail");
    assert.deepEqual([unknown.code, unknown.stderr], [
      64,
      "Not Acceptable: Command\nProcess exited with status 406\n",
    ]);
  }));

const REFUSAL =
  'Unauthorized: Key for user "miek" does not match any for name pgo\nProcess exited with status 401\n';
Deno.test("a key nobody knows and a key of another service are told the same, with 77", () =>
  withServer({ handle }, async (loopback) => {
    const { dir, port } = loopback;
    await pgoctl(loopback, "127.0.0.1:pgo//ps");
    const argv = ["-i", `${dir}/wrong`, "-p", `${port}`, "127.0.0.1:pgo//ps"];
    for (
      const end of [
        await outcome(loopback.pgoctl(argv)),
        await pgoctl(loopback, "127.0.0.1:pgo//foreign"),
      ]
    ) {
      assert.deepEqual([end.code, end.stdout], [77, ""]);
      const [said = "", hint = ""] = end.stderr.split("pgoctl: ");
      assert.equal(said, REFUSAL);
      assert.match(
        hint,
        /^offered: SHA256:\S+ \(.*\/(good|wrong)\); the public half has to be in ssh\/ of pgo's repo/,
      );
    }
    const { code, stderr } = await outcome(loopback.ssh(["pgo//foreign"]));
    assert.deepEqual([code, stderr], [145, REFUSAL.split("\n")[0] + "\n"]);
  }));

Deno.test("the key is a file, a text, a text that a shell split, or PGOCTL_ID", () =>
  withServer({ handle }, async ({ pgoctl, dir, port }) => {
    const key = await Deno.readTextFile(`${dir}/good`);
    const rest = ["-p", `${port}`, "127.0.0.1:x//exit", "3"];
    for (const given of [[`${dir}/good`], [key], key.trim().split(/\s+/)]) {
      assert.equal((await outcome(pgoctl(["-i", ...given, ...rest]))).code, 3);
    }
    assert.equal((await outcome(pgoctl(rest, { PGOCTL_ID: key }))).code, 3);
  }));

Deno.test("a changed host key is 76, and nothing is sent, not even the key", () =>
  withServer({ handle }, async (loopback) => {
    const first = await pgoctl(loopback, "127.0.0.1:x//exit", "0");
    assert.match(first.stderr, /^pgoctl: new host \[127\.0\.0\.1\]:\d+ with key SHA256:/);
    assert.equal((await pgoctl(loopback, "127.0.0.1:x//exit", "0")).stderr, "");
    const file = `${loopback.dir}/.ssh/known_hosts`;
    const pinned = await Deno.readTextFile(file);
    const other = await Deno.readTextFile(`${loopback.dir}/wrong.pub`);
    await Deno.writeTextFile(file, `${pinned.split(" ")[0]} ${other}`);
    const before = loopback.shown.length;
    const { code, stdout, stderr } = await pgoctl(loopback, "127.0.0.1:x//exit", "0");
    assert.deepEqual([code, stdout, loopback.shown.length], [76, "", before]);
    assert.match(stderr, /^pgoctl: the key of \S+ has CHANGED .* Nothing was sent \(.*\)\n$/);
    await Deno.remove(file);
    assert.equal((await pgoctl(loopback, "--strict", "127.0.0.1:x//exit", "0")).code, 76);
  }));

Deno.test("nobody there is 69; so is a server that hangs up", () =>
  withServer({ handle }, async (loopback) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const start = () =>
      outcome(loopback.pgoctl(["-i", `${loopback.dir}/good`, "-p", `${port}`, "127.0.0.1:x//ps"]));
    const [end] = await Promise.all([start(), listener.accept().then((socket) => socket.close())]);
    listener.close();
    for (const { code, stderr } of [end, await start()]) {
      assert.equal(code, 69, stderr);
      assert.match(stderr, /^pgoctl: 127\.0\.0\.1 [^\n]+\n$/);
    }
  }));

Deno.test("wrong usage is 64 and one line; help and version need no target", () =>
  withServer({ handle }, async ({ pgoctl, dir }) => {
    const wrong = [[], ["pgo//ps"], ["-p", "0", "h:x//ps"], ["-x", "h:x//ps"], ["-i"], ["h:x//ps"]];
    for (const argv of [...wrong, ["-i", `${dir}/good.pub`, "h:x//ps"]]) {
      const { code, stdout, stderr } = await outcome(pgoctl(argv));
      assert.deepEqual([code, stdout], [64, ""], argv.join(" ") + stderr);
      assert.match(stderr, /^pgoctl: [^\n]+\n$/);
    }
    assert.match((await outcome(pgoctl(["--help"]))).stdout, /^pgoctl: [^]*\n {2}77 /);
    assert.match((await outcome(pgoctl(["-v"]))).stdout, /^pgoctl \d+\.\d+\.\d+\n$/);
  }));

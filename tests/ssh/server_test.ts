import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sleep } from "../../lib/host/clock.ts";
import type { Log } from "../../lib/log.ts";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import { loadHostKey } from "../../lib/ssh/host_key.ts";
import { pgoctlPermissions } from "../../lib/ssh/pgoctl_manual.ts";
import { serve } from "../../lib/ssh/server.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { StatusError } from "../../lib/ssh/status.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const root = new URL("../../", import.meta.url).pathname;

interface Client {
  port: number;
  dir: string;
  run(
    program: "ssh" | "pgoctl",
    line: string,
    options?: { key?: string; stdin?: string },
  ): Promise<{ code: number; stdout: Uint8Array; stderr: string }>;
  spawn(line: string): Deno.ChildProcess;
}

async function withServer(handle: Handle, body: (client: Client) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/.ssh`);
  for (const name of ["good", "wrong"]) {
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", `${dir}/${name}`],
    }).output();
  }
  const { keys } = parseKeyFile("ssh/good.pub", await Deno.readTextFile(`${dir}/good.pub`));
  const server = await serve({
    address: { host: "127.0.0.1", port: 0 },
    hostKey: await loadHostKey(`${dir}/host_key`),
    knows: (blob) => keys.find((key) => key.blob === blob),
    handle,
    log: silent,
  });
  const { port } = server.address;
  const env = {
    HOME: dir,
    USER: "miek",
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
  };
  const sshArgs = (
    key: string,
    line: string,
  ) => [
    "-F",
    "none",
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    `UserKnownHostsFile=${dir}/ssh_known`,
    "-o",
    "LogLevel=ERROR",
    ...key.split(",").flatMap((name) => ["-i", `${dir}/${name}`]),
    "-p",
    `${port}`,
    "miek@127.0.0.1",
    ...(line ? [line] : []),
  ];
  const client: Client = {
    port,
    dir,
    async run(program, line, { key = "good", stdin } = {}) {
      const args = program === "ssh" ? sshArgs(key, line) : [
        "run",
        "-q",
        ...pgoctlPermissions(dir),
        `${root}pgoctl.ts`,
        "-i",
        `${dir}/${key}`,
        "-p",
        `${port}`,
        `127.0.0.1:${line.split(" ")[0]}`,
        ...line.split(" ").slice(1),
      ];
      const child = new Deno.Command(program === "ssh" ? "ssh" : "deno", {
        args,
        env,
        clearEnv: true,
        stdin: stdin === undefined ? "null" : "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      if (stdin !== undefined) await new Blob([stdin]).stream().pipeTo(child.stdin);
      const { code, stdout, stderr } = await child.output();
      return { code, stdout, stderr: new TextDecoder().decode(stderr) };
    },
    spawn: (line) =>
      new Deno.Command("ssh", {
        args: sshArgs("good", line),
        env,
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn(),
  };
  try {
    await body(client);
  } finally {
    await server.stop(1000);
    await Deno.remove(dir, { recursive: true });
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

const echo: Handle = async (request) => {
  if (request.line === undefined) {
    throw new StatusError(400, `No commands in connection for user "${request.user}"`);
  }
  if (request.line.endsWith("//nope")) {
    throw new StatusError(406, 'Command "nope" does not match any route');
  }
  if (request.line.endsWith("//exec")) {
    for await (const chunk of request.stdin) await request.stdout(chunk);
    return 0;
  }
  await request.stdout(bytes(request.line));
  await request.stderr(bytes("err"));
  return Number(/code=(\d+)/.exec(request.line)?.[1] ?? 0);
};

for (const program of ["ssh", "pgoctl"] as const) {
  Deno.test(`${program}: output, errors and exit codes come back`, () =>
    withServer(echo, async ({ run }) => {
      const { code, stdout, stderr } = await run(program, "pgo//ps code=7");
      assert.deepEqual([code, text(stdout)], [7, "pgo//ps code=7"]);
      assert.match(stderr, /err$/);
      assert.equal((await run(program, "pgo//ps code=255")).code, 255);
      const nope = await run(program, "pgo//nope");
      assert.match(nope.stderr, /Not Acceptable: Command "nope" does not match any route\n/);
      assert.equal(nope.code, program === "ssh" ? 406 % 256 : 64);
      assert.equal(
        text((await run(program, "pgo//exec", { stdin: "to stdin" })).stdout),
        "to stdin",
      );
    }));
}

Deno.test("a key that nobody knows is refused, and told as the ancestor did", () =>
  withServer(echo, async ({ run }) => {
    const { code, stderr } = await run("pgoctl", "pgo//ps", { key: "wrong" });
    assert.equal(code, 77);
    assert.match(
      stderr,
      /^Unauthorized: Key for user "miek" does not match any for name pgo\nProcess exited with status 401$/m,
    );
    assert.equal((await run("ssh", "pgo//ps", { key: "wrong" })).code, 255);
    assert.equal((await run("ssh", "pgo//ps", { key: "wrong,good" })).code, 0);
  }));

Deno.test("a shell without a command is a 400", () =>
  withServer(echo, async ({ run }) => {
    const { code, stderr } = await run("ssh", "");
    assert.equal(code, 400 % 256);
    assert.match(stderr, /Bad Request: No commands in connection for user "miek"/);
  }));

Deno.test("a changed host key is refused and nothing is sent", () =>
  withServer(echo, async ({ run, dir }) => {
    assert.match(
      (await run("pgoctl", "pgo//ping")).stderr,
      /new host \[127\.0\.0\.1\]:\d+ with key SHA256:/,
    );
    assert.doesNotMatch((await run("pgoctl", "pgo//ping")).stderr, /new host/);
    const known = `${dir}/.ssh/known_hosts`;
    const changed = (await Deno.readTextFile(known)).replace(
      /.(?==*\n)/,
      (char) => char === "A" ? "E" : "A",
    );
    await Deno.writeTextFile(known, changed);
    const { code, stderr, stdout } = await run("pgoctl", "pgo//ping");
    assert.equal(code, 76);
    assert.equal(text(stdout), "");
    assert.match(stderr, /CHANGED/);
  }));

Deno.test("20 MB arrive whole, and a client that does not read holds the command back", async () => {
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  let sent = 0;
  await withServer(async ({ stdout }) => {
    for (sent = 0; sent < 320; sent++) await stdout(chunk);
    return 0;
  }, async ({ run, spawn }) => {
    const { stdout } = await run("ssh", "pgo//logs");
    const expected = createHash("sha256");
    for (let at = 0; at < 320; at++) expected.update(chunk);
    assert.equal(createHash("sha256").update(stdout).digest("hex"), expected.digest("hex"));
    const child = spawn("pgo//logs");
    await sleep(1500);
    assert.ok(sent < 160, `${sent} chunks were taken`);
    child.kill();
    await child.stdout.cancel();
    await child.status;
  });
});

Deno.test("when the client goes away the command is told", async () => {
  const gone = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await withServer(async ({ signal }) => {
    signal.addEventListener("abort", () => gone.resolve());
    started.resolve();
    await gone.promise;
    return 0;
  }, async ({ spawn }) => {
    const child = spawn("pgo//logs -f");
    await started.promise;
    child.kill("SIGKILL");
    await gone.promise;
    await child.stdout.cancel();
    await child.status;
  });
});

Deno.test("garbage and silence on the port harm nobody else", () =>
  withServer(echo, async ({ run, port }) => {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    for (const [at, socket] of sockets.entries()) {
      if (at % 2) await socket.write(crypto.getRandomValues(new Uint8Array(2000)));
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => run("ssh", "pgo//ps")));
    assert.deepEqual(answers.map(({ code }) => code), Array(10).fill(0));
    for (const socket of sockets) socket.close();
  }));

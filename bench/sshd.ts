/**
 * What PGO's SSH is compared with: OpenSSH's sshd with its own defaults, and an SSH server of ssh2 and nothing else.
 * @module
 */
import { fileURLToPath } from "node:url";
import { sleep } from "../lib/host/clock.ts";
import { freePort } from "../tests/e2e/port.ts";
import { ok } from "../tests/e2e/shell.ts";

const SSHD = "/usr/sbin/sshd";

/** Runs `body` beside an sshd that lets `dir/key` in. @throws {Error} when sshd is not installed. */
export async function withSshd<Value>(
  dir: string,
  body: (port: number) => Promise<Value>,
): Promise<Value> {
  const port = freePort();
  await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${dir}/sshd_key`]);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${dir}/sshd_key`,
    `AuthorizedKeysFile ${dir}/key.pub`,
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    // As many at once as are measured: by default it turns them away at random from the tenth on.
    "MaxStartups 1000",
    "LogLevel ERROR",
    // Else bash reads the user's .bashrc, and what stands there is not sshd's doing.
    "SetEnv SHLVL=2",
  ];
  await Deno.writeTextFile(`${dir}/sshd_config`, `${config.join("\n")}\n`);
  // Where it separates its privileges, and a host that never started it has not made it yet.
  if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true });
  return await beside(SSHD, ["-D", "-e", "-f", `${dir}/sshd_config`], port, body);
}

/** Runs `body` beside a bare server of ssh2: every exec prints the file `dir/output` that begins its line. */
export async function withBare<Value>(
  dir: string,
  body: (port: number) => Promise<Value>,
): Promise<Value> {
  const port = freePort();
  const flags = ["run", "-q", "--allow-net=127.0.0.1", `--allow-read=${dir}`];
  const program = fileURLToPath(new URL("bare.ts", import.meta.url));
  return await beside("deno", [...flags, program, dir, String(port)], port, body);
}

async function beside<Value>(
  program: string,
  args: string[],
  port: number,
  body: (port: number) => Promise<Value>,
): Promise<Value> {
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null" }).spawn();
  try {
    for (let tries = 0;; tries++) {
      const socket = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
      socket?.close();
      if (socket) break;
      if (tries > 200) throw new Error(`${program} does not listen`);
      await sleep(50);
    }
    return await body(port);
  } finally {
    child.kill();
    await child.status;
  }
}

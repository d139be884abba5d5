/**
 * A real SSH server on loopback with a `handle` of the test's own, and the three clients that reach it:
 * OpenSSH's ssh, pgoctl as a program, and pgoctl's client in this process.
 * @module
 */
import { fileURLToPath } from "node:url";
import { SSH_LIMITS, type SshLimits } from "../../lib/config/ssh.ts";
import type { Log } from "../../lib/log.ts";
import { type AuthorizedKey, parseKeyFile } from "../../lib/ssh/access.ts";
import { type RemoteCommand, runRemote } from "../../lib/client/client.ts";
import { findIdentities } from "../../lib/client/identities.ts";
import { loadHostKey } from "../../lib/ssh/host_key.ts";
import { pgoctlPermissions } from "../../lib/client/pgoctl_manual.ts";
import { serve, type ServerOptions } from "../../lib/ssh/server.ts";

const PGOCTL = fileURLToPath(new URL("../../pgoctl.ts", import.meta.url));
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What a program left behind. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Any of the clients, reaching the server as user `miek`. */
export interface Loopback {
  port: number;
  /** Holds `good` and `wrong`, private keys with their `.pub`; HOME of the programs. */
  dir: string;
  /** Base64 of every key a client showed, in order. */
  shown: string[];
  /** Lets the server know `NAME.pub` of {@link dir}, as well as `good.pub`. */
  know(name: string): Promise<void>;
  /** `ssh … LINE`; keys are names in {@link dir}; `options` come before the host. */
  ssh(line: string[], given?: { keys?: string[]; options?: string[] }): Deno.Command;
  /** `pgoctl ARGV…`, without any option of its own; `agents` are sockets it may use beside `SSH_AUTH_SOCK`. */
  pgoctl(argv: string[], env?: Record<string, string>, agents?: string[]): Deno.Command;
  /** {@link runRemote} with the good key; nothing is read from stdin, nothing kept of the output. */
  remote(line: string, given?: Partial<RemoteCommand> & { privateKey?: string }): Promise<number>;
}

/** Runs `body` beside a server, and ends both. */
export async function withServer(
  { limits, ...options }:
    & Pick<ServerOptions, "handle">
    & Partial<Omit<ServerOptions, "limits">>
    & { limits?: Partial<SshLimits> },
  body: (loopback: Loopback) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/.ssh`);
  await makeKey(`${dir}/good`);
  await makeKey(`${dir}/wrong`);
  const known: AuthorizedKey[] = [];
  const shown: string[] = [];
  const know = async (name: string) => {
    const file = `${name}.pub`;
    known.push(...parseKeyFile(file, await Deno.readTextFile(`${dir}/${file}`)).keys);
  };
  await know("good");
  const server = await serve({
    address: { host: "127.0.0.1", port: 0 },
    hostKey: await loadHostKey(`${dir}/host_key`),
    knows: (blob) => {
      shown.push(blob);
      const key = known.find((key) => key.blob === blob);
      return key ? { key } : { refused: "unknown key" };
    },
    log: SILENT,
    limits: () => ({ ...SSH_LIMITS, ...limits }),
    ...options,
  });
  const { port } = server.address;
  const good = await Deno.readTextFile(`${dir}/good`);
  try {
    await body({
      port,
      dir,
      shown,
      know,
      ssh: (line, { keys = ["good"], options = [] } = {}) =>
        command(
          "ssh",
          [...sshOptions(dir, port, keys), ...options, "miek@127.0.0.1", ...line],
          dir,
        ),
      pgoctl: (argv, env, agents = []) => {
        const sockets = [env?.["SSH_AUTH_SOCK"] ?? [], agents].flat();
        const [program = "", ...args] = pgoctlWords(dir, argv, sockets);
        return command(program, args, dir, env);
      },
      remote: async (line, { privateKey = good, ...given } = {}) =>
        await runRemote({
          host: "127.0.0.1",
          port,
          user: "miek",
          identities: await findIdentities({
            given: { from: "-i", text: privateKey },
            files: [],
            filesOnly: true,
            say() {},
          }),
          line,
          verifyHost() {},
          stdout: () => Promise.resolve(),
          stderr: () => Promise.resolve(),
          ...given,
        }),
    });
  } finally {
    await server.stop(1000);
    await Deno.remove(dir, { recursive: true });
  }
}

/** The command line of a pgoctl with `home`, and those agents' sockets. */
export function pgoctlWords(home: string, argv: string[], sockets: string[] = []): string[] {
  return ["deno", "run", "-q", ...pgoctlPermissions(home, sockets.join(",")), PGOCTL, ...argv];
}

/** Makes the key pair `path` and `path.pub`; `type` as ssh-keygen takes it, default `-t ed25519`. */
export async function makeKey(path: string, ...type: string[]): Promise<void> {
  const options = type.length > 0 ? type : ["-t", "ed25519"];
  const { code, stderr } = await outcome(
    command("ssh-keygen", ["-q", ...options, "-N", "", "-f", path], "/"),
  );
  if (code !== 0) throw new Error(stderr);
}

/** Runs to the end; `stdin` is text, default an empty one. */
export async function outcome(command: Deno.Command, stdin = ""): Promise<Outcome> {
  const child = command.spawn();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([stdin]).stream().pipeTo(child.stdin).catch(() => {}),
  ]);
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

/** Where Deno keeps its modules, for programs that get another HOME. */
export function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}

function command(
  program: string,
  args: string[],
  home: string,
  env: Record<string, string> = {},
): Deno.Command {
  const PATH = Deno.env.get("PATH") ?? "";
  return new Deno.Command(program, {
    args,
    env: { HOME: home, USER: "miek", PATH, DENO_DIR: denoDir(), ...env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

function sshOptions(dir: string, port: number, keys: string[]): string[] {
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "LogLevel=ERROR",
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${dir}/ssh_known`,
  ];
  return [
    ...["-F", "none", "-p", `${port}`],
    ...options.flatMap((option) => ["-o", option]),
    ...keys.flatMap((name) => ["-i", `${dir}/${name}`]),
  ];
}

/**
 * Real servers for private repositories, on loopback: Git over HTTP with basic auth, and over SSH with a deploy key.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";
import { freePort } from "./port.ts";
import { ok, until } from "./shell.ts";

/** A server that is there until `stop`. */
export interface GitServer {
  port: number;
  stop(): Promise<void>;
}

/** `git http-backend` for the bare repositories in `dir`, behind basic auth; `login` is `USER:TOKEN`, read at each request. */
export function serveHttp(dir: string, login: () => string): GitServer {
  const port = freePort();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    if (request.headers.get("authorization") !== `Basic ${btoa(login())}`) {
      const headers = { "www-authenticate": 'Basic realm="git"' };
      return new Response("who are you?\n", { status: 401, headers });
    }
    return await backend(dir, request);
  });
  return { port, stop: () => server.shutdown() };
}

async function backend(dir: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const header = (name: string) => request.headers.get(name) ?? "";
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const body = new Uint8Array(await request.arrayBuffer());
  await new Blob([body]).stream().pipeTo(child.stdin).catch(() => {});
  const { stdout } = await child.output();
  const end = new TextDecoder("latin1").decode(stdout).indexOf("\r\n\r\n");
  const lines = new TextDecoder().decode(stdout.slice(0, end)).split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(headers.get("status")?.slice(0, 3) ?? 200);
  headers.delete("status");
  return new Response(stdout.slice(end + 4), { status, headers });
}

/** A real sshd that lets the key `DIR/deploy` run Git on any repository, and nothing else; `knownHosts` is its line. */
export async function serveSshd(dir: string): Promise<GitServer & { knownHosts: string }> {
  const port = freePort();
  const home = `${dir}/sshd`;
  await Deno.mkdir(home);
  await ok(["mkdir", "-p", "/run/sshd"]);
  await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${home}/host`]);
  await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", `${dir}/deploy`]);
  await Deno.copyFile(`${dir}/deploy.pub`, `${home}/authorized_keys`);
  await Deno.writeTextFile(
    `${home}/config`,
    `ListenAddress 127.0.0.1:${port}
HostKey ${home}/host
PidFile none
AuthorizedKeysFile ${home}/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
ForceCommand git-shell -c "$SSH_ORIGINAL_COMMAND"
`,
  );
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec /usr/sbin/sshd -D -f "$1"', "sh", `${home}/config`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("sshd listens", async () => {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    await sleep(10);
    return true;
  });
  const [type, key] = (await Deno.readTextFile(`${home}/host.pub`)).split(" ");
  return {
    port,
    knownHosts: `[127.0.0.1]:${port} ${type} ${key}\n`,
    async stop() {
      await ok(["kill", `${child.pid}`]);
      await child.status;
    },
  };
}

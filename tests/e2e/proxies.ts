/**
 * Debian's caddy and nginx as tests start them: on loopback ports, with directories of their own.
 * @module
 */
import { freePort } from "./port.ts";
import { ok, sh, until } from "./shell.ts";

/** A proxy that runs. */
export interface RunningProxy {
  /** The port it takes HTTP on. */
  port: number;
  /** Lines of `[global]` that make pgod write for it. */
  global: string;
  /** The file that pgod writes. */
  file: string;
  stop(): Promise<void>;
  /** Starts it again with what is in its directory. */
  start(): Promise<void>;
}

/** Caddy, without TLS, in a directory of its own; `more` are further lines of `[global]`. */
export async function startCaddy(
  dir: string,
  more = "",
  name = "caddy",
): Promise<RunningProxy> {
  const own = `${dir}/${name}`;
  const [port, admin] = [freePort(), freePort()];
  const file = `${own}/pgo.caddy`;
  await Deno.mkdir(own);
  await Deno.writeTextFile(
    `${own}/Caddyfile`,
    `{\n\tadmin 127.0.0.1:${admin}\n\thttp_port ${port}\n}\nimport ${own}/*.caddy\n`,
  );
  await ok(["chown", "-R", "caddy:", own]);
  const argv = ["caddy", "run", "--config", `${own}/Caddyfile`];
  const reload = ["caddy", "reload", "--config", `${own}/Caddyfile`];
  const daemon = await start(["runuser", "-u", "caddy", "--", ...argv], admin, { HOME: own });
  return {
    ...daemon,
    port,
    file,
    global: `caddy_import = "${file}"\ncaddy_reload = ${
      JSON.stringify(reload)
    }\ncaddy_scheme = "http"\n${more}`,
  };
}

/** nginx. */
export async function startNginx(dir: string): Promise<RunningProxy> {
  const own = `${dir}/nginx`;
  const [port, alive] = [freePort(), freePort()];
  const file = `${own}/pgo.conf`;
  const config = `${own}/nginx.conf`;
  await Deno.mkdir(own);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `\t${name}_temp_path ${own}/${name};\n`).join("");
  await Deno.writeTextFile(
    config,
    `daemon off;\npid ${own}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n\taccess_log off;\n${temporary}\tserver { listen 127.0.0.1:${alive}; }\n\tinclude ${own}/pgo.con[f];\n}\n`,
  );
  const daemon = await start(["nginx", "-c", config], alive, {});
  return {
    ...daemon,
    port,
    file,
    global: `nginx_include = "${file}"
nginx_test = ["nginx", "-t", "-q", "-c", "${config}"]
nginx_reload = ["nginx", "-s", "reload", "-c", "${config}"]
nginx_listen = ["127.0.0.1:${port}"]
`,
  };
}

async function start(
  [program = "", ...args]: string[],
  port: number,
  env: Record<string, string>,
): Promise<Pick<RunningProxy, "start" | "stop">> {
  let child: Deno.ChildProcess | undefined;
  const daemon = {
    async start() {
      child = new Deno.Command(program, {
        args,
        env,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      })
        .spawn();
      const listens = async () => {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return true;
      };
      await until(`${program} listens`, listens, 15_000);
    },
    async stop() {
      if (!child) return;
      await sh(["kill", "-s", "TERM", `${child.pid}`]);
      await child.status;
      child = undefined;
    },
  };
  await daemon.start();
  return daemon;
}

/** What a request for `http://name/path` at a port of loopback gets; status 0 when nothing answers. */
export async function ask(
  { port }: Pick<RunningProxy, "port">,
  url: string,
): Promise<{ status: number; text: string }> {
  const { hostname, pathname } = new URL(url);
  try {
    // Not fetch: it keeps connections and knows better about the header Host.
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(head));
    const answer = await new Response(connection.readable).text();
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
    return { status, text: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
  } catch {
    return { status: 0, text: "" };
  }
}

/**
 * PGO as `deno task install` lays it out, in a directory of its own, for tests that run its launchers.
 * @module
 */
import { dirname } from "node:path";
import { bundle } from "../../scripts/bundle.ts";
import { put } from "../../scripts/install.ts";
import { tree } from "../../scripts/install/tree.ts";

/** An installed PGO. */
export interface Installed {
  /** A directory for the test, which holds the installed PGO as well. */
  dir: string;
  /** Runs a program of it in `cwd`, with no other environment than `env`. */
  run(
    program: "sbin/pgod" | "bin/pgoctl" | "lib/pgo/may-reload",
    words: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Calls `body` with an installed PGO, and takes it away again. */
export async function withInstalled(body: (installed: Installed) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  const usr = `${dir}/usr`;
  try {
    await bundle(`${dir}/bundles`);
    const places = { prefix: usr, sysconfdir: `${dir}/etc` };
    for (
      const entry of await tree(places, { bundles: `${dir}/bundles`, deno: Deno.execPath() })
    ) {
      if (!entry.path.endsWith("/deno")) await put("", entry);
      else {
        await Deno.mkdir(dirname(entry.path), { recursive: true });
        await Deno.symlink(Deno.execPath(), entry.path);
      }
    }
    await body({
      dir,
      async run(program, words, { env = HOST, cwd = dir } = {}) {
        const command = new Deno.Command("sh", {
          args: ["-c", 'exec "$0" "$@"', `${usr}/${program}`, ...words],
          cwd,
          env,
          clearEnv: true,
        });
        const { code, stdout, stderr } = await command.output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, stdout: text(stdout), stderr: text(stderr) };
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What nobody's environment lacks. */
const HOST = { PATH: "/usr/bin:/bin", DENO_DIR: "/dev/null" };

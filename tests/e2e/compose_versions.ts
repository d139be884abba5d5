/**
 * The podman-compose versions that tests run with.
 * @module
 */
import { fileURLToPath } from "node:url";
import { ok } from "./shell.ts";

/** Debian 12's, and the next release's unpacked beside it; `path` is to be found first in PATH. */
export async function composePaths(): Promise<{ version: string; path?: string }[]> {
  const script = fileURLToPath(new URL("../../scripts/fetch-podman-compose.sh", import.meta.url));
  const dir = "/var/cache/pgo-tests/podman-compose-1.3.0";
  await ok(["bash", script, dir]);
  return [{ version: "1.0.3" }, { version: "1.3.0", path: dir }];
}

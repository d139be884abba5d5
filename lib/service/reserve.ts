/**
 * Room on the disk for what has to be written after a switch: a deployment that is well but cannot be recorded would
 * have to be gone back from.
 * @module
 */
import { must } from "../host/service_directory.ts";
import type { Service } from "./service.ts";

/** Bytes kept free: the state file, and the ledger's next pages. */
const SIZE = 1024 * 1024;

/** Takes the room. @throws {Error} when there is none. */
export async function reserveRoom({ host: { run }, user, paths }: Service): Promise<void> {
  const script = 'head -c "$2" /dev/zero >"$1" || { rm -f "$1"; exit 1; }';
  const argv = ["sh", "-c", script, "sh", `${paths.deployments}/reserve`, String(SIZE)] as const;
  await must(run, { argv, user });
}

/** Gives it back, for what is to be written now. */
export async function freeRoom({ host: { run }, user, paths }: Service): Promise<void> {
  await run({ argv: ["rm", "-f", "--", `${paths.deployments}/reserve`], user });
}

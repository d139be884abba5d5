/**
 * The key that operates a service: its private half outside the repository, its public half in `ssh/`.
 * @module
 */
import { basename } from "node:path";
import { makeKeyPair, publicHalf } from "../ssh/key_pair.ts";
import { isThere, realPlace, writeNew } from "./new_file.ts";

/** What became of the two halves: whether each was written, and what is to be said about it. */
export interface Keys {
  privateWritten: boolean;
  /** Inside the repository. */
  publicPath: string;
  publicWritten: boolean;
  note?: string;
}

/**
 * Makes a key pair for `service` unless there is one, and publishes it in `directory`.
 * @throws {Error} with one line when the private half would lie inside the repository, or is of no use.
 */
export async function publishKey(directory: string, path: string, service: string): Promise<Keys> {
  const place = await realPlace(path);
  if (`${place}/`.startsWith(`${await Deno.realPath(directory)}/`)) {
    throw new Error(
      `${path} lies inside the repository: a private key must not, name another place with --key`,
    );
  }
  const publicPath = `ssh/${basename(path)}.pub`;
  const target = `${directory}/${publicPath}`;
  const kept = await Deno.readTextFile(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  if (kept !== undefined) {
    const line = publicHalf(kept, `pgo_${service}`);
    if (line === undefined) {
      throw new Error(
        `${path} is no private key without a passphrase: name another place with --key`,
      );
    }
    const publicWritten = await writeNew(target, `${line}\n`);
    const same = (await Deno.readTextFile(target)).includes(line.split(" ")[1] ?? line);
    const note = same ? undefined : `it does not belong to ${path}: name another place with --key`;
    return { privateWritten: false, publicPath, publicWritten, note };
  }
  if (await isThere(target)) {
    const note =
      `its private half is not in ${path}: use the one that somebody has, or name another place with --key`;
    return { privateWritten: false, publicPath, publicWritten: false, note };
  }
  const made = makeKeyPair(`pgo_${service}`);
  const privateWritten = await writeNew(path, made.private, 0o600);
  if (!privateWritten) return await publishKey(directory, path, service);
  return {
    privateWritten,
    publicPath,
    publicWritten: await writeNew(target, `${made.public.trim()}\n`),
  };
}

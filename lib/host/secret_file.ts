/**
 * Files that hold secrets, read by pgod itself: only such that nobody else can read or change.
 * @module
 */
import { startedWithout } from "../config/permissions.ts";

/** A file that cannot be used as a secret; one line that begins with its path and never holds its text. */
export class SecretFileError extends Error {}

/** Bytes a file may have: each travels as one variable, and Linux takes no longer ones. */
const LIMIT = 64 * 1024;

/**
 * The text of `path`. It has to be a regular file of root's or pgod's own user's, which others may not write,
 * nor read unless it is `open`. @throws {SecretFileError}
 */
export async function readSecretFile(path: string, { open = false } = {}): Promise<string> {
  const refuse = (why: string) => new SecretFileError(`${path}: ${why}`);
  try {
    const { isFile, isSymlink } = await Deno.lstat(path);
    if (!isFile) throw refuse(`${isSymlink ? "a link" : "no file"}, expected a regular file`);
    // Judged is what is open: the path may lead elsewhere a moment later.
    using file = await Deno.open(path);
    const { uid, mode, size } = await file.stat();
    if (uid !== 0 && uid !== Deno.uid()) {
      throw refuse(`it is uid ${uid}'s, expected root's: chown root`);
    }
    const closed = open ? 0o022 : 0o077;
    const bits = (mode ?? 0o777) & 0o777;
    if (bits & closed) {
      const others = open ? "write" : "read";
      throw refuse(
        `mode ${bits.toString(8).padStart(4, "0")} lets others ${others} it, expected ${
          open ? "0644" : "0600"
        }: chmod ${open ? "go-w" : "600"}`,
      );
    }
    if (size > LIMIT) throw refuse(`it has ${size} bytes, expected at most ${LIMIT}`);
    const text = await new Response(file.readable).text();
    if (text.includes("\0")) throw refuse("it holds a NUL, expected text");
    return text;
  } catch (error) {
    if (error instanceof SecretFileError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("there is no such file");
    if (error instanceof Deno.errors.NotCapable) {
      throw refuse(startedWithout(`--allow-read=${path}`));
    }
    throw refuse(`it cannot be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

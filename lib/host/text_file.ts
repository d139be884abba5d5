/**
 * A text file that is replaced as a whole: owner, mode and links stay, and nobody's edit meanwhile is lost.
 * @module
 */

/** A text file as it was read. */
export interface TextFile {
  /** What is replaced: where links lead to. */
  path: string;
  /** With its byte order mark, if it has one. */
  text: string;
  /** What the file holds; undefined where there is none yet. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
  mode: number;
  uid: number;
  gid: number;
}

/** A new file's mode: it may come to hold tokens. */
const NEW = 0o600;

/** Reads the file at `path`; one that is not there counts as empty. @throws {Error} with one line. */
export async function readTextFile(path: string): Promise<TextFile> {
  try {
    const link = await Deno.lstat(path).catch(unless(Deno.errors.NotFound));
    if (!link) return { path, text: "", bytes: undefined, mode: NEW, uid: -1, gid: -1 };
    const real = await Deno.realPath(path);
    const { isFile, mode, uid, gid } = await Deno.stat(real);
    if (!isFile) throw new Error("this is no file");
    const bytes = await Deno.readFile(real);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { path: real, text, bytes, mode: (mode ?? NEW) & 0o7777, uid: uid ?? 0, gid: gid ?? 0 };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`${path}: a link that leads nowhere`);
    }
    if (error instanceof TypeError) throw new Error(`${path}: this is no UTF-8 text`);
    throw explained(error, path, "read");
  }
}

/**
 * Writes `text` in the place of `file`, at once or not at all, through a file `PATH.new` beside it. `prepare` is what
 * has to be done before: it begins when nothing but another's edit can keep the file from being replaced.
 * @throws {Error} with one line when the file is no longer what was read, or another such writer is at work.
 */
export async function replaceTextFile(
  file: TextFile,
  text: string,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const draft = `${file.path}.new`;
  const explain = (error: unknown) => {
    throw explained(error, file.path, "write");
  };
  await claim(draft).catch(explain);
  try {
    await write(draft, file, text).catch(explain);
    await prepare();
    await swap(draft, file).catch(explain);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
}

async function claim(draft: string): Promise<void> {
  try {
    await Deno.writeFile(draft, new Uint8Array(), { createNew: true, mode: NEW });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Error(`${draft} is there: somebody else writes right now; remove it if nobody does`);
  }
}

async function write(
  draft: string,
  { bytes, mode, uid, gid }: TextFile,
  text: string,
): Promise<void> {
  using out = await Deno.open(draft, { write: true });
  const own = await out.stat();
  if (bytes && (own.uid !== uid || own.gid !== gid)) await Deno.chown(draft, uid, gid);
  await Deno.chmod(draft, mode);
  const next = new TextEncoder().encode(text);
  for (let at = 0; at < next.length;) at += await out.write(next.subarray(at));
  await out.sync();
}

async function swap(draft: string, { path, bytes }: TextFile): Promise<void> {
  const now = await Deno.readFile(path).catch(unless(Deno.errors.NotFound));
  if (!isSame(bytes, now)) {
    throw new Error("somebody else changed it meanwhile; look at it and try again");
  }
  await Deno.rename(draft, path);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function unless(kind: new (message: string) => Error): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof kind)) throw error;
  };
}

function explained(error: unknown, path: string, what: "read" | "write"): Error {
  const [line] = (error as Error).message.split("\n");
  if (!(error instanceof Deno.errors.NotCapable)) return new Error(`${path}: ${line}`);
  const names = what === "read" ? path : `${path},${path}.new`;
  return new Error(
    `${path}: pgod was not started with --allow-${what}=${names}: pgod permissions add (or remove) -c FILE prints how to start it`,
  );
}

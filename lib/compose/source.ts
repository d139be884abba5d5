/**
 * Where the resolver reads from: the files of one revision and nothing else.
 * @module
 */

/** The files of one revision. Paths are relative to its top, `/`-separated, without `.` or `..`. */
export interface Source {
  /** What is at `path`; symlinks are reported, never followed. `other`: submodule, FIFO, device. */
  kind(path: string): Promise<"file" | "directory" | "symlink" | "other" | undefined>;
  /** Content of a regular file. @throws {Error} when it is none or too large. */
  read(path: string): Promise<Uint8Array>;
}

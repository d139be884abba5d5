/**
 * What a Git repository says of itself, read from its own files: pgoctl starts no programs.
 * @module
 */
import { resolve } from "node:path";

/** Where a repository is pushed to, and on which branch it stands. */
export interface Origin {
  /** Without credentials; undefined where there is no remote. */
  url: string | undefined;
  branch: string;
}

/** Reads `.git` of `directory`; undefined when there is none. */
export async function readOrigin(directory: string): Promise<Origin | undefined> {
  const own = await gitDirectory(`${directory}/.git`);
  if (own === undefined) return undefined;
  const read = (path: string) => Deno.readTextFile(path).catch(() => "");
  const common = (await read(`${own}/commondir`)).trim();
  const config = await read(`${common ? resolve(own, common) : own}/config`);
  const [, branch = "main"] = /^ref: refs\/heads\/(\S+)/.exec(await read(`${own}/HEAD`)) ?? [];
  return { url: remoteUrl(config), branch };
}

/** A worktree's `.git` is a file that names another directory. */
async function gitDirectory(path: string): Promise<string | undefined> {
  const found = await Deno.stat(path).catch(() => undefined);
  if (!found || found.isDirectory) return found && path;
  const [, to] = /^gitdir: (.*)/.exec(await Deno.readTextFile(path)) ?? [];
  return to === undefined ? undefined : resolve(path, "..", to);
}

/** The URL of `origin`, else of the first remote, in the text of a Git config; without credentials. */
export function remoteUrl(config: string): string | undefined {
  const urls = new Map<string, string>();
  let remote: string | undefined;
  for (const line of config.split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) remote = /^\s*\[remote "(.*)"\]/.exec(line)?.[1];
    const [, url] = /^\s*url\s*=\s*"?([^"]*?)"?\s*$/i.exec(line) ?? [];
    if (remote !== undefined && url && !urls.has(remote)) urls.set(remote, url);
  }
  const url = urls.get("origin") ?? [...urls.values()][0];
  return url?.replace(/^(https?:\/\/)[^/@]*@/, "$1");
}

/** The last part of a URL or path, as a service may be called; undefined when nothing of it may be. */
export function serviceNameFrom(path: string): string | undefined {
  const last = path.replace(/\/+$/, "").replace(/\.git$/, "").split(/[/:]/).at(-1) ?? "";
  const name = last.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63);
  return name === "" ? undefined : name;
}

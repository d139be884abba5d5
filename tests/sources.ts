/**
 * The program's own source, for tests that hold rules about it.
 * @module
 */

/** The top of the tree. */
export const root = new URL("../", import.meta.url);

async function sources(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) found.push(...await sources(`${folder}${name}/`));
    else if (name.endsWith(".ts")) found.push(`${folder}${name}`);
  }
  return found.sort();
}

/** The files of the programs in which `pattern` is found, sorted. */
export async function filesWith(pattern: RegExp): Promise<string[]> {
  const all = ["pgod.ts", "pgoctl.ts", ...await sources("lib/")];
  const texts = await Promise.all(all.map((file) => Deno.readTextFile(new URL(file, root))));
  return all.filter((_, at) => (texts[at] ?? "").search(pattern) !== -1);
}

/**
 * Every file that an installed PGO consists of, as data: install, uninstall and the Debian package go by it.
 * @module
 */
import { root } from "../bundle.ts";
import { pgoctlCompletion, pgodCompletion } from "./completion.ts";
import { firstConfig } from "./config.ts";
import { mayReload, pgoctlLauncher, pgodLauncher } from "./launchers.ts";
import { unit } from "./unit.ts";

/** One file: `from` another, or with a `text`. */
export type Entry = { path: string; mode: number } & ({ from: string } | { text: string });

/** Where things go: programs and what belongs to them, the config; and before both, where they are put for now. */
export interface Places {
  prefix: string;
  sysconfdir: string;
  destdir: string;
}

/** The config; it is written only where there is none, and never removed. */
export function configPath({ sysconfdir }: Pick<Places, "sysconfdir">): string {
  return `${sysconfdir}/pgo.toml`;
}

/** The text of the config of a new host. */
export async function configText(): Promise<string> {
  return firstConfig(await Deno.readTextFile(`${root}config.example.toml`));
}

/** All files but the config, as absolute paths without `destdir`; the bundles are taken from `bundles`, and `deno` is the program that will run them. */
export async function tree(
  { prefix, sysconfdir }: Pick<Places, "prefix" | "sysconfdir">,
  { bundles, deno }: { bundles: string; deno: string },
): Promise<Entry[]> {
  const lib = `${prefix}/lib/pgo`;
  const own = { pgod: `${prefix}/sbin/pgod`, mayReload: `${lib}/may-reload` };
  const share = `${prefix}/share`;
  const [shebang = ""] = (await Deno.readTextFile(`${root}pgoctl.ts`)).split("\n");
  const pages = await names("man");
  const documents = await names("docs", ".md");
  const texts = ["README.md", "CHANGELOG.md", "config.example.toml"];
  return [
    { path: `${lib}/deno`, mode: 0o755, from: deno },
    { path: `${lib}/pgod.js`, mode: 0o644, from: `${bundles}/pgod.js` },
    { path: `${lib}/pgoctl.js`, mode: 0o644, from: `${bundles}/pgoctl.js` },
    { path: own.pgod, mode: 0o755, text: pgodLauncher(lib) },
    { path: `${prefix}/bin/pgoctl`, mode: 0o755, text: pgoctlLauncher(lib, shebang) },
    {
      path: `${prefix}/lib/systemd/system/pgod.service`,
      mode: 0o644,
      text: unit({ ...own, config: configPath({ sysconfdir }) }),
    },
    { path: own.mayReload, mode: 0o755, text: mayReload(lib, own.pgod) },
    // Podman's storage and registries, and users, as services need them.
    { path: `${share}/pgo/prepare-host.sh`, mode: 0o755, from: `${root}scripts/prepare-host.sh` },
    ...["pgod", "pgoctl"].map((name) => ({
      path: `${share}/bash-completion/completions/${name}`,
      mode: 0o644,
      text: name === "pgod" ? pgodCompletion() : pgoctlCompletion(),
    })),
    ...pages.map((name) => ({
      path: `${share}/man/man${name.split(".").at(-1)}/${name}`,
      mode: 0o644,
      from: `${root}man/${name}`,
    })),
    // As they lie in the tree, so that they find one another.
    ...[...texts, ...documents.map((name) => `docs/${name}`)].map((name) => ({
      path: `${share}/doc/pgo/${name}`,
      mode: 0o644,
      from: root + name,
    })),
  ];
}

/** The files of a folder of the tree whose names end in `end`, sorted. */
async function names(folder: string, end = ""): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(root + folder));
  return found.map(({ name }) => name).filter((name) => name.endsWith(end)).sort();
}

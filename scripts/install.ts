/**
 * `deno task install` and `deno task uninstall`: PGO on this host, or below `--destdir`.
 * @module
 */
import { parseArgs } from "node:util";
import { dirname } from "node:path";
import { VERSION } from "../lib/version.ts";
import { bundle, root, run } from "./bundle.ts";
import { configPath, configText, type Entry, type Places, tree } from "./install/tree.ts";

/** Writes a file beside its place and moves it there: what runs keeps the old one. */
export async function put(destdir: string, entry: Entry): Promise<void> {
  const path = destdir + entry.path;
  await Deno.mkdir(dirname(path), { recursive: true });
  if ("from" in entry) await Deno.copyFile(entry.from, `${path}.new`);
  else await Deno.writeTextFile(`${path}.new`, entry.text);
  await Deno.chmod(`${path}.new`, entry.mode);
  await Deno.rename(`${path}.new`, path);
}

async function install(places: Places): Promise<void> {
  const { destdir, prefix } = places;
  const config = configPath(places);
  const built = await bundle(`${root}dist`);
  for (const entry of await tree(places, { bundles: `${root}dist`, deno: Deno.execPath() })) {
    await put(destdir, entry);
  }
  const isNew = await missing(destdir + config);
  // A config may hold tokens of repositories.
  if (isNew) await put(destdir, { path: config, mode: 0o600, text: await configText() });
  await tellSystemd(places, "daemon-reload");
  console.log(
    `PGO ${built || VERSION} is in ${destdir}${prefix}; ${config} ${isNew ? "is new" : "stays"}.
Next: ${prefix}/share/pgo/prepare-host.sh, edit ${config} (or pgod add), pgod check -c ${config}, systemctl enable --now pgod
A pgod that runs goes on with the old files until systemctl restart pgod; containers do not notice.`,
  );
}

async function uninstall(places: Places): Promise<void> {
  const { destdir, prefix } = places;
  const paths = (await tree(places, { bundles: "", deno: "" })).map(({ path }) => path);
  const there = await Promise.all(paths.map(async (path) => !await missing(destdir + path)));
  if (!there.includes(true)) {
    return console.log(`PGO is not in ${destdir}${prefix}: there is nothing to take away.`);
  }
  await tellSystemd(places, "disable", "--now", "pgod.service");
  for (const path of paths) await remove(destdir + path);
  for (const folder of foldersOf(paths, places)) await removeEmpty(destdir + folder);
  if (isHost(places)) await Deno.remove("/var/cache/pgo", { recursive: true }).catch(() => {});
  await tellSystemd(places, "daemon-reload");
  console.log(
    `PGO is gone from ${destdir}${prefix}. ${
      configPath(places)
    }, /var/lib/pgo and containers stay.`,
  );
}

async function remove(path: string): Promise<void> {
  if (!await missing(path)) await Deno.remove(path);
}

/** What a Debian has in /usr/local, empty or not. */
const STANDARD = ["bin", "lib", "sbin", "share", "share/man"];

/** The folders that may have been made for `paths`, the innermost first. */
function foldersOf(paths: readonly string[], places: Places): string[] {
  const { prefix } = places;
  const all = new Set<string>();
  for (const path of paths) {
    for (let up = dirname(path); up.startsWith(prefix) && up !== "/"; up = dirname(up)) all.add(up);
  }
  const kept = isHost(places) ? [prefix, ...STANDARD.map((name) => `${prefix}/${name}`)] : [];
  return [...all].filter((folder) => !kept.includes(folder)).sort((a, b) => b.length - a.length);
}

async function removeEmpty(folder: string): Promise<void> {
  if (await missing(folder)) return;
  for await (const _ of Deno.readDir(folder)) return;
  await Deno.remove(folder);
}

async function missing(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => false, () => true);
}

/** Whether it is where this host's systemd looks. */
function isHost({ destdir, prefix }: Places): boolean {
  return destdir === "" && ["/usr", "/usr/local"].includes(prefix);
}

/** Only where systemd runs, and only of what it would find. */
async function tellSystemd(places: Places, ...words: string[]): Promise<void> {
  if (!isHost(places)) return;
  if (await missing("/run/systemd/system")) return;
  await run("systemctl", words).catch((error) => console.error(`pgo: ${error.message}`));
}

const HELP = `usage: deno task install   [--prefix DIR] [--sysconfdir DIR] [--destdir DIR]
       deno task uninstall [--prefix DIR] [--sysconfdir DIR] [--destdir DIR]

As root. install brings pgod, pgoctl, a Deno for them, manual pages, bash completion and the systemd unit, and a config
where there is none. uninstall takes it away, with the same options; the config, /var/lib/pgo and containers stay.

  --prefix DIR      where programs go, and what belongs to them; default /usr/local
  --sysconfdir DIR  where pgo.toml is; default /etc
  --destdir DIR     put all of it below DIR for now, as packages are made; nobody has to be root then`;

/** The command line. @throws {Error} in one line. */
function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        destdir: { type: "string", default: "" },
        help: { type: "boolean", short: "h" },
        prefix: { type: "string", default: "/usr/local" },
        sysconfdir: { type: "string", default: "/etc" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new Error((error as Error).message.split(". ")[0]);
  }
}

async function main(): Promise<void> {
  const { values, positionals: [action, more] } = readArguments();
  if (values.help) return console.log(HELP);
  if (action !== "install" && action !== "uninstall") {
    throw new Error("expected deno task install or deno task uninstall, --help shows more");
  }
  if (more !== undefined) {
    throw new Error(`"${more}" is too much: ${action} takes only options, --help shows them`);
  }
  const { prefix, sysconfdir } = values;
  for (const path of [prefix, sysconfdir]) {
    // They go into shell scripts and a unit as they are.
    if (!/^(\/[\w.+-]+)+$/.test(path)) {
      throw new Error(
        `"${path}", expected an absolute path of letters, digits, ".", "_", "+" and "-"`,
      );
    }
  }
  const destdir = values.destdir.replace(/\/+$/, "");
  if (destdir === "" && Deno.uid() !== 0) throw new Error("needs root, or --destdir DIR");
  await (action === "uninstall" ? uninstall : install)({ destdir, prefix, sysconfdir });
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`pgo: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

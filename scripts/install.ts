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
  await tellSystemd(places, "disable", "--now", "pgod.service");
  const files = await tree(places, { bundles: "", deno: "" });
  for (const { path } of files) await remove(destdir + path);
  const own = new Set(
    files.map(({ path }) => dirname(path)).filter((path) => path.endsWith("/pgo")),
  );
  for (const folder of own) await remove(destdir + folder);
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

async function main(): Promise<void> {
  const { values, positionals: [action] } = parseArgs({
    args: Deno.args,
    options: {
      destdir: { type: "string", default: "" },
      prefix: { type: "string", default: "/usr/local" },
      sysconfdir: { type: "string", default: "/etc" },
    },
    allowPositionals: true,
  });
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

/**
 * `deno task deb`: a Debian package of what `deno task install` installs, built with dpkg-deb and looked at by lintian.
 * @module
 */
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { VERSION } from "../lib/version.ts";
import { bundle, root, run } from "./bundle.ts";
import { control, COPYRIGHT, OVERRIDES } from "./deb/control.ts";
import { SCRIPTS } from "./deb/maintainer.ts";
import { put } from "./install.ts";
import { configText, type Entry, tree } from "./install/tree.ts";

/** Seconds since 1970 of the tree's revision: the same revision makes the same package. */
async function epoch(): Promise<number> {
  return await run("git", ["log", "-1", "--format=%ct"]).then(Number, () => Date.now() / 1000);
}

/** Manual pages and long documents are compressed, as Debian wants them. */
async function compressed(entry: Entry): Promise<[path: string, bytes: Uint8Array] | undefined> {
  const { path } = entry;
  if (!/\/man\/|\/doc\/.*\.md$/.test(path)) return undefined;
  const bytes = "from" in entry
    ? await Deno.readFile(entry.from)
    : new TextEncoder().encode(entry.text);
  const name = path.replace("CHANGELOG.md", "NEWS.md");
  return [`${name}.gz`, gzipSync(bytes, { level: 9 })];
}

async function stage(stage: string, version: string, at: Date): Promise<void> {
  const bundles = `${root}dist`;
  await bundle(bundles);
  const places = { prefix: "/usr", sysconfdir: "/etc" };
  for (const entry of await tree(places, { bundles, deno: Deno.execPath() })) {
    const small = await compressed(entry);
    if (!small) {
      await put(stage, entry);
      continue;
    }
    await put(stage, { path: small[0], mode: 0o644, text: "" });
    await Deno.writeFile(stage + small[0], small[1]);
  }
  const stamp = at.toUTCString().replace("GMT", "+0000");
  const log = `pgo (${version}) unstable; urgency=medium

  * Built from its repository; NEWS.md.gz tells what changed.

 -- The PGO maintainers <pgo@localhost>  ${stamp}
`;
  const more: Entry[] = [
    { path: "/usr/share/pgo/pgo.toml", mode: 0o644, text: await configText() },
    { path: "/usr/share/doc/pgo/copyright", mode: 0o644, text: COPYRIGHT },
    { path: "/usr/share/doc/pgo/changelog.gz", mode: 0o644, text: "" },
    { path: "/usr/share/lintian/overrides/pgo", mode: 0o644, text: OVERRIDES },
    ...Object.entries(SCRIPTS).map(([name, text]) => ({
      path: `/DEBIAN/${name}`,
      mode: 0o755,
      text,
    })),
  ];
  for (const entry of more) await put(stage, entry);
  await Deno.writeFile(
    `${stage}/usr/share/doc/pgo/changelog.gz`,
    gzipSync(new TextEncoder().encode(log), { level: 9 }),
  );
  const sums = await run(
    "sh",
    ["-c", "find usr -type f -print0 | sort -z | xargs -0 md5sum"],
    stage,
  );
  await put(stage, { path: "/DEBIAN/md5sums", mode: 0o644, text: sums + "\n" });
  const architecture = await run("dpkg", ["--print-architecture"]);
  const size = parseInt(await run("du", ["-sk", "--exclude=DEBIAN", "."], stage));
  const text = control({ version, architecture, size });
  await put(stage, { path: "/DEBIAN/control", mode: 0o644, text });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      version: { type: "string" },
      output: { type: "string", default: "dist" },
      // gzip is for tests: it takes three seconds in place of thirty.
      compression: { type: "string", default: "xz" },
    },
  });
  const at = new Date(await epoch() * 1000);
  const stamp = at.toISOString().replace(/\D/g, "").slice(0, 14);
  const version = values.version ?? `${VERSION}+${stamp}`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o755);
    await stage(folder, version, at);
    await Deno.mkdir(values.output, { recursive: true });
    const words = [
      "--root-owner-group",
      `-Z${values.compression}`,
      "-z1",
      "--build",
      folder,
      values.output,
    ];
    const said = await run("env", [
      `SOURCE_DATE_EPOCH=${at.getTime() / 1000}`,
      "dpkg-deb",
      ...words,
    ]);
    const [, file = ""] = /in '(.*)'\.$/m.exec(said) ?? [];
    console.log(file);
    await lint(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function lint(file: string): Promise<void> {
  const there = await run("sh", ["-c", "command -v lintian"]).catch(() => "");
  if (!there) return console.error("lintian is not installed: the package was not looked at");
  const said = await run("lintian", ["--fail-on=error", "--allow-root", file]);
  if (said) console.error(said);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`pgo: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

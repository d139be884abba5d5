import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { root } from "../sources.ts";
import { withInstalled } from "./installed.ts";

const SCRIPT = fileURLToPath(new URL("scripts/install.ts", root));

async function install(...words: string[]) {
  const flags = ["--no-prompt", "--allow-read", "--allow-write", "--allow-sys=uid"];
  const args = ["run", "-q", ...flags, SCRIPT, ...words];
  const { code, stdout, stderr } = await new Deno.Command("deno", { args }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (const words of [["install", "foo"], ["uninstall", "foo"], ["install", "--prefx=/x"], []]) {
  Deno.test(`deno task ${words.join(" ") || "(install.ts alone)"} is refused in one line`, async () => {
    const { code, stdout, stderr } = await install(...words, "--destdir=/nowhere");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^pgo: [^\n]*(foo|--prefx|expected)[^\n]*\n$/);
  });
}

for (const action of ["install", "uninstall"]) {
  Deno.test(`deno task ${action} --help tells of each option`, async () => {
    const { code, stdout, stderr } = await install(action, "--help");
    assert.deepEqual([code, stderr], [0, ""]);
    for (const option of ["--prefix", "--destdir", "--sysconfdir"]) {
      assert.match(stdout, new RegExp(`^  ${option} DIR +[a-z].*$`, "m"));
    }
  });
}

async function below(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    found.push(name, ...isDirectory ? await below(`${dir}/${name}`) : []);
  }
  return found.sort();
}

Deno.test("uninstall leaves the config and what is others', no empty directory, and says when nothing was there", () =>
  withInstalled(async ({ dir }) => {
    await Deno.mkdir(`${dir}/etc`);
    await Deno.writeTextFile(`${dir}/etc/pgo.toml`, "");
    await Deno.mkdir(`${dir}/usr/share/doc/other`);
    await Deno.remove(`${dir}/bundles`, { recursive: true });
    const words = ["uninstall", "--destdir", dir, "--prefix", "/usr"];
    const { code, stdout } = await install(...words);
    assert.deepEqual([code, /^PGO is gone from /.test(stdout)], [0, true]);
    assert.deepEqual(await below(dir), ["doc", "etc", "other", "pgo.toml", "share", "usr"]);
    const again = await install(...words);
    assert.deepEqual(again, {
      code: 0,
      stdout: `PGO is not in ${dir}/usr: there is nothing to take away.\n`,
      stderr: "",
    });
  }));

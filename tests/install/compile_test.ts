/**
 * What of compiling can be tried without a download: Deno embeds the programs into any ELF file that DENORT_BIN names.
 * The result has all that matters in it, and cannot be started.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { BUILDS, pgodFlags } from "../../scripts/compile.ts";
import { pgoctlFlags } from "../../scripts/install/launchers.ts";
import { VERSION } from "../../lib/version.ts";
import { root } from "../sources.ts";

const top = fileURLToPath(root);

async function run(program: string, args: string[], env = {}): Promise<string> {
  const command = new Deno.Command(program, { args, cwd: top, env });
  const { code, stdout, stderr } = await command.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The permissions that a compiled program will have, by their names in Deno's own metadata; `[]` is all. */
function permissions(program: string): Record<string, string[] | null> {
  const [, text = "{}"] = /"permissions":(\{.*?\})/.exec(program) ?? [];
  const entries = Object.entries(JSON.parse(text) as Record<string, string[] | null>);
  return Object.fromEntries(
    entries.filter(([name, value]) => /^allow_(?!import)/.test(name) && value !== null),
  );
}

/** The same, of flags. */
function flagged(flags: string[]): Record<string, string[]> {
  return Object.fromEntries(
    flags.filter((flag) => flag.startsWith("--allow-")).map((flag) => {
      const [name = "", values] = flag.slice(2).split("=");
      return [name.replace("-", "_"), values?.split(",") ?? []];
    }),
  );
}

Deno.test("a compiled program has its permissions, its version and its revision in it", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.copyFile("/bin/true", `${dir}/denort`);
    const names = BUILDS.filter(({ target }) => target.includes("linux")).map(({ name }) => name);
    assert.equal(names.length, 4);
    const words = ["task", "-q", "compile", "--output", dir, ...names];
    const said = await run("deno", words, { DENORT_BIN: `${dir}/denort` });
    const [shebang = ""] = (await Deno.readTextFile(new URL("pgoctl.ts", root))).split("\n");
    const expected = {
      pgod: flagged(pgodFlags()),
      pgoctl: { ...flagged(pgoctlFlags(shebang)), allow_write: [] },
    };
    const describe = ["describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"];
    const revision = (await run("git", describe)).trim();
    for (const { name, program } of BUILDS.filter(({ name }) => names.includes(name))) {
      assert.ok(said.includes(`${dir}/${name} (${revision})`));
      const text = new TextDecoder("latin1").decode(await Deno.readFile(`${dir}/${name}`));
      assert.deepEqual(permissions(text), expected[program], name);
      assert.ok(text.includes(`PGO_REVISION = "${revision}"`), name);
      assert.ok(text.includes(`"${VERSION}"`), name);
      // Where it was built is nobody's business, and would make every build another.
      assert.ok(!text.includes("/npm/registry"), name);
    }
    const shown = await run("deno", ["run", "--no-config", `${dir}/pgoctl.js`, "-v"]);
    assert.equal(shown, `pgoctl ${VERSION} (${revision})\n`);
    // It lies packed in the bundle.
    const init = ["run", "--no-config", "--allow-env=HOME", `${dir}/pgoctl.js`, "init"];
    assert.match(await run("deno", [...init, "--help"]), /^pgoctl-init: /);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the systems are those people have: Linux and macOS, on x64 and arm64", () => {
  const names = BUILDS.map(({ name }) => name);
  for (const system of ["linux-x64", "linux-arm64", "macos-x64", "macos-arm64"]) {
    assert.ok(names.includes(`pgoctl-${system}` as (typeof names)[number]), system);
  }
});

import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { commandFlags, permissionFlags } from "../../lib/config/permissions.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { SIGN } from "../../lib/service/watchdog.ts";
import { pgoctlLauncher, pgodLauncher } from "../../scripts/install/launchers.ts";
import { configText, tree } from "../../scripts/install/tree.ts";
import { unit } from "../../scripts/install/unit.ts";
import { root } from "../sources.ts";

const { tasks } = project;
const config = "/etc/pgo.toml";

Deno.test("the tasks of pgod run with the permissions that are data", () => {
  const how = "runuser" as const;
  const serve = { how, config, dir: "/var/lib/pgo", listen: ["[::]:2222"] };
  const expected = { "pgod": permissionFlags(serve) } as Record<string, string[]>;
  for (
    const command of ["check", "judge", "permissions", "ports", "urls", "add", "remove"] as const
  ) {
    expected[`pgod:${command}`] = commandFlags(command, { how, config });
  }
  for (const [name, flags] of Object.entries(expected)) {
    const { command } = tasks[name as keyof typeof tasks];
    const given = command.split(" ").filter((word) => /^--(no-prompt|allow-)/.test(word));
    assert.deepEqual(given, flags, name);
  }
});

Deno.test("pgoctl has one list of permissions: its first line, its task and its launcher", async () => {
  const [shebang = ""] = (await Deno.readTextFile(new URL("pgoctl.ts", root))).split("\n");
  const flags = (text: string) => text.replaceAll('"', "").match(/(?<!\+)--allow-\S+/g)?.sort();
  assert.deepEqual(flags(tasks.pgoctl.command), flags(shebang));
  assert.deepEqual(flags(pgoctlLauncher("/usr/lib/pgo", shebang)), flags(shebang));
});

Deno.test("launchers never let Deno fetch anything", async () => {
  const [shebang = ""] = (await Deno.readTextFile(new URL("pgoctl.ts", root))).split("\n");
  for (const text of [pgodLauncher("/l"), pgoctlLauncher("/l", shebang)]) {
    assert.match(text, /--no-config .*--no-remote --no-npm --cached-only/);
    assert.match(text, /DENO_NO_UPDATE_CHECK=1/);
  }
});

Deno.test("a new host's config is valid, has no services, and shows every line of the example", async () => {
  const text = await configText();
  assert.deepEqual(parseConfig(text, config).services, []);
  const example = await Deno.readTextFile(new URL("config.example.toml", root));
  const shown = text.split("\n").map((line) => line.replace(/^# (?=\S)/, ""));
  for (const line of example.split("\n").slice(1)) {
    assert.ok(shown.includes(line.replace(/^# /, "")), line);
  }
});

Deno.test("the watchdog waits for three signs of life", () => {
  const text = unit({ pgod: "/usr/sbin/pgod", mayReload: "/m", config });
  assert.match(text, new RegExp(`^WatchdogSec=${SIGN * 3 / 1000}$`, "m"));
});

Deno.test("each directive that restricts has its reason above it", () => {
  const lines = unit({ pgod: "/usr/sbin/pgod", mayReload: "/m", config }).split("\n");
  const from = lines.indexOf("UMask=0022");
  const to = lines.findIndex((line) => line.startsWith("# Left out"));
  for (const [at, line] of lines.entries()) {
    if (at < from || at > to || !line.includes("=")) continue;
    assert.match(lines[at - 1] ?? "", /^# /, line);
  }
});

for (const word of ["NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectKernelTunables"]) {
  Deno.test(`the unit does not set ${word}, and says why`, () => {
    const text = unit({ pgod: "/usr/sbin/pgod", mayReload: "/m", config });
    assert.doesNotMatch(text, new RegExp(`^${word}=`, "m"));
    assert.match(text, new RegExp(`^# .*\\b${word}\\b.*:`, "m"));
  });
}

Deno.test("every manual page is brought, in its section", async () => {
  const places = { prefix: "/usr", sysconfdir: "/etc" };
  const paths = (await tree(places, { bundles: "", deno: "" })).map(({ path }) => path);
  for await (const { name } of Deno.readDir(new URL("man/", root))) {
    assert.ok(paths.includes(`/usr/share/man/man${name.at(-1)}/${name}`), name);
  }
});

Deno.test("every document that the manual or the README names is brought, where they name it", async () => {
  const places = { prefix: "/usr", sysconfdir: "/etc" };
  const paths = (await tree(places, { bundles: "", deno: "" })).map(({ path }) => path);
  const texts = ["README.md", "man/pgod.8", "man/pgoctl.1"].map((name) =>
    Deno.readTextFile(new URL(name, root))
  );
  const named = (await Promise.all(texts)).join().match(/docs\/\w+\.md/g) ?? [];
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(paths.includes(`/usr/share/doc/pgo/${name}`), name);
});

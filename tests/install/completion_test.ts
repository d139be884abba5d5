import assert from "node:assert/strict";
import { pgoctlCompletion, pgodCompletion } from "../../scripts/install/completion.ts";

/** What bash offers where `line` ends, as it stands on the line; completion functions run in a real bash. */
async function complete(program: "pgod" | "pgoctl", line: string): Promise<string[]> {
  const home = await Deno.makeTempDir();
  await Deno.mkdir(`${home}/.ssh`);
  await Deno.writeTextFile(
    `${home}/.ssh/known_hosts`,
    "[one.example.org]:2222 ssh-ed25519 AAAA\n[two]:2222 ssh-ed25519 AAAA\ngithub.com ssh-rsa AAAA\n",
  );
  await Deno.writeTextFile(
    `${home}/.ssh/config`,
    "Host local localdev *.example !localx\n  HostName x\nhost=other\nHostName localnot\n",
  );
  await Deno.writeTextFile(
    `${home}/pgo.toml`,
    '[[services]]\nname = "shop"\n[[services]]\n  name="wiki"\n',
  );
  await Deno.mkdir(`${home}/keys`);
  // As readline does: it takes a line apart at spaces and ":", and replaces what stands after the last of them.
  const script = `${program === "pgod" ? pgodCompletion() : pgoctlCompletion()}
compopt() { :; }
cd "$HOME"
COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
mapfile -t COMP_WORDS < <(grep -o '[^ :]*[ :]*' <<< "$1" | sed 's/ *$//')
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_${program}
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-eu",
      "-c",
      script.replace("compopt() { :; }", "compopt() { :; }\nset +eu"),
      "bash",
      line,
    ],
    env: { HOME: home },
  }).output();
  await Deno.remove(home, { recursive: true });
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout).split("\n").filter((word) => word !== "");
}

const CASES: [program: "pgod" | "pgoctl", line: string, offered: string[]][] = [
  ["pgod", "pgod ch", ["check"]],
  ["pgod", "pgod --log-format j", ["journal", "json"]],
  ["pgod", "pgod check -c ke", ["keys"]],
  ["pgod", "pgod --keep", ["--keep-stale"]],
  ["pgod", "pgod --root", ["--root=false"]],
  ["pgod", "pgod judge ke", ["keys"]],
  ["pgod", "pgod permissions j", ["judge"]],
  ["pgod", "pgod add --create", ["--create-user"]],
  ["pgod", "pgod remove --dry", ["--dry-run"]],
  ["pgoctl", "pgoctl --str", ["--strict"]],
  ["pgoctl", "pgoctl -i ke", ["keys"]],
  ["pgoctl", "pgoctl one", ["one.example.org:"]],
  ["pgoctl", "pgoctl -p 2222 -i k t", ["two:"]],
  ["pgoctl", "pgoctl two:shop//res", ["shop//restart"]],
  ["pgoctl", "pgoctl two:shop//sta", ["shop//status", "shop//start"]],
  ["pgoctl", "pgoctl two:shop//sync --r", ["--retry"]],
  ["pgoctl", "pgoctl -i keys two:shop//freeze --f", ["--for"]],
  ["pgoctl", "pgoctl two:shop//ping ", []],
  ["pgoctl", "pgoctl -F ke", ["keys"]],
  ["pgoctl", "pgoctl --timeout 5s two:shop//dow", ["shop//down"]],
  ["pgoctl", "pgoctl two://st", ["//status"]],
  ["pgoctl", "pgoctl two://x", []],
  ["pgoctl", "pgoctl in", ["init "]],
  ["pgoctl", "pgoctl loc", ["local:", "localdev:"]],
  ["pgoctl", "pgoctl ot", ["other:"]],
  ["pgoctl", "pgoctl init -", [
    "-C",
    "--ci",
    "--key",
    "--image",
    "--publish",
    "-p",
    "-h",
    "--help",
  ]],
  ["pgoctl", "pgoctl init --ci ", ["gitlab", "github", "none"]],
  ["pgoctl", "pgoctl init -C ke", ["keys"]],
  ["pgoctl", "pgoctl init --ci none localde", ["localdev:"]],
  ["pgod", "pgod remove -c pgo.toml ", ["shop", "wiki"]],
  ["pgod", "pgod remove -c pgo.toml s", ["shop"]],
];
for (const [program, line, offered] of CASES) {
  Deno.test(`bash completes "${line}"`, async () => {
    assert.deepEqual(await complete(program, line), offered);
  });
}

Deno.test("bash is offered every command of the table", async () => {
  const { COMMANDS } = await import("../../lib/commands/table.ts");
  assert.deepEqual(
    (await complete("pgoctl", "pgoctl two:shop//")).sort(),
    COMMANDS.map(({ name }) => `shop//${name}`).sort(),
  );
});

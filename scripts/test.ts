/**
 * `deno task test`: everything, fast and end to end; ends with one line of totals.
 * @module
 */
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Two for each file of end-to-end tests that runs at once. Two checkouts on one machine need users of their own. */
const USERS = (Deno.env.get("PGO_E2E_USERS") ?? "pgo-e2e-a,pgo-e2e-b,pgo-e2e-c,pgo-e2e-d")
  .split(",");
/** Those that take longest: first, so that no other lane waits for them in the end. */
const LONG = [
  "hostile_real",
  "effects",
  "control",
  "faults",
  "operate",
  "hostile_pgod",
  "deploy",
  "deb",
];
/** The programs that tests start themselves; services' users start all others. */
const FAST = [
  "/usr/bin/python3",
  "bash",
  "cat",
  "dbclient",
  "deno",
  "dropbearconvert",
  "git",
  "kill",
  "mkdir",
  "mv",
  "plink",
  "ps",
  "puttygen",
  "rm",
  "script",
  "sh",
  "sleep",
  "ssh",
  "ssh-add",
  "ssh-agent",
  "ssh-audit",
  "ssh-keygen",
  "stty",
  "test",
  "yes",
];
const REAL = [
  "/usr/bin/python3",
  "/usr/sbin/sshd",
  "bash",
  "caddy",
  "chmod",
  "chown",
  "cp",
  "curl",
  "dbclient",
  "deno",
  "docker-registry",
  "dropbearconvert",
  "git",
  "htpasswd",
  "id",
  "kill",
  "mkdir",
  "mv",
  "nginx",
  "perl",
  "pkill",
  "plink",
  "ps",
  "puttygen",
  "python3",
  "rm",
  "runuser",
  "script",
  "sh",
  "ssh",
  "ssh-add",
  "ssh-agent",
  "ssh-keygen",
  "stat",
  "stty",
  "systemd-analyze",
  "test",
  "tmux",
  "userdel",
];

interface Totals {
  passed: number;
  failed: number;
  ignored: number;
}

/** Runs a program and shows what it prints: as it comes, or in one piece at its end where others run beside it. */
async function run(
  program: string,
  args: string[],
  { users, onLine = () => {} }: { users?: string[]; onLine?: (line: string) => void } = {},
): Promise<number> {
  const child = new Deno.Command(program, {
    args,
    cwd: root,
    env: users ? { PGO_E2E_USERS: users.join(",") } : {},
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  let held = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (users) held += text;
    else await Deno.stdout.write(new TextEncoder().encode(text));
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  }
  const { code } = await child.status;
  if (held) console.log(held.trimEnd());
  return code;
}

async function denoTest(
  programs: string[],
  paths: string[],
  totals: Totals,
  users?: string[],
): Promise<void> {
  const flags = [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-net=127.0.0.1,[::1],0.0.0.0,localhost",
    "--allow-env",
    "--allow-sys=hostname,uid",
    `--allow-run=${programs.join(",")}`,
  ];
  const found: Totals = { passed: 0, failed: 0, ignored: 0 };
  const onLine = (line: string) => {
    const [, passed, failed, ignored] =
      /^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/.exec(
        stripVTControlCharacters(line),
      ) ?? [];
    found.passed += Number(passed ?? 0);
    found.failed += Number(failed ?? 0);
    found.ignored += Number(ignored ?? 0);
  };
  const code = await run("deno", ["test", ...flags, ...paths], { users, onLine });
  if (code !== 0 && found.failed === 0) found.failed++;
  if (code === 0 && found.passed === 0) {
    console.error(`no test ran in ${paths.join(" ")}`);
    found.failed++;
  }
  totals.passed += found.passed;
  totals.failed += found.failed;
  totals.ignored += found.ignored;
}

/** Each file by itself, in as many lanes as there are pairs of users: containers mostly make tests wait. */
async function endToEnd(totals: Totals): Promise<void> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(`${root}tests/e2e`)) {
    if (name.endsWith("_test.ts")) files.push(name.replace("_test.ts", ""));
  }
  const rank = (name: string) => LONG.includes(name) ? LONG.indexOf(name) : LONG.length;
  files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const lane = async (users: string[]) => {
    for (let name = files.shift(); name; name = files.shift()) {
      await denoTest(REAL, [`tests/e2e/${name}_test.ts`], totals, users);
    }
  };
  const pairs = USERS.flatMap((user, at) => at % 2 === 0 ? [[user, USERS[at + 1] ?? user]] : []);
  await Promise.all(pairs.map(lane));
}

const totals: Totals = { passed: 0, failed: 0, ignored: 0 };
const isRoot = Deno.uid() === 0;
// First, since fast tests use other people's SSH clients too.
const ready = isRoot && await run("bash", ["scripts/prepare-host.sh", "--test", ...USERS]) === 0;
await denoTest(FAST, ["tests/", "--ignore=tests/e2e"], totals);
if (ready) await endToEnd(totals);
else if (isRoot) totals.failed++;
else {
  console.error("The end-to-end tests were skipped: they need root, and Debian 12 or newer.");
  totals.ignored++;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.ignored} skipped`);
const strict = Deno.args.includes("--ci") || Deno.env.get("CI") === "true";
Deno.exit(totals.failed > 0 || (strict && totals.ignored > 0) ? 1 : 0);

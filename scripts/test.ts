/**
 * `deno task test`: everything, fast and end to end; ends with one line of totals.
 * @module
 */
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Two checkouts that are tested at once on one machine need users of their own. */
const USERS = (Deno.env.get("PGO_E2E_USERS") ?? "pgo-e2e-a,pgo-e2e-b").split(",");
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
  "/usr/sbin/sshd",
  "bash",
  "caddy",
  "chmod",
  "chown",
  "cp",
  "curl",
  "deno",
  "docker-registry",
  "git",
  "htpasswd",
  "id",
  "kill",
  "mkdir",
  "mv",
  "nginx",
  "perl",
  "pkill",
  "ps",
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

async function run(
  program: string,
  args: string[],
  onLine: (line: string) => void = () => {},
): Promise<number> {
  const child = new Deno.Command(program, {
    args,
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text));
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  }
  return (await child.status).code;
}

async function denoTest(programs: string[], paths: string[], totals: Totals): Promise<void> {
  const flags = [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-net=127.0.0.1,[::1],0.0.0.0,localhost",
    "--allow-env",
    "--allow-sys=hostname,uid",
    `--allow-run=${programs.join(",")}`,
  ];
  const before = { ...totals };
  const code = await run("deno", ["test", ...flags, ...paths], (line) => {
    const [, passed, failed, ignored] =
      /^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/.exec(
        stripVTControlCharacters(line),
      ) ?? [];
    totals.passed += Number(passed ?? 0);
    totals.failed += Number(failed ?? 0);
    totals.ignored += Number(ignored ?? 0);
  });
  if (code !== 0 && totals.failed === before.failed) totals.failed++;
  if (code === 0 && totals.passed === before.passed) {
    console.error(`no test ran in ${paths.join(" ")}`);
    totals.failed++;
  }
}

const totals: Totals = { passed: 0, failed: 0, ignored: 0 };
const isRoot = Deno.uid() === 0;
// First, since fast tests use other people's SSH clients too.
const ready = isRoot && await run("bash", ["scripts/prepare-host.sh", "--test", ...USERS]) === 0;
await denoTest(FAST, ["tests/", "--ignore=tests/e2e"], totals);
if (ready) await denoTest(REAL, ["tests/e2e/"], totals);
else if (isRoot) totals.failed++;
else {
  console.error("The end-to-end tests were skipped: they need root, and Debian 12 or newer.");
  totals.ignored++;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.ignored} skipped`);
const strict = Deno.args.includes("--ci") || Deno.env.get("CI") === "true";
Deno.exit(totals.failed > 0 || (strict && totals.ignored > 0) ? 1 : 0);

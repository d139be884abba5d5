/**
 * `pgod check`: everything that can be said before anything runs.
 * @module
 */
import type { Flags } from "./config/flags.ts";
import { ConfigError, placeProblems } from "./config/parse.ts";
import { formatPortRange } from "./config/ports.ts";
import { readToml } from "./config/toml.ts";
import type { UserSwitch } from "./host/as_user.ts";
import type { Run } from "./host/process.ts";
import { sessionProblem } from "./host/users.ts";
import { portWarningLines } from "./ports/report.ts";
import { proxyProblems } from "./proxy/proxies.ts";
import { loadConfig } from "./service/load.ts";
import { openConfigLine } from "./service/open_config.ts";

/**
 * Prints the services, the programs they find, and warnings (to stderr); returns the exit code.
 * @throws {ConfigError} with all that is wrong.
 */
export async function check(
  run: Run,
  flags: Pick<Flags, "config" | "ssh">,
  how: UserSwitch,
  print: (line: string) => void,
): Promise<number> {
  const { config, users, admins } = await loadConfig(run, flags.config, how);
  if (admins.problems.length > 0) throw new ConfigError(admins.problems);
  const file = { text: await Deno.readTextFile(flags.config), path: flags.config };
  const problems = await proxyProblems(run, config.global, how);
  if (problems.length > 0) {
    throw new ConfigError(placeProblems(readToml(file.text), file.path, problems));
  }
  for (const { name, user, ports, repository, branch } of config.services) {
    const ranges = ports?.map(formatPortRange).join(", ");
    print(
      `${name} as ${user}, ports ${ranges ?? "any but another service's"}${
        ranges === "" ? "none" : ""
      }, ${repository.url} ${branch}`,
    );
  }
  // What counts is what the services' users find.
  const [user] = users.values();
  for (const program of user ? ["git", "podman", "podman-compose"] : []) {
    const { code, stdout, stderr } = await run({ argv: [program, "--version"], user });
    const [, version] =
      new RegExp(`^${program}[\\w ]* version:? *(\\d[\\w.-]*)`, "m").exec(stdout + stderr) ?? [];
    print(
      `${program} ${
        code === 0 && version ? version : "is not installed: scripts/prepare-host.sh installs it"
      }`,
    );
    if (code !== 0) return 1;
  }
  if (config.services.length === 0) {
    console.error(
      "warning: the config names no service: pgod takes up none, and takes none down that it had",
    );
  }
  for (const account of users.values()) {
    const problem = await sessionProblem(account);
    if (problem) console.error(`warning: ${problem}`);
  }
  const facts = { config, users, ssh: flags.ssh.port };
  const open = await openConfigLine(file.path, config);
  if (open) console.error(`warning: ${open}`);
  for (const line of await portWarningLines(run, facts, file)) console.error(line);
  return 0;
}

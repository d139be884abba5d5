/**
 * The command lines that start pgod with exactly the permissions it needs, for a shell.
 * @module
 */
import { quote } from "shlex";
import { formatAddress } from "./config/address.ts";
import { readAddFlags, readRemoveFlags } from "./config/edit_flags.ts";
import type { Flags } from "./config/flags.ts";
import { commandFlags, netPermission, permissionFlags } from "./config/permissions.ts";
import type { UserSwitch } from "./host/as_user.ts";
import type { EditCommand } from "./onboard/onboard.ts";
import { readAnyway } from "./service/load.ts";

/**
 * The line for what `permissions` was asked about. The words of a command other than serving have to follow it; those
 * of serving may, options given twice count as given last. `script` is pgod itself, an absolute path.
 */
export async function startLine(flags: Flags, how: UserSwitch, script: string): Promise<string> {
  const { config, dir, ssh, root, of, notify } = flags;
  if (of !== "serve") return line(commandFlags(of, { how, config }), [script]);
  // A config that is wrong, or not there yet, is for `check` to complain about.
  const { global, services } = readAnyway(await Deno.readTextFile(config).catch(() => ""), config);
  const listen = [netPermission(ssh)];
  return line(
    permissionFlags({ how, config, dir, listen, global, services, notify: notify !== undefined }),
    [script, "-c", config, "-s", formatAddress(ssh), "--dir", dir, ...root ? [] : ["--root=false"]],
  );
}

/** The line for a command that edits the config. @throws {FlagError} for words it does not take. */
export function editLine(command: EditCommand, words: readonly string[], script: string): string {
  const flags = command === "add" ? readAddFlags(words) : readRemoveFlags(words);
  const config = realPath(flags?.config ?? "/");
  return line(commandFlags(command, { how: "self", config }), [script]);
}

/** Where a path leads to: Deno looks at that. One that leads nowhere yet is itself. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

function line(permissions: readonly string[], own: readonly string[]): string {
  return ["deno", "run", ...permissions, ...own].map((word) =>
    /^[\w@%+=:,./[\]-]+$/.test(word) ? word : quote(word)
  ).join(" ");
}

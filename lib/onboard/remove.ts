/**
 * `pgod remove`: a service's block taken out of the config.
 * @module
 */
import type { RemoveFlags } from "../config/edit_flags.ts";
import { removeService } from "../config/edit.ts";
import { ConfigError } from "../config/parse.ts";
import { readTextFile, replaceTextFile } from "../host/text_file.ts";
import { checkConfig } from "../service/load.ts";
import type { Desk } from "./add.ts";
import { changes } from "./changes.ts";

/** Removes a service. @throws {ConfigError | Error} with what is wrong; the config is then unchanged. */
export async function remove(flags: RemoveFlags, { run, how, print }: Desk): Promise<void> {
  const { config: path, name, dryRun } = flags;
  const file = await readTextFile(path);
  if (!file.bytes) throw new ConfigError([`${path}: there is no such file`]);
  const text = removeService(file.text, path, name);
  const problems = (text: string) =>
    checkConfig(run, text, path, how, { lenient: true }).then(() => [], (error) => {
      if (error instanceof ConfigError) return error.lines;
      throw error;
    });
  const left = await problems(text);
  // A config that was wrong before may lose a service all the same: that is often how it is mended.
  if (left.length > 0 && (await problems(file.text)).length === 0) throw new ConfigError(left);
  if (dryRun) return print(changes(file, text).trimEnd());
  await replaceTextFile(file, text);
  print(`${path}: service ${name} taken out
Next:
- pgod has to read its config again: systemctl reload pgod, or SIGHUP
- it then takes the containers down; volumes and data stay, the checkout for --keep-stale (7 days), the user for good`);
  if (!/^\s*\[\[\s*services\s*\]\]/m.test(text)) {
    print(
      `- it was the last service, and pgod takes nothing down for a config without any (it may be a mishap): say pgoctl HOST:${name}//down before`,
    );
  }
  if (left.length > 0) {
    print(`- the config was wrong before and still is, pgod will refuse it:\n${left.join("\n")}`);
  }
}

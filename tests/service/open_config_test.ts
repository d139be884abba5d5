import assert from "node:assert/strict";
import { parseConfig } from "../../lib/config/parse.ts";
import { openConfigLine } from "../../lib/service/open_config.ts";

async function line(more: string, mode: number): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    const text = `[[services]]\nname = "shop"\nuser = "miek"\n${more}\n`;
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, mode);
    return (await openConfigLine(path, parseConfig(text, path))).replaceAll(path, "FILE");
  } finally {
    await Deno.remove(path);
  }
}

const URL = 'repository = "https://u:hunter2@git.example.org/x"';
const PLAIN = 'repository = "https://git.example.org/x"';

Deno.test("a config that all may read is warned of where it holds secrets, which are not repeated", async () => {
  assert.equal(
    await line(`${URL}\nregistries = ["u:hunter2@r"]\nenv = ["A=hunter2"]`, 0o644),
    "FILE: every user of this host can read the token of shop's repository, the logins of shop, env of shop: chmod 600 FILE, or files that it names",
  );
  assert.equal(await line(URL, 0o640), "");
  assert.equal(await line(`${PLAIN}\nregistries = ["/etc/r"]\nenv_file = "/etc/e"`, 0o644), "");
});

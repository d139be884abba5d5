import assert from "node:assert/strict";
import { pgoctlPermissions } from "../../lib/client/pgoctl_manual.ts";

const read = (file: string) => Deno.readTextFile(new URL(`../../${file}`, import.meta.url));

/** The flags of Deno in a command line, as a shell would have them with `env`. */
function flags(line: string, { HOME, SSH_AUTH_SOCK }: Record<string, string>): string[] {
  return line.replaceAll(
    "${SSH_AUTH_SOCK:+,$SSH_AUTH_SOCK}",
    SSH_AUTH_SOCK ? `,${SSH_AUTH_SOCK}` : "",
  )
    .replaceAll("$HOME", HOME ?? "").replaceAll('"', "").split(" ")
    .filter((word) => /^--(no-prompt|allow-)/.test(word));
}

for (const SSH_AUTH_SOCK of ["", "/tmp/agent"]) {
  Deno.test(`pgoctl.ts, its task and the tests' pgoctl have the same permissions, agent "${SSH_AUTH_SOCK}"`, async () => {
    const env = { HOME: "/home/ann", SSH_AUTH_SOCK };
    const expected = pgoctlPermissions(env.HOME, SSH_AUTH_SOCK);
    const [shebang = ""] = (await read("pgoctl.ts")).split("\n");
    assert.ok(shebang.length < 256, "the kernel reads no more");
    assert.deepEqual(flags(shebang, env), expected);
    const { tasks } = JSON.parse(await read("deno.json"));
    assert.deepEqual(flags(tasks.pgoctl.command, env), expected);
  });
}

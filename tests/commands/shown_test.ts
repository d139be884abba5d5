/**
 * What one person chose, in front of another: no control characters, and no way to spoil what is shown of others.
 * @module
 */
import assert from "node:assert/strict";
import type { Call } from "../../lib/commands/command.ts";
import { freeze } from "../../lib/commands/control.ts";
import { createAuthority } from "../../lib/commands/authority.ts";
import { history } from "../../lib/commands/history.ts";
import { runOnHost } from "../../lib/commands/host.ts";
import { status } from "../../lib/commands/observe.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import type { Service } from "../../lib/service/service.ts";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import { StatusError } from "../../lib/ssh/status.ts";

/** Sets the title of a window, colours it red, goes back over the line, and turns the order of the rest. */
const EVIL = "\x1b]0;x\x07\x1b[31m\r\u202e\x9b";
const SEEN = "\\u001b]0;x\\u0007\\u001b[31m\\r\\u202e\\u009b";
const BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIJ0JQkBvPqvVh9Y8Yd0Pj1dA0Zbqmc3dYH2xrzk7k1aB";
const { keys } = parseKeyFile("ssh/a.pub", `ssh-ed25519 ${BLOB} a`);

function serviceNamed(name: string, ledger: Ledger): Service {
  return {
    config: { name, user: "miek", urls: [], repository: { url: "https://x" }, branch: "main" },
    user: { name: "miek", uid: 1, gid: 1, home: "/home/miek" },
    keys,
    lock: { holder: undefined },
    paths: { deployments: "/nowhere" },
    host: { ledger, run: () => Promise.resolve({ code: 0, stdout: "[]", stderr: "" }) },
  } as unknown as Service;
}

/** What `run` prints. */
async function printed(run: (stdout: Call["stdout"]) => Promise<number>): Promise<string> {
  let text = "";
  assert.equal(await run((chunk) => void (text += new TextDecoder().decode(chunk))), 0);
  return text;
}

function hostStatus(services: Service[]): Promise<string> {
  return printed((stdout) =>
    runOnHost("status", [], {
      fleet: { services: () => services },
      authority: createAuthority(() => []),
      asker: { blob: BLOB, address: "10.0.0.1", now: 0 },
      request: { stdout: async (chunk) => await stdout(chunk) },
    })
  );
}

for (const reason of [EVIL, "two\nlines", "\u2066x"]) {
  Deno.test(`freeze refuses the reason ${JSON.stringify(reason)} in one line`, async () => {
    const options = new Map([["reason", [reason]]]);
    await assert.rejects(freeze.run({ options } as unknown as Call), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.status, 400);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(error.line, /[\x00-\x1f\x7f-\x9f\u202e\u2066]/);
      return true;
    });
  });
}

Deno.test("what others chose is seen and does nothing, in //status, status and history", async () => {
  const ledger = new Ledger(":memory:");
  const service = serviceNamed("shop", ledger);
  const hold = { actor: `SHA256:x (${EVIL})`, since: "now", reason: EVIL, until: null };
  ledger.update("shop", { frozen: JSON.stringify(hold) });
  const at = "2026-11-24T00:00:00.000Z";
  const actor = hold.actor;
  ledger.act({ service: "shop", at, actor, command: "up", before: 1, after: 1, trouble: EVIL });
  const call = (stdout: Call["stdout"]) =>
    ({ service, args: [], options: new Map(), stdout }) as unknown as Call;
  for (
    const text of [
      await hostStatus([service]),
      await printed((stdout) => status.run(call(stdout))),
      await printed((stdout) => history.run(call(stdout))),
    ]
  ) {
    assert.equal(text.split(SEEN).length, 3, text);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
  ledger.close();
});

Deno.test("//status tells of all services, also when one of them cannot be told of", async () => {
  const ledger = new Ledger(":memory:");
  ledger.update("bad", { frozen: "x" });
  const text = await hostStatus(["bad", "good"].map((name) => serviceNamed(name, ledger)));
  const [, bad, good] = text.split("\n");
  assert.match(bad ?? "", /^bad +miek +operate +\? +- +its status cannot be told: .*JSON/);
  assert.match(good ?? "", /^good +miek +operate +0\/0 +- +nothing deployed$/);
  ledger.close();
});

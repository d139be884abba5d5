import assert from "node:assert/strict";
import { type Call, readWords } from "../../lib/commands/command.ts";
import { history } from "../../lib/commands/history.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import type { Service } from "../../lib/service/service.ts";

/** What `history WORDS` prints after deployments 1 to 3, each asked for by a command a minute later. */
async function printed(...words: string[]): Promise<string> {
  const ledger = new Ledger(":memory:");
  for (const number of [1, 2, 3]) {
    const record = { service: "shop", revision: `${number}`.repeat(40), digest: "", actor: "a" };
    ledger.adopt({
      ...{ ...record, number, cause: "up", outcome: "live", ended: null, detail: "" },
      ...{ started: `2026-11-24T00:0${number}:00.000Z`, steps: "", output: `printed ${number}` },
    });
    const at = `2026-11-24T00:0${number}:30.000Z`;
    const [before, after] = [number - 1, number];
    ledger.act({ service: "shop", at, actor: "a", command: "up", before, after, trouble: "" });
  }
  let text = "";
  try {
    const code = await history.run({
      ...readWords(history, words),
      service: { host: { ledger }, config: { name: "shop" } } as unknown as Service,
      stdout: (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk)),
    } as unknown as Call);
    assert.equal(code, 0);
  } finally {
    ledger.close();
  }
  return text;
}

Deno.test("history shows all, newest first; a number shows the deployment of that number", async () => {
  const lines = (await printed()).trimEnd().split("\n");
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? "", /00:03:30.* up by a, deployment 2 to 3$/);
  assert.match(lines[5] ?? "", /00:01:00.* deployment 1 of 1{12}, up by a: live$/);
  assert.match(await printed("2"), /^\S+ {2}deployment 2 of 2{12}[^]*printed 2\n$/);
});

Deno.test("history -n N shows the newest N, deployments and commands together", async () => {
  const all = await printed();
  for (const count of [0, 1, 3, 5, 6, 9]) {
    const expected = all.split("\n").slice(0, Math.min(count, 6)).map((line) => `${line}\n`);
    assert.equal(await printed("-n", `${count}`), expected.join(""), `${count}`);
  }
  const { deployments, actions } = JSON.parse(await printed("-n", "3", "--json"));
  assert.deepEqual([deployments.length, actions.length, actions[0].after], [1, 2, 3]);
});

Deno.test("history refuses a number of each kind, and one that is none", async () => {
  await assert.rejects(printed("-n", "3", "2"), /-n is for the list: history 2 shows/);
  await assert.rejects(printed("-n", "x"), /--number does not take "x"/);
  await assert.rejects(printed("4"), /there was no deployment 4/);
});

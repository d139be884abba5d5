import assert from "node:assert/strict";
import { formatFinding, isRefused } from "../../lib/compose/problem.ts";
import { showModel } from "../../lib/compose/show.ts";
import { type Case, inspectCase, readCorpus } from "./corpus.ts";

const legit = await readCorpus("legit");
const hostile = await readCorpus("hostile");

for (const one of legit) {
  Deno.test(`legit: ${one.name}`, async () => {
    const { model, findings } = await inspectCase(one);
    assert.deepEqual(findings.filter(({ kind }) => kind !== "note").map(formatFinding), []);
    assert.ok(model);
    const shown = JSON.parse(JSON.stringify(showModel(model)));
    for (const { name, environment } of model.services) {
      // Shown without values of the config; here they count.
      const values = Object.entries(environment).map(([name, { value }]) => [name, value]);
      shown.services[name].environment = Object.fromEntries(values);
    }
    compare(shown, one);
  });
}

function compare(shown: Record<string, Record<string, Record<string, unknown>>>, { expect }: Case) {
  const { services = {}, networks = {}, volumes = {}, missing = [] } = expect.model ?? {};
  assert.ok(Object.keys(services).length > 0, "a legit case says what it resolves to");
  for (const [name, keys] of Object.entries(services)) {
    const service = shown["services"]?.[name] ?? {};
    for (const [key, value] of Object.entries(keys)) {
      assert.deepEqual(normal(key, service[key]), normal(key, value), `services.${name}.${key}`);
    }
  }
  for (const [name, value] of Object.entries(networks)) {
    assert.deepEqual(shown["networks"]?.[name], value ?? {}, `networks.${name}`);
  }
  for (const [name, value] of Object.entries(volumes)) {
    assert.deepEqual(shown["volumes"]?.[name], value ?? {}, `volumes.${name}`);
  }
  for (const name of missing) assert.equal(shown["services"]?.[name], undefined, `no ${name}`);
}

/** Mounts in no order; an empty list and none are the same. */
function normal(key: string, value: unknown): unknown {
  if (value === undefined || JSON.stringify(value) === "{}") return [];
  if (key === "networks" && Array.isArray(value)) return [...value].sort();
  if (key !== "volumes" || !Array.isArray(value)) return value;
  return [...value].sort((a, b) => String(a.target).localeCompare(String(b.target)));
}

for (const one of hostile) {
  Deno.test(`hostile: ${one.name}`, async () => {
    const { findings } = await inspectCase(one);
    const said = findings.map(formatFinding).join("\n") || "nothing";
    assert.ok(isRefused(findings), `${one.expect.about}: ${said}`);
    const refusing = findings.filter(({ kind }) => kind !== "note");
    for (const { key = "", message = "", file, line } of one.expect.verdict ?? []) {
      const fits = refusing.some((found) =>
        (key === "" || found.key === key || found.key.startsWith(`${key}.`) ||
          found.key.startsWith(`${key}[`)) &&
        new RegExp(message, "i").test(found.message) &&
        (file === undefined || found.file === file) && (line === undefined || found.line === line)
      );
      assert.ok(fits, `expected ${key} ${message} ${file ?? ""}:${line ?? ""} in:\n${said}`);
    }
  });
}

Deno.test("the corpus is broad", () => {
  assert.ok(legit.length >= 40, `${legit.length} legit repositories`);
  assert.ok(hostile.length >= 60, `${hostile.length} hostile repositories`);
});

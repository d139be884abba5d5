import assert from "node:assert/strict";
import { LoginError } from "../../lib/host/registry.ts";
import { createOutput } from "../../lib/service/output.ts";
import { withLogins } from "../../lib/service/registries.ts";
import type { Service } from "../../lib/service/service.ts";

const A = { registry: "a.example.org", username: "u", password: "hunter2" };
const B = { ...A, registry: "b.example.org" };
const output = createOutput(() => {}, () => {});

/** A service with logins, and what its Podman was asked; `refuse` are registries that let nobody in. */
function serviceWith(logins: readonly typeof A[], refuse: string[] = []) {
  const calls: string[] = [];
  const service = {
    logins,
    loggedIn: new Set<string>(),
    user: { name: "miek" },
    paths: { registryAuth: "/d/auth.json" },
    host: {
      run: ({ argv }: { argv: string[] }) => {
        calls.push(`${argv[0] === "rm" ? "rm" : argv[1]} ${argv.at(-1)}`);
        const code = argv[1] === "login" && refuse.includes(argv.at(-1) ?? "") ? 125 : 0;
        return Promise.resolve({ code, stdout: "", stderr: "Error: invalid username/password" });
      },
    },
  } as unknown as Service;
  return { service, calls };
}

Deno.test("a login is made once, for the registries that are needed, and podman is told where it is", async () => {
  const { service, calls } = serviceWith([A, B]);
  const envs: Record<string, string>[] = [];
  const attempt = (env: Record<string, string>) => {
    envs.push(env);
    return Promise.resolve("");
  };
  await withLogins(service, ["a.example.org/web"], output, attempt);
  await withLogins(service, ["a.example.org/other"], output, attempt);
  await withLogins(service, ["quay.io/web"], output, attempt);
  await withLogins(service, [], output, attempt);
  assert.deepEqual(calls, ["rm /d/auth.json", "login a.example.org"]);
  const own = { REGISTRY_AUTH_FILE: "/d/auth.json" };
  assert.deepEqual(envs, [own, own, {}, {}]);
});

Deno.test("a login that is changed or gone takes the whole file with it", async () => {
  const { service, calls } = serviceWith([A, B]);
  await withLogins(service, ["web"], output, () => Promise.resolve(""));
  service.logins = [B];
  await withLogins(service, ["web"], output, () => Promise.resolve(""));
  assert.deepEqual(calls.slice(3), ["rm /d/auth.json", "login b.example.org"]);
});

Deno.test("a registry that does not know us any more: another login, and another try", async () => {
  const { service, calls } = serviceWith([A]);
  const said = ["unauthorized: authentication required", "unauthorized: still", "never"];
  const failed = await withLogins(
    service,
    ["a.example.org/x"],
    output,
    () => Promise.resolve(said.shift() ?? ""),
  );
  assert.equal(failed, "unauthorized: still");
  assert.deepEqual(calls.filter((call) => call.startsWith("login")).length, 2);
  const other = await withLogins(
    service,
    ["a.example.org/x"],
    output,
    () => Promise.resolve("no such host"),
  );
  assert.equal(other, "no such host");
});

Deno.test("a login that fails is what is said, and nothing is pulled", async () => {
  const { service } = serviceWith([A], ["a.example.org"]);
  const attempt = () => Promise.reject(new Error("not reached"));
  await assert.rejects(
    withLogins(service, ["a.example.org/x"], output, attempt),
    (error: Error) =>
      error instanceof LoginError &&
      /^registry a\.example\.org does not let user u in/.test(error.message),
  );
  assert.equal(service.loggedIn.size, 0);
});

import assert from "node:assert/strict";
import { logIn, LoginError, neededLogins } from "../../lib/host/registry.ts";
import type { Command, Run } from "../../lib/host/process.ts";

const user = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };
const login = { registry: "reg.example.org", username: "u", password: "hunter2" };

Deno.test("logins that pulls may need: those of the images' registries, and all for a short name", () => {
  const logins = ["reg.example.org", "reg.example.org/team", "other:5000"].map((registry) => ({
    ...login,
    registry,
  }));
  const needed = (...images: string[]) =>
    neededLogins(logins, images).map(({ registry }) => registry);
  assert.deepEqual(needed("reg.example.org/team/web:1"), [
    "reg.example.org",
    "reg.example.org/team",
  ]);
  assert.deepEqual(needed("reg.example.org.evil/web"), []);
  assert.deepEqual(needed("other:5000/web"), ["other:5000"]);
  assert.deepEqual(needed("localhost/web"), []);
  assert.equal(needed("busybox").length, 3);
  assert.deepEqual(needed(), []);
});

Deno.test("the password goes to podman by stdin, and no error repeats it", async () => {
  const calls: Command[] = [];
  const run: Run = (command) => {
    calls.push(command);
    const stderr = 'Error: error logging into "reg": invalid username/password hunter2\n';
    return Promise.resolve({ code: 125, stdout: "", stderr });
  };
  await assert.rejects(
    logIn(run, user, "/a", login),
    (error: Error) =>
      error instanceof LoginError &&
      error.message ===
        'registry reg.example.org does not let user u in: logging into "reg": invalid username/password ***',
  );
  assert.equal(calls[0]?.stdin, "hunter2\n");
  assert.doesNotMatch(JSON.stringify([calls[0]?.argv, calls[0]?.env]), /hunter/);
  assert.ok(calls[0]?.argv.includes("--password-stdin"));
});

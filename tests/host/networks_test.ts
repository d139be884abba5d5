import assert from "node:assert/strict";
import { ensureNetworks, pinBridges, removeNetworks } from "../../lib/host/networks.ts";
import type { Command, Run } from "../../lib/host/process.ts";

const user = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };

/** A Podman with networks, and what it was asked; `busy` are those that have containers. */
function podman(networks: Set<string>, busy: readonly string[] = []) {
  const calls: string[] = [];
  const run: Run = ({ argv, user: as }: Command) => {
    assert.equal(as, user);
    const [, , verb, ...rest] = argv;
    const name = argv.at(-1) ?? "";
    const answer = (code: number, stdout = "", stderr = "") =>
      Promise.resolve({ code, stdout, stderr });
    if (verb !== "exists") calls.push(argv.slice(1).join(" "));
    if (verb === "exists") return answer(networks.has(name) ? 0 : 1);
    if (verb === "ls") return answer(0, [...networks].join("\n") + "\n");
    if (verb === "inspect") {
      return answer(
        1,
        rest.slice(2).filter((one) => networks.has(one)).map((one) => `br-${one}\n`).join(""),
      );
    }
    if (verb === "create" && name === "bad") return answer(125, "", "Error: no subnet is free\n");
    if (verb === "create") networks.add(name);
    if (verb === "rm" && busy.includes(name)) return answer(2, "", "Error: network is being used");
    if (verb === "rm") networks.delete(name);
    return answer(0);
  };
  return { run, calls };
}

Deno.test("networks of the config are made where they are not there, with a label that says by whom", async () => {
  const { run, calls } = podman(new Set(["old"]));
  await ensureNetworks(run, user, ["old", "new"], "/lib");
  assert.deepEqual(calls, ["network create --label pgo.network=/lib new"]);
  await assert.rejects(
    ensureNetworks(run, user, ["bad"], "/lib"),
    /^Error: network bad cannot be made: no subnet is free$/,
  );
});

Deno.test("a network that another service has made in between is as good", async () => {
  const networks = new Set<string>();
  const { run } = podman(networks);
  const racing: Run = (command) => {
    if (command.argv[2] !== "create") return run(command);
    networks.add("new");
    return Promise.resolve({ code: 125, stdout: "", stderr: "Error: already exists" });
  };
  await ensureNetworks(racing, user, ["new"], "/lib");
});

Deno.test("networks are removed that PGO made, nobody lists and nobody is in", async () => {
  const { run, calls } = podman(new Set(["kept", "busy", "gone"]), ["busy"]);
  assert.deepEqual(await removeNetworks(run, user, new Set(["kept"]), "/lib"), ["gone"]);
  assert.match(calls[0] ?? "", /--filter label=pgo\.network=\/lib/);
  assert.ok(!calls.some((call) => /--force|-f\b|kept/.test(call)), calls.join("\n"));
});

Deno.test("bridges are pinned of the networks that are there, where rootless networks are", async () => {
  const { run, calls } = podman(new Set(["a", "b"]));
  await pinBridges(run, user, ["a", "none", "b"]);
  assert.match(calls[1] ?? "", /^unshare --rootless-netns sh -c [^]* sh br-a br-b$/);
  calls.length = 0;
  await pinBridges(run, user, []);
  await pinBridges(run, user, ["none"]);
  assert.equal(calls.length, 1);
});

import assert from "node:assert/strict";
import { ClientError, UsageError } from "../../lib/client/error.ts";
import { readOptions } from "../../lib/client/options.ts";
import { settle } from "../../lib/client/settings.ts";

const HOME = "/home/ann";

/** Settles `argv` with ~/.ssh/config and `env`; no other file is there. */
function settings(argv: string[], config?: string, env: Record<string, string> = {}) {
  return settle(readOptions(argv), {
    env: (name) => ({ HOME, USER: "ann", ...env })[name],
    read: (path) => path === `${HOME}/.ssh/config` || path === "/given" ? config : undefined,
  });
}

const CONFIG = `Host web
  HostName Web.Example
  Port 2300
  User deploy
  HostKeyAlias pgo-%h
  IdentityFile ~/keys/%n-%r
  IdentityFile %d/\${USER}/%k
  IdentityAgent $SSH_AUTH_SOCK
  UserKnownHostsFile ~/a /b
  GlobalKnownHostsFile /c
  StrictHostKeyChecking yes
  HashKnownHosts yes
  ConnectTimeout 1m
  AddressFamily inet6
  BatchMode yes
`;

Deno.test("without a config: pgod's port, the user's name, ssh's files", async () => {
  assert.deepEqual(await settings(["Web:shop//ps"]), {
    host: "web",
    port: 2222,
    portFrom: undefined,
    user: "ann",
    family: 0,
    keys: {
      own: `${HOME}/.ssh/pgo_shop`,
      files: ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => `${HOME}/.ssh/${name}`),
      filesOnly: false,
    },
    hostKeys: {
      name: "web",
      port: 2222,
      pins: undefined,
      files: [`${HOME}/.ssh/known_hosts`, `${HOME}/.ssh/known_hosts2`],
      globalFiles: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
      strict: undefined,
      hash: false,
    },
    loginTimeout: undefined,
    mayAsk: true,
  });
});

Deno.test("with a config: every keyword that the manual names", async () => {
  assert.deepEqual(await settings(["web:shop//ps"], CONFIG, { SSH_AUTH_SOCK: "/agent" }), {
    host: "web.example",
    port: 2300,
    portFrom: `${HOME}/.ssh/config:3`,
    user: "deploy",
    family: 6,
    keys: {
      files: [`${HOME}/keys/web-deploy`, `${HOME}/ann/pgo-%h`],
      agent: "/agent",
      filesOnly: false,
    },
    hostKeys: {
      name: "pgo-%h",
      port: 22,
      pins: undefined,
      files: [`${HOME}/a`, "/b"],
      globalFiles: ["/c"],
      strict: `StrictHostKeyChecking yes (${HOME}/.ssh/config:11)`,
      hash: true,
    },
    loginTimeout: 60_000,
    mayAsk: false,
  });
});

Deno.test("the command line wins over the config", async () => {
  const argv = ["-p", "9", "-i", "/k", "--known-hosts", "/h", "--strict", "root@web:shop//ps"];
  const { port, portFrom, user, keys, hostKeys } = await settings(argv, CONFIG);
  assert.deepEqual([port, portFrom, user, keys.given], [9, undefined, "root", { file: "/k" }]);
  assert.deepEqual([hostKeys.files, hostKeys.globalFiles, hostKeys.strict], [
    ["/h"],
    [],
    "--strict",
  ]);
});

Deno.test("-F names the config, or none", async () => {
  assert.equal((await settings(["-F", "none", "web:shop//ps"], CONFIG)).host, "web");
  assert.equal((await settings(["-F", "/given", "web:shop//ps"], CONFIG)).host, "web.example");
  await assert.rejects(settings(["-F", "/gone", "web:shop//ps"], CONFIG), {
    message: "-F /gone: no such file",
  });
});

const AGENTS: [config: string, agent: string | undefined][] = [
  ["", "/agent"],
  ["IdentityAgent none", undefined],
  ["IdentityAgent SSH_AUTH_SOCK", "/agent"],
  ["IdentityAgent ~/a b".replace(" b", ""), `${HOME}/a`],
  ["IdentityAgent ${HOME}/x", `${HOME}/x`],
];
for (const [config, agent] of AGENTS) {
  Deno.test(`the agent with ${JSON.stringify(config)} is ${agent}`, async () => {
    const { keys } = await settings(["h:s//ps"], config, { SSH_AUTH_SOCK: "/agent" });
    assert.equal(keys.agent, agent);
  });
}

const BAD: [line: string, message: RegExp][] = [
  ["Port many", /config:1: port: many is no port/],
  ["ConnectTimeout soon", /config:1: connecttimeout: "soon" is no duration/],
  ["StrictHostKeyChecking maybe", /config:1: stricthostkeychecking: "maybe" is not one of yes, no/],
  ["IdentitiesOnly 7", /config:1: identitiesonly: "7" is not one of yes, no/],
  ["AddressFamily ipx", /config:1: addressfamily: "ipx" is not one of any, inet/],
  ["HostName %p.example", /config:1: hostname: pgoctl does not know %p here/],
  ["IdentityFile /%C", /config:1: identityfile: pgoctl does not know %C/],
  ["IdentityAgent $OTHER", /config:1: identityagent: pgoctl does not read the variable OTHER/],
  ["ProxyCommand ssh -W %h:%p bastion", /config:1: pgoctl cannot go through proxycommand/],
];
for (const [line, message] of BAD) {
  Deno.test(`one line with its place for ${line}`, () =>
    assert.rejects(settings(["h:s//ps"], line), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    }));
}

Deno.test("variables of CI that are there but empty are errors, not wishes for the default", async () => {
  for (const name of ["PGOCTL_ID", "PGOCTL_HOST_KEY"]) {
    await assert.rejects(settings(["h:s//ps"], "", { [name]: "" }), ClientError);
  }
});

Deno.test("without a home pgoctl wants to be told where host keys are, and reads none below /", async () => {
  for (const home of ["", "/", "//"]) {
    const nowhere = settings(["h:x//ps"], undefined, { HOME: home });
    await assert.rejects(
      nowhere,
      (error) =>
        error instanceof UsageError && /^HOME is .*: where host keys are kept/.test(error.message),
    );
    const { hostKeys } = await settings(["--known-hosts", "/k", "h:x//ps"], undefined, {
      HOME: home,
    });
    assert.deepEqual(hostKeys.files, ["/k"]);
    const pin = `SHA256:${"A".repeat(43)}`;
    await settings(["h:x//ps"], undefined, { HOME: home, PGOCTL_HOST_KEY: pin });
  }
});

Deno.test("options of init before it: where they belong is said", () => {
  assert.throws(
    () => readOptions(["-p", "2022", "init", "h:s"]),
    (error) =>
      error instanceof UsageError && /^options of init come after it/.test(error.hint ?? ""),
  );
});

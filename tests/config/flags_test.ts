import assert from "node:assert/strict";
import { parseDuration, readFlags } from "../../lib/config/flags.ts";
import { parseAddress } from "../../lib/config/address.ts";
import { netPermission, permissionFlags } from "../../lib/config/permissions.ts";
import project from "../../deno.json" with { type: "json" };

Deno.test("the quick start's flags", () => {
  const flags = readFlags([
    "-c",
    "/etc/c.toml",
    "-d",
    "-t",
    "1h30m",
    "-s",
    "[::1]:2223",
    "--root=false",
    "--dir",
    "/srv/pgo",
  ]);
  assert.deepEqual(flags, {
    command: "serve",
    config: "/etc/c.toml",
    dir: "/srv/pgo",
    debug: true,
    logFormat: "human",
    notify: undefined,
    of: "serve",
    root: false,
    ssh: { host: "::1", port: 2223 },
    interval: 5_400_000,
    deploys: 2,
    keepStale: 7 * 24 * 3_600_000,
  });
});

Deno.test("flags that are wrong say so in one line", () => {
  for (
    const argv of [
      [],
      ["-c"],
      ["-c", "f", "-t", "5"],
      ["-c", "f", "-s", "2222"],
      ["-c", "f", "run"],
      ["-c", "f", "--root=maybe"],
      ["--nope"],
    ]
  ) {
    assert.throws(
      () => readFlags(argv),
      (error: Error) => !error.message.includes("\n"),
      argv.join(" "),
    );
  }
});

Deno.test("durations and addresses", () => {
  assert.equal(parseDuration("500ms"), 500);
  assert.throws(() => parseDuration("5m!"));
  assert.throws(() => parseDuration("1ms"));
  assert.deepEqual(parseAddress(":2222"), { host: undefined, port: 2222 });
  assert.throws(() => parseAddress("host"));
  assert.throws(() => parseAddress(":65536"));
});

Deno.test("permissions are named, in every mode", () => {
  for (const how of ["runuser", "sudo", "self"] as const) {
    const flags = permissionFlags({
      how,
      config: "/c",
      dir: "/d",
      listen: [netPermission({ host: undefined, port: 2222 })],
    });
    for (const flag of flags) {
      assert.match(flag, /^--no-prompt$|^--allow-(run|net|read|write|env|sys)=\S+$/);
    }
  }
});

Deno.test("deno task pgod starts pgod with exactly the default permissions", () => {
  const flags = permissionFlags({
    how: "runuser",
    config: "/etc/pgo.toml",
    dir: "/var/lib/pgo",
    listen: [netPermission({ host: undefined, port: 2222 })],
  });
  assert.equal(
    project.tasks.pgod.command,
    ["deno run", ...flags, "pgod.ts -c /etc/pgo.toml"].join(" "),
  );
});

Deno.test("--log-format is one of those there are", () => {
  const formats = ["human", "journal", "json", "logfmt"];
  assert.deepEqual(
    formats.map((format) => readFlags(["-c", "/c", "--log-format", format]).logFormat),
    formats,
  );
  assert.throws(() => readFlags(["-c", "/c", "--log-format=xml"]), {
    message: '--log-format: "xml" is no format, expected one of human, journal, json, logfmt',
  });
});

import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../lib/config/parse.ts";
import { permissionFlags } from "../../lib/config/permissions.ts";
import { sleep } from "../../lib/host/clock.ts";
import type { Command } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { Proxies, proxyProblems } from "../../lib/proxy/proxies.ts";
import { HEADER } from "../../lib/proxy/sites.ts";

/** A host with a directory for the proxy's file; `refuse` says which commands fail, by the beginning of their line. */
async function onHost(
  body: (host: {
    dir: string;
    ran: { line: string; user: string | undefined; file: string }[];
    refuse: Set<string>;
    logged: string[];
    proxies: Proxies;
    config(urls: string, more?: string): ReturnType<typeof parseConfig>;
    file(): Promise<string>;
    files(): Promise<string[]>;
  }) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/pgo.caddy`;
  const read = () => Deno.readTextFile(path).catch(() => "none");
  const ran: { line: string; user: string | undefined; file: string }[] = [];
  const refuse = new Set<string>();
  const logged: string[] = [];
  const run = async ({ argv, user }: Command) => {
    const line = argv.join(" ");
    if (argv[0] === "getent") {
      const name = argv.at(-1) ?? "";
      return refuse.has(`getent ${name}`)
        ? { code: 2, stdout: "", stderr: "" }
        : { code: 0, stdout: `${name}:x:33:33::/var/lib/${name}:/bin/false\n`, stderr: "" };
    }
    ran.push({ line, user: user?.name, file: await read() });
    const fails = [...refuse].some((start) => line.startsWith(start));
    return { code: fails ? 1 : 0, stdout: "", stderr: fails ? "info\nError: no good\nbye" : "" };
  };
  const note = (level: string) => (event: string, text: string) =>
    void logged.push(`${level} ${event} ${text.replaceAll(dir, "DIR")}`);
  const log = {
    debug() {},
    info: note("info"),
    warn: note("warn"),
    error: note("error"),
  } as unknown as Log;
  try {
    await body({
      dir,
      ran,
      refuse,
      logged,
      proxies: new Proxies({ run, log, how: "runuser" }),
      config: (urls, more = `caddy_import = "${path}"`) =>
        parseConfig(
          `[global]\n${more}\n[[services]]\nname = "s"\nuser = "u"\nrepository = "/r"\nurls = { ${urls} }\n`,
          "f",
        ),
      file: read,
      files: async () => (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const X = '"x.org" = ":5007"';
const Y = '"y.org" = ":5008"';

Deno.test("the file is checked before it is there, then the proxy reads it, as its own user", () =>
  onHost(async ({ dir, proxies, config, ran, file, files, logged }) => {
    await proxies.apply(config(X));
    assert.deepEqual(ran.map(({ line, user }) => [line.replaceAll(dir, "DIR"), user]), [
      ["caddy validate --adapter caddyfile --config DIR/pgo.caddy.new", "caddy"],
      ["caddy reload --config /etc/caddy/Caddyfile", "caddy"],
    ]);
    assert.deepEqual(ran.map(({ file }) => file.includes("x.org")), [false, true]);
    assert.match(await file(), /\nx\.org \{/);
    assert.equal((await Deno.stat(`${dir}/pgo.caddy`)).mode ?? 0, 0o100644);
    assert.deepEqual(await files(), ["pgo.caddy"]);
    assert.deepEqual(logged, ["info proxy.written DIR/pgo.caddy is new, caddy has read it"]);
  }));

Deno.test("nothing is written or run when nothing has changed", () =>
  onHost(async ({ proxies, config, ran, logged }) => {
    await proxies.apply(config(X));
    await proxies.apply(config(X));
    assert.equal(ran.length, 2);
    assert.equal(logged.length, 1);
    await proxies.apply(config(Y));
    assert.equal(ran.length, 4);
  }));

Deno.test("the urls of a service that is gone leave the file", () =>
  onHost(async ({ proxies, config, file }) => {
    await proxies.apply(config(`${X}, ${Y}`));
    await proxies.apply(config(Y));
    assert.doesNotMatch(await file(), /x\.org/);
    await proxies.apply(config(""));
    assert.equal(await file(), HEADER);
  }));

for (
  const [what, command, ends] of [["check", "caddy validate", 1], [
    "reload",
    "caddy reload",
    2,
  ]] as const
) {
  Deno.test(`a ${what} that fails leaves the old file in place, and is said once`, () =>
    onHost(async ({ proxies, config, refuse, file, files, logged, ran }) => {
      await proxies.apply(config(X));
      const before = await file();
      refuse.add(command);
      for (const _ of [1, 2]) await proxies.apply(config(Y));
      assert.equal(await file(), before);
      assert.deepEqual(await files(), ["pgo.caddy"]);
      assert.equal(ran.length, 2 + 2 * ends);
      assert.equal(proxies.trouble, `caddy: ${command} failed: Error: no good`);
      assert.deepEqual(logged.slice(1), [
        `error proxy.trouble the urls did not reach caddy: ${command} failed: Error: no good`,
      ]);
      refuse.clear();
      await proxies.apply(config(Y));
      assert.match(await file(), /y\.org/);
      assert.equal(proxies.trouble, "");
    }));
}

Deno.test("where there was no file, an empty one is left: a proxy that imports it can start", () =>
  onHost(async ({ proxies, config, refuse, file }) => {
    refuse.add("caddy reload");
    await proxies.apply(config(X));
    assert.equal(await file(), HEADER);
  }));

Deno.test("a proxy that was not told before pgod died is told by the next one", () =>
  onHost(async ({ dir, proxies, config, ran, files }) => {
    await proxies.apply(config(X));
    await Deno.writeTextFile(`${dir}/pgo.caddy.old`, HEADER);
    await Deno.writeTextFile(`${dir}/pgo.caddy.new`, "half");
    await proxies.apply(config(X));
    assert.equal(ran.at(-1)?.line, "caddy reload --config /etc/caddy/Caddyfile");
    assert.equal(ran.length, 4);
    assert.deepEqual(await files(), ["pgo.caddy"]);
  }));

Deno.test("a file that pgod did not write is not touched", () =>
  onHost(async ({ dir, proxies, config, ran, file }) => {
    await Deno.writeTextFile(`${dir}/pgo.caddy`, ":80 {\n}\n");
    await proxies.apply(config(X));
    assert.equal(await file(), ":80 {\n}\n");
    assert.equal(ran.length, 0);
    assert.match(proxies.trouble, /pgo\.caddy is there and not pgod's: name another file/);
  }));

Deno.test("a link in place of the draft is not followed", () =>
  onHost(async ({ dir, proxies, config }) => {
    await Deno.writeTextFile(`${dir}/precious`, "precious");
    await Deno.symlink(`${dir}/precious`, `${dir}/pgo.caddy.new`);
    await proxies.apply(config(X));
    assert.equal(await Deno.readTextFile(`${dir}/precious`), "precious");
    assert.equal(proxies.trouble, "");
  }));

Deno.test("nginx is checked as a whole, with the file in its place", () =>
  onHost(async ({ dir, proxies, config, ran, refuse }) => {
    const own =
      `nginx_include = "${dir}/pgo.caddy"\nnginx_reload = ["systemctl", "reload", "nginx"]`;
    await proxies.apply(config(X, own));
    assert.deepEqual(ran.map(({ line, user }) => [line, user]), [
      ["nginx -t -q", "root"],
      ["systemctl reload nginx", "root"],
    ]);
    assert.deepEqual(ran.map(({ file }) => file.includes("x.org")), [true, true]);
    refuse.add("nginx -t");
    await proxies.apply(config(Y, own));
    assert.equal(proxies.trouble, "nginx: nginx -t failed: Error: no good");
  }));

Deno.test("a user that the host does not have is trouble, never root", () =>
  onHost(async ({ proxies, config, refuse, ran }) => {
    refuse.add("getent caddy");
    await proxies.apply(config(X));
    assert.equal(proxies.trouble, 'caddy: this host has no user "caddy"');
    assert.equal(ran.length, 0);
  }));

Deno.test("what a proxy did not take is tried again", () =>
  onHost(async ({ proxies, config, refuse, file, ran }) => {
    refuse.add("caddy reload");
    await proxies.apply(config(X));
    refuse.clear();
    const ended = new AbortController();
    const done = proxies.follow(1, ended.signal);
    while (proxies.trouble) await sleep(1);
    ended.abort();
    await done;
    assert.match(await file(), /x\.org/);
    assert.equal(ran.length, 4);
  }));

Deno.test("check says what is in the way, with its key", () =>
  onHost(async ({ dir, config, refuse }) => {
    const { global } = config(X, `caddy_import = "${dir}/none/pgo.caddy"\ncaddy_user = "web"`);
    const run = ({ argv }: Command) =>
      Promise.resolve({ code: refuse.has("x") ? 0 : 2, stdout: argv.join(" "), stderr: "" });
    const found = await proxyProblems(run, global, "runuser");
    assert.deepEqual(
      found.map(({ path, message }) => `${path.join(".")} ${message.replaceAll(dir, "DIR")}`),
      [
        "global.caddy_import there is no directory for DIR/none/pgo.caddy",
        'global.caddy_user this host has no user "web", expected the one caddy runs as',
      ],
    );
  }));

const GLOBAL: [what: string, keys: string, expected: RegExp][] = [
  [
    "a key without its proxy",
    'caddy_reload = ["x"]',
    /^f:2:1: global\.caddy_reload: it means nothing without caddy_import/,
  ],
  [
    "no words",
    'caddy_import = "/x"\ncaddy_reload = []',
    /caddy_reload: the first word is no program/,
  ],
  [
    "a command line",
    'caddy_import = "/x"\ncaddy_reload = "caddy reload"',
    /caddy_reload: "caddy reload" given/,
  ],
  [
    "an option as program",
    'caddy_import = "/x"\ncaddy_reload = ["-x"]',
    /the first word is no program/,
  ],
  ["a scheme", 'caddy_import = "/x"\ncaddy_scheme = "ftp"', /expected "https" or "http"/],
  [
    "an address",
    'nginx_include = "/x"\nnginx_listen = ["80; root /"]',
    /nginx_listen\[0\]: .* is no address/,
  ],
  ["a relative file", 'nginx_include = "x"', /nginx_include: "x" is no absolute path/],
];
for (const [what, keys, expected] of GLOBAL) {
  Deno.test(`refused in [global]: ${what}`, () => {
    assert.throws(
      () => parseConfig(`[global]\n${keys}\n`, "f"),
      (error) => error instanceof ConfigError && expected.test(error.message),
    );
  });
}

Deno.test("permissions for a proxy are there only where the config names one", () => {
  const { global } = parseConfig('[global]\ncaddy_import = "/etc/caddy/pgo.caddy"\n', "f");
  const facts = { config: "/c", dir: "/d", listen: [] };
  const with_ = permissionFlags({ ...facts, how: "runuser", global }).join(" ");
  const files = "/etc/caddy/pgo.caddy,/etc/caddy/pgo.caddy.new,/etc/caddy/pgo.caddy.old";
  assert.match(with_, new RegExp(`--allow-read=/c,/d,${files},`));
  assert.match(with_, new RegExp(`--allow-write=/d,${files} `));
  assert.doesNotMatch(with_, /allow-run=\S*caddy/);
  assert.match(
    permissionFlags({ ...facts, how: "self", global }).join(" "),
    /allow-run=\S*,caddy /,
  );
  assert.doesNotMatch(permissionFlags({ ...facts, how: "self" }).join(" "), /caddy|nginx/);
});

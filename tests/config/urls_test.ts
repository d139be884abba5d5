import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, parseConfig } from "../../lib/config/parse.ts";
import { isIpv4, isIpv6, isLocal, parseUrl } from "../../lib/config/urls.ts";

Deno.test("keys are names, wildcards and paths; targets are ports of this host or of others", () => {
  const read = (key: string, target: string) => {
    const { name, path, host, port } = parseUrl(key, target);
    return [name, path, host, port];
  };
  assert.deepEqual(read("WWW.Example.org", ":80"), ["www.example.org", "", undefined, 80]);
  assert.deepEqual(read("*.x.org/api/v1.2", "b.org:1"), ["*.x.org", "/api/v1.2", "b.org", 1]);
  assert.deepEqual(read("a/~me", "[::1]:65535"), ["a", "/~me", "::1", 65535]);
  assert.deepEqual(read("a", "127.0.0.1:80"), ["a", "", "127.0.0.1", 80]);
});

const BAD: [key: string, target: string][] = [
  ["", ":1"],
  ["a b", ":1"],
  ["https://a", ":1"],
  ["a:80", ":1"],
  ["*", ":1"],
  ["a.*.org", ":1"],
  ["-a.org", ":1"],
  ["a.org.", ":1"],
  ["a/", ":1"],
  ["a/x/", ":1"],
  ["a//x", ":1"],
  ["a/..", ":1"],
  ["a/./x", ":1"],
  ["a/*", ":1"],
  ["a/%2e", ":1"],
  ["a/x y", ":1"],
  ["a/{x}", ":1"],
  ["a/x;", ":1"],
  ["a\n}", ":1"],
  ["a/x\n", ":1"],
  ["{$HOME}", ":1"],
  ["ä.org", ":1"],
  ["a", ""],
  ["a", "80"],
  ["a", ":0"],
  ["a", ":65536"],
  ["a", ":80 {"],
  ["a", ":80\n"],
  ["a", "http://b:80"],
  ["a", "b:80/x"],
  ["a", "[::1:80"],
  ["a", "[:::::]:80"],
  ["a", "unix:/run/x"],
  ["a", "localhost.:80"],
  ["a", "[::1%lo]:80"],
  ["a", "1.2.3.4.5:80"],
  ["a", "256.0.0.1:80"],
  ["a", "09.0.0.1:80"],
];
for (const [key, target] of BAD) {
  Deno.test(`no url: ${JSON.stringify(key)} = ${JSON.stringify(target)}`, () => {
    assert.throws(() => parseUrl(key, target), /^Error: ".*expected/);
  });
}

Deno.test("whatever is read holds no character that means something to a proxy", () => {
  const piece = fc.constantFrom(
    "a",
    "*",
    ".",
    "/",
    "-",
    "{",
    "}",
    ";",
    " ",
    "\n",
    '"',
    "$",
    "#",
    ":",
  );
  const text = fc.oneof(fc.string(), fc.array(piece).map((list) => list.join("")));
  const target = fc.oneof(text, fc.nat(70_000).map((port) => `:${port}`));
  fc.assert(
    fc.property(text, target, (key, target) => {
      let url;
      try {
        url = parseUrl(key, target);
      } catch {
        return;
      }
      assert.match(url.name, /^(\*\.)?[a-z0-9.-]+$/);
      assert.match(url.path, /^(\/[A-Za-z0-9._~-]+)*$/);
      assert.doesNotMatch(url.path, /\/\.{1,2}(\/|$)/);
      assert.match(url.host ?? "", /^[a-z0-9.:-]*$/);
      assert.ok(Number.isInteger(url.port) && url.port >= 1 && url.port <= 65535);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("addresses are told from names", () => {
  for (const text of ["0.0.0.0", "255.255.255.255", "192.0.2.10"]) assert.ok(isIpv4(text), text);
  for (const text of ["256.0.0.1", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "a.b.c.d", ""]) {
    assert.ok(!isIpv4(text), text);
  }
  assert.ok(isIpv6("2001:db8::1") && !isIpv6("1.2.3.4") && !isIpv6("::x") && !isIpv6("::1]/"));
  assert.ok(isLocal({ host: undefined }) && isLocal({ host: "127.9.9.9" }));
  assert.ok(!isLocal({ host: "10.0.0.1" }) && !isLocal({ host: "127.example.org" }));
});

/** Ways to write an IPv4 address that some resolver or other takes. */
const spelled = (parts: number[]) => {
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const hex = (n: number) => n.toString(16);
  const low = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  return [
    ...[parts.join("."), `${number}`, `0x${hex(number)}`, `0${number.toString(8)}`],
    ...[
      `${a}.${(b * 256 + c) * 256 + d}`,
      `${a}.${b}.${c * 256 + d}`,
      `0X${hex(a)}.${b}.${c}.${d}`,
    ],
    ...[`[::ffff:${low}]`, `[0:0:0:0:0:FFFF:${low}]`, `[::ffff:${parts.join(".")}]`],
    ...[`[::ffff:0:${low}]`, `[64:ff9b::${parts.join(".")}]`],
  ];
};

Deno.test("loopback is loopback, however an address is written; others are others", () => {
  const part = fc.nat(255);
  fc.assert(
    fc.property(fc.oneof(part, fc.constantFrom(0, 127)), part, part, part, (a, b, c, d) => {
      for (const host of spelled([a, b, c, d])) {
        assert.equal(isLocal(parseUrl("x.org", `${host}:80`)), a === 127 || a === 0, host);
      }
    }),
    { examples: [[0, 0, 0, 0], [0, 0, 0, 1], [127, 0, 0, 1], [127, 0, 0, 0], [128, 0, 0, 1]] },
  );
});

Deno.test("what a target's host is called for a proxy is what it was judged as", () => {
  const piece = fc.constantFrom(..."0127xXaf.:".split(""), "ffff", "::", "[", "]", "localhost");
  const host = fc.array(piece, { maxLength: 12 }).map((list) => list.join(""));
  fc.assert(
    fc.property(host, (text) => {
      let url;
      try {
        url = parseUrl("x.org", `${text}:80`);
      } catch {
        return;
      }
      if (url.host === undefined) return;
      const again = url.host.includes(":") ? `[${url.host}]` : url.host;
      assert.deepEqual(parseUrl("x.org", `${again}:80`), url);
      assert.equal(new URL(`http://${text}/`).hostname, again);
    }),
    { numRuns: 3000 },
  );
});

/** The problems of a config with two services with these urls; the first has the ports 5000 to 5005. */
function problems(first: string, second: string, global = ""): string {
  const service = (name: string, urls: string, more: string) =>
    `[[services]]\nname = "${name}"\nuser = "u"\nrepository = "/r"\nurls = { ${urls} }\n${more}`;
  try {
    parseConfig(
      global + service("a", first, 'ports = ["5000/5"]\n') + service("b", second, ""),
      "f",
    );
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

Deno.test("two services may share a name, but not a name and a path", () => {
  const nothing: [string, string][] = [
    ['"x.org" = ":5000"', '"x.org/api" = ":6000"'],
    ['"*.x.org" = ":5000"', '"www.x.org" = ":6000"'],
    ['"x.org/api" = ":5000"', '"x.org/api/v2" = ":6000"'],
  ];
  for (const [first, second] of nothing) assert.equal(problems(first, second), "");
  const claimed: [string, string][] = [
    ['"x.org" = ":5000"', '"X.ORG" = ":6000"'],
    ['"x.org/api" = ":5000"', '"x.org/API" = "other.org:80"'],
    ['"*.x.org" = ":5000"', '"*.x.org" = ":6000"'],
  ];
  for (const [first, second] of claimed) {
    assert.match(
      problems(first, second),
      /^f:11:\d+: services\[1\]\.urls.*: another service has this url already, "a", expected one owner$/,
    );
  }
  assert.match(problems('"x.org" = ":5000", "X.org" = ":5001"', ""), /this url is given twice/);
});

Deno.test("a target on this host has to be a port of the service, whatever it is called", () => {
  const addresses = "127.0.0.1 127.1.2.3 127.1 0 0.0.0.0 2130706433 0x7f.0.0.1 [::1] [::]".split(
    " ",
  );
  const v6 = "[0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]".split(" ");
  const names =
    "localhost LocalHost localhost.localdomain ip6-localhost ip6-loopback localhost4 localhost6 localhost6.localdomain6 a.localhost a.b.LOCALHOST a.localhost.localdomain";
  for (const host of ["", ...addresses, ...v6, ...names.split(" ")]) {
    assert.match(problems(`"x.org" = "${host}:80"`, ""), /port 80 is outside/);
    assert.match(problems("", `"x.org" = "${host}:5001"`), /port 5001 belongs to "a"/);
  }
  assert.equal(problems('"x.org" = "other.org:80"', '"y.org" = "10.0.0.1:5001"'), "");
});

Deno.test("with nginx, a target is no name: one that does not resolve would keep all urls from it", () => {
  const nginx = '[global]\nnginx_include = "/etc/nginx/conf.d/pgo.conf"\n';
  const named = '"y.org" = "other.org:80"';
  assert.match(
    problems("", named, nginx),
    /^f:\d+:\d+: services\[1\]\.urls.*: nginx takes no name as a target, "other\.org".*expected ":PORT" or an address/,
  );
  assert.match(
    problems('"x.org" = "localhost:5000"', "", nginx),
    /nginx takes no name as a target/,
  );
  const right = '"x.org" = ":5000", "x.org/a" = "127.1:5001", "x.org/b" = "[2001:db8::1]:80"';
  assert.equal(problems(right, '"y.org" = "192.0.2.1:80"', nginx), "");
  assert.equal(problems("", named), "");
  const caddy = '[global]\ncaddy_import = "/etc/caddy/pgo.caddy"\n';
  assert.equal(problems("", named, caddy), "");
});

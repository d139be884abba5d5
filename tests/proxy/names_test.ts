import assert from "node:assert/strict";
import { FlagError, readFlags, type UrlFormat } from "../../lib/config/flags.ts";
import { parseUrl } from "../../lib/config/urls.ts";
import { namesReport, ownedUrls } from "../../lib/proxy/names.ts";

const URLS = ownedUrls([
  { name: "b", urls: [parseUrl("www.x.org/api", ":5007"), parseUrl("*.x.org", "[::1]:80")] },
  { name: "a", urls: [parseUrl("www.x.org", "other.org:80"), parseUrl("10.0.0.1", ":5000")] },
]);

const report = (format: UrlFormat, ...addresses: string[]) =>
  namesReport(URLS, format, addresses).split("\n");

Deno.test("names as a table, and for machines", () => {
  assert.deepEqual(report("text"), [
    "URL            TARGET        SERVICE",
    "*.x.org        [::1]:80      b",
    "10.0.0.1       :5000         a",
    "www.x.org      other.org:80  a",
    "www.x.org/api  :5007         b",
  ]);
  assert.deepEqual(JSON.parse(report("json").join("\n"))[3], {
    name: "www.x.org",
    path: "/api",
    service: "b",
    target: ":5007",
  });
});

Deno.test("a zone has each name once, for each address, or for the host's name", () => {
  assert.deepEqual(report("zone", "192.0.2.1", "2001:db8::1"), [
    "*.x.org. IN A 192.0.2.1",
    "*.x.org. IN AAAA 2001:db8::1",
    "; 10.0.0.1 is an address",
    "www.x.org. IN A 192.0.2.1",
    "www.x.org. IN AAAA 2001:db8::1",
  ]);
  assert.equal(report("zone", "host.x.org")[0], "*.x.org. IN CNAME host.x.org.");
});

Deno.test("a hosts file has no wildcards, and says so", () => {
  assert.deepEqual(report("hosts", "192.0.2.1"), [
    "# *.x.org: a hosts file has no wildcards",
    "# 10.0.0.1 is an address",
    "192.0.2.1 www.x.org",
  ]);
});

const WRONG: [UrlFormat, string[]][] = [
  ["zone", []],
  ["zone", ["x y"]],
  ["zone", ["a.org\nb"]],
  ["zone", ["host.x.org", "192.0.2.1"]],
  ["hosts", []],
  ["hosts", ["host.x.org"]],
];
for (const [format, addresses] of WRONG) {
  Deno.test(`refused: ${format} with ${JSON.stringify(addresses)}`, () => {
    assert.throws(() => namesReport(URLS, format, addresses), FlagError);
  });
}

Deno.test("the command lines of ports and urls", () => {
  assert.deepEqual(readFlags(["ports", "-c", "f", "--free", "5"]).ports, { free: 5, json: false });
  assert.deepEqual(readFlags(["urls", "-c", "f", "--json"]).urls, {
    format: "json",
    addresses: [],
  });
  assert.throws(() => readFlags(["ports", "-c", "f", "--free", "0"]), /^Error: --free: "0"/);
  assert.throws(() => readFlags(["urls", "-c", "f", "--format", "bind"]), /^Error: --format/);
  assert.throws(() => readFlags(["urls", "-c", "f", "more"]), /"more" is no command/);
});

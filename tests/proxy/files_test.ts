import assert from "node:assert/strict";
import fc from "fast-check";
import { parseUrl, type Url } from "../../lib/config/urls.ts";
import { caddyFile } from "../../lib/proxy/caddy.ts";
import { ownedUrls } from "../../lib/proxy/names.ts";
import { nginxFile } from "../../lib/proxy/nginx.ts";
import { HEADER, sitesOf } from "../../lib/proxy/sites.ts";

const sites = (urls: Record<string, string>, service = "shop") =>
  sitesOf(
    ownedUrls([{
      name: service,
      urls: Object.entries(urls).map(([key, target]) => parseUrl(key, target)),
    }]),
  );

const PLAIN = { scheme: "https" as const, wait: 0 };
const URLS = {
  "www.x.org/api": ":5008",
  "www.x.org": ":5007",
  "*.y.org": "[::1]:80",
  "www.x.org/api/v2": "other.org:81",
  "a.org/only": ":5009",
};

Deno.test("caddy: a site for each name, the longest path first, and 404 for what nobody has", () => {
  assert.equal(
    caddyFile(sites(URLS), PLAIN),
    `${HEADER}
*.y.org {
	# service shop
	reverse_proxy [::1]:80
}

a.org {
	@path0 path /only /only/*
	handle @path0 {
		# service shop
		reverse_proxy 127.0.0.1:5009
	}
	handle {
		respond 404
	}
}

www.x.org {
	@path0 path /api/v2 /api/v2/*
	handle @path0 {
		# service shop
		reverse_proxy other.org:81
	}
	@path1 path /api /api/*
	handle @path1 {
		# service shop
		reverse_proxy 127.0.0.1:5008
	}
	handle {
		# service shop
		reverse_proxy 127.0.0.1:5007
	}
}
`,
  );
});

Deno.test("caddy: a client may be made to wait, and TLS may be somebody else's", () => {
  assert.equal(
    caddyFile(sites({ "x.org": ":5007" }), { scheme: "http", wait: 10_000 }),
    `${HEADER}
http://x.org {
	# service shop
	reverse_proxy 127.0.0.1:5007 {
		lb_try_duration 10000ms
	}
}
`,
  );
});

Deno.test("nginx: a server for each name, and what lies below a path but not beside it", () => {
  const text = nginxFile(sites({ "x.org/api": ":5007" }), { listen: ["80", "[::]:443 ssl"] });
  const lines = text.split("\n").map((line) => line.trim());
  for (
    const line of [
      "listen 80;",
      "listen [::]:443 ssl;",
      "server_name x.org;",
      "location = /api {",
      "location /api/ {",
      "proxy_pass http://127.0.0.1:5007;",
      "return 404;",
    ]
  ) assert.ok(lines.includes(line), line);
  assert.ok(!lines.includes("location /api {"));
});

Deno.test("without urls there is the first line and nothing else", () => {
  assert.equal(caddyFile([], PLAIN), HEADER);
  assert.equal(nginxFile([], { listen: ["80"] }), HEADER);
});

Deno.test("the order of services and urls in the config changes nothing", () => {
  const url = fc.tuple(
    fc.constantFrom("a.org", "b.org", "*.b.org"),
    fc.constantFrom("", "/x", "/y", "/x/y"),
    fc.integer({ min: 1, max: 65535 }),
  ).map(([name, path, port]): Url => ({ name, path, host: undefined, port }));
  const list = fc.uniqueArray(url, { selector: ({ name, path }) => name + path });
  fc.assert(fc.property(list, fc.nat(), (urls, seed) => {
    const other = urls.toSorted((a, b) => (a.port * seed) % 97 - (b.port * seed) % 97);
    const render = (urls: Url[]) => caddyFile(sitesOf(ownedUrls([{ name: "s", urls }])), PLAIN);
    assert.equal(render(urls), render(other));
  }));
});

// One directive of each kind that these files have: nothing else may come of any url.
const CADDY =
  /^(?:[a-z0-9.*-]+ \{|@path\d+ path (?:\/[\w.~-]+)+ (?:\/[\w.~-]+)+\/\*|handle(?: @path\d+)? \{|reverse_proxy [a-z0-9.:[\]-]+|# service s|respond 404|\}|)$/i;
const NGINX =
  /^(?:location (?:= )?\/[\w.~/-]* \{|server_name (?:\*\.)?[a-z0-9.-]+;|proxy_pass http:\/\/[a-z0-9.:[\]-]+;|# service s)$/i;

Deno.test("whatever keys and targets are read, they stay the words they are", () => {
  const piece = fc.constantFrom(
    ...[
      "a",
      "B",
      "0",
      ".",
      "-",
      "/",
      "*",
      "*.",
      "{",
      "}",
      ";",
      "\n",
      "\t",
      " ",
      "$x",
      "#",
      "\\",
      '"',
    ],
    ..."_~%:[]@".split(""),
    ...["{env.HOME}", "include", "import", "a.org", "/api"],
  );
  const text = fc.array(piece, { maxLength: 4 }).map((list) => list.join(""));
  const key = fc.oneof(
    text,
    text.map((path) => `a.org/${path}`),
    text.map((name) => `${name}.org`),
  );
  const target = fc.oneof(text, text.map((host) => `${host}:80`), fc.constant(":80"));
  const fixed = nginxFile(sites({ "x.org": ":1" }, "s"), { listen: ["80"] }).split("\n");
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(key, target), { minLength: 1, maxLength: 5 }), (entries) => {
      const urls = entries.flatMap(([key, target]) => {
        try {
          return [parseUrl(key, target)];
        } catch {
          return [];
        }
      });
      read += urls.length;
      const all = sitesOf(ownedUrls([{ name: "s", urls }]));
      const caddy = caddyFile(all, PLAIN).slice(HEADER.length);
      for (const line of caddy.split("\n")) assert.match(line.trim(), CADDY);
      for (const line of nginxFile(all, { listen: ["80"] }).split("\n")) {
        if (!fixed.includes(line) && line !== "\t\treturn 404;") assert.match(line.trim(), NGINX);
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `${read} urls were right`);
});

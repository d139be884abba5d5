import assert from "node:assert/strict";
import fc from "fast-check";
import { addService, removeService, type ServiceEntries } from "../../lib/config/edit.ts";
import { ConfigError } from "../../lib/config/parse.ts";
import { readToml } from "../../lib/config/toml.ts";

const add = (text: string, entries: ServiceEntries) => addService(text, "pgo.toml", entries);
const remove = (text: string, name: string) => removeService(text, "pgo.toml", name);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

const WIKI: ServiceEntries = [
  ["name", "wiki"],
  ["urls", { "wiki.example.org": ":5007" }],
  ["ports", ["5005/5", "1025/5"]],
];

Deno.test("a block is added at the end, after an empty line", () => {
  assert.equal(
    add('# ours\n\n[[services]]\nname = "shop"\n', WIKI),
    `# ours

[[services]]
name = "shop"

[[services]]
name = "wiki"
urls = { "wiki.example.org" = ":5007" }
ports = ["5005/5", "1025/5"]
`,
  );
  assert.equal(add("", [["name", "a"], ["ports", []]]), '[[services]]\nname = "a"\nports = []\n');
});

Deno.test("a block is written in the file's own style: line ends, indentation, lists, and the end of the file", () => {
  assert.equal(
    add('[[services]]\r\n  name = "shop"\r\n  ports = [ "80/0" ]', WIKI),
    '[[services]]\r\n  name = "shop"\r\n  ports = [ "80/0" ]\r\n\r\n[[services]]\r\n  name = "wiki"\r\n' +
      '  urls = { "wiki.example.org" = ":5007" }\r\n  ports = [ "5005/5", "1025/5" ]',
  );
});

const FILE = `# The services of this host.

# Sells things.
# Ask Jane.
[[services]]
name = "shop" # the old one
note = """
[[services]]
# not a comment
"""
# inside
urls = {}
# env = ["X=1"]

# ---- internal ----

[[services]]
name = "wiki"

  # its urls
  [services.urls]
  "w" = ":1"
# for the next one
[[services]]
name = "last"
# below

# the end
`;

Deno.test("a block goes with the comments that touch it, and with one empty line", () => {
  const without = (first: string, last: string) => {
    const [from, to] = [FILE.indexOf(first), FILE.indexOf(last)];
    assert.ok(from >= 0 && to > from);
    return FILE.slice(0, from) + FILE.slice(to);
  };
  assert.equal(remove(FILE, "shop"), without("\n# Sells", "\n# ---- internal"));
  assert.equal(
    remove(FILE, "wiki"),
    without('\n[[services]]\nname = "wiki"', "# for the next one"),
  );
  assert.equal(remove(FILE, "last"), without("# for the next one", "\n# the end"));
});

Deno.test("a sub-table is its service's wherever it stands", () => {
  const text = '[[services]]\nname = "a"\n[global]\nx = 1\n[services.urls]\nw = ":1"\n[more]\n';
  assert.equal(remove(text, "a"), "[global]\nx = 1\n[more]\n");
});

Deno.test("where a block is the first thing, the empty line after it goes", () => {
  assert.equal(remove('[[services]]\nname = "a"\n\n# rest\n', "a"), "# rest\n");
});

const REFUSED: [name: string, act: () => unknown, expected: RegExp][] = [
  ["no TOML", () => add("a = \n", WIKI), /^pgo\.toml:\d+:\d+: no TOML: /],
  [
    "an inline list",
    () => add('services = [{ name = "a" }]\n', WIKI),
    /^pgo\.toml:1:1: services: written on one line/,
  ],
  ["an empty inline list", () => add("x = 1\nservices = []\n", WIKI), /^pgo\.toml:2:1: services: /],
  ["a table", () => add("[services]\n", WIKI), /^pgo\.toml:1:1: services: /],
  ["an unknown name", () => remove(FILE, "shpo"), /"shpo", expected one of: shop, wiki, last$/],
  ["nothing there", () => remove("", "shop"), /expected one of: none$/],
  [
    "a name twice",
    () => remove('[[services]]\nname="a"\n[[services]]\nname="a"\n', "a"),
    /called "a", in lines 1 and 3/,
  ],
];
for (const [name, act, expected] of REFUSED) {
  Deno.test(`refused: ${name}`, () => assert.match(refusal(act), expected));
}

/** Texts that TOML can hold: control characters, quotes, DEL, anything but half of a surrogate pair. */
const hard = fc.constantFrom(
  "\x7f",
  "\0",
  "\x1f",
  "\r\n",
  '"',
  "\\",
  "'",
  "\u0085",
  "\u2028",
  "\u{10ffff}",
);
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", "#", "="),
    hard,
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});
const value = fc.oneof(
  text,
  fc.array(text, { maxLength: 4 }),
  fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
);

Deno.test("whatever is written reads back as itself", () => {
  fc.assert(fc.property(fc.dictionary(text, value, { maxKeys: 5 }), (service) => {
    const { services } = readToml(add("", Object.entries(service))).value as { services: unknown };
    assert.deepEqual(JSON.stringify(services), JSON.stringify([service]));
  }));
});

Deno.test("half of a surrogate pair is refused", () => {
  assert.match(refusal(() => add("", [["name", "\ud800"]])), /no Unicode/);
});

/** Configs as people write them: comments, empty lines, other tables, long values, with and without an end. */
const service = fc.record({
  id: fc.nat(999),
  indent: fc.constantFrom("", "  ", "\t"),
  above: fc.constantFrom("", "# above\n", "# a\n  # b\n", "\n", "\n# free\n\n"),
  body: fc.constantFrom(
    "",
    "# inside\n",
    "ports = [\n  # one\n  '80/0', # two\n\n]\n",
    "note = '''\n[[services]]\n# text\n\n'''\n",
    'env = [ "A=#b" ]\n# below\n',
    "\n[services.urls]\n'x.y' = ':80'\n",
    "# x\n\n# y\n[services.urls]\n",
  ),
  below: fc.constantFrom(
    "",
    "\n",
    "\n\n",
    "# below\n",
    "\n# free\n\n",
    "[global]\nx = 1\n",
    " \t\n",
  ),
});
const config = fc.record({
  head: fc.constantFrom("", "\n", "# head\n", "# head\n\n", "x = 1\n", "\n\n"),
  services: fc.uniqueArray(service, { maxLength: 4, selector: ({ id }) => id }),
  crlf: fc.boolean(),
  ended: fc.boolean(),
}).map(({ head, services, crlf, ended }) => {
  let globals = 0;
  const blocks = services.map(({ id, indent, above, body, below }) =>
    `${above}[[services]]\n${indent}name = "s${id}"\n${body}${below}`
  );
  const whole = head + blocks.join("").replace(/^\[global\]$/gm, () => `[global${globals++}]`);
  const lines = crlf ? whole.replaceAll("\n", "\r\n") : whole;
  return {
    text: ended ? lines : lines.replace(/\r?\n$/, ""),
    names: services.map(({ id }) => `s${id}`),
  };
});

Deno.test("what was added and is removed leaves the text as it was, byte for byte", () => {
  fc.assert(
    fc.property(config, ({ text }) => {
      const added = add(text, [["name", "new"], ["ports", ["80/0"]]]);
      assert.ok(added.startsWith(text));
      assert.equal(remove(added, "new"), text);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("removing one service takes lines of its block only, comments that stand alone stay", () => {
  const free = (text: string) => text.match(/# free/g)?.length ?? 0;
  fc.assert(
    fc.property(config, fc.nat(), ({ text, names }, pick) => {
      const name = names[pick % (names.length || 1)];
      if (name === undefined) return;
      const left = remove(text, name);
      assert.equal(free(left), free(text));
      const rest = left.split("\n").filter((line) => line.trim() !== "");
      const all = text.split("\n").filter((line) => line.trim() !== "");
      let at = 0;
      for (const line of all) if (line.trim() === rest[at]?.trim()) at++;
      assert.equal(at, rest.length, "what is left is what was there, in its order");
    }),
    { numRuns: 1000 },
  );
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeLine, encodeLine, parseTarget } from "../../lib/ssh/protocol.ts";
import { StatusError } from "../../lib/ssh/status.ts";

Deno.test("arguments arrive unchanged, whatever they hold", () => {
  const args = fc.array(fc.string({ unit: "binary" }));
  fc.assert(fc.property(args, (args) => {
    const sent = { service: "pgo", command: "exec", args };
    assert.deepEqual(decodeLine(encodeLine(sent)), sent);
  }));
});

Deno.test("a shell reads an encoded line as it was meant", async () => {
  const args = [
    "",
    " ",
    "a b",
    "'",
    '"',
    "\\",
    "$HOME",
    "`id`",
    "$(id)",
    "a\nb",
    "*",
    "~",
    "#x",
    "é",
    "!!",
  ];
  const line = encodeLine({ service: "pgo", command: "exec", args });
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${line}`],
  }).output();
  assert.deepEqual(
    new TextDecoder().decode(stdout).split("\0").slice(0, -1),
    ["pgo//exec", ...args],
  );
});

const UNDERSTOOD: [what: string, line: string, args: string[]][] = [
  ["plain ssh", "pgo//ps", []],
  ["the ancestor's client: words joined by spaces", "pgo//ps -f  web 5", ["-f", "web", "5"]],
  ["the ancestor's client without arguments", "pgo//ps ", []],
  ["single quotes", "pgo//ps 'a  b' ''", ["a  b", ""]],
  ["double quotes and backslashes", 'pgo//ps "a \\"b\\"" c\\ d', ['a "b"', "c d"]],
  ["what a shell would expand", "pgo//ps $HOME '$(id)' `id` *", ["$HOME", "$(id)", "`id`", "*"]],
  ["what a shell would run", "pgo//ps ; rm -rf / | x > y &", [
    ";",
    "rm",
    "-rf",
    "/",
    "|",
    "x",
    ">",
    "y",
    "&",
  ]],
  ["what a shell would skip", "pgo//ps # web", ["#", "web"]],
  ["line ends and tabs", "\tpgo//ps\na\r\nb\n", ["a", "b"]],
];
for (const [what, line, args] of UNDERSTOOD) {
  Deno.test(`understood: ${what}`, () => {
    assert.deepEqual(decodeLine(line), { service: "pgo", command: "ps", args });
  });
}

Deno.test("an empty service concerns the whole host", () => {
  const sent = { service: "", command: "status", args: ["--json"] };
  assert.equal(encodeLine(sent), "//status --json");
  assert.deepEqual(decodeLine("//status --json"), sent);
});

Deno.test("more slashes belong to the command, which then matches no route", () => {
  assert.equal(decodeLine("pgo//ps//x").command, "ps//x");
  assert.equal(decodeLine("pgo///ps").command, "/ps");
  assert.equal(decodeLine("pgo//").command, "");
});

const UNREADABLE = [
  "",
  "  ",
  "ps",
  "pgo/ps",
  "ls -la //x",
  "/ps",
  "pgo//ps 'x",
  'pgo//ps "x',
  "x".repeat(70_000),
];
for (const line of UNREADABLE) {
  Deno.test(`a 400 of one line: ${JSON.stringify(line.slice(0, 20))}`, () => {
    assert.throws(() => decodeLine(line), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.status, 400);
      assert.match(error.line, /^Bad Request: [^\n]{10,200}$/);
      return true;
    });
  });
}

Deno.test("targets", () => {
  assert.deepEqual(parseTarget("localhost:pgo//ps"), {
    host: "localhost",
    user: undefined,
    service: "pgo",
    command: "ps",
  });
  assert.deepEqual(parseTarget("me@localhost://status"), {
    host: "localhost",
    user: "me",
    service: "",
    command: "status",
  });
  assert.equal(parseTarget("[::1]://status").service, "");
  assert.equal(parseTarget("[::1]:pgo//ps").host, "::1");
  assert.equal(parseTarget("me@h:pgo//ps").user, "me");
  for (const text of ["", "pgo//ps", "h:pgo", "h:pgo/ps", "h:", "h://", "h:/ps", "-o:pgo//ps"]) {
    assert.throws(() => parseTarget(text), text);
  }
});

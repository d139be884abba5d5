import assert from "node:assert/strict";
import fc from "fast-check";
import { parseExpiry } from "../../lib/ssh/expiry.ts";
import { parseFrom } from "../../lib/ssh/from.ts";
import {
  NO_OPTIONS,
  optionsLength,
  parseKeyOptions,
  refusal,
  ROLES,
  strictest,
  suffices,
} from "../../lib/ssh/key_options.ts";

const ADMITS: [patterns: string, admitted: string[], refused: string[]][] = [
  ["10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.2", "::1"]],
  ["10.0.0.0/8", ["10.255.1.2", "::ffff:10.1.1.1"], ["11.0.0.1", "2001:db8::1"]],
  ["10.0.0.0/8,!10.0.0.5", ["10.0.0.4"], ["10.0.0.5", "::ffff:10.0.0.5", "11.0.0.1"]],
  ["!10.0.0.5,10.0.0.0/8", ["10.0.0.4"], ["10.0.0.5"]],
  ["!10.0.0.5", [], ["10.0.0.4", "10.0.0.5"]],
  ["192.168.1.*", ["192.168.1.77"], ["192.168.11.7"]],
  ["10.0.0.?,!10.0.0.2", ["10.0.0.1"], ["10.0.0.2", "10.0.0.10"]],
  ["2001:db8::/32", ["2001:db8::1", "2001:DB8:0:0::9"], ["2001:db9::1", "10.0.0.1"]],
  ["fe80::/10", ["fe80::1%eth0"], ["fec0::1"]],
  ["0.0.0.0/0", ["1.2.3.4"], ["::1"]],
  ["::/0", ["::1"], ["1.2.3.4", "::ffff:1.2.3.4"]],
  ["*", ["1.2.3.4", "::1"], []],
];
for (const [patterns, admitted, refused] of ADMITS) {
  Deno.test(`from="${patterns}" admits whom OpenSSH would`, () => {
    const { admits } = parseFrom(patterns);
    assert.deepEqual(admitted.filter((address) => !admits(address)), []);
    assert.deepEqual(refused.filter(admits), []);
  });
}

Deno.test("a pattern of many stars takes no longer than its length", () => {
  assert.equal(parseFrom("*1".repeat(10_000)).admits("1".repeat(39)), false);
});

const TIMES: [text: string, at: number][] = [
  ["20261231Z", Date.UTC(2026, 11, 31)],
  ["202612312359Z", Date.UTC(2026, 11, 31, 23, 59)],
  ["20261231235958Z", Date.UTC(2026, 11, 31, 23, 59, 58)],
  ["20261231", new Date(2026, 11, 31).getTime()],
  ["202612312359", new Date(2026, 11, 31, 23, 59).getTime()],
];
for (const [text, at] of TIMES) {
  Deno.test(`expiry-time="${text}" is that moment`, () => assert.equal(parseExpiry(text), at));
}

Deno.test("a key is worth nothing after its time, and from elsewhere", () => {
  const options = parseKeyOptions('from="10.0.0.0/8",expiry-time="20300101Z"');
  const end = Date.UTC(2030, 0, 1);
  assert.equal(refusal(options, "10.1.1.1", end), undefined);
  assert.equal(refusal(options, "10.1.1.1", end + 1), "expired 2030-01-01T00:00:00.000Z");
  assert.equal(refusal(options, "11.1.1.1", end), "not from this address");
});

const role = fc.constantFrom(...ROLES);
const options = fc.record({
  role: fc.option(role, { nil: undefined }),
  from: fc.option(fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 4 }), { nil: undefined }),
  expires: fc.option(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), {
    nil: undefined,
  }),
  pty: fc.constantFrom(undefined, "no-pty", "restrict", "No-Pty"),
  off: fc.subarray(["no-port-forwarding", "no-X11-forwarding", "no-agent-forwarding"]),
});

Deno.test("what is written as options is read as the same options, in any order and case", () => {
  fc.assert(fc.property(options, fc.nat(), (given, turn) => {
    const stamp = given.expires?.toISOString().replace(/[-:T]|\..*/g, "");
    const words = [
      given.role && `pgo-role="${given.role}"`,
      given.from && `FROM="${given.from.join(",")}"`,
      stamp && `expiry-time="${stamp}Z"`,
      given.pty,
      ...given.off,
    ].filter((word): word is string => word !== undefined);
    const turned = [
      ...words.slice(turn % (words.length + 1)),
      ...words.slice(0, turn % (words.length + 1)),
    ];
    const text = turned.join(",");
    const read = parseKeyOptions(text);
    assert.equal(optionsLength(`${text} ssh-ed25519 AAAA`), text.length);
    assert.deepEqual({ ...read, from: read.from.map(({ text }) => text) }, {
      role: given.role ?? "operate",
      from: given.from ? [given.from.join(",")] : [],
      expires: given.expires && Math.floor(given.expires.getTime() / 1000) * 1000,
      pty: given.pty === undefined,
    });
  }));
});

Deno.test("any text is read or refused in one line, and never gives exec unless it says so", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("pgo-role=", '"exec"', '"read"', ",", '"', "\\", "from=", '"*"', "no-pty"),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 8 }).map((words) => words.join("")), (text) => {
    try {
      const { role } = parseKeyOptions(text);
      assert.ok(role !== "exec" || /pgo-role="exec"/i.test(text), text);
    } catch (error) {
      assert.doesNotMatch((error as Error).message, /\n/);
      assert.ok((error as Error).message.length < 300);
    }
  }));
});

Deno.test("several lines together allow no more than each of them alone", () => {
  fc.assert(fc.property(role, role, fc.boolean(), fc.boolean(), (a, b, c, d) => {
    const both = strictest({ ...NO_OPTIONS, role: a, pty: c }, { ...NO_OPTIONS, role: b, pty: d });
    assert.ok(suffices(a, both.role) && suffices(b, both.role));
    assert.ok([a, b].includes(both.role));
    assert.equal(both.pty, c && d);
  }));
});

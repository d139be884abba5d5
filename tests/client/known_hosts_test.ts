import assert from "node:assert/strict";
import { checkHost, hostEntry, hostLine } from "../../lib/client/known_hosts.ts";

/** The bytes of a key as the wire has them: its type and 32 bytes of `fill`, each with its length. */
function keyOf(fill: number, type = "ssh-ed25519"): Uint8Array {
  const name = new TextEncoder().encode(type);
  return Uint8Array.from([0, 0, 0, name.length, ...name, 0, 0, 0, 32, ...Array(32).fill(fill)]);
}

const KEY = keyOf(1);
const OTHER = keyOf(2);

Deno.test("a host stands as OpenSSH writes it", () => {
  assert.equal(hostEntry("Pgo.Example", 22), "pgo.example");
  assert.equal(hostEntry("Pgo.Example", 2222), "[pgo.example]:2222");
  assert.equal(hostEntry("pgo.example"), "[pgo.example]:2222");
  assert.match(hostLine("h", 22, KEY), /^h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEB\S+=*\n$/);
});

const LINES: [what: string, text: string, port: number, verdict: string][] = [
  ["nothing", "", 2222, "new"],
  ["the key", hostLine("h", 2222, KEY), 2222, "known"],
  ["the key, in CRLF and among comments", `# x y z\r\n${hostLine("h", 22, KEY)}\r\n`, 22, "known"],
  ["the key at another port", hostLine("h", 2223, KEY), 2222, "new"],
  ["the key at port 22 only", hostLine("h", 22, KEY), 2222, "new"],
  ["the key at another host", hostLine("hh", 2222, KEY), 2222, "new"],
  ["another key", hostLine("h", 2222, OTHER), 2222, "changed"],
  ["a key of another type", hostLine("h", 2222, keyOf(1, "ssh-rsa")), 2222, "changed"],
  ["another key and the key", hostLine("h", 22, OTHER) + hostLine("h", 22, KEY), 22, "known"],
  ["the key and another key", hostLine("h", 22, KEY) + hostLine("h", 22, OTHER), 22, "known"],
  ["the key, revoked", `@revoked ${hostLine("h", 22, KEY)}`, 22, "revoked"],
  [
    "the key, and it revoked for all",
    hostLine("h", 22, KEY) + "@revoked " + hostLine("*", 22, KEY),
    22,
    "revoked",
  ],
  ["another key, revoked", `@revoked ${hostLine("h", 22, OTHER)}`, 22, "new"],
  ["a CA, which is no host key", `@cert-authority ${hostLine("h", 22, OTHER)}`, 22, "new"],
  ["a list of names", hostLine("h", 22, KEY).replace("h ", "a,192.0.2.1,h "), 22, "known"],
  ["a pattern", hostLine("[?]:*", 22, KEY), 2222, "known"],
  ["a pattern of names", hostLine("*", 22, KEY), 22, "known"],
  ["a pattern that leaves it out", hostLine("h", 22, KEY).replace("h ", "!h,* "), 22, "new"],
  ["half a line", "h ssh-ed25519\nh\n", 22, "new"],
];
for (const [what, text, port, verdict] of LINES) {
  Deno.test(`known_hosts holds ${what}: ${verdict}`, () => {
    assert.equal(checkHost(text, "h", port, KEY), verdict);
  });
}

Deno.test("known_hosts as ssh-keygen -H hashed it", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = `${dir}/known_hosts`;
    await Deno.writeTextFile(
      file,
      hostLine("pgo.example", 2222, KEY) + hostLine("other.example", 22, OTHER),
    );
    const { code } = await new Deno.Command("ssh-keygen", {
      args: ["-q", "-H", "-f", file],
      stdout: "null",
      stderr: "null",
    }).output();
    assert.equal(code, 0);
    const hashed = await Deno.readTextFile(file);
    assert.doesNotMatch(hashed, /example/);
    assert.equal(checkHost(hashed, "PGO.example", 2222, KEY), "known");
    assert.equal(checkHost(hashed, "pgo.example", 2222, OTHER), "changed");
    assert.equal(checkHost(hashed, "pgo.example", 22, KEY), "new");
    assert.equal(checkHost(hashed, "other.example", 22, OTHER), "known");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/**
 * What is sent: things an honest client would say, and what becomes of them in bad hands.
 * @module
 */
import fc from "fast-check";
import { COMMANDS } from "../../lib/commands/table.ts";
import { concat, kexInit, MESSAGE, packet, string, u32 } from "./wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const bytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((array) => new Uint8Array(array));

/** Lengths that parsers trip over. */
const LENGTHS = [0, 1, 4, 5, 255, 32_768, 35_000, 65_536, 0x7fffffff, 0x80000000, 0xffffffff];

const mutation = fc.record({
  kind: fc.constantFrom("flip", "insert", "delete", "cut", "length", "repeat"),
  at: fc.nat(65_535),
  value: fc.nat(65_535),
});

function mutate(
  from: Bytes,
  { kind, at, value }: typeof mutation extends fc.Arbitrary<infer M> ? M : never,
): Bytes {
  const place = from.length === 0 ? 0 : at % from.length;
  const [before, after] = [from.slice(0, place), from.slice(place)];
  switch (kind) {
    case "flip":
      return concat(before, (after[0] ?? 0) ^ (1 << value % 8), after.slice(1));
    case "insert":
      return concat(before, new Uint8Array(1 + value % 40).fill(value >> 8), after);
    case "delete":
      return concat(before, after.slice(1 + value % 8));
    case "cut":
      return before;
    case "length":
      return concat(before, u32(LENGTHS[value % LENGTHS.length] ?? 0), after.slice(4));
    default:
      return concat(before, after, after);
  }
}

/** One of `templates`, whole or with up to four things done to it. */
export function mutated(...templates: Bytes[]): fc.Arbitrary<Bytes> {
  return fc.tuple(fc.constantFrom(...templates), fc.array(mutation, { maxLength: 4 }))
    .map(([template, mutations]) => mutations.reduce(mutate, template));
}

const text = (line: string): Bytes => new TextEncoder().encode(line);

/** The first bytes of a connection, in one or several writes. */
export const greetings: fc.Arbitrary<Bytes[]> = fc.array(
  fc.oneof(
    bytes(300),
    mutated(
      text("SSH-2.0-OpenSSH_9.2\r\n"),
      text("SSH-1.99-x comment\n"),
      text("SSH-1.5-x\r\n"),
      text("GET / HTTP/1.1\r\nHost: pgo\r\n\r\n"),
      text(`SSH-2.0-${"x".repeat(9000)}\r\n`),
      text("SSH-2.0-x\r\nSSH-2.0-x\r\n"),
      concat(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3),
    ),
  ),
  { minLength: 1, maxLength: 3 },
);

/** What may follow a good greeting: a KEXINIT, or what looks like one. */
export const kexInits: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 6, arbitrary: mutated(kexInit()).map((payload) => packet(payload)) },
  { weight: 3, arbitrary: mutated(packet(kexInit())) },
  { weight: 1, arbitrary: bytes(600).map((payload) => packet(payload)) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(MESSAGE.ignore, MESSAGE.disconnect, 3, 4, 20, 21, 30, 50), {
      maxLength: 20,
    }).map((types) => concat(...types.map((type) => packet(concat(type, u32(0), u32(0)))))),
  },
);

/** A way to agree on a key, and the client's half of it, good or not; then what follows it. */
export const exchanges = fc.record({
  algorithm: fc.constantFrom(
    "curve25519-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
  ),
  half: fc.oneof(
    bytes(140),
    fc.constantFrom(0, 1, 32, 33, 65, 97, 133, 256, 257, 1000).map((size) => new Uint8Array(size)),
    fc.constantFrom(32, 65, 97, 133, 256).chain((size) =>
      fc.uint8Array({ minLength: size, maxLength: size }).map((array) => {
        const point = new Uint8Array(array);
        // The mark of an uncompressed point: nearer to being taken for one.
        if (size % 2 === 1) point[0] = 4;
        return point;
      })
    ),
  ),
  then: fc.oneof(
    fc.constant(packet(Uint8Array.of(MESSAGE.newKeys))),
    mutated(packet(Uint8Array.of(MESSAGE.newKeys))),
    bytes(200),
  ),
});

/** A cipher with its MAC, and bytes that were not made with its key. */
export const forgeries = fc.record({
  cipher: fc.constantFrom(
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ),
  mac: fc.constantFrom("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"),
  bytes: fc.oneof(
    bytes(400),
    mutated(concat(u32(16), new Uint8Array(64)), concat(u32(35_000), new Uint8Array(600))),
  ),
});

/** Lines for exec: words of PGO's own language, and anything at all. */
export const lines: fc.Arbitrary<string | Bytes> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  { weight: 2, arbitrary: bytes(200) },
  { weight: 1, arbitrary: fc.nat(20_000).map((length) => "a//b ".repeat(length / 5)) },
  {
    weight: 2,
    arbitrary: fc.nat(20_000).map((length) => `fuzz//ping ${"'\"\\ \n".repeat(length / 5)}`),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom("fuzz", "other", "", "../fuzz", "fuzz\0", "*", "-i", "__proto__"),
      fc.oneof(
        fc.constantFrom(...COMMANDS.map(({ name }) => name)),
        fc.constantFrom("", "/", "constructor", "ping\n", "PING"),
      ),
      fc.array(
        fc.oneof(
          fc.string({ unit: "grapheme", maxLength: 30 }),
          fc.constantFrom(
            "--",
            "-f",
            "-n",
            "1e9",
            "--json",
            "--reason",
            "$(id)",
            "`id`",
            "web",
            "|",
          ),
        ),
        { maxLength: 4 },
      ),
    ).map(([service, command, args]) => [`${service}//${command}`, ...args].join(" ")),
  },
);

const channel = u32(0);
const request = (type: string, ...rest: Uint8Array[]) =>
  concat(MESSAGE.channelRequest, channel, string(type), 1, ...rest);
const open = (type: string, ...rest: Uint8Array[]) =>
  concat(MESSAGE.channelOpen, string(type), u32(0), u32(1 << 21), u32(32_768), ...rest);
const address = [string("127.0.0.1"), u32(22), string("127.0.0.1"), u32(1024)];

/** What a client that has logged in may send. */
export const messages: fc.Arbitrary<Bytes> = fc.oneof(
  {
    weight: 9,
    arbitrary: mutated(
      open("session"),
      open("session"),
      open("direct-tcpip", ...address),
      open("direct-streamlocal@openssh.com", string("/run/x"), string(""), u32(0)),
      open("x11", string("127.0.0.1"), u32(6000)),
      request("exec", string("fuzz//ping")),
      request("exec", string("fuzz//exec web sh")),
      request("shell"),
      request("subsystem", string("sftp")),
      request("env", string("LD_PRELOAD"), string("/tmp/x.so")),
      request("signal", string("KILL")),
      request("auth-agent-req@openssh.com"),
      request("x11-req", Uint8Array.of(0), string("MIT-MAGIC-COOKIE-1"), string("00"), u32(0)),
      request(
        "pty-req",
        string("xterm"),
        ...[80, 24, 640, 480].map(u32),
        string(concat(53, u32(0), 129, u32(38_400), 0)),
      ),
      request("window-change", ...[80, 24, 640, 480].map(u32)),
      concat(MESSAGE.channelData, channel, string("input\n")),
      concat(95, channel, u32(1), string("error\n")),
      concat(MESSAGE.channelWindowAdjust, channel, u32(0xffffffff)),
      concat(MESSAGE.channelEof, channel),
      concat(MESSAGE.channelClose, channel),
      concat(MESSAGE.channelSuccess, channel),
      concat(MESSAGE.channelOpenConfirmation, channel, u32(0), u32(1), u32(1)),
      concat(MESSAGE.globalRequest, string("tcpip-forward"), 1, string("0.0.0.0"), u32(0)),
      concat(MESSAGE.globalRequest, string("hostkeys-prove-00@openssh.com"), 1, string("x")),
      concat(MESSAGE.serviceRequest, string("ssh-userauth")),
      concat(MESSAGE.authRequest, string("x"), string("ssh-connection"), string("none")),
      concat(7, u32(0xffffffff), string("server-sig-algs"), string("x")),
    ),
  },
  { weight: 1, arbitrary: bytes(300) },
);

/** Public keys that a server may be shown, with algorithm names that may not fit them. */
export function authRequests(blobs: Bytes[]): fc.Arbitrary<{ request: Bytes; sign: boolean }> {
  const algorithms = [
    "ssh-ed25519",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-dss",
    "ssh-ed25519-cert-v01@openssh.com",
    "",
  ];
  const head = (method: string, ...rest: (Uint8Array | number)[]) =>
    concat(
      MESSAGE.authRequest,
      string("fuzz"),
      string("ssh-connection"),
      string(method),
      ...rest,
    );
  const numbers = fc.tuple(bytes(70), bytes(70)).map(([r, s]) => concat(string(r), string(s)));
  const key = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...blobs) },
    { weight: 2, arbitrary: mutated(...blobs) },
  );
  const shown = fc.tuple(fc.constantFrom(...algorithms), key, fc.oneof(bytes(260), numbers));
  return fc.oneof(
    {
      weight: 5,
      arbitrary: shown.map(([algorithm, blob, signature]) => ({
        request: head(
          "publickey",
          1,
          string(algorithm),
          string(blob),
          string(concat(string(algorithm), string(signature))),
        ),
        sign: false,
      })),
    },
    {
      weight: 2,
      arbitrary: mutated(
        ...blobs.map((blob) => head("publickey", 1, string("ssh-ed25519"), string(blob))),
      ).map((request) => ({ request, sign: true })),
    },
    {
      weight: 3,
      arbitrary: mutated(
        head("none"),
        head("password", 0, string("secret")),
        head("password", 1, string("old"), string("new")),
        head("keyboard-interactive", string(""), string("")),
        head("publickey", 0, string("ssh-ed25519"), string(blobs[0] ?? new Uint8Array())),
        head("hostbased", ...["ssh-ed25519", "x", "host", "user", "sig"].map(string)),
        head("gssapi-with-mic", u32(1), string("x")),
        concat(61, u32(0xffffffff), string("x")),
        concat(MESSAGE.authSuccess),
      ).map((request) => ({ request, sign: false })),
    },
  );
}

/**
 * Compose services made up by chance, of parts that matter: half of each key's values are what people write,
 * half what attackers do.
 * @module
 */
import fc from "fast-check";

/** Runs of each property. */
export const RUNS = 600;

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/);
const nasty = fc.constantFrom(
  "--privileged",
  "$(id)",
  "${X:-/etc}",
  "$$HOME",
  "a: b",
  "no",
  "0644",
  "22:22",
  "'",
  '"',
  "\\",
  "a\nb",
  "..",
  "%s",
  "é",
  "*x",
  "&x",
  "!x",
  "${SECRET}",
);
const text = fc.oneof(
  word,
  nasty,
  fc.string({ maxLength: 8 }).map((s) => s.replaceAll("$", "$$$$")),
);
const port = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 8000, max: 8012 }).map((host) => `${host}:80`) },
  fc.constantFrom(
    "80",
    80,
    "127.0.0.1:8000:80/udp",
    "[::1]:8001:80",
    "::1:8001:80",
    "8000-8002:80-82",
    "8009-8012:80-83",
    "127.0.0.1::80",
    "22:22",
    ":80",
    "08001:80",
    "8000:80 ",
    "+8000:80",
    "${P:-9000}:80",
  ),
  fc.record({
    target: fc.integer({ min: 0, max: 70000 }),
    published: fc.constantFrom(8000, "8001", "8000-8001", 22, ""),
    protocol: fc.constantFrom("tcp", "udp", "sctp"),
  }, { requiredKeys: ["target"] }),
);
const mount = fc.oneof(
  { weight: 3, arbitrary: word.map((name) => `./${name}:/${name}`) },
  fc.constantFrom(
    "data:/data",
    "/anonymous",
    "./a:/b:ro",
    "./a:/b:z,nosuid",
    "../a:/b",
    "/etc:/etc",
    "./a/../../b:/b",
    "~/x:/x",
    "./a:/b,bind-propagation=rshared",
    `./a:/$$b:ro`,
  ),
  fc.record({
    type: fc.constantFrom("bind", "volume", "tmpfs"),
    source: fc.constantFrom("./a", "data", "a", "/etc", "./x$$y"),
    target: fc.constantFrom("/x", "/y", "z", "/"),
    read_only: fc.boolean(),
  }, { requiredKeys: ["type", "target"] }),
);

const parts = {
  image: fc.constantFrom(
    "docker.io/library/busybox:1",
    "busybox",
    "localhost/x",
    "x@sha256:" + "a".repeat(64),
  ),
  command: fc.oneof(text, fc.array(text, { maxLength: 4 })),
  entrypoint: fc.array(text, { minLength: 1, maxLength: 3 }),
  environment: fc.oneof(
    fc.dictionary(
      fc.stringMatching(/^[A-Z]{1,4}$/),
      fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
    ),
    fc.array(text.map((value) => `A${value.length}=${value}`), { maxLength: 3 }),
  ),
  labels: fc.dictionary(fc.stringMatching(/^[a-z][a-z.$]{0,6}$/), text, { maxKeys: 3 }),
  ports: fc.array(port, { maxLength: 3 }),
  volumes: fc.array(mount, { maxLength: 3 }),
  tmpfs: fc.constantFrom("/t", ["/t:size=1m,mode=1777"], ["/t:exec,suid"]),
  privileged: fc.constantFrom(false, true, "yes", "no"),
  cap_add: fc.constantFrom([], ["NET_ADMIN"]),
  devices: fc.constantFrom([], ["/dev/null:/dev/x"]),
  network_mode: fc.constantFrom("bridge", "host"),
  read_only: fc.boolean(),
  restart: fc.constantFrom("no", false, "always", "on-failure:3", "sometimes"),
  user: fc.constantFrom("1000", "0:0", "-u", "a b"),
  ulimits: fc.constantFrom({ nofile: 5 }, { nofile: { soft: 1, hard: 2 } }, { nofile: "x" }),
  logging: fc.constantFrom({ driver: "json-file", options: { "max-size": "1m" } }, {
    options: { path: "/x" },
  }),
  healthcheck: fc.constantFrom({ test: ["CMD", "a b", "$$c"] }, { test: "true" }, {
    disable: true,
  }),
  stop_grace_period: fc.constantFrom("1m30s", "5", "2s"),
  extra_hosts: fc.constantFrom(["a:1.2.3.4"], { b: "::1" }, ["--x"]),
  working_dir: fc.constantFrom("/x", "x"),
  annotations: fc.constantFrom({ a: "b$$" }, ["run.oci.x=y"]),
};
const optional = Object.keys(parts).filter((name) => name !== "image");

/** A service of a few keys, each of which may be right or wrong. */
export const composeService = fc.tuple(
  fc.record(parts),
  fc.subarray(optional, { maxLength: 4 }),
).map(([all, keys]) =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) => name === "image" || keys.includes(name)),
  )
);

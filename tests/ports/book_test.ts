import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePublished } from "../../lib/host/published.ts";
import type { Run } from "../../lib/host/process.ts";
import { parseUrl } from "../../lib/config/urls.ts";
import { type Facts, portBook } from "../../lib/ports/book.ts";
import { bookTable, serviceTable } from "../../lib/ports/show.ts";
import { publishedBy } from "../../lib/ports/survey.ts";
import { portWarnings } from "../../lib/ports/warnings.ts";
import { parseConfig } from "../../lib/config/parse.ts";

const PODMAN = JSON.stringify([
  {
    Id: "1",
    Names: ["shop_web_1"],
    State: "running",
    Labels: { "io.podman.compose.project": "shop" },
    Ports: [
      { host_ip: "", container_port: 80, host_port: 5000, range: 2, protocol: "tcp" },
      { host_ip: "127.0.0.1", container_port: 53, host_port: 5003, range: 1, protocol: "udp" },
    ],
  },
  { Id: "2", Names: ["shop_side_1"], State: "exited", Labels: null, Ports: null },
]);

const forwarder = (port: number) => ({
  port,
  protocol: "tcp" as const,
  program: "rootlessport",
  pid: 7,
  uid: 1000,
  user: "miek",
});

const FACTS: Facts = {
  services: [{
    config: {
      name: "shop",
      user: "miek",
      ports: [{ from: 5000, to: 5009 }],
      urls: [parseUrl("shop.org", ":5000"), parseUrl("shop.org/x", "other.org:5001")],
    },
    planned: [{ port: 5000, protocol: "tcp" }, { port: 5009, protocol: "tcp" }],
  }, {
    config: { name: "wiki", user: "wiki", ports: [], urls: [] },
    planned: [],
  }],
  published: parsePublished(PODMAN).map((one) => ({ ...one, user: "miek" })),
  listeners: [
    forwarder(5000),
    { ...forwarder(5000), pid: 7 },
    { ...forwarder(5001), program: "nginx", pid: 8, uid: 33, user: "www-data" },
    { ...forwarder(5005), program: "python3", pid: 9 },
    { port: 22, protocol: "tcp", uid: 0, user: "root" },
  ],
};

Deno.test("what podman says of published ports is read, ranges too", () => {
  assert.deepEqual(parsePublished(PODMAN).map(({ port, protocol, ip }) => [port, protocol, ip]), [
    [5000, "tcp", ""],
    [5001, "tcp", ""],
    [5003, "udp", "127.0.0.1"],
  ]);
  assert.deepEqual(parsePublished(""), []);
});

Deno.test("the book tells who owns, publishes and listens, and who should not", () => {
  assert.equal(
    bookTable(portBook(FACTS)),
    `SERVICE  USER  RANGE      PORT      URL       CONTAINER   LISTENING
shop     miek  5000-5009  5000/tcp  shop.org  shop_web_1  rootlessport (process 7)
                          5001/tcp  -         shop_web_1  nginx (process 8) of user www-data: not this service's
                          5003/udp  -         shop_web_1  nobody
                          5005/tcp  -         -           python3 (process 9): not this service's
                          5009/tcp  -         gone        nobody
wiki     wiki  none       -         -         -           -
-        root  -          22/tcp    -         -           a process that pgod may not see
`,
  );
  const [shop] = portBook(FACTS).services;
  assert.ok(shop);
  assert.equal(
    serviceTable(shop).split("\n")[1],
    "5000-5009  5000/tcp  shop.org  shop_web_1  rootlessport (process 7)",
  );
});

Deno.test("a container of another service or user with such a port is not the service's", () => {
  const published = FACTS.published.map((one) => ({ ...one, project: "other" }));
  const [shop] = portBook({ ...FACTS, published }).services;
  assert.deepEqual(shop?.ports.find(({ port }) => port === 5000)?.containers, []);
  assert.ok(shop?.ports.find(({ port }) => port === 5000)?.stranger);
});

Deno.test("every listener is in the book, once a process and port, whatever there is", () => {
  const port = fc.record({
    port: fc.integer({ min: 4995, max: 5015 }),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    pid: fc.integer({ min: 1, max: 3 }),
    program: fc.constantFrom("rootlessport", "nginx"),
    user: fc.constantFrom("miek", "wiki"),
    uid: fc.constant(1000),
  });
  fc.assert(fc.property(fc.array(port), (listeners) => {
    const { services, others } = portBook({ ...FACTS, listeners });
    const key = (
      one: {
        port: number;
        protocol: string;
        pid: number | null;
        program: string | null;
        user: string;
      },
    ) => `${one.port}/${one.protocol} ${one.program} ${one.pid} ${one.user}`;
    const shown = [
      ...services.flatMap(({ ports }) =>
        ports.flatMap(({ port, protocol, listening }) =>
          listening.map((holder) => key({ port, protocol, ...holder }))
        )
      ),
      ...others.map(key),
    ];
    assert.deepEqual(shown.sort(), [...new Set(listeners.map(key))].sort());
  }));
});

const CONFIG = parseConfig(
  `[[services]]
name = "shop"
user = "miek"
repository = "/r"
ports = ["80/4", "5000/9", "2222/0"]
`,
  "f",
);
const users = new Map([["miek", { name: "miek", uid: 1000, gid: 1000, home: "/" }]]);

Deno.test("check warns of ports that others hold, of privileged ports, and of pgod's own", () => {
  const host = { users, listeners: FACTS.listeners, unprivileged: 82, ssh: 2222 };
  const warned = portWarnings(CONFIG, host).map(({ path, message }) => `${path.at(-1)} ${message}`);
  assert.deepEqual(warned, [
    `0 80-81: user "miek" may not bind ports below 82 (sysctl net.ipv4.ip_unprivileged_port_start=80 would let everybody)`,
    "1 port 5001/tcp is held by nginx (process 8) of user www-data",
    "1 port 5005/tcp is held by python3 (process 9) of user miek",
    "2 port 2222 is pgod's own for SSH",
  ]);
});

Deno.test("check warns of another user's container", () => {
  const listeners = [{ ...forwarder(5002), uid: 1001, user: "wiki" }];
  assert.deepEqual(
    portWarnings(CONFIG, { users, listeners, unprivileged: 80, ssh: 22 }).map(({ message }) =>
      message
    ),
    ["port 5002/tcp is held by rootlessport (process 7) of user wiki"],
  );
});

Deno.test("check does not warn of the service's own containers, nor of what may be one", () => {
  const listeners = [forwarder(5000), { ...forwarder(5001), program: undefined }];
  const host = { users, listeners, unprivileged: 80, ssh: 22 };
  assert.deepEqual(portWarnings(CONFIG, host), []);
});

Deno.test("one user whose Podman fails is told of, and all others are in the book", async () => {
  const run: Run = ({ argv, user }) => {
    const broken = argv[0] === "podman" && user?.name === "wiki";
    const stdout = argv[0] === "podman" ? PODMAN : "";
    return Promise.resolve({
      code: broken ? 125 : 0,
      stdout,
      stderr: "x\nError: no such boltdb\n",
    });
  };
  const wiki = { name: "wiki", uid: 1001, gid: 1001, home: "/" };
  const all = [...users.values(), wiki];
  const { published, unknown } = await publishedBy(run, all);
  assert.deepEqual(new Set(published.map(({ user }) => user)), new Set(["miek"]));
  const listeners = [{ ...forwarder(5100), uid: 1001, user: "wiki" }];
  const services = FACTS.services.map((one) =>
    one.config.name === "wiki"
      ? { ...one, config: { ...one.config, ports: [{ from: 5100, to: 5100 }] } }
      : one
  );
  const table = bookTable(portBook({ services, published, unknown, listeners })).split("\n");
  assert.match(table[1] ?? "", /shop_web_1/);
  assert.deepEqual(table.slice(-3), [
    "wiki     wiki  5100       5100/tcp  -         ?           rootlessport (process 7)",
    "warning: the containers of user wiki are not known: podman failed: Error: no such boltdb",
    "",
  ]);
});

Deno.test("a container with more ports than there are is its user's trouble", async () => {
  const container = JSON.parse(PODMAN)[0];
  const Ports = [{ host_port: 1, range: 4e9, protocol: "tcp" }];
  const run: Run = () =>
    Promise.resolve({ code: 0, stdout: JSON.stringify([{ ...container, Ports }]), stderr: "" });
  const { published, unknown } = await publishedBy(run, users.values());
  assert.deepEqual(published, []);
  assert.match(unknown.get("miek") ?? "", /podman names more than 131070 ports$/);
});

Deno.test("the book looks at each thing a few times, however many there are", () => {
  let looks = 0;
  const counted = Array.from({ length: 2_000 }, (_, at) => ({
    protocol: "tcp" as const,
    get port() {
      looks++;
      return at + 1;
    },
  }));
  const [first] = FACTS.services;
  assert.ok(first);
  const published = counted.map(({ port, protocol }) => ({
    ...{ container: "c", project: "shop", state: "running", ip: "", user: "miek" },
    ...{ port, protocol },
  }));
  const { services: [shop] } = portBook({
    services: [{ ...first, planned: counted }],
    published,
    listeners: counted.map(({ port }) => forwarder(port)),
  });
  assert.equal(shop?.ports.filter(({ wanted }) => wanted).length, 2_000);
  assert.ok(looks < 2_000 * 20, `${looks} looks`);
});

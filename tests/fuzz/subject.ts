/**
 * The program under test: pgod's own SSH server and its own commands, on one service whose programs (`git`,
 * `podman`, …) are stand-ins in a directory. Arguments: that directory, then limits that are
 * not the default (JSON), public keys (`TYPE BASE64`).
 * It prints its port, then a line of JSON for every line it reads.
 * @module
 */
import { createAuthority } from "../../lib/commands/authority.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import { SSH_LIMITS } from "../../lib/config/ssh.ts";
import { sleep } from "../../lib/host/clock.ts";
import { createRun } from "../../lib/host/process.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import { createService } from "../../lib/service/service.ts";
import { Turns } from "../../lib/service/turns.ts";
import { parseKeyLine } from "../../lib/ssh/access.ts";
import { makeHostKey } from "../../lib/ssh/host_key.ts";
import { serve } from "../../lib/ssh/server.ts";

/** What the program says about itself. */
export interface Vitals {
  /** Bytes of live objects, buffers included, after a collection. */
  heap: number;
  /** Commands under way. */
  running: number;
}

const [dir = "", limits = "", ...lines] = Deno.args;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const run = createRun({ how: "self", log, path: dir });
const ledger = new Ledger(":memory:");
const host = { run, sleep, log, ledger, turns: new Turns(2), dir, how: "self", settle: 0 } as const;
const config = {
  name: "fuzz",
  user: "fuzz",
  repository: { url: `${dir}/none.git` },
  branch: "main",
  urls: [],
  ports: undefined,
  compose: undefined,
  env: {},
  mounts: [],
  networks: [],
  volumes: [],
  secrets: [],
  registries: [],
  files: {},
  profiles: [],
  allow: [],
};
const service = createService(host, config, { name: "fuzz", uid: 1, gid: 1, home: dir }, []);
service.keys = lines.map((line, at) => ({
  ...parseKeyLine(`pgo-role="exec" ${line}`),
  file: "ssh/a.pub",
  line: at,
}));
const fleet = {
  find: (name: string) => name === "fuzz" ? service : undefined,
  services: () => [service],
};
const authority = createAuthority(() => []);
const handle = createHandler(fleet, authority, log);
let running = 0;
const server = await serve({
  address: { host: "127.0.0.1", port: 0 },
  hostKey: makeHostKey(),
  log,
  limits: () => ({ ...SSH_LIMITS, ...JSON.parse(limits) }),
  knows: (blob, address) => authority.anywhere([service], { blob, address, now: Date.now() }),
  async handle(request) {
    running++;
    try {
      // Chatter for readers that do not read: what no command of PGO prints by itself.
      if (request.line === "flood") return await flood(request);
      // And for writers: nobody reads what they send.
      if (request.line === "wait") {
        return await new Promise<number>((resolve) =>
          request.signal.addEventListener("abort", () => resolve(0))
        );
      }
      return await handle(request);
    } finally {
      running--;
    }
  },
});
console.log(server.address.port);

async function flood({ stdout }: { stdout(chunk: Uint8Array): Promise<void> }): Promise<number> {
  for (let left = 1 << 30; left > 0; left -= 65_536) await stdout(new Uint8Array(65_536));
  return 0;
}

for await (const _ of Deno.stdin.readable) {
  const { gc } = globalThis as unknown as { gc?(): void };
  gc?.();
  // Buffers are swept beside the program: what was just collected is counted until then.
  await sleep(100);
  gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  const vitals: Vitals = { heap: heapUsed + external, running };
  console.log(JSON.stringify(vitals));
}
Deno.exit(0);

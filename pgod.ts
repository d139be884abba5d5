/**
 * pgod: flags, wiring, signals, exit code. Start it with the permissions that `pgod permissions` prints.
 * @module
 */
import { fileURLToPath } from "node:url";
import { check } from "./lib/check.ts";
import { createAuthority } from "./lib/commands/authority.ts";
import { createHandler } from "./lib/commands/dispatch.ts";
import { formatAddress } from "./lib/config/address.ts";
import { FlagError, type Flags, readFlags } from "./lib/config/flags.ts";
import { isRefused } from "./lib/compose/problem.ts";
import { verdictJson, verdictText } from "./lib/compose/verdict.ts";
import { ConfigError, parseConfig } from "./lib/config/parse.ts";
import type { SshLimits } from "./lib/config/ssh.ts";
import { CHILD_PATH, type UserSwitch } from "./lib/host/as_user.ts";
import { sleep } from "./lib/host/clock.ts";
import { createNotify } from "./lib/host/notify.ts";
import { createRun, type Run } from "./lib/host/process.ts";
import { findAccount } from "./lib/host/users.ts";
import { type Log, openLog } from "./lib/log.ts";
import type { LogFormat } from "./lib/log_format.ts";
import { renderHelp } from "./lib/manual.ts";
import { isEdit, onboard } from "./lib/onboard/onboard.ts";
import { portsReport } from "./lib/ports/report.ts";
import { namesReport, ownedUrls } from "./lib/proxy/names.ts";
import { Proxies } from "./lib/proxy/proxies.ts";
import { PGOD_MANUAL } from "./lib/pgod_manual.ts";
import { Fleet } from "./lib/service/fleet.ts";
import { giveSigns } from "./lib/service/watchdog.ts";
import { openConfigLine } from "./lib/service/open_config.ts";
import { openLedger } from "./lib/service/open_ledger.ts";
import { Turns } from "./lib/service/turns.ts";
import { judgeDirectory } from "./lib/service/judge.ts";
import type { AdminKeys } from "./lib/service/admin_keys.ts";
import { loadConfig } from "./lib/service/load.ts";
import { loadHostKey } from "./lib/ssh/host_key.ts";
import { serve as serveSsh, tryAddress } from "./lib/ssh/server.ts";
import { editLine, startLine } from "./lib/start_line.ts";
import { surviveUnhandled } from "./lib/unhandled.ts";
import { LONG_VERSION } from "./lib/version.ts";

const SCRIPT = fileURLToPath(import.meta.url);
/** Milliseconds a new deployment's containers are watched. */
const SETTLE = 3_000;
/** Milliseconds between two looks for files nobody wants any more. */
const SWEEP = 3_600_000;
/** Milliseconds until a proxy that did not take the urls is tried again, at most. */
const PROXY_RETRY = 60_000;
/** Milliseconds a deployment under way gets to end when pgod is stopped. */
const PATIENCE = 60_000;

async function main(flags: Flags): Promise<number> {
  if (flags.command === "help") return print(renderHelp(PGOD_MANUAL));
  if (flags.command === "version") return print(`pgod ${LONG_VERSION}`);
  const asks = flags.command === "permissions";
  // What `permissions` is asked about must not be carried out: launchers run the line that it prints.
  if (flags.judge && !asks) return await judge(flags, flags.judge);
  if (flags.urls && !asks) return await urls(flags.config, flags.urls);
  const how: UserSwitch = !flags.root ? "self" : Deno.uid() === 0 ? "runuser" : "sudo";
  if (asks) return print(await startLine(flags, how, SCRIPT));
  const log = openLog({ debug: flags.debug, format: flags.logFormat });
  const run = createRun({ how, log, path: Deno.env.get("PATH") || CHILD_PATH });
  if (flags.ports) {
    const loaded = await loadConfig(run, flags.config, how);
    return print(await portsReport(run, flags.ports, { ...loaded, dir: flags.dir }));
  }
  return flags.command === "check"
    ? await check(run, flags, how, print)
    : await serve(flags, run, how, log);
}

/** `pgod urls`: needs nothing but the config, neither users nor Podman. */
async function urls(
  path: string,
  { format, addresses }: NonNullable<Flags["urls"]>,
): Promise<number> {
  const { services } = parseConfig(await Deno.readTextFile(path), path);
  return print(namesReport(ownedUrls(services), format, addresses));
}

/** `pgod judge`: what PGO makes of a directory. */
async function judge(
  { config: path, dir }: Flags,
  { directory, service: name, json }: NonNullable<Flags["judge"]>,
): Promise<number> {
  const config = path === "" ? undefined : parseConfig(await Deno.readTextFile(path), path);
  const verdict = await judgeDirectory(directory, { dir, config, name });
  if (json) console.log(JSON.stringify(verdictJson(verdict), null, 2));
  else print(verdictText(verdict).trimEnd());
  return isRefused(verdict.findings) ? 65 : 0;
}

async function serve(flags: Flags, run: Run, how: UserSwitch, log: Log): Promise<number> {
  surviveUnhandled(log);
  const loaded = await loadConfig(run, flags.config, how, { lenient: true });
  const { config, users } = loaded;
  /** What SIGHUP changes, beside the fleet. */
  const live = { admins: loaded.admins, limits: config.ssh };
  for (const problem of live.admins.problems) log.error("admins.skipped", problem);
  const open = await openConfigLine(flags.config, config);
  if (open) log.warn("config.open", open);
  // A wrong --dir is often a second pgod by mistake: nothing is made there then.
  await tryAddress(flags.ssh);
  // Services keep their own directories closed; without root their users have to make them here.
  await Deno.mkdir(flags.dir, { recursive: true, mode: 0o755 });
  if (how === "sudo") await Deno.chmod(flags.dir, 0o1777);
  const ledger = openLedger(`${flags.dir}/pgo.db`, log);
  const turns = new Turns(flags.deploys);
  const proxies = new Proxies({ run, log, how });
  const host = {
    ...{ run, sleep, log, ledger, turns, dir: flags.dir, how, settle: SETTLE },
    proxyTrouble: () => proxies.trouble,
  };
  const fleet = new Fleet(
    host,
    flags.interval,
    async (name) => (await findAccount(run, name)).user,
  );
  const authority = createAuthority(() => live.admins.keys);
  const hostKey = await loadHostKey(`${flags.dir}/ssh_host_ed25519_key`);
  const server = await serveSsh({
    address: flags.ssh,
    hostKey,
    log,
    limits: () => live.limits,
    knows: (blob, address) =>
      authority.anywhere(fleet.services(), { blob, address, now: Date.now() }),
    handle: createHandler(fleet, authority, log, () => live.limits),
  });
  await fleet.apply(config, users, "boot");
  const address = formatAddress({ ...flags.ssh, port: server.address.port });
  log.info("pgod.listening", `Launched servers on port ${address} (ssh)`, { address });

  const notify = createNotify(run, log, flags.notify);
  await notify("READY=1", `STATUS=${config.services.length} services, ssh on ${address}`);

  void proxies.apply(config);
  const stopped = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => stopped.resolve(signal));
  }
  let reloading = Promise.resolve();
  Deno.addSignalListener("SIGHUP", () => {
    reloading = reloading.then(() => reload(flags, run, how, log, fleet, proxies, live));
  });
  const ended = new AbortController();
  void (async () => {
    while (!ended.signal.aborted) {
      await fleet.sweep(flags.keepStale);
      await sleep(SWEEP, ended.signal);
    }
  })();
  if (flags.notify) void giveSigns(fleet, { notify, log, sleep }, ended.signal);
  void proxies.follow(Math.min(flags.interval, PROXY_RETRY), ended.signal);
  const signal = await stopped.promise;
  ended.abort();
  log.info("pgod.stopping", `${signal}: stopping, containers go on running`, { signal });
  await notify("STOPPING=1");
  await Promise.all([server.stop(PATIENCE), fleet.stop(PATIENCE)]);
  ledger.close();
  return 0;
}

async function reload(
  flags: Flags,
  run: Run,
  how: UserSwitch,
  log: Log,
  fleet: Fleet,
  proxies: Proxies,
  live: { admins: AdminKeys; limits: SshLimits },
): Promise<void> {
  try {
    const { config, users, admins } = await loadConfig(run, flags.config, how);
    live.admins = admins;
    live.limits = config.ssh;
    for (const problem of admins.problems) log.error("admins.skipped", problem);
    await Promise.all([proxies.apply(config), fleet.apply(config, users, "config")]);
    const count = config.services.length;
    log.info("config.read", `Config read again: ${count} services`, { count });
  } catch (error) {
    const lines = error instanceof ConfigError ? error.lines : [String(error)];
    for (const line of lines) log.error("config.wrong", line);
    log.error("config.refused", "The config is refused, the old one stays");
  }
}

function print(text: string): number {
  console.log(text);
  return 0;
}

/** The lines that say why pgod ends: the config's, each with its place, or the error's one line. */
function lastWords(error: unknown): string[] {
  const lines = error instanceof ConfigError
    ? error.lines
    : [`pgod: ${(error as Error).message.split("\n")[0]}`];
  return error instanceof Deno.errors.NotCapable
    ? [...lines, "pgod permissions -c FILE prints how to start pgod"]
    : lines;
}

if (import.meta.main) {
  let format: LogFormat = "human";
  try {
    const [word, ...rest] = Deno.args;
    if (word === "permissions" && isEdit(rest[0])) {
      Deno.exit(print(editLine(rest[0], rest.slice(1), SCRIPT)));
    }
    if (isEdit(word)) {
      await onboard(word, rest, openLog({ debug: false }));
      Deno.exit(0);
    }
    const flags = readFlags(Deno.args);
    if (flags.command === "serve") format = flags.logFormat;
    Deno.exit(await main(flags));
  } catch (error) {
    const wrong = error instanceof FlagError || error instanceof ConfigError;
    const log = format === "human" ? undefined : openLog({ debug: false, format });
    for (const line of lastWords(error)) {
      if (log) log.error("pgod.failed", line);
      else console.error(line);
    }
    Deno.exit(wrong ? 2 : 1);
  }
}

/**
 * The proxies of a host, kept at what the config's urls say.
 * @module
 */
import type { Config, GlobalConfig } from "../config/parse.ts";
import type { Path } from "../config/toml.ts";
import type { UserSwitch } from "../host/as_user.ts";
import { sleep } from "../host/clock.ts";
import type { Run } from "../host/process.ts";
import { findLogin, ownAccount } from "../host/users.ts";
import type { Log } from "../log.ts";
import { caddyFile } from "./caddy.ts";
import { ownedUrls } from "./names.ts";
import { nginxFile } from "./nginx.ts";
import { sitesOf } from "./sites.ts";
import { bringSnippet, type Snippet, snippetPaths, snippetProblem } from "./snippet.ts";

type Wanted = Pick<Config, "global" | "services">;

/** Writes what the urls say for each proxy the config names, and has it read that. */
export class Proxies {
  #wanted: Wanted | undefined;
  #queue = Promise.resolve();
  readonly #troubles = new Map<string, string>();

  constructor(readonly host: { run: Run; log: Log; how: UserSwitch }) {}

  /** What is wrong with which proxy, in one line; `""` while nothing is. */
  get trouble(): string {
    return [...this.#troubles].map(([kind, why]) => `${kind}: ${why}`).join("; ");
  }

  /** Brings all proxies to what `config` says, one after the other. Never rejects: see {@link trouble}. */
  apply(config: Wanted): Promise<void> {
    this.#wanted = config;
    return this.#queue = this.#queue.then(() => this.#bring(config));
  }

  /** Tries again, every `interval` milliseconds, what did not work: a proxy may start later than pgod. */
  async follow(interval: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(interval, signal);
      if (!signal.aborted && this.#wanted && this.#troubles.size > 0) {
        await this.apply(this.#wanted);
      }
    }
  }

  async #bring(config: Wanted): Promise<void> {
    const proxies = configured(config.global);
    for (const kind of this.#troubles.keys()) {
      if (!proxies.some((proxy) => proxy.kind === kind)) this.#troubles.delete(kind);
    }
    for (const proxy of proxies) {
      const { log, run } = this.host;
      const fields = { proxy: proxy.kind, path: proxy.file };
      try {
        const changed = await bringSnippet(run, await this.#snippet(proxy, config));
        if (changed) {
          log.info("proxy.written", `${proxy.file} is new, ${proxy.kind} has read it`, fields);
        } else if (this.#troubles.has(proxy.kind)) {
          log.info("proxy.written", `${proxy.file} is as it should be`, fields);
        }
        this.#troubles.delete(proxy.kind);
      } catch (error) {
        const why = (error as Error).message;
        if (this.#troubles.get(proxy.kind) === why) continue;
        this.#troubles.set(proxy.kind, why);
        log.error("proxy.trouble", `the urls did not reach ${proxy.kind}: ${why}`, fields);
      }
    }
  }

  async #snippet(
    proxy: ReturnType<typeof configured>[number],
    { services }: Wanted,
  ): Promise<Snippet> {
    const { run, how } = this.host;
    const user = how === "self" ? await ownAccount(run) : await findLogin(run, proxy.user);
    if (!user) throw new Error(`this host has no user ${JSON.stringify(proxy.user)}`);
    const sites = sitesOf(ownedUrls(services));
    const { file, reload } = proxy;
    if (proxy.kind === "nginx") {
      return { file, text: nginxFile(sites, proxy), user, after: proxy.test, reload };
    }
    const [, draft] = snippetPaths(file);
    const before = ["caddy", "validate", "--adapter", "caddyfile", "--config", draft] as const;
    return { file, text: caddyFile(sites, proxy), user, before, reload };
  }
}

/** What is wrong with the proxies that a config names, as far as the host can tell, with its place. */
export async function proxyProblems(
  run: Run,
  global: GlobalConfig,
  how: UserSwitch,
): Promise<{ path: Path; message: string }[]> {
  const found = await Promise.all(
    configured(global).map(async ({ kind, file, user }) => {
      const key = kind === "caddy" ? "caddy_import" : "nginx_include";
      const problem = await snippetProblem(file);
      const known = how === "self" || await findLogin(run, user) !== undefined;
      return [
        ...(problem ? [{ path: ["global", key], message: problem }] : []),
        ...(known ? [] : [{
          path: ["global", `${kind}_user`],
          message: `this host has no user ${
            JSON.stringify(user)
          }, expected the one ${kind} runs as`,
        }]),
      ];
    }),
  );
  return found.flat();
}

/** The proxies that a config names. */
export function configured({ caddy, nginx }: Pick<GlobalConfig, "caddy" | "nginx">) {
  return [caddy, nginx].filter((proxy) => proxy !== undefined);
}

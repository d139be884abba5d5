/**
 * Sites as a Caddyfile has them, to be imported at its top level. Pure.
 * @module
 */
import type { CaddyConfig } from "../config/proxy.ts";
import { HEADER, type Route, type Site } from "./sites.ts";

/** The whole file. */
export function caddyFile(sites: readonly Site[], config: Pick<CaddyConfig, "scheme" | "wait">) {
  const blocks = sites.map(({ name, routes }) => {
    const address = config.scheme === "http" ? `http://${name}` : name;
    const [first] = routes;
    const body = routes.length === 1 && first?.path === ""
      ? proxy(first, config.wait)
      : [...routes.flatMap((route, at) => handle(route, at, config.wait)), ...rest(routes)];
    return [`${address} {`, ...body.map((line) => `\t${line}`), "}"].join("\n");
  });
  return [HEADER, ...blocks.map((block) => `${block}\n`)].join("\n");
}

function proxy({ upstream, service }: Route, wait: number): string[] {
  const comment = `# service ${service}`;
  if (wait === 0) return [comment, `reverse_proxy ${upstream}`];
  return [comment, `reverse_proxy ${upstream} {`, `\tlb_try_duration ${wait}ms`, "}"];
}

function handle(route: Route, at: number, wait: number): string[] {
  const body = proxy(route, wait).map((line) => `\t${line}`);
  if (route.path === "") return ["handle {", ...body, "}"];
  const name = `@path${at}`;
  return [`${name} path ${route.path} ${route.path}/*`, `handle ${name} {`, ...body, "}"];
}

/** Caddy answers what no route takes with an empty 200. */
function rest(routes: readonly Route[]): string[] {
  return routes.some(({ path }) => path === "") ? [] : ["handle {", "\trespond 404", "}"];
}

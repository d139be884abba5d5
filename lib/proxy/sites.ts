/**
 * The urls of a host as a proxy sees them: sites by name, and in each the paths. Pure.
 * @module
 */
import type { Url } from "../config/urls.ts";
import { compare, formatTarget, type OwnedUrl } from "./names.ts";

/** What begins a file that pgod wrote; one without it is somebody else's. */
export const HEADER =
  "# Written by pgod from the urls in its config: changes made here are lost.\n";

/** Where requests below a path go. */
export interface Route {
  /** `/api`; `""` for all that is left. */
  path: string;
  /** `127.0.0.1:5007`. */
  upstream: string;
  service: string;
}

/** One name, with its routes: the longest path first. */
export interface Site {
  name: string;
  routes: Route[];
}

/** The sites of these urls, in an order that depends on nothing else. */
export function sitesOf(urls: readonly OwnedUrl[]): Site[] {
  return [...Map.groupBy(urls, ({ name }) => name)]
    .sort(([a], [b]) => compare(a, b))
    .map(([name, list]) => ({
      name,
      routes: list
        .toSorted((a, b) => b.path.length - a.path.length || compare(a.path, b.path))
        .map((url) => ({ path: url.path, upstream: upstream(url), service: url.service })),
    }));
}

function upstream({ host, port }: Pick<Url, "host" | "port">): string {
  return formatTarget({ host: host ?? "127.0.0.1", port });
}

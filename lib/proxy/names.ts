/**
 * `pgod urls`: which names have to point at this host, for people and for whatever feeds the zone. Pure.
 * @module
 */
import { FlagError, type UrlFormat } from "../config/flags.ts";
import type { ServiceConfig } from "../config/parse.ts";
import { formatUrl, isIpv4, isIpv6, type Url } from "../config/urls.ts";
import { textTable } from "../text_table.ts";

/** A url and the service that has it. */
export type OwnedUrl = Url & { service: string };

/** All urls, sorted by name and path. */
export function ownedUrls(services: readonly Pick<ServiceConfig, "name" | "urls">[]): OwnedUrl[] {
  return services.flatMap(({ name, urls }) => urls.map((url) => ({ ...url, service: name })))
    .sort((a, b) => compare(a.name, b.name) || compare(a.path, b.path));
}

/** By code units, whatever the locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `:5007`, `other.example.org:80`, `[::1]:80`. */
export function formatTarget({ host, port }: Pick<Url, "host" | "port">): string {
  return `${host?.includes(":") ? `[${host}]` : host ?? ""}:${port}`;
}

/** The names, in one of the formats. @throws {FlagError} where addresses are missing, or are none. */
export function namesReport(
  urls: readonly OwnedUrl[],
  format: UrlFormat,
  addresses: readonly string[],
): string {
  if (format === "json") {
    return JSON.stringify(
      urls.map(({ name, path, service, ...target }) => ({
        name,
        path,
        service,
        target: formatTarget(target),
      })),
      null,
      2,
    );
  }
  if (format === "text") {
    const rows = urls.map((url) => [formatUrl(url), formatTarget(url), url.service]);
    return textTable([["URL", "TARGET", "SERVICE"], ...rows]).trimEnd();
  }
  const names = [...new Set(urls.map(({ name }) => name))];
  return format === "zone" ? zone(names, addresses) : hosts(names, addresses);
}

const NAME =
  /^(?=.{1,253}\.?$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;

function zone(names: readonly string[], addresses: readonly string[]): string {
  const records = addresses.map((address) => {
    if (isIpv4(address)) return `A ${address}`;
    if (isIpv6(address)) return `AAAA ${address}`;
    if (!NAME.test(address)) {
      throw new FlagError(`--address ${JSON.stringify(address)} is neither an address nor a name`);
    }
    if (addresses.length > 1) {
      throw new FlagError("--address: a name has to be the only one, expected addresses beside it");
    }
    return `CNAME ${address.replace(/\.$/, "")}.`;
  });
  if (records.length === 0) {
    throw new FlagError("zone needs to know this host, expected --address ADDRESS or NAME");
  }
  return names.flatMap((name) =>
    isIpv4(name) ? [`; ${name} is an address`] : records.map((record) => `${name}. IN ${record}`)
  ).join("\n");
}

function hosts(names: readonly string[], addresses: readonly string[]): string {
  const bad = addresses.find((address) => !isIpv4(address) && !isIpv6(address));
  if (addresses.length === 0 || bad !== undefined) {
    throw new FlagError(
      `hosts needs this host's address, expected --address 192.0.2.1${
        bad === undefined ? "" : `, not ${JSON.stringify(bad)}`
      }`,
    );
  }
  return names.flatMap((name) => {
    if (name.startsWith("*.")) return [`# ${name}: a hosts file has no wildcards`];
    if (isIpv4(name)) return [`# ${name} is an address`];
    return addresses.map((address) => `${address} ${name}`);
  }).join("\n");
}

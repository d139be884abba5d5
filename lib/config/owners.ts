/**
 * What can only be said of services side by side, and beside the proxy: names, port ranges and urls have one owner
 * each, and each url a target that cannot keep the others from the proxy.
 * @module
 */
import type { Config, Report, ServiceConfig } from "./parse.ts";
import { formatPortRange, inRanges, overlaps } from "./ports.ts";
import type { Path } from "./toml.ts";
import { formatUrl, isAddress, isLocal, isSameUrl, type Url } from "./urls.ts";

/** Reports what two services claim, and what the proxy could not take. */
export function compareServices(
  { global, services }: Pick<Config, "global" | "services">,
  report: Report,
): void {
  services.forEach((service, at) => {
    const others = services.slice(0, at);
    if (service.name && others.some(({ name }) => name === service.name)) {
      report(
        ["services", at, "name"],
        `a second service ${JSON.stringify(service.name)}, expected unique names`,
      );
    }
    service.ports?.forEach((range, index) => {
      const earlier = others.find(({ ports }) => ports?.some((other) => overlaps(other, range)));
      const own = service.ports?.slice(0, index).some((other) => overlaps(other, range));
      if (!earlier && !own) return;
      report(
        ["services", at, "ports", index],
        `${formatPortRange(range)} overlaps ports of ${
          JSON.stringify(earlier?.name ?? service.name)
        }, expected ports with one owner`,
      );
    });
    service.urls.forEach((url, index) => {
      const path: Path = ["services", at, "urls", formatUrl(url)];
      if (isLocal(url)) comparePort(services, service, url.port, (why) => report(path, why));
      // One name that does not resolve and nginx takes no config at all, whichever service it is of.
      if (global.nginx && !isAddress(url)) {
        report(
          path,
          `nginx takes no name as a target, ${
            JSON.stringify(url.host)
          }: it would not start while that does not resolve; expected ":PORT" or an address such as "192.0.2.1:80"`,
        );
      }
      const owner = others.find(({ urls }) => urls.some((other) => isSameUrl(url, other)));
      if (owner) {
        report(
          path,
          `another service has this url already, ${JSON.stringify(owner.name)}, expected one owner`,
        );
      }
      if (service.urls.slice(0, index).some((other: Url) => isSameUrl(url, other))) {
        report(path, "this url is given twice, expected one target");
      }
    });
  });
}

/** A url leads to a port that its service has, or that no other has. */
function comparePort(
  services: readonly ServiceConfig[],
  service: ServiceConfig,
  port: number,
  complain: (why: string) => void,
): void {
  if (service.ports) {
    if (inRanges(service.ports, port)) return;
    const own = service.ports.map(formatPortRange).join(", ") || "none";
    return complain(`port ${port} is outside this service's ports, expected one of ${own}`);
  }
  const owner = services.find((other) => other !== service && inRanges(other.ports ?? [], port));
  if (owner) {
    complain(
      `port ${port} belongs to ${JSON.stringify(owner.name)}, expected a port of this service`,
    );
  }
}

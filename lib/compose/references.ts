/**
 * What the parts of a model say of each other: names that have to be there, things there can be one of.
 * @module
 */
import type { Model, Service } from "./model.ts";
import { finding, type Where } from "./problem.ts";
import type { Reader } from "./reader.ts";

/** Reports references to nothing, circles, and what two services cannot both have. */
export function checkReferences(reader: Reader, model: Model): void {
  const { services, networks, volumes } = model;
  const known = new Map(services.map((service) => [service.name, service]));
  for (const service of services) {
    const { dependsOn, networks: joined, mounts } = service;
    for (const { service: name, required, at } of dependsOn) {
      if (known.has(name) || !required) continue;
      reader.problem(
        at,
        `there is no service ${JSON.stringify(name)} that runs`,
      );
    }
    service.dependsOn = dependsOn.filter(({ service: name }) => known.has(name));
    for (const { name, at } of joined) {
      if (name === "default" || networks.some((network) => network.name === name)) continue;
      reader.problem(at, `there is no network ${JSON.stringify(name)}`);
    }
    const targets = new Set<string>();
    for (const { type, source, target, at } of mounts) {
      if (type === "volume" && source && !volumes.some((volume) => volume.name === source)) {
        reader.problem(at, `there is no volume ${JSON.stringify(source)}`);
      }
      if (targets.has(target)) reader.problem(at, `something else is mounted at ${target} already`);
      targets.add(target);
    }
  }
  checkCircles(reader, known);
  checkNames(reader, services);
  checkPorts(reader, services);
  checkVariables(reader, services);
}

/** Services so that each comes after those it depends on. */
export function inOrder(services: readonly Service[]): Service[] {
  const left = new Map(services.map((service) => [service.name, service]));
  const sorted: Service[] = [];
  const add = (service: Service) => {
    if (!left.delete(service.name)) return;
    for (const { service: name } of service.dependsOn) {
      const other = left.get(name);
      if (other) add(other);
    }
    sorted.push(service);
  };
  services.forEach(add);
  return sorted;
}

function checkCircles(reader: Reader, known: ReadonlyMap<string, Service>): void {
  const done = new Set<string>();
  const visit = (service: Service, path: readonly string[]): boolean => {
    if (path.includes(service.name)) {
      const circle = [...path.slice(path.indexOf(service.name)), service.name].join(", ");
      reader.problem(below(service.at, "depends_on"), `depends on itself: ${circle}`);
      return false;
    }
    if (done.has(service.name)) return true;
    const fine = service.dependsOn.every(({ service: name }) => {
      const other = known.get(name);
      return !other || visit(other, [...path, service.name]);
    });
    done.add(service.name);
    return fine;
  };
  for (const service of known.values()) if (!visit(service, [])) return;
}

function checkNames(reader: Reader, services: readonly Service[]): void {
  const taken = new Map<string, string>();
  for (const { name, at, containerName } of services) {
    if (containerName === undefined) continue;
    const other = taken.get(containerName);
    if (other) {
      reader.problem(
        below(at, "container_name"),
        `${containerName} is the name of ${other} already`,
      );
    }
    taken.set(containerName, name);
  }
}

/** Host ports that one file may publish. */
const PORTS = 20_000;

function checkPorts(reader: Reader, services: readonly Service[]): void {
  let count = 0;
  for (const { from = 0, to = 0, at } of services.flatMap(({ ports }) => ports)) {
    count += to - from + 1;
    if (count > PORTS) return reader.problem(at, `more than ${PORTS} host ports`);
  }
  const taken = new Map<string, { service: string; hostIp: string }[]>();
  for (const { name, ports } of services) {
    for (const { from, to, hostIp, protocol, at } of ports) {
      if (from === undefined || to === undefined) continue;
      for (let port = from; port <= to; port++) {
        const others = taken.get(`${port}/${protocol}`) ?? [];
        const clash = others.find((other) =>
          isAny(other.hostIp) || isAny(hostIp) || other.hostIp === hostIp
        );
        if (clash) {
          reader.report(
            finding("problem", at, `host port ${port} is published by ${clash.service} already`),
          );
          break;
        }
        taken.set(`${port}/${protocol}`, [...others, { service: name, hostIp }]);
      }
    }
  }
}

const isAny = (ip: string) => ip === "" || ip === "0.0.0.0" || ip === "::";

/** The values of secrets reach podman-compose by name, so a name can have one value only. */
function checkVariables(reader: Reader, services: readonly Service[]): void {
  const values = new Map<string, string>();
  for (const { environment } of services) {
    for (const [name, { value, secret, at }] of Object.entries(environment)) {
      if (!secret) continue;
      if (values.has(name) && values.get(name) !== value) {
        reader.problem(
          at,
          `${name} has another value from the config in another service, expected one value for each name`,
        );
      }
      values.set(name, value);
    }
  }
}

function below(at: Where, key: string): Where {
  return { ...at, key: `${at.key}.${key}` };
}

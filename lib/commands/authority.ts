/**
 * Who may do what: the lines that name a key, in a service's repository and in the host's file of admins.
 * @module
 */
import type { Service } from "../service/service.ts";
import { type AuthorizedKey, suffices } from "../ssh/access.ts";
import { refusal } from "../ssh/key_options.ts";

/** Somebody who asks: his key (base64) and address (without port), at a time in milliseconds since 1970. */
export interface Asker {
  blob: string;
  address: string;
  now: number;
}

/** What lines say of keys on this host. */
export interface Authority {
  /** What an admin may do everywhere; undefined for everybody else. */
  admin(asker: Asker): AuthorizedKey | undefined;
  /** What the key may do with this service: as an admin, or by its own line, whichever is more. */
  grant(service: Pick<Service, "keys">, asker: Asker): AuthorizedKey | undefined;
  /** What it may do as an admin, or else with the first service that lets it: enough to be let in. */
  anywhere(services: Iterable<Pick<Service, "keys">>, asker: Asker): AuthorizedKey | undefined;
}

/** `admins` are read anew at every question. */
export function createAuthority(admins: () => readonly AuthorizedKey[]): Authority {
  const find = (keys: readonly AuthorizedKey[], { blob, address, now }: Asker) =>
    keys.find((key) => key.blob === blob && refusal(key, address, now) === undefined);
  const admin: Authority["admin"] = (asker) => find(admins(), asker);
  return {
    admin,
    anywhere(services, asker) {
      const host = admin(asker);
      if (host) return host;
      for (const { keys } of services) {
        const own = find(keys, asker);
        if (own) return own;
      }
      return undefined;
    },
    grant(service, asker) {
      const own = find(service.keys, asker);
      const host = admin(asker);
      if (!own || !host) return own ?? host;
      return suffices(host.role, own.role) ? host : own;
    },
  };
}

/**
 * Who may do what: the lines that name a key, in a service's repository and in the host's file of admins.
 * @module
 */
import type { Service } from "../service/service.ts";
import { type AuthorizedKey, suffices } from "../ssh/access.ts";
import type { Verdict } from "../ssh/authentication.ts";
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
  /** Whether it may do anything, as an admin or with a service: enough to be let in. */
  anywhere(services: readonly Pick<Service, "keys">[], asker: Asker): Verdict;
}

/** `admins` are read anew at every question. */
export function createAuthority(admins: () => readonly AuthorizedKey[]): Authority {
  const find = (keys: readonly AuthorizedKey[], { blob, address, now }: Asker) =>
    keys.find((key) => key.blob === blob && refusal(key, address, now) === undefined);
  const admin: Authority["admin"] = (asker) => find(admins(), asker);
  return {
    admin,
    anywhere(services, asker) {
      const lines = [admins(), ...services.map(({ keys }) => keys)]
        .flatMap((keys) => keys.filter(({ blob }) => blob === asker.blob));
      const why = lines.map((key) => refusal(key, asker.address, asker.now));
      const good = lines[why.indexOf(undefined)];
      if (good) return { key: good };
      const [key] = lines;
      return { ...(key ? { key } : {}), refused: why[0] ?? "unknown key" };
    },
    grant(service, asker) {
      const own = find(service.keys, asker);
      const host = admin(asker);
      if (!own || !host) return own ?? host;
      return suffices(host.role, own.role) ? host : own;
    },
  };
}

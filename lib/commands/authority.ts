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
  /**
   * Whether it may do anything, as an admin or with a service: enough to be let in. The key's comment is one on
   * which all lines agree, and `pty` whether any of them allows a terminal: {@link Authority.grant} decides.
   */
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
      const good = lines.filter((_, at) => why[at] === undefined);
      const [key] = good;
      // For which of them it comes is not known yet: the line of one service says nothing about another.
      if (key) return { key: { ...key, pty: good.some(({ pty }) => pty), comment: shared(good) } };
      const [refused] = lines;
      return {
        ...(refused ? { key: { ...refused, comment: shared(lines) } } : {}),
        refused: why[0] ?? "unknown key",
      };
    },
    grant(service, asker) {
      const own = find(service.keys, asker);
      const host = admin(asker);
      if (!own || !host) return own ?? host;
      return suffices(host.role, own.role) ? host : own;
    },
  };
}

/** The comment that all lines give a key, `""` where they differ: nobody gives somebody else's key a name. */
function shared(lines: readonly AuthorizedKey[]): string {
  const [first = "", ...others] = new Set(lines.map(({ comment }) => comment));
  return others.length === 0 ? first : "";
}

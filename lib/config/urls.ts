/**
 * What a service's `urls` say: which names should reach which port of this host.
 * @module
 */

/** One entry of `urls`. */
export interface Url {
  /** The name without scheme or path: `pgo.science.ru.nl`, `*.example.org`. */
  name: string;
  /** The host port it is forwarded to. */
  port: number;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`, "i");

/** Reads one entry such as `"pgo.science.ru.nl" = ":5007"`. @throws {Error} saying what is expected. */
export function parseUrl(name: string, target: string): Url {
  if (name.length > 253 || !NAME.test(name)) {
    throw new Error(
      `${
        JSON.stringify(name)
      } is no DNS name, expected a name such as "www.example.org" (no scheme, no path)`,
    );
  }
  const port = Number(/^:(\d{1,5})$/.exec(target)?.[1] ?? 0);
  if (port < 1 || port > 65535) {
    throw new Error(
      `${JSON.stringify(target)} is no port of this host, expected ":PORT" such as ":5007"`,
    );
  }
  return { name: name.toLowerCase(), port };
}

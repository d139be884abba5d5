/**
 * `$X ${X} ${X:-d} ${X-d} ${X:?e} ${X?e} ${X:+a} ${X+a} $$`, nested, as the Compose Specification has it.
 * @module
 */

/** Text after interpolation, and which variables went into it. */
export interface Interpolated {
  text: string;
  used: Set<string>;
  /** Of those, the ones that are not set and have no default: they became empty. */
  unset: Set<string>;
}

/** Values by name. */
export type Variables = ReadonlyMap<string, string>;

/** How deep defaults may nest, and how long a text may become. */
const DEPTH = 10;
const LENGTH = 128 * 1024;

const NOTHING: Set<string> = new Set();

/** Replaces the variables in `text`; unset ones become empty. @throws {Error} saying what is wrong. */
export function interpolate(
  text: string,
  variables: Variables,
  depth = 0,
): Interpolated {
  if (depth > DEPTH) throw new Error("variables nest too deeply");
  if (!text.includes("$")) return { text, used: NOTHING, unset: NOTHING };
  const used = new Set<string>();
  const unset = new Set<string>();
  let out = "";
  const insert = (name: string, value: string) => {
    used.add(name);
    out += value;
    if (out.length > LENGTH) throw new Error(`becomes longer than ${LENGTH} characters`);
  };
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return { text: out + text.slice(at), used, unset };
    out += text.slice(at, dollar);
    const rest = text.slice(dollar + 1);
    const [name] = /^[A-Za-z_]\w*/.exec(rest) ?? [];
    if (rest.startsWith("$")) {
      out += "$";
      at = dollar + 2;
    } else if (name) {
      if (!variables.has(name)) unset.add(name);
      insert(name, variables.get(name) ?? "");
      at = dollar + 1 + name.length;
    } else if (rest.startsWith("{")) {
      const end = closing(text, dollar + 2);
      const inner = braces(text.slice(dollar + 2, end), variables, depth);
      for (const name of inner.used) used.add(name);
      for (const name of inner.unset) unset.add(name);
      out += inner.text;
      if (out.length > LENGTH) throw new Error(`becomes longer than ${LENGTH} characters`);
      at = end + 1;
    } else {throw new Error(
        '"$" begins no variable, expected "$NAME", "${NAME}", or "$$" for the sign itself',
      );}
  }
  return { text: out, used, unset };
}

/** Where the brace that was opened before `from` is closed. */
function closing(text: string, from: number): number {
  for (let at = from, open = 1; at < text.length; at++) {
    if (text[at] === "$" && text[at + 1] === "{") open++;
    if (text[at] === "}" && --open === 0) return at;
  }
  throw new Error('"${" is never closed');
}

function braces(
  inner: string,
  variables: Variables,
  depth: number,
): Interpolated {
  const [, name, operator = "", word = ""] = /^([A-Za-z_]\w*)(?:(:?[-?+])([^]*))?$/.exec(inner) ??
    [];
  if (!name) {
    throw new Error(`"\${${inner}}" is no variable, expected "\${NAME}" or "\${NAME:-default}"`);
  }
  const value = variables.get(name);
  const given = value !== undefined && (value !== "" || !operator.startsWith(":"));
  const none = new Set<string>();
  const replacement = () => {
    const { text, used, unset } = interpolate(word, variables, depth + 1);
    return { text, used: new Set([...used, name]), unset };
  };
  const plain = (text: string, unset = none) => ({ text, used: new Set([name]), unset });
  if (operator.endsWith("+")) return given ? replacement() : plain("");
  if (given || operator === "") {
    return plain(value ?? "", value === undefined ? new Set([name]) : none);
  }
  if (operator.endsWith("?")) {
    throw new Error(`variable ${name} is required: ${replacement().text || "it is not set"}`);
  }
  return replacement();
}

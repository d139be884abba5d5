/**
 * What a Containerfile asks of the build: buildah 1.28 (Debian 12) lets some instructions reach the host's files
 * (CVE-2024-1753, CVE-2024-9675) or other services' images, so these are refused.
 * @module
 */

/** What was found in a Containerfile. */
export interface ContainerfileFacts {
  /** What is not allowed, a clause each, with the line it stands in. */
  refused: { line: number; message: string }[];
  /** Images it starts from or copies from. */
  images: string[];
  /** The platform, `linux/arm64`, that it wants an image of `images` for; absent: the host's. */
  platforms: Record<string, string>;
}

interface Instruction {
  line: number;
  name: string;
  words: string[];
}

const HOST_FILES =
  /^(containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball):/i;
const INSIDE_ADDRESS =
  /^(localhost|.*\.localhost|.*\.local|\[.*|0.*|10\..*|127\..*|169\.254\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|\d+|0x.*)$/i;

/** Reads a Containerfile; `args` are the build's. */
export function readContainerfile(
  text: string,
  args: Readonly<Record<string, string | null>>,
): ContainerfileFacts {
  const facts: ContainerfileFacts = { refused: [], images: [], platforms: {} };
  const refuse = (line: number, message: string) => void facts.refused.push({ line, message });
  const stages: string[] = [];
  let begun = 0;
  const values = new Map<string, string>();
  const directive = /^\s*#\s*escape\s*=\s*([^\s])/im.exec(text.split("\n").slice(0, 5).join("\n"));
  if (directive && directive[1] !== "\\") refuse(1, "another escape character is not supported");
  const image = (line: number, written: string): string | undefined => {
    const ref = expand(written, values, args);
    if (ref === "scratch" || stages.includes(ref)) return;
    // Where builders disagree about what is set, neither reading may reach another service.
    const wrong = whyNot(ref) ?? whyNot(expand(written, new Map(), {}), true);
    if (wrong !== undefined) return refuse(line, wrong(written));
    if (stages.some((stage) => stage.toLowerCase() === ref.toLowerCase())) return;
    facts.images.push(ref);
    return ref;
  };
  for (const { line, name, words } of instructions(text)) {
    const flags = words.filter((_, at) =>
      words.slice(0, at + 1).every((one) => one.startsWith("--"))
    );
    const rest = words.slice(flags.length);
    if (["FROM", "COPY", "ADD"].includes(name) && flags.some((flag) => /["'\\]/.test(flag))) {
      refuse(line, `${name} with a quote or a backslash in an option is not supported`);
    }
    if (name === "ARG") {
      // What stands in a stage means nothing to FROM.
      for (const word of begun === 0 ? rest : []) {
        const [variable = "", written] = word.split(/=(.*)/s);
        const value = Object.hasOwn(args, variable)
          ? args[variable] ?? UNKNOWN
          : written?.replace(/^(["'])(.*)\1$/s, "$2");
        if (value === undefined) continue;
        values.set(variable, (values.get(variable) ?? value) === value ? value : UNKNOWN);
      }
    } else if (name === "FROM") {
      const [base = "", as, stage = "", more] = rest;
      const from = image(line, base);
      const platform = flags.map((flag) => /^--platform=(\w+\/[\w/]+)$/.exec(flag)?.[1]).find(
        Boolean,
      );
      if (from !== undefined && platform !== undefined) facts.platforms[from] = platform;
      if (as !== undefined) {
        if (/^as$/i.test(as) && more === undefined && /^[a-z][a-z0-9_.-]*$/i.test(stage)) {
          stages.push(stage);
        } else {refuse(
            line,
            `FROM ${rest.join(" ")} does not name its stage with letters and digits`,
          );}
      }
      begun++;
    } else if (name === "COPY" || name === "ADD") {
      for (const flag of flags) {
        const [, from] = /^--from=(.*)$/s.exec(flag) ?? [];
        if (from === undefined) continue;
        if (!(/^(0|[1-9]\d{0,3})$/.test(from) && Number(from) < begun - 1)) image(line, from);
      }
      for (const source of rest) {
        const [, host = ""] =
          /^["'[\s]*[a-z]+:\/\/(?:[^/@]*@)?([^/:\]]+|\[[^\]]*\])/i.exec(source) ?? [];
        if (host && INSIDE_ADDRESS.test(host)) {
          refuse(line, `${host} is an address of this host or its network`);
        }
      }
    } else if (name === "RUN") {
      for (const flag of flags) judgeFlag(flag, (message) => refuse(line, message));
    }
    if (["RUN", "COPY", "ADD"].includes(name) && /<<-?\s*["']?[A-Za-z_]/.test(words.join(" "))) {
      refuse(line, "here-documents are not supported");
    }
  }
  return facts;
}

/** A value only the build knows. */
const UNKNOWN = "$";

/** An image's name with its variables, as buildah reads them; a `$` is left where that cannot be told. */
function expand(
  written: string,
  values: ReadonlyMap<string, string>,
  args: Readonly<Record<string, string | null>>,
): string {
  return written.replace(
    /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (whole, braced, fallback, plain) => {
      const name = braced ?? plain;
      if (!values.has(name) && Object.hasOwn(args, name)) return UNKNOWN;
      return values.get(name) || (fallback ?? values.get(name) ?? whole);
    },
  );
}

/** Why an image may not be used, as what is said of it as it was written; `open`: variables may be left. */
function whyNot(ref: string, open = false): ((written: string) => string) | undefined {
  if (ref.includes("$")) {
    return open ? undefined : (written) => `${written} is an image whose name PGO cannot tell`;
  }
  if (HOST_FILES.test(ref)) return () => `${ref} names a file of the host`;
  // buildah would take quotes and escapes away, and find what was not judged.
  if (!/^[A-Za-z0-9][\w.:/@-]*$/.test(ref)) {
    return (written) => `${written || "nothing"} is not the plain name of an image or a stage`;
  }
  if (/^(localhost\/)?pgo\//i.test(ref)) return () => `${ref} could be another service's image`;
  if (!isImageId(ref)) return undefined;
  return () => `${ref} could be the id of another service's image: write its registry`;
}

/** Whether podman could take a name for the id of an image. */
export function isImageId(name: string): boolean {
  return /^(sha256:)?[0-9a-f]{1,64}$/.test(name);
}

function judgeFlag(flag: string, refuse: (message: string) => void): void {
  if (/^--network=(none|default)$/.test(flag)) return;
  if (!flag.startsWith("--mount=")) return refuse(`RUN ${flag} is not supported`);
  const options = flag.slice(8).split(",").map((option) => option.split(/=(.*)/s));
  const value = (name: string) => options.find(([key]) => key === name)?.[1];
  const type = value("type") ?? "bind";
  const allowed: Record<string, string[]> = {
    bind: ["type", "target", "dst", "destination", "ro", "readonly"],
    cache: [
      "type",
      "target",
      "dst",
      "destination",
      "id",
      "sharing",
      "mode",
      "uid",
      "gid",
      "ro",
      "readonly",
    ],
    tmpfs: ["type", "target", "dst", "destination", "size"],
  };
  const unknown = options.map(([key = ""]) => key).find((key) => !allowed[type]?.includes(key));
  if (unknown !== undefined) {
    return refuse(`RUN --mount of type ${type} with ${unknown} could reach the host's files`);
  }
  if (value("id") !== undefined && !/^[\w-]{1,64}$/.test(value("id") ?? "")) {
    refuse(`RUN --mount with the id ${value("id")} could reach the host's files`);
  }
  if (/[$"'\\]/.test(flag)) refuse("RUN --mount with a variable or a quote is not supported");
}

/** Instructions with their words; comments are gone, continued lines joined, ONBUILD is what it builds on. */
function instructions(text: string): Instruction[] {
  const found: Instruction[] = [];
  let joined = "", start = 0;
  text.split(/\r?\n/).forEach((line, at) => {
    if (/^\s*#/.test(line) || (joined !== "" && line.trim() === "")) return;
    if (joined === "") start = at + 1;
    joined += line.replace(/\\\s*$/, "");
    if (/\\\s*$/.test(line)) return;
    const words = joined.trim().split(/\s+/);
    joined = "";
    while (/^onbuild$/i.test(words[0] ?? "")) words.shift();
    if (words[0]) found.push({ line: start, name: words[0].toUpperCase(), words: words.slice(1) });
  });
  if (joined.trim() !== "") {
    const [name = "", ...words] = joined.trim().split(/\s+/);
    found.push({ line: start, name: name.toUpperCase(), words });
  }
  return found;
}

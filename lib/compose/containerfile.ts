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
}

interface Instruction {
  line: number;
  name: string;
  words: string[];
}

const HOST_FILES =
  /^(containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball):/;
const INSIDE_ADDRESS =
  /^(localhost|.*\.localhost|.*\.local|\[.*|0.*|10\..*|127\..*|169\.254\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|\d+|0x.*)$/i;

/** Reads a Containerfile; `args` are the build's. */
export function readContainerfile(
  text: string,
  args: Readonly<Record<string, string | null>>,
): ContainerfileFacts {
  const facts: ContainerfileFacts = { refused: [], images: [] };
  const refuse = (line: number, message: string) => void facts.refused.push({ line, message });
  const stages = new Set<string>();
  const values = new Map<string, string>();
  const directive = /^\s*#\s*escape\s*=\s*([^\s])/im.exec(text.split("\n").slice(0, 5).join("\n"));
  if (directive && directive[1] !== "\\") refuse(1, "another escape character is not supported");
  const image = (line: number, written: string) => {
    const ref = written.replace(
      /\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
      (whole, braced, fallback, plain) => values.get(braced ?? plain) ?? fallback ?? whole,
    );
    if (ref === "scratch" || stages.has(ref.toLowerCase()) || /^\d+$/.test(ref)) return;
    if (ref.includes("$")) refuse(line, `${written} is an image whose name PGO cannot tell`);
    else if (HOST_FILES.test(ref)) refuse(line, `${ref} names a file of the host`);
    else if (/^(localhost\/)?pgo\//.test(ref)) {
      refuse(line, `${ref} could be another service's image`);
    } else if (isImageId(ref)) {
      refuse(line, `${ref} could be the id of another service's image: write its registry`);
    } else facts.images.push(ref);
  };
  for (const { line, name, words } of instructions(text)) {
    const flags = words.filter((_, at) =>
      words.slice(0, at + 1).every((one) => one.startsWith("--"))
    );
    const rest = words.slice(flags.length);
    if (name === "ARG") {
      for (const word of rest) {
        const [variable = "", value] = word.split(/=(.*)/s);
        const given = args[variable] ?? value?.replace(/^(["'])(.*)\1$/s, "$2");
        if (given !== undefined) values.set(variable, given);
      }
    } else if (name === "FROM") {
      image(line, rest[0] ?? "");
      if (/^as$/i.test(rest[1] ?? "")) stages.add((rest[2] ?? "").toLowerCase());
    } else if (name === "COPY" || name === "ADD") {
      for (const flag of flags) if (flag.startsWith("--from=")) image(line, flag.slice(7));
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
    if (/\\\s*$/.test(line)) return void (joined += " ");
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

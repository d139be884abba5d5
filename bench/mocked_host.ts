/**
 * A host of many services in memory: whatever pgod asks of programs is answered as git, podman and podman-compose
 * would answer, without a process. What is measured on it is pgod alone.
 * @module
 */
import { sleep } from "../lib/host/clock.ts";
import type { Command, Outcome, Run } from "../lib/host/process.ts";

/** Milliseconds that podman-compose takes here. */
const COMPOSE = 50;

/** A service as Git and Podman know it. */
interface Mocked {
  /** How often it was pushed to. */
  pushes: number;
  /** Files that pgod wrote, by path. */
  files: Map<string, string>;
  /** The deployment that runs; `""`: none. */
  running: string;
}

/** The mocked host. */
export interface MockedHost {
  run: Run;
  /** How many commands were run. */
  calls(): number;
  push(user: string): void;
  /** Has what the first user's service has, under their own names, live for all `users`. */
  copy(users: readonly string[]): void;
  /** Users whose deployments began, in order. */
  begun: string[];
}

/** Every user has one service; all have the key `publicKey`. */
export function mockedHost(publicKey: string): MockedHost {
  const services = new Map<string, Mocked>();
  const begun: string[] = [];
  let calls = 0;
  const of = (user: string) => {
    const found = services.get(user) ?? { pushes: 1, files: new Map(), running: "" };
    services.set(user, found);
    return found;
  };
  const run: Run = async (command) => {
    calls++;
    const { argv, user: { name = "" } = {} } = command;
    const line = argv.join(" ");
    if (line.startsWith("podman images")) begun.push(name);
    if (argv[0] === "podman-compose") await sleep(COMPOSE);
    const outcome = answer(of(name), line, command, publicKey);
    return typeof outcome === "number"
      ? { code: outcome, stdout: "", stderr: "" }
      : { code: 0, stdout: outcome, stderr: "" };
  };
  const copy = (users: readonly string[]) => {
    const [[first = "", original] = []] = services;
    for (const user of users) {
      if (!original || user === first) continue;
      const name = (text: string) =>
        text.replaceAll(first.replace("u", "s"), user.replace("u", "s"));
      const files = [...original.files].map(([path, text]) => [name(path), name(text)] as const);
      services.set(user, { ...original, files: new Map(files) });
    }
  };
  return { run, calls: () => calls, push: (user) => void of(user).pushes++, copy, begun };
}

/** What is printed, or the exit code of what failed. */
function answer(
  service: Mocked,
  line: string,
  { argv, user, stdin, stdout }: Command,
  publicKey: string,
): string | Outcome["code"] {
  const { files, pushes } = service;
  const tip = pushes.toString(16).padStart(40, "0");
  const last = argv.at(-1) ?? "";
  const blobs: Record<string, string> = {
    "compose.yaml": `services: { web: { image: 'docker.io/library/web:${pushes}' } }\n`,
    "ssh/key.pub": publicKey,
  };
  const ids = Object.keys(blobs);
  const id = (path: string) => `${ids.indexOf(path)}${tip.slice(1)}`;
  const container = containerId(user?.uid ?? 0, service.running);
  const monitor = service.running
    ? `1 conmon --api-version 1 -c ${container} -u ${container} -r\n`
    : "";
  if (line.includes("ls-remote")) {
    return [`${tip}\trefs/heads/main\n`, 0, "", 0, monitor, 0, ""].join("\0");
  }
  if (line.startsWith("ps ")) return monitor;
  if (line.startsWith("sh -c")) {
    files.set(last, String(stdin));
    return "";
  }
  if (argv[0] === "cat") return files.get(last) ?? 1;
  if (line.startsWith("test -e")) return /\.yaml$/.test(last) && !files.has(last) ? 1 : 0;
  if (argv[0] === "stat") return `${user?.uid} 700\n`;
  if (argv[0] === "realpath") return argv.slice(argv.indexOf("--") + 1).join("\0");
  if (argv[0] === "ls") return [...files.keys()].map((path) => path.replace(/.*\//, "")).join("\n");
  if (line.includes(" show -s ")) return `${tip}\n`;
  if (line.includes(" ls-tree ")) {
    return ids.map((path) => `100644 blob ${id(path)} ${blobs[path]?.length}\t${path}\0`).join("");
  }
  if (line.includes(" cat-file ")) {
    const wanted = ids.filter((path) => String(stdin).includes(id(path)));
    const text = wanted.map((path) => `${id(path)} blob ${blobs[path]?.length}\n${blobs[path]}\n`);
    void stdout?.(new TextEncoder().encode(text.join("")));
    return "";
  }
  if (line.startsWith("podman ps")) {
    return line.includes("json") ? JSON.stringify(listed(service, container)) : container;
  }
  if (line.includes("Healthcheck")) return "null";
  if (argv[0] === "podman-compose") {
    if (last === "down") service.running = "";
    else if (argv.includes("up")) service.running = /(\d+)\.run\.yaml/.exec(line)?.[1] ?? "";
  }
  return "";
}

function containerId(uid: number, deployment: string): string {
  return `${uid}${deployment}`.padStart(64, "0");
}

function listed({ running }: Mocked, id: string): unknown[] {
  if (running === "") return [];
  const Labels = { "com.docker.compose.service": "web", "pgo.deployment": running };
  return [{ Id: id, Names: ["web"], State: "running", Status: "Up", ExitCode: 0, Labels }];
}

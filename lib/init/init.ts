/**
 * `pgoctl init`: all that a repository needs to be a service, and what is left for people to do.
 * @module
 */
import { resolve } from "node:path";
import { join } from "shlex";
import { UsageError } from "../client/error.ts";
import { COMPOSE_NAMES } from "../compose/resolve.ts";
import { formatFinding } from "../compose/problem.ts";
import type { Verdict } from "../compose/verdict.ts";
import { DEFAULT_DIR } from "../config/flags.ts";
import { judgeDirectory } from "../service/judge.ts";
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import { BUILT } from "../version.ts";
import { publishKey } from "./keys.ts";
import { isThere, writeNew } from "./new_file.ts";
import type { Ci, InitOptions } from "./options.ts";
import { readOrigin, serviceNameFrom } from "./origin.ts";
import { ciOf, composeText, JOB_FILES, jobText, portFor } from "./texts.ts";

/** What the first service runs where the repository builds nothing itself, and the port it answers at. */
const IMAGE = "docker.io/library/nginx:stable";
const IMAGE_PORT = 80;
/** The port of a container that the repository builds, unless told otherwise. */
const OWN_PORT = 8080;

/** Sets a repository up. Nothing that is there is changed. @throws {UsageError | Error} in one line. */
export async function init(
  options: InitOptions,
  home: string,
  say: (line: string) => void,
): Promise<void> {
  const directory = resolve(options.directory);
  const origin = await readOrigin(directory);
  if (!origin) {
    throw new UsageError(
      `${directory} is no top directory of a Git repository, expected one: git init, or -C DIR`,
    );
  }
  const service = options.service ?? serviceNameFrom(origin.url ?? "") ??
    serviceNameFrom(directory);
  if (service === undefined) {
    throw new UsageError("no name for the service, expected pgoctl init HOST:SERVICE");
  }
  if (/^\/*$/.test(home) && options.key === undefined) {
    throw new UsageError(
      "HOME is not set, or /: where the private key goes is not known, expected --key FILE",
    );
  }
  const path = options.key === undefined ? `${home}/.ssh/pgo_${service}` : resolve(options.key);
  await requireWriting(directory, path, home);

  const report = (written: boolean, what: string, note = "") =>
    say(`${written ? "written  " : "was there"}  ${what}${note && `  (${note})`}`);
  const keys = await publishKey(directory, path, service);
  if (keys.privateWritten || await isThere(path)) {
    report(keys.privateWritten, path, "private key, stays out of any repository");
  }
  report(keys.publicWritten, keys.publicPath, keys.note);
  const compose = await firstCompose(directory, service, options);
  report(...compose);
  const ci = options.ci ?? ciOf(origin.url) ?? await ciInUse(directory);
  const port = options.port === DEFAULT_PORT ? undefined : options.port;
  const text = ci && ci !== "none" &&
    jobText(ci, { ...options, port, service, branch: origin.branch });
  let more = "";
  if (text) {
    const file = JOB_FILES[ci].path;
    const written = await writeNew(`${directory}/${file}`, text);
    report(written, file, written ? "" : "add the job below");
    if (!written) more = `\nThe job for ${file}:\n\n${text}`;
  } else if (ci === undefined) say("no CI job  (--ci gitlab or --ci github writes one)");

  const verdict = await judgeDirectory(directory, { dir: DEFAULT_DIR, name: service });
  const refused = verdict.findings.filter(({ kind }) => kind !== "note");
  for (const finding of refused) say(`pgod will refuse it: ${formatFinding(finding)}`);
  const words = [
    "--name",
    service,
    "--repository",
    origin.url ?? "REPOSITORY",
    "--branch",
    origin.branch,
  ];
  const add = join([
    "pgod",
    "add",
    "-c",
    "/etc/pgo.toml",
    ...words,
    ...portWords(verdict),
    "--create-user",
  ]);
  const host = options.host ?? "the server";
  const steps = [
    "commit and push these files",
    ...(text ? [secretStep(ci, path, options.host)] : []),
    `the admin of ${host} runs: ${add}`,
    `then: pgoctl -i ${join([path])} ${port ? `-p ${port} ` : ""}${
      options.host ?? "HOST"
    }:${service}//status`,
  ];
  const [composed] = compose;
  const late = composed && options.publish === undefined
    ? `\n\n${otherRange(`${options.host ?? "HOST"}:${service}`)}`
    : "";
  say(`\nNext:\n${steps.map((step, at) => `${at + 1}. ${step}`).join("\n")}${late}${more}`);
}

/** What to do where the port that was made up is none of the service's. */
const otherRange = (target: string) =>
  `If the admin has added it already: use a port of its range (pgoctl ${target}//ports) in docker-compose.yml, or remove that file and init with --publish PORT`;

/** Says before anything is written that something may not be. */
async function requireWriting(directory: string, key: string, home: string): Promise<void> {
  for (const path of [directory, key]) {
    const { state } = await Deno.permissions.query({ name: "write", path });
    if (state === "granted") continue;
    const start = BUILT
      ? "pgoctl was not started as it is installed"
      : `start it with deno task --config …/deno.json init, or with --allow-write=${directory},${home}/.ssh`;
    throw new Error(`init writes into ${path}: ${start}`);
  }
}

async function firstCompose(
  directory: string,
  service: string,
  { image, publish }: InitOptions,
): Promise<[written: boolean, file: string, note?: string]> {
  for (const name of COMPOSE_NAMES) if (await isThere(`${directory}/${name}`)) return [false, name];
  const builds = image === undefined &&
    (await isThere(`${directory}/Containerfile`) || await isThere(`${directory}/Dockerfile`));
  const hostPort = publish?.host ?? portFor(service);
  const containerPort = publish?.container ?? (builds || image ? OWN_PORT : IMAGE_PORT);
  const text = composeText({ image: builds ? undefined : image ?? IMAGE, hostPort, containerPort });
  return [await writeNew(`${directory}/docker-compose.yml`, text), "docker-compose.yml"];
}

async function ciInUse(directory: string): Promise<Ci | undefined> {
  if (await isThere(`${directory}/.gitlab-ci.yml`)) return "gitlab";
  return await isThere(`${directory}/.github`) ? "github" : undefined;
}

/** The ports that the compose file publishes, as options of `pgod add`. */
function portWords({ model }: Verdict): string[] {
  if (!model) return [];
  const ranges = model.services.flatMap(({ ports }) =>
    ports.flatMap(({ from, to }) => from === undefined ? [] : [`${from}/${(to ?? from) - from}`])
  );
  return ranges.length === 0
    ? ["--port-count", "0"]
    : [...new Set(ranges)].flatMap((range) => ["--ports", range]);
}

function secretStep(ci: Ci, path: string, host: string | undefined): string {
  const file = join([path]);
  return ci === "gitlab"
    ? `in GitLab, Settings > CI/CD > Variables: SSHKEY, of type file and protected, with what is in ${file}${
      host ? "" : "; and PGO_HOST, the server"
    }`
    : `gh secret set PGO_KEY < ${file}${host ? "" : "; gh variable set PGO_HOST --body HOST"}`;
}

/**
 * The shape of the config file: keys, types and the grammar of single values.
 * @module
 */
import * as v from "valibot";
import { absolutePath, isInsidePath, listOf, parsed, text } from "./grammar.ts";
import { parsePortRange } from "./ports.ts";
import { proxyEntries } from "./proxy.ts";
import { parseRegistryLogin } from "./registries.ts";
import { parseRepository } from "./repository.ts";
import { sshSchema } from "./ssh.ts";

/** What a service's name may be; it becomes the prefix of its containers. */
const serviceName = v.pipe(
  text('a name such as "web"'),
  v.regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    (issue) =>
      `${issue.received} is no service name, expected at most 63 of a-z, 0-9 and "-", no "-" first`,
  ),
);

const userName = v.pipe(
  text('a Unix user such as "miek"'),
  v.regex(
    /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}\$?$/,
    (issue) => `${issue.received} is no Unix user name, expected a name such as "miek"`,
  ),
);

const branchName = v.pipe(
  text('a branch such as "main"'),
  v.check(
    isBranchName,
    (issue) =>
      `${issue.received} is no branch name, expected a name such as "main" or "release/2.x"`,
  ),
);

// The rules of git-check-ref-format(1) for one branch.
function isBranchName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  const forbidden = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|(^|\/)\.|\.lock(\/|$)/;
  return name !== "" && name !== "@" && !forbidden.test(name);
}

const composePath = v.pipe(
  text('a path inside the repository such as "deploy/compose.yaml"'),
  v.check(
    isInsidePath,
    (issue) =>
      `${issue.received} is no path inside the repository, expected one such as "deploy/compose.yaml"`,
  ),
);

// What would steer podman, podman-compose or the programs below them instead of the containers.
const STEERING =
  /^(COMPOSE_|PODMAN_|DOCKER_|CONTAINERS?_|BUILDAH_|REGISTRY_AUTH_FILE$|LD_|PYTHON|XDG_|GIT_|PATH$|HOME$|USER$|LOGNAME$|SHELL$|IFS$|ENV$|BASH_ENV$|TMPDIR$)/;

/** Whether a variable of this name would steer the programs that start containers. */
export const steers = (name: string): boolean => STEERING.test(name);

const variable = parsed('"KEY=value"', (assignment) => {
  const [, name] = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(assignment) ?? [];
  // The text may be a secret whose "=" was forgotten, so it is not repeated.
  if (name === undefined) throw new Error('this is no variable, expected "KEY=value"');
  if (steers(name)) {
    throw new Error(`${name} steers podman-compose itself, expected a variable of the service`);
  }
  if (assignment.includes("\0")) throw new Error(`the value of ${name} holds a NUL, expected text`);
  return [name, assignment.slice(name.length + 1)] as const;
});

/** A file outside of all repositories; Deno's permissions are lists with commas. */
const secretFile = v.pipe(
  text('an absolute path such as "/etc/pgo/shop.env"'),
  v.check(
    isFilePath,
    (issue) =>
      `${issue.received} is no absolute path, expected one such as "/etc/pgo/shop.env" (no "..", no comma)`,
  ),
);

function isFilePath(path: string): boolean {
  return path.length > 1 && path.startsWith("/") && !path.includes(",") &&
    isInsidePath(path.slice(1));
}

const registry = v.pipe(
  v.string('expected "USER:TOKEN@REGISTRY" or an absolute path'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    if (isFilePath(dataset.value)) return { file: dataset.value };
    try {
      return parseRegistryLogin(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
      return NEVER;
    }
  }),
);

const objectName = v.pipe(
  text('a name such as "backend"'),
  v.regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
    (issue) => `${issue.received} is no name podman takes, expected one such as "backend"`,
  ),
);

/** `[[services]]`; every key beside these is an error. */
export const serviceSchema = v.strictObject({
  name: serviceName,
  user: userName,
  repository: parsed("a repository", parseRepository),
  branch: v.optional(branchName, "main"),
  urls: v.optional(
    v.record(
      v.string(),
      text('a port of this host such as ":5007"'),
      (issue) => `${issue.received} given, expected { "NAME" = ":PORT" }`,
    ),
    {},
  ),
  ports: v.optional(
    listOf(parsed('"FIRST/EXTRA" such as "5005/5"', parsePortRange), '"FIRST/EXTRA" ranges'),
  ),
  compose: v.optional(composePath),
  // What is given instead of these lists may be a secret, so it is not repeated.
  env: v.optional(v.array(variable, 'expected a list of "KEY=value" variables'), []),
  env_file: v.optional(secretFile),
  registries: v.optional(v.array(registry, 'expected a list of "USER:TOKEN@REGISTRY"'), []),
  git_credentials: v.optional(secretFile),
  git_key: v.optional(secretFile),
  git_known_hosts: v.optional(secretFile),
  mounts: v.optional(listOf(absolutePath("/srv/data"), "absolute paths"), []),
  networks: v.optional(listOf(objectName, "network names"), []),
  volumes: v.optional(listOf(objectName, "volume names"), []),
  secrets: v.optional(listOf(objectName, "names of podman secrets"), []),
  profiles: v.optional(listOf(objectName, "profiles"), []),
  allow: v.optional(listOf(text('a permission such as "cap_add:NET_ADMIN"'), "permissions"), []),
});

/** `[global]`: what concerns the whole host. */
export const globalSchema = v.strictObject({
  admin_keys: v.optional(absolutePath("/etc/pgo/admin_keys")),
  ...proxyEntries,
});

/** The whole file. */
export const fileSchema = v.strictObject({
  global: v.optional(globalSchema, {}),
  ssh: v.optional(sshSchema, {}),
  services: v.optional(
    v.array(serviceSchema, (issue) => `${issue.received} given, expected [[services]] blocks`),
    [],
  ),
});

/** What is wrong with `text` as the value of `key`, in one clause; undefined when nothing is. */
export function textProblem(
  key: "name" | "user" | "repository" | "branch",
  text: string,
): string | undefined {
  const schema: v.GenericSchema = serviceSchema.entries[key];
  return v.safeParse(schema, text).issues?.[0]?.message;
}

/**
 * The programs on the PATH: small shell scripts that start Deno with exactly the permissions needed.
 * @module
 */
import { commandFlags } from "../../lib/config/permissions.ts";

/** What an installed program may never do: ask the network for code, or for a newer Deno. */
const OFFLINE = "--no-config --no-lock --no-remote --no-npm --cached-only";
const QUIET = "export DENO_NO_UPDATE_CHECK=1";
/**
 * Deno keeps compiled code, but only of functions that V8 compiles at once: it is to compile all, that is, none the
 * next time. pgoctl starts a fifth sooner; pgod, whose bundle is larger, does not.
 */
const COMPILED = "--v8-flags=--no-lazy";

/** `pgod`: says itself which permissions a command line needs, and is started with those. */
export function pgodLauncher(lib: string): string {
  const look = commandFlags("permissions", { how: "self", config: "" }).join(" ");
  return `#!/bin/sh
# pgod, started with exactly the permissions that its command line and its config need: it says itself which.
# A config that names files it did not name before (admin_keys, env_file, git_key, …) needs a restart, not only SIGHUP.
${QUIET}
deno="${lib}/deno run ${OFFLINE}"
look="$deno ${look} ${lib}/pgod.js"
for word; do
  case $word in -h | --help | -v | --version | permissions) exec $look "$@" ;; esac
done
line=$($look permissions "$@") || exit
eval "exec $deno \${line#deno run} \\"\\$@\\""
`;
}

/** The flags that the first line of pgoctl.ts names, as a shell writes them. @throws {Error} for another line. */
export function pgoctlFlags(shebang: string): string[] {
  const [, flags] = /exec deno run (.*) "\$0" "\$@"'$/.exec(shebang) ?? [];
  if (flags === undefined) {
    throw new Error(`pgoctl.ts begins with ${shebang}, expected its permissions`);
  }
  return flags.split(" ");
}

/** `pgoctl`, with the permissions that the first line of pgoctl.ts names; `init` writes where it is called as well. */
export function pgoctlLauncher(lib: string, shebang: string): string {
  const flags = pgoctlFlags(shebang).map((flag) =>
    flag.replace(/^(--allow-write="[^"]*)"$/, '$1$here"')
  );
  return `#!/bin/sh
${QUIET}
export DENO_DIR="\${DENO_DIR:-\${XDG_CACHE_HOME:-\${HOME-}/.cache}/pgo}"
here=
[ "\${1-}" = init ] && here=",$PWD"
exec ${lib}/deno run ${OFFLINE} ${COMPILED} ${flags.join(" ")} ${lib}/pgoctl.js "$@"
`;
}

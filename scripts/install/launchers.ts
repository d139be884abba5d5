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

/** Where programs are: cron and others leave out /usr/sbin, where runuser is. */
const PATH = `: "\${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
case :$PATH: in *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/sbin:/sbin ;; esac
export PATH`;

/**
 * Where Deno keeps compiled code, below `$home`; where there is none, nowhere. Deno runs what it finds there without
 * another look: root may have come with somebody else's environment (`sudo -E`, `su -p`).
 */
const CACHE = `cache=\${XDG_CACHE_HOME:-\${home:+$home/.cache}}
DENO_DIR=\${DENO_DIR:-\${cache:-/dev/null}/pgo}
[ -O "$DENO_DIR" ] || [ ! -e "$DENO_DIR" ] && [ ! -L "$DENO_DIR" ] || DENO_DIR=/dev/null/pgo
export DENO_DIR`;

/** The home directory that the host knows for whoever calls. */
const HOME = 'getent passwd "$(id -u)" | cut -d: -f6';

/** `pgod`: says itself which permissions a command line needs, and is started with those. */
export function pgodLauncher(lib: string): string {
  const [noPrompt, ...look] = commandFlags("permissions", { how: "self", config: "" });
  return `#!/bin/sh
# pgod, started with exactly the permissions that its command line and its config need: it says itself which.
# A config that names files it did not name before (admin_keys, env_file, git_key, …) needs a restart, not only SIGHUP.
${QUIET}
${PATH}
home=\${HOME:-$(${HOME})}
home=\${home%/}
${CACHE}
deno="${lib}/deno run ${noPrompt} ${OFFLINE}"
look="$deno ${look.join(" ")} ${lib}/pgod.js"
if [ "\${1-}" = permissions ]; then line=$($look "$@"); else line=$($look permissions "$@"); fi
code=$?
case $code,$line in
  "0,deno run ${noPrompt} "*) line="$deno \${line#deno run ${noPrompt} }" ;;
  # Help, the version, or nothing but a complaint.
  *) [ -z "$line" ] || printf '%s\\n' "$line"; exit $code ;;
esac
if [ "\${1-}" = permissions ]; then printf '%s\\n' "$line"; else eval "exec $line \\"\\$@\\""; fi
`;
}

/**
 * `may-reload PID`: whether a pgod that runs was started with the permissions for files that its config names by now.
 * If not, it says so and fails: SIGHUP would be refused in the log only.
 */
export function mayReload(lib: string, pgod: string): string {
  return `#!/bin/sh
# Its command line comes back as words: what it is started by, the program, what it was asked to do.
if [ $# = 1 ]; then xargs -0a "/proc/$1/cmdline" "$0" -- || exit 1; exit; fi
read= write=
while [ $# -gt 0 ] && [ "$1" != ${lib}/pgod.js ]; do
  case $1 in
    --allow-read=*) read=\${1#*=} ;;
    --allow-write=*) write=\${1#*=} ;;
  esac
  shift
done
[ $# = 0 ] && exit
shift
line=$(${pgod} permissions "$@") || exit
eval "set -- $line"
set -f
IFS=,
for word; do
  case $word in
    --allow-read=*) had=$read ;;
    --allow-write=*) had=$write ;;
    *) continue ;;
  esac
  for path in \${word#*=}; do
    case ,$had, in *",$path,"*) continue ;; esac
    echo "pgod was not started with \${word%%=*}=$path: systemctl restart pgod (containers do not notice)" >&2
    exit 1
  done
done
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

/** What `pgoctl init` writes besides a key in ~/.ssh: `$dir`, the repository, and `$key`, both as its options say. */
const INIT_WORDS = `dir=.
  for word; do
    case $next,$word in
      dir,*) dir=$word next= ;;
      key,*) key=$word next= ;;
      ,--) break ;;
      ,-C | ,--directory) next=dir ;;
      ,--directory=*) dir=\${word#*=} ;;
      ,-C*) dir=\${word#-C} ;;
      ,--key) next=key ;;
      ,--key=*) key=\${word#*=} ;;
    esac
  done
  dir=\${dir:-.}`;

/** What else pgoctl writes: `$known`. Words after the target are the remote command's, and a key may come in words. */
const WORDS = `for word; do
    case $next,$word in
      known,*) known=$word next= ;;
      one,-----BEGIN) next=key ;;
      one,*) next= ;;
      key,-----END) next=end ;;
      end,*-----) next= ;;
      key,* | end,*) ;;
      ,--known-hosts) next=known ;;
      ,--known-hosts=*) known=\${word#*=} ;;
      ,-i | ,-p | ,-F | ,--identity | ,--port | ,--config | ,--timeout) next=one ;;
      ,-*) ;;
      *) break ;;
    esac
  done`;

/** `pgoctl`, with the permissions that the first line of pgoctl.ts names, and to write what its own options name. */
export function pgoctlLauncher(lib: string, shebang: string): string {
  const more = ["dir", "key", "known"].map((name) => `\${${name}:+"--allow-write=$${name}"}`);
  return `#!/bin/sh
# pgoctl, which may write in ~/.ssh, and what -C, --key and --known-hosts name.
${QUIET}
if [ -z "\${HOME-}" ]; then HOME=$(${HOME}) && export HOME; fi
home=\${HOME%/}
${CACHE}
dir= key= known= next=
if [ "\${1-}" = init ]; then
  ${INIT_WORDS}
else
  ${WORDS}
fi
# Deno would take a comma for the end of a path.
for path in "$dir" "$key" "$known"; do
  case $path in *,*) echo "pgoctl: $path: a path with a comma cannot be named, cd into it first" >&2; exit 64 ;; esac
done
exec ${lib}/deno run ${OFFLINE} ${COMPILED} ${pgoctlFlags(shebang).join(" ")} \\
  ${more.join(" ")} ${lib}/pgoctl.js "$@"
`;
}

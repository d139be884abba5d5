/**
 * Completion for bash, made from what the programs tell of themselves.
 * @module
 */
import type { Option } from "../../lib/commands/command.ts";
import { COMMANDS } from "../../lib/commands/table.ts";
import type { Manual } from "../../lib/manual.ts";
import { INIT_MANUAL } from "../../lib/init/manual.ts";
import { PGOCTL_MANUAL } from "../../lib/client/pgoctl_manual.ts";
import { URL_FORMATS } from "../../lib/config/flags.ts";
import { LOG_FORMATS } from "../../lib/log_format.ts";
import { ADD_MANUAL, REMOVE_MANUAL } from "../../lib/onboard/manuals.ts";
import { PGOD_MANUAL } from "../../lib/pgod_manual.ts";

/** The options in a manual: `-c`, `--config`, … */
function options({ lists }: Manual): string {
  const terms = lists.filter(({ title }) => title === "Options").flatMap(({ entries }) => entries);
  return terms.flatMap(([term]) => term.match(/(?<![\w-])--?[a-zA-Z][a-z-]*(=false)?/g) ?? []).join(
    " ",
  );
}

function flags(own: readonly Pick<Option, "name" | "short">[]): string {
  return own.flatMap(({ name, short }) => [...short ? [`-${short}`] : [], `--${name}`]).join(" ");
}

/** Completion of pgod: commands, options, formats, files and directories. */
export function pgodCompletion(): string {
  return `# bash completion for pgod
_pgod() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} word command= config at
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in add | check | judge | permissions | ports | remove | urls) command=$word && break ;; esac
  done
  COMPREPLY=()
  case $prev in
    -c | --config | --compose | --notify) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    --log-format) mapfile -t COMPREPLY < <(compgen -W "${
    LOG_FORMATS.join(" ")
  }" -- "$cur"); return ;;
    --format) mapfile -t COMPREPLY < <(compgen -W "${URL_FORMATS.join(" ")}" -- "$cur"); return ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$cur"); return ;;
    -s | --ssh | -t | --duration | --deploys | --keep-stale | --service | --name | --repository | --free | --address) return ;;
  esac
  case $command,$cur in
    add,*) mapfile -t COMPREPLY < <(compgen -W "${options(ADD_MANUAL)}" -- "$cur") ;;
    remove,-*) mapfile -t COMPREPLY < <(compgen -W "${options(REMOVE_MANUAL)}" -- "$cur") ;;
    remove,*)
      # Names of services, as the config that is named has them; it is root's.
      config=/etc/pgo.toml
      for ((at = 1; at < COMP_CWORD; at++)); do
        case \${COMP_WORDS[at]} in -c | --config) config=\${COMP_WORDS[at + 1]} ;; esac
      done
      mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^[[:space:]]*name[[:space:]]*=[[:space:]]*["'"'"']\\([a-z0-9-]*\\)["'"'"'].*/\\1/p' \\
        "$config" 2> /dev/null)" -- "$cur") ;;
    *,-*) mapfile -t COMPREPLY < <(compgen -W "${options(PGOD_MANUAL)}" -- "$cur") ;;
    judge,*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    permissions,*) mapfile -t COMPREPLY < <(compgen -W "check judge ports urls add remove" -- "$cur") ;;
    ,*) mapfile -t COMPREPLY < <(compgen -W "check judge ports urls permissions add remove" -- "$cur") ;;
  esac
}
complete -F _pgod pgod
`;
}

/** Completion of pgoctl: options, hosts that were met before, commands, and their options. */
export function pgoctlCompletion(): string {
  const cases = COMMANDS.filter(({ options }) => options.length > 0).map(({ name, options }) =>
    `      ${name}) words="${flags(options)}" ;;`
  );
  return `# bash completion for pgoctl
# Hosts that were met before (where known_hosts is not hashed), and those of ssh's config, without patterns.
_pgoctl_hosts() {
  {
    sed -n 's/^\\[\\([A-Za-z0-9._-]*\\)\\]:[0-9]* .*/\\1/p' ~/.ssh/known_hosts
    sed -n 's/^[[:space:]]*[Hh][Oo][Ss][Tt][[:space:]=]\\{1,\\}//p' ~/.ssh/config | tr -s '[:space:]' '\\n' | grep -x '[A-Za-z0-9._-]*'
  } 2> /dev/null | sort -u
}
_pgoctl() {
  # ":" ends a word for readline: the line is read as it stands, and what readline has already is left out again.
  local line=\${COMP_LINE:0:COMP_POINT} words= target= command= at
  local -a given
  read -ra given <<< "$line"
  [[ $line == *[[:space:]] ]] && given+=("")
  local cur=\${given[-1]} prev=\${given[-2]-}
  COMPREPLY=()
  if [[ \${given[1]-} == init && \${#given[@]} -gt 2 ]]; then
    case $prev in
      -C | --directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
      --key) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
      --ci) mapfile -t COMPREPLY < <(compgen -W "gitlab github none" -- "$cur") ;;
      -p | --port | --image | --publish) ;;
      *)
        if [[ $cur == -* ]]; then
          mapfile -t COMPREPLY < <(compgen -W "${options(INIT_MANUAL)}" -- "$cur")
        elif [[ $cur != *:* ]]; then
          compopt -o nospace
          mapfile -t COMPREPLY < <(compgen -S : -W "$(_pgoctl_hosts)" -- "$cur")
        fi ;;
    esac
    return
  fi
  for ((at = 1; at < \${#given[@]} - 1; at++)); do
    case \${given[at]} in
      -i | --identity | -p | --port | -F | --config | --known-hosts | --timeout) ((at++)) ;;
      -*) ;;
      *) target=\${given[at]} && command=\${target##*//} && break ;;
    esac
  done
  if [[ -n $target ]]; then
    case $command in
${cases.join("\n")}
    esac
    [[ $cur == -* ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    return
  fi
  case $prev in
    -i | --identity | -F | --config | --known-hosts) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    -p | --port | --timeout) return ;;
  esac
  case $cur in
    -*) mapfile -t COMPREPLY < <(compgen -W "${options(PGOCTL_MANUAL)}" -- "$cur") ;;
    *://*) COMPREPLY=("\${cur%//*}//status") && [[ status != "\${cur##*//}"* ]] && COMPREPLY=() ;;
    *:*//*)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -P "\${cur%//*}//" -W "${
    COMMANDS.map(({ name }) => name).join(" ")
  }" -- "\${cur##*//}") ;;
    *:*) ;;
    *)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -S : -W "$(_pgoctl_hosts)" -- "$cur")
      [[ \${#given[@]} == 2 && init == "$cur"* ]] && COMPREPLY+=("init ") ;;
  esac
  # Only what follows the last ":" is readline's to replace.
  [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${cur%:*}:"}")
}
complete -F _pgoctl pgoctl
`;
}

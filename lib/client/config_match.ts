/**
 * The condition of a `Match` line of an ssh_config file.
 * @module
 */
import { matchesAny } from "./config_line.ts";

/** What a condition may ask about. */
export interface Circumstances {
  /** The name as far as it is known by now. */
  host: string;
  originalHost: string;
  user: string;
  localUser: string;
  /** Whether the files are read for the second time. */
  finalPass: boolean;
}

/** `unknown`: it depends on a program, or on what pgoctl does not ask. */
export type Answer = "yes" | "no" | "unknown";

/** Judges a `Match` line's words; `wantsFinal` is called where it asks for a second reading. @throws {Error} */
export function judgeMatch(
  words: readonly string[],
  now: Circumstances,
  wantsFinal: () => void,
): Answer {
  let answer: Answer = "yes";
  const rest = words.flatMap((word) => {
    const [, name, value] = /^(!?\w+)=(.*)$/.exec(word) ?? [];
    return name === undefined || value === undefined ? [word] : value ? [name, value] : [name];
  });
  for (let at = 0; at < rest.length; at++) {
    const word = (rest[at] ?? "").toLowerCase();
    const negated = word.startsWith("!");
    const name = negated ? word.slice(1) : word;
    if (name === "all" && rest.length > 1) throw new Error("Match all stands alone");
    if (name === "final") wantsFinal();
    const alone = ["all", "final", "canonical"].includes(name);
    const value = alone ? "" : rest[++at];
    if (value === undefined) throw new Error(`Match ${name} needs an argument`);
    const one = judgeOne(name, value, now);
    if (one === "unknown") answer = answer === "no" ? "no" : "unknown";
    else if ((one === "yes") === negated) answer = "no";
  }
  return answer;
}

function judgeOne(name: string, value: string, now: Circumstances): Answer {
  const patterns = value.split(",");
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  const yes = (() => {
    switch (name) {
      case "all":
        return true;
      case "final":
      case "canonical":
        return now.finalPass;
      case "host":
        return matchesAny(now.host.toLowerCase(), lower);
      case "originalhost":
        return matchesAny(now.originalHost.toLowerCase(), lower);
      case "user":
        return matchesAny(now.user, patterns);
      case "localuser":
        return matchesAny(now.localUser, patterns);
      default:
        return undefined;
    }
  })();
  return yes === undefined ? "unknown" : yes ? "yes" : "no";
}

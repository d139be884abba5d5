/**
 * Looking for secrets where others could read them: command lines of all processes, and files.
 * @module
 */
import { ok, sh } from "./shell.ts";

/** Reads all command lines again and again, and prints each process once that shows one of the texts. */
const SAMPLER = String.raw`
$| = 1;
open(my $file, "<", $ARGV[0]) or die;
chomp(my @texts = <$file>);
my $any = join "|", map { quotemeta } @texts;
my %seen; my $rounds = 0; my $end = 0;
$SIG{TERM} = sub { $end = 1 };
print "ready\n";
until ($end) {
  opendir(my $proc, "/proc") or die;
  for my $pid (grep { /^\d+$/ } readdir $proc) {
    open(my $line, "<", "/proc/$pid/cmdline") or next;
    local $/;
    my $words = <$line>;
    next unless defined $words && $words =~ /$any/ && !$seen{$pid}++;
    print "found ", $words =~ tr/\0/ /r, "\n";
  }
  $rounds++;
  select(undef, undef, undef, 0.001);
}
print "rounds $rounds\n";
`;

/** What the command lines of this host's processes showed. */
export interface Sampled {
  /** Command lines that held one of the secrets. */
  found: string[];
  /** How often all processes were looked at. */
  rounds: number;
}

/** Looks at the command lines of all processes until the returned function is called. */
export async function sampleCommandLines(
  dir: string,
  secrets: readonly string[],
): Promise<() => Promise<Sampled>> {
  const path = `${dir}/sought`;
  await Deno.writeTextFile(path, secrets.join("\n"), { mode: 0o600 });
  const child = new Deno.Command("perl", {
    args: ["-e", SAMPLER, path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const started = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      started.resolve();
    }
  })();
  await started.promise;
  return async () => {
    await ok(["kill", `${child.pid}`]);
    await reading;
    await child.status;
    const found = text.split("\n").filter((line) => line.startsWith("found "));
    return { found, rounds: Number(/^rounds (\d+)$/m.exec(text)?.[1]) };
  };
}

/** The files below `paths` that `user` can read and that hold one of the secrets. */
export async function filesWith(
  user: string,
  secrets: readonly string[],
  paths: readonly string[],
): Promise<string[]> {
  const grep = ["grep", "-rlaF", "-D", "skip", "-f", "-", "--", ...paths];
  const { stdout } = await sh(["runuser", "-u", user, "--", ...grep], {
    stdin: secrets.join("\n"),
  });
  return [...new Set(stdout.split("\n"))].filter((line) => line !== "").sort();
}

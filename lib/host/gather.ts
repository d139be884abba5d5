/**
 * Programs that write line by line, read as if they did not.
 * @module
 */

import type { Command } from "./process.ts";

/**
 * Copies what the program writes to stdout and stderr, each by a process of its own, and takes its time: whoever waits
 * for each line is woken for each, and the writer pays for that. While a copier sleeps the pipe fills, of which Linux
 * makes a larger one (1031 is F_SETPIPE_SZ) if it may.
 */
const COPY = `for my $stream (*STDOUT, *STDERR) {
  pipe my $read, my $write or exit 126;
  fcntl $write, 1031, 1 << 18;
  if (fork // exit 126) { open $stream, ">&", $write; next }
  close $write;
  close STDOUT if $stream eq *STDERR;
  while (sysread $read, my $text, 1 << 17) {
    for (my $at = 0; $at < length $text;) {
      $at += syswrite($stream, $text, length($text) - $at, $at) // exit;
    }
    select undef, undef, undef, 0.004 if length $text < 1 << 17;
  }
  exit;
}
exec { $ARGV[0] } @ARGV;
exit 127;`;

/**
 * How to run a program whose output is to arrive in large pieces, at most 4 ms later than it would: of 20 MB in short
 * lines that saves a third of the time. Exit code and streams are its own. Without Perl it is the program itself.
 */
export function gathered(shown: readonly string[]): Pick<Command, "argv" | "shown"> {
  const start = 'command -v perl >/dev/null && exec perl -e "$0" -- "$@"; exec "$@"';
  return { argv: ["sh", "-c", start, COPY, ...shown], shown };
}

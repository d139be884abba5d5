/**
 * The /etc/pgo.toml of a host that has none yet.
 * @module
 */

/** A config without services that shows, commented out, what `example` shows. */
export function firstConfig(example: string): string {
  const lines = example.trimEnd().split("\n").slice(1);
  const commented = lines.map((line) => line === "" || line.startsWith("#") ? line : `# ${line}`);
  return `# PGO: one [[services]] block for each service of this host, by hand or with \`pgod add\`.
# \`pgod check -c /etc/pgo.toml\` tells what is wrong, \`systemctl reload pgod\` makes changes live.
${commented.join("\n")}
`;
}

/**
 * The port book as a table.
 * @module
 */
import { formatPortRange } from "../config/ports.ts";
import { textTable } from "../text_table.ts";
import { visibleLines } from "../visible.ts";
import type { Book, BookPort, BookService, Holder } from "./book.ts";

const HEADER = ["SERVICE", "USER", "RANGE", "PORT", "URL", "CONTAINER", "LISTENING"];

/** The whole book; what no service has anything to do with comes last. */
export function bookTable({ services, others }: Book): string {
  const strangers = others.map((
    { port, protocol, ...holder },
  ) => ["-", holder.user, "-", `${port}/${protocol}`, "-", "-", describeProgram(holder)]);
  const troubles = new Set(services.map(({ trouble }) => trouble));
  return textTable([HEADER, ...services.flatMap(serviceRows), ...strangers]) +
    [...troubles].map(warning).join("");
}

/** One service's own page. */
export function serviceTable(service: BookService): string {
  return textTable([HEADER, ...serviceRows(service)].map((row) => row.slice(2))) +
    warning(service.trouble);
}

/** The line below a table that says what it lacks. */
function warning(trouble: string | null): string {
  return trouble === null ? "" : visibleLines(`warning: ${trouble}\n`);
}

function serviceRows({ service, user, ranges, ports, trouble }: BookService): string[][] {
  const range = ranges === null ? "any" : ranges.map(formatPortRange).join(", ") || "none";
  if (ports.length === 0) return [[service, user, range, "-", "-", "-", "-"]];
  return ports.map((port, at) => [
    ...(at === 0 ? [service, user, range] : ["", "", ""]),
    `${port.port}/${port.protocol}`,
    port.urls.join(", ") || "-",
    trouble === null ? containers(port) : "?",
    listening(port, user),
  ]);
}

function containers({ containers, wanted }: BookPort): string {
  const names = containers.map(({ name, state }) =>
    state === "running" ? name : `${name} ${state}`
  );
  return names.join(", ") || (wanted ? "gone" : "-");
}

function listening({ listening, stranger }: BookPort, user: string): string {
  if (listening.length === 0) return "nobody";
  const programs = listening.map((holder) =>
    describeProgram(holder) + (holder.user === user ? "" : ` of user ${holder.user}`)
  );
  return programs.join(", ") + (stranger ? ": not this service's" : "");
}

function describeProgram({ program, pid }: Holder): string {
  return program === null ? "a process that pgod may not see" : `${program} (process ${pid})`;
}

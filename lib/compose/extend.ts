/**
 * `extends`: a service takes another one, of this file or of another, as what it is merged over.
 * @module
 */
import { posix } from "node:path";
import type { Budget } from "./budget.ts";
import { readDocument } from "./document.ts";
import type { Files } from "./files.ts";
import type { Variables } from "./interpolate.ts";
import { mergeService } from "./merge.ts";
import { isTable, keyOf, type Node, rekey, type Table, weigh, withContent } from "./node.ts";
import type { Reader } from "./reader.ts";

/** How long a chain of `extends` may be. */
const CHAIN = 30;

/** Where services are looked up. */
interface Scope {
  file: string;
  services: Table;
}

/** Resolves `extends` of services; one object reads each file once. */
export class Extender {
  readonly #read = new Map<string, Table>();

  constructor(
    readonly files: Files,
    readonly reader: Reader,
    readonly variables: Variables,
    readonly budget: Budget,
  ) {}

  /** The services of `scope` with what they extend merged in. */
  async services(scope: Scope): Promise<Table> {
    const resolved = new Map<string, Node>();
    for (const name of scope.services.keys()) {
      const node = await this.#resolve(scope, name, []);
      if (!node) continue;
      const same = node === scope.services.get(name);
      resolved.set(name, same ? node : rekey(node, keyOf("services", name)));
    }
    return resolved;
  }

  async #resolve(scope: Scope, name: string, chain: readonly string[]): Promise<Node | undefined> {
    const node = scope.services.get(name);
    const extended = isTable(node?.content) ? node.content.get("extends") : undefined;
    if (!node || !isTable(node.content) || !extended || extended.content === null) return node;
    const id = `${scope.file} ${name}`;
    const own = new Map(node.content);
    own.delete("extends");
    const alone = withContent(node, own);
    if (extended.tag === "reset") return alone;
    if (chain.includes(id) || chain.length > CHAIN) {
      this.reader.problem(extended, `${name} extends itself in a circle`);
      return alone;
    }
    const table = typeof extended.content === "string"
      ? new Map([["service", extended]])
      : this.reader.tableOf(extended, ["service", "file"]);
    const wanted = this.reader.text(table.get("service"));
    const file = this.reader.text(table.get("file"));
    if (wanted === undefined) {
      this.reader.problem(extended, "says no service, expected the name of one");
      return alone;
    }
    const other = file === undefined
      ? scope
      : await this.#open(table.get("file") ?? extended, file);
    if (!other) return alone;
    if (!other.services.has(wanted)) {
      this.reader.problem(
        extended,
        `there is no service ${JSON.stringify(wanted)} in ${other.file}`,
      );
      return alone;
    }
    const base = await this.#resolve(other, wanted, [...chain, id]);
    if (base) this.budget.takeValues(weigh(base));
    return base ? mergeService(base, alone) : alone;
  }

  async #open(node: Node, written: string): Promise<Scope | undefined> {
    const file = this.files.locate(node, written);
    if (file === undefined) return undefined;
    let services = this.#read.get(file);
    if (!services) {
      const text = await this.files.open(file, node);
      if (text === undefined) return undefined;
      const options = {
        file,
        base: posix.dirname(file),
        variables: this.variables,
        budget: this.budget,
      };
      const document = readDocument(text, options, this.reader.report);
      services = this.reader.table(this.reader.table(document).get("services"));
      this.#read.set(file, services);
    }
    return { file, services };
  }
}

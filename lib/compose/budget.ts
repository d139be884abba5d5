/**
 * How much one compose file may become: aliases, merges, includes and variables can make much out of little.
 * @module
 */

/** Thrown when it becomes too much; one line. */
export class TooMuch extends Error {}

/** Values of all files together, once everything is merged in. */
const VALUES = 20_000;
/** Characters of all files read and all texts made of them. */
const CHARACTERS = 8 * 1024 * 1024;
/** Projects that includes lead to, however often each. */
const PROJECTS = 100;

/** What is left; one object for all that belongs to one revision. */
export class Budget {
  #values = VALUES;
  #characters = CHARACTERS;
  #projects = PROJECTS;

  /** Uses up values. @throws {TooMuch} */
  takeValues(count: number): void {
    this.#values -= count;
    if (this.#values < 0) throw new TooMuch(`has more than ${VALUES} values once all is merged in`);
  }

  /** Uses up characters. @throws {TooMuch} */
  takeCharacters(count: number): void {
    this.#characters -= count;
    if (this.#characters < 0) throw new TooMuch(`comes to more than ${CHARACTERS} characters`);
  }

  /** Uses up a project. @throws {TooMuch} */
  takeProject(): void {
    if (--this.#projects < 0) throw new TooMuch(`includes more than ${PROJECTS} files`);
  }
}

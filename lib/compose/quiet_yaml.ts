/**
 * The YAML library asks the environment for LOG_TOKENS at every token it reads: with Deno that takes as long as
 * reading it, and a permission. Nothing of PGO reads its environment through Node's process.
 * @module
 */
import process from "node:process";

process.env = {};

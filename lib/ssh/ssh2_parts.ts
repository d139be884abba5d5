/**
 * The parts of ssh2 that a server needs; its client and HTTP agents would be loaded for nothing.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import keygen from "ssh2/lib/keygen.js";
import keys from "ssh2/lib/protocol/keyParser.js";
import server from "ssh2/lib/server.js";

// They are what ssh2 exports under these names, without types of their own.
export const Server: typeof ssh2.Server = server;
export const parseKey: typeof ssh2.utils.parseKey = keys.parseKey;
export const generateKeyPairSync: typeof ssh2.utils.generateKeyPairSync =
  keygen.generateKeyPairSync;

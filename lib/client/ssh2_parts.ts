/**
 * The parts of ssh2 that a client needs. Its server, key maker and HTTP agents would be loaded for nothing, each
 * time pgoctl starts.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import agent from "ssh2/lib/agent.js";
import client from "ssh2/lib/client.js";
import keys from "ssh2/lib/protocol/keyParser.js";

// They are what ssh2 exports under these names, without types of their own.
export const Client: typeof ssh2.Client = client;
export const BaseAgent: typeof ssh2.BaseAgent = agent.BaseAgent;
export const OpenSSHAgent: typeof ssh2.OpenSSHAgent = agent.OpenSSHAgent;
export const parseKey: typeof ssh2.utils.parseKey = keys.parseKey;

#!/usr/bin/env node
/**
 * The program. Node compiles what it loads once and keeps it, since a command
 * that gives a token should cost little more than the token.
 */
import { enableCompileCache } from "node:module"
import { homedir, platform } from "node:os"
import { isAbsolute, join } from "node:path"

// A directory of this person's own: what is compiled is run, and the one for temporary files is everybody's.
const { LOCALAPPDATA: local = "", XDG_CACHE_HOME: cache = "" } = process.env
const [named, ...otherwise] = platform() === "win32" ? [local, "AppData", "Local"] as const : [cache, ".cache"] as const
enableCompileCache(join(isAbsolute(named) ? named : join(homedir(), ...otherwise), "effect-oauth", "node"))
await import("./Process.ts")

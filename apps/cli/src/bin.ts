#!/usr/bin/env node
/**
 * The program. Node compiles what it loads once and keeps it, since a command
 * that gives a token should cost little more than the token.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
await import("./Process.ts")

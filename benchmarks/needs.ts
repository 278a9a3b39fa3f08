// What contenders need beside their own process: started by the bench, and found by a contender in its environment.
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as readline from "node:readline"
import * as PostgresServer from "../packages/postgres/test/support/PostgresServer.ts"
import type { Need } from "./Workload.ts"

/** A running need: where it is, and what ends it. */
export interface Started {
  readonly at: string
  readonly stop: () => Promise<void> | void
}

/** Starts a need; `undefined` where this machine does not have it. */
export const start: Readonly<Record<Need, () => Promise<Started | undefined>>> = {
  published: async () => {
    const { publish } = await import("../scripts/published.ts")
    return { at: await publish(), stop: () => {} }
  },
  server: async () => {
    const child = spawn(process.execPath, ["--no-warnings", path.join(import.meta.dirname, "server.ts")], {
      stdio: ["pipe", "pipe", "inherit"]
    })
    for await (const line of readline.createInterface(child.stdout)) {
      return { at: `http://127.0.0.1:${line}`, stop: () => void child.kill() }
    }
    return undefined
  },
  postgres: async () => {
    if (PostgresServer.missing() !== undefined) return undefined
    const server = await PostgresServer.launch({
      settings: {
        autovacuum: "off", // its pages would be counted with a renewal's
        fsync: "off",
        max_connections: "200",
        shared_buffers: "512MB",
        checkpoint_timeout: "1h"
      }
    })
    return { at: server.url, stop: server.dispose }
  },
  redis: async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "bench-redis-"))
    const socket = path.join(directory, "redis.sock")
    const settings = ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", "", "--appendonly", "yes"]
    const child = spawn("redis-server", settings, { stdio: "ignore" })
    const failed = once(child, "error").then(() => "failed" as const)
    const stop = () => {
      child.kill()
      fs.rmSync(directory, { recursive: true, force: true })
    }
    for (let tries = 0; tries < 100; tries++) {
      const answers = await Promise.race([failed, canConnect(socket)])
      if (answers === "failed") break
      if (answers) return { at: socket, stop }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    stop()
    return undefined
  }
}

/** The name under which a contender finds a need in its environment. */
export const variable = (need: Need): string => `BENCH_${need.toUpperCase()}`

/** Where a need is, for a contender that has it. */
export const at = (need: Need): string => {
  const place = process.env[variable(need)]
  if (place === undefined) throw new Error(`${need} is not started`)
  return place
}

/** What the server has seen of token requests since the last count. */
export interface Seen {
  readonly asked: number
  /** The most that there were at once. */
  readonly most: number
  /** Milliseconds from the first to the last answer. */
  readonly ms: number
}

/** Counts the token requests of the server since the last count. */
export const count = async (): Promise<Seen> => {
  const response = await fetch(`${at("server")}/count`, { method: "POST" })
  return response.json() as Promise<Seen>
}

const canConnect = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = net.connect(socket, () => {
      client.destroy()
      resolve(true)
    }).once("error", () => resolve(false))
  })

/** A real Redis for tests: in a folder of its own, on a socket in it, durable, and ended with the scope. */
import { NodeRedis } from "@effect/platform-node"
import { Context, Effect, Layer, Schedule, type Scope } from "effect"
import type { Redis } from "effect/persistence"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

/** Whether there is a server to start and stop. */
export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0

/** Whether there is a Redis at all. */
export const isAvailable = isInstalled || process.env["REDIS_URL"] !== undefined

if (!isInstalled) {
  process.stderr.write(
    `There is no redis-server on the PATH: its tests ${
      isAvailable ? "run against REDIS_URL, but for those that start and stop it" : "are skipped"
    }.\n`
  )
}

export class RedisServer extends Context.Service<RedisServer, {
  /** Where it listens: an address, or the path of a socket. */
  readonly at: { readonly url: string } | { readonly path: string }
  /** Ends the server in order, or at once. */
  readonly stop: (signal?: NodeJS.Signals) => Effect.Effect<void>
  /** Starts it again, with what it kept. */
  readonly start: Effect.Effect<void>
  /** Copies what it keeps, and gives what puts the copy back. */
  readonly backup: Effect.Effect<Effect.Effect<void>>
}>()("test/RedisServer") {}

export const layer: Layer.Layer<RedisServer> = Layer.effect(RedisServer, Effect.suspend(() => make([])))

/** The only node of a cluster, which refuses keys that belong to different nodes. */
export const layerCluster: Layer.Layer<RedisServer> = Layer.effect(
  RedisServer,
  Effect.suspend(() => make(["--cluster-enabled", "yes"]))
)

/** A server that is not ours, where there is none to start. */
export const layerAny: Layer.Layer<RedisServer> = isInstalled
  ? layer
  : Layer.succeed(RedisServer, {
    at: { url: process.env["REDIS_URL"] ?? "" },
    start: Effect.void,
    stop: () => Effect.void,
    backup: Effect.succeed(Effect.void)
  })

/** A client of its own: the `Redis` of one process. */
export const client = (
  options?: { readonly path?: string; readonly disableOfflineQueue?: boolean; readonly socketTimeout?: number }
): Layer.Layer<Redis.Redis | NodeRedis.NodeRedis, never, RedisServer> =>
  Layer.unwrap(Effect.map(RedisServer, (server) => {
    const at = options?.path === undefined ? server.at : { path: options.path }
    return Layer.provideMerge(
      prompt,
      NodeRedis.layer({
        ...("url" in at ? at : {}),
        disableOfflineQueue: options?.disableOfflineQueue ?? false,
        ...(options?.socketTimeout === undefined ? {} : { pingInterval: options.socketTimeout / 3 }),
        socket: {
          ...("path" in at ? at : {}),
          ...(options?.socketTimeout === undefined ? {} : { socketTimeout: options.socketTimeout }),
          reconnectStrategy: (retries) => Math.min(20 * 2 ** retries, 200)
        }
      })
    ).pipe(Layer.orDie)
  }))

// by itself the client closes when everything that it has sent or queued is answered, which may never be
const prompt = Layer.effectDiscard(Effect.gen(function*() {
  const { client } = yield* NodeRedis.NodeRedis
  yield* Effect.addFinalizer(() => Effect.sync(() => client.destroy()))
}))

/** A way to the server that can be cut. */
export const proxy = Effect.gen(function*() {
  const { at } = yield* RedisServer
  const to = "path" in at ? at.path : ""
  const path = `${to}.proxy`
  const sockets = new Set<Net.Socket>()
  const destroy = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = Net.createServer((socket) => {
    const upstream = Net.connect(to)
    for (const each of [socket, upstream]) {
      sockets.add(each)
      each.on("error", () => {})
      each.on("close", () => {
        sockets.delete(each)
        socket.destroy()
        upstream.destroy()
      })
    }
    socket.pipe(upstream)
    upstream.pipe(socket)
  })
  /** Lets connections through again, and new ones. */
  const mend = Effect.callback<void>((resume) => {
    destroy()
    if (server.listening) return resume(Effect.void)
    server.listen(path, () => resume(Effect.void))
  })
  /** Breaks all connections, and refuses new ones. */
  const cut = Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    destroy()
  })
  /** Lets nothing through, and tells nobody. */
  const stall = Effect.sync(() => {
    for (const socket of sockets) socket.unpipe().pause()
  })
  yield* Effect.acquireRelease(mend, () => cut)
  return { path, cut, mend, stall }
})

const make = Effect.fnUntraced(function*(
  more: ReadonlyArray<string>
): Effect.fn.Return<RedisServer["Service"], never, Scope.Scope> {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "redis-"))),
    (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
  )
  const path = Path.join(directory, "redis.sock")
  let child: ChildProcess | undefined

  const start = Effect.gen(function*() {
    const settings = [
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
      "--maxmemory-policy",
      "noeviction",
      "--save",
      ""
    ]
    child = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--dir", directory].concat(settings, more), {
      stdio: "ignore"
    })
    children.add(child)
    yield* answers(path).pipe(
      Effect.filterOrFail((isReady) => isReady),
      Effect.retry(Schedule.spaced("20 millis")),
      Effect.timeout("10 seconds"),
      Effect.orDie
    )
  })
  const stop = (signal: NodeJS.Signals = "SIGTERM") =>
    Effect.callback<void>((resume) => {
      const running = child
      child = undefined
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return resume(Effect.void)
      running.once("exit", () => {
        children.delete(running)
        resume(Effect.void)
      })
      running.kill(signal)
    })
  const kept = Path.join(directory, "appendonlydir")
  const backup = Effect.gen(function*() {
    yield* stop()
    Fs.cpSync(kept, `${kept}.copy`, { recursive: true })
    yield* start
    return Effect.gen(function*() {
      yield* stop("SIGKILL")
      Fs.rmSync(kept, { recursive: true })
      Fs.renameSync(`${kept}.copy`, kept)
      yield* start
    })
  })

  yield* Effect.acquireRelease(start, () => stop("SIGKILL"))
  return RedisServer.of({
    at: { path },
    start,
    stop,
    backup
  })
})

// a run that is given up leaves no servers behind
const children = new Set<ChildProcess>()
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")))

/** Whether the server at a path answers, and has read what it kept. */
const answers = (path: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = Net.connect(path, () => socket.write("PING\r\n"))
    const settle = (isReady: boolean) => {
      socket.destroy()
      resume(Effect.succeed(isReady))
    }
    socket.once("data", (data) => settle(data.toString().startsWith("+PONG")))
    socket.once("error", () => settle(false))
  })

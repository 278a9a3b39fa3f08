/** The stores of a run: how each is started, and broken. */
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as RedisServer from "../../packages/core/test/support/RedisServer.ts"
import * as PostgresServer from "../../packages/postgres/test/support/PostgresServer.ts"
import * as Proxy from "./Proxy.ts"
import { processes, stall } from "./Settings.ts"
import { type Kind, layer, type Way } from "./Way.ts"

/** A store that can be broken. */
export interface Store {
  /** The way of each process, by its place. */
  readonly ways: ReadonlyArray<Way>
  /** The way of the harness, which nothing disturbs. */
  readonly direct: Way
  /** As whom processes run, where not as the harness. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Lets processes have what the harness has put there. */
  readonly handOver: Effect.Effect<void>
  /** Takes the store away, in one of its manners. */
  readonly down: (chance: number) => Effect.Effect<void>
  readonly up: Effect.Effect<void>
  /** Cuts the way of a process, or lets it stand still. */
  readonly disturb: (place: number, chance: number) => Effect.Effect<void>
}

/** Why a kind of store cannot be tried here; nothing where it can. */
export const missing = (kind: Kind): string | undefined => {
  switch (kind) {
    case "postgres":
      return PostgresServer.missing()
    case "redis":
      return RedisServer.isInstalled ? undefined : "there is no redis-server on the PATH"
    case "file":
      return undefined
  }
}

/** Starts a store, to be ended with the scope. */
export const make = (kind: Kind): Effect.Effect<Store, never, Scope.Scope> => makers[kind]

const throughProxies = Effect.fnUntraced(function*(kind: Kind, to: number | string) {
  const proxies = yield* Effect.all(Array.from({ length: processes + 1 }, () => Proxy.make(to)))
  const ways = proxies.map(({ port }): Way => ({ kind, port }))
  const [direct = { kind }, ...others] = ways
  return {
    direct,
    ways: others,
    handOver: Effect.void,
    disturb: (place: number, chance: number) => {
      const proxy = proxies[place + 1]
      if (proxy === undefined) return Effect.void
      return chance < 0.5
        ? proxy.cut
        : proxy.stall(stall.shortest + (chance - 0.5) * 2 * (stall.longest - stall.shortest))
    }
  }
})

const makers: Readonly<Record<Kind, Effect.Effect<Store, never, Scope.Scope>>> = {
  postgres: Effect.gen(function*() {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => PostgresServer.launch({ settings: { fsync: "on", max_connections: "200" } })),
      (server) => Effect.promise(server.dispose)
    )
    yield* PostgresTokenStore.migrate().pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(server.url) })),
      Effect.orDie
    )
    return {
      ...(yield* throughProxies("postgres", server.port)),
      // half of the time as in a crash
      down: (chance) => Effect.promise(() => chance < 0.5 ? server.crash() : server.stop()),
      up: Effect.promise(server.start)
    }
  }),

  redis: Effect.gen(function*() {
    const server = Context.get(yield* Layer.build(RedisServer.layer), RedisServer.RedisServer)
    return {
      ...(yield* throughProxies("redis", "path" in server.at ? server.at.path : "")),
      down: (chance) => server.stop(chance < 0.5 ? "SIGKILL" : "SIGTERM"),
      up: server.start
    }
  }),

  file: Effect.gen(function*() {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-oauth-chaos-"))),
      (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
    )
    const grants = Path.join(directory, "grants")
    const lock = Path.join(grants, "lock.sqlite")
    yield* Effect.scoped(Layer.build(layer({ kind: "file", directory })))
    let release = Effect.void
    return {
      ...(other === undefined ? {} : { user: other }),
      handOver: Effect.sync(() => {
        if (other === undefined) return
        const names = Fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
        for (const name of ["", ...names]) Fs.chownSync(Path.join(directory, name), other.uid, other.gid)
      }),
      direct: { kind: "file", directory },
      ways: Array.from({ length: processes }, () => ({ kind: "file", directory })),
      down: (chance) =>
        Effect.gen(function*() {
          release = yield* chance < 0.5 && canClose ? closed(grants) : locked(lock)
        }),
      up: Effect.suspend(() => release),
      disturb: (_, chance) =>
        Effect.gen(function*() {
          const open = yield* locked(lock)
          yield* Effect.sleep(stall.shortest * chance)
          yield* open
        })
    }
  })
}

/** For root nothing is closed: its processes run as `nobody`, if that one may read what they consist of. */
const other = ((): Store["user"] => {
  if (process.getuid?.() !== 0) return undefined
  const [, , uid, gid] = /^nobody:.*$/m.exec(Fs.readFileSync("/etc/passwd", "utf8"))?.[0].split(":") ?? []
  const user = { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
  const { status } = spawnSync(process.execPath, ["-e", `require("fs").readFileSync("${import.meta.filename}")`], user)
  return status === 0 ? user : undefined
})()

const canClose = process.platform !== "win32" && (process.getuid?.() !== 0 || other !== undefined)

// Nobody may enter a directory; gives what opens it again.
const closed = (directory: string): Effect.Effect<Effect.Effect<void>> =>
  Effect.sync(() => {
    if (other !== undefined) Fs.chownSync(directory, 0, 0)
    else Fs.chmodSync(directory, 0o000)
    return Effect.sync(() => {
      if (other !== undefined) Fs.chownSync(directory, other.uid, other.gid)
      else Fs.chmodSync(directory, 0o700)
    })
  })

// Holds the lock of a file store; gives what lets go of it.
const locked = (file: string): Effect.Effect<Effect.Effect<void>> =>
  Effect.suspend(() => {
    const database = new DatabaseSync(file, { timeout: 0 })
    const free = Effect.sync(() => database.close())
    return Effect.try({
      try: () => database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE"),
      catch: () => "busy"
    }).pipe(
      // a process is in the section; the next attempt finds it free
      Effect.retry({ times: 100, schedule: Schedule.spaced("1 millis") }),
      Effect.match({ onFailure: () => free, onSuccess: () => free })
    )
  })

import { TokenStore } from "@effect-oauth/core"
import { FileTokenStore } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { directory } from "./fixtures/directory.ts"
import { draft, key } from "./fixtures/grants.ts"
import { start } from "./fixtures/processes.ts"

describe("FileTokenStore between processes", () => {
  it.live("loses none of 8 times 20 increments", () =>
    Effect.gen(function*() {
      const path = yield* directory

      const processes = yield* Effect.forEach(Array.from({ length: 8 }), () =>
        start("fileStore.ts", [path, "increment", "20"]))
      const lines = yield* Effect.forEach(processes, ({ line }) =>
        line, { concurrency: "unbounded" })

      assert.deepStrictEqual(lines, Array.from({ length: 8 }, () => "20"))
      assert.strictEqual((yield* standing(path))?.serial, 160)
    }))

  it.live("shows no reader a torn record", () =>
    Effect.gen(function*() {
      const path = yield* directory

      const readers = yield* Effect.forEach([1, 2], () => start("fileStore.ts", [path, "read", "60"]))
      yield* start("fileStore.ts", [path, "churn", "60"])

      assert.deepStrictEqual(yield* Effect.forEach(readers, ({ line }) => line), ["whole", "whole"])
    }))

  it.live("goes on when the holder of the lock is killed, though it wanted it for a minute", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = yield* open(path)
      const holder = yield* holdLock(path, 60_000)

      holder.process.kill("SIGKILL")
      yield* holder.exited
      const outcome = yield* store.write(undefined, draft({}))

      assert.isTrue(outcome.accepted)
      assert.deepStrictEqual(names(path).filter((name) => name.includes("journal")), [])
    }))

  it.live("never has two holders, though one is stopped for longer than anybody waits", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = yield* open(path)
      // it is stopped long before it would leave by itself
      const stopped = yield* holdLock(path, 5_000)
      stopped.process.kill("SIGSTOP")

      const refused = yield* Effect.flip(store.write(undefined, draft({})))
      const reading = yield* store.read(key())
      const waiting = yield* start("../internal/lockHolder.ts", lockArguments(path, 100))
      stopped.process.kill("SIGCONT")
      yield* stopped.exited
      yield* waiting.exited

      assert.strictEqual(refused.message, "FileTokenStore.write: The store (file) is not available (locked)")
      assert.isUndefined(reading.grant)
      assert.deepStrictEqual(log(path), [
        `+${stopped.process.pid}`,
        `-${stopped.process.pid}`,
        `+${waiting.process.pid}`,
        `-${waiting.process.pid}`
      ])
    }))

  it.live("keeps the old record when a writer is killed before the rename", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = yield* open(path)
      const before = yield* store.write(undefined, draft({ serial: 1 }))

      const writer = yield* start("fileStore.ts", [path, "write", "2"], faulty("killed before the rename"))
      const signal = yield* writer.exited
      const after = yield* store.read(key())

      assert.strictEqual(signal, "SIGKILL")
      assert.deepStrictEqual(after.grant, before.grant)
      assert.strictEqual(names(path).filter((name) => name.endsWith(".tmp")).length, 1)
      assert.isTrue((yield* store.write(before.grant?.version, draft({ serial: 3 }))).accepted)
    }))

  it.live("has the new record when a writer is killed after the rename", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = yield* open(path)
      yield* store.write(undefined, draft({ serial: 1 }))

      const writer = yield* start("fileStore.ts", [path, "write", "2"], faulty("killed after the rename"))
      yield* writer.exited

      assert.strictEqual((yield* store.read(key())).grant?.serial, 2)
    }))

  for (const [fault, code] of [["the disk is full", "ENOSPC"], ["a file cannot be synced", "EIO"]] as const) {
    it.live(`fails and keeps the old record when ${fault}`, () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        const before = yield* store.write(undefined, draft({ serial: 1 }))

        const writer = yield* start("fileStore.ts", [path, "write", "2"], faulty(fault))
        const line = yield* writer.line

        assert.strictEqual(line, `FileTokenStore.write: The store (file) is not available (${code})`)
        assert.deepStrictEqual((yield* store.read(key())).grant, before.grant)
        assert.deepStrictEqual(names(path).filter((name) => name.endsWith(".tmp")), [])
      }))
  }

  it.live("fails when the folder cannot be synced", () =>
    Effect.gen(function*() {
      const path = yield* directory
      yield* open(path)

      const writer = yield* start("fileStore.ts", [path, "write", "2"], faulty("the folder cannot be synced"))

      assert.strictEqual(yield* writer.line, "FileTokenStore.write: The store (file) is not available (EIO)")
    }))

  it.live.skipIf(process.getuid?.() !== 0)(
    "fails with EACCES in the directory of somebody else",
    () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* open(path)
        Fs.chmodSync(path, 0o755)

        const other = yield* start("fileStore.ts", [path, "write", "2"], {
          env: { ...process.env, AS_USER: "65534" }
        })

        assert.strictEqual(yield* other.line, "FileTokenStore.make: The store (file) is not available (EACCES)")
      })
  )
})

const open = (directory: string) =>
  FileTokenStore.layer({ directory }).pipe(
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.build,
    Effect.map(Context.get(TokenStore.TokenStore))
  )

const standing = (path: string) =>
  Effect.flatMap(open(path), (store) => Effect.map(store.read(key()), ({ grant }) => grant))

const names = (path: string): ReadonlyArray<string> => Fs.readdirSync(Path.join(path, "grants"))

const faulty = (fault: string) => ({ preload: "fault.ts", env: { ...process.env, FAULT: fault } })

const lockArguments = (path: string, stay: number): ReadonlyArray<string> => [
  Path.join(path, "grants", "lock.sqlite"),
  Path.join(path, "log"),
  String(stay)
]

const holdLock = (path: string, stay: number) =>
  Effect.tap(
    start("../internal/lockHolder.ts", lockArguments(path, stay)),
    ({ line }) => Effect.map(line, (said) => assert.strictEqual(said, "held"))
  )

const log = (path: string): ReadonlyArray<string> => Fs.readFileSync(Path.join(path, "log"), "utf8").trim().split("\n")

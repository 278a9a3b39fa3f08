import { Escrow, Grant, Keyring } from "@effect-oauth/core"
import { FileEscrow } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { directory } from "./fixtures/directory.ts"
import { draft, key } from "./fixtures/grants.ts"

describe("FileEscrow", () => {
  it.effect("gives back what an earlier process left, until it is withdrawn", () =>
    Effect.gen(function*() {
      const path = yield* directory
      yield* Effect.flatMap(open(path), (escrow) => escrow.deposit(entry("a")))
      const escrow = yield* open(path)

      const kept = yield* escrow.entries
      yield* escrow.withdraw(entry("a"))

      assert.deepStrictEqual(kept, [entry("a")])
      assert.deepStrictEqual(yield* escrow.entries, [])
    }))

  it.effect("keeps one entry for the same write", () =>
    Effect.gen(function*() {
      const escrow = yield* open(yield* directory)
      for (const account of ["a", "a", "b"]) yield* escrow.deposit(entry(account))

      assert.strictEqual((yield* escrow.entries).length, 2)
    }))

  it.effect("keeps its files from others", () =>
    Effect.gen(function*() {
      const path = yield* directory
      yield* Effect.flatMap(open(path), (escrow) => escrow.deposit(entry("a")))

      assert.strictEqual(Fs.statSync(Path.join(path, "escrow")).mode & 0o777, 0o700)
      assert.strictEqual(Fs.statSync(file(path)).mode & 0o777, 0o600)
    }))

  it.effect("passes over a file that is no entry and leaves it", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const escrow = yield* open(path)
      yield* escrow.deposit(entry("a"))
      Fs.writeFileSync(file(path), "{")
      yield* escrow.deposit(entry("b"))

      assert.deepStrictEqual(yield* escrow.entries, [entry("b")])
      assert.strictEqual(Fs.readdirSync(Path.join(path, "escrow")).length, 2)
    }))

  it.effect("is RecordInvalid, and writes nothing, where an entry is no write of a record [I12]", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const { grant, ...rest } = entry("a")
      const none = { ...rest, grant: { ...grant, serial: Number.NaN } }

      for (const escrow of [yield* open(path), yield* openSealed(path, 1)]) {
        const { reason } = yield* Effect.flip(escrow.deposit(none))
        assert.deepStrictEqual(reason._tag === "RecordInvalid" && reason.during, "write")
      }
      assert.deepStrictEqual(Fs.readdirSync(Path.join(path, "escrow")), [])
    }))

  describe("layerSealed", () => {
    it.effect("gives back what was sealed with its key", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(openSealed(path, 1), (escrow) => escrow.deposit(entry("a")))

        assert.deepStrictEqual(yield* Effect.flatMap(openSealed(path, 1), ({ entries }) => entries), [entry("a")])
      }))

    it.effect("writes nothing in clear", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(openSealed(path, 1), (escrow) => escrow.deposit(entry("account-a")))

        const text = Fs.readFileSync(file(path), "utf8")
        for (const clear of ["access-secret", "refresh-1", "account-a"]) assert.notInclude(text, clear)
      }))

    it.effect("passes over, and keeps, an entry under another key or none, and gives the others", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(openSealed(path, 1), (escrow) => escrow.deposit(entry("a")))
        yield* Effect.flatMap(openSealed(path, 2), (escrow) => escrow.deposit(entry("b")))
        yield* Effect.flatMap(open(path), (escrow) => escrow.deposit(entry("c")))

        const accounts = (escrow: Escrow.Escrow["Service"]) =>
          Effect.map(
            escrow.entries,
            (entries) => entries.map(({ grant }) => grant.key.split("|")[3] ?? "").toSorted(compare)
          )

        assert.deepStrictEqual(yield* Effect.flatMap(openSealed(path, 1), accounts), ["a", "c"])
        assert.deepStrictEqual(yield* Effect.flatMap(openSealed(path, 2), accounts), ["b", "c"])
        assert.deepStrictEqual(yield* Effect.flatMap(open(path), accounts), ["c"])
      }))

    it.effect("opens what an older key of the keyring has sealed", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(openSealed(path, 1), (escrow) => escrow.deposit(entry("a")))

        const kept = yield* Effect.flatMap(openSealed(path, 2, 1), ({ entries }) => entries)

        assert.deepStrictEqual(kept, [entry("a")])
      }))

    it.effect("opens no entry that was moved to another's place", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const escrow = yield* openSealed(path, 1)
        yield* escrow.deposit(entry("a"))
        const a = file(path)
        yield* escrow.deposit(entry("b"))
        const b = Fs.readdirSync(Path.join(path, "escrow")).map((name) => Path.join(path, "escrow", name))
          .find((name) => name !== a)
        Fs.copyFileSync(a, b ?? "")

        assert.deepStrictEqual(yield* escrow.entries, [entry("a")])
      }))

    it.effect("reads entries from before there was a key", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(open(path), (escrow) => escrow.deposit(entry("a")))

        assert.deepStrictEqual(yield* Effect.flatMap(openSealed(path, 1), ({ entries }) => entries), [entry("a")])
      }))
  })
})

const open = (directory: string) =>
  FileEscrow.layer({ directory }).pipe(
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.build,
    Effect.map(Context.get(Escrow.Escrow))
  )

/** With a keyring of these keys, of which the first seals. */
const openSealed = (directory: string, ...keys: readonly [number, ...ReadonlyArray<number>]) =>
  FileEscrow.layerSealed({ directory }).pipe(
    Layer.provide(Keyring.layer({
      current: `key-${keys[0]}`,
      keys: Object.fromEntries(
        keys.map((key) => [`key-${key}`, Redacted.make(Buffer.alloc(32, key).toString("base64"))])
      )
    })),
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.build,
    Effect.map(Context.get(Escrow.Escrow))
  )

const compare = (a: string, b: string) => a < b ? -1 : 1

const entry = (account: string): Escrow.Entry => ({
  expected: "claim",
  grant: Grant.stand(draft({ key: key(account) }), { version: "never written", now: 0 })
})

const file = (directory: string): string =>
  Path.join(directory, "escrow", Fs.readdirSync(Path.join(directory, "escrow"))[0] ?? assert.fail("there is no file"))

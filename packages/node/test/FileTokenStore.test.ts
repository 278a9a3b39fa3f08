import { EncryptedTokenStore, Keyring, TokenStore } from "@effect-oauth/core"
import { TokenStoreContract } from "@effect-oauth/core/testing"
import { FileTokenStore } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { directory } from "./fixtures/directory.ts"
import { draft, key } from "./fixtures/grants.ts"

describe("FileTokenStore", () => {
  describe("keeps the contract", () => {
    for (const law of TokenStoreContract.cases) {
      it.effect(law.name, () => Effect.flatMap(directory, (path) => Effect.provide(law.run, fileStore(path))))
    }
  })

  describe("keeps it under an EncryptedTokenStore", () => {
    const sealed = (path: string) =>
      EncryptedTokenStore.layer().pipe(
        Layer.provide([fileStore(path), Keyring.layer({ current: "a", keys: { a: Redacted.make("A".repeat(43)) } })])
      )
    for (const law of TokenStoreContract.cases) {
      it.effect(law.name, () => Effect.flatMap(directory, (path) => Effect.provide(law.run, sealed(path))))
    }
  })

  it.effect("keeps a grant for whoever opens the directory next", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const first = yield* open(path)
      const { grant } = yield* first.write(undefined, draft({ secret: "kept" }))

      const second = yield* open(path)

      assert.deepStrictEqual((yield* second.read(key())).grant, grant)
    }))

  it.effect("takes keys of any length and alphabet, one file each", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = yield* open(path)
      const accounts = ["", "../../etc/passwd", "Ärger/mit\\schrägen\0zeichen", "x".repeat(3000), "X".repeat(3000)]

      for (const account of accounts) yield* store.write(undefined, draft({ key: key(account) }))

      for (const account of accounts) assert.strictEqual((yield* store.read(key(account))).grant?.key, key(account).id)
      assert.strictEqual(records(path).length, accounts.length)
    }))

  describe("write", () => {
    it.effect("loses nothing between two stores of one process", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const one = yield* open(path)
        const other = yield* open(path)

        yield* Effect.forEach(
          [one, other].flatMap((store) => Array.from({ length: 6 }, () => store)),
          increment,
          { concurrency: "unbounded" }
        )

        assert.strictEqual((yield* one.read(key())).grant?.serial, 12)
      }))

    it.effect("makes the folder again when somebody removed it", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        Fs.rmSync(Path.join(path, "grants"), { recursive: true })

        const outcome = yield* store.write(undefined, draft({}))

        assert.isTrue(outcome.accepted)
        assert.strictEqual(Fs.statSync(Path.join(path, "grants")).mode & 0o777, 0o700)
      }))

    it.effect("leaves the old record or the new one, and nothing else, wherever it is interrupted", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        let { grant: standing } = yield* store.write(undefined, draft({ serial: 0 }))

        for (let serial = 1; serial <= 20; serial++) {
          const writer = yield* Effect.forkChild(store.write(standing?.version, draft({ serial })))
          for (let turn = 0; turn < serial; turn++) yield* turnOfEventLoop
          yield* Fiber.interrupt(writer)

          const { grant } = yield* store.read(key())
          assert.oneOf(grant?.serial, [standing?.serial, serial])
          standing = grant
        }

        assert.strictEqual(names(path).length, 2)
      }))

    it.effect("leaves no temporary file behind, won or lost", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)

        yield* Effect.forEach([1, 2, 3, 4], () => store.write(undefined, draft({})), { concurrency: "unbounded" })

        assert.deepStrictEqual(names(path).filter((name) => name.endsWith(".tmp")), [])
      }))
  })

  describe("list", () => {
    it.effect("passes over what it cannot read", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        for (const account of ["a", "b"]) yield* store.write(undefined, draft({ key: key(account) }))
        Fs.writeFileSync(record(path), "{")

        assert.strictEqual((yield* store.list({ limit: 10 })).heads.length, 1)
      }))
  })

  describe("what it cannot read", () => {
    const damage = {
      "cut in the middle": (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
      "empty": () => Buffer.alloc(0),
      "full of zeros": (bytes: Buffer) => Buffer.alloc(bytes.length),
      "not UTF-8": (bytes: Buffer) => Buffer.from(bytes.toString().replace("access-secret", "\xff"), "latin1"),
      "other JSON": () => Buffer.from("{\"access_token\":\"access-secret\"}"),
      "the record of another grant": (bytes: Buffer) =>
        Buffer.from(bytes.toString().replaceAll(key().id, key("other").id))
    }
    for (const [name, spoil] of Object.entries(damage)) {
      it.effect(`is set aside as it is, by the version that is told: ${name}`, () =>
        Effect.gen(function*() {
          const path = yield* directory
          const store = yield* open(path)
          yield* store.write(undefined, draft({}))
          const file = record(path)
          const spoiled = spoil(Fs.readFileSync(file))
          Fs.writeFileSync(file, spoiled)
          const { reason } = yield* Effect.flip(store.read(key()))

          const other = yield* store.setAside(key(), "another")
          const { accepted, place = "" } = yield* store.setAside(
            key(),
            reason._tag === "RecordInvalid" ? reason.version ?? "" : ""
          )

          assert.deepStrictEqual([other.accepted, accepted], [false, true])
          assert.deepStrictEqual(Fs.readFileSync(place), spoiled)
          assert.strictEqual(Fs.statSync(place).mode & 0o777, 0o600)
          assert.isTrue((yield* store.write(undefined, draft({}))).accepted)
        }))

      it.effect(`is RecordInvalid and stays as it is: ${name}`, () =>
        Effect.gen(function*() {
          const path = yield* directory
          const store = yield* open(path)
          yield* store.write(undefined, draft({}))
          const file = record(path)
          const spoiled = spoil(Fs.readFileSync(file))
          Fs.writeFileSync(file, spoiled)

          const errors = yield* Effect.all([
            Effect.flip(store.read(key())),
            Effect.flip(store.write(undefined, draft({}))),
            Effect.flip(store.remove(key(), "1"))
          ])

          for (const error of errors) {
            assert.strictEqual(error.reason._tag, "RecordInvalid")
            assert.include(error.message, file)
            assert.notInclude(error.message, "access-secret")
          }
          assert.deepStrictEqual(Fs.readFileSync(file), spoiled)
        }))
    }

    it.effect("does not include a newer format whose members are known", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        yield* store.write(undefined, draft({}))
        const file = record(path)
        Fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(Fs.readFileSync(file, "utf8")), format: 99, novel: [1] }))

        assert.strictEqual((yield* store.read(key())).grant?.format, 99)
      }))
  })

  describe("make", () => {
    it.effect("makes a folder and files for the owner alone", () =>
      Effect.gen(function*() {
        const path = yield* directory
        const store = yield* open(path)
        yield* store.write(undefined, draft({}))

        assert.strictEqual(Fs.statSync(Path.join(path, "grants")).mode & 0o777, 0o700)
        for (const name of names(path)) {
          assert.strictEqual(Fs.statSync(Path.join(path, "grants", name)).mode & 0o777, 0o600, name)
        }
      }))

    it.effect("narrows modes that were widened", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* Effect.flatMap(open(path), (store) => store.write(undefined, draft({})))
        Fs.chmodSync(Path.join(path, "grants"), 0o755)
        Fs.chmodSync(record(path), 0o644)

        yield* open(path)

        assert.strictEqual(Fs.statSync(Path.join(path, "grants")).mode & 0o777, 0o700)
        assert.strictEqual(Fs.statSync(record(path)).mode & 0o777, 0o600)
      }))

    it.effect("removes temporary files that nobody can be writing any more", () =>
      Effect.gen(function*() {
        const path = yield* directory
        yield* open(path)
        const old = Path.join(path, "grants", "old.tmp")
        const young = Path.join(path, "grants", "young.tmp")
        yield* TestClock.setTime(Date.UTC(2030, 0, 1))
        for (const file of [old, young]) Fs.writeFileSync(file, "")
        Fs.utimesSync(old, new Date(Date.UTC(2029, 11, 31)), new Date(Date.UTC(2029, 11, 31)))
        Fs.utimesSync(young, new Date(Date.UTC(2030, 0, 1)), new Date(Date.UTC(2030, 0, 1)))

        yield* open(path)

        assert.isFalse(Fs.existsSync(old))
        assert.isTrue(Fs.existsSync(young))
      }))

    it.effect("fails with the code when the directory cannot be had", () =>
      Effect.gen(function*() {
        const path = yield* directory
        Fs.writeFileSync(Path.join(path, "file"), "")

        const error = yield* Effect.flip(open(Path.join(path, "file")))

        assert.strictEqual(error.message, "FileTokenStore.make: The store (file) is not available (ENOTDIR)")
      }))

    it.effect("fails when the lock file is not one", () =>
      Effect.gen(function*() {
        const path = yield* directory
        Fs.mkdirSync(Path.join(path, "grants"))
        Fs.writeFileSync(Path.join(path, "grants", "lock.sqlite"), "x".repeat(4096))

        const error = yield* Effect.flip(open(path))

        assert.strictEqual(error.message, "FileTokenStore.make: The store (file) is not available (SQLITE_NOTADB)")
      }))
  })
})

const fileStore = (directory: string) => Layer.provide(FileTokenStore.layer({ directory }), SecureRandom.layerWebCrypto)

const open = (directory: string) => Effect.map(Layer.build(fileStore(directory)), Context.get(TokenStore.TokenStore))

const turnOfEventLoop = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const names = (directory: string): ReadonlyArray<string> => Fs.readdirSync(Path.join(directory, "grants"))

const records = (directory: string): ReadonlyArray<string> =>
  names(directory).filter((name) => name.endsWith(".json")).map((name) => Path.join(directory, "grants", name))

const record = (directory: string): string => records(directory)[0] ?? assert.fail("there is no record")

const increment = Effect.fnUntraced(function*(store: TokenStore.TokenStore["Service"]) {
  while (true) {
    const { grant } = yield* store.read(key())
    const outcome = yield* store.write(grant?.version, draft({ serial: (grant?.serial ?? 0) + 1 }))
    if (outcome.accepted) return
  }
})

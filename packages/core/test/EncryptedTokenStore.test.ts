import { EncryptedTokenStore, Grant, GrantKey, GrantSchema, Keyring, OAuthError, TokenStore } from "@effect-oauth/core"
import { TestCrypto, TokenStoreContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { canary, leaks } from "./support/secrets.ts"
import { after, reasonOf, valueOf, World } from "./support/World.ts"

type Store = TokenStore.TokenStore["Service"]

describe("EncryptedTokenStore", () => {
  describe("keeps the contract of a token store over memory", () => {
    for (const law of TokenStoreContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, sealing({}).pipe(Layer.provide(TokenStore.layerMemory))))
    }
  })

  describe("make", () => {
    it.effect("hands no token down, and the whole head", () =>
      Effect.gen(function*() {
        const { below, store } = yield* stores({})

        const { grant } = yield* store.write(undefined, draft({ body: body(canary) }))
        const standing = yield* below.read(key)

        assert.strictEqual(grant?.body._tag, "Open")
        assert.notInclude(JSON.stringify(json(standing.grant)), canary)
        assert.deepStrictEqual({ ...standing.grant, body: undefined }, { ...grant, body: undefined })
      }))

    it.effect("gives back the body that was written", () =>
      Effect.gen(function*() {
        const { another, store } = yield* stores({})
        const written = yield* store.write(undefined, draft({ body: body("token") }))

        const { grant } = yield* (yield* another({})).read(key)

        assert.deepStrictEqual(json(grant), json(written.grant))
      }))

    it.effect("encrypts nothing for a claim, and anew for another body", () =>
      Effect.gen(function*() {
        const { below, store } = yield* stores({})
        yield* store.write(undefined, draft({}))
        const { grant: read } = yield* store.read(key)
        const before = yield* ciphertext(below)

        const claimed = yield* store.write(read?.version, draft({ body: read?.body ?? body("") }))
        const during = yield* ciphertext(below)
        yield* store.write(claimed.grant?.version, draft({ serial: 2, body: body("next") }))

        assert.strictEqual(during, before)
        assert.notStrictEqual(yield* ciphertext(below), before)
      }))

    it.effect("seals a body anew for another serial", () =>
      Effect.gen(function*() {
        const { another, store } = yield* stores({})
        const same = body("token")
        const { grant } = yield* store.write(undefined, draft({ body: same, serial: 1 }))

        yield* store.write(grant?.version, draft({ body: same, serial: 2 }))

        assert.strictEqual((yield* (yield* another({})).read(key)).grant?.serial, 2)
      }))
  })

  describe("refuses as invalid", () => {
    const put: ReadonlyArray<
      readonly [what: string, record: (old: Grant.Grant, standing: Grant.Grant) => Partial<Grant.Draft>]
    > = [
      ["a body that was changed", (_, { body }) => ({ body: changed(body) })],
      ["an older body of the same grant", (old) => ({ body: old.body })],
      ["an older body under a serial that was raised", (old, { serial }) => ({ body: old.body, serial })],
      ["a body of an earlier login", ({ body }) => ({ body, serial: 1, lineage: "lineage-2" })],
      ["a body whose serial was raised", ({ body }) => ({ body, serial: 9 })],
      ["a body that is not sealed", () => ({ body: body("planted") })],
      ["a body that is too short", (_, { body }) => ({ body: { ...body, ciphertext: "AAAA" } as Grant.Body })]
    ]
    for (const [what, record] of put) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const { another, below, store } = yield* stores({})
          yield* store.write(undefined, draft({ serial: 1, body: body("old") }))
          const old = yield* standing(below)
          yield* store.write(old.version, draft({ serial: 2, body: body("new") }))
          const now = yield* standing(below)
          yield* below.write(now.version, { ...draft({ serial: 2 }), body: now.body, ...record(old, now) })

          const error = yield* Effect.flip((yield* another({})).read(key))

          assert.strictEqual(error.reason._tag, "RecordInvalid")
        }))
    }

    it.effect("the body of another grant", () =>
      Effect.gen(function*() {
        const { below, store } = yield* stores({})
        yield* store.write(undefined, draft({}))
        yield* store.write(undefined, draft({ key: other.id }))
        const theirs = yield* below.read(other)
        const mine = yield* standing(below)
        yield* below.write(mine.version, draft({ body: theirs.grant?.body ?? body("") }))

        const error = yield* Effect.flip(store.read(key))

        assert.strictEqual(error.reason._tag, "RecordInvalid")
      }))

    it.effect("what a lost write finds, where it is not sealed", () =>
      Effect.gen(function*() {
        const { below, store } = yield* stores({})
        yield* below.write(undefined, draft({ body: body("planted") }))

        const error = yield* Effect.flip(store.write(undefined, draft({})))

        assert.strictEqual(error.reason._tag, "RecordInvalid")
      }))
  })

  describe("where the key is not here", () => {
    const begin = Effect.fnUntraced(function*() {
      const all = yield* stores({ current: "old", keys: { old: secret(1) } })
      yield* all.store.write(undefined, draft({ leaseFor: 1000 }))
      const stranger = yield* all.another({ current: "new", keys: { new: secret(2) } })
      return { ...all, stranger, before: yield* standing(all.below) }
    })

    it.effect("a read says which", () =>
      Effect.gen(function*() {
        const { before, stranger } = yield* begin()

        const { reason } = yield* Effect.flip(stranger.read(key))

        assert.deepInclude(reason, { _tag: "KeyUnavailable", use: "seal", keyId: keyIdOf(before) })
      }))

    it.effect("a write by the version that stands fails, and overwrites nothing", () =>
      Effect.gen(function*() {
        const { before, below, stranger } = yield* begin()
        const { heads } = yield* stranger.list({ limit: 1 })

        const { reason } = yield* Effect.flip(stranger.write(heads[0]?.version, draft({ body: body("new") })))

        assert.strictEqual(reason._tag, "KeyUnavailable")
        assert.deepStrictEqual(yield* standing(below), before)
      }))

    it.effect("a write after a lost one fails too", () =>
      Effect.gen(function*() {
        const { before, below, stranger } = yield* begin()
        const lost = yield* stranger.write(undefined, draft({}))

        const { reason } = yield* Effect.flip(stranger.write(lost.grant?.version, draft({})))

        assert.strictEqual(reason._tag, "KeyUnavailable")
        assert.deepStrictEqual(yield* standing(below), before)
      }))

    it.effect("a lost write is told that it lost, and gets the body as it is", () =>
      Effect.gen(function*() {
        const { before, stranger } = yield* begin()

        const outcome = yield* stranger.write(undefined, draft({}))

        assert.isFalse(outcome.accepted)
        assert.deepStrictEqual(outcome.grant, before)
      }))

    it.effect("a record can be removed", () =>
      Effect.gen(function*() {
        const { before, below, stranger } = yield* begin()

        const outcome = yield* stranger.remove(key, before.version)

        assert.isTrue(outcome.accepted)
        assert.isUndefined((yield* below.read(key)).grant)
      }))

    it.effect("nothing in an error is secret", () =>
      Effect.gen(function*() {
        const { another, store } = yield* stores({ current: "old", keys: { old: secret(1) } })
        yield* store.write(undefined, draft({ body: body(canary) }))
        const stranger = yield* another({ current: "new", keys: { new: secret(2) } })

        const errors = yield* Effect.forEach(
          [stranger.read(key), stranger.write("1", draft({ body: body(canary) }))],
          (effect) => Effect.flip(Effect.asVoid(effect))
        )

        for (const error of errors) assert.deepStrictEqual(leaks(error), [])
      }))
  })

  describe("in the hands of a service", () => {
    it.effect("renews with the token that was sealed", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ custody: sealing({}) })
        yield* world.login(process)
        yield* TestClock.adjust("2 hours")

        const exit = yield* after(process.service.token(world.key()))
        const { grant } = yield* world.standing()

        assert.strictEqual(valueOf(exit), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
        assert.strictEqual(grant?.body._tag, "Sealed")
      }))

    it.effect("renews on both sides of a change of keys", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const keys = { old: secret(1), new: secret(2) }
        const before = yield* world.process({ custody: sealing({ current: "old", keys }) })
        const now = yield* world.process({ custody: sealing({ current: "new", keys }) })
        yield* world.login(before)

        const values = yield* Effect.forEach([now, before, now, before], ({ service }) =>
          Effect.andThen(TestClock.adjust("2 hours"), Effect.map(after(service.token(world.key())), valueOf)))

        assert.deepStrictEqual(values, ["access-1", "access-2", "access-3", "access-4"])
      }))

    it.effect("neither logs in over, nor revokes, nor forgets a grant whose key is not here", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* world.login(yield* world.process({ custody: sealing({ current: "old", keys: { old: secret(1) } }) }))
        const before = yield* world.standing()
        const stranger = yield* world.process({ custody: sealing({ current: "new", keys: { new: secret(2) } }) })

        const exits = yield* Effect.forEach(
          [
            world.login(stranger),
            stranger.service.revoke(world.key()),
            stranger.service.forget(world.key()),
            stranger.service.ended(world.key()),
            stranger.service.refresh(world.key())
          ],
          (effect) => after(Effect.asVoid(effect), "1 minute")
        )

        assert.deepStrictEqual(exits.map(reasonOf), exits.map(() => "KeyUnavailable"))
        assert.deepStrictEqual((yield* world.standing()).grant, before.grant)
      }))

    it.effect("lets a holder learn that it was overtaken by a process with a newer key", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "10 seconds" })
        const holder = yield* world.process({ custody: sealing({ current: "old", keys: { old: secret(1) } }) })
        const newer = yield* stores({ current: "new", keys: { old: secret(1), new: secret(2) } }, world.memory)
        yield* world.login(holder)
        yield* TestClock.adjust("2 hours")

        const fiber = yield* Effect.forkChild(holder.service.token(world.key()))
        yield* TestClock.adjust("5 seconds")
        const { grant } = yield* newer.store.read(world.key())
        yield* newer.store.write(grant?.version, { ...draft({}), key: world.key().id })
        yield* TestClock.adjust("10 seconds")

        assert.strictEqual(reasonOf(yield* Fiber.await(fiber)), "KeyUnavailable")
        assert.include(holder.events.map(({ _tag }) => _tag), "Overtaken")
        assert.notInclude(holder.events.map(({ _tag }) => _tag), "Unsaved")
      }))
  })

  describe("with unsealed bodies accepted", () => {
    it.effect("reads them, and seals them with the next write", () =>
      Effect.gen(function*() {
        const { another, below } = yield* stores({})
        const moving = yield* another({ unsealed: "accept" })
        yield* below.write(undefined, draft({ body: body("open") }))

        const { grant } = yield* moving.read(key)
        yield* moving.write(grant?.version, draft({ body: grant?.body ?? body("") }))

        assert.strictEqual(grant?.body._tag === "Open" && token(grant.body), "open")
        assert.strictEqual((yield* standing(below)).body._tag, "Sealed")
      }))

    it.effect("still refuses sealed ones that were changed", () =>
      Effect.gen(function*() {
        const { another, below, store } = yield* stores({})
        const moving = yield* another({ unsealed: "accept" })
        yield* store.write(undefined, draft({}))
        const before = yield* standing(below)
        yield* below.write(before.version, { ...draft({}), body: changed(before.body) })

        const error = yield* Effect.flip(moving.read(key))

        assert.strictEqual(error.reason._tag, "RecordInvalid")
      }))
  })

  describe("reencrypt", () => {
    const rotation = { current: "new", keys: { old: secret(1), new: secret(2) } }
    const begin = Effect.fnUntraced(function*(accounts: ReadonlyArray<string>) {
      const all = yield* stores({ current: "old", keys: { old: secret(1) } })
      for (const account of accounts) {
        yield* all.store.write(undefined, draft({ key: keyOf(account).id, body: body(account) }))
      }
      const rotated = yield* all.build(rotation)
      return { ...all, rotated: rotated.store, reencrypt: rotated.reencrypt }
    })

    it.effect("seals every record with the current key, and a second run none", () =>
      Effect.gen(function*() {
        const { another, reencrypt } = yield* begin(["a", "b", "c", "d", "e"])

        const first = yield* Stream.runCollect(reencrypt({ limit: 2 }))
        const second = yield* Stream.runCollect(reencrypt())
        const alone = yield* another({ current: "new", keys: { new: secret(2) } })
        const tokens = yield* Effect.forEach(["a", "b", "c", "d", "e"], (account) => alone.read(keyOf(account)))

        assert.deepStrictEqual(first.map(({ sealed }) => sealed), [2, 2, 1])
        assert.deepStrictEqual(second, [{ cursor: undefined, sealed: 0, current: 5, left: [] }])
        assert.deepStrictEqual(
          tokens.map(({ grant }) => grant?.body._tag === "Open" && token(grant.body)),
          ["a", "b", "c", "d", "e"]
        )
      }))

    it.effect("goes on from a cursor", () =>
      Effect.gen(function*() {
        const { reencrypt } = yield* begin(["a", "b", "c"])
        const [first] = yield* Stream.runCollect(Stream.take(reencrypt({ limit: 2 }), 1))

        const rest = yield* Stream.runCollect(reencrypt({ cursor: first?.cursor }))

        assert.deepStrictEqual(rest, [{ cursor: undefined, sealed: 1, current: 0, left: [] }])
      }))

    it.effect("leaves a record under a claim, whatever its lease, and the holder can save", () =>
      Effect.gen(function*() {
        const { reencrypt, store } = yield* begin(["a"])
        const { grant } = yield* store.read(keyOf("a"))
        const state: Grant.State = {
          _tag: "Renewing",
          holder: "h",
          presented: "p",
          startedAt: 0,
          settle: 0,
          attempt: 1
        }
        const claim = yield* store.write(grant?.version, draft({ key: keyOf("a").id, state, leaseFor: 10 }))
        yield* TestClock.adjust("1 minute")

        const [progress] = yield* Stream.runCollect(reencrypt())
        const saved = yield* store.write(claim.grant?.version, draft({ key: keyOf("a").id, serial: 2 }))

        assert.deepStrictEqual(progress?.left, [{ key: keyOf("a").id, why: "Claimed" }])
        assert.isTrue(saved.accepted)
      }))

    it.effect("leaves what it cannot open, or must not write, and says so", () =>
      Effect.gen(function*() {
        const { another, below, reencrypt, store } = yield* begin(["ok"])
        const lost = yield* another({ current: "lost", keys: { lost: secret(3) } })
        yield* lost.write(undefined, draft({ key: keyOf("lost").id }))
        yield* below.write(undefined, draft({ key: keyOf("open").id }))
        yield* store.write(undefined, draft({ key: keyOf("newer").id, format: Grant.format + 1 }))

        const [progress] = yield* Stream.runCollect(reencrypt())

        assert.deepStrictEqual(progress, {
          cursor: undefined,
          sealed: 1,
          current: 0,
          left: [
            { key: keyOf("lost").id, why: "KeyUnavailable" },
            { key: keyOf("newer").id, why: "NewerFormat" },
            { key: keyOf("open").id, why: "RecordInvalid" }
          ]
        })
      }))

    it.effect("overwrites nothing that is written meanwhile", () =>
      Effect.gen(function*() {
        const { below, build, store } = yield* begin(["a"])
        // somebody renews between the read and the write
        let renewed = false
        const racing: Store = {
          ...below,
          write: (expected, proposed) =>
            Effect.suspend(() => {
              if (renewed) return below.write(expected, proposed)
              renewed = true
              return store.read(keyOf("a")).pipe(
                Effect.flatMap(({ grant }) =>
                  store.write(grant?.version, draft({ key: keyOf("a").id, serial: 2, body: body("renewed") }))
                ),
                Effect.andThen(below.write(expected, proposed))
              )
            })
        }
        const { reencrypt, store: rotated } = yield* build(rotation, racing)

        yield* Stream.runDrain(reencrypt())
        const { grant } = yield* rotated.read(keyOf("a"))

        assert.strictEqual(grant?.body._tag === "Open" && token(grant.body), "renewed")
        assert.strictEqual(grant?.serial, 2)
      }))

    it.effect("stops where the store does, and can be run again", () =>
      Effect.gen(function*() {
        const { below, build } = yield* begin(["a", "b"])
        const down = OAuthError.make(
          "TokenStore",
          "write",
          new OAuthError.StoreUnavailable({ store: "memory", problem: "down" })
        )
        const { reencrypt } = yield* build(rotation, { ...below, write: () => Effect.fail(down) })

        const error = yield* Effect.flip(Stream.runDrain(reencrypt()))
        const again = yield* Stream.runCollect((yield* build(rotation)).reencrypt())

        assert.strictEqual(error.reason._tag, "StoreUnavailable")
        assert.strictEqual(again[0]?.sealed, 2)
      }))
  })
})

const keyOf = (account: string): GrantKey.GrantKey =>
  GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account })

const key = keyOf("ada")
const other = keyOf("eve")

const secret = (byte: number): Redacted.Redacted => Redacted.make(Buffer.alloc(32, byte).toString("base64url"))

interface Options extends Partial<Keyring.Options>, EncryptedTokenStore.Options {}

const sealing = (options: Options) =>
  EncryptedTokenStore.layerWith(options).pipe(
    Layer.provide(Keyring.layerWith({ current: "a", keys: { a: secret(1) }, ...options })),
    Layer.provide(TestCrypto.layer()),
    Layer.orDie
  )

/** A store below, and any number of sealed ones over it. */
const stores = Effect.fnUntraced(function*(options: Options, memory?: Store) {
  const below = memory ?? (yield* TokenStore.makeMemory)
  const build = Effect.fnUntraced(function*(options: Options, over: Store = below) {
    const context = yield* Effect.context<EncryptedTokenStore.EncryptedTokenStore | TokenStore.TokenStore>().pipe(
      Effect.provide(Layer.provide(sealing(options), Layer.succeed(TokenStore.TokenStore, over)))
    )
    return yield* Effect.all({
      store: TokenStore.TokenStore,
      encrypted: EncryptedTokenStore.EncryptedTokenStore
    }).pipe(
      Effect.map(({ encrypted, store }) => ({ store, reencrypt: encrypted.reencrypt })),
      Effect.provideContext(context)
    )
  })
  const { store } = yield* build(options)
  return { below, build, store, another: (options: Options) => Effect.map(build(options), ({ store }) => store) }
})

const body = (value: string): Grant.Open => ({
  _tag: "Open",
  accessTokens: [{ target: "", value: Redacted.make(value), type: "Bearer", issuedAt: 1 }],
  refreshToken: Redacted.make(`refresh of ${value}`)
})

const token = (body: Grant.Open): string => Redacted.value(body.accessTokens[0]?.value ?? Redacted.make(""))

const draft = (changes: Partial<Grant.Draft>): Grant.Draft => ({
  format: Grant.format,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "w",
  lineage: "lineage-1",
  serial: 1,
  installation: "default",
  body: body("token"),
  ...changes
})

const standing = (store: Store): Effect.Effect<Grant.Grant, OAuthError.OAuthError> =>
  Effect.flatMap(store.read(key), ({ grant }) => grant === undefined ? Effect.die("no record") : Effect.succeed(grant))

const ciphertext = (store: Store) =>
  Effect.map(standing(store), ({ body }) => body._tag === "Sealed" ? body.ciphertext : undefined)

const keyIdOf = ({ body }: Grant.Grant): string | undefined => body._tag === "Sealed" ? body.keyId : undefined

const changed = (body: Grant.Body): Grant.Body => {
  if (body._tag !== "Sealed") return body
  const last = body.ciphertext.endsWith("A") ? "B" : "A"
  return { ...body, ciphertext: `${body.ciphertext.slice(0, -10)}${last}${body.ciphertext.slice(-9)}` }
}

const json = (grant: Grant.Grant | undefined): unknown =>
  grant === undefined ? undefined : Result.getOrThrow(GrantSchema.encode(grant))

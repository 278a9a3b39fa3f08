import {
  AuthorizationServer,
  ClientAuthentication,
  EncryptedTokenStore,
  Grant,
  GrantKey,
  GrantSchema,
  Keyring,
  RedisTokenStore,
  RefreshPolicy,
  Revocation,
  RotationPolicy,
  TokenEndpoint,
  TokenService,
  type TokenSet,
  TokenStore
} from "@effect-oauth/core"
import { TokenStoreContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  Result,
  Schedule,
  Scope,
  Stream
} from "effect"
import { Redis } from "effect/persistence"
import * as RedisServer from "./support/RedisServer.ts"
import { canary, leaks } from "./support/secrets.ts"
import { until } from "./support/until.ts"

type Store = TokenStore.TokenStore["Service"]

describe.skipIf(!RedisServer.isAvailable)("RedisTokenStore", () => {
  const prefix = `test-${process.pid}`

  it.layer(
    RedisTokenStore.layer({ prefix }).pipe(Layer.provide(RedisServer.client()), Layer.provide(RedisServer.layerAny)),
    { excludeTestServices: true }
  )("keeps the contract of a token store", (it) => {
    for (const law of TokenStoreContract.cases) it.effect(law.name, () => law.run)
  })

  it.layer(
    EncryptedTokenStore.layer().pipe(
      Layer.provide(RedisTokenStore.layer({ prefix: `${prefix}-sealed` })),
      Layer.provide(RedisServer.client()),
      Layer.provide(RedisServer.layerAny),
      Layer.provide(Keyring.layer({ current: "a", keys: { a: Redacted.make("A".repeat(43)) } }))
    ),
    { excludeTestServices: true }
  )("keeps it under an EncryptedTokenStore", (it) => {
    for (const law of TokenStoreContract.cases) it.effect(law.name, () => law.run)
  })
})

describe.skipIf(!RedisServer.isInstalled)("RedisTokenStore and its server", () => {
  describe("in the hands of services", () => {
    it.live("eight processes with fifty callers each renew an expired grant once", () =>
      Effect.gen(function*() {
        const world = new World()
        const nodes = yield* Effect.forEach(Array.from({ length: 8 }), () => node(world))
        yield* login(nodes[0], world)

        const tokens = yield* Effect.forEach(
          nodes.flatMap((service) => Array.from({ length: 50 }, () => service)),
          (service) => service.token(key),
          { concurrency: "unbounded" }
        )

        assert.strictEqual(world.requests, 1)
        assert.deepStrictEqual([...new Set(tokens.map(({ value }) => Redacted.value(value)))], ["access-1"])
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a renewal is two round trips: claim and commit", () =>
      Effect.gen(function*() {
        const world = new World()
        const service = yield* node(world)
        const redis = Context.get(yield* Layer.build(RedisServer.client()), Redis.Redis)
        let accounts = 0
        const renewal = Effect.gen(function*() {
          world.requests = 0
          // a notification may be here before the answer to the write that it tells of: of a grant that is known, that
          // costs a look
          const key = keyOf(`account-${accounts++}`)
          yield* login(service, world, key)
          yield* redis.send("CONFIG", "RESETSTAT")
          yield* service.token(key)
          return calls(yield* redis.send<string>("INFO", "commandstats"))
        })

        // there is a look before it until notifications are known to come, and a pulse now and then
        const stats = yield* patiently(Effect.filterOrFail(renewal, ({ evalsha }) => evalsha === 2))

        assert.strictEqual(world.requests, 1)
        assert.deepInclude(stats, { incr: 2, publish: 2 })
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a token renewed by one is used by the other, without a request", () =>
      Effect.gen(function*() {
        const world = new World({ lifetime: "1 hour" })
        const [a, b] = [yield* node(world), yield* node(world)]
        yield* login(a, world)
        yield* b.token(key)

        yield* a.refresh(key)
        const token = yield* b.token(key).pipe(
          Effect.map(({ value }) => Redacted.value(value)),
          Effect.filterOrFail((value) => value !== "access-0"),
          patiently
        )

        assert.strictEqual(token, "access-1")
        assert.strictEqual(world.requests, 1)
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a grant revoked by one gives the other no more tokens", () =>
      Effect.gen(function*() {
        const world = new World({ lifetime: "1 hour" })
        const [a, b] = [yield* node(world), yield* node(world)]
        yield* login(a, world)
        yield* b.token(key)

        yield* a.revoke(key)
        const error = yield* patiently(Effect.flip(b.token(key)))

        assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a valid token is served while the server is down, and a renewed pair is saved when it is back", () =>
      Effect.gen(function*() {
        const server = yield* RedisServer.RedisServer
        const world = new World({ lifetime: "1 hour" })
        const service = yield* node(world, { disableOfflineQueue: true })
        yield* login(service, world)
        const before = yield* service.token(key)

        world.during = Effect.andThen(server.stop("SIGKILL"), Effect.sleep("100 millis"))
        const renewed = yield* service.refresh(key)
        const meanwhile = yield* service.token(key)
        yield* server.start
        const saved = yield* Effect.flatMap(store(), (store) => store.read(key)).pipe(
          Effect.filterOrFail(({ grant }) => grant?.serial === 2),
          patiently
        )

        assert.strictEqual(Redacted.value(before.value), "access-0")
        assert.strictEqual(Redacted.value(renewed.value), "access-1")
        assert.strictEqual(Redacted.value(meanwhile.value), "access-1")
        assert.strictEqual(accessTokenOf(saved.grant), "access-1")
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a newer pair is written back when the server has gone back in time", () =>
      Effect.gen(function*() {
        const server = yield* RedisServer.RedisServer
        const world = new World({ lifetime: "1 hour" })
        const service = yield* node(world, { disableOfflineQueue: true })
        yield* login(service, world)
        const goBack = yield* server.backup
        yield* patiently(service.refresh(key))

        yield* goBack
        const after = yield* store()
        const before = yield* after.read(key)
        const { grant } = yield* service.token(key).pipe(
          Effect.andThen(after.read(key)),
          Effect.filterOrFail(({ grant }) => grant?.serial === 2),
          patiently
        )

        assert.strictEqual(before.grant?.serial, 1)
        assert.strictEqual(accessTokenOf(grant), "access-1")
        assert.strictEqual(world.requests, 1)
      }).pipe(Effect.provide(RedisServer.layer)))
  })

  describe("when the server goes away", () => {
    it.live("what was acknowledged is there after a kill", () =>
      Effect.gen(function*() {
        const server = yield* RedisServer.RedisServer
        const first = yield* store()
        const { grant } = yield* first.write(undefined, draft({ dueIn: 5 }))

        yield* server.stop("SIGKILL")
        yield* server.start
        const again = yield* store()

        assert.deepStrictEqual(json((yield* again.read(key)).grant), json(grant))
        assert.lengthOf((yield* again.due({ before: Number.MAX_SAFE_INTEGER, limit: 10 })).heads, 1)
        assert.lengthOf((yield* again.list({ limit: 10 })).heads, 1)
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("calls fail at once where the client does not queue, and succeed when it is back", () =>
      Effect.gen(function*() {
        const server = yield* RedisServer.RedisServer
        const first = yield* store({ disableOfflineQueue: true })
        yield* first.write(undefined, draft({}))
        yield* server.stop()

        const errors = yield* Effect.forEach(
          [
            Effect.asVoid(first.read(key)),
            Effect.asVoid(first.write(undefined, draft({}))),
            Effect.asVoid(first.list({ limit: 1 })),
            Effect.asVoid(first.due({ before: 1, limit: 1 }))
          ],
          Effect.flip
        )
        yield* server.start
        const { grant } = yield* patiently(first.read(key))

        assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), errors.map(() => "StoreUnavailable"))
        assert.strictEqual(grant?.serial, 1)
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("closing waits neither for it nor for what is queued", () =>
      Effect.gen(function*() {
        const server = yield* RedisServer.RedisServer
        const scope = yield* Scope.make()
        const first = yield* Scope.provide(store(), scope)
        yield* first.read(key)
        yield* server.stop()
        // a read that meets the connection while it breaks fails at once; the client queues those that come after
        const pending = yield* Effect.retry(Effect.timeoutOption(first.read(key), "200 millis"), { times: 50 })

        const closed = yield* Effect.timeoutOption(Scope.close(scope, Exit.void), "5 seconds")

        assert.isTrue(Option.isNone(pending))
        assert.isTrue(Option.isSome(closed))
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("a connection that died in silence is given up by a client with a time limit", () =>
      Effect.gen(function*() {
        const proxy = yield* RedisServer.proxy
        const first = yield* store({ path: proxy.path, disableOfflineQueue: true, socketTimeout: 600 })
        yield* first.write(undefined, draft({}))

        yield* proxy.stall
        const error = yield* Effect.flip(first.read(key))
        const { grant } = yield* patiently(first.read(key))

        assert.strictEqual(error.reason._tag, "StoreUnavailable")
        assert.strictEqual(grant?.serial, 1)
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("scripts that it has forgotten are loaded again", () =>
      Effect.gen(function*() {
        const redis = yield* Redis.Redis
        const first = yield* RedisTokenStore.make()
        const { grant } = yield* first.write(undefined, draft({}))

        yield* redis.send("SCRIPT", "FLUSH")
        const { accepted } = yield* first.write(grant?.version, draft({ serial: 2 }))

        assert.isTrue(accepted)
        assert.strictEqual((yield* first.read(key)).grant?.serial, 2)
      }).pipe(Effect.provide(withClient)))

    it.live("no version comes again after it has forgotten its last writes", () =>
      Effect.gen(function*() {
        const redis = yield* Redis.Redis
        const first = yield* RedisTokenStore.make()
        const lost = yield* first.write(undefined, draft({ writeId: "lost" }))

        // what a failover to a replica that lagged looks like
        yield* redis.send("FLUSHALL")
        const standing = yield* first.write(undefined, draft({ writeId: "other" }))
        const outcome = yield* first.write(lost.grant?.version, draft({}))

        assert.strictEqual(lost.grant?.version.split("-")[0], standing.grant?.version.split("-")[0])
        assert.isFalse(outcome.accepted)
        assert.strictEqual(outcome.grant?.version, standing.grant?.version)
      }).pipe(Effect.provide(withClient)))
  })

  describe("a write that runs late", () => {
    // a client that is cut off queues the write, and sends it when it is back
    const late = Effect.gen(function*() {
      const proxy = yield* RedisServer.proxy
      const [cut, other] = [yield* store({ path: proxy.path }), yield* store()]
      // its script is loaded already, so the write is the next command
      const { grant } = yield* cut.write(undefined, draft({ writeId: "first" }))
      yield* proxy.cut
      const fiber = yield* Effect.forkChild(cut.write(grant?.version, draft({ writeId: "late", serial: 2 })))
      yield* Effect.sleep("100 millis")
      return { fiber, grant, mend: proxy.mend, other }
    })

    it.live("changes nothing when another came first", () =>
      Effect.gen(function*() {
        const { fiber, grant, mend, other } = yield* late
        const { grant: second } = yield* other.write(grant?.version, draft({ writeId: "second", serial: 9 }))

        yield* mend
        const outcome = yield* Fiber.join(fiber)

        assert.isFalse(outcome.accepted)
        assert.strictEqual(outcome.grant?.writeId, "second")
        assert.deepStrictEqual(json((yield* other.read(key)).grant), json(second))
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("changes nothing after a removal, not even what is written after it", () =>
      Effect.gen(function*() {
        const { fiber, grant, mend, other } = yield* late
        yield* other.remove(key, grant?.version ?? "")
        const { grant: second } = yield* other.write(undefined, draft({ writeId: "first" }))

        yield* mend
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(json((yield* other.read(key)).grant), json(second))
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("is known by its id to a writer who did not wait for it", () =>
      Effect.gen(function*() {
        const { fiber, mend, other } = yield* late
        yield* Fiber.interrupt(fiber)

        yield* mend
        const { grant } = yield* other.read(key).pipe(
          Effect.filterOrFail(({ grant }) => grant?.serial === 2),
          patiently
        )

        assert.strictEqual(grant?.writeId, "late")
      }).pipe(Effect.provide(RedisServer.layer)))
  })

  describe("notices a gap", () => {
    const listening = Effect.gen(function*() {
      const proxy = yield* RedisServer.proxy
      const [cut, other] = [yield* store({ path: proxy.path }), yield* store()]
      const changes: Array<TokenStore.Change> = []
      yield* Effect.forkScoped(
        Stream.runForEach(cut.changes ?? Stream.empty, (change) => Effect.sync(() => changes.push(change)))
      )
      // writes until it hears of what was written last: nothing is on its way then
      const heard = Effect.gen(function*() {
        const { grant } = yield* other.read(key)
        const written = yield* other.write(grant?.version, draft({}))
        yield* Effect.sleep("50 millis")
        return changes.some((change) => change._tag === "Changed" && change.version === written.grant?.version)
      }).pipe(Effect.repeat({ until: (isHeard) => isHeard }))
      yield* heard
      return { changes, heard, other, proxy }
    })

    it.live("when it was cut off and is back", () =>
      Effect.gen(function*() {
        const { changes, heard, other, proxy } = yield* listening
        const before = changes.length

        yield* proxy.cut
        const { grant } = yield* other.read(key)
        yield* other.write(grant?.version, draft({}))
        yield* proxy.mend
        yield* heard

        assert.strictEqual(changes[before]?._tag, "Gap")
      }).pipe(Effect.provide(RedisServer.layer)))

    it.live("when nothing comes through and nobody says so", () =>
      Effect.gen(function*() {
        const { changes, proxy } = yield* listening
        const before = changes.length

        yield* proxy.stall
        yield* until(() => changes.length > before)

        assert.deepStrictEqual(changes.slice(before), [{ _tag: "Gap" }])
      }).pipe(Effect.provide(RedisServer.layer)))
  })

  it.live("keeps together in a cluster what a script touches", () =>
    Effect.gen(function*() {
      const redis = yield* Redis.Redis
      yield* redis.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
      const clustered = yield* RedisTokenStore.make()
      yield* patiently(clustered.read(key))
      const others = ["a", "b", "c"].map(keyOf)

      const { grant } = yield* clustered.write(undefined, draft({ leaseFor: 1, dueIn: 0 }))
      for (const other of others) yield* clustered.write(undefined, draft({ key: other.id, dueIn: 0 }))
      const extended = yield* clustered.extend(key, { version: grant?.version ?? "", leaseFor: 5 })
      const due = yield* clustered.due({ before: Number.MAX_SAFE_INTEGER, limit: 10 })
      const listed = yield* clustered.list({ limit: 10, account: "a" })
      const removed = yield* clustered.remove(key, grant?.version ?? "")

      assert.deepStrictEqual([extended.accepted, removed.accepted], [true, true])
      assert.deepStrictEqual([due.heads.length, listed.heads.length], [4, 1])
    }).pipe(Effect.provide(Layer.provideMerge(RedisServer.client(), RedisServer.layerCluster))))

  describe("fails without a word of what it was given", () => {
    const begin = Effect.gen(function*() {
      const redis = yield* Redis.Redis
      return { redis, store: yield* RedisTokenStore.make() }
    })
    const secret = draft({ body: { _tag: "Open", accessTokens: [], refreshToken: Redacted.make(canary) } })
    const provided = <A, E>(effect: Effect.Effect<A, E, Redis.Redis | RedisServer.RedisServer>) =>
      Effect.provide(effect, withClient)

    it.live("where memory is full", () =>
      provided(
        Effect.gen(function*() {
          const { redis, store } = yield* begin
          yield* redis.send("CONFIG", "SET", "maxmemory", "1")

          const error = yield* Effect.flip(store.write(undefined, secret))

          assert.strictEqual(error.message, "RedisTokenStore.write: The store (redis) is not available (OOM)")
          assert.deepStrictEqual(leaks(error), [])
        }).pipe(Effect.scoped)
      ))

    it.live("on a replica", () =>
      provided(
        Effect.gen(function*() {
          const { redis, store } = yield* begin
          yield* redis.send("REPLICAOF", "127.0.0.1", "1")

          const error = yield* Effect.flip(store.write(undefined, secret))

          assert.match(error.message, /\((READONLY|MASTERDOWN)\)$/)
          assert.deepStrictEqual(leaks(error), [])
        }).pipe(Effect.scoped)
      ))

    it.live("where something else has its name", () =>
      provided(
        Effect.gen(function*() {
          const { redis, store } = yield* begin
          yield* redis.send("SET", `{oauth}:grant:${key.id}`, "x")

          const error = yield* Effect.flip(store.write(undefined, secret))

          assert.strictEqual(error.reason._tag, "RecordInvalid")
          assert.deepStrictEqual(leaks(error), [])
          assert.strictEqual(yield* redis.send("GET", `{oauth}:grant:${key.id}`), "x")
        }).pipe(Effect.scoped)
      ))

    it.live("where a record is damaged, and sets it aside as it is", () =>
      provided(
        Effect.gen(function*() {
          const { redis, store } = yield* begin
          const damage = ({ id }: GrantKey.GrantKey) =>
            Effect.orDie(Effect.asVoid(redis.send("HSET", `{oauth}:grant:${id}`, "head", "{")))
          for (const law of TokenStoreContract.unreadable(damage)) {
            yield* Effect.provideService(law.run, TokenStore.TokenStore, store)
          }
          const { grant } = yield* store.write(undefined, secret)
          const before = yield* redis.send("HGETALL", `{oauth}:grant:${key.id}`)

          const { place } = yield* store.setAside(key, grant?.version ?? "")

          assert.strictEqual(place, `the key {oauth}:aside:${key.id}:${grant?.version}`)
          assert.deepStrictEqual(yield* redis.send("HGETALL", place?.slice("the key ".length) ?? ""), before)
        }).pipe(Effect.scoped)
      ))

    it.live("where a record is damaged, and leaves it as it is", () =>
      provided(
        Effect.gen(function*() {
          const { redis, store } = yield* begin
          const { grant } = yield* store.write(undefined, secret)
          yield* store.write(undefined, draft({ key: keyOf("eve").id }))
          yield* redis.send("HSET", `{oauth}:grant:${key.id}`, "head", `{"${canary}":1`)

          const errors = yield* Effect.forEach(
            [store.read(key), store.write(undefined, secret)],
            (effect) => Effect.flip(Effect.asVoid(effect))
          )
          const { heads } = yield* store.list({ limit: 10 })

          for (const error of errors) {
            assert.strictEqual(error.reason._tag, "RecordInvalid")
            assert.deepStrictEqual(leaks(error), [])
          }
          assert.deepStrictEqual(heads.map(({ key }) => key), [keyOf("eve").id])
          assert.strictEqual(
            yield* redis.send("HGET", `{oauth}:grant:${key.id}`, "version"),
            grant?.version
          )
        }).pipe(Effect.scoped)
      ))
  })

  it.live("keeps a key in the index of its state and in no other, also where a head no longer says which it was", () =>
    Effect.gen(function*() {
      const redis = yield* Redis.Redis
      const store = yield* RedisTokenStore.make()
      const states: ReadonlyArray<Grant.State> = [
        { _tag: "Active", failures: 0 },
        { _tag: "Renewing", holder: "h", presented: "d", startedAt: 1, settle: 1, attempt: 1 },
        { _tag: "Indeterminate", presented: "d", since: 1, attempt: 1 },
        { _tag: "ReauthorizationRequired", why: "Ended", at: 1 },
        { _tag: "Revoked", at: 1, remote: "done" }
      ]
      const found = Effect.forEach(
        states,
        ({ _tag }) => Effect.map(redis.send("ZRANGE", `{oauth}:state:${_tag}`, "0", "-1"), (keys) => ({ _tag, keys }))
      )
      let version: string | undefined

      for (const from of states) {
        for (const to of states) {
          for (const damaged of [false, true]) {
            version = (yield* store.write(version, draft({ state: from }))).grant?.version
            if (damaged) yield* redis.send("HSET", `{oauth}:grant:${key.id}`, "head", "{")
            version = (yield* store.write(version, draft({ state: to }))).grant?.version

            const expected = states.map(({ _tag }) => ({ _tag, keys: _tag === to._tag ? [key.id] : [] }))
            assert.deepStrictEqual(yield* found, expected)
          }
        }
      }
    }).pipe(Effect.provide(withClient)))

  it.live("keeps apart stores of different prefixes", () =>
    Effect.gen(function*() {
      const [one, two] = [
        yield* RedisTokenStore.make({ prefix: "one" }),
        yield* RedisTokenStore.make({ prefix: "two" })
      ]

      yield* one.write(undefined, draft({ dueIn: 0 }))

      assert.isUndefined((yield* two.read(key)).grant)
      assert.lengthOf((yield* two.list({ limit: 10 })).heads, 0)
      assert.lengthOf((yield* two.due({ before: Number.MAX_SAFE_INTEGER, limit: 10 })).heads, 0)
    }).pipe(Effect.provide(withClient)))

  it.live("refuses a prefix that would break the names of its keys", () =>
    Effect.gen(function*() {
      const errors = yield* Effect.forEach(["", "a}b", "{a}"], (prefix) =>
        Effect.flip(Effect.asVoid(RedisTokenStore.make({ prefix }))))

      assert.deepStrictEqual(
        errors.map(({ reason }) =>
          reason._tag
        ),
        errors.map(() => "ConfigurationInvalid")
      )
    }).pipe(Effect.provide(withClient)))
})

const keyOf = (account: string): GrantKey.GrantKey =>
  GrantKey.make({ provider: "test", issuer: "https://as.test/token", client: "client", account })

const key = keyOf("ada")

const draft = (changes: Partial<Grant.Draft>): Grant.Draft => ({
  format: Grant.format,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "w",
  lineage: "lineage-1",
  serial: 1,
  installation: "default",
  body: { _tag: "Open", accessTokens: [], refreshToken: Redacted.make("refresh") },
  ...changes
})

const json = (grant: Grant.Grant | undefined): unknown =>
  grant === undefined ? undefined : Result.getOrThrow(GrantSchema.encode(grant))

const accessTokenOf = (grant: Grant.Grant | undefined): string | undefined => {
  const token = grant === undefined ? undefined : Grant.accessToken(grant, "")
  return token === undefined ? undefined : Redacted.value(token.value)
}

const withClient = Layer.provideMerge(RedisServer.client(), RedisServer.layer)

/** A store over a connection of its own. */
const store = (options?: Parameters<typeof RedisServer.client>[0]) =>
  Effect.map(
    Layer.build(RedisTokenStore.layer().pipe(Layer.provide(RedisServer.client(options)))),
    (context): Store => Context.get(context, TokenStore.TokenStore)
  )

const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("10 seconds"))

/** How often each command was called. */
const calls = (commandstats: string): Record<string, number> =>
  Object.fromEntries(
    [...commandstats.matchAll(/^cmdstat_([a-z|]+):calls=(\d+)/gm)].map(([, name, count]) => [name, Number(count)])
  )

/** A token endpoint that counts. */
class World {
  requests = 0
  /** What happens while a request is under way. */
  during: Effect.Effect<void> = Effect.void
  readonly lifetime: Duration.Duration

  constructor(options?: { readonly lifetime: Duration.Input }) {
    this.lifetime = Duration.fromInputUnsafe(options?.lifetime ?? "1 second")
  }

  readonly tokens = (receivedAt: number): TokenSet.TokenSet => ({
    accessToken: Redacted.make(`access-${this.requests}`),
    refreshToken: Redacted.make(`refresh-${this.requests}`),
    tokenType: "Bearer",
    receivedAt,
    expiresIn: this.requests === 0 ? this.lifetime : Duration.hours(1)
  })

  readonly endpoint: TokenEndpoint.TokenEndpoint["Service"] = {
    exchange: () =>
      Effect.gen({ self: this }, function*() {
        const now = yield* Clock.currentTimeMillis
        this.requests++
        yield* this.during
        yield* Effect.sleep("50 millis")
        return { _tag: "Granted", tokens: this.tokens(now) }
      }),
    request: () => Effect.die("not asked for")
  }
}

/** The service of a process of its own. */
const node = (world: World, options?: Parameters<typeof RedisServer.client>[0]) =>
  Effect.map(
    Layer.build(
      TokenService.layer().pipe(
        Layer.provide([
          RedisTokenStore.layer().pipe(Layer.provide(RedisServer.client(options))),
          Layer.succeed(
            AuthorizationServer.AuthorizationServer,
            Result.getOrThrow(AuthorizationServer.make({
              provider: "test",
              tokenEndpoint: "https://as.test/token",
              rotation: RotationPolicy.rotating()
            }))
          ),
          ClientAuthentication.layerNone({ clientId: "client" }),
          Layer.succeed(TokenEndpoint.TokenEndpoint, world.endpoint),
          Layer.succeed(Revocation.Revocation, { revoke: () => Effect.succeed("done") }),
          RefreshPolicy.layer({})
        ])
      )
    ),
    (context) => Context.get(context, TokenService.TokenService)
  )

const login = (service: TokenService.TokenService["Service"] | undefined, world: World, grant = key) =>
  Effect.gen(function*() {
    const tokens = world.tokens((yield* Clock.currentTimeMillis) - 60_000)
    yield* service?.adopt(grant, tokens, { scopes: ["read"] }) ?? Effect.die("no service")
  })

import type { Identity } from "@effect-oauth/core"
import { Keyring } from "@effect-oauth/core"
import { BrowserSessions } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Persistence } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"

describe("BrowserSessions", () => {
  it.effect("sets a cookie for this host alone, that no script reads and no other site sends along [10017-6.1.3.2-a] [10017-6.1.3.2-b] [10017-6.1.3.2-c] [10017-6.1.3.2-d] [10017-6.1.3.2-e] [10017-6.1.3.2-f]", () =>
    Effect.gen(function*() {
      const { line } = yield* started({ account: "ada" })

      assert.match(line, /^__Host-Http-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps nothing in the cookie but a name that is drawn anew [10017-6.1.2.1-a]", () =>
    Effect.gen(function*() {
      const { idToken, identity } = person("user-1", "s-1")
      const cookies = yield* Effect.forEach(
        [{ account: "ada" }, { account: "ada", identity, idToken }, { account: "x".repeat(5_000) }],
        (options) => Effect.map(started(options), ({ cookie }) => cookie)
      )

      assert.strictEqual(new Set(cookies).size, 3)
      for (const cookie of cookies) assert.match(cookie, /^[\w-]{43}$/)
    }).pipe(Effect.provide(App.layer())))

  it.effect("is found by its cookie", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })

      assert.strictEqual(yield* accountOf(cookie), "ada")
    }).pipe(Effect.provide(App.layer())))

  for (
    const [name, cookie] of [
      ["none", undefined],
      ["an empty one", ""],
      ["one that is too short", "abc"],
      ["one that was never given", "A".repeat(43)],
      ["what is no name at all", "../../etc/passwd"],
      ["a very long one", "A".repeat(4_000)]
    ] as const
  ) {
    it.effect(`is none with a cookie that is ${name}`, () =>
      Effect.gen(function*() {
        assert.isUndefined(yield* accountOf(cookie))
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("has a new name after a login, and the old name is nobody's", () =>
    Effect.gen(function*() {
      const first = yield* started({ account: "guest" })
      const before = Option.getOrThrow(yield* read(first.cookie))

      const second = yield* started({ account: "ada", replaces: before.name })

      assert.notStrictEqual(second.cookie, first.cookie)
      assert.isUndefined(yield* accountOf(first.cookie))
      assert.strictEqual(yield* accountOf(second.cookie), "ada")
    }).pipe(Effect.provide(App.layer())))

  it.effect("does not come of a name that somebody chose", () =>
    Effect.gen(function*() {
      const chosen = "B".repeat(43)
      const sessions = yield* BrowserSessions.BrowserSessions

      yield* sessions.start(HttpServerResponse.empty(), { account: "ada", replaces: chosen })

      assert.isUndefined(yield* accountOf(chosen))
    }).pipe(Effect.provide(App.layer())))

  it.effect("is not to be had by whoever reads the store", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      const { name } = Option.getOrThrow(yield* read(cookie))

      assert.notStrictEqual(name, cookie)
      assert.isUndefined(yield* accountOf(name))
    }).pipe(Effect.provide(App.layer())))

  it.effect("ends after an hour in which nobody came", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      yield* TestClock.adjust("59 minutes")
      const before = yield* accountOf(cookie)
      yield* TestClock.adjust("1 hour")

      assert.deepStrictEqual([before, yield* accountOf(cookie)], ["ada", undefined])
    }).pipe(Effect.provide(App.layer())))

  it.effect("ends after twelve hours, though somebody comes all the time", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      for (let hours = 0; hours < 11.5; hours += 0.5) {
        yield* TestClock.adjust("30 minutes")
        assert.strictEqual(yield* accountOf(cookie), "ada")
      }
      yield* TestClock.adjust("30 minutes")

      assert.isUndefined(yield* accountOf(cookie))
    }).pipe(Effect.provide(App.layer())))

  it.effect("ends with a sign-out, and its cookie goes", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      const sessions = yield* BrowserSessions.BrowserSessions

      const response = yield* sessions.end(requestWith(cookie), HttpServerResponse.empty())

      assert.isUndefined(yield* accountOf(cookie))
      assert.match(
        lineOf(response),
        /^__Host-Http-session=; Max-Age=0; .*Path=\/; .*HttpOnly; Secure; SameSite=Strict$/
      )
    }).pipe(Effect.provide(App.layer())))

  it.effect("is not brought back by a request that was under way when it ended", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      const sessions = yield* BrowserSessions.BrowserSessions
      yield* TestClock.adjust("30 minutes")

      yield* Effect.all([
        sessions.end(requestWith(cookie), HttpServerResponse.empty()),
        ...Array.from({ length: 10 }, () => read(cookie))
      ], { concurrency: "unbounded" })

      assert.isUndefined(yield* accountOf(cookie))
    }).pipe(Effect.provide(App.layer())))

  const everywhere: ReadonlyArray<readonly [string, BrowserSessions.Whose, ReadonlyArray<string | undefined>]> = [
    ["of an account", { account: "ada" }, [undefined, undefined, "bob"]],
    ["of a person of the server", { subject: "https%3A%2F%2Fop.test|user-1" }, ["ada", undefined, "bob"]],
    ["of a session at the server", { issuer: "https://op.test", sessionId: "s-2" }, ["ada", "ada", undefined]],
    ["of nobody here", { account: "eve" }, ["ada", "ada", "bob"]],
    ["of a session at another server", { issuer: "https://other.test", sessionId: "s-2" }, ["ada", "ada", "bob"]]
  ]
  for (const [name, whose, left] of everywhere) {
    it.effect(`all end ${name}, and no others`, () =>
      Effect.gen(function*() {
        const cookies = [
          yield* started({ account: "ada" }),
          yield* started({ account: "ada", ...person("user-1", "s-1") }),
          yield* started({ account: "bob", ...person("user-2", "s-2") })
        ]
        const sessions = yield* BrowserSessions.BrowserSessions

        yield* sessions.endAll(whose)

        assert.deepStrictEqual(yield* Effect.forEach(cookies, ({ cookie }) => accountOf(cookie)), left)
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("can be started again after all were ended", () =>
    Effect.gen(function*() {
      const sessions = yield* BrowserSessions.BrowserSessions
      yield* sessions.endAll({ account: "ada" })

      const { cookie } = yield* started({ account: "ada" })
      const before = yield* accountOf(cookie)
      yield* sessions.endAll({ account: "ada" })

      assert.deepStrictEqual([before, yield* accountOf(cookie)], ["ada", undefined])
    }).pipe(Effect.provide(App.layer())))

  it.effect("lasts longer than the memory of an earlier sign-out everywhere", () =>
    Effect.gen(function*() {
      const sessions = yield* BrowserSessions.BrowserSessions
      yield* sessions.endAll({ account: "ada" })
      yield* TestClock.adjust("23.9 hours")
      const { cookie } = yield* started({ account: "ada" })
      yield* TestClock.adjust("20 minutes")

      assert.strictEqual(yield* accountOf(cookie), "ada")
    }).pipe(Effect.provide(App.layer())))

  it.effect("stays ended for as long as it would have lasted", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })
      const sessions = yield* BrowserSessions.BrowserSessions
      yield* sessions.endAll({ account: "ada" })

      for (let hours = 0; hours < 12; hours++) {
        yield* TestClock.adjust("1 hour")
        assert.isUndefined(yield* accountOf(cookie))
      }
    }).pipe(Effect.provide(App.layer({}, { idle: "1 day", lifetime: "12 hours" }))))

  it.effect("is known to every node of one store", () =>
    Effect.gen(function*() {
      const { cookie } = yield* started({ account: "ada" })

      const other = yield* BrowserSessions.make()
      const found = yield* other.read(requestWith(cookie))
      yield* other.endAll({ account: "ada" })

      assert.strictEqual(Option.getOrThrow(found).account, "ada")
      assert.isUndefined(yield* accountOf(cookie))
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps an ID token sealed, and only where there is a keyring", () =>
    Effect.gen(function*() {
      const store = yield* Persistence.BackingPersistence
      const written: Array<string> = []
      const spying = Persistence.BackingPersistence.of({
        make: (id) =>
          Effect.map(store.make(id), (inner) => ({
            ...inner,
            setMany: (entries) => {
              written.push(JSON.stringify(entries))
              return inner.setMany(entries)
            }
          }))
      })
      const without = yield* Effect.provideService(
        BrowserSessions.make(),
        Persistence.BackingPersistence,
        spying
      )
      const sealing = yield* BrowserSessions.make().pipe(
        Effect.provideService(Persistence.BackingPersistence, spying),
        Effect.provide(keyring)
      )

      const [plain, sealed] = yield* Effect.forEach([without, sealing], (sessions) =>
        Effect.gen(function*() {
          const response = yield* sessions.start(HttpServerResponse.empty(), {
            account: "ada",
            ...person("user-1", "s-1")
          })
          return Option.getOrThrow(yield* sessions.read(requestWith(cookieOf(response))))
        }))

      assert.isUndefined(plain?.idToken)
      assert.strictEqual(sealed?.idToken === undefined ? "" : Redacted.value(sealed.idToken), "id-token")
      assert.notInclude(written.join(), "id-token")
    }).pipe(Effect.provide(App.layer())))

  it.effect("cannot be told where the store fails, and says so", () =>
    Effect.gen(function*() {
      const broken = Persistence.BackingPersistence.of({
        make: () => {
          const fail = Effect.fail(new Persistence.PersistenceError({ message: "secret" }))
          return Effect.succeed({
            get: () => fail,
            getMany: () => fail,
            set: () => fail,
            setMany: () => fail,
            remove: () => fail,
            clear: fail
          })
        }
      })
      const sessions = yield* Effect.provideService(BrowserSessions.make(), Persistence.BackingPersistence, broken)

      const failures = yield* Effect.forEach(
        [
          sessions.read(requestWith("A".repeat(43))),
          sessions.start(HttpServerResponse.empty(), { account: "ada" }),
          sessions.end(requestWith("A".repeat(43)), HttpServerResponse.empty()),
          sessions.endAll({ account: "ada" })
        ],
        (effect) => Effect.flip(Effect.asVoid(effect))
      )

      assert.deepStrictEqual(failures.map(({ reason }) => reason._tag), Array(4).fill("StoreUnavailable"))
      assert.notInclude(failures.join(), "secret")
    }).pipe(Effect.provide(App.layer())))

  it.effect("is none where the store holds something else under its name", () =>
    Effect.gen(function*() {
      const odd = Persistence.BackingPersistence.of({
        make: () =>
          Effect.succeed({
            get: () => Effect.succeed({ account: 7 }),
            getMany: () => Effect.succeed([{ account: 7 }, { at: "now" }]),
            set: () => Effect.void,
            setMany: () => Effect.void,
            remove: () => Effect.void,
            clear: Effect.void
          })
      })
      const sessions = yield* Effect.provideService(BrowserSessions.make(), Persistence.BackingPersistence, odd)

      assert.isTrue(Option.isNone(yield* sessions.read(requestWith("A".repeat(43)))))
    }).pipe(Effect.provide(App.layer())))
})

const keyring = Layer.orDie(
  Keyring.layer({ current: "a", keys: { a: Redacted.make(Buffer.alloc(32, 7).toString("base64")) } })
)

const person = (
  subject: string,
  sid: string
): { readonly identity: Identity.Identity; readonly idToken: Redacted.Redacted } => ({
  identity: {
    issuer: "https://op.test",
    subject,
    audience: ["app"],
    issuedAt: 0,
    expiresAt: 300,
    claims: Redacted.make({ sid })
  },
  idToken: Redacted.make("id-token")
})

const requestWith = (cookie: string | undefined) =>
  HttpServerRequest.fromWeb(
    new Request(
      "https://app.test/",
      cookie === undefined ? {} : { headers: { cookie: `__Host-Http-session=${cookie}` } }
    )
  )

const read = (cookie: string | undefined) =>
  Effect.flatMap(BrowserSessions.BrowserSessions, (sessions) => sessions.read(requestWith(cookie)))

const accountOf = (cookie: string | undefined) =>
  Effect.map(read(cookie), (session) => Option.getOrUndefined(session)?.account)

const lineOf = (response: HttpServerResponse.HttpServerResponse): string =>
  HttpServerResponse.toWeb(response).headers.getSetCookie()[0] ?? ""

const cookieOf = (response: HttpServerResponse.HttpServerResponse): string =>
  /=([^;]*)/.exec(lineOf(response))?.[1] ?? ""

const started = Effect.fnUntraced(function*(options: BrowserSessions.StartOptions) {
  const sessions = yield* BrowserSessions.BrowserSessions
  const response = yield* sessions.start(HttpServerResponse.empty(), options)
  return { line: lineOf(response), cookie: cookieOf(response) }
})

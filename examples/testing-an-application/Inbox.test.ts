/**
 * The application against an authorization server in memory. Nothing sleeps and
 * nothing is mocked: logins, rotation and faults are real, and time is
 * `TestClock`'s.
 */
import { Login, OAuthClient, PendingAuthorizations, RotationPolicy, TokenStore } from "@effect-oauth/core"
import { Fault, Ledger, TestAuthorizationServer, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Inbox from "./Inbox.ts"

describe("testing-an-application", () => {
  it.effect("reads the mail of who has connected", () =>
    Effect.gen(function*() {
      yield* connect("ada")

      assert.strictEqual(yield* Inbox.unread("ada"), 3)
    }).pipe(Effect.provide(World)))

  it.effect("asks who has not connected to do so", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Inbox.unread("grace"))

      assert.strictEqual(error._tag, "Disconnected")
    }).pipe(Effect.provide(World)))

  it.effect("renews once for fifty readers at the same time", () =>
    Effect.gen(function*() {
      yield* connect("ada")

      yield* TestClock.adjust("2 hours")
      yield* Effect.all(Array.from({ length: 50 }, () => Inbox.unread("ada")), { concurrency: "unbounded" })

      assert.deepStrictEqual(yield* seen("rotated"), ["rotated"])
    }).pipe(Effect.provide(World)))

  it.effect("keeps the connection when the answer to a renewal is lost", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* connect("ada")
      yield* TestClock.adjust("2 hours")

      yield* server.inject(Fault.answerLost("reset"), { endpoint: "token" })
      const reading = yield* Effect.forkChild(Inbox.unread("ada"))
      yield* TestClock.adjust("1 minute")

      assert.strictEqual(yield* Fiber.join(reading), 3)
      assert.deepStrictEqual(yield* seen("rotated", "replayed"), ["rotated", "replayed"])
    }).pipe(Effect.provide(World)))

  it.effect("does not notice an outage of the authorization server while its token lives", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* connect("ada")

      yield* server.injectBy(({ endpoint }) => endpoint === "token" ? Fault.unavailable() : undefined)
      // due, and not over
      yield* TestClock.adjust(Duration.minutes(59.5))

      assert.strictEqual(yield* Inbox.unread("ada"), 3)
    }).pipe(Effect.provide(World)))

  it.effect("asks to connect again when the person has withdrawn their consent", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* connect("ada")

      const [family] = yield* server.families
      yield* server.revoke(family!.refreshToken!)
      const error = yield* Effect.flip(Inbox.unread("ada"))

      assert.strictEqual(error._tag, "Disconnected")
    }).pipe(Effect.provide(World)))
})

/** What runs in production, over a server, a store and chance that are a test's own. */
const World = OAuthClient.layerCrypto().pipe(
  Layer.provideMerge(TestAuthorizationServer.layer({
    accessTokenLifetime: "1 hour",
    // a refresh token that was spent is answered once more, as many providers do
    rotation: RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: true } }),
    api: () => TestHttp.json({ unread: 3 })
  })),
  Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory(), TestCrypto.layer()])
)

/** A login, with the person at the browser. */
const connect = Effect.fnUntraced(function*(account: string) {
  const login = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { url } = yield* login.begin({ account, redirectUri: "https://app.test/callback", scopes: ["mail.read"] })
  yield* login.complete(yield* server.authorize(url))
})

/** What the server has done, for what it should have done once. */
const seen = Effect.fnUntraced(function*(...kinds: ReadonlyArray<Ledger.Kind>) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  return Ledger.ofKind(yield* server.ledger, ...kinds).map(({ kind }) => kind)
})

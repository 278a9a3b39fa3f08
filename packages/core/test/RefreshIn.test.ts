/** What a server's wish does, that a token be renewed ahead of its end. */
import {
  AuthorizationServer,
  ClientAuthentication,
  ClientCredentials,
  Login,
  type OAuthClient,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, Layer, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Wire from "./support/Wire.ts"

describe("refresh_in", () => {
  const rows: ReadonlyArray<
    readonly [fact: string, answer: Answer, rules: Rules, after: Duration.Input, tokens: number]
  > = [
    ["is no reason to renew before", { refresh_in: 43_200 }, named, "11 hours", 1],
    ["makes a token due, long before its end", { refresh_in: 43_200 }, named, "13 hours", 2],
    ["may be written in digits", { refresh_in: "43200" }, { ...named, expiresIn: "number-or-digits" }, "13 hours", 2],
    ["counts where the lifetime is not told", { expires_in: undefined, refresh_in: 60 }, named, "2 minutes", 2],
    ["does not make a token due in the first moments of its life", { refresh_in: 1 }, named, "5 seconds", 1],
    ["does not let a token live longer", { refresh_in: 999_999 }, named, "86370 seconds", 2],
    ["is passed over where it is nothing", { refresh_in: 0 }, named, "13 hours", 1],
    ["is passed over where it is no number", { refresh_in: "soon" }, named, "13 hours", 1],
    ["is passed over where the dialect does not name it", { refresh_in: 43_200 }, {}, "13 hours", 1]
  ]
  for (const [fact, answer, rules, after, tokens] of rows) {
    it.effect(fact, () =>
      Effect.gen(function*() {
        const wire = answering(answer)
        yield* Effect.gen(function*() {
          const { key, service } = yield* login

          yield* TestClock.adjust(after)
          yield* service.token(key)
          yield* TestClock.adjust("1 milli")

          assert.strictEqual(Redacted.value((yield* service.token(key)).value), `a-${tokens}`)
        }).pipe(Effect.provide(wire.layer(provider(rules))))
      }))
  }

  it.effect("is kept with the token, and tells a keeper when the grant is due", () =>
    Effect.gen(function*() {
      const wire = answering({ refresh_in: 43_200 })
      yield* Effect.gen(function*() {
        const { key } = yield* login

        const { grant } = yield* (yield* TokenStore.TokenStore).read(key)

        const [token] = grant?.body._tag === "Open" ? grant.body.accessTokens : []
        assert.strictEqual(token?.refreshAt, start + 43_200_000)
        assert.strictEqual(grant?.dueAt, start + 43_200_000)
      }).pipe(Effect.provide(wire.layer(provider(named))))
    }))

  it.effect("does not let a keeper renew again and again", () =>
    Effect.gen(function*() {
      const wire = answering({ refresh_in: 1 })
      yield* Effect.gen(function*() {
        const { key } = yield* login

        const { grant } = yield* (yield* TokenStore.TokenStore).read(key)

        assert.strictEqual(grant?.dueAt, start + 10_000)
      }).pipe(Effect.provide(wire.layer(provider(named))))
    }))

  it.effect("makes a token of the client's own due too", () =>
    Effect.gen(function*() {
      const wire = answering({ refresh_in: 43_200 })
      yield* Effect.gen(function*() {
        yield* TestClock.setTime(start)
        const source = yield* ClientCredentials.source()
        yield* source.token

        yield* TestClock.adjust("13 hours")
        yield* source.token
        yield* TestClock.adjust("1 milli")

        assert.strictEqual(Redacted.value((yield* source.token).value), "a-2")
      }).pipe(
        Effect.provide(TokenEndpoint.layer.pipe(Layer.provideMerge(Layer.merge(provider(named), wire.http)))),
        Effect.scoped
      )
    }))
})

type Answer = Readonly<Record<string, Schema.Json | undefined>>

type Rules = { readonly refreshIn?: string; readonly expiresIn?: "number-or-digits" }

const named: Rules = { refreshIn: "refresh_in" }

const start = Date.UTC(2030, 0, 1)

const answering = (answer: Answer): Wire.Wire => {
  let count = 0
  return Wire.make(() =>
    TestHttp.json({
      access_token: `a-${++count}`,
      token_type: "Bearer",
      expires_in: 86_400,
      refresh_token: `r-${count}`,
      ...answer
    })
  )
}

const provider = (response: Rules): OAuthClient.Provider =>
  Layer.merge(
    AuthorizationServer.layer(AuthorizationServer.make({
      provider: "example",
      authorizationEndpoint: "https://as.test/authorize",
      tokenEndpoint: "https://as.test/token",
      dialect: { response }
    })),
    ClientAuthentication.layerBasic({ clientId: "app", clientSecret: Redacted.make("s") })
  )

const login = Effect.gen(function*() {
  yield* TestClock.setTime(start)
  const logins = yield* Login.Login
  const redirectUri = "https://app.test/cb"
  const { state } = yield* logins.begin({ account: "ada", redirectUri, scopes: [] })
  const { key } = yield* logins.complete(`${redirectUri}?code=c-1&state=${Redacted.value(state)}`)
  return { key, service: yield* TokenService.TokenService }
})

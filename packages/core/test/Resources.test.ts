/** Resource indicators (RFC 8707) from login to API. */
import {
  AuthorizationServer,
  ClientAuthentication,
  ClientCredentials,
  Login,
  Target,
  TokenEndpoint,
  TokenService
} from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { json, recording } from "./support/http.ts"
import * as Wire from "./support/Wire.ts"

describe("Resources", () => {
  it.effect("are named in the address of the login, with the code and at every renewal [8707-2-e] [8707-2.2-a] [9700-2.3-b] [9700-4.9.3-b]", () =>
    Effect.gen(function*() {
      const app = yield* loggedIn(["https://API.example/v1/"])
      yield* TestClock.adjust("1 hour")
      yield* app.token()

      assert.deepStrictEqual(new URL(app.url).searchParams.getAll("resource"), ["https://API.example/v1/"])
      assert.deepStrictEqual(app.asked(), [["https://API.example/v1/"], ["https://API.example/v1/"]])
    }))

  it.effect("have tokens of their own where there are several, none ever for another [8707-2.2-a] [8707-2-f] [9700-4.9.3-b]", () =>
    Effect.gen(function*() {
      const [a, b] = ["https://a.example", "https://b.example"]
      const app = yield* loggedIn([a, b])

      const tokens = [yield* app.token(a), yield* app.token(b), yield* app.token(a), yield* app.token(b)]

      assert.deepStrictEqual(new URL(app.url).searchParams.getAll("resource"), [a, b])
      assert.deepStrictEqual(app.asked(), [[], [a], [b]])
      assert.deepStrictEqual(tokens, ["token-2", "token-3", "token-2", "token-3"])
    }))

  it.effect("rest by themselves where the server refuses one, and the grant goes on for the others", () =>
    Effect.gen(function*() {
      const [good, bad] = ["https://good.example", "https://bad.example"]
      const app = yield* loggedIn([good, bad], (resources) => resources.includes(bad))

      const outcomes = [
        yield* app.attempt(bad),
        yield* app.attempt(good),
        yield* app.attempt(bad),
        yield* Effect.andThen(TestClock.adjust("61 seconds"), app.attempt(bad)),
        yield* Effect.andThen(TestClock.adjust("61 seconds"), app.attempt(bad)),
        yield* app.attempt(good)
      ]

      assert.deepStrictEqual(outcomes, [
        "RequestRefused",
        "token-3",
        "RenewalPending",
        "RequestRefused",
        "RenewalPending",
        "token-3"
      ])
      assert.deepStrictEqual(app.asked(), [[], [bad], [good], [bad]])
    }))

  it.effect("that rest do not keep the keeper from the grant: it is renewed for the others", () =>
    Effect.gen(function*() {
      const [good, bad] = ["https://good.example", "https://bad.example"]
      let refuses = false
      const app = yield* loggedIn([good, bad], (resources) => refuses && resources.includes(bad))
      yield* TestClock.adjust("20 minutes")
      yield* app.attempt(bad)
      yield* app.attempt(good)
      yield* TestClock.adjust("38 minutes")
      yield* app.whole
      refuses = true
      yield* TestClock.adjust("21 minutes")

      const kept = [yield* app.keep, yield* app.keep]
      // a lease later the record is due again, and only for the target that rests
      yield* TestClock.adjust("50 seconds")
      kept.push(yield* app.keep)

      assert.deepStrictEqual(kept, ["renewed", "RequestRefused", "current"])
      assert.deepStrictEqual(app.asked().slice(-2), [[good], [bad]])
    }))

  it.effect("that rest are no reason to renew the grant for the others at every pass of a keeper", () =>
    Effect.gen(function*() {
      const bad = "https://bad.example"
      let refuses = false
      const app = yield* loggedIn([], (resources) => refuses && resources.includes(bad))
      yield* app.attempt(bad)
      yield* TestClock.adjust("10 minutes")
      yield* app.whole
      refuses = true
      yield* TestClock.adjust("49 minutes")
      const before = app.asked().length

      const passes = []
      for (let pass = 0; pass < 5; pass++) {
        yield* TestClock.adjust("10 seconds")
        passes.push(yield* app.keep)
      }

      assert.deepStrictEqual(passes.filter((landing) => landing !== "current"), ["RequestRefused"])
      assert.deepStrictEqual(app.asked().slice(before), [[bad]])
    }))

  it.effect("are asked for as before once the server gives tokens for them again", () =>
    Effect.gen(function*() {
      const [good, bad] = ["https://good.example", "https://bad.example"]
      let refuses = true
      const app = yield* loggedIn([good, bad], (resources) => refuses && resources.includes(bad))
      const first = yield* app.attempt(bad)

      refuses = false
      yield* TestClock.adjust("61 seconds")
      const second = yield* app.attempt(bad)
      yield* TestClock.adjust("2 hours")
      const third = yield* app.attempt(bad)

      assert.deepStrictEqual([first, second, third], ["RequestRefused", "token-3", "token-4"])
    }))

  it.effect("are named with the client's own credentials, each by itself [8707-2-f]", () =>
    Effect.gen(function*() {
      const resources = ["https://a.example", "urn:b"]

      const { requests } = yield* clientCredentials({ resources })

      assert.deepStrictEqual(resourcesOf(requests[0]?.body), resources)
    }))

  for (const resource of ["api", "https://a.example/#x"]) {
    it.effect(`are refused, and nothing is sent: ${resource} [8707-2-a] [8707-2-b]`, () =>
      Effect.gen(function*() {
        const named = yield* clientCredentials({ resources: [resource] })
        const slipped = yield* clientCredentials({ parameters: { resource } })

        assert.deepStrictEqual([named.reason, slipped.reason], ["ConfigurationInvalid", "ConfigurationInvalid"])
        assert.deepStrictEqual([...named.requests, ...slipped.requests], [])
      }))
  }
})

const provider = Layer.merge(
  AuthorizationServer.layer(AuthorizationServer.make({
    provider: "acme",
    authorizationEndpoint: "https://as.example/authorize",
    tokenEndpoint: "https://as.example/token"
  })),
  ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s") })
)

const resourcesOf = (body = ""): ReadonlyArray<string> => new URLSearchParams(body).getAll("resource")

/** An application that logged in for some resources, at a server that counts its tokens. */
const loggedIn = (
  resources: ReadonlyArray<string>,
  refuses: (resources: ReadonlyArray<string>) => boolean = () => false
) =>
  Effect.gen(function*() {
    let count = 0
    const wire = Wire.make(({ body }) => {
      count++
      return refuses(resourcesOf(body)) ? TestHttp.json({ error: "invalid_target" }, { status: 400 }) : TestHttp.json({
        access_token: `token-${count}`,
        refresh_token: `refresh-${count}`,
        token_type: "Bearer",
        expires_in: 3600
      })
    })
    const context = yield* Layer.build(wire.layer(provider))
    const login = yield* Effect.provideContext(Login.Login, context)
    const service = yield* Effect.provideContext(TokenService.TokenService, context)
    const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.example/cb", scopes: [], resources })
    const { key } = yield* login.complete(`https://app.example/cb?code=c&state=${Redacted.value(begun.state)}`)
    const token = (resource?: string) =>
      Effect.map(
        service.token(key, resource === undefined ? undefined : Target.make({ resource })),
        ({ value }) => Redacted.value(value)
      )
    return {
      url: begun.url,
      /** The resources of each request to the token endpoint. */
      asked: () => wire.sent.map(({ body }) => resourcesOf(body)),
      token,
      whole: Effect.asVoid(service.refresh(key)),
      keep: Effect.match(service.keep(key), {
        onSuccess: (landing) => landing,
        onFailure: ({ reason }) => reason._tag
      }),
      attempt: (resource: string) =>
        Effect.match(token(resource), { onSuccess: (value) => value, onFailure: ({ reason }) => reason._tag })
    }
  })

const clientCredentials = (options: Parameters<typeof ClientCredentials.source>[0]) =>
  Effect.gen(function*() {
    const http = recording(() => Effect.sync(() => json({ access_token: "t", token_type: "Bearer" })))
    const reason = yield* ClientCredentials.source(options).pipe(
      Effect.flatMap(({ token }) => token),
      Effect.match({ onSuccess: () => "ok", onFailure: (error) => error.reason._tag }),
      Effect.provide(TokenEndpoint.layer.pipe(Layer.provideMerge(Layer.merge(provider, http.layer)))),
      Effect.scoped
    )
    return { reason, requests: http.requests }
  })

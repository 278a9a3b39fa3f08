import { DeviceAuthorization, Dpop, TokenEndpoint, TokenRequest } from "@effect-oauth/core"
import { RecordedExchange, TestHttp } from "@effect-oauth/core/testing"
import { Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { type Quirk, quirks } from "./support/quirks.ts"

describe("what providers do differently", () => {
  for (const quirk of quirks) {
    describe(quirk.title, () => {
      it("is a description that can be read", () => {
        assert.isTrue(Result.isSuccess(Description.decode(described(quirk))))
      })

      for (const law of RecordedExchange.cases(recordingOf(quirk))) {
        it.effect(law.name, () => Effect.provide(law.run, layerOf(quirk)))
      }
    })
  }

  describe("Google's older device flow, and GitHub's", () => {
    it.effect("names the address in another way, and says with a 200 that it waits", () =>
      Effect.gen(function*() {
        const answers = [
          {
            device_code: "d-1",
            user_code: "ABCD",
            verification_url: "https://g.test/device",
            expires_in: 900,
            interval: 5
          },
          { error: "authorization_pending" },
          first
        ]
        const http = TestHttp.layer(() => Effect.sync(() => TestHttp.json(answers.shift() ?? {})))
        const provider = GenericRfc6749.layerDescription({
          clientId: "app",
          description: {
            provider: "example",
            tokenEndpoint: "https://as.test/token",
            deviceAuthorizationEndpoint: "https://as.test/device",
            dialect: { answers: { device: { verification_uri: "verification_url" } } }
          }
        })

        const tokens = yield* Effect.gen(function*() {
          const device = yield* DeviceAuthorization.DeviceAuthorization
          const started = yield* device.start()
          assert.strictEqual(started.verificationUri, "https://g.test/device")
          const polling = yield* Effect.forkChild(device.poll(started))
          yield* TestClock.adjust("10 seconds")
          return yield* Fiber.join(polling)
        }).pipe(Effect.provide(
          DeviceAuthorization.layer.pipe(
            Layer.provide(TokenEndpoint.layer),
            Layer.provide(Layer.merge(provider, http))
          )
        ))

        assert.strictEqual(Redacted.value(tokens.accessToken), "a-1")
      }))
  })

  describe("Bluesky", () => {
    it.effect("spends a refresh token before it looks for a nonce, which is fetched first", () =>
      Effect.gen(function*() {
        const sent: Array<TestHttp.Request> = []
        const http = TestHttp.layer((request) =>
          Effect.sync(() => {
            sent.push(request)
            return request.body === ""
              ? TestHttp.json({ error: "use_dpop_nonce" }, { status: 400, headers: { "dpop-nonce": "n-1" } })
              : TestHttp.json({ ...first, token_type: "DPoP" })
          })
        )
        const provider = GenericRfc6749.layerDescription({
          clientId: "app",
          description: {
            provider: "example",
            tokenEndpoint: "https://as.test/token",
            dialect: { dpopNonce: "fetched" }
          }
        })
        const exchange = Effect.flatMap(
          TokenEndpoint.TokenEndpoint,
          (endpoint) => endpoint.exchange(TokenRequest.refreshToken({ refreshToken: Redacted.make("r-1") }))
        )

        const judgements = yield* Effect.all([exchange, exchange]).pipe(Effect.provide(
          TokenEndpoint.layer.pipe(
            Layer.provide(Layer.mergeAll(provider, http, Dpop.layer()))
          )
        ))

        assert.deepStrictEqual(judgements.map(({ _tag }) => _tag), ["Granted", "Granted"])
        assert.deepStrictEqual(sent.map(({ body, headers }) => [body === "", nonceOf(headers["dpop"])]), [
          [true, undefined],
          [false, "n-1"],
          [false, "n-1"]
        ])
      }))
  })

  it("takes a hook in three", () => {
    assert.deepStrictEqual(quirks.flatMap(({ hook, title }) => hook === undefined ? [] : [title]), [
      "Apple",
      "Revolut",
      "Shopline"
    ])
  })
})

const first = { access_token: "a-1", token_type: "Bearer", expires_in: 3600, refresh_token: "r-1" }

const nonceOf = (proof: string | undefined): unknown =>
  JSON.parse(atob((proof ?? "").split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "")).nonce

const described = ({ description }: Quirk): Description.Encoded => ({ provider: "example", ...description })

const layerOf = (quirk: Quirk) => {
  const method = quirk.description.clientAuthentication
  return GenericRfc6749.layerDescription({
    description: described(quirk),
    clientId: "app",
    variables: quirk.variables,
    ...(method === "privateKeyJwt" || method === "jwtSecret" ? {} : { clientSecret: Redacted.make("s-3cr3t") }),
    ...quirk.hook
  })
}

const recordingOf = ({ authorization = {}, callback, gives, login, scopes = ["read"], ...rest }: Quirk) => {
  if (login === undefined || gives === undefined) throw new Error("what is not recorded shows nothing")
  return { ...rest, scopes, authorization, callback: callback ?? { code: "c-1" }, login, gives }
}

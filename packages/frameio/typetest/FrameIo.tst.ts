import {
  type AuthorizationServer,
  AuthorizedHttpClient,
  type ClientAuthentication,
  type GrantKey,
  Login,
  OAuthClient,
  type OAuthError,
  PendingAuthorizations,
  TokenStore
} from "@effect-oauth/core"
import { FrameIo, FrameIoApi, FrameIoC2c, FrameIoLegacy, FrameIoRateLimits } from "@effect-oauth/frameio"
import { Config, Effect, Layer, type Redacted } from "effect"
import { FetchHttpClient, type HttpClientError } from "effect/http"
import { describe, expect, it } from "tstyche"

declare const clientSecret: Redacted.Redacted
declare const readSecret: Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>

describe("FrameIo", () => {
  it("composes as the README shows, with nothing left to provide", () => {
    const Live = OAuthClient.layer().pipe(
      Layer.provideMerge(FrameIo.layerConfig({
        client: "webApp",
        clientId: Config.String("FRAMEIO_CLIENT_ID"),
        clientSecret: Config.Redacted("FRAMEIO_CLIENT_SECRET")
      })),
      Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()]),
      Layer.provideMerge(FetchHttpClient.layer)
    )
    const whoAmI = Effect.fnUntraced(function*(answer: string) {
      const login = yield* Login.Login
      const { key } = yield* login.complete(answer)
      return yield* FrameIo.me(yield* AuthorizedHttpClient.make(key))
    })

    expect(whoAmI("").pipe(Effect.provide(Live))).type.toBe<
      Effect.Effect<FrameIo.Profile, OAuthError.OAuthError | HttpClientError.HttpClientError>
    >()
  })

  it("supplies a server and its client, each replaceable", () => {
    expect(FrameIo.layerAuthorizationServer).type.toBe<Layer.Layer<AuthorizationServer.AuthorizationServer>>()
    expect(FrameIo.layerClientAuthentication).type.toBeCallableWith({ client: "nativeApp", clientId: "" })
    expect(FrameIo.layer({ client: "nativeApp", clientId: "" })).type.toBe<
      Layer.Layer<
        AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication,
        OAuthError.OAuthError
      >
    >()
  })

  it("asks each kind of client for what it has", () => {
    expect(FrameIo.layer).type.toBeCallableWith({ client: "webApp", clientId: "", clientSecret })
    expect(FrameIo.layer).type.toBeCallableWith({ client: "serverToServer", clientId: "", clientSecret: readSecret })
    expect(FrameIo.layer).type.not.toBeCallableWith({ client: "webApp", clientId: "" })
    expect(FrameIo.layer).type.not.toBeCallableWith({ client: "webApp", clientId: "", clientSecret: "in clear" })
    expect(FrameIo.layer).type.not.toBeCallableWith({ client: "nativeApp", clientId: "", clientSecret })
  })

  it("takes another origin under a name of its own only", () => {
    const options = { client: "nativeApp", clientId: "" } as const

    expect(FrameIo.layerLoopback).type.toBeCallableWith({ ...options, origin: "http://127.0.0.1:4000" })
    expect(FrameIo.layer).type.not.toBeCallableWith({ client: "nativeApp", clientId: "", origin: "" })
    expect(FrameIo.layerConfig).type.not.toBeCallableWith({ client: "nativeApp", clientId: "", origin: "" })
  })
})

describe("FrameIoLegacy", () => {
  it("asks each kind of client for what it has", () => {
    expect(FrameIoLegacy.layer).type.toBeCallableWith({ client: "confidential", clientId: "", clientSecret })
    expect(FrameIoLegacy.layer).type.toBeCallableWith({ client: "public", clientId: "" })
    expect(FrameIoLegacy.layer).type.not.toBeCallableWith({ client: "confidential", clientId: "" })
  })
})

describe("FrameIoC2c", () => {
  it("asks a device for its secret", () => {
    expect(FrameIoC2c.layer).type.toBeCallableWith({ clientId: "", clientSecret })
    expect(FrameIoC2c.layer).type.not.toBeCallableWith({ clientId: "" })
  })
})

describe("FrameIoApi", () => {
  it("adds its error to those of the client, and `me` hands it on", () => {
    const whoAmI = (key: GrantKey.GrantKey) => Effect.flatMap(FrameIoApi.make(key), FrameIo.me)

    expect<Effect.Error<ReturnType<typeof whoAmI>>>().type.toBe<
      FrameIoApi.FreshTokenRefused | HttpClientError.HttpClientError | OAuthError.OAuthError
    >()
  })
})

describe("FrameIoRateLimits", () => {
  it("takes any client, and adds its error", () => {
    const limited = (api: FrameIoApi.FrameIoApi, limits: FrameIoRateLimits.FrameIoRateLimits) =>
      FrameIo.me(FrameIoRateLimits.withRateLimits(api, limits, { account: "ada" }))

    expect<Effect.Error<ReturnType<typeof limited>>>().type.toBe<
      | FrameIoApi.FreshTokenRefused
      | FrameIoRateLimits.RateLimited
      | HttpClientError.HttpClientError
      | OAuthError.OAuthError
    >()
  })
})

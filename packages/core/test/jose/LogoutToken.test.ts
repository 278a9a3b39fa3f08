import { ClientAuthentication } from "@effect-oauth/core"
import { type IdToken, Jwks, LogoutToken } from "@effect-oauth/core/jose"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as OpenId from "../support/OpenId.ts"

const event = "http://schemas.openid.net/event/backchannel-logout"

describe("LogoutToken", () => {
  it.effect("tells who signed out", () =>
    opened(Effect.fnUntraced(function*({ verify }) {
      assert.deepStrictEqual(yield* verify({}), {
        issuer: OpenId.issuer,
        subject: "user-1",
        sessionId: "session-1"
      })
      assert.deepStrictEqual(yield* verify({ sub: undefined, jti: "2" }), {
        issuer: OpenId.issuer,
        sessionId: "session-1"
      })
      assert.deepStrictEqual(yield* verify({ sid: undefined, jti: "3" }), {
        issuer: OpenId.issuer,
        subject: "user-1"
      })
    })))

  const broken: ReadonlyArray<readonly [title: string, rule: string, claims: OpenId.Claims]> = [
    ["another issuer", "iss", { iss: "https://other.test" }],
    ["another client", "aud", { aud: "other" }],
    ["a token that has ended", "exp", { exp: OpenId.start / 1000 }],
    ["a token without a time", "iat", { iat: undefined }],
    ["a token of a week ago", "iat", { iat: OpenId.start / 1000 - 7 * 86400 }],
    ["an ID token", "nonce", { nonce: "n" }],
    ["a token of nobody", "sub", { sub: undefined, sid: undefined }],
    ["no events", "events", { events: undefined }],
    ["other events", "events", { events: { "urn:other": {} } }],
    ["an event that is no object", "events", { events: { [event]: true } }],
    ["events that are a list", "events", { events: [event] }],
    ["a token without a name", "jti", { jti: undefined }]
  ]
  for (const [title, rule, claims] of broken) {
    it.effect(`refuses ${title}`, () =>
      opened(Effect.fnUntraced(function*({ verify }) {
        const error = yield* Effect.flip(verify(claims))

        assert.strictEqual(OpenId.ruleOf(error), rule)
        assert.strictEqual(error.reason._tag === "JwtInvalid" && error.reason.jwt, "logout-token")
      })))
  }

  it.effect("counts once", () =>
    opened(Effect.fnUntraced(function*({ verify }) {
      yield* verify({})

      assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(verify({}))), "jti")
      yield* verify({ jti: "another" })
      yield* TestClock.adjust("119 seconds")
      assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(verify({}))), "jti")
    })))

  it.effect("is signed by the server, and is of its kind", () =>
    opened(Effect.fnUntraced(function*({ verify }) {
      const other = yield* OpenId.provider()
      const forged = yield* other.signer.sign(claims({}))

      assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(verify(forged))), "signature")
      assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(verify({}, "at+jwt"))), "typ")
    })))
})

const claims = (changes: OpenId.Claims) =>
  OpenId.claims({
    nonce: undefined,
    exp: OpenId.start / 1000 + 120,
    jti: "logout-1",
    sid: "session-1",
    events: { [event]: {} },
    ...changes
  })

const opened = <A, E>(
  run: (it: {
    readonly verify: (
      token: OpenId.Claims | string,
      typ?: string
    ) => ReturnType<LogoutToken.LogoutToken["Service"]["verify"]>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const provider = yield* OpenId.provider()
    const options: IdToken.Options = { algorithms: ["ES256"] }
    const layer = LogoutToken.layer(options).pipe(
      Layer.provide(Jwks.layer()),
      Layer.provide([OpenId.description(), ClientAuthentication.layerNone({ clientId: "app" }), provider.http])
    )
    const tokens = yield* Effect.provide(LogoutToken.LogoutToken, layer)
    return yield* run({
      verify: (token, typ = "logout+jwt") =>
        Effect.flatMap(
          typeof token === "string"
            ? Effect.succeed(token)
            : provider.signer.signWith(claims(token), { typ, kid: "test-key-1" }),
          (text) => tokens.verify(Redacted.make(text))
        )
    })
  })

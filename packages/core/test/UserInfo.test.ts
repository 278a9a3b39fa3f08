import { AuthorizationServer, Identity, JwtVerifier, type OAuthError, TokenSource, UserInfo } from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("UserInfo", () => {
  it.effect("asks by GET with the token in the header [OIDC-5.3.1-a] [OIDC-5.3.1-b]", () =>
    Effect.gen(function*() {
      const { requests } = yield* ask(TestHttp.json({ sub: "user-1" }))

      assert.deepStrictEqual(requests, [{
        method: "GET",
        url: "https://op.test/userinfo",
        headers: { accept: "application/json, application/jwt", authorization: "Bearer a-1" },
        body: "",
        parameters: {}
      }])
    }))

  it.effect("tells of the person that the ID token was about [OIDC-5.3.2-a]", () =>
    Effect.gen(function*() {
      const { info } = yield* ask(TestHttp.json({ sub: "user-1", name: "Ada", "name#ja": "エイダ", email: null }))

      assert.strictEqual(info.subject, "user-1")
      assert.strictEqual(Identity.claim(info, "name", "ja"), "エイダ")
      assert.isUndefined(Identity.claim(info, "email"))
    }))

  it.effect("does without claims that are elsewhere: asks nobody for them, and fails for nothing in them [OIDC-5.6.2-a] [OIDC-5.6.2-b]", () =>
    Effect.gen(function*() {
      const { info, requests } = yield* ask(TestHttp.json({
        sub: "user-1",
        _claim_names: { address: "src1", phone: "src2", unheard_of: "src3" },
        _claim_sources: {
          src1: { JWT: "e30.e30.e30", unheard_of: [1] },
          src2: { endpoint: "http://169.254.169.254/", access_token: "t", unheard_of: null }
        }
      }))

      assert.lengthOf(requests, 1)
      assert.isUndefined(Identity.claim(info, "address"))
      assert.isUndefined(Identity.claim(info, "phone"))
    }))

  const others: ReadonlyArray<readonly [title: string, sub: string | number | null | undefined]> = [
    ["somebody else [OIDC-5.3.2-a] [OIDC-5.3.2-b] [G08]", "user-2"],
    ["nobody [OIDC-5.3.2-b]", undefined],
    ["null", null],
    ["a number", 1],
    ["the same in other letters [OIDC-5.3.2-b]", "USER-1"]
  ]
  for (const [title, sub] of others) {
    it.effect(`tells nothing when the answer is about ${title}`, () =>
      Effect.gen(function*() {
        const answer = TestHttp.json({ ...(sub === undefined ? {} : { sub }), name: "Eve" })

        const error = yield* Effect.flip(ask(answer))

        assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.field, "sub")
      }))
  }

  it.effect("compares names as they are written, and not as they look [OIDC-14-a]", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask(TestHttp.json({ sub: "e\u0301" }), { subject: "\u00e9" }))

      assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.problem, "mismatch")
      yield* ask(TestHttp.json({ sub: "\u00e9" }), { subject: "\u00e9" })
    }))

  it.effect("reads a signed answer where there is a verifier, and no other [OIDC-5.3.2-c]", () =>
    Effect.gen(function*() {
      const signed: TestHttp.Answer = { status: 200, headers: { "content-type": "application/jwt" }, body: "a.b.c" }
      const verifier = Layer.succeed(JwtVerifier.JwtVerifier, {
        idToken: () => Effect.die("not asked for"),
        authorizationResponse: () => Effect.die("not asked for"),
        userInfo: (token) => Effect.succeed({ sub: "user-1", token: Redacted.value(token) })
      })

      const { info } = yield* ask(signed, { verifier })
      const without = yield* Effect.flip(ask(signed))
      const plain = yield* Effect.flip(
        ask({ ...signed, headers: { "content-type": "application/json" } }, { verifier })
      )

      assert.strictEqual(Identity.claim(info, "token"), "a.b.c")
      assert.strictEqual(without.reason._tag === "ResponseInvalid" && without.reason.problem, "content-type")
      assert.strictEqual(plain.reason._tag === "ResponseInvalid" && plain.reason.problem, "not-json")
    }))

  it.effect("compares the subject of a signed answer too [OIDC-5.3.2-a]", () =>
    Effect.gen(function*() {
      const verifier = Layer.succeed(JwtVerifier.JwtVerifier, {
        idToken: () => Effect.die("not asked for"),
        authorizationResponse: () => Effect.die("not asked for"),
        userInfo: () => Effect.succeed({ sub: "user-2" })
      })
      const signed: TestHttp.Answer = { status: 200, headers: { "content-type": "application/jwt" }, body: "a.b.c" }

      const error = yield* Effect.flip(ask(signed, { verifier }))

      assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.field, "sub")
    }))

  it.effect("asks once more with another token where the first is refused", () =>
    Effect.gen(function*() {
      const { requests } = yield* ask(
        (count) => count === 1 ? unauthorized : TestHttp.json({ sub: "user-1" })
      )

      assert.deepStrictEqual(requests.map(({ headers }) => headers["authorization"]), ["Bearer a-1", "Bearer a-2"])
    }))

  it.effect("asks no third time", () =>
    Effect.gen(function*() {
      let count = 0
      const error = yield* Effect.flip(ask(() => {
        count++
        return unauthorized
      }))

      assert.strictEqual(error.reason._tag === "RequestRefused" && String(error.reason.code), "invalid_token")
      assert.strictEqual(count, 2)
    }))

  const answers: ReadonlyArray<readonly [title: string, tag: string, answer: TestHttp.Answer]> = [
    ["a page [G08]", "ResponseInvalid", TestHttp.html("<p>hello</p>")],
    ["an array", "ResponseInvalid", TestHttp.json([{ sub: "user-1" }])],
    ["half an answer", "ResponseInvalid", { ...TestHttp.json({}), body: "{\"sub\":\"user-1\"" }],
    ["megabytes", "ResponseInvalid", TestHttp.json({ sub: "user-1", filler: "x".repeat(2_000_000) })],
    ["an answer from elsewhere", "RedirectRefused", TestHttp.redirect("https://evil.test/userinfo")],
    ["an outage", "ServerUnavailable", TestHttp.empty(503)],
    ["nothing", "ResponseInvalid", TestHttp.empty(204)],
    [
      "a refusal",
      "RequestRefused",
      TestHttp.empty(403, { headers: { "www-authenticate": "Bearer error=\"insufficient_scope\"" } })
    ]
  ]
  for (const [title, tag, answer] of answers) {
    it.effect(`makes a typed error of ${title}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask(answer))

        assert.strictEqual(error.reason._tag, tag)
      }))
  }

  it.effect("goes over TLS only, to the endpoint that the provider names", () =>
    Effect.gen(function*() {
      const made = AuthorizationServer.make({ ...description, userinfoEndpoint: "http://op.test/userinfo" })
      const error = yield* Effect.flip(ask(TestHttp.json({}), { userinfoEndpoint: undefined }))

      assert.strictEqual(made._tag, "Failure")
      assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "userinfoEndpoint")
    }))

  it.effect("keeps what it tells out of strings", () =>
    Effect.gen(function*() {
      const { info } = yield* ask(TestHttp.json({ sub: "user-1", email: canary }))
      const error = yield* Effect.flip(ask(TestHttp.json({ sub: canary, email: canary })))

      assert.deepStrictEqual([...leaks(info), ...leaks(error)], [])
    }))
})

const description = {
  provider: "test",
  issuer: "https://op.test",
  tokenEndpoint: "https://op.test/token"
}

const unauthorized = TestHttp.empty(401, { headers: { "www-authenticate": "Bearer error=\"invalid_token\"" } })

const ask = Effect.fnUntraced(function*(
  answer: TestHttp.Answer | ((count: number) => TestHttp.Answer),
  options: {
    readonly subject?: string
    readonly userinfoEndpoint?: string | undefined
    readonly verifier?: Layer.Layer<JwtVerifier.JwtVerifier>
  } = {}
): Effect.fn.Return<
  { readonly info: UserInfo.UserInfo; readonly requests: ReadonlyArray<TestHttp.Request> },
  OAuthError.OAuthError
> {
  const requests: Array<TestHttp.Request> = []
  const http = TestHttp.layer((request) =>
    Effect.sync(() => {
      requests.push(request)
      return typeof answer === "function" ? answer(requests.length) : answer
    })
  )
  const server = AuthorizationServer.layer(AuthorizationServer.make({
    ...description,
    userinfoEndpoint: "userinfoEndpoint" in options ? options.userinfoEndpoint : "https://op.test/userinfo"
  }))
  const token = (name: string) => ({ value: Redacted.make(name), type: "Bearer" })
  let current = token("a-1")
  const source = TokenSource.make({
    token: Effect.sync(() => current),
    refused: () => Effect.sync(() => current = token("a-2"))
  })
  const info = yield* UserInfo.get(source, options.subject ?? "user-1").pipe(
    Effect.provide([server, http, options.verifier ?? Layer.empty])
  )
  return { info, requests }
})

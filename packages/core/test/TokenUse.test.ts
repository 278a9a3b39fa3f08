/** How a token is used: in one place of a request, for the origins that may have it, and for nothing else. */
import { AuthorizedHttpClient, TokenService, TokenSource } from "@effect-oauth/core"
import { TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpBody, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"

describe("a token", () => {
  describe("goes into the header and leaves the rest as it was:", () => {
    const requests: Record<string, HttpClientRequest.HttpClientRequest> = {
      "GET": HttpClientRequest.get("https://api.test/things?a=1#b"),
      "GET with a body of its own making": HttpClientRequest.setBody(
        HttpClientRequest.get("https://api.test/things"),
        HttpBody.text("a=1", "application/x-www-form-urlencoded")
      ),
      "POST without a body": HttpClientRequest.post("https://api.test/things"),
      "POST of a form": HttpClientRequest.post("https://api.test/things", {
        body: HttpBody.text("a=1&b=%C3%BC", "application/x-www-form-urlencoded")
      }),
      "POST of JSON": HttpClientRequest.post("https://api.test/things", {
        body: HttpBody.text(`{"a":1}`, "application/json")
      }),
      "PUT of bytes": HttpClientRequest.put("https://api.test/things", {
        body: HttpBody.uint8Array(new Uint8Array([0, 1, 255]))
      })
    }
    for (const [name, request] of Object.entries(requests)) {
      it.effect(
        `${name} [6750-2.1-a] [6750-2.2-a] [6750-2.2-b] [6750-2.2-c] [6750-2.3-b] [6750-5.3-g] [2.1-5.1.1-a] [2.1-5.1.2-a] [2.1-5.1.2-b] [2.1-7.1.3.7-b]`,
        () =>
          Effect.gen(function*() {
            const { client, sent, token } = yield* using()

            yield* client.execute(request)

            const [exchange] = yield* sent
            const { body } = request
            assert.strictEqual(exchange?.headers["authorization"], `Bearer ${token}`)
            assert.strictEqual(exchange?.url.replace(/#.*$/, ""), request.url.replace(/#.*$/, ""))
            assert.strictEqual(exchange?.body, body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : "")
          }).pipe(Effect.provide(App.layer()))
      )
    }
  })

  describe("is not sent beside another one:", () => {
    const form = new FormData()
    form.set("access_token", "mine")
    const requests: Record<string, HttpClientRequest.HttpClientRequest> = {
      "in an Authorization header": HttpClientRequest.get("https://api.test/things", {
        headers: { Authorization: "Bearer mine" }
      }),
      "in the address": HttpClientRequest.get("https://api.test/things?access_token=mine"),
      "in a parameter of the address": HttpClientRequest.setUrlParam(
        HttpClientRequest.get("https://api.test/things"),
        "access_token",
        "mine"
      ),
      "in a form": HttpClientRequest.post("https://api.test/things", {
        body: HttpBody.text("a=1&access_token=mine", "application/x-www-form-urlencoded;charset=UTF-8")
      }),
      "in a form of several parts": HttpClientRequest.post("https://api.test/things", { body: HttpBody.formData(form) })
    }
    for (const [name, request] of Object.entries(requests)) {
      it.effect(`${name} [6750-2-a] [2.1-5.1-a]`, () =>
        Effect.gen(function*() {
          const { client, sent } = yield* using()

          const error = yield* Effect.flip(client.execute(request))

          assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
          assert.lengthOf(yield* sent, 0)
        }).pipe(Effect.provide(App.layer())))
    }
  })

  it.effect("is in no address that is ever called or opened, nor is a refresh token [6750-2.3-a] [OIDC-16.4-a] [6750-2.3-b] [6750-5.3-f] [9700-4.3.2-a] [2.1-5.1-b] [2.1-7.1.3.7-a]", () =>
    Effect.gen(function*() {
      const { all, client, key, secrets } = yield* using()
      const service = yield* TokenService.TokenService

      yield* client.get("https://api.test/things")
      yield* service.refresh(key)
      yield* client.get("https://api.test/things")
      yield* service.revoke(key)

      const addresses = (yield* all).map(({ url }) => url)
      assert.lengthOf(addresses, 4)
      for (const secret of yield* secrets) {
        assert.isFalse(addresses.some((address) => decodeURIComponent(address).includes(secret)), secret)
      }
    }).pipe(Effect.provide(App.layer())))

  it.effect("that renews goes to the authorization server and to no API [6749-10.4-a] [2.1-4.3-a]", () =>
    Effect.gen(function*() {
      const { client, key, refreshTokens, sent } = yield* using()
      const service = yield* TokenService.TokenService

      yield* client.get("https://api.test/things")
      yield* service.refresh(key)
      yield* client.post("https://api.test/things", { body: HttpBody.text("a") })

      const seen = JSON.stringify(yield* sent)
      const tokens = yield* refreshTokens
      assert.lengthOf(tokens, 2)
      for (const token of tokens) assert.notInclude(seen, token)
    }).pipe(Effect.provide(App.layer())))

  for (
    const origin of [
      "http://api.test",
      "http://192.168.1.1",
      "http://localhost.evil.test",
      "http://127.0.0.1.evil.test"
    ]
  ) {
    it.effect(`is not sent in the clear to ${origin}, though it is named [6749-10.3-b] [6750-5.2-d] [6750-5.3-c] [9700-2.6-b] [2.1-1.4.3-a] [2.1-7.1.3.3-a]`, () =>
      Effect.gen(function*() {
        const { key } = yield* using()
        const seen: Array<string> = []
        const client = AuthorizedHttpClient.withTokenSource(
          TestHttp.makeClient(({ url }) => Effect.sync(() => (seen.push(url), TestHttp.json({})))),
          yield* TokenSource.fromGrant(key),
          { origins: [origin] }
        )

        const error = yield* Effect.flip(client.get(`${origin}/things`))

        assert.strictEqual(
          error._tag === "OAuthError" && error.reason._tag === "RequestNotAllowed" ? error.reason.problem : error._tag,
          "insecure-url"
        )
        assert.deepStrictEqual(seen, [])
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("is sent in the clear to this machine, where it is named", () =>
    Effect.gen(function*() {
      const { key } = yield* using()
      const client = AuthorizedHttpClient.withTokenSource(
        TestHttp.makeClient(() => Effect.succeed(TestHttp.json({}))),
        yield* TokenSource.fromGrant(key),
        { origins: ["http://127.0.0.1:4000"] }
      )

      assert.strictEqual((yield* client.get("http://127.0.0.1:4000/things")).status, 200)
    }).pipe(Effect.provide(App.layer())))

  it.effect("that is refused before its time leads to one renewal and one more request [6750-3.1-a] [2.1-3.2.3-a]", () =>
    Effect.gen(function*() {
      const { all, client } = yield* using()
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      let refused = 0
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" && refused++ === 0
          ? { status: 401, headers: { "www-authenticate": `Bearer error="invalid_token"` }, body: "" }
          : undefined
      )

      const response = yield* client.get("https://api.test/things")

      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual((yield* all).map(({ endpoint }) => endpoint), ["token", "api", "token", "api"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("that may not do enough is not sent again, and the failure says what would do [6750-3.1-b] [6749-7.2-a]", () =>
    Effect.gen(function*() {
      const { all, client } = yield* using()
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const challenge = `Bearer error="insufficient_scope", scope="write admin"`
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" ? { status: 403, headers: { "www-authenticate": challenge }, body: "" } : undefined
      )

      const error = yield* Effect.flip(client.get("https://api.test/things"))

      assert.deepStrictEqual(
        error._tag === "OAuthError" && error.reason._tag === "AccessInsufficient" ? error.reason.scopes : error._tag,
        ["write", "admin"]
      )
      assert.deepStrictEqual((yield* all).map(({ endpoint }) => endpoint), ["token", "api"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("is not read, whatever it looks like [2.1-1.4-a]", () =>
    Effect.gen(function*() {
      const { client, key, sent } = yield* using()
      const service = yield* TokenService.TokenService

      yield* TestClock.adjust("30 minutes")
      yield* client.get("https://api.test/things")

      assert.strictEqual(Redacted.value((yield* service.token(key)).value), jwt)
      assert.strictEqual((yield* sent)[0]?.headers["authorization"], `Bearer ${jwt}`)
    }).pipe(Effect.provide(App.layer({ answers: { members: { access_token: jwt } } }))))
})

// an issuer, a subject, an audience and an end that are none of this client's
const jwt = ["{\"alg\":\"none\"}", "{\"iss\":\"https://evil.test\",\"sub\":\"mallory\",\"aud\":\"x\",\"exp\":1}", "s"]
  .map((part) => Buffer.from(part).toString("base64url")).join(".")

// A grant, a client that uses it, and what it sends.
const using = Effect.fnUntraced(function*() {
  const key = yield* App.login()
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const families = Effect.map(
    server.exchanges,
    (exchanges) => exchanges.flatMap(({ parameters }) => parameters["refresh_token"] ?? [])
  )
  const source = yield* TokenSource.fromGrant(key)
  const standing = Effect.map(
    server.families,
    (families) =>
      families.flatMap(({ refreshToken }) => refreshToken === undefined ? [] : [Redacted.value(refreshToken)])
  )
  const refreshTokens = Effect.map(Effect.all([families, standing]), (lists) => [...new Set(lists.flat())])
  const token = Redacted.value((yield* source.token).value)
  return {
    key,
    token,
    client: yield* AuthorizedHttpClient.make(key),
    all: server.exchanges,
    sent: Effect.map(server.exchanges, (exchanges) => exchanges.filter(({ endpoint }) => endpoint === "api")),
    refreshTokens,
    secrets: Effect.map(refreshTokens, (tokens) => [token, ...tokens])
  }
})

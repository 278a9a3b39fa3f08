import {
  AuthorizationServer,
  ClientAuthentication,
  Revocation,
  RotationPolicy,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { Fault, Ledger, TestAuthorizationServer, TestClient, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, type Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"

type Server = TestAuthorizationServer.TestAuthorizationServer["Service"]

describe("TestAuthorizationServer", () => {
  describe("authorize", () => {
    it.effect("sends the browser back with a code, the state and the issuer", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = new URL(yield* server.authorize(authorizationUrl()))

        assert.strictEqual(answer.origin + answer.pathname, "https://client.test/callback")
        assert.match(answer.searchParams.get("code") ?? "", /^test-code-/)
        assert.strictEqual(answer.searchParams.get("state"), "state-1")
        assert.strictEqual(answer.searchParams.get("iss"), "https://as.test")
      }))

    it.effect("answers with the person's decision not to", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = new URL(yield* server.authorize(authorizationUrl(), { error: "access_denied" }))

        assert.strictEqual(answer.searchParams.get("error"), "access_denied")
        assert.strictEqual(answer.searchParams.get("code"), null)
      }))

    it.effect("takes nothing from a browser that was not pushed, where requests must be", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ pushedRequests: "required" })

        const refused = yield* Effect.flip(server.authorize(authorizationUrl()))

        assert.strictEqual(refused.problem, "the request was not pushed")
      }))

    it.effect("takes a pushed request once, from its client, for a minute", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ pushedRequests: "offered" })
        const parameters = Object.fromEntries(new URL(authorizationUrl()).searchParams)
        const { client_id: client = "", ...others } = parameters
        const push = Effect.map(
          post(server, "/par", others),
          ({ members }) => (clientId = client) =>
            server.authorize(`https://as.test/authorize?${new URLSearchParams({
              client_id: clientId,
              request_uri: String(members["request_uri"])
            })}`)
        )

        const once = yield* push
        const answer = new URL(yield* once())
        const twice = yield* Effect.flip(once())
        const another = yield* push
        const stranger = yield* Effect.flip(another("test-app"))
        const late = yield* push
        yield* TestClock.adjust("1 minute")
        const expired = yield* Effect.flip(late())

        assert.strictEqual(answer.searchParams.get("state"), "state-1")
        assert.deepStrictEqual([twice, stranger, expired].map(({ problem }) => problem), [
          "the pushed request is not known, or was used",
          "the pushed request is not known, or was used",
          "the pushed request has expired"
        ])
      }))

    for (
      const [what, changes, error] of [
        ["state", { state: undefined }, "invalid_request"],
        ["a PKCE challenge", { code_challenge: undefined }, "invalid_request"],
        ["the challenge method S256", { code_challenge_method: "plain" }, "invalid_request"],
        ["the response type code", { response_type: "token" }, "unsupported_response_type"]
      ] as const
    ) {
      it.effect(`asks for ${what}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make()

          const answer = new URL(yield* server.authorize(authorizationUrl(changes)))

          assert.strictEqual(answer.searchParams.get("error"), error)
        }))
    }

    it.effect("asks for no challenge where the dialect has no PKCE", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ dialect: { authorization: { pkce: "none" } } })

        const answer = new URL(
          yield* server.authorize(authorizationUrl({ code_challenge: undefined, code_challenge_method: undefined }))
        )

        assert.isTrue(answer.searchParams.has("code"))
      }))

    for (
      const [what, changes] of [
        ["an unknown client", { client_id: "nobody" }],
        ["a redirect URI that is not registered", { redirect_uri: "https://client.test/callback/" }],
        ["a registered redirect URI on another port", { redirect_uri: "https://client.test:8443/callback" }]
      ] as const
    ) {
      it.effect(`sends nobody back for ${what}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make({ clients: [registered] })

          const error = yield* Effect.flip(server.authorize(authorizationUrl(changes)))

          assert.strictEqual(error._tag, "NotRedirected")
        }))
    }

    it.effect("accepts every port of a registered loopback address", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ clients: [registered] })

        const answer = yield* server.authorize(authorizationUrl({ redirect_uri: "http://127.0.0.1:49152/callback" }))

        assert.isTrue(answer.startsWith("http://127.0.0.1:49152/callback?code="))
      }))
  })

  describe("the token endpoint", () => {
    it.effect("gives tokens for a code", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* exchangeCode(server, yield* login(server))

        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(shapeOf(answer.members), {
          access_token: "test-f1-a2",
          token_type: "Bearer",
          expires_in: 3600,
          scope: "read write",
          refresh_token: "test-f1-r1"
        })
      }))

    for (
      const [what, changes] of [
        ["another verifier", { code_verifier: "x".repeat(43) }],
        ["no verifier", { code_verifier: undefined }],
        ["another redirect URI", { redirect_uri: "https://client.test/other" }],
        ["no redirect URI", { redirect_uri: undefined }],
        ["another code", { code: "test-code-0" }]
      ] as const
    ) {
      it.effect(`gives nothing for a code with ${what}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make()

          const answer = yield* exchangeCode(server, yield* login(server), changes)

          assert.strictEqual(answer.status, 400)
          assert.strictEqual(answer.members["error"], "invalid_grant")
          assert.lengthOf(yield* server.families, 0)
        }))
    }

    it.effect("burns a code that came with the wrong verifier", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const code = yield* login(server)
        yield* exchangeCode(server, code, { code_verifier: "x".repeat(43) })

        const answer = yield* exchangeCode(server, code)

        assert.strictEqual(answer.members["error"], "invalid_grant")
      }))

    it.effect("ends what a code gave when the code comes again", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const code = yield* login(server)
        const first = yield* exchangeCode(server, code)

        const second = yield* exchangeCode(server, code)

        assert.strictEqual(second.members["error"], "invalid_grant")
        assert.isFalse(yield* server.isLive(text(first.members["refresh_token"])))
      }))

    it.effect("gives nothing for a code after its time", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ codeLifetime: "30 seconds" })
        const code = yield* login(server)
        yield* TestClock.adjust("30 seconds")

        const answer = yield* exchangeCode(server, code)

        assert.strictEqual(answer.members["error"], "invalid_grant")
      }))

    it.effect("grants what the person granted", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* exchangeCode(server, yield* login(server, { scopes: ["read"], subject: "ada" }))

        assert.strictEqual(answer.members["scope"], "read")
        assert.strictEqual((yield* server.families)[0]?.subject, "ada")
      }))

    it.effect("gives an ID token for the scope openid", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const url = authorizationUrl({ scope: "openid", nonce: "n-1" })
        const code = new URL(yield* server.authorize(url, { subject: "ada" })).searchParams.get("code") ?? ""

        const answer = yield* exchangeCode(server, code)

        const [, claims = ""] = text(answer.members["id_token"]).split(".")
        assert.deepStrictEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
          iss: "https://as.test",
          sub: "ada",
          aud: "test-client",
          iat: 0,
          exp: 3600,
          nonce: "n-1",
          auth_time: 0
        })
      }))

    it.effect("gives no refresh token where the scope for it was not asked for", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ refreshTokens: { scope: "offline" } })

        const answer = yield* exchangeCode(server, yield* login(server))

        assert.isUndefined(answer.members["refresh_token"])
      }))

    it.effect("shapes its answers as told", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({
          answers: { tokenType: "bearer", expiresIn: "string", scope: "never", members: { user_id: 7 } }
        })

        const answer = yield* exchangeCode(server, yield* login(server))

        assert.deepStrictEqual(shapeOf(answer.members), {
          access_token: "test-f1-a2",
          token_type: "bearer",
          expires_in: "3600",
          refresh_token: "test-f1-r1",
          user_id: 7
        })
      }))

    it.effect("speaks the dialect that it declares", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({
          refreshTokenLifetime: "30 days",
          dialect: {
            authorization: { scopeSeparator: "," },
            response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_expires_in" }
          }
        })
        const url = authorizationUrl({ scope: "read,write" })
        const code = new URL(yield* server.authorize(url)).searchParams.get("code") ?? ""

        const answer = yield* exchangeCode(server, code)

        assert.strictEqual(answer.members["scope"], "read,write")
        assert.strictEqual(answer.members["refresh_expires_in"], 2_592_000)
      }))

    it.effect("gives a client tokens of its own, and no refresh token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* post(server, "/token", { grant_type: "client_credentials", scope: "jobs" })

        assert.deepStrictEqual(Object.keys(answer.members), ["access_token", "token_type", "expires_in", "scope"])
      }))

    it.effect("gives tokens for the right password only", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ passwords: { ada: "lovelace" } })
        const ask = (username: string, password: string) =>
          post(server, "/token", { grant_type: "password", username, password })

        assert.strictEqual((yield* ask("ada", "lovelace")).status, 200)
        assert.strictEqual((yield* ask("ada", "byron")).members["error"], "invalid_grant")
        assert.strictEqual((yield* ask("constructor", "byron")).members["error"], "invalid_grant")
      }))

    it.effect("refuses a parameter that comes twice", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const body = "grant_type=refresh_token&client_id=test-app&client_id=test-app"

        const answer = yield* send(server, HttpClientRequest.post("https://as.test/token").pipe(form(body)))

        assert.strictEqual(answer.members["error"], "invalid_request")
      }))

    it.effect("refuses a grant type that it does not know", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* post(server, "/token", { grant_type: "urn:example:grant" })

        assert.strictEqual(answer.members["error"], "unsupported_grant_type")
      }))
  })

  describe("client authentication", () => {
    for (const authentication of ["basic", "basic-raw", "post"] as const) {
      it.effect(`accepts the credentials of a client by ${authentication}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make({
            clients: [{ clientId: "a client", authentication, secret: "s+% &:=" }]
          })

          const answer = yield* post(server, "/token", { grant_type: "client_credentials" })

          assert.strictEqual(answer.status, 200)
        }))

      it.effect(`refuses wrong credentials by ${authentication}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make({
            clients: [{ clientId: "a client", authentication, secret: "right" }]
          })
          const headers = { authorization: `Basic ${Buffer.from("a client:wrong").toString("base64")}` }
          const body = { grant_type: "client_credentials", client_id: "a client", client_secret: "wrong" }
          const request = authentication === "post"
            ? HttpClientRequest.post("https://as.test/token").pipe(HttpClientRequest.bodyUrlParams(body))
            : HttpClientRequest.post("https://as.test/token", { headers }).pipe(
              HttpClientRequest.bodyUrlParams({ grant_type: "client_credentials" })
            )

          const answer = yield* send(server, request)

          assert.strictEqual(answer.status, 401)
          assert.strictEqual(answer.members["error"], "invalid_client")
          assert.strictEqual(answer.headers["www-authenticate"] === undefined, authentication === "post")
        }))
    }

    it.effect("does not form-decode where the client is registered so", () =>
      Effect.gen(function*() {
        const encoded = `Basic ${Buffer.from("id:a%2Bb").toString("base64")}`
        const ask = Effect.fnUntraced(function*(authentication: "basic" | "basic-raw", secret: string) {
          const server = yield* TestAuthorizationServer.make({ clients: [{ clientId: "id", authentication, secret }] })
          return yield* send(
            server,
            HttpClientRequest.post("https://as.test/token", { headers: { authorization: encoded } }).pipe(
              HttpClientRequest.bodyUrlParams({ grant_type: "client_credentials" })
            )
          )
        })

        assert.strictEqual((yield* ask("basic", "a+b")).status, 200)
        assert.strictEqual((yield* ask("basic-raw", "a+b")).status, 401)
        assert.strictEqual((yield* ask("basic-raw", "a%2Bb")).status, 200)
      }))

    it.effect("refuses credentials that come in two ways", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* post(server, "/token", {
          grant_type: "client_credentials",
          client_secret: TestClient.confidential.secret ?? ""
        })

        assert.strictEqual(answer.members["error"], "invalid_client")
      }))

    it.effect("refuses a secret from a client that has none", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const body = { grant_type: "refresh_token", refresh_token: "x", client_id: "test-app", client_secret: "s" }

        const answer = yield* send(
          server,
          HttpClientRequest.post("https://as.test/token").pipe(HttpClientRequest.bodyUrlParams(body))
        )

        assert.strictEqual(answer.members["error"], "invalid_client")
      }))
  })

  describe("renewal", () => {
    it.effect("keeps a static refresh token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ rotation: RotationPolicy.fixed })
        const token = yield* refreshToken(server)

        const first = yield* renew(server, token)
        const second = yield* renew(server, token)

        assert.strictEqual(first.status, 200)
        assert.isUndefined(first.members["refresh_token"])
        assert.strictEqual(second.status, 200)
        assert.isTrue(yield* server.isLive(token))
      }))

    it.effect("repeats a static refresh token where told to", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({
          rotation: RotationPolicy.fixed,
          answers: { keptRefreshToken: "repeated" }
        })
        const token = yield* refreshToken(server)

        const answer = yield* renew(server, token)

        assert.strictEqual(answer.members["refresh_token"], token)
      }))

    it.effect("replaces a rotating refresh token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)

        const next = text((yield* renew(server, token)).members["refresh_token"])

        assert.isFalse(yield* server.isLive(token))
        assert.isTrue(yield* server.isLive(next))
      }))

    it.effect("ends the family when a spent token comes again", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)
        const next = yield* renew(server, token)

        const again = yield* renew(server, token)

        assert.strictEqual(again.members["error"], "invalid_grant")
        assert.isFalse(yield* server.isLive(text(next.members["refresh_token"])))
        assert.isFalse(yield* server.isLive(text(next.members["access_token"])))
        assert.isTrue((yield* server.families)[0]?.revoked)
      }))

    it.effect("keeps the family where reuse does not end it", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ reuseRevokesFamily: false })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        const next = yield* renew(server, token)

        const again = yield* renew(server, token)

        assert.strictEqual(again.members["error"], "invalid_grant")
        assert.isTrue(yield* server.isLive(text(next.members["refresh_token"])))
      }))

    it.effect("gives the same pair again inside an idempotent window", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: true } })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        const first = yield* renew(server, token)
        yield* TestClock.adjust("1 minute")

        const second = yield* renew(server, token)

        assert.deepStrictEqual(second.members, { ...first.members, expires_in: 3540 })
        assert.isTrue(yield* server.isLive(text(first.members["refresh_token"])))
      }))

    it.effect("gives another pair inside any other window, and the earlier one dies", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: false } })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        const first = text((yield* renew(server, token)).members["refresh_token"])

        const second = text((yield* renew(server, token)).members["refresh_token"])

        assert.notStrictEqual(second, first)
        assert.isFalse(yield* server.isLive(first))
        assert.isTrue(yield* server.isLive(second))
      }))

    it.effect("takes a pair that another one replaced for a reuse", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: false } })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        const replaced = text((yield* renew(server, token)).members["refresh_token"])
        yield* renew(server, token)

        const answer = yield* renew(server, replaced)

        assert.strictEqual(answer.members["error"], "invalid_grant")
        assert.isTrue((yield* server.families)[0]?.revoked)
      }))

    it.effect("counts the window from the first presentation", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: false } })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        yield* renew(server, token)
        yield* TestClock.adjust("40 seconds")
        yield* renew(server, token)
        yield* TestClock.adjust("21 seconds")

        const third = yield* renew(server, token)

        assert.strictEqual(third.members["error"], "invalid_grant")
        assert.isTrue((yield* server.families)[0]?.revoked)
      }))

    it.effect("closes the window when the successor has been used", () =>
      Effect.gen(function*() {
        const rotation = RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: true } })
        const server = yield* TestAuthorizationServer.make({ rotation })
        const token = yield* refreshToken(server)
        const next = text((yield* renew(server, token)).members["refresh_token"])
        yield* renew(server, next)

        const again = yield* renew(server, token)

        assert.strictEqual(again.members["error"], "invalid_grant")
      }))

    it.effect("uses a one-shot token up", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({
          rotation: RotationPolicy.oneShot,
          reuseError: "invalid_request"
        })
        const token = yield* refreshToken(server)

        const first = yield* renew(server, token)
        const second = yield* renew(server, token)

        assert.isUndefined(first.members["refresh_token"])
        assert.strictEqual(second.members["error"], "invalid_request")
        assert.isTrue(yield* server.isLive(text(first.members["access_token"])))
      }))

    it.effect("refuses a refresh token after its lifetime", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ refreshTokenLifetime: "1 day" })
        const token = yield* refreshToken(server)
        yield* TestClock.adjust("1 day")

        const answer = yield* renew(server, token)

        assert.strictEqual(answer.members["error"], "invalid_grant")
      }))

    it.effect("refuses another client's refresh token without spending it", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)
        const body = { grant_type: "refresh_token", refresh_token: token, client_id: "test-app" }

        const answer = yield* send(
          server,
          HttpClientRequest.post("https://as.test/token").pipe(HttpClientRequest.bodyUrlParams(body))
        )

        assert.strictEqual(answer.members["error"], "invalid_grant")
        assert.isTrue(yield* server.isLive(token))
      }))

    it.effect("narrows an access token and not the grant", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)

        const narrow = yield* renew(server, token, { scope: "read" })
        const wide = yield* renew(server, text(narrow.members["refresh_token"]))

        assert.strictEqual(narrow.members["scope"], "read")
        assert.strictEqual(wide.members["scope"], "read write")
      }))

    it.effect("refuses a wider scope without spending the token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)

        const answer = yield* renew(server, token, { scope: "read admin" })

        assert.strictEqual(answer.members["error"], "invalid_scope")
        assert.isTrue(yield* server.isLive(token))
      }))

    it.effect("keeps the access tokens before it, or ends them where told to", () =>
      Effect.gen(function*() {
        const outcome = Effect.fnUntraced(function*(previousAccessTokens: "kept" | "ended") {
          const server = yield* TestAuthorizationServer.make({ previousAccessTokens })
          const { accessToken, refreshToken } = yield* server.issue()
          yield* renew(server, Redacted.value(refreshToken ?? assert.fail("no refresh token")))
          return yield* server.isLive(accessToken)
        })

        assert.isTrue(yield* outcome("kept"))
        assert.isFalse(yield* outcome("ended"))
      }))

    it.effect("may do something else than it declares", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({
          rotation: RotationPolicy.rotating(),
          declaredRotation: RotationPolicy.fixed
        })
        const token = yield* refreshToken(server)

        const answer = yield* renew(server, token)

        assert.strictEqual(server.description.rotation._tag, "Static")
        assert.notStrictEqual(answer.members["refresh_token"], token)
      }))
  })

  describe("the device grant", () => {
    it.effect("waits for the person, asks for patience, and gives tokens", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const started = yield* post(server, "/device", { scope: "read" })
        const poll = post(server, "/token", {
          grant_type: "urn:ietf:params:oauth:grant-type:device_code",
          device_code: text(started.members["device_code"])
        })

        assert.strictEqual((yield* poll).members["error"], "authorization_pending")
        assert.strictEqual((yield* poll).members["error"], "slow_down")
        yield* server.decideDevice(text(started.members["user_code"]), { subject: "ada" })
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* poll).members["scope"], "read")
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* poll).members["error"], "invalid_grant")
      }))

    it.effect("ends when the person declines, and when its time is over", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const declined = yield* post(server, "/device", {})
        const forgotten = yield* post(server, "/device", {})
        const poll = (started: Answer) =>
          post(server, "/token", {
            grant_type: "urn:ietf:params:oauth:grant-type:device_code",
            device_code: text(started.members["device_code"])
          })
        yield* server.decideDevice(text(declined.members["user_code"]), { error: "access_denied" })

        assert.strictEqual((yield* poll(declined)).members["error"], "access_denied")
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual((yield* poll(forgotten)).members["error"], "expired_token")
      }))
  })

  describe("revocation", () => {
    it.effect("of a refresh token ends the grant, spent or not", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const spent = yield* refreshToken(server)
        const next = yield* renew(server, spent)

        const answer = yield* post(server, "/revoke", { token: spent })

        assert.strictEqual(answer.status, 200)
        assert.isFalse(yield* server.isLive(text(next.members["refresh_token"])))
        assert.isFalse(yield* server.isLive(text(next.members["access_token"])))
      }))

    it.effect("of a refresh token ends that token only where the dialect says so", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ dialect: { revocation: "token" } })
        const spent = yield* refreshToken(server)
        const next = yield* renew(server, spent)

        yield* post(server, "/revoke", { token: spent })

        assert.isTrue(yield* server.isLive(text(next.members["refresh_token"])))
      }))

    it.effect("of an access token ends that token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const { accessToken, refreshToken } = yield* server.issue()

        yield* post(server, "/revoke", { token: Redacted.value(accessToken) })

        assert.isFalse(yield* server.isLive(accessToken))
        assert.isTrue(yield* server.isLive(refreshToken ?? assert.fail("no refresh token")))
      }))

    it.effect("of a token that is not known succeeds", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        assert.strictEqual((yield* post(server, "/revoke", { token: "nothing" })).status, 200)
      }))

    it.effect("at the provider's side ends the family", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const token = yield* refreshToken(server)

        yield* server.revoke(token)

        assert.strictEqual((yield* renew(server, token)).members["error"], "invalid_grant")
      }))
  })

  describe("the other endpoints", () => {
    it.effect("introspection tells a live token from a dead one", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const { accessToken } = yield* server.issue({ scopes: ["read"], subject: "ada" })
        const ask = post(server, "/introspect", { token: Redacted.value(accessToken) })

        assert.deepStrictEqual((yield* ask).members, {
          active: true,
          client_id: "test-client",
          sub: "ada",
          scope: "read",
          iss: "https://as.test",
          iat: 0,
          exp: 3600,
          token_type: "Bearer"
        })
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual((yield* ask).members, { active: false })
      }))

    for (const wellKnown of ["oauth-authorization-server", "openid-configuration"]) {
      it.effect(`metadata at ${wellKnown} name the described endpoints`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.make()

          const { members } = yield* send(server, HttpClientRequest.get(`https://as.test/.well-known/${wellKnown}`))

          assert.strictEqual(members["issuer"], server.description.issuer)
          assert.strictEqual(members["token_endpoint"], server.description.tokenEndpoint)
          assert.strictEqual(members["authorization_endpoint"], server.description.authorizationEndpoint)
          assert.strictEqual(members["revocation_endpoint"], server.description.revocationEndpoint)
        }))
    }

    it.effect("the API opens to a live token only, and says why it does not", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const { accessToken } = yield* server.issue({ scopes: ["read"] })
        const call = get(server, "https://api.test/projects?page=2", accessToken)

        assert.deepStrictEqual((yield* call).members, {
          method: "GET",
          url: "https://api.test/projects?page=2",
          token: "f1-a2",
          subject: "user-1",
          scopes: ["read"]
        })
        yield* server.revoke(accessToken)
        const refused = yield* call
        assert.strictEqual(refused.status, 401)
        assert.include(refused.headers["www-authenticate"] ?? "", `error="invalid_token"`)
      }))

    it.effect("the API names no error where there is no token", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* send(server, HttpClientRequest.get("https://api.test/"))

        assert.strictEqual(answer.headers["www-authenticate"], `Bearer realm="https://api.test"`)
      }))

    it.effect("userinfo names the subject", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        const { accessToken } = yield* server.issue({ subject: "ada" })

        assert.deepStrictEqual((yield* get(server, "https://as.test/userinfo", accessToken)).members, { sub: "ada" })
      }))

    it.effect("the authorization endpoint agrees by itself", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const answer = yield* send(server, HttpClientRequest.get(authorizationUrl()))

        assert.strictEqual(answer.status, 302)
        assert.include(answer.headers["location"] ?? "", "https://client.test/callback?code=")
      }))

    it.effect("other hosts have no address, and what went there is on record", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()

        const error = yield* Effect.flip(send(server, HttpClientRequest.get("https://elsewhere.test/")))

        assert.propertyVal(error.cause, "code", "ENOTFOUND")
        assert.strictEqual((yield* server.exchanges)[0]?.endpoint, "elsewhere")
      }))
  })

  describe("behind the scenes", () => {
    it.effect("requests are on record whole", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ clients: [TestClient.publicClient] })
        yield* TestClock.adjust("5 seconds")

        yield* post(server, "/token", { grant_type: "refresh_token", refresh_token: "a b" })

        const [exchange] = yield* server.exchanges
        assert.deepStrictEqual(exchange, {
          number: 0,
          by: "test",
          at: 5000,
          endpoint: "token",
          method: "POST",
          url: "https://as.test/token",
          headers: {
            "content-type": "application/x-www-form-urlencoded",
            "content-length": "61"
          },
          body: "client_id=test-app&grant_type=refresh_token&refresh_token=a+b",
          parameters: { client_id: "test-app", grant_type: "refresh_token", refresh_token: "a b" }
        })
      }))

    it.effect("the ledger tells the whole story", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make({ accessTokenLifetime: "1 minute" })
        const token = yield* refreshToken(server)
        const next = yield* renew(server, token)
        yield* get(server, "https://api.test/", Redacted.make(text(next.members["access_token"])))
        yield* renew(server, token)

        assert.strictEqual(
          Ledger.format(yield* server.ledger),
          [
            "         0       server     issued     f1-r1",
            "         0       server     issued     f1-a2",
            "         0 #0    test       presented  f1-r1",
            "         0 #0    test       issued     f1-r3",
            "         0 #0    test       issued     f1-a4",
            "         0 #0    test       rotated    f1-r1 -> f1-r3",
            "         0 #0    test       received   f1-r3",
            "         0 #0    test       answered   200",
            "         0 #1    test       used       f1-a4",
            "         0 #1    test       answered   200",
            "         0 #2    test       presented  f1-r1",
            "         0 #2    test       reused     f1-r1",
            "         0 #2    test       revoked    f1-a2 reuse",
            "         0 #2    test       revoked    f1-r3 reuse",
            "         0 #2    test       revoked    f1-a4 reuse",
            "         0 #2    test       refused    f1-r1 invalid_grant",
            "         0 #2    test       answered   400"
          ].join("\n")
        )
      }))

    it.effect("the same seed gives the same tokens and another gives others", () =>
      Effect.gen(function*() {
        const first = Effect.fnUntraced(function*(seed: number) {
          const server = yield* TestAuthorizationServer.make({ seed })
          return Redacted.value((yield* server.issue()).accessToken)
        })

        assert.strictEqual(yield* first(1), yield* first(1))
        assert.notStrictEqual(yield* first(1), yield* first(2))
      }))

    it.effect("the layer gives everything that a client needs", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer

        assert.strictEqual(yield* AuthorizationServer.AuthorizationServer, server.description)
        assert.strictEqual((yield* ClientAuthentication.ClientAuthentication).clientId, "test-client")
        yield* HttpClient.get("https://as.test/.well-known/oauth-authorization-server")
        assert.strictEqual((yield* server.exchanges)[0]?.by, "client")
      }).pipe(Effect.provide(TestAuthorizationServer.layer())))

    it.effect("fifty callers of a token service cause one presentation, under TestClock alone", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const service = yield* TokenService.TokenService
        const key = service.key("ada")
        yield* service.adopt(key, yield* server.issue())
        yield* TestClock.adjust("2 hours")
        yield* server.inject(Fault.slow({ request: "1 second", answer: "1 second" }))

        const fiber = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 50 }, () => service.token(key)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("2 seconds")
        const tokens = yield* Fiber.join(fiber)

        assert.lengthOf(Ledger.ofKind(yield* server.ledger, "presented"), 1)
        for (const { value } of tokens) assert.strictEqual(yield* server.nameOf(value), "f1-a4")
      }).pipe(Effect.provide(serviceLayer)))

    it.effect("any answer can be given in the server's place", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.make()
        yield* server.respondWith(({ endpoint }) =>
          endpoint === "token" ? TestHttp.json({ hello: "world" }, { status: 201 }) : undefined
        )

        const answer = yield* post(server, "/token", {})

        assert.strictEqual(answer.status, 201)
        assert.deepStrictEqual(answer.members, { hello: "world" })
        assert.strictEqual((yield* post(server, "/revoke", { token: "x" })).status, 200)
      }))
  })
})

const serviceLayer = TokenService.layerWith().pipe(
  Layer.provide([
    TokenEndpoint.layer,
    TokenStore.layerMemory,
    TestCrypto.layer(),
    Layer.succeed(Revocation.Revocation, { revoke: () => Effect.die("nothing is revoked here") })
  ]),
  Layer.provideMerge(TestAuthorizationServer.layer())
)

const registered: TestClient.Client = {
  ...TestClient.confidential,
  redirectUris: ["https://client.test/callback", "http://127.0.0.1/callback"]
}

const verifier = "v".repeat(43)

type Parameters = Readonly<Record<string, string | undefined>>

const withChanges = (parameters: Parameters): Record<string, string> => {
  const record: Record<string, string> = {}
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) record[name] = value
  return record
}

const authorizationUrl = (changes: Parameters = {}): string => {
  const parameters = withChanges({
    response_type: "code",
    client_id: "test-client",
    redirect_uri: "https://client.test/callback",
    scope: "read write",
    state: "state-1",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...changes
  })
  return `https://as.test/authorize?${new URLSearchParams(parameters)}`
}

const login = (server: Server, decision?: TestAuthorizationServer.Decision) =>
  Effect.map(
    server.authorize(authorizationUrl(), decision),
    (answer) => new URL(answer).searchParams.get("code") ?? assert.fail("no code")
  )

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, Schema.Json>>
}

const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Answer> =>
  Effect.map(Effect.orDie(response.text), (body) => ({
    status: response.status,
    headers: response.headers,
    members: body.startsWith("{") ? JSON.parse(body) : {}
  }))

const send = (server: Server, request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(server.httpClient("test").execute(request), read)

const post = Effect.fnUntraced(function*(server: Server, path: string, parameters: Readonly<Record<string, string>>) {
  const credentials = yield* server.clientAuthentication().credentials("token")
  const headers = Object.entries(credentials.headers).map(([name, value]) => [name, Redacted.value(value)] as const)
  return yield* send(
    server,
    HttpClientRequest.post(`https://as.test${path}`, { headers }).pipe(
      HttpClientRequest.bodyUrlParams([...credentials.parameters, ...Object.entries(parameters)])
    )
  )
})

const form = (body: string) => HttpClientRequest.bodyText(body, "application/x-www-form-urlencoded")

const get = (server: Server, url: string, token: Redacted.Redacted) =>
  send(server, HttpClientRequest.get(url).pipe(HttpClientRequest.bearerToken(token)))

const exchangeCode = (server: Server, code: string, changes: Parameters = {}) =>
  post(
    server,
    "/token",
    withChanges({
      grant_type: "authorization_code",
      code,
      redirect_uri: "https://client.test/callback",
      code_verifier: verifier,
      ...changes
    })
  )

const refreshToken = (server: Server) =>
  Effect.map(
    server.issue({ scopes: ["read", "write"] }),
    ({ refreshToken }) => Redacted.value(refreshToken ?? assert.fail("no refresh token"))
  )

const renew = (server: Server, token: string, more: Readonly<Record<string, string>> = {}) =>
  post(server, "/token", { grant_type: "refresh_token", refresh_token: token, ...more })

const text = (value: Schema.Json | undefined): string => typeof value === "string" ? value : assert.fail("not a string")

/** The random part of a token is not of interest. */
const shapeOf = (members: Answer["members"]) =>
  Object.fromEntries(
    Object.entries(members).map((
      [name, value]
    ) => [name, typeof value === "string" ? value.replace(/-[0-9a-f]{16}$/, "") : value])
  )

import { AuthorizedHttpClient, TokenService, TokenSource } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Redacted } from "effect"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"

describe("AuthorizedHttpClient", () => {
  it.effect("sends the grant's token to the API's origin", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())

      const response = yield* client.get("https://api.test/things")

      assert.strictEqual(response.status, 200)
    }).pipe(Effect.provide(App.layer())))

  for (
    const [title, url] of [
      ["another origin", "https://elsewhere.test/things"],
      ["another port", "https://api.test:8443/things"],
      ["plain http", "http://api.test/things"],
      ["a host that only begins alike", "https://api.test.elsewhere.test/"],
      ["an address with a user name", "https://api.test@elsewhere.test/"],
      ["an address with a password", "https://ada:secret@api.test/"],
      ["an address with a backslash", "https://elsewhere.test\\@api.test/"]
    ] as const
  ) {
    it.effect(`sends nothing to ${title} [I10]`, () =>
      Effect.gen(function*() {
        const client = yield* AuthorizedHttpClient.make(yield* App.login())
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const before = (yield* server.exchanges).length

        const error = yield* Effect.flip(client.get(url))

        assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
        assert.strictEqual((yield* server.exchanges).length, before)
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("refuses a request that brings an Authorization header of its own", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())

      const error = yield* Effect.flip(
        client.get("https://api.test/things", { headers: { authorization: "Basic YTpi" } })
      )

      assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
    }).pipe(Effect.provide(App.layer())))

  it.effect("refuses a request that names another host in its headers [I10]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())

      const error = yield* Effect.flip(
        client.get("https://api.test/things", { headers: { host: "elsewhere.test" } })
      )

      assert.strictEqual(
        error._tag === "OAuthError" && error.reason._tag === "RequestNotAllowed" && error.reason.problem,
        "host-header"
      )
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps what else whoever sends says to fetch", () =>
    Effect.gen(function*() {
      const source = yield* TokenSource.fromGrant(yield* App.login())
      const said: Array<RequestInit | undefined> = []
      const plain = HttpClient.make((request, _url, _signal, { context }) => {
        said.push(Context.getOrUndefined(context, FetchHttpClient.RequestInit))
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response()))
      })
      const client = AuthorizedHttpClient.withTokenSource(plain, source, { origins: ["https://api.test"] })

      yield* Effect.provideService(client.get("https://api.test/things"), FetchHttpClient.RequestInit, {
        credentials: "include",
        redirect: "follow"
      })

      assert.deepStrictEqual(said, [{ credentials: "include", redirect: "manual" }])
    }).pipe(Effect.provide(App.layer())))

  it.effect("renews once and sends once more when the API refuses the token", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const client = yield* AuthorizedHttpClient.make(key)
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const source = yield* TokenSource.fromGrant(key)
      yield* server.revoke((yield* source.token).value)

      const response = yield* client.post("https://api.test/things", { body: HttpBody.text("a body") })

      const sent = yield* server.exchanges
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(sent.map(({ endpoint }) => endpoint), ["token", "api", "token", "api"])
      assert.strictEqual(sent.at(-1)?.body, "a body")
    }).pipe(Effect.provide(App.layer())))

  it.effect("renews once for many requests that are refused at once", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const client = yield* AuthorizedHttpClient.make(key)
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const source = yield* TokenSource.fromGrant(key)
      yield* server.revoke((yield* source.token).value)

      const responses = yield* Effect.all(
        Array.from({ length: 50 }, () => client.get("https://api.test/things")),
        { concurrency: "unbounded" }
      )

      const tokens = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "token")
      assert.isTrue(responses.every(({ status }) => status === 200))
      assert.strictEqual(tokens.length, 2)
    }).pipe(Effect.provide(App.layer())))

  it.effect("hands over the API's second refusal, and does not renew for it again", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" ? { status: 401, headers: {}, body: "never for you" } : undefined
      )

      const first = yield* client.get("https://api.test/things")
      const second = yield* client.get("https://api.test/things")

      const sent = yield* server.exchanges
      assert.deepStrictEqual([first.status, second.status], [401, 401])
      assert.strictEqual(yield* first.text, "never for you")
      assert.deepStrictEqual(sent.map(({ endpoint }) => endpoint), ["token", "api", "token", "api", "api"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("does not send a stream twice", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" ? { status: 401, headers: {}, body: "" } : undefined
      )
      const stream = HttpBody.raw(new ReadableStream())

      const response = yield* client.post("https://api.test/things", { body: stream })

      assert.strictEqual(response.status, 401)
      assert.strictEqual((yield* server.exchanges).filter(({ endpoint }) => endpoint === "api").length, 1)
    }).pipe(Effect.provide(App.layer())))

  it.effect("is loud about a client that has followed a redirect elsewhere", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" ? { status: 200, headers: {}, body: "", url: "https://elsewhere.test/" } : undefined
      )

      const error = yield* Effect.flip(client.get("https://api.test/things"))

      assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RedirectRefused")
    }).pipe(Effect.provide(App.layer())))

  it.effect("applies what the client does to requests once", () =>
    Effect.gen(function*() {
      const source = yield* TokenSource.fromGrant(yield* App.login())
      const bare = yield* HttpClient.HttpClient
      const client = bare.pipe(
        HttpClient.mapRequest(HttpClientRequest.prependUrl("https://api.test")),
        AuthorizedHttpClient.withTokenSource(source, { origins: ["https://api.test"] })
      )

      yield* client.get("/things")

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual((yield* server.exchanges).at(-1)?.url, "https://api.test/things")
    }).pipe(Effect.provide(App.layer())))

  it.effect("sends the token that there is when a request is sent, and not when it was made", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const client = yield* AuthorizedHttpClient.make(key)
      const service = yield* TokenService.TokenService
      const get = client.get("https://api.test/things")

      yield* get
      const next = yield* service.refresh(key)
      yield* get

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual(
        (yield* server.exchanges).at(-1)?.headers["authorization"],
        `Bearer ${Redacted.value(next.value)}`
      )
    }).pipe(Effect.provide(App.layer())))

  it.effect("sends each request with its own headers", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())

      yield* client.get("https://api.test/things", { headers: { "x-first": "1" } })
      yield* client.get("https://api.test/things", { headers: { "x-second": "2" } })
      yield* client.get("https://api.test/things")

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.deepStrictEqual(
        (yield* server.exchanges).filter(({ endpoint }) => endpoint === "api").map(({ headers }) => [
          headers["x-first"],
          headers["x-second"]
        ]),
        [["1", undefined], [undefined, "2"], [undefined, undefined]]
      )
    }).pipe(Effect.provide(App.layer())))

  it.effect("lets a source that authorizes in its own way do so", () =>
    Effect.gen(function*() {
      const source = yield* TokenSource.fromGrant(yield* App.login())
      const client = AuthorizedHttpClient.withTokenSource(
        yield* HttpClient.HttpClient,
        {
          ...source,
          authorize: (request) => source.authorize(HttpClientRequest.setHeader(request, "x-legacy", "true"))
        },
        { origins: ["https://api.test"] }
      )

      yield* client.get("https://api.test/things")

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual((yield* server.exchanges).at(-1)?.headers["x-legacy"], "true")
    }).pipe(Effect.provide(App.layer())))

  for (const type of ["Bearer", "DPoP"]) {
    it.effect(`asks for one token for a request, where it is of type ${type}`, () =>
      Effect.gen(function*() {
        let asked = 0
        const source = TokenSource.make({
          token: Effect.sync(() => {
            asked++
            return { value: Redacted.make("a-token"), type, thumbprint: "a-thumbprint" }
          }),
          refused: Effect.succeed,
          dpop: {
            thumbprint: "a-thumbprint",
            holds: () => true,
            unbound: "refused",
            proof: () =>
              Effect.succeed({
                value: Redacted.make("a-proof"),
                origin: "https://api.test",
                thumbprint: "a-thumbprint",
                nonce: undefined
              }),
            heard: () => false,
            exchange: () => Effect.die("nothing is to be exchanged")
          }
        })
        const client = AuthorizedHttpClient.withTokenSource(yield* HttpClient.HttpClient, source, {
          origins: ["https://api.test"]
        })
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.respondWith(() => ({ status: 200, headers: {}, body: "" }))

        yield* client.get("https://api.test/things")

        assert.strictEqual((yield* server.exchanges).at(-1)?.headers["authorization"], `${type} a-token`)
        assert.strictEqual(asked, 1)
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("refuses a form that was given a token after the request was made", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const form = new FormData()
      const post = client.post("https://api.test/things", { body: HttpBody.formData(form) })
      form.append("access_token", "another")

      const error = yield* Effect.flip(post)

      assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
    }).pipe(Effect.provide(App.layer())))

  for (
    const [title, type, headers] of [
      ["as they are written", "application/x-www-form-urlencoded", {}],
      ["with a space before it", " application/x-www-form-urlencoded", {}],
      ["by a header", "text/plain", { "content-type": "application/x-www-form-urlencoded" }]
    ] as const
  ) {
    it.effect(`refuses a form that holds a token, its type said ${title}`, () =>
      Effect.gen(function*() {
        const client = yield* AuthorizedHttpClient.make(yield* App.login())
        const body = HttpBody.text("a=b&access_token=another", type)
        const request = HttpClientRequest.setHeaders(
          HttpClientRequest.post("https://api.test/things", { body }),
          headers
        )

        const error = yield* Effect.flip(client.execute(request))

        assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
      }).pipe(Effect.provide(App.layer())))
  }

  for (
    const [title, url] of [
      ["as it is", "https://api.test/things?access_token=another"],
      ["escaped", "https://api.test/things?access%5Ftoken=another"],
      ["with a tab in its name", "https://api.test/things?access_\ttoken=another"]
    ] as const
  ) {
    it.effect(`refuses a request whose address holds a token ${title}`, () =>
      Effect.gen(function*() {
        const client = yield* AuthorizedHttpClient.make(yield* App.login())

        const error = yield* Effect.flip(client.get(url))

        assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
      }).pipe(Effect.provide(App.layer())))
  }
})

describe("TokenSource", () => {
  describe("reuse", () => {
    it.effect("asks once for all who wait, and again when the token is due", () =>
      Effect.gen(function*() {
        const counted = yield* CountingSource.make
        yield* Effect.all([counted.source.token, counted.source.token], { concurrency: "unbounded" })
        const first = counted.count()
        yield* TestClock.adjust("59.5 minutes")

        const due = yield* counted.source.token
        yield* TestClock.adjust("1 second")
        const next = yield* counted.source.token

        assert.strictEqual(first, 1)
        assert.strictEqual(Redacted.value(due.value), "token-1")
        assert.strictEqual(Redacted.value(next.value), "token-2")
      }))

    it.effect("goes by the clock that it was opened with, and not by its caller's", () =>
      Effect.gen(function*() {
        const counted = yield* CountingSource.make
        yield* counted.source.token

        // half a century after the tests' clock
        yield* Effect.provideService(counted.source.token, Clock.Clock, Clock.Clock.defaultValue())

        assert.strictEqual(counted.count(), 1)
      }))

    it.effect("asks again for a refused token, once for all who had it", () =>
      Effect.gen(function*() {
        const counted = yield* CountingSource.make
        const token = yield* counted.source.token

        const others = yield* Effect.all([counted.source.refused(token), counted.source.refused(token)])

        assert.deepStrictEqual(others.map(({ value }) => Redacted.value(value)), ["token-2", "token-2"])
      }))
  })
})

const CountingSource = {
  make: Effect.gen(function*() {
    let count = 0
    const source = yield* TokenSource.reuse(Effect.clockWith((clock) =>
      Effect.sync(() => ({
        accessToken: Redacted.make(`token-${++count}`),
        tokenType: "Bearer",
        receivedAt: clock.currentTimeMillisUnsafe(),
        expiresIn: Duration.hours(1)
      }))
    ))
    return { source, count: () => count }
  })
}

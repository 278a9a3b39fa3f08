import {
  AuthorizationServer,
  AuthorizedHttpClient,
  ClientCredentials,
  DpopKey,
  type GrantKey,
  GrantSchema,
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenSource,
  TokenStore
} from "@effect-oauth/core"
import { Fault, Ledger, TestAuthorizationServer, TestClient, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted, Result } from "effect"
import { Headers, HttpBody, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"

const publicClient = { clients: [TestClient.publicClient] } as const

describe("a grant with DPoP", () => {
  it.effect("is begun with the key's thumbprint and got with the key [9449-10-a]", () =>
    Effect.gen(function*() {
      const logins = yield* Login.Login
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const begun = yield* logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: [] })
      yield* logins.complete(yield* server.authorize(begun.url))

      const { thumbprint } = yield* TestCrypto.dpopKey()
      const [sent] = yield* server.exchanges
      assert.strictEqual(new URL(begun.url).searchParams.get("dpop_jkt"), thumbprint)
      assert.strictEqual(claims(sent).thumbprint, thumbprint)
    }).pipe(Effect.provide(Layer.provideMerge(App.layerDpop(), TestCrypto.layer()))))

  it.effect("keeps the code to itself where the login's key is not here [9449-10-a]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const begun = yield* Effect.provide(
        Effect.flatMap(Login.Login, (logins) =>
          logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: [] })),
        Node.layer({ seed: 1 })
      )

      const error = yield* Effect.flip(Effect.provide(
        Effect.flatMap(Login.Login, (logins) =>
          Effect.flatMap(server.authorize(begun.url), (answer) =>
            logins.complete(answer))),
        Node.layer({ seed: 2 })
      ))

      assert.deepInclude(error._tag === "OAuthError" ? error.reason : error, { _tag: "KeyUnavailable", use: "dpop" })
      assert.strictEqual((yield* server.exchanges).length, 0)
    }).pipe(Effect.provide(Shared.layer())))

  it.effect("is begun with the thumbprint in what is pushed, and not in the browser [9449-10.1-a]", () =>
    Effect.gen(function*() {
      const logins = yield* Login.Login
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ url }) =>
        url === Pushing.endpoint
          ? TestHttp.json({ request_uri: "urn:example:1", expires_in: 60 }, { status: 201 })
          : undefined
      )

      const begun = yield* logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: [] })

      const { thumbprint } = yield* TestCrypto.dpopKey()
      assert.strictEqual((yield* server.exchanges)[0]?.parameters["dpop_jkt"], thumbprint)
      assert.isFalse(new URL(begun.url).searchParams.has("dpop_jkt"))
    }).pipe(Effect.provide(Layer.provideMerge(Pushing.layer, TestCrypto.layer()))))

  it.effect("has a nonce of its own for the person's ID token, and the server's for proofs [9449-9-c]", () =>
    Effect.gen(function*() {
      const logins = yield* Login.Login
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const begun = yield* logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: ["openid"] })
      yield* logins.complete(yield* server.authorize(begun.url))

      const ofPerson = new URL(begun.url).searchParams.get("nonce")
      const ofProof = nonces(yield* server.exchanges, "token").at(-1)
      assert.isString(ofPerson)
      assert.isString(ofProof)
      assert.notStrictEqual(ofPerson, ofProof)
    }).pipe(Effect.provide(App.layerDpop({ dpopNonces: "required" }))))

  it.effect("is presented to the API under its own scheme, with a proof for this token [9449-7-a] [9700-4.9.3-a] [9449-4.2-j] [9449-7.1-b]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const response = yield* client.get("https://api.test/things?a=b")

      const sent = (yield* server.exchanges).at(-1)
      const [scheme, token = ""] = (sent?.headers["authorization"] ?? "").split(" ")
      const proof = claims(sent)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(scheme, "DPoP")
      assert.deepInclude(proof, { htm: "GET", htu: "https://api.test/things", ath: yield* hash(token) })
      assert.notProperty(sent?.headers ?? {}, "proxy-authorization")
    }).pipe(Effect.provide(Layer.provideMerge(App.layerDpop(), TestCrypto.layer()))))

  it.effect("replaces a proof that the application put there [9449-4.1-a]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const response = yield* client.get("https://api.test/things", { headers: { dpop: "mine" } })

      assert.strictEqual(response.status, 200)
      assert.notInclude((yield* server.exchanges).at(-1)?.headers["dpop"], "mine")
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("proves every sending afresh, also one that an application repeats [9449-7.3-a]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.inject([Fault.unavailable()], { endpoint: "api" })
      const fiber = yield* Effect.forkChild(
        client.get("https://api.test/things").pipe(
          Effect.filterOrFail(({ status }) => status === 200),
          Effect.retry({ times: 1 })
        )
      )
      yield* Fiber.join(fiber)

      const names = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "api").map((sent) =>
        claims(sent)["jti"]
      )
      assert.strictEqual(names.length, 2)
      assert.strictEqual(new Set(names).size, 2)
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("sends once more with the API's nonce, and does not renew [9449-9-a]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const first = yield* client.post("https://api.test/things", { body: HttpBody.text("a body") })
      const second = yield* client.get("https://api.test/things")

      const sent = yield* server.exchanges
      const [tokens, api] = [nonces(sent, "token"), nonces(sent, "api")]
      assert.deepStrictEqual([first.status, second.status], [200, 200])
      assert.deepStrictEqual(sent.map(({ endpoint }) => endpoint), ["token", "token", "api", "api", "api"])
      assert.strictEqual(sent.at(-2)?.body, "a body")
      assert.deepStrictEqual([tokens[0], api[0]], [undefined, undefined])
      assert.strictEqual(api[1], api[2])
      assert.notStrictEqual(tokens[1], api[1])
    }).pipe(Effect.provide(App.layerDpop({ dpopNonces: "required" }))))

  it.effect("does not send a stream twice for a nonce [9449-9-a]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.renewNonces

      const response = yield* client.post("https://api.test/things", { body: HttpBody.raw(new ReadableStream()) })

      assert.strictEqual(response.status, 401)
      assert.strictEqual((yield* server.exchanges).filter(({ endpoint }) => endpoint === "api").length, 1)
    }).pipe(Effect.provide(App.layerDpop({ dpopNonces: "required" }))))

  it.effect("hands over the API's answer when it asks for a nonce again, and does not renew [F03]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      let count = 0
      yield* server.respondWith(({ endpoint }) =>
        endpoint !== "api" ? undefined : TestHttp.empty(401, {
          headers: { "www-authenticate": "DPoP error=\"use_dpop_nonce\"", "dpop-nonce": `n${++count}` }
        })
      )

      const response = yield* client.get("https://api.test/things")

      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), ["token", "api", "api"])
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("renews after a nonce where the token itself is refused, each once", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const client = yield* AuthorizedHttpClient.make(key)
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const source = yield* TokenSource.fromGrant(key)
      const { value } = yield* source.token
      let asked = false
      yield* server.respondWith(({ endpoint, headers }) => {
        if (endpoint !== "api") return undefined
        const first = !asked
        asked = true
        return first
          ? TestHttp.empty(401, {
            headers: { "www-authenticate": "DPoP error=use_dpop_nonce", "dpop-nonce": "n1" }
          })
          : headers["authorization"] === `DPoP ${Redacted.value(value)}`
          ? TestHttp.empty(401, { headers: { "www-authenticate": "DPoP error=invalid_token" } })
          : undefined
      })

      const response = yield* client.get("https://api.test/things")

      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), [
        "token",
        "api",
        "api",
        "token",
        "api"
      ])
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("does not fall back to a bearer token where the API asks for one [9449-7.2-a] [F05]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "api" ? TestHttp.empty(401, { headers: { "www-authenticate": "Bearer realm=\"x\"" } }) : undefined
      )

      const response = yield* client.get("https://api.test/things")

      const schemes = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "api")
        .map(({ headers }) => headers["authorization"]?.split(" ")[0])
      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual(schemes, ["DPoP", "DPoP"])
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("carries neither token nor proof to another origin [I10]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const before = (yield* server.exchanges).length

      yield* Effect.flip(client.get("https://elsewhere.test/things"))

      assert.strictEqual((yield* server.exchanges).length, before)
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("is renewed with the key that its refresh token is bound to [9449-5-b]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      yield* service.refresh(key)

      const keys = (yield* server.exchanges).map((sent) => claims(sent).thumbprint)
      assert.strictEqual(keys.length, 2)
      assert.strictEqual(new Set(keys).size, 1)
    }).pipe(Effect.provide(App.layerDpop(publicClient))))

  it.effect("presents its refresh token once more for a nonce, under one claim and as one attempt", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.renewNonces

      yield* service.refresh(key)

      const status = Option.getOrThrow(yield* service.status(key))
      const ledger = yield* server.ledger
      assert.deepStrictEqual(status.state, { _tag: "Active", failures: 0 })
      assert.strictEqual(status.serial, 2)
      assert.strictEqual(Ledger.ofKind(ledger, "presented").length, 2)
      assert.strictEqual(Ledger.ofKind(ledger, "rotated").length, 1)
      assert.strictEqual(Ledger.ofKind(ledger, "reused").length, 0)
    }).pipe(Effect.provide(App.layerDpop({ ...publicClient, dpopNonces: "required" }))))

  it.effect("is renewed with the nonce that it already has, without a refusal", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const before = (yield* server.exchanges).length

      yield* service.refresh(key)

      assert.strictEqual((yield* server.exchanges).length, before + 1)
    }).pipe(Effect.provide(App.layerDpop({ ...publicClient, dpopNonces: "required" }))))

  it.effect("is renewed with a nonce though whoever asked for it is gone [I4]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.renewNonces
      yield* server.injectBy(() => Fault.slow({ answer: "1 second" }))

      const fiber = yield* Effect.forkChild(service.refresh(key))
      yield* TestClock.adjust("1500 millis")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 seconds")

      assert.strictEqual(Option.getOrThrow(yield* service.status(key)).serial, 2)
      assert.strictEqual(Ledger.ofKind(yield* server.ledger, "rotated").length, 1)
    }).pipe(Effect.provide(App.layerDpop({ ...publicClient, dpopNonces: "required" }))))

  it.effect("is kept, and not presented, by a process without its key [9449-5-b]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const key = yield* Effect.provide(App.login(), Node.layer({ seed: 1 }))
      const before = (yield* server.exchanges).length

      for (const layer of [Node.layer({ seed: 2 }), Node.without]) {
        const outcomes = yield* Effect.provide(
          Effect.flatMap(TokenService.TokenService, (service) =>
            Effect.all([Effect.flip(service.token(key)), Effect.flip(service.refresh(key))])),
          layer
        )

        assert.deepStrictEqual(
          outcomes.map(({ reason }) =>
            reason._tag
          ),
          ["KeyUnavailable", "KeyUnavailable"]
        )
      }
      assert.strictEqual((yield* server.exchanges).length, before)
      assert.strictEqual((yield* stands(key)).state._tag, "Active")
      const token = yield* Effect.provide(
        Effect.flatMap(TokenService.TokenService, (service) => service.refresh(key)),
        Node.layer({ seed: 1 })
      )
      assert.strictEqual(token.type, "DPoP")
    }).pipe(Effect.provide(Shared.layer(publicClient))))

  it.effect("moves to another key where the client proves who it is, and not sooner than it must", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const key = yield* Effect.provide(App.login(), Node.layer({ seed: 1 }))
      const before = (yield* server.exchanges).length

      yield* Effect.gen(function*() {
        const service = yield* TokenService.TokenService
        const young = yield* Effect.flip(service.token(key))
        assert.strictEqual(young.reason._tag, "KeyUnavailable")
        assert.strictEqual((yield* server.exchanges).length, before)

        yield* TestClock.adjust("1 minute")
        const token = yield* service.token(key)

        const { thumbprint } = yield* TestCrypto.dpopKey({ seed: 2 })
        assert.strictEqual(token.thumbprint, thumbprint)
        assert.strictEqual((yield* server.exchanges).length, before + 1)
      }).pipe(Effect.provide(Layer.provideMerge(Node.layer({ seed: 2 }), TestCrypto.layer())))
    }).pipe(Effect.provide(Shared.layer())))

  it.effect("is renewed with a former key after the key was changed [9449-5-b]", () =>
    Effect.gen(function*() {
      const former = yield* TestCrypto.dpopKey({ seed: 1 })
      const key = yield* Effect.provide(App.login(), Node.layer({ seed: 1 }))

      const token = yield* Effect.provide(
        Effect.flatMap(TokenService.TokenService, (service) => service.refresh(key)),
        Node.layer({ seed: 2, formerKeys: [former] })
      )

      assert.strictEqual(token.thumbprint, former.thumbprint)
    }).pipe(Effect.provide(Layer.provideMerge(Shared.layer(publicClient), TestCrypto.layer()))))

  it.effect("keeps the thumbprints in its record", () =>
    Effect.gen(function*() {
      const { thumbprint } = yield* TestCrypto.dpopKey()
      const key = yield* Effect.provide(App.login(), Node.layer({ seed: 1 }))

      const { body } = Result.getOrThrow(GrantSchema.encode(yield* stands(key)))

      assert.strictEqual(body._tag === "Open" ? body.thumbprint : undefined, thumbprint)
      assert.strictEqual(body._tag === "Open" ? body.accessTokens[0]?.thumbprint : undefined, thumbprint)
    }).pipe(Effect.provide(Layer.provideMerge(Shared.layer(publicClient), TestCrypto.layer()))))

  it.effect("quarantines the refresh token of an answer that is not bound, and presents it with its key", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.inject(Fault.edit("bearer", (body) => ({ ...body, token_type: "Bearer" })))

      const error = yield* Effect.flip(service.refresh(key))
      yield* TestClock.adjust("1 hour")
      const token = yield* service.token(key)

      assert.strictEqual(error.reason._tag, "TokenTypeUnsupported")
      assert.strictEqual(token.type, "DPoP")
      assert.strictEqual(Ledger.ofKind(yield* server.ledger, "reused").length, 0)
    }).pipe(Effect.provide(App.layerDpop(publicClient))))

  it.effect("has its proofs among the headers that no span and no log shows [E06]", () =>
    Effect.gen(function*() {
      const source = yield* TokenSource.fromGrant(yield* App.login())
      let hidden: ReadonlyArray<string | RegExp> = []
      const bare = yield* HttpClient.HttpClient
      const looking = HttpClient.transform(bare, (response) =>
        Effect.flatMap(Effect.service(Headers.CurrentRedactedNames), (names) => {
          hidden = names
          return response
        }))

      yield* AuthorizedHttpClient.withTokenSource(looking, source, { origins: ["https://api.test"] }).get(
        "https://api.test/things"
      )

      assert.includeMembers([...hidden], ["authorization", "dpop"])
    }).pipe(Effect.provide(App.layerDpop())))

  it.effect("that is the client's own is proven too", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source()
      const http = yield* HttpClient.HttpClient
      const client = AuthorizedHttpClient.withTokenSource(http, source, { origins: ["https://api.test"] })

      assert.strictEqual((yield* client.get("https://api.test/things")).status, 200)
    }).pipe(Effect.provide(App.layerDpop({ dpop: "required", dpopNonces: "required" }))))
})

describe("AuthorizedHttpClient and challenges", () => {
  it.effect("fails with the scopes that are missing, and neither renews nor repeats [6750-3.1-b]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(
        challenging(403, "Bearer error=\"insufficient_scope\", scope=\"files.write files.read\"")
      )

      const error = yield* Effect.flip(client.get("https://api.test/things"))

      assert.deepInclude(error._tag === "OAuthError" ? error.reason : error, {
        _tag: "AccessInsufficient",
        error: "insufficient_scope",
        origin: "https://api.test",
        status: 403,
        scopes: ["files.write", "files.read"]
      })
      assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), ["token", "api"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("fails with the login that is wanted, and neither renews nor repeats", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(
        challenging(401, "Bearer error=\"insufficient_user_authentication\", acr_values=\"gold\", max_age=60")
      )

      const error = yield* Effect.flip(client.get("https://api.test/things"))

      assert.deepInclude(error._tag === "OAuthError" ? error.reason : error, {
        _tag: "AccessInsufficient",
        error: "insufficient_user_authentication",
        acrValues: ["gold"]
      })
      assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), ["token", "api"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("renews once and repeats once for invalid_token, and hands over the second refusal [6750-3.1-a]", () =>
    Effect.gen(function*() {
      const client = yield* AuthorizedHttpClient.make(yield* App.login())
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(challenging(401, "Bearer error=\"invalid_token\""))

      const response = yield* client.get("https://api.test/things")

      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), [
        "token",
        "api",
        "token",
        "api"
      ])
    }).pipe(Effect.provide(App.layer())))

  for (
    const [title, header] of [
      ["says its code twice [6750-3-b]", "Bearer error=\"invalid_token\", error=\"invalid_token\""],
      ["calls the request invalid [6750-3.1-a]", "Bearer error=\"invalid_request\""]
    ] as const
  ) {
    it.effect(`does not repeat a request whose challenge ${title}`, () =>
      Effect.gen(function*() {
        const client = yield* AuthorizedHttpClient.make(yield* App.login())
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.respondWith(challenging(401, header))

        const response = yield* client.get("https://api.test/things")

        assert.strictEqual(response.status, 401)
        assert.deepStrictEqual((yield* server.exchanges).map(({ endpoint }) => endpoint), ["token", "api"])
      }).pipe(Effect.provide(App.layer())))
  }
})

const challenging = (status: number, header: string) => ({ endpoint }: Ledger.Exchange): TestHttp.Answer | undefined =>
  endpoint === "api" ? TestHttp.empty(status, { headers: { "www-authenticate": header } }) : undefined

// What the proof of a request claims, and the thumbprint of its key.
const claims = (
  sent: Ledger.Exchange | undefined
): Record<string, unknown> & { readonly thumbprint: string | undefined } => {
  const [head = "", body = ""] = (sent?.headers["dpop"] ?? "").split(".")
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString() || "{}")
  const { jwk } = read(head)
  return { ...read(body), thumbprint: jwk === undefined ? undefined : Effect.runSync(thumbprintOf(jwk)) }
}

const thumbprintOf = (jwk: JsonWebKey) => Effect.provide(DpopKey.thumbprint(jwk), TestCrypto.layerDigest)

const nonces = (sent: ReadonlyArray<Ledger.Exchange>, endpoint: Ledger.Endpoint) =>
  sent.filter((exchange) => exchange.endpoint === endpoint).map((exchange) => claims(exchange)["nonce"])

const hash = (text: string) =>
  Effect.promise(async () =>
    Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("base64url")
  )

const stands = (key: GrantKey.GrantKey) =>
  Effect.flatMap(
    TokenStore.TokenStore,
    (store) => Effect.map(store.read(key), ({ grant }) => Option.getOrThrow(Option.fromUndefinedOr(grant)))
  )

// Logins at a server that takes pushed authorization requests.
const Pushing = {
  endpoint: "https://as.test/par",
  get layer() {
    return Layer.fresh(Login.layerWith).pipe(
      Layer.provide(Layer.fresh(PushedAuthorization.layer)),
      Layer.provide(Layer.effect(
        AuthorizationServer.AuthorizationServer,
        Effect.map(AuthorizationServer.AuthorizationServer, (server) => ({
          ...server,
          pushedAuthorizationRequestEndpoint: Pushing.endpoint
        }))
      )),
      Layer.provideMerge(App.layerDpop()),
      Layer.provide(TestCrypto.layer())
    )
  }
}

// What several processes have in common: the server, and what they keep their grants in.
const Shared = {
  layer: (options?: TestAuthorizationServer.Options) =>
    Layer.mergeAll(
      TokenStore.layerMemory,
      PendingAuthorizations.layerMemory(),
      TestAuthorizationServer.layer(options)
    )
}

// One of them, with a key of its own.
const Node = {
  without: Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Layer.succeed(Revocation.Revocation, { revoke: () => Effect.succeed("done") })
    )),
    Layer.provide(TestCrypto.layer())
  ),
  layer: (options: { readonly seed: number; readonly formerKeys?: ReadonlyArray<DpopKey.DpopKey> }) =>
    Layer.fresh(Node.without).pipe(
      Layer.provide(Layer.provide(TestCrypto.layerDpop(options), TestCrypto.layer({ seed: ++processes })))
    )
}

// each process draws other names for its proofs
let processes = 100

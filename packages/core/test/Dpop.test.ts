import { Dpop, DpopKey, OAuthError, TokenEndpoint, TokenRequest } from "@effect-oauth/core"
import { TestAuthorizationServer, TestClient, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Context, Effect, Fiber, Layer, Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import * as crypto from "node:crypto"

describe("Dpop", () => {
  describe("proof", () => {
    it.effect("names its type, its algorithm and its public key, and is signed by it [9449-4.2-a] [9449-4.2-b] [9449-4.2-d]", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop

        const proof = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })

        const { header, isSigned } = Proof.read(proof)
        assert.deepStrictEqual(Object.keys(header), ["typ", "alg", "jwk"])
        assert.strictEqual(header.typ, "dpop+jwt")
        assert.strictEqual(header.alg, "ES256")
        assert.isTrue(isSigned)
      }).pipe(Effect.provide(layer)))

    it.live("shows no private part, also of a key that could be taken out [9449-4.2-e]", () =>
      Effect.gen(function*() {
        const pair = yield* Effect.promise(() =>
          globalThis.crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])
        )
        const dpop = yield* Effect.flatMap(DpopKey.fromKeyPair(pair), (key) => Dpop.make(key))

        const { header, isSigned } = Proof.read(yield* dpop.proof({ method: "GET", url: "https://api.test/" }))

        assert.deepStrictEqual(Object.keys(header.jwk), ["crv", "kty", "x", "y"])
        assert.isTrue(isSigned)
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("has a name that no other has, of 128 random bits [9449-4.2-f]", () =>
      Effect.gen(function*() {
        const key = yield* DpopKey.fromSigner({
          publicJwk: (yield* TestCrypto.dpopKey()).publicJwk,
          sign: () => Effect.succeed(new Uint8Array(64))
        })
        const dpop = yield* Dpop.make(key)

        const proofs = yield* Effect.all(
          Array.from({ length: 10_000 }, () => dpop.proof({ method: "GET", url: "https://api.test/" }))
        )

        const names = new Set(proofs.map(({ value }) => Proof.claims(Redacted.value(value))["jti"]))
        assert.strictEqual(names.size, 10_000)
        assert.isTrue([...names].every((name) => typeof name === "string" && name.length === 22))
      }).pipe(Effect.provide(TestCrypto.layer())))

    for (const method of ["GET", "POST", "PROPFIND"]) {
      it.effect(`names the method ${method} [9449-4.2-g]`, () =>
        Effect.gen(function*() {
          const dpop = yield* Dpop.Dpop

          const { claims } = Proof.read(yield* dpop.proof({ method, url: "https://api.test/" }))

          assert.strictEqual(claims["htm"], method)
        }).pipe(Effect.provide(layer)))
    }

    for (
      const [url, htu] of [
        ["https://api.test/a/b?c=d#e", "https://api.test/a/b"],
        ["https://api.test?x", "https://api.test/"],
        ["HTTPS://API.test:443/A%2Fb/../%7Ec", "https://api.test/%7Ec"],
        ["https://api.test:8443/é", "https://api.test:8443/%C3%A9"],
        ["https://ada:secret@api.test/", "https://api.test/"],
        ["http://127.0.0.1:8080/token", "http://127.0.0.1:8080/token"]
      ] as const
    ) {
      it.effect(`names ${htu} for ${url} [9449-4.2-h]`, () =>
        Effect.gen(function*() {
          const dpop = yield* Dpop.Dpop

          const { claims } = Proof.read(yield* dpop.proof({ method: "GET", url }))

          assert.strictEqual(claims["htu"], htu)
        }).pipe(Effect.provide(layer)))
    }

    it.effect("tells when it was made, in whole seconds of the clock [9449-4.2-i]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1_900_000_000_999)
        const dpop = yield* Dpop.Dpop

        const { claims } = Proof.read(yield* dpop.proof({ method: "GET", url: "https://api.test/" }))

        assert.strictEqual(claims["iat"], 1_900_000_000)
      }).pipe(Effect.provide(layer)))

    it.effect("holds the token's hash, as in the example of RFC 9449 [9449-4.2-k]", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        const accessToken = Redacted.make("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")

        const proofs = yield* Effect.all([
          dpop.proof({ method: "GET", url: "https://api.test/", accessToken }),
          dpop.proof({ method: "GET", url: "https://api.test/", accessToken }),
          dpop.proof({ method: "GET", url: "https://api.test/" })
        ])

        assert.deepStrictEqual(proofs.map((proof) => Proof.read(proof).claims["ath"]), [
          "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
          "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
          undefined
        ])
      }).pipe(Effect.provide(layer)))

    for (const url of ["http://api.test/", "http://10.0.0.1/", "/token", "ftp://api.test/", "data:,"]) {
      it.effect(`is not made for ${url} [9449-2-a]`, () =>
        Effect.gen(function*() {
          const dpop = yield* Dpop.Dpop

          const error = yield* Effect.flip(dpop.proof({ method: "GET", url }))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
        }).pipe(Effect.provide(layer)))
    }

    it.effect("is not made for a method that is none", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop

        const error = yield* Effect.flip(dpop.proof({ method: "G\u2192T", url: "https://api.test/" }))

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }).pipe(Effect.provide(layer)))

    it.effect("is signed by the key that is asked for, former ones included", () =>
      Effect.gen(function*() {
        const former = yield* TestCrypto.dpopKey({ seed: 2 })
        const dpop = yield* Effect.flatMap(TestCrypto.dpopKey(), (key) => Dpop.make(key, { formerKeys: [former] }))

        const proof = yield* dpop.proof({ method: "GET", url: "https://api.test/", thumbprint: former.thumbprint })

        assert.deepStrictEqual(Proof.read(proof).header.jwk, former.publicJwk)
        assert.notStrictEqual(dpop.thumbprint, former.thumbprint)
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("is not made with another key than the one that is asked for", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop

        const error = yield* Effect.flip(dpop.proof({ method: "GET", url: "https://api.test/", thumbprint: "other" }))

        assert.deepInclude(error.reason, { _tag: "KeyUnavailable", use: "dpop", keyId: "other" })
      }).pipe(Effect.provide(layer)))

    it.effect("is not made with an algorithm that the server does not list [9449-5.1-a]", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop

        const error = yield* Effect.flip(
          dpop.proof({ method: "GET", url: "https://api.test/", algorithms: ["PS256"] })
        )

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }).pipe(Effect.provide(layer)))

    it.effect("is not shown by what is printed", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        const proof = yield* dpop.proof({ method: "GET", url: "https://api.test/" })

        assert.notInclude(JSON.stringify(proof) + String(proof.value), Redacted.value(proof.value).slice(0, 20))
      }).pipe(Effect.provide(layer)))
  })

  describe("heard", () => {
    it.effect("keeps the newest nonce of an origin, also of an answer that is no refusal [9449-4.2-l] [9449-8.2-a]", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        const nonces = yield* Nonces.of(dpop, "https://as.test/token", [undefined, "n1", undefined, "n2"])

        assert.deepStrictEqual(nonces, [undefined, "n1", "n1", "n2"])
      }).pipe(Effect.provide(layer)))

    it.effect("uses a nonce at the origin that gave it and at no other [9449-9-b] [F04]", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        yield* Nonces.of(dpop, "https://as.test/token", ["a"])
        yield* Nonces.of(dpop, "https://api.test/things", ["b"])

        const proofs = yield* Effect.all(
          ["https://as.test/other", "https://api.test/", "https://as.test:8443/", "https://elsewhere.test/"].map((
            url
          ) => dpop.proof({ method: "GET", url }))
        )

        assert.deepStrictEqual(proofs.map(({ nonce }) => nonce), ["a", "b", undefined, undefined])
        assert.deepStrictEqual(proofs.map((proof) => Proof.read(proof).claims["nonce"]), [
          "a",
          "b",
          undefined,
          undefined
        ])
      }).pipe(Effect.provide(layer)))

    for (
      const [title, nonce] of [
        ["two headers that were joined [9449-8-c] [F03]", "n1, n2"],
        ["a quotation mark [9449-8.1-a]", "n\"1"],
        ["a backslash [9449-8.1-a]", "n\\1"],
        ["a space [9449-8.1-a]", "n 1"],
        ["a control character [9449-8.1-a]", "n\u00011"],
        ["a letter that is not ASCII [9449-8.1-a]", "né"],
        ["nothing", ""],
        ["more than 1,024 characters", "n".repeat(1025)]
      ] as const
    ) {
      it.effect(`takes no nonce from ${title}`, () =>
        Effect.gen(function*() {
          const dpop = yield* Dpop.Dpop
          yield* Nonces.of(dpop, "https://as.test/token", ["good"])
          const proof = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })

          const again = dpop.heard(proof, { headers: { "dpop-nonce": nonce }, error: "use_dpop_nonce" })

          assert.isFalse(again)
          assert.strictEqual((yield* dpop.proof({ method: "POST", url: "https://as.test/token" })).nonce, "good")
        }).pipe(Effect.provide(layer)))
    }

    it.effect("forgets the origin that was not heard of for longest when there are too many [F04]", () =>
      Effect.gen(function*() {
        const dpop = yield* Effect.flatMap(
          DpopKey.fromSigner({
            publicJwk: (yield* TestCrypto.dpopKey()).publicJwk,
            sign: () => Effect.succeed(new Uint8Array(64))
          }),
          (key) => Dpop.make(key)
        )
        const nonceAt = (index: number) =>
          Effect.map(dpop.proof({ method: "GET", url: `https://h${index}.test/` }), ({ nonce }) => nonce)
        for (let index = 0; index < Dpop.capacity; index++) {
          yield* Nonces.of(dpop, `https://h${index}.test/`, [`n${index}`])
        }
        yield* nonceAt(0)
        yield* Nonces.of(dpop, "https://one-more.test/", ["n"])

        assert.deepStrictEqual([yield* nonceAt(0), yield* nonceAt(2), yield* nonceAt(1)], ["n0", "n2", undefined])
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("sends nothing with a key that never comes to a signature, and says so in the time of an exchange", () =>
      Effect.gen(function*() {
        const key = yield* DpopKey.fromSigner({
          publicJwk: (yield* TestCrypto.dpopKey()).publicJwk,
          sign: () => Effect.never
        })
        const dpop = yield* Dpop.make(key)
        const request = HttpClientRequest.post("https://as.test/token")
        const fiber = yield* Effect.forkChild(Effect.flip(dpop.exchange({
          request,
          thumbprint: undefined,
          algorithms: undefined,
          clientMethod: "none",
          probe: undefined,
          send: () => Effect.die("sent")
        })))

        yield* TestClock.adjust("30 seconds")

        assert.deepStrictEqual(
          yield* Fiber.join(fiber),
          new OAuthError.KeyUnavailable({ use: "dpop", keyId: key.thumbprint })
        )
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("says that another proof may help where a nonce is asked for and given", () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        const proof = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })
        const error = "use_dpop_nonce"

        assert.isFalse(dpop.heard(proof, { headers: {}, error }))
        assert.isFalse(dpop.heard(proof, { headers: { "dpop-nonce": "n0" } }))
        assert.isTrue(dpop.heard(proof, { headers: { "dpop-nonce": "n1" }, error }))
        const next = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })
        assert.isFalse(dpop.heard(next, { headers: { "dpop-nonce": "n1" }, error }))
      }).pipe(Effect.provide(layer)))

    it.effect("learns the server's time from a proof that it did not like, for that server alone", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2030, 0, 1))
        const dpop = yield* Dpop.Dpop
        const iat = (url: string) =>
          Effect.map(dpop.proof({ method: "POST", url }), (proof) => Proof.read(proof).claims["iat"])
        const proof = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })
        const headers = { date: "Tue, 01 Jan 2030 01:00:00 GMT" }
        const error = "invalid_dpop_proof"

        assert.isFalse(dpop.heard(proof, { headers }))
        assert.isTrue(dpop.heard(proof, { headers, error }))
        assert.isFalse(dpop.heard(proof, { headers, error }))
        assert.strictEqual(yield* iat("https://as.test/token"), Date.UTC(2030, 0, 1, 1) / 1000)
        assert.strictEqual(yield* iat("https://api.test/"), Date.UTC(2030, 0, 1) / 1000)
      }).pipe(Effect.provide(layer)))

    for (const date of [undefined, "yesterday", "Tue, 01 Jan 2030 00:00:04 GMT"]) {
      it.effect(`does not blame the clock for a proof that is refused at ${date} [9449-5-d]`, () =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2030, 0, 1))
          const dpop = yield* Dpop.Dpop
          const proof = yield* dpop.proof({ method: "POST", url: "https://as.test/token" })

          assert.isFalse(dpop.heard(proof, { headers: { date }, error: "invalid_dpop_proof" }))
        }).pipe(Effect.provide(layer)))
    }
  })

  describe("layerConfig", () => {
    it.live("reads the key from a variable", () =>
      Effect.gen(function*() {
        const { dpop, jwk } = yield* Effect.promise(async () => {
          const pair = await globalThis.crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
            "sign",
            "verify"
          ])
          const jwk = await globalThis.crypto.subtle.exportKey("jwk", pair.privateKey)
          return { jwk, dpop: fromVariable(JSON.stringify(jwk)) }
        })

        assert.strictEqual((yield* dpop).thumbprint, yield* DpopKey.thumbprint(jwk))
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.live("names the variable, and not what it holds, when that is no key", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(fromVariable("hush"))

        assert.include(error.message, "DPOP_KEY")
        assert.notInclude(error.message, "hush")
      }))
  })
})

describe("TokenEndpoint with DPoP", () => {
  for (const [title, request] of grants()) {
    it.effect(`proves a request for ${title} [9449-5-a] [9449-4.2-j]`, () =>
      Effect.gen(function*() {
        const endpoint = yield* TokenEndpoint.TokenEndpoint
        const server = yield* TestAuthorizationServer.TestAuthorizationServer

        yield* endpoint.exchange(request)

        const [sent] = yield* server.exchanges
        const { claims, isSigned } = Proof.readText(sent?.headers["dpop"] ?? "")
        assert.isTrue(isSigned)
        assert.strictEqual(claims["htm"], "POST")
        assert.strictEqual(claims["htu"], "https://as.test/token")
        assert.notProperty(claims, "ath")
      }).pipe(Effect.provide(endpointLayer())))
  }

  it.effect("says what the token is bound to", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const dpop = yield* Dpop.Dpop

      const tokens = yield* endpoint.request(TokenRequest.clientCredentials())

      assert.strictEqual(tokens.tokenType, "DPoP")
      assert.strictEqual(tokens.thumbprint, dpop.thumbprint)
    }).pipe(Effect.provide(endpointLayer())))

  it.effect("binds the refresh token of a public client, and not that of a confidential one", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const dpop = yield* Dpop.Dpop
      const { clientId } = server.clientAuthentication()
      const { refreshToken = Redacted.make("") } = yield* server.issue({ clientId, thumbprint: dpop.thumbprint })

      const tokens = yield* endpoint.request(TokenRequest.refreshToken({ refreshToken }))

      assert.strictEqual(
        tokens.refreshTokenThumbprint,
        clientId === TestClient.publicClient.clientId ? dpop.thumbprint : undefined
      )
    }).pipe((test) =>
      Effect.all([
        Effect.provide(test, endpointLayer({ clients: [TestClient.publicClient] })),
        Effect.provide(test, endpointLayer())
      ])
    ))

  it.effect("sends once more with the nonce that is asked for, and another proof [9449-8-a]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer

      const judgement = yield* endpoint.exchange(TokenRequest.clientCredentials({ scope: "read" }))

      const sent = yield* server.exchanges
      const proofs = sent.map(({ headers }) => Proof.readText(headers["dpop"] ?? "").claims)
      assert.strictEqual(judgement._tag, "Granted")
      assert.strictEqual(sent.length, 2)
      assert.strictEqual(sent[0]?.body, sent[1]?.body)
      assert.notStrictEqual(proofs[0]?.["jti"], proofs[1]?.["jti"])
      assert.isUndefined(proofs[0]?.["nonce"])
      assert.isString(proofs[1]?.["nonce"])
    }).pipe(Effect.provide(endpointLayer({ dpopNonces: "required" }))))

  it.effect("uses the nonce of the last answer at once [9449-8.2-a]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* endpoint.request(TokenRequest.clientCredentials())

      yield* endpoint.request(TokenRequest.clientCredentials())

      assert.strictEqual((yield* server.exchanges).length, 3)
    }).pipe(Effect.provide(endpointLayer({ dpopNonces: "required" }))))

  it.effect("stops when the server asks for a nonce again, and keeps the newest [9449-8-b] [9449-8.2-b] [F03]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      let count = 0
      yield* server.respondWith(() => wantsNonce(`n${++count}`))

      const judgement = yield* endpoint.exchange(TokenRequest.clientCredentials())
      const asked = count
      yield* endpoint.exchange(TokenRequest.clientCredentials())

      const nonces = (yield* server.exchanges).map(({ headers }) =>
        Proof.readText(headers["dpop"] ?? "").claims["nonce"]
      )
      assert.strictEqual(judgement._tag === "Refused" ? judgement.reason.code : judgement._tag, "use_dpop_nonce")
      assert.strictEqual(asked, 2)
      assert.deepStrictEqual(nonces, [undefined, "n1", "n2", "n3"])
    }).pipe(Effect.provide(endpointLayer())))

  it.effect("stops when the server asks for a nonce and gives none [9449-8-b]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(() => TestHttp.json({ error: "use_dpop_nonce" }, { status: 400 }))

      yield* endpoint.exchange(TokenRequest.clientCredentials())

      assert.strictEqual((yield* server.exchanges).length, 1)
    }).pipe(Effect.provide(endpointLayer())))

  it.effect("does not send a request again whose proof is called invalid [9449-5-d]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(() => TestHttp.json({ error: "invalid_dpop_proof" }, { status: 400 }))

      const judgement = yield* endpoint.exchange(TokenRequest.clientCredentials())

      assert.strictEqual(judgement._tag === "Refused" ? judgement.reason.code : judgement._tag, "invalid_dpop_proof")
      assert.strictEqual((yield* server.exchanges).length, 1)
    }).pipe(Effect.provide(endpointLayer())))

  it.effect("sends once more by the server's time when its clock is another", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2030, 0, 1))
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.respondWith(({ headers }) =>
        Proof.readText(headers["dpop"] ?? "").claims["iat"] === Date.UTC(2030, 0, 2) / 1000 ? undefined : TestHttp.json(
          { error: "invalid_dpop_proof" },
          { status: 400, headers: { date: "Wed, 02 Jan 2030 00:00:00 GMT" } }
        )
      )

      yield* endpoint.exchange(TokenRequest.clientCredentials())

      const times = (yield* server.exchanges).map(({ headers }) => Proof.readText(headers["dpop"] ?? "").claims["iat"])
      assert.deepStrictEqual(times, [Date.UTC(2030, 0, 1) / 1000, Date.UTC(2030, 0, 2) / 1000])
    }).pipe(Effect.provide(endpointLayer())))

  it.effect("refuses a token that was not bound though a proof was sent [9449-5-c] [B07]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      const judgement = yield* endpoint.exchange(TokenRequest.clientCredentials())

      assert.strictEqual(judgement._tag === "Unusable" ? judgement.reason._tag : judgement._tag, "TokenTypeUnsupported")
    }).pipe(Effect.provide(endpointLayer({ answers: { tokenType: "Bearer" } }))))

  it.effect("accepts a token that was not bound where that is asked for by name [9449-5-c]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      const tokens = yield* endpoint.request(TokenRequest.clientCredentials())

      assert.strictEqual(tokens.tokenType, "Bearer")
      assert.isUndefined(tokens.thumbprint)
    }).pipe(Effect.provide(endpointLayer({ answers: { tokenType: "bearer" } }, { unbound: "accepted" }))))

  it.effect("knows the type of a token whatever its case [9449-5-c]", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      assert.strictEqual((yield* endpoint.request(TokenRequest.clientCredentials())).tokenType, "DPoP")
    }).pipe(Effect.provide(endpointLayer({ answers: { tokenType: "dPOp" } }))))

  it.effect("cannot use a bound token without a key", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      const judgement = yield* endpoint.exchange(TokenRequest.clientCredentials())

      assert.strictEqual(judgement._tag === "Unusable" ? judgement.reason._tag : judgement._tag, "TokenTypeUnsupported")
    }).pipe(Effect.provide(
      TokenEndpoint.layer.pipe(
        Layer.provideMerge(TestAuthorizationServer.layer({ answers: { tokenType: "DPoP" } }))
      )
    )))

  it.effect("sends nothing whose key is not here", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { refreshToken = Redacted.make("") } = yield* server.issue()

      const judgement = yield* endpoint.exchange(TokenRequest.refreshToken({ refreshToken, thumbprint: "other" }))

      assert.strictEqual(judgement._tag === "NotSent" ? judgement.reason._tag : judgement._tag, "KeyUnavailable")
      assert.strictEqual((yield* server.exchanges).length, 0)
    }).pipe((test) =>
      Effect.all([
        Effect.provide(test, endpointLayer()),
        Effect.provide(test, Layer.provideMerge(TokenEndpoint.layer, TestAuthorizationServer.layer()))
      ])
    ))
})

const layer = Layer.provide(TestCrypto.layerDpop(), TestCrypto.layer())

const endpointLayer = (options?: TestAuthorizationServer.Options, dpop?: Dpop.Options) =>
  TokenEndpoint.layer.pipe(
    Layer.provideMerge(TestAuthorizationServer.layer(options)),
    Layer.provideMerge(Layer.provide(TestCrypto.layerDpop(dpop), TestCrypto.layer()))
  )

function grants(): ReadonlyArray<readonly [title: string, request: TokenRequest.TokenRequest]> {
  const secret = Redacted.make("secret")
  return [
    ["a code", TokenRequest.authorizationCode({ code: secret })],
    ["a refresh token", TokenRequest.refreshToken({ refreshToken: secret })],
    ["the client's own credentials", TokenRequest.clientCredentials()],
    [
      "a device code",
      TokenRequest.extension("urn:ietf:params:oauth:grant-type:device_code", [["device_code", secret]])
    ],
    ["a token", TokenRequest.extension("urn:ietf:params:oauth:grant-type:token-exchange", [["subject_token", secret]])],
    ["an assertion", TokenRequest.extension("urn:ietf:params:oauth:grant-type:jwt-bearer", [["assertion", secret]])]
  ]
}

const wantsNonce = (nonce: string): TestHttp.Answer =>
  TestHttp.json({ error: "use_dpop_nonce" }, { status: 400, headers: { "dpop-nonce": nonce } })

// The nonces of proofs, each made after the answer with the nonce next to it was heard.
const Nonces = {
  of: (dpop: Dpop.Dpop["Service"], url: string, given: ReadonlyArray<string | undefined>) =>
    Effect.forEach(given, (nonce) =>
      Effect.gen(function*() {
        const proof = yield* dpop.proof({ method: "POST", url })
        dpop.heard(proof, { headers: nonce === undefined ? {} : { "dpop-nonce": nonce } })
        return (yield* dpop.proof({ method: "POST", url })).nonce
      }))
}

const Proof = {
  read: (proof: Dpop.Proof) => Proof.readText(Redacted.value(proof.value)),
  readText: (jwt: string) => {
    const [head = "", body = "", signature = ""] = jwt.split(".")
    const header: { readonly typ: string; readonly alg: string; readonly jwk: Record<string, string> } = JSON.parse(
      Buffer.from(head, "base64url").toString() || "{}"
    )
    const isSigned = header.jwk !== undefined && crypto.verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      { key: crypto.createPublicKey({ key: header.jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url")
    )
    return { header, claims: Proof.claims(jwt), isSigned }
  },
  claims: (jwt: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString() || "{}")
}

const fromVariable = (text: string): Effect.Effect<Dpop.Dpop["Service"], OAuthError.OAuthError> =>
  Effect.scoped(Effect.map(
    Layer.build(Dpop.layerConfig({ dpopKey: Config.Redacted("DPOP_KEY") })),
    Context.get(Dpop.Dpop)
  )).pipe(Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { DPOP_KEY: text } })))

import { ClientAuthentication, Identity, JwtVerifier } from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import * as OpenId from "../support/OpenId.ts"
import { canary, leaks } from "../support/secrets.ts"

describe("IdToken", () => {
  it.effect("tells who it was [OIDC-2-e] [OIDC-5.2-a]", () =>
    Effect.gen(function*() {
      const token = { auth_time: 1893455000, acr: "2", "name#ja": "エイダ", name: "Ada", unheard_of: { a: [1] } }

      const identity = yield* verified(token)

      const { claims, ...told } = identity
      assert.deepStrictEqual(told, {
        issuer: OpenId.issuer,
        subject: "user-1",
        audience: ["app"],
        issuedAt: OpenId.start / 1000,
        expiresAt: OpenId.start / 1000 + 300,
        authenticatedAt: 1893455000,
        nonce: OpenId.nonce,
        authenticationContext: "2"
      })
      assert.deepStrictEqual(Redacted.value(claims), OpenId.claims(token))
      assert.strictEqual(Identity.claim(identity, "name", "ja"), "エイダ")
      assert.strictEqual(Identity.claim(identity, "name", "fr"), "Ada")
    }))

  it.effect("names a person by issuer and subject, and by nothing else [OIDC-5.1-a] [OIDC-5.7-a]", () =>
    Effect.gen(function*() {
      const one = yield* verified({ email: "ada@example.com" })
      const other = yield* verified({ email: "ada@example.com", sub: "user-2" })

      assert.strictEqual(Identity.id(one), "https%3A%2F%2Fop.test|user-1")
      assert.notStrictEqual(Identity.id(one), Identity.id(other))
    }))

  describe("refuses", () => {
    const iat = OpenId.start / 1000
    const broken: ReadonlyArray<readonly [title: string, rule: string, changes: OpenId.Claims]> = [
      ["a token without iss [OIDC-2-a]", "iss", { iss: undefined }],
      ["a token without sub [OIDC-2-a]", "sub", { sub: undefined }],
      ["a token without aud [OIDC-2-a]", "aud", { aud: undefined }],
      ["a token without exp [OIDC-2-a]", "exp", { exp: undefined }],
      ["a token without iat [OIDC-2-a]", "iat", { iat: undefined }],
      ["an iss of another type [OIDC-2-a]", "iss", { iss: 1 }],
      ["a sub of another type [OIDC-2-a]", "sub", { sub: 1 }],
      ["an aud of another type [OIDC-2-a]", "aud", { aud: { app: true } }],
      ["an exp of another type [OIDC-2-a]", "exp", { exp: String(iat + 300) }],
      ["an iat of another type [OIDC-2-a]", "iat", { iat: String(iat) }],
      ["a claim that is null as if it were absent", "sub", { sub: null }],
      ["an empty sub [OIDC-2-b]", "sub", { sub: "" }],
      ["a sub of 256 characters [OIDC-2-b]", "sub", { sub: "x".repeat(256) }],
      ["a sub that is not ASCII [OIDC-2-b]", "sub", { sub: "é" }],
      ["an issuer with a slash more [OIDC-3.1.3.7-b] [OIDD-4.3-d]", "iss", { iss: `${OpenId.issuer}/` }],
      ["an issuer in other letters [OIDC-3.1.3.7-b] [OIDC-14-a]", "iss", { iss: "https://OP.test" }],
      ["a token for another client [OIDC-3.1.3.7-c]", "aud", { aud: "other" }],
      ["a token for others [OIDC-3.1.3.7-c]", "aud", { aud: ["other", "another"] }],
      ["a token for nobody [OIDC-3.1.3.7-c]", "aud", { aud: [] }],
      ["a token for another as well [OIDC-3.1.3.7-d]", "aud", { aud: ["app", "other"] }],
      ["a token that another party asked for [OIDC-3.1.3.7-e]", "azp", { azp: "other" }],
      ["a token that ends now [OIDC-2-d] [OIDC-3.1.3.7-j]", "exp", { exp: iat }],
      ["a token that has ended [OIDC-3.1.3.7-j]", "exp", { exp: iat - 1 }],
      ["a token that is not valid yet", "nbf", { nbf: iat + 61 }],
      ["a token of a week ago [OIDC-3.1.3.7-k]", "iat", { iat: iat - 7 * 86400 }],
      ["a token of the future [OIDC-3.1.3.7-k]", "iat", { iat: iat + 61 }],
      ["another nonce [OIDC-2-c] [OIDC-3.1.3.7-l] [9700-4.5.3.2-a]", "nonce", { nonce: "another" }],
      ["a nonce in other letters [OIDC-2-c]", "nonce", { nonce: OpenId.nonce.toUpperCase() }],
      ["a token without the nonce [OIDC-2-c] [OIDC-3.1.3.7-l]", "nonce", { nonce: undefined }],
      ["an auth_time of another type", "auth_time", { auth_time: "yesterday" }],
      ["an instant before all time", "exp", { exp: -1 }]
    ]

    for (const [title, rule, changes] of broken) {
      it.effect(title, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(verified(changes))

          assert.strictEqual(OpenId.ruleOf(error), rule)
          assert.isFalse(error.isTransient)
        }))
    }

    it.effect("a token for somebody who is trusted, and not for this client [OIDC-3.1.3.7-c]", () =>
      Effect.gen(function*() {
        const options = { trustedAudiences: ["other"] }
        const error = yield* Effect.flip(verified({ aud: "other", azp: "app" }, { options }))

        assert.strictEqual(OpenId.ruleOf(error), "aud")
      }))

    it.effect("a nonce where none was sent", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(verified({}, { expected: {} }))

        assert.strictEqual(OpenId.ruleOf(error), "nonce")
      }))
  })

  it.effect("believes a sub of 255 characters, in the letters in which it came [OIDC-2-b]", () =>
    Effect.gen(function*() {
      const identity = yield* verified({ sub: "Ab".padEnd(255, "x") })

      assert.strictEqual(identity.subject, "Ab".padEnd(255, "x"))
    }))

  it.effect("reads a claim that is null as one that is not there [OIDC-13.3-a]", () =>
    Effect.gen(function*() {
      const identity = yield* verified({ auth_time: null, nbf: null, azp: null, acr: null, at_hash: null })

      assert.notProperty(identity, "authenticatedAt")
      assert.notProperty(identity, "authenticationContext")
    }))

  it.effect("accepts the other audiences that are trusted, where the client is told to be the party [OIDC-3.1.3.7-d]", () =>
    Effect.gen(function*() {
      const options = { trustedAudiences: ["other"] }

      const identity = yield* verified({ aud: ["other", "app"], azp: "app" }, { options })
      const error = yield* Effect.flip(verified({ aud: ["other", "app"] }, { options }))

      assert.deepStrictEqual(identity.audience, ["other", "app"])
      assert.strictEqual(OpenId.ruleOf(error), "azp")
    }))

  it.effect("allows for clocks that are apart only where it is told to [OIDC-2-d]", () =>
    Effect.gen(function*() {
      const ended = { exp: OpenId.start / 1000 - 30 }

      yield* verified(ended, { options: { skew: "31 seconds" } })
      const error = yield* Effect.flip(verified(ended, { options: { skew: "30 seconds" } }))
      const wide = yield* Effect.flip(verified({}, { options: { skew: "6 minutes" } }))

      assert.strictEqual(OpenId.ruleOf(error), "exp")
      assert.strictEqual(OpenId.ruleOf(wide), "ConfigurationInvalid")
    }))

  it.effect("counts by the clock of Effect [OIDC-3.1.3.7-j]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const token = yield* provider.signer.sign(OpenId.claims())

      yield* Effect.gen(function*() {
        yield* TestClock.adjust("299 seconds")
        yield* OpenId.verify(token)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(OpenId.verify(token))), "exp")
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("asks for a sign-in that is recent enough [OIDC-3.1.3.7-o]", () =>
    Effect.gen(function*() {
      const expected = { nonce: Redacted.make(OpenId.nonce), maxAge: Duration.minutes(5) }
      const now = OpenId.start / 1000

      yield* verified({ auth_time: now - 300 }, { expected })
      const tooOld = yield* Effect.flip(verified({ auth_time: now - 301 }, { expected }))
      const untold = yield* Effect.flip(verified({}, { expected }))

      assert.strictEqual(OpenId.ruleOf(tooOld), "auth_time")
      assert.strictEqual(OpenId.ruleOf(untold), "auth_time")
    }))

  it.effect("asks for a class of authentication that was required [OIDC-3.1.3.7-n]", () =>
    Effect.gen(function*() {
      const expected = { nonce: Redacted.make(OpenId.nonce), acr: ["phr", "phrh"] }

      yield* verified({ acr: "phrh" }, { expected })
      const lower = yield* Effect.flip(verified({ acr: "pwd" }, { expected }))
      const untold = yield* Effect.flip(verified({}, { expected }))

      assert.strictEqual(OpenId.ruleOf(lower), "acr")
      assert.strictEqual(OpenId.ruleOf(untold), "acr")
    }))

  describe("halves of digests", () => {
    // computed with `openssl dgst -sha… -binary | head -c … | basenc --base64url` over the text "access-token"
    const halves = {
      RS256: "Pxa-1wifRlPl7yG_0oJNfw",
      ES384: "fPnQAsvCEwe-sRB6O4tsdPgfI-EaOvsY",
      PS512: "Rb10lsqrobcpd02MQ_878ctvfDDbaRese_Z50nFw5Jw",
      EdDSA: "Rb10lsqrobcpd02MQ_878ctvfDDbaRese_Z50nFw5Jw"
    } as const

    for (const algorithm of ["RS256", "ES384", "PS512", "EdDSA"] as const) {
      it.effect(`are made with the digest of ${algorithm} [OIDC-3.2.2.9-a] [OIDC-3.1.3.8-a] [G07]`, () =>
        Effect.gen(function*() {
          const provider = yield* OpenId.provider({ algorithm })
          const expected = { nonce: Redacted.make(OpenId.nonce), accessToken: Redacted.make("access-token") }
          const good = yield* provider.signer.sign(OpenId.claims({ at_hash: halves[algorithm] }))
          const wrong = yield* provider.signer.sign(OpenId.claims({ at_hash: halves[algorithm].replace(/^./, "_") }))

          const [accepted, refused] = yield* Effect.all([
            OpenId.verify(good, expected),
            Effect.flip(OpenId.verify(wrong, expected))
          ]).pipe(Effect.provide(OpenId.verifier(provider)))

          assert.strictEqual(accepted.subject, "user-1")
          assert.strictEqual(OpenId.ruleOf(refused), "at_hash")
        }))
    }

    it.effect("tell another code [G07]", () =>
      Effect.gen(function*() {
        const expected = { nonce: Redacted.make(OpenId.nonce), code: Redacted.make("code") }

        const error = yield* Effect.flip(verified({ c_hash: "LDktKdoQak3Pk0cnXxCltA" }, { expected }))

        assert.strictEqual(OpenId.ruleOf(error), "c_hash")
      }))
  })

  describe("the signature", () => {
    it.effect("is verified though the token came straight from the server [OIDC-3.1.3.7-f] [OIDC-16.3-a]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        const [header, , signature] = (yield* provider.signer.sign(OpenId.claims())).split(".")
        const payload = jose.base64url.encode(JSON.stringify(OpenId.claims({ sub: "user-2" })))

        const error = yield* refused(provider, `${header}.${payload}.${signature}`)

        assert.strictEqual(error, "signature")
      }))

    it.effect("is written in one way only, though other letters are the same bytes", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        const token = yield* provider.signer.sign(OpenId.claims())
        const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        // the last four bits of 86 letters are of no byte of 64
        const sibling = alphabet[alphabet.indexOf(token.at(-1) ?? "") ^ 1] ?? ""

        const other = token.slice(0, -1) + sibling

        assert.deepStrictEqual(
          jose.base64url.decode(other.split(".")[2] ?? ""),
          jose.base64url.decode(token.split(".")[2] ?? "")
        )
        assert.strictEqual(yield* refused(provider, other), "format")
      }))

    it.effect("is the issuer's: another's key is none [OIDC-3.1.3.7-g]", () =>
      Effect.gen(function*() {
        const [provider, other] = [yield* OpenId.provider(), yield* OpenId.provider()]
        const token = yield* other.signer.sign(OpenId.claims())

        assert.strictEqual(yield* refused(provider, token), "signature")
      }))

    it.effect("is of the algorithm that was registered [OIDC-3.1.3.7-h]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider({ algorithm: "ES256" })
        const token = yield* provider.signer.sign(OpenId.claims())

        assert.strictEqual(yield* refused(provider, token, { algorithms: ["RS256"] }), "alg")
        assert.deepStrictEqual(provider.requests, [])
      }))

    it.effect("is of RS256 where nothing was registered or announced [OIDC-3.1.3.7-h]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider({ algorithm: "ES256" })
        const token = yield* provider.signer.sign(OpenId.claims())

        assert.strictEqual(yield* refused(provider, token, { algorithms: undefined }), "alg")
      }))

    for (const field of ["algorithms", "userInfoAlgorithms", "authorizationResponseAlgorithms"] as const) {
      it.effect(`is one at least, by ${field}`, () =>
        Effect.gen(function*() {
          const provider = yield* OpenId.provider()

          const error = yield* Effect.flip(
            Effect.provide(OpenId.verify("x"), OpenId.verifier(provider, { [field]: [] }))
          )

          assert.deepInclude(error.reason, { _tag: "ConfigurationInvalid", field })
        }))
    }

    it.effect("is never none [OIDC-2-f] [FAPI2-5.4.1-c] [G05]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        const parts = [{ alg: "none" }, OpenId.claims()].map((part) => jose.base64url.encode(JSON.stringify(part)))

        assert.strictEqual(yield* refused(provider, `${parts.join(".")}.`), "alg")
        assert.strictEqual(yield* refused(provider, `${parts.join(".")}.AAAA`), "alg")
        assert.strictEqual(
          yield* refused(provider, `${parts.join(".")}.AAAA`, { algorithms: ["none" as "RS256"] }),
          "ConfigurationInvalid"
        )
      }))

    it.effect("is never an HMAC with the public key [OIDC-3.1.3.7-i] [G05]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider({ algorithm: "RS256" })
        const { keys: [key] } = (yield* provider.signer.jwks) as { keys: ReadonlyArray<jose.JWK> }
        const pem = yield* Effect.promise(async () =>
          jose.exportSPKI(await jose.importJWK(key!, "RS256", { extractable: true }) as jose.CryptoKey)
        )
        const forged = (header: jose.CompactJWSHeaderParameters, secret: string) =>
          Effect.promise(() =>
            new jose.CompactSign(new TextEncoder().encode(JSON.stringify(OpenId.claims()))).setProtectedHeader(header)
              .sign(new TextEncoder().encode(secret))
          )

        const byPem = yield* forged({ alg: "HS256", kid: key!.kid! }, pem)
        const byModulus = yield* forged({ alg: "HS256", kid: key!.kid! }, key!.n!)

        for (const token of [byPem, byModulus]) {
          assert.strictEqual(yield* refused(provider, token), "alg")
          const options = { algorithms: ["RS256", "HS256"], clientSecret: Redacted.make("s".repeat(32)) } as const
          assert.strictEqual(yield* refused(provider, token, options), "signature")
        }
      }))

    it.effect("is an HMAC with the client's secret where that was registered [OIDC-3.1.3.7-i]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        const secret = "s".repeat(32)
        const options = { algorithms: ["HS256"], clientSecret: Redacted.make(secret) } as const
        const token = yield* hmac("HS256", secret)
        const wrong = yield* hmac("HS256", "t".repeat(32))

        const identity = yield* Effect.provide(OpenId.verify(token), OpenId.verifier(provider, options))

        assert.strictEqual(identity.subject, "user-1")
        assert.strictEqual(yield* refused(provider, wrong, options), "signature")
        assert.deepStrictEqual(provider.requests, [])
      }))

    it.effect("needs a secret as long as the digest [OIDC-16.19-a]", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        const short = { algorithms: ["HS256"], clientSecret: Redacted.make("0123456789") } as const
        const read = { ...short, clientSecret: Effect.succeed(short.clientSecret) }

        assert.strictEqual(yield* refused(provider, yield* hmac("HS256", "0123456789"), short), "ConfigurationInvalid")
        assert.strictEqual(yield* refused(provider, yield* hmac("HS256", "0123456789"), read), "key")
        assert.strictEqual(yield* refused(provider, "x", { algorithms: ["HS256"] }), "ConfigurationInvalid")
      }))

    it.effect("is by no key that the token brings along [OIDC-2-g] [G05]", () =>
      Effect.gen(function*() {
        const [provider, attacker] = [yield* OpenId.provider(), yield* OpenId.provider()]
        const { keys: [jwk = {}] } = (yield* attacker.signer.jwks) as { keys: ReadonlyArray<Schema.JsonObject> }
        const jku = "https://attacker.test/jwks"
        const token = yield* attacker.signer.signWith(OpenId.claims(), { jwk, jku, x5u: jku, kid: "test-key-1" })

        assert.strictEqual(yield* refused(provider, token), "signature")
        assert.isTrue(provider.requests.every(({ url }) => url === "https://op.test/jwks"))
        assert.deepStrictEqual(attacker.requests, [])
      }))

    const headers: ReadonlyArray<
      readonly [title: string, rule: string, header: Readonly<Record<string, Schema.Json>>]
    > = [
      ["an extension that must be understood [G05]", "crit", { crit: ["exp"], exp: 1 }],
      ["a payload that is not encoded", "crit", { b64: true }],
      ["the type of another token [FAPI2-5.4.1-a]", "typ", { typ: "at+jwt" }],
      ["a type that is none", "typ", { typ: 1 }],
      ["a key id that is none", "key", { kid: 1 }]
    ]
    for (const [title, rule, header] of headers) {
      it.effect(`does not stand for ${title}`, () =>
        Effect.gen(function*() {
          const provider = yield* OpenId.provider()
          const body = yield* provider.signer.sign(OpenId.claims())
          const [, payload, signature] = body.split(".")
          const head = jose.base64url.encode(JSON.stringify({ alg: "ES256", ...header }))

          assert.strictEqual(yield* refused(provider, `${head}.${payload}.${signature}`), rule)
        }))
    }

    it.effect("may say that it is a JWT, in any letters", () =>
      Effect.gen(function*() {
        const provider = yield* OpenId.provider()
        for (const typ of ["JWT", "jwt", "application/jwt"]) {
          const token = yield* provider.signer.signWith(OpenId.claims(), { typ })
          yield* Effect.provide(OpenId.verify(token), OpenId.verifier(provider))
        }
      }))
  })

  describe("what is no token", () => {
    const [header, payload] = [{ alg: "ES256" }, {}].map((part) => jose.base64url.encode(JSON.stringify(part)))
    const texts: Readonly<Record<string, string>> = {
      "nothing": "",
      "dots [G05]": "....................",
      "five dots [G05]": ".....",
      "two parts": `${header}.${payload}`,
      "a header that is no JSON": `${jose.base64url.encode("{")}.${payload}.AAAA`,
      "a header that is no object": `${jose.base64url.encode("[]")}.${payload}.AAAA`,
      "a payload that is no object": `${header}.${jose.base64url.encode("[1]")}.AAAA`,
      "a payload that is not UTF-8": `${header}.${jose.base64url.encode(new Uint8Array([0x22, 0xff, 0x22]))}.AAAA`,
      "letters that are not base64url": `${header}.${payload}.A+/=`,
      "a text of megabytes": `${header}.${"A".repeat(2_000_000)}.AAAA`
    }
    for (const [title, text] of Object.entries(texts)) {
      it.effect(`${title} is refused by its form`, () =>
        Effect.gen(function*() {
          const provider = yield* OpenId.provider()

          assert.strictEqual(yield* refused(provider, text), "format")
          assert.deepStrictEqual(provider.requests, [])
        }))
    }
  })

  describe("encryption", () => {
    it.effect("where none was agreed is refused [G05]", () =>
      Effect.gen(function*() {
        const { provider, token } = yield* encrypted()

        assert.strictEqual(yield* refused(provider, token), "encryption")
      }))

    it.effect("where it was agreed is opened, and what is inside is verified", () =>
      Effect.gen(function*() {
        const { decryption, forged, provider, token } = yield* encrypted()
        const layer = OpenId.verifier(provider, { decryption })

        const identity = yield* Effect.provide(OpenId.verify(token), layer)

        assert.strictEqual(identity.subject, "user-1")
        assert.strictEqual(yield* refused(provider, forged, { decryption }), "signature")
      }))

    it.effect("that was agreed is demanded [OIDC-3.1.3.7-a]", () =>
      Effect.gen(function*() {
        const { decryption, plain, provider } = yield* encrypted()

        assert.strictEqual(yield* refused(provider, plain, { decryption }), "encryption")
      }))

    it.effect("is of the algorithms that were agreed, for a key that is here", () =>
      Effect.gen(function*() {
        const { decryption, provider, token } = yield* encrypted()
        const other = yield* encrypted()

        for (
          const wrong of [
            { ...decryption, keyManagement: ["RSA-OAEP-256"] },
            { ...decryption, contentEncryption: ["A128GCM"] },
            { ...decryption, keys: other.decryption.keys },
            { ...decryption, keys: [] }
          ]
        ) {
          assert.strictEqual(yield* refused(provider, token, { decryption: wrong }), "encryption")
        }
      }))
  })

  describe("of a renewal", () => {
    const login: Identity.Kept = {
      issuer: OpenId.issuer,
      subject: "user-1",
      audience: ["app"],
      issuedAt: OpenId.start / 1000 - 3600,
      authenticatedAt: OpenId.start / 1000 - 3610,
      nonce: OpenId.nonce
    }
    const renewal = (changes: OpenId.Claims, options?: IdToken.Options) =>
      verified({ auth_time: login.authenticatedAt, ...changes }, { expected: { renews: login }, options })

    it.effect("may leave the nonce out, and tells the time of the login [OIDC-12.2-c] [OIDC-12.2-b]", () =>
      Effect.gen(function*() {
        const identity = yield* renewal({ nonce: undefined })

        assert.strictEqual(identity.authenticatedAt, login.authenticatedAt)
        assert.strictEqual((yield* renewal({})).nonce, OpenId.nonce)
      }))

    const changes: ReadonlyArray<readonly [title: string, rule: string, changes: OpenId.Claims]> = [
      ["subject [OIDC-12.2-a] [D08]", "sub", { sub: "user-2" }],
      ["issuer [OIDC-12.2-a] [D08]", "iss", { iss: "https://other.test" }],
      ["audience [OIDC-12.2-b] [D08]", "aud", { aud: ["app", "trusted"], azp: "app" }],
      ["nonce [OIDC-12.2-c] [D08]", "nonce", { nonce: "another" }],
      ["time of the sign-in [OIDC-12.2-b]", "auth_time", { auth_time: OpenId.start / 1000 }],
      ["time of issue before the login's [OIDC-12.2-b]", "iat", { iat: login.issuedAt - 1 }]
    ]
    for (const [title, rule, change] of changes) {
      it.effect(`has no other ${title}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(renewal(change, { trustedAudiences: ["trusted"] }))

          assert.strictEqual(OpenId.ruleOf(error), rule)
        }))
    }

    it.effect("may tell another time of the sign-in where that is asked for", () =>
      Effect.gen(function*() {
        const identity = yield* renewal({ auth_time: OpenId.start / 1000 }, { renewedAuthTime: "any" })

        assert.strictEqual(identity.authenticatedAt, OpenId.start / 1000)
      }))
  })

  describe("userInfo", () => {
    const told = { sub: "user-1", name: "Ada" }
    const userInfo = Effect.fnUntraced(function*(claims: OpenId.Claims, options?: IdToken.Options) {
      const provider = yield* OpenId.provider()
      const token = yield* provider.signer.sign(JSON.parse(JSON.stringify({ ...told, ...claims })))
      const verifier = yield* Effect.provide(JwtVerifier.JwtVerifier, OpenId.verifier(provider, options))
      return yield* verifier.userInfo(Redacted.make(token))
    })

    it.effect("gives the claims of a signed answer [OIDC-5.3.4-c]", () =>
      Effect.gen(function*() {
        assert.strictEqual(JSON.stringify(yield* userInfo({})), JSON.stringify(told))
        yield* userInfo({ iss: OpenId.issuer, aud: "app" })
      }))

    it.effect("opens one that is encrypted, and refuses one that is not, where that was agreed [OIDC-5.3.4-b]", () =>
      Effect.gen(function*() {
        const { decryption, plain, provider, token } = yield* encrypted()
        const verifier = yield* Effect.provide(JwtVerifier.JwtVerifier, OpenId.verifier(provider, { decryption }))

        const claims = yield* verifier.userInfo(Redacted.make(token))
        const error = yield* Effect.flip(verifier.userInfo(Redacted.make(plain)))

        assert.strictEqual(claims["sub"], "user-1")
        assert.strictEqual(OpenId.ruleOf(error), "encryption")
      }))

    it.effect("refuses one of another issuer, or for another client [OIDC-5.3.4-c]", () =>
      Effect.gen(function*() {
        const issuer = yield* Effect.flip(userInfo({ iss: "https://other.test" }))
        const audience = yield* Effect.flip(userInfo({ aud: "other" }))

        assert.strictEqual(OpenId.ruleOf(issuer), "iss")
        assert.strictEqual(OpenId.ruleOf(audience), "aud")
        assert.strictEqual(audience.reason._tag === "JwtInvalid" && audience.reason.jwt, "userinfo")
      }))

    it.effect("refuses one that another key signed, or another algorithm [OIDC-5.3.4-c] [G08]", () =>
      Effect.gen(function*() {
        const [provider, other] = [yield* OpenId.provider(), yield* OpenId.provider()]
        const verifier = yield* Effect.provide(JwtVerifier.JwtVerifier, OpenId.verifier(provider))

        const forged = yield* Effect.flip(verifier.userInfo(Redacted.make(yield* other.signer.sign(told))))
        const unagreed = yield* Effect.flip(userInfo({}, { userInfoAlgorithms: ["RS256"] }))

        assert.strictEqual(OpenId.ruleOf(forged), "signature")
        assert.strictEqual(OpenId.ruleOf(unagreed), "alg")
      }))
  })

  it.effect.prop("is refused with any letter changed", {
    at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_999 })),
    letter: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(2))
  }, ({ at, letter }) =>
    Effect.gen(function*() {
      const { provider, token } = yield* shared
      const index = at % token.length
      const mutated = token.slice(0, index) + letter + token.slice(index + 1)

      const outcome = yield* Effect.result(OpenId.verify(mutated)).pipe(Effect.provide(OpenId.verifier(provider)))

      if (mutated === token) return
      assert.isTrue(Result.isFailure(outcome))
      if (Result.isFailure(outcome)) assert.strictEqual(outcome.failure.reason._tag, "JwtInvalid")
    }), { arbitrary: { seed: "mutated" } })

  it.effect.prop("is refused or understood, whatever its claims are", {
    name: Schema.Literals(["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "auth_time", "acr", "at_hash"]),
    value: Schema.Json
  }, ({ name, value }) =>
    Effect.gen(function*() {
      const { provider } = yield* shared
      const token = yield* provider.signer.sign(OpenId.claims({ [name]: value }))
      const expected = { nonce: Redacted.make(OpenId.nonce), accessToken: Redacted.make("access-token") }

      const outcome = yield* Effect.result(OpenId.verify(token, expected)).pipe(
        Effect.provide(OpenId.verifier(provider))
      )

      if (Result.isFailure(outcome)) assert.strictEqual(outcome.failure.reason._tag, "JwtInvalid")
      else assert.isTrue(value === null || (name === "acr" && typeof value === "string") || typeof value === "number")
    }), { arbitrary: { seed: "claims" } })

  it.effect("stays out of its own error [E06]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const token = yield* provider.signer.sign(OpenId.claims({ sub: `${canary}${"x".repeat(256)}`, nonce: canary }))

      const errors = yield* Effect.all([
        Effect.flip(OpenId.verify(token)),
        Effect.flip(OpenId.verify(`${canary}.${canary}.${canary}`)),
        Effect.flip(OpenId.verify(token.slice(0, -4)))
      ]).pipe(Effect.provide(OpenId.verifier(provider)))

      assert.deepStrictEqual(errors.flatMap(leaks), [])
    }))

  describe("of a server whose tenants have issuers of their own", () => {
    const server = { issuer: "https://op.test/{tenantid}/v2", issuerClaims: { tenantid: "tid" } }
    const judged = Effect.fnUntraced(function*(changes: OpenId.Claims) {
      const provider = yield* OpenId.provider()
      const token = yield* provider.signer.sign(OpenId.claims(changes))
      return yield* Effect.match(Effect.provide(OpenId.verify(token), OpenId.verifier(provider, {}, {}, server)), {
        onFailure: OpenId.ruleOf,
        onSuccess: ({ issuer }) => issuer
      })
    })

    for (
      const [what, changes, expected] of [
        ["takes that of the tenant", { iss: "https://op.test/t-1/v2", tid: "t-1" }, "https://op.test/t-1/v2"],
        ["refuses that of another tenant", { iss: "https://op.test/t-2/v2", tid: "t-1" }, "iss"],
        ["refuses one without a tenant", { iss: "https://op.test/t-1/v2" }, "iss"],
        ["refuses a tenant that leaves its place", { iss: "https://op.test/a/b/v2", tid: "a/b" }, "iss"],
        ["refuses the place itself", { iss: "https://op.test/{tenantid}/v2", tid: "t-1" }, "iss"]
      ] as const
    ) {
      it.effect(what, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* judged(changes), expected)
        }))
    }
  })

  it.effect("needs to know the issuer", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const layer = IdToken.layer().pipe(
        Layer.provide(Jwks.layer()),
        Layer.provide([
          OpenId.description({ issuer: undefined }),
          ClientAuthentication.layerNone({ clientId: "app" }),
          provider.http
        ])
      )

      const error = yield* Effect.flip(Effect.provide(OpenId.verify("x"), layer))

      assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "issuer")
    }))

  it.effect("that cannot be verified now is not called invalid", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider({ jwks: () => Effect.succeed(TestHttp.empty(503)) })
      const token = yield* provider.signer.sign(OpenId.claims())

      const error = yield* Effect.flip(Effect.provide(OpenId.verify(token), OpenId.verifier(provider)))

      assert.strictEqual(error.reason._tag, "ServerUnavailable")
      assert.isTrue(error.isTransient)
    }))
})

const verified = Effect.fnUntraced(function*(
  changes: OpenId.Claims,
  { expected, options }: {
    readonly expected?: Parameters<typeof OpenId.verify>[1] | undefined
    readonly options?: IdToken.Options | undefined
  } = {}
) {
  const provider = yield* OpenId.provider()
  const token = yield* provider.signer.sign(OpenId.claims(changes))
  return yield* Effect.provide(OpenId.verify(token, expected), OpenId.verifier(provider, options))
})

const refused = (provider: Parameters<typeof OpenId.verifier>[0], token: string, options?: IdToken.Options) =>
  Effect.match(Effect.provide(OpenId.verify(token), OpenId.verifier(provider, options)), {
    onFailure: OpenId.ruleOf,
    onSuccess: () => "accepted"
  })

const hmac = (alg: string, secret: string) =>
  Effect.promise(() =>
    new jose.CompactSign(new TextEncoder().encode(JSON.stringify(OpenId.claims()))).setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret))
  )

const encrypted = Effect.fnUntraced(function*() {
  const [provider, attacker] = [yield* OpenId.provider(), yield* OpenId.provider()]
  const pair = yield* Effect.promise(() => jose.generateKeyPair("ECDH-ES", { extractable: true }))
  const jwk = yield* Effect.promise(() => jose.exportJWK(pair.privateKey))
  const seal = (text: string) =>
    Effect.promise(() =>
      new jose.CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", cty: "JWT" })
        .encrypt(pair.publicKey)
    )
  const plain = yield* provider.signer.sign(OpenId.claims())
  return {
    provider,
    plain,
    token: yield* seal(plain),
    forged: yield* seal(yield* attacker.signer.sign(OpenId.claims())),
    decryption: {
      keys: [Redacted.make({ ...jwk })],
      keyManagement: ["ECDH-ES+A256KW"],
      contentEncryption: ["A256GCM"]
    }
  }
})

// one key for all runs of a property
const shared = Effect.runSync(Effect.cached(Effect.gen(function*() {
  const provider = yield* OpenId.provider()
  return { provider, token: yield* provider.signer.sign(OpenId.claims()) }
})))

/** Metadata, keys, ID tokens and answers about tokens and persons that lie. */
import {
  AuthorizationServer,
  ClientAuthentication,
  Identity,
  Introspection,
  JwtVerifier,
  type OAuthError,
  OAuthHttpClient,
  ServerMetadata,
  TokenSource,
  UserInfo
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestHttp } from "@effect-oauth/core/testing"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as crypto from "node:crypto"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"

describe("metadata", () => {
  const issuers: Readonly<Record<string, (origin: string) => unknown>> = {
    "with a slash more": (origin) => `${origin}/`,
    "in capitals": (origin) => origin.toUpperCase(),
    "of another port": (origin) => origin.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
    "that is a template": () => "https://login.example/{tenantid}/v2.0",
    "by https": (origin) => origin.replace("http:", "https:"),
    "that is a list": (origin) => [origin],
    "that is missing": () => undefined,
    "that is another's": () => "https://evil.example"
  }
  for (const [name, issuer] of Object.entries(issuers)) {
    it.live(`of an issuer ${name} is used in no part [G01]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((_, __, origin) =>
          Server.json({ issuer: issuer(origin), token_endpoint: `${origin}/token` })
        )

        const told = yield* Client.outcome(metadataOf(server.origin))

        assert.match(told, /^MetadataInvalid (issuer-mismatch|missing) issuer$/)
        assert.lengthOf(server.received, 1)
      }))
  }

  it.live("of a server with many tenants fits the one that was named [G01]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request, _, origin) =>
        Server.json({
          issuer: request.target.includes("tenant-1") ? `${origin}/tenant-1` : `${origin}/{tenantid}`,
          token_endpoint: `${origin}/token`
        })
      )
      const tenant = yield* Client.outcome(metadataOf(`${server.origin}/tenant-1`))
      const common = yield* Client.outcome(metadataOf(`${server.origin}/common`))

      assert.deepStrictEqual([tenant, common], ["success", "MetadataInvalid issuer-mismatch issuer"])
    }))

  const endpoints: Readonly<Record<string, unknown>> = {
    "plain http": "http://as.example/token",
    "a path": "/token",
    "no host": "//as.example/token",
    "a script": "javascript:alert(1)",
    "a file": "file:///etc/passwd",
    "a number": 7,
    "a list": ["https://as.example/token"],
    "an object": { href: "https://as.example/token" },
    "a fragment": "https://as.example/token#x",
    "nothing": "",
    "spaces": "https://as .example/token"
  }
  for (const [name, value] of Object.entries(endpoints)) {
    for (const field of ["token_endpoint", "authorization_endpoint", "jwks_uri", "revocation_endpoint"]) {
      it.live(`with ${name} for ${field} is refused [G02]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen((_, __, origin) =>
            Server.json({ issuer: origin, token_endpoint: `${origin}/token`, [field]: value })
          )

          const told = yield* Client.outcome(metadataOf(server.origin))

          assert.match(told, new RegExp(`^MetadataInvalid (insecure-url|wrong-type) ${field}$`))
        }))
    }
  }

  it.live("without a token endpoint makes no server [G02]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((_, __, origin) => Server.json({ issuer: origin }))

      const told = yield* Client.outcome(Layer.build(
        GenericRfc6749.layerDiscoveryLoopback({ issuer: server.origin, provider: "p", clientId: "app" }).pipe(
          Layer.provide(OAuthHttpClient.layerFetch)
        )
      ))

      assert.strictEqual(told, "MetadataInvalid missing token_endpoint")
    }))

  it.live("is one request, however many ask for it, and however slow it is [G03]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((_, __, origin) => [
        ...Server.wait(100),
        ...Server.json({ issuer: origin, token_endpoint: `${origin}/token` })
      ])
      const { get } = yield* Effect.provide(ServerMetadata.makeLoopback(), OAuthHttpClient.layerFetch)

      const told = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Client.outcome(get(server.origin)),
        { concurrency: "unbounded" }
      )

      assert.deepStrictEqual(new Set(told), new Set(["success"]))
      assert.lengthOf(server.received, 1)
    }))

  it.effect("that was not there, then broke, then came, is asked for again after seconds [G03]", () =>
    Effect.gen(function*() {
      const answers = [
        TestHttp.empty(404),
        TestHttp.empty(404),
        TestHttp.empty(500),
        TestHttp.json({ issuer: "https://as.example", token_endpoint: "https://as.example/token" }),
        TestHttp.empty(500)
      ]
      const http = TestHttp.layer(() => Effect.sync(() => answers.shift() ?? TestHttp.empty(410)))
      const { get } = yield* Effect.provide(ServerMetadata.make(), http)
      const told: Array<string> = []
      for (let round = 0; round < 4; round++) {
        told.push(yield* Client.outcome(get("https://as.example")))
        yield* TestClock.adjust("4 seconds")
      }

      assert.deepStrictEqual(told, ["MetadataInvalid not-found", "AnswerLost status", "success", "success"])
    }))

  it.effect("that cannot be had does not keep a service from the keys that it has [G03]", () =>
    Effect.gen(function*() {
      const signer = yield* TestSigner.make()
      const jwks = yield* signer.jwks
      let up = true
      const http = TestHttp.layer(() => Effect.sync(() => up ? TestHttp.json(jwks as never) : TestHttp.empty(500)))
      const { key } = yield* Effect.provide(Jwks.make({ uri: "https://as.example/jwks" }), [
        http,
        AuthorizationServer.layer(
          AuthorizationServer.make({ provider: "p", tokenEndpoint: "https://as.example/token" })
        )
      ])
      yield* key({ alg: "ES256" })
      up = false
      yield* TestClock.adjust("30 minutes")
      const stale = yield* Client.outcome(key({ alg: "ES256" }))
      yield* TestClock.adjust("2 hours")
      const gone = yield* Client.outcome(key({ alg: "ES256" }))

      assert.deepStrictEqual([stale, gone], ["success", "AnswerLost status"])
    }))
})

describe("a key set", () => {
  const sets: Readonly<Record<string, (own: Key) => ReadonlyArray<unknown>>> = {
    "of another key": (own) => [{ ...own, kid: "another" }],
    "with the same name twice": (own) => [own, { ...own, x: own.y, y: own.x }],
    "of symmetric keys": (own) => [{ kty: "oct", k: "c2VjcmV0", kid: own.kid }],
    "of a private key": (own) => [{ ...own, d: "AAAA" }],
    "for encrypting": (own) => [{ ...own, use: "enc" }],
    "for wrapping": (own) => [{ ...own, key_ops: ["wrapKey"] }],
    "of a short RSA key": () => [{ kty: "RSA", n: "A".repeat(86), e: "AQAB" }],
    "of no key": () => [null, 1, "x", [], {}, { kty: "EC" }, { kty: ["EC"] }]
  }
  for (const [name, keys] of Object.entries(sets)) {
    it.live(`${name} verifies nothing [G04]`, () =>
      Effect.gen(function*() {
        const { server, verify } = yield* provider({ keys })

        const told = yield* verify()

        assert.match(told, /^JwtInvalid (key|signature)$/)
        assert.isAtMost(server.received.length, 2)
      }))
  }

  it.live("of ten thousand keys is refused as a whole [G04]", () =>
    Effect.gen(function*() {
      const { verify } = yield* provider({ keys: () => Array.from({ length: 10_000 }, () => ({ kty: "EC" })) })

      assert.strictEqual(yield* verify(), "ResponseInvalid out-of-range keys")
    }))

  it.live("is not fetched again for each name that somebody makes up [G04]", () =>
    Effect.gen(function*() {
      const { server, verify } = yield* provider({})
      for (let index = 0; index < 50; index++) yield* verify({}, { kid: `made-up-${index}` })

      assert.isAtMost(server.received.length, 2)
    }))

  it.effect("is fetched again after the cool-down, and once each time [G04]", () =>
    Effect.gen(function*() {
      const signer = yield* TestSigner.make()
      const jwks = yield* signer.jwks
      let asked = 0
      const { key } = yield* Effect.provide(Jwks.make({ uri: "https://as.example/jwks" }), [
        TestHttp.layer(() => Effect.sync(() => (asked++, TestHttp.json(jwks as never)))),
        AuthorizationServer.layer(
          AuthorizationServer.make({ provider: "p", tokenEndpoint: "https://as.example/token" })
        )
      ])
      const counts: Array<number> = []
      for (let round = 0; round < 3; round++) {
        for (let index = 0; index < 20; index++) yield* key({ alg: "ES256", kid: `made-up-${round}-${index}` })
        counts.push(asked)
        yield* TestClock.adjust("31 seconds")
      }

      // the first fetch, then one for each cool-down
      assert.deepStrictEqual(counts, [2, 3, 4])
    }))
})

describe("an ID token", () => {
  it.live("that holds is believed, so that those below do not fail of something else [G05]", () =>
    Effect.gen(function*() {
      const { verify } = yield* provider({})

      assert.strictEqual(yield* verify(), "success")
    }))

  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const forged: Readonly<
    Record<string, readonly [(own: { readonly token: string; readonly jwks: unknown }) => string, RegExp]>
  > = {
    "without a signature": [({ token }) => `${b64({ alg: "none" })}.${token.split(".")[1]}.`, /^JwtInvalid alg$/],
    "of no algorithm in other letters": [
      ({ token }) => `${b64({ alg: "nOnE" })}.${token.split(".")[1]}.`,
      /^JwtInvalid alg$/
    ],
    "by HMAC with the public key": [({ jwks, token }) => {
      const input = `${b64({ alg: "HS256" })}.${token.split(".")[1]}`
      return `${input}.${crypto.createHmac("sha256", JSON.stringify(jwks)).update(input).digest("base64url")}`
    }, /^JwtInvalid alg$/],
    "by an algorithm that was not agreed": [
      ({ token }) => `${b64({ alg: "RS256" })}.${token.split(".").slice(1).join(".")}`,
      /^JwtInvalid alg$/
    ],
    "without an algorithm": [({ token }) => `${b64({})}.${token.split(".").slice(1).join(".")}`, /^JwtInvalid alg$/],
    "that is encrypted": [({ token }) => `${token}.x.y`, /^JwtInvalid encryption$/],
    "in six parts": [({ token }) => `${token}.x.y.z`, /^JwtInvalid format$/],
    "in two parts": [({ token }) => token.split(".").slice(0, 2).join("."), /^JwtInvalid format$/],
    "with a letter changed": [({ token }) => {
      const [header = "", payload = "", signature = ""] = token.split(".")
      return `${header}.${
        b64({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), sub: "user-2" })
      }.${signature}`
    }, /^JwtInvalid signature$/],
    "that is too long": [({ token }) => token.replace(".", `.${"A".repeat(200_000)}`), /^JwtInvalid format$/],
    "that must be understood in an extension": [
      ({ token }) => `${b64({ alg: "ES256", crit: ["exp"], exp: 1 })}.${token.split(".").slice(1).join(".")}`,
      /^JwtInvalid crit$/
    ],
    "whose payload is not encoded": [
      ({ token }) => `${b64({ alg: "ES256", b64: false, crit: ["b64"] })}.${token.split(".").slice(1).join(".")}`,
      /^JwtInvalid crit$/
    ],
    "that is empty": [() => "..", /^JwtInvalid format$/]
  }
  for (const [name, [forge, expected]] of Object.entries(forged)) {
    it.live(`${name} is refused [G05]`, () =>
      Effect.gen(function*() {
        const { token, jwks, verifyText } = yield* provider({})

        assert.match(yield* verifyText(forge({ token: yield* token(), jwks })), expected)
      }))
  }

  it.live("whose header names keys of its own has nothing fetched from there [G05]", () =>
    Effect.gen(function*() {
      const evil = yield* Server.listen(() => Server.json({ keys: [] }))
      const { server, verify } = yield* provider({})

      const told = yield* verify({}, {
        jku: `${evil.origin}/jwks`,
        x5u: `${evil.origin}/x5u`,
        jwk: { kty: "EC" },
        kid: "made-up"
      })

      assert.strictEqual(told, "JwtInvalid key")
      assert.lengthOf(evil.received, 0)
      assert.isTrue(server.received.every(({ target }) => target === "/jwks"))
    }))

  const hashes: ReadonlyArray<readonly [name: string, claims: Members, rule: string]> = [
    ["at_hash of another token", { at_hash: hashOf("sha256", "another") }, "JwtInvalid at_hash"],
    ["at_hash by another hash", { at_hash: hashOf("sha512", "at") }, "JwtInvalid at_hash"],
    ["the whole hash", { at_hash: crypto.createHash("sha256").update("at").digest("base64url") }, "JwtInvalid at_hash"],
    ["an empty at_hash", { at_hash: "" }, "JwtInvalid at_hash"],
    ["an at_hash that is no text", { at_hash: 1 }, "JwtInvalid at_hash"],
    ["c_hash of another code", { c_hash: hashOf("sha256", "another") }, "JwtInvalid c_hash"],
    ["the right hashes", { at_hash: hashOf("sha256", "at"), c_hash: hashOf("sha256", "c") }, "success"],
    ["none", {}, "success"]
  ]
  for (const [name, claims, expected] of hashes) {
    it.live(`with ${name} is ${expected === "success" ? "believed" : "refused"} [G07]`, () =>
      Effect.gen(function*() {
        const { verify } = yield* provider({})

        assert.strictEqual(yield* verify(claims), expected)
      }))
  }
})

describe("an answer about a person", () => {
  const answers: Readonly<Record<string, readonly [Server.Script, RegExp]>> = {
    "another": [Server.json({ sub: "user-2", name: "Eve" }), /^ResponseInvalid mismatch sub$/],
    "nobody": [Server.json({ name: "Eve" }), /^ResponseInvalid missing sub$/],
    "the prototype": [Server.json(`{"__proto__":{"sub":"user-1"}}`), /^ResponseInvalid missing sub$/],
    "a page": [Server.page(), /^ResponseInvalid content-type$/],
    "a list": [Server.json(`[{"sub":"user-1"}]`), /^ResponseInvalid not-an-object$/],
    "a signed text without a verifier": [
      Server.answer(200, { "content-type": "application/jwt" }, "a.b.c"),
      /^ResponseInvalid content-type$/
    ],
    "another one's status": [Server.json({ sub: "user-1" }, { status: 203 }), /^ResponseInvalid status$/]
  }
  for (const [name, [script, expected]] of Object.entries(answers)) {
    it.live(`is used in no part where it is ${name} [G08]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => script)

        const told = yield* Client.outcome(
          UserInfo.get(TokenSource.fixed({ value: Redacted.make("t"), type: "Bearer" }), "user-1")
        ).pipe(Effect.provide(Client.layer(server.origin)))

        assert.match(told, expected)
      }))
  }

  it.live("is used in no part where another key signed it [G08]", () =>
    Effect.gen(function*() {
      const other = yield* TestSigner.make()
      const forged = yield* other.sign({ iss: "x", sub: "user-1" })
      const { layer } = yield* provider({ userinfo: forged })

      const told = yield* Client.outcome(
        UserInfo.get(TokenSource.fixed({ value: Redacted.make("t"), type: "Bearer" }), "user-1")
      ).pipe(Effect.provide(layer))

      assert.match(told, /^JwtInvalid (signature|key)$/)
    }))

  it.live("does not bring its claims into an error [G08]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.json({ sub: "user-2", email: "eve@canary.example" }))

      const error = yield* Effect.flip(
        UserInfo.get(TokenSource.fixed({ value: Redacted.make("t"), type: "Bearer" }), "user-1")
      ).pipe(Effect.provide(Client.layer(server.origin)))

      assert.notInclude(String(error) + JSON.stringify(error), "canary")
    }))
})

describe("an answer about a token", () => {
  const answers: Readonly<Record<string, readonly [Server.Script, string]>> = {
    "active in words": [Server.json({ active: "true" }), "ResponseInvalid wrong-type active"],
    "active by number": [Server.json({ active: 1 }), "ResponseInvalid wrong-type active"],
    "not said": [Server.json({ sub: "user-1" }), "ResponseInvalid missing active"],
    "said by the prototype": [Server.json(`{"__proto__":{"active":true}}`), "ResponseInvalid missing active"],
    "over by its own word": [Server.json({ active: true, exp: 1 }), "Inactive"],
    "over in words": [Server.json({ active: true, exp: "1" }), "ResponseInvalid wrong-type exp"],
    "at the end of time": [Server.json({ active: true, exp: 1e300 }), "ResponseInvalid out-of-range exp"],
    "for a list of things": [Server.json({ active: true, aud: [1] }), "ResponseInvalid wrong-type aud"],
    "inactive": [Server.json({ active: false, sub: "user-1", exp: 9e9 }), "Inactive"],
    "active": [Server.json({ active: true, exp: 9e9 }), "Active"]
  }
  for (const [name, [script, expected]] of Object.entries(answers)) {
    it.live(`that is ${name} is ${expected} [G09]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => script)

        const told = yield* Introspection.Introspection.use(({ introspect }) => introspect(Redacted.make("t"))).pipe(
          Effect.match({ onFailure: Client.reasonOf, onSuccess: ({ _tag }) => _tag as string }),
          Effect.provide(Client.layer(server.origin))
        )

        assert.strictEqual(told, expected)
      }))
  }

  it.live("tells for whom and by whom it is, for the caller to compare [G09]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() =>
        Server.json({ active: true, iss: "https://evil.example", aud: "other" })
      )

      const told = yield* Introspection.Introspection.use(({ introspect }) => introspect(Redacted.make("t"))).pipe(
        Effect.provide(Client.layer(server.origin))
      )

      assert.isTrue(
        told._tag === "Active" && told.issuer === "https://evil.example" && told.audience?.join() === "other"
      )
    }))
})

const metadataOf = (issuer: string): Effect.Effect<unknown, OAuthError.OAuthError> =>
  Effect.flatMap(ServerMetadata.makeLoopback(), ({ get }) => get(issuer)).pipe(
    Effect.provide(OAuthHttpClient.layerFetch, { local: true })
  )

function hashOf(name: string, text: string): string {
  const bytes = crypto.createHash(name).update(text).digest()
  return bytes.subarray(0, bytes.length / 2).toString("base64url")
}

type Members = Readonly<Record<string, Schema.Json>>

interface Key extends JsonWebKey {
  readonly kid: string
}

/** A provider with a key set, and the verifier of a client of it. */
const provider = Effect.fnUntraced(function*(options: {
  readonly keys?: (own: Key) => ReadonlyArray<unknown>
  readonly userinfo?: string
}) {
  const signer = yield* TestSigner.make()
  const jwks = JSON.parse(JSON.stringify(yield* signer.jwks)) as { readonly keys: ReadonlyArray<Key> }
  const [own] = jwks.keys
  const server = yield* Server.listen((request) =>
    request.target === "/userinfo"
      ? Server.answer(200, { "content-type": "application/jwt" }, options.userinfo ?? "")
      : Server.json({ keys: options.keys?.(own!) ?? jwks.keys })
  )
  const layer = IdToken.layer({ algorithms: ["ES256"] }).pipe(
    Layer.provideMerge(Jwks.layer()),
    Layer.provideMerge(Layer.mergeAll(
      Client.authorizationServer(server.origin),
      ClientAuthentication.layerNone({ clientId: "app" }),
      OAuthHttpClient.layerFetch
    ))
  )
  const context = yield* Layer.build(layer)
  const token = (claims: Members = {}, header: Members = {}) => {
    const iat = Math.floor(Date.now() / 1000)
    const all = { iss: server.origin, sub: "user-1", aud: "app", iat, exp: iat + 300, ...claims }
    return signer.signWith(all, { typ: "JWT", kid: own!.kid, ...header })
  }
  const verifyText = (text: string) =>
    JwtVerifier.JwtVerifier.use(({ idToken }) =>
      idToken(Redacted.make(text), { accessToken: Redacted.make("at"), code: Redacted.make("c") })
    ).pipe(Effect.map(Identity.id), Client.outcome, Effect.provideContext(context))
  return {
    jwks,
    layer: Layer.succeedContext(context),
    server,
    token,
    verifyText,
    verify: (...args: Parameters<typeof token>) => Effect.flatMap(token(...args), verifyText)
  }
})

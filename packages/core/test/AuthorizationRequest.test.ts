import { AuthorizationRequest, AuthorizationServer, Dialect, GrantKey, OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, Schema } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import * as Log from "./support/log.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("AuthorizationRequest", () => {
  describe("make", () => {
    it.effect("writes the whole address [6749-4.1.1-a] [6749-4.1.1-b] [6749-4.1.1-c] [7636-4.3-a] [7636-4.3-b]", () =>
      Effect.gen(function*() {
        const { url } = yield* AuthorizationRequest.make({ ...options, scopes: ["files.read", "offline"] })

        assert.strictEqual(
          url,
          "https://as.example/authorize?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
            + "&scope=files.read%20offline&state=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
            + "&code_challenge=bB1ju9q0N8VDaMu9iIaohqea2XcpfiZe6_H19fAVM7k&code_challenge_method=S256"
        )
      }).pipe(Effect.provide(counting)))

    it.effect("gives what to remember [9700-4.4.2-b]", () =>
      Effect.gen(function*() {
        const { pending } = yield* AuthorizationRequest.make({
          ...options,
          issuer: "https://as.example",
          rules: { ...AuthorizationRequest.rfc6749, issuer: "required" },
          scopes: ["openid"],
          context: { returnTo: "/albums" }
        })

        assert.deepStrictEqual(encode(pending), {
          state: "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
          key: "acme|https%3A%2F%2Fas.example|app|ada",
          issuer: "https://as.example",
          issuerParameter: "required",
          redirectUri: "https://app.example/cb",
          codeVerifier: "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM",
          nonce: "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
          scopes: ["openid"],
          context: { returnTo: "/albums" }
        })
      }).pipe(Effect.provide(counting)))

    it.effect("makes state and verifier anew each time [7636-4.1-a] [6749-10.10-b]", () =>
      Effect.gen(function*() {
        const one = encode((yield* AuthorizationRequest.make(options)).pending)
        const two = encode((yield* AuthorizationRequest.make(options)).pending)

        assert.notStrictEqual(one.state, two.state)
        assert.notStrictEqual(one.codeVerifier, two.codeVerifier)
        assert.strictEqual(one.state.length, 43)
      }).pipe(Effect.provide(crypto)))

    it.effect("draws 256 random bits for state, nonce and verifier each [6749-10.10-a] [6749-10.10-b] [FAPI2-5.4.1-e]", () =>
      Effect.gen(function*() {
        const drawn: Array<number> = []
        const random = SecureRandom.make((size) => {
          drawn.push(size)
          return new Uint8Array(size).fill(drawn.length)
        })

        const { url } = yield* AuthorizationRequest.make({ ...options, scopes: ["openid"] }).pipe(
          Effect.provideService(SecureRandom.SecureRandom, random)
        )

        assert.deepStrictEqual(drawn, [32, 32, 32])
        assert.strictEqual(new Set([parametersOf(url)["state"], parametersOf(url)["nonce"]]).size, 2)
      }).pipe(Effect.provide(Digest.layerWebCrypto)))

    it.effect("sends a nonce where openid is asked for", () =>
      Effect.gen(function*() {
        const withOpenid = yield* AuthorizationRequest.make({ ...options, scopes: ["openid"] })
        const without = yield* AuthorizationRequest.make(options)

        assert.strictEqual(parametersOf(withOpenid.url)["nonce"], encode(withOpenid.pending).nonce)
        assert.isUndefined(parametersOf(without.url)["nonce"])
        assert.isUndefined(without.pending.nonce)
      }).pipe(Effect.provide(crypto)))

    it.effect("leaves PKCE out where the dialect says so", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, pkce: "none" } as const

        const { pending, url } = yield* AuthorizationRequest.make({ ...options, rules })

        assert.notInclude(url, "code_challenge")
        assert.isUndefined(pending.codeVerifier)
      }).pipe(Effect.provide(crypto)))

    const endpoints: ReadonlyArray<readonly [string, string]> = [
      ["https://as.example/authorize?tenant=a%2fb", "https://as.example/authorize?tenant=a%2fb&response_type=code"],
      ["https://as.example/authorize?", "https://as.example/authorize?response_type=code"],
      ["https://as.example/authorize?a=1&", "https://as.example/authorize?a=1&response_type=code"]
    ]
    for (const [endpoint, start] of endpoints) {
      it.effect(`keeps the query of ${endpoint} [6749-3.1-a] [2.1-3.1-a]`, () =>
        Effect.gen(function*() {
          const { url } = yield* AuthorizationRequest.make({ ...options, endpoint })

          assert.isTrue(url.startsWith(`${start}&`), url)
        }).pipe(Effect.provide(crypto)))
    }

    it.effect("leaves parameters without a value out [6749-3.1-d] [6749-10.3-c]", () =>
      Effect.gen(function*() {
        const { url } = yield* AuthorizationRequest.make({ ...options, scopes: [], parameters: { prompt: "" } })

        assert.deepStrictEqual(Object.keys(parametersOf(url)), [
          "response_type",
          "client_id",
          "redirect_uri",
          "state",
          "code_challenge",
          "code_challenge_method"
        ])
      }).pipe(Effect.provide(crypto)))

    it.effect("carries a parameter called request that the dialect means otherwise than RFC 9101", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, parameters: { request: "authorize" } }

        const { url } = yield* AuthorizationRequest.make({ ...options, rules })

        assert.strictEqual(new URL(url).searchParams.get("request"), "authorize")
      }).pipe(Effect.provide(crypto)))

    it.effect("sends the dialect's parameters and the login's, whose values win", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, parameters: { access_type: "offline", prompt: "consent" } }
        const parameters = { prompt: "login", login_hint: "ada+1@example.org" }

        const { url } = yield* AuthorizationRequest.make({ ...options, rules, parameters })

        assert.include(url, "&access_type=offline&prompt=login&login_hint=ada%2B1%40example.org")
      }).pipe(Effect.provide(crypto)))

    it.effect("keeps order and case of scopes, joined as the dialect says [6749-3.3-a]", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, scopeSeparator: "," }

        const { url } = yield* AuthorizationRequest.make({ ...options, rules, scopes: ["b:Write", "a:read"] })

        assert.strictEqual(parametersOf(url)["scope"], "b:Write,a:read")
      }).pipe(Effect.provide(crypto)))

    it.effect("names each resource letter by letter [8707-2-e] [8707-2-f] [8707-2-c]", () =>
      Effect.gen(function*() {
        const resources = ["https://API.example/v1/", "urn:example:photos", "https://api.example/?t=a%2fb"]

        const { pending, url } = yield* AuthorizationRequest.make({ ...options, resources })

        assert.deepStrictEqual(new URL(url).searchParams.getAll("resource"), resources)
        assert.deepStrictEqual(pending.resources, resources)
      }).pipe(Effect.provide(crypto)))

    it.effect("warns of a resource that has a query, without the query [8707-2-c]", () =>
      Effect.gen(function*() {
        const { heard: warnings, layer: logger } = Log.listening()
        const resources = ["https://a.example/", "https://b.example/?t=secret"]

        yield* Effect.provide(AuthorizationRequest.make({ ...options, resources }), logger)

        assert.lengthOf(warnings, 1)
        assert.include(String(warnings), "https://b.example/")
        assert.notInclude(String(warnings), "secret")
      }).pipe(Effect.provide(crypto)))

    it.effect("sends the verifier itself only where the dialect names that [7636-7.2-b]", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, pkce: "insecure-plain" } as const

        const { pending, url } = yield* AuthorizationRequest.make({ ...options, rules })

        assert.strictEqual(parametersOf(url)["code_challenge_method"], "plain")
        assert.strictEqual(parametersOf(url)["code_challenge"], encode(pending).codeVerifier)
        assert.strictEqual(AuthorizationRequest.rfc6749.pkce, "S256")
      }).pipe(Effect.provide(crypto)))

    it.effect("keeps for each server whether its answers name the issuer [9207-2.4-i]", () =>
      Effect.gen(function*() {
        const rules = (issuer: AuthorizationRequest.Rules["issuer"]) => ({ ...AuthorizationRequest.rfc6749, issuer })
        const issuer = "https://as.example"

        const one = yield* AuthorizationRequest.make({ ...options, issuer, rules: rules("required") })
        const other = yield* AuthorizationRequest.make({ ...options, issuer, rules: rules("refused") })

        assert.deepStrictEqual([one.pending.issuerParameter, other.pending.issuerParameter], ["required", "refused"])
      }).pipe(Effect.provide(crypto)))

    it.effect("gives what to push: the parameters of the address, and no others", () =>
      Effect.gen(function*() {
        const { parameters, url } = yield* AuthorizationRequest.make({
          ...options,
          endpoint: "https://as.example/authorize?tenant=1",
          resources: ["urn:a", "urn:b"],
          parameters: { prompt: "login", hint: "" }
        })

        assert.deepStrictEqual([["tenant", "1"], ...parameters], [...new URL(url).searchParams])
      }).pipe(Effect.provide(crypto)))

    it.effect("takes an authorization server's dialect as it is", () =>
      Effect.gen(function*() {
        const server = yield* Effect.fromResult(AuthorizationServer.make({
          provider: "acme",
          issuer: "https://as.example",
          authorizationEndpoint: "https://as.example/authorize",
          tokenEndpoint: "https://as.example/token"
        }))

        const { pending } = yield* AuthorizationRequest.make({
          ...options,
          endpoint: server.authorizationEndpoint,
          issuer: server.issuer,
          rules: server.dialect.authorization
        })

        assert.strictEqual(pending.issuer, "https://as.example")
        assert.deepStrictEqual(Dialect.rfc6749.authorization, AuthorizationRequest.rfc6749)
      }).pipe(Effect.provide(crypto)))
  })

  describe("pushed", () => {
    it("names the client and the request, and keeps the endpoint's own query [9126-4-b]", () => {
      const named = { clientId: "a:b", requestUri: "urn:ietf:params:oauth:request_uri:x y" }

      assert.strictEqual(
        AuthorizationRequest.pushed("https://as.example/authorize?tenant=1", named),
        "https://as.example/authorize?tenant=1&client_id=a%3Ab"
          + "&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax%20y"
      )
    })
  })

  describe("redirect URIs", () => {
    const accepted = [
      "https://app.example/cb?tenant=1",
      "http://127.0.0.1:4711/cb",
      "http://[::1]:4711/cb",
      "http://localhost/cb",
      "com.example.app:/cb"
    ]
    for (const redirectUri of accepted) {
      it.effect(`are sent letter by letter: ${redirectUri} [6749-3.1.2.3-a] [2.1-2.3-a] [2.1-2.3.2-a]`, () =>
        Effect.gen(function*() {
          const { pending, url } = yield* AuthorizationRequest.make({ ...options, redirectUri })

          assert.deepStrictEqual([parametersOf(url)["redirect_uri"], pending.redirectUri], [redirectUri, redirectUri])
        }).pipe(Effect.provide(crypto)))
    }

    for (const redirectUri of ["adobe+0123abc://callback", "urn:ietf:wg:oauth:2.0:oob"]) {
      it.effect(`are of any scheme where the server hands them out: ${redirectUri}`, () =>
        Effect.gen(function*() {
          const rules = { ...AuthorizationRequest.rfc6749, privateScheme: "any" } as const

          const { pending } = yield* AuthorizationRequest.make({ ...options, rules, redirectUri })

          assert.strictEqual(pending.redirectUri, redirectUri)
        }).pipe(Effect.provide(crypto)))
    }

    it.effect("are replaced by the name that the server gave, and awaited as they are", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, redirectName: "Our-App-1" }
        const redirectUri = "https://app.example/cb"

        const { parameters, pending, url } = yield* AuthorizationRequest.make({ ...options, rules, redirectUri })

        assert.deepStrictEqual([parametersOf(url)["redirect_uri"], pending.redirectUri], ["Our-App-1", redirectUri])
        assert.deepStrictEqual(parameters.filter(([name]) => name === "redirect_uri"), [["redirect_uri", "Our-App-1"]])
      }).pipe(Effect.provide(crypto)))

    it.effect("are checked though a name is sent in their place", () =>
      Effect.gen(function*() {
        const rules = { ...AuthorizationRequest.rfc6749, redirectName: "Our-App-1" }

        const error = yield* Effect.flip(
          AuthorizationRequest.make({ ...options, rules, redirectUri: "http://app.example/cb" })
        )

        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" ? error.reason.field : "", "redirectUri")
      }).pipe(Effect.provide(crypto)))

    for (
      const [redirectUri, warnings] of [
        ["com.example.app://cb", 1],
        ["com.example.app:/cb", 0],
        ["https://app.example/cb", 0]
      ] as const
    ) {
      it.effect(`are warned of ${warnings} times: ${redirectUri} [8252-7.1-b]`, () =>
        Effect.gen(function*() {
          const logged: Array<unknown> = []
          const logger = Logger.make(({ message }) => void logged.push(message))

          yield* Effect.provide(AuthorizationRequest.make({ ...options, redirectUri }), Logger.layer([logger]))

          assert.lengthOf(logged, warnings)
        }).pipe(Effect.provide(crypto)))
    }

    const refused = {
      "a scheme that any application may claim [8252-7.1-a] [2.1-8.4.3-a]": "myapp:/cb",
      "/cb [6749-3.1.2-a] [2.1-2.3-a]": "/cb",
      "app.example/cb [6749-3.1.2-a]": "app.example/cb",
      "a fragment [6749-3.1.2-b] [2.1-2.3-b]": "https://app.example/cb#x",
      "an empty fragment [6749-3.1.2-b] [2.1-2.3-b]": "https://app.example/cb#",
      "plain http on the network [6749-3.1.2.1-a] [6749-10.5-a] [9700-2.6-d]": "http://app.example/cb",
      "a host that only begins like loopback": "http://127.0.0.1.evil.example/cb",
      "a script": "javascript:alert(1)",
      "a line break": "https://app.example/cb\n",
      "a space before": " https://app.example/cb"
    }
    for (const [name, redirectUri] of Object.entries(refused)) {
      it.effect(`are refused: ${name}`, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* refusedField({ ...options, redirectUri }), "redirectUri")
        }))
    }
  })

  describe("options that cannot work are refused:", () => {
    const required = { ...AuthorizationRequest.rfc6749, issuer: "required" } as const
    const repeating = { ...AuthorizationRequest.rfc6749, parameters: { state: "x" } }
    const cases: ReadonlyArray<readonly [string, Partial<AuthorizationRequest.Options>, string]> = [
      ["no authorization endpoint", { endpoint: undefined }, "authorizationEndpoint"],
      ["a relative endpoint", { endpoint: "/authorize" }, "authorizationEndpoint"],
      [
        "an endpoint with a fragment [6749-3.1-b] [2.1-3.1-a]",
        { endpoint: "https://as.example/a#x" },
        "authorizationEndpoint"
      ],
      ["a page behind a fragment that names the client", {
        endpoint: "https://as.example/#/authorize?client_id=x",
        rules: { ...AuthorizationRequest.rfc6749, fragment: "read" }
      }, "authorizationEndpoint"],
      ["an endpoint that names the client", { endpoint: "https://as.example/a?client_id=x" }, "authorizationEndpoint"],
      ...["token", "id_token", "code token", "code id_token", "id_token code"].map((responseType) =>
        [
          `tokens in the address, by ${responseType} [8252-8.2-a] [6749-3.1.1-b] [6749-10.16-a] [9700-2.1.2-a]`,
          { rules: { ...AuthorizationRequest.rfc6749, responseType } },
          "responseType"
        ] as const
      ),
      ["no client", { clientId: "" }, "clientId"],
      ["an answer that must name an unknown issuer", { rules: required }, "issuer"],
      ["a scope with a quote [6749-3.3-a]", { scopes: ["a\"b"] }, "scopes"],
      ["a scope with a line break [6749-3.3-a]", { scopes: ["a\nb"] }, "scopes"],
      ["a scope that is not ASCII [6749-3.3-a]", { scopes: ["é"] }, "scopes"],
      ["a parameter called client_id [6749-3.1-e] [2.1-3.1-b]", { parameters: { client_id: "x" } }, "parameters"],
      ["a parameter called state [6749-3.1-e] [2.1-3.1-b]", { parameters: { state: "x" } }, "parameters"],
      ["a resource that is no absolute URI [8707-2-a]", { resources: ["api"] }, "resources"],
      ["a resource that is a path [8707-2-a]", { resources: ["/api"] }, "resources"],
      ["a resource with a fragment [8707-2-b]", { resources: ["https://api.example/#a"] }, "resources"],
      ["a parameter called resource", { parameters: { resource: "urn:a" } }, "parameters"],
      ["a parameter called request", { parameters: { request: "x" } }, "parameters"],
      ["a parameter called request_uri [9126-2.1-a]", { parameters: { request_uri: "x" } }, "parameters"],
      ["a dialect that sends state itself", { rules: repeating }, "parameters"],
      ["a parameter that the endpoint holds [6749-3.1-e] [2.1-3.1-b]", {
        endpoint: "https://as.example/a?tenant=1",
        parameters: { tenant: "2" }
      }, "parameters"],
      ["a parameter's name with a space [6749-8.2-a]", { parameters: { "a b": "x" } }, "parameters"]
    ]

    for (const [name, change, field] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* refusedField({ ...options, ...change }), field)
        }))
    }
  })

  describe("PendingAuthorization", () => {
    it.effect.prop(
      "is the same after encoding and decoding",
      [AuthorizationRequest.PendingAuthorization],
      ([pending]) =>
        Effect.gen(function*() {
          const json = JSON.parse(JSON.stringify(encode(pending)))
          const back = yield* Schema.decodeUnknownEffect(AuthorizationRequest.PendingAuthorization)(json)

          // JSON has no negative zero
          assert.deepStrictEqual(JSON.parse(JSON.stringify(encode(back))), json)
        }),
      { arbitrary: { seed: "pending" } }
    )

    it("keeps its secrets out of strings", () => {
      const pending: AuthorizationRequest.PendingAuthorization = {
        state: Redacted.make(canary),
        codeVerifier: Redacted.make(canary),
        nonce: Redacted.make(canary),
        key: "k",
        issuerParameter: "optional",
        redirectUri: "https://app.example/cb",
        scopes: []
      }

      assert.deepStrictEqual(leaks(pending), [])
    })
  })
})

const options: AuthorizationRequest.Options = {
  endpoint: "https://as.example/authorize",
  rules: AuthorizationRequest.rfc6749,
  clientId: "app",
  redirectUri: "https://app.example/cb",
  scopes: ["files.read"],
  key: GrantKey.make({ provider: "acme", issuer: "https://as.example", client: "app", account: "ada" })
}

const crypto = Layer.merge(SecureRandom.layerWebCrypto, Digest.layerWebCrypto)

// every byte of the first draw is 1, of the second 2, and so on
const counting = Layer.merge(
  Digest.layerWebCrypto,
  Layer.effect(
    SecureRandom.SecureRandom,
    Effect.sync(() => {
      let draws = 0
      return SecureRandom.make((size) => new Uint8Array(size).fill(++draws))
    })
  )
)

const encode = Schema.encodeSync(AuthorizationRequest.PendingAuthorization)

const parametersOf = (url: string): Record<string, string> => Object.fromEntries(new URL(url).searchParams)

const refusedField = (options: AuthorizationRequest.Options) =>
  AuthorizationRequest.make(options).pipe(
    Effect.flip,
    Effect.provide(crypto),
    Effect.map((error) => {
      assert.isTrue(OAuthError.isOAuthError(error))
      return error.reason._tag === "ConfigurationInvalid" ? error.reason.field : error.reason._tag
    })
  )

import { AuthorizationRequest, Challenge, GrantKey, type OAuthError, ProtectedResource } from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import { from, type Handler, json, recording } from "./support/http.ts"

const api = "https://rs.example/api"
const mismatch = "resource-mismatch resource"
const servers = "wrong-type authorization_servers"
const insecure = "insecure-url authorization_servers"

describe("ProtectedResource", () => {
  describe("get", () => {
    for (
      const [resource, address] of [
        ["https://rs.example", "https://rs.example/.well-known/oauth-protected-resource"],
        ["https://rs.example/", "https://rs.example/.well-known/oauth-protected-resource"],
        ["https://rs.example/a?x=1", "https://rs.example/.well-known/oauth-protected-resource/a?x=1"],
        ["https://rs.example:8443/a/b/", "https://rs.example:8443/.well-known/oauth-protected-resource/a/b/"],
        ["https://rs.example/?x", "https://rs.example/.well-known/oauth-protected-resource?x"]
      ] as const
    ) {
      it.effect(`fetches that of ${resource} from its well-known address [9728-3.1-a] [9728-3.1-b]`, () =>
        Effect.gen(function*() {
          const { requests, service } = yield* resources(() => Effect.succeed(json({ resource })))

          const metadata = yield* service.get(resource)

          assert.strictEqual(metadata.resource, resource)
          assert.deepStrictEqual(requests.map(({ method, url }) => [method, url]), [["GET", address]])
        }))
    }

    for (
      const resource of [
        "http://rs.example",
        "https://rs.example#x",
        "https://rs.example/#",
        "rs.example",
        "https://ada:secret@rs.example"
      ]
    ) {
      it.effect(`asks nobody about ${resource} [9728-1.2-a] [9728-7.1-a]`, () =>
        Effect.gen(function*() {
          const { requests, service } = yield* resources(() => Effect.succeed(json({ resource })))

          const error = yield* Effect.flip(service.get(resource))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
          assert.deepStrictEqual(requests, [])
        }))
    }

    it.effect("gives every known member its type, and keeps the others [9728-3.2-b]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({
          authorization_servers: ["https://as.example"],
          jwks_uri: "https://rs.example/jwks",
          scopes_supported: ["read", "write"],
          bearer_methods_supported: ["header"],
          resource_signing_alg_values_supported: ["ES256"],
          resource_name: "Grüße",
          resource_documentation: "https://rs.example/docs",
          resource_policy_uri: "javascript:alert(1)",
          dpop_signing_alg_values_supported: ["ES256"],
          dpop_bound_access_tokens_required: true,
          tls_client_certificate_bound_access_tokens: true,
          vendor: { a: 1 },
          signed_metadata: "a.b.c"
        })

        const { members, ...known } = metadata
        assert.deepStrictEqual<unknown>(known, {
          resource: "https://rs.example/api",
          authorizationServers: ["https://as.example"],
          jwksUri: "https://rs.example/jwks",
          scopesSupported: ["read", "write"],
          bearerMethods: ["header"],
          signingAlgorithms: ["ES256"],
          dpopSigningAlgorithms: ["ES256"],
          dpopRequired: true,
          certificateBound: true,
          name: "Grüße",
          documentation: "https://rs.example/docs",
          policyUri: undefined,
          termsOfServiceUri: undefined
        })
        assert.deepStrictEqual(members["vendor"], { a: 1 })
      }))

    it.effect("hands over the API's name as it stands, in no particular language [9728-2.1-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ resource_name: "Étagère – 棚", "resource_name#fr": "Autre" })

        assert.strictEqual<string | undefined>(metadata.name, "Étagère – 棚")
      }))

    it.effect("knows no algorithm of the name none [9728-2-b]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({
          resource_signing_alg_values_supported: ["none", "ES256"],
          dpop_signing_alg_values_supported: ["none"]
        })

        assert.deepStrictEqual(metadata.signingAlgorithms, ["ES256"])
        assert.deepStrictEqual(metadata.dpopSigningAlgorithms, [])
      }))

    const invalid: ReadonlyArray<readonly [title: string, change: object, problem: string]> = [
      ["without a resource [9728-2-a]", { resource: undefined }, "missing resource"],
      ["whose resource is no text [9728-2-a]", { resource: ["https://rs.example/api"] }, "wrong-type resource"],
      [
        "of another resource [9728-3.3-a] [9728-7.3-b]",
        { resource: "https://rs.example/" },
        "resource-mismatch resource"
      ],
      ["of a resource that looks alike [9728-6-a]", { resource: "https://rs.ex\u0430mple/api" }, mismatch],
      ["of a resource in another case [9728-6-a]", { resource: "https://RS.example/api" }, mismatch],
      ["of a resource that is normalised [9728-6-b]", { resource: "https://rs.example/./api" }, mismatch],
      ["with a key set over http [9728-2-a]", { jwks_uri: "http://rs.example/jwks" }, "insecure-url jwks_uri"],
      ["with servers that are no list [9728-2-a]", { authorization_servers: "https://as.example" }, servers],
      ["with a server that is no address [9728-2-a]", { authorization_servers: ["as"] }, servers],
      ["with a server over http [9728-2-a]", { authorization_servers: ["http://as.example"] }, insecure],
      ["with scopes that are no list", { scopes_supported: "read" }, "wrong-type scopes_supported"],
      [
        "with a flag that is a text",
        { dpop_bound_access_tokens_required: "true" },
        "wrong-type dpop_bound_access_tokens_required"
      ]
    ]
    for (const [title, change, problem] of invalid) {
      it.effect(`refuses a document ${title}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(read(change))

          assert.strictEqual(words(error.reason), `MetadataInvalid ${problem}`)
        }))
    }

    it.effect("does not take a composed letter for a decomposed one [9728-6-b]", () =>
      Effect.gen(function*() {
        const composed = "https://rs.example/\u00e9"
        const { service } = yield* resources(() => Effect.succeed(json({ resource: composed.normalize("NFD") })))

        const error = yield* Effect.flip(service.get(composed))

        assert.strictEqual(words(error.reason), `MetadataInvalid ${mismatch}`)
      }))

    const answers: ReadonlyArray<readonly [title: string, answer: () => Response, expected: string]> = [
      [
        "a page",
        () => new Response("<html>", { headers: { "content-type": "text/html" } }),
        "MetadataInvalid not-json"
      ],
      ["a list", () => json([]), "MetadataInvalid not-json"],
      ["a redirect", () => Response.redirect("https://elsewhere.example"), "MetadataInvalid not-found"],
      [
        "a redirect that was followed",
        () => from("https://elsewhere.example/", json({ resource: api })),
        "RedirectRefused"
      ],
      ["404", () => json({ resource: api }, { status: 404 }), "MetadataInvalid not-found"],
      ["201", () => json({ resource: api }, { status: 201 }), "MetadataInvalid not-found"],
      ["503", () => new Response("", { status: 503 }), "ServerUnavailable"],
      ["500", () => new Response("", { status: 500 }), "AnswerLost status"],
      [
        "more than a megabyte [F06]",
        () => json({ resource: api, x: "x".repeat(1_100_000) }),
        "ResponseInvalid too-large"
      ]
    ]
    for (const [title, answer, expected] of answers) {
      it.effect(`makes ${expected} of ${title} [9728-3.2-a]`, () =>
        Effect.gen(function*() {
          const { service } = yield* resources(() => Effect.succeed(answer()))

          const error = yield* Effect.flip(service.get(api))

          assert.strictEqual(words(error.reason), expected)
        }))
    }

    it.effect("does not believe a server whose certificate does not hold [9728-7.3-a]", () =>
      Effect.gen(function*() {
        const { service } = yield* resources(() => Effect.fail({ code: "CERT_HAS_EXPIRED" }))

        const error = yield* Effect.flip(service.get(api))

        assert.strictEqual(words(error.reason), "RequestNotSent tls")
      }))

    it.effect("asks once for all who ask at once, and again when the time is over", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })))

        yield* Effect.all([service.get(api), service.get(api)], { concurrency: "unbounded" })
        yield* TestClock.adjust("59 minutes")
        yield* service.get(api)
        const before = requests.length
        yield* TestClock.adjust("1 minute")
        yield* service.get(api)

        assert.deepStrictEqual([before, requests.length], [1, 2])
      }))

    it.effect("keeps no failure for long", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources((_, count) =>
          Effect.succeed(count === 1 ? new Response("", { status: 503 }) : json({ resource: api }))
        )

        yield* Effect.flip(service.get(api))
        yield* Effect.flip(service.get(api))
        yield* TestClock.adjust("3 seconds")
        yield* service.get(api)

        assert.strictEqual(requests.length, 2)
      }))
  })

  describe("challenged", () => {
    it.effect("fetches what a challenge points to, of any scheme [9728-5.1-a]", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })))

        yield* service.challenged(api, pointing("https://meta.example/rs", "DPoP"))
        yield* service.challenged(api, pointing("https://meta.example/rs"))

        assert.deepStrictEqual(requests.map(({ url }) => url), ["https://meta.example/rs", "https://meta.example/rs"])
      }))

    it.effect("fetches once more for a new challenge, and forgets what it knew [9728-5.2-a]", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources((_, count) =>
          Effect.succeed(json({ resource: api, authorization_servers: [`https://as${count}.example`] }))
        )
        yield* service.get(api)

        const fresh = yield* service.challenged(api, pointing("https://rs.example/meta"))
        const known = yield* service.get(api)

        assert.deepStrictEqual(fresh.authorizationServers, ["https://as2.example"])
        assert.deepStrictEqual(known.authorizationServers, ["https://as2.example"])
        assert.strictEqual(requests.length, 2)
      }))

    it.effect("does not believe a document about another address than the one that was requested [9728-3.3-b] [9728-3.3-c] [9728-3.3-d]", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources(() =>
          Effect.succeed(json({ resource: "https://victim.example/", authorization_servers: ["https://evil.example"] }))
        )

        const error = yield* Effect.flip(service.challenged(api, pointing("https://rs.example/meta")))

        assert.strictEqual(words(error.reason), `MetadataInvalid ${mismatch}`)
        assert.deepStrictEqual(requests.map(({ url }) => url), ["https://rs.example/meta"])
      }))

    for (
      const [resource, url, match, isBelieved] of [
        ["https://rs.example/api", "https://rs.example/api/things", "exact", false],
        ["https://rs.example/api", "https://rs.example/api/things?x=1", "same-origin-path-prefix", true],
        ["https://rs.example/api", "https://rs.example/api", "same-origin-path-prefix", true],
        ["https://rs.example", "https://rs.example/things", "same-origin-path-prefix", true],
        ["https://rs.example/api", "https://rs.example/apis", "same-origin-path-prefix", false],
        ["https://rs.example/api/other", "https://rs.example/api", "same-origin-path-prefix", false],
        ["https://other.example/", "https://rs.example/api", "same-origin-path-prefix", false],
        ["http://rs.example/", "https://rs.example/api", "same-origin-path-prefix", false]
      ] as const
    ) {
      it.effect(`${isBelieved ? "believes" : "does not believe"} ${resource} for ${url} (${match}) [9728-3.3-c]`, () =>
        Effect.gen(function*() {
          const { service } = yield* resources(() => Effect.succeed(json({ resource })), { match })

          const exit = yield* Effect.exit(service.challenged(url, pointing("https://rs.example/meta")))

          assert.strictEqual(exit._tag, isBelieved ? "Success" : "Failure")
        }))
    }

    for (
      const [address, problem] of [
        ["/relative", "wrong-type resource_metadata"],
        ["http://rs.example/meta", "insecure-url resource_metadata"],
        ["file:///etc/passwd", "insecure-url resource_metadata"]
      ] as const
    ) {
      it.effect(`fetches nothing from ${address} [9728-5.1-a]`, () =>
        Effect.gen(function*() {
          const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })))

          const error = yield* Effect.flip(service.challenged(api, pointing(address)))

          assert.strictEqual(words(error.reason), `MetadataInvalid ${problem}`)
          assert.deepStrictEqual(requests, [])
        }))
    }

    for (
      const host of [
        "169.254.169.254",
        "10.1.2.3",
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "172.31.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "[2001:db8::1]",
        "localhost",
        "LOCALHOST.",
        "rs.localhost",
        "printer.local",
        "metadata.google.internal",
        "metadata"
      ]
    ) {
      it.effect(`fetches nothing from ${host} [9728-7.7-a] [F06]`, () =>
        Effect.gen(function*() {
          const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })))

          const challenged = yield* Effect.flip(service.challenged(api, pointing(`https://${host}/meta`)))
          const got = yield* Effect.flip(service.get(`https://${host}/`))

          assert.strictEqual(words(challenged.reason), "MetadataInvalid blocked-address")
          assert.strictEqual(words(got.reason), "MetadataInvalid blocked-address")
          assert.deepStrictEqual(requests, [])
        }))
    }

    for (const host of ["8.8.8.8", "172.32.0.1", "[2606:4700::1]", "rs.example", "localhost.example"]) {
      it.effect(`fetches from ${host}`, () =>
        Effect.gen(function*() {
          const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })))

          yield* service.challenged(api, pointing(`https://${host}/meta`))

          assert.strictEqual(requests.length, 1)
        }))
    }

    it.effect("leaves the last word on an address to the application [9728-7.7-a]", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources(() => Effect.succeed(json({ resource: api })), {
          allow: ({ hostname }) => Effect.succeed(hostname !== "rebinding.example")
        })

        const error = yield* Effect.flip(service.challenged(api, pointing("https://rebinding.example/meta")))

        assert.strictEqual(words(error.reason), "MetadataInvalid blocked-address")
        assert.deepStrictEqual(requests, [])
      }))

    it.effect("does not follow a redirect, inwards or anywhere [9728-7.7-a] [C02]", () =>
      Effect.gen(function*() {
        const { requests, service } = yield* resources(() => Effect.succeed(Response.redirect("https://10.0.0.1/")))

        yield* Effect.flip(service.challenged(api, pointing("https://rs.example/meta")))

        assert.strictEqual(requests.length, 1)
      }))

    it.effect("reaches private networks where that is asked for by name", () =>
      Effect.gen(function*() {
        const { service } = yield* resources(() => Effect.succeed(json({ resource: "https://10.0.0.1/" })), {
          networks: "any"
        })

        assert.strictEqual((yield* service.get("https://10.0.0.1/")).resource, "https://10.0.0.1/")
      }))

    it.effect("says so where a challenge points nowhere", () =>
      Effect.gen(function*() {
        const { service } = yield* resources(() => Effect.succeed(json({ resource: api })))

        const error = yield* Effect.flip(service.challenged(api, Challenge.parse("Bearer realm=x")))

        assert.strictEqual(words(error.reason), "MetadataInvalid not-found")
      }))
  })

  describe("makeLoopback", () => {
    it.effect("reaches this machine, and no other private address", () =>
      Effect.gen(function*() {
        const resource = "http://127.0.0.1:8080/api"
        const http = recording(() => Effect.succeed(json({ resource })))
        const service = yield* Effect.provide(ProtectedResource.makeLoopback(), http.layer)

        assert.strictEqual((yield* service.get(resource)).resource, resource)
        assert.strictEqual(
          words((yield* Effect.flip(service.get("https://10.0.0.1/"))).reason),
          "MetadataInvalid blocked-address"
        )
        assert.strictEqual(words((yield* Effect.flip(service.get("http://10.0.0.1/"))).reason), "ConfigurationInvalid")
      }))
  })

  describe("authorizationServer", () => {
    it.effect("is the first that is trusted [9728-7.x-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ authorization_servers: ["https://evil.example", "https://as.example"] })

        const server = ProtectedResource.authorizationServer(metadata, { trusted: ["https://as.example"] })

        assert.deepStrictEqual(server, Result.succeed("https://as.example"))
      }))

    it.effect("is none where none is trusted [9728-7.x-a] [F06]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ authorization_servers: ["https://evil.example", "https://as.example/"] })

        const error = yield* Effect.flip(
          Effect.fromResult(ProtectedResource.authorizationServer(metadata, { trusted: ["https://as.example"] }))
        )

        assert.strictEqual(words(error.reason), "MetadataInvalid untrusted authorization_servers")
      }))
  })

  describe("target", () => {
    it.effect("asks for tokens for this API alone, and for the scopes that are asked for [9728-7.2-a] [9728-7.4-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ scopes_supported: ["read", "write", "admin"] })

        const target = yield* Effect.fromResult(ProtectedResource.target(metadata, { scopes: ["read"] }))

        assert.deepInclude(target, { resource: api, scopes: ["read"] })
        const { url } = yield* AuthorizationRequest.make({
          endpoint: "https://as.example/authorize",
          rules: AuthorizationRequest.rfc6749,
          clientId: "app",
          redirectUri: "https://app.example/callback",
          scopes: target.scopes,
          resources: [target.resource ?? ""],
          key: GrantKey.make({ provider: "p", issuer: "https://as.example", client: "app", account: "ada" })
        })
        assert.strictEqual(new URL(url).searchParams.get("scope"), "read")
        assert.strictEqual(new URL(url).searchParams.get("resource"), api)
      }).pipe(Effect.provide(TestCrypto.layer())))

    for (
      const [methods, isUsable] of [
        [undefined, true],
        [["header"], true],
        [["body", "header"], true],
        [["body"], false],
        [[], false]
      ] as const
    ) {
      it.effect(`${isUsable ? "is" : "is not"} made where tokens are taken by ${JSON.stringify(methods)} [9728-2-c]`, () =>
        Effect.gen(function*() {
          const { metadata } = yield* read({ bearer_methods_supported: methods })

          assert.strictEqual(Result.isSuccess(ProtectedResource.target(metadata)), isUsable)
        }))
    }
  })
})

const resources = (handler: Handler, options?: ProtectedResource.Options) => {
  const http = recording(handler)
  return Effect.map(Effect.provide(ProtectedResource.make(options), http.layer), (service) => ({
    service,
    requests: http.requests
  }))
}

const read = (change: object) =>
  Effect.flatMap(
    resources(() => Effect.succeed(json({ resource: api, ...change }))),
    ({ service }) => Effect.map(service.get(api), (metadata) => ({ metadata }))
  )

const pointing = (address: string, scheme = "Bearer"): Challenge.Parsed =>
  Challenge.parse(`Basic realm="x", ${scheme} error="invalid_token", resource_metadata="${address}"`)

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [reason._tag, "problem" in reason && reason._tag !== "ConfigurationInvalid" ? reason.problem : undefined]
    .concat("field" in reason && reason._tag !== "ConfigurationInvalid" ? reason.field : undefined)
    .filter((word) => word !== undefined).join(" ")

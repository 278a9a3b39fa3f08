import { AuthorizationServer, type OAuthError, type OAuthHttpClient, ServerMetadata } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { from, type Handler, json, recording } from "./support/http.ts"

describe("ServerMetadata", () => {
  const addresses: Record<string, readonly [string, string]> = {
    "https://as.example": [
      "https://as.example/.well-known/oauth-authorization-server",
      "https://as.example/.well-known/openid-configuration"
    ],
    "https://as.example/": [
      "https://as.example/.well-known/oauth-authorization-server",
      "https://as.example/.well-known/openid-configuration"
    ],
    "https://as.example:8443/t1": [
      "https://as.example:8443/.well-known/oauth-authorization-server/t1",
      "https://as.example:8443/t1/.well-known/openid-configuration"
    ],
    "https://as.example/t1/": [
      "https://as.example/.well-known/oauth-authorization-server/t1",
      "https://as.example/t1/.well-known/openid-configuration"
    ]
  }
  for (const [issuer, expected] of Object.entries(addresses)) {
    it.effect(`is looked for at both addresses of ${issuer} [8414-3-a] [8414-3.1-a] [8414-3.1-b] [8414-5-a] [OIDD-4-a] [OIDD-4.1-a] [OIDD-4.1-b]`, () =>
      Effect.gen(function*() {
        const { exit, requests } = yield* get(issuer, () => Effect.succeed(new Response("", { status: 404 })))

        assert.strictEqual(exit, "MetadataInvalid not-found")
        assert.deepStrictEqual(
          requests,
          expected.map((url) => ({ method: "GET", url, headers: { accept: "application/json" }, body: "Empty" }))
        )
      }))
  }

  it.effect("gives every known member its type, and keeps the others [8414-2-g]", () =>
    Effect.gen(function*() {
      const { metadata } = yield* read({
        authorization_endpoint: "https://as.example/authorize?x=1",
        token_endpoint: "https://as.example/token",
        revocation_endpoint: "https://as.example/revoke",
        introspection_endpoint: "https://as.example/introspect",
        device_authorization_endpoint: "https://as.example/device",
        pushed_authorization_request_endpoint: "https://as.example/par",
        backchannel_authentication_endpoint: "https://as.example/ciba",
        end_session_endpoint: "https://as.example/logout",
        mtls_endpoint_aliases: { token_endpoint: "https://mtls.as.example/token" },
        userinfo_endpoint: "https://as.example/me",
        registration_endpoint: "https://as.example/register",
        jwks_uri: "https://as.example/jwks",
        scopes_supported: ["a"],
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
        grant_types_supported: ["authorization_code"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        token_endpoint_auth_signing_alg_values_supported: ["ES256"],
        revocation_endpoint_auth_methods_supported: ["client_secret_post"],
        revocation_endpoint_auth_signing_alg_values_supported: ["ES384"],
        introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
        introspection_endpoint_auth_signing_alg_values_supported: ["ES512"],
        dpop_signing_alg_values_supported: ["ES256"],
        authorization_details_types_supported: ["payment"],
        request_object_signing_alg_values_supported: ["ES256"],
        request_object_encryption_alg_values_supported: ["ECDH-ES"],
        request_object_encryption_enc_values_supported: ["A256GCM"],
        authorization_signing_alg_values_supported: ["PS256"],
        require_signed_request_object: true,
        authorization_response_iss_parameter_supported: true,
        require_pushed_authorization_requests: true,
        vendor: { a: 1 }
      })

      const { members, ...known } = metadata
      assert.deepStrictEqual(known, {
        issuer: "https://as.example",
        authorizationEndpoint: "https://as.example/authorize?x=1",
        tokenEndpoint: "https://as.example/token",
        revocationEndpoint: "https://as.example/revoke",
        introspectionEndpoint: "https://as.example/introspect",
        deviceAuthorizationEndpoint: "https://as.example/device",
        backchannelAuthenticationEndpoint: "https://as.example/ciba",
        pushedAuthorizationRequestEndpoint: "https://as.example/par",
        endSessionEndpoint: "https://as.example/logout",
        mtlsEndpointAliases: { token_endpoint: "https://mtls.as.example/token" },
        userinfoEndpoint: "https://as.example/me",
        registrationEndpoint: "https://as.example/register",
        jwksUri: "https://as.example/jwks",
        scopesSupported: ["a"],
        responseTypesSupported: ["code"],
        responseModesSupported: ["query"],
        subjectTypesSupported: ["public"],
        idTokenSigningAlgValuesSupported: ["ES256"],
        grantTypesSupported: ["authorization_code"],
        codeChallengeMethodsSupported: ["S256"],
        tokenEndpointAuthMethodsSupported: ["none"],
        tokenEndpointAuthSigningAlgValuesSupported: ["ES256"],
        revocationEndpointAuthMethodsSupported: ["client_secret_post"],
        revocationEndpointAuthSigningAlgValuesSupported: ["ES384"],
        introspectionEndpointAuthMethodsSupported: ["client_secret_basic"],
        introspectionEndpointAuthSigningAlgValuesSupported: ["ES512"],
        dpopSigningAlgValuesSupported: ["ES256"],
        authorizationDetailsTypesSupported: ["payment"],
        requestObjectSigningAlgValuesSupported: ["ES256"],
        requestObjectEncryptionAlgValuesSupported: ["ECDH-ES"],
        requestObjectEncryptionEncValuesSupported: ["A256GCM"],
        authorizationSigningAlgValuesSupported: ["PS256"],
        requireSignedRequestObject: true,
        issParameterSupported: true,
        requirePushedAuthorizationRequests: true
      })
      assert.deepStrictEqual(members["vendor"], { a: 1 })
    }))

  it.effect("takes a list without elements for none [8414-3.2-b]", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* read({ scopes_supported: [] })).metadata.scopesSupported)
    }))

  it.effect("is found at the second address where there is none at the first [8414-5-a]", () =>
    Effect.gen(function*() {
      const { exit, requests } = yield* get(issuer, (request) =>
        Effect.succeed(request.url.endsWith("openid-configuration") ? json(document) : new Response("<html>")))

      assert.strictEqual(exit, "ok")
      assert.lengthOf(requests, 2)
    }))

  const refused: Record<string, readonly [object, string]> = {
    "no issuer": [{ issuer: undefined }, "missing issuer"],
    "another issuer [8414-3.3-a] [8414-6.2-b] [OIDD-4.3-c]": [
      { issuer: "https://evil.example" },
      "issuer-mismatch issuer"
    ],
    "a slash at its end [8414-3.3-a]": [{ issuer: "https://as.example/" }, "issuer-mismatch issuer"],
    "capitals in its host [8414-3.3-a]": [{ issuer: "https://AS.example" }, "issuer-mismatch issuer"],
    "its default port [8414-3.3-a]": [{ issuer: "https://as.example:443" }, "issuer-mismatch issuer"],
    "a letter that looks alike [8414-4-a] [OIDD-5-a]": [
      { issuer: "https://\u0430s.example" },
      "issuer-mismatch issuer"
    ],
    "a template for its issuer": [{ issuer: "https://as.example/{tenant}" }, "issuer-mismatch issuer"],
    "a token endpoint by plain http": [{ token_endpoint: "http://as.example/token" }, "insecure-url token_endpoint"],
    "keys by plain http [8414-2-c]": [{ jwks_uri: "http://as.example/jwks" }, "insecure-url jwks_uri"],
    "a relative endpoint": [{ token_endpoint: "/token" }, "wrong-type token_endpoint"],
    "an endpoint with a fragment [6749-3.2-c]": [
      { token_endpoint: "https://as.example/t#x" },
      "wrong-type token_endpoint"
    ],
    "an endpoint that is a number": [{ token_endpoint: 1 }, "wrong-type token_endpoint"],
    "a list that is text": [{ scopes_supported: "a b" }, "wrong-type scopes_supported"],
    "pushed requests by plain http [9126-2-a]": [
      { pushed_authorization_request_endpoint: "http://as.example/par" },
      "insecure-url pushed_authorization_request_endpoint"
    ],
    "an alias by plain http": [
      { mtls_endpoint_aliases: { token_endpoint: "http://as.example/token" } },
      "insecure-url mtls_endpoint_aliases.token_endpoint"
    ],
    "an alias that is a number": [
      { mtls_endpoint_aliases: { token_endpoint: 1 } },
      "wrong-type mtls_endpoint_aliases.token_endpoint"
    ],
    "aliases that are a list": [{ mtls_endpoint_aliases: [] }, "wrong-type mtls_endpoint_aliases"],
    "a demand that is text": [
      { require_pushed_authorization_requests: "yes" },
      "wrong-type require_pushed_authorization_requests"
    ],
    "a list of numbers": [{ scopes_supported: [1] }, "wrong-type scopes_supported"],
    "a flag that is text": [
      { authorization_response_iss_parameter_supported: "true" },
      "wrong-type authorization_response_iss_parameter_supported"
    ]
  }
  for (const [name, [change, expected]] of Object.entries(refused)) {
    it.effect(`is not believed, and not looked for elsewhere: ${name} [8414-3.3-b] [OIDD-4.3-b]`, () =>
      Effect.gen(function*() {
        const { exit, requests } = yield* get(issuer, () => Effect.succeed(json({ ...document, ...change })))

        assert.strictEqual(exit, `MetadataInvalid ${expected}`)
        assert.lengthOf(requests, 1)
      }))
  }

  const answers: Record<string, readonly [Handler, string, number]> = {
    "a page [8414-3.2-a] [OIDD-4.2-a]": [() => Effect.succeed(new Response("<html>")), "MetadataInvalid not-found", 2],
    "a list": [() => Effect.succeed(json([])), "MetadataInvalid not-found", 2],
    "a redirect, which is not followed [8414-3.2-a]": [
      () => Effect.succeed(new Response("", { status: 302 })),
      "MetadataInvalid not-found",
      2
    ],
    "a redirect that was followed": [
      () => Effect.succeed(from("https://evil.example/x", json(document))),
      "RedirectRefused",
      1
    ],
    "500": [() => Effect.succeed(new Response("", { status: 500 })), "AnswerLost status", 1],
    "503": [() => Effect.succeed(new Response("", { status: 503 })), "ServerUnavailable", 1],
    "429": [() => Effect.succeed(new Response("", { status: 429 })), "ServerUnavailable", 1],
    "408": [() => Effect.succeed(new Response("", { status: 408 })), "AnswerLost status", 1],
    "nobody there": [() => Effect.fail({ code: "ENOTFOUND" }), "RequestNotSent dns", 1]
  }
  for (const [name, [handler, expected, count]] of Object.entries(answers)) {
    it.effect(`is missing, and why is told: ${name}`, () =>
      Effect.gen(function*() {
        const { exit, requests } = yield* get(issuer, handler)

        assert.strictEqual(exit, expected)
        assert.lengthOf(requests, count)
      }))
  }

  for (
    const wrong of [
      "as.example",
      "http://as.example",
      "http://127.0.0.1:1",
      "https://as.example?x",
      "https://as.example#",
      "https://u:p@as.example"
    ]
  ) {
    it.effect(`is not asked for of ${wrong} [8414-2-a] [8414-3-b] [8414-6.1-a]`, () =>
      Effect.gen(function*() {
        const { exit, requests } = yield* get(wrong)

        assert.strictEqual(exit, "ConfigurationInvalid issuer")
        assert.lengthOf(requests, 0)
      }))
  }

  it.effect("is asked for by plain http on this machine only where that is asked for", () =>
    Effect.gen(function*() {
      const here = "http://127.0.0.1:1"
      const handler: Handler = () => Effect.succeed(json({ issuer: here, token_endpoint: `${here}/token` }))

      const near = yield* get(here, handler, ServerMetadata.layerLoopback)
      const far = yield* get("http://as.example", handler, ServerMetadata.layerLoopback)

      assert.deepStrictEqual([near.exit, far.exit], ["ok", "ConfigurationInvalid issuer"])
    }))

  it.effect("is of another server where only its composition of letters differs [8414-4-b] [OIDD-5-a]", () =>
    Effect.gen(function*() {
      const composed = "https://as.example/caf\u00e9"
      const decomposed = composed.normalize("NFD")

      const { exit } = yield* get(composed, () => Effect.succeed(json({ ...document, issuer: decomposed })))

      assert.strictEqual(exit, "MetadataInvalid issuer-mismatch issuer")
    }))

  it.effect("is refused again, and kept nowhere, while it is of another issuer [OIDD-4.3-a] [8414-3.3-b]", () =>
    Effect.gen(function*() {
      const { service, requests } = yield* caching(() =>
        Effect.sync(() => json({ ...document, issuer: "https://evil.example" }))
      )
      const problem = Effect.map(Effect.flip(service.get(issuer)), ({ reason }) => words(reason))

      const before = [yield* problem, yield* problem]
      yield* TestClock.adjust(ServerMetadata.failureTimeToLive)
      const after = yield* problem

      assert.deepStrictEqual([...before, after], Array(3).fill("MetadataInvalid issuer-mismatch issuer"))
      assert.lengthOf(requests, 2)
    }))

  describe("the cache", () => {
    it.effect("makes one request of callers at the same time", () =>
      Effect.gen(function*() {
        const { service, requests } = yield* caching(() => Effect.delay(Effect.succeed(json(document)), "1 second"))

        const fiber = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 20 }, () => service.get(issuer)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("1 second")

        assert.lengthOf(yield* Fiber.join(fiber), 20)
        assert.lengthOf(requests, 1)
      }))

    it.effect("keeps metadata for an hour", () =>
      Effect.gen(function*() {
        const { service, requests } = yield* caching(() => Effect.succeed(json(document)))

        yield* service.get(issuer)
        yield* TestClock.adjust("59 minutes")
        yield* service.get(issuer)
        assert.lengthOf(requests, 1)
        yield* TestClock.adjust("1 minute")
        yield* service.get(issuer)

        assert.lengthOf(requests, 2)
      }))

    it.effect("keeps metadata for a day at most", () =>
      Effect.gen(function*() {
        const { service, requests } = yield* caching(() => Effect.succeed(json(document)), { timeToLive: "1000 days" })

        yield* service.get(issuer)
        yield* TestClock.adjust("1 day")
        yield* service.get(issuer)

        assert.lengthOf(requests, 2)
      }))

    it.effect("forgets a failure within seconds", () =>
      Effect.gen(function*() {
        const { service, requests } = yield* caching((_, count) =>
          Effect.succeed(count === 1 ? new Response("", { status: 500 }) : json(document))
        )

        yield* Effect.flip(service.get(issuer))
        yield* Effect.flip(service.get(issuer))
        assert.lengthOf(requests, 1)
        yield* TestClock.adjust(ServerMetadata.failureTimeToLive)
        yield* service.get(issuer)

        assert.lengthOf(requests, 2)
      }))

    it.effect("is not spoilt by a caller who leaves", () =>
      Effect.gen(function*() {
        const { service } = yield* caching((_, count) => count === 1 ? Effect.never : Effect.succeed(json(document)))

        const fiber = yield* Effect.forkChild(service.get(issuer))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)

        assert.strictEqual((yield* service.get(issuer)).issuer, issuer)
      }))
  })

  describe("toOptions", () => {
    it.effect("describes an authorization server [9207-2.4-g] [9700-2.6-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({
          authorization_endpoint: "https://as.example/authorize",
          authorization_response_iss_parameter_supported: true
        })

        const options = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))
        const server = yield* Effect.fromResult(AuthorizationServer.make({ provider: "acme", ...options }))

        assert.strictEqual(server.issuer, "https://as.example")
        assert.strictEqual(server.authorizationEndpoint, "https://as.example/authorize")
        assert.strictEqual(server.dialect.authorization.issuer, "required")
      }))

    it.effect("asks for PKCE of every server, whether it lists methods or not [7636-5-a]", () =>
      Effect.gen(function*() {
        const methods = yield* Effect.forEach([undefined, ["S256"]], (listed) =>
          Effect.gen(function*() {
            const { metadata } = yield* read({ code_challenge_methods_supported: listed })
            const options = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))
            const server = yield* Effect.fromResult(AuthorizationServer.make({ provider: "acme", ...options }))
            return server.dialect.authorization.pkce
          }))

        assert.deepStrictEqual(methods, ["S256", "S256"])
      }))

    it.effect("refuses an issuer in answers of a server that does not announce it [9207-2.4-k]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({})

        const options = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))

        assert.strictEqual(options.dialect?.authorization?.issuer, "refused")
      }))

    it.effect("pushes requests to a server that takes no others [9126-5-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({
          authorization_endpoint: "https://as.example/authorize",
          pushed_authorization_request_endpoint: "https://as.example/par",
          require_pushed_authorization_requests: true
        })

        const options = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))

        assert.strictEqual(options.pushedAuthorizationRequestEndpoint, "https://as.example/par")
        assert.strictEqual(options.dialect?.authorization?.pushed, "required")
      }))

    it.effect("fails where requests must be pushed to nowhere [9126-5-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ require_pushed_authorization_requests: true })

        assert.strictEqual(
          failureOf(ServerMetadata.toOptions(metadata)),
          "MetadataInvalid missing pushed_authorization_request_endpoint"
        )
      }))

    it.effect("fails where there is no token endpoint [8414-2-b]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ token_endpoint: undefined })

        assert.strictEqual(failureOf(ServerMetadata.toOptions(metadata)), "MetadataInvalid missing token_endpoint")
      }))
  })

  describe("supported", () => {
    it.effect("is what the RFC says where the metadata is silent, which still shows [8414-2-d]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({})

        assert.deepStrictEqual(ServerMetadata.supported(metadata), {
          grantTypes: ["authorization_code", "implicit"],
          responseModes: ["query", "fragment"],
          tokenEndpointAuthMethods: ["client_secret_basic"],
          revocationEndpointAuthMethods: ["client_secret_basic"]
        })
        assert.deepStrictEqual(
          [metadata.grantTypesSupported, metadata.responseModesSupported, metadata.tokenEndpointAuthMethodsSupported],
          [undefined, undefined, undefined]
        )
      }))

    it.effect("is what the metadata says", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({
          grant_types_supported: ["refresh_token"],
          response_modes_supported: ["form_post"],
          token_endpoint_auth_methods_supported: ["none"],
          revocation_endpoint_auth_methods_supported: ["client_secret_post"]
        })

        assert.deepStrictEqual(ServerMetadata.supported(metadata), {
          grantTypes: ["refresh_token"],
          responseModes: ["form_post"],
          tokenEndpointAuthMethods: ["none"],
          revocationEndpointAuthMethods: ["client_secret_post"]
        })
      }))
  })

  describe("signingAlgorithms", () => {
    for (const endpoint of ["token", "revocation", "introspection"] as const) {
      const methods = `${endpoint}_endpoint_auth_methods_supported`
      const algorithms = `${endpoint}_endpoint_auth_signing_alg_values_supported`

      it.effect(`never has none among those of the ${endpoint} endpoint [8414-2-e]`, () =>
        Effect.gen(function*() {
          const { metadata } = yield* read({ [methods]: ["private_key_jwt"], [algorithms]: ["none", "ES256"] })

          assert.deepStrictEqual(Result.getOrThrow(ServerMetadata.signingAlgorithms(metadata, endpoint)), ["ES256"])
        }))

      for (const method of ["private_key_jwt", "client_secret_jwt"]) {
        for (const listed of [undefined, ["none"]]) {
          it.effect(`fails where ${endpoint} takes ${method} by ${listed?.join() ?? "algorithms untold"} [8414-2-f]`, () =>
            Effect.gen(function*() {
              const { metadata } = yield* read({ [methods]: [method], [algorithms]: listed })

              assert.strictEqual(
                failureOf(ServerMetadata.signingAlgorithms(metadata, endpoint)),
                `MetadataInvalid missing ${algorithms}`
              )
            }))
        }
      }
    }

    it.effect("are none where assertions are not taken", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({})

        assert.deepStrictEqual(Result.getOrThrow(ServerMetadata.signingAlgorithms(metadata)), [])
      }))
  })

  describe("openid", () => {
    const openid = {
      authorization_endpoint: "https://as.example/authorize",
      jwks_uri: "https://as.example/jwks",
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"]
    }

    for (const field of Object.keys(openid)) {
      it.effect(`demands ${field}, which plain OAuth does without [OIDD-3-a]`, () =>
        Effect.gen(function*() {
          const { metadata } = yield* read({ ...openid, [field]: undefined })

          assert.strictEqual(failureOf(ServerMetadata.openid(metadata)), `MetadataInvalid missing ${field}`)
          assert.isTrue(Result.isSuccess(ServerMetadata.toOptions(metadata)))
        }))
    }

    it.effect("does without RS256 [OIDD-3-b]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* read({ ...openid, id_token_signing_alg_values_supported: ["ES256"] })

        const found = Result.getOrThrow(ServerMetadata.openid(metadata))

        assert.deepStrictEqual(found.idTokenSigningAlgValuesSupported, ["ES256"])
      }))
  })
})

const failureOf = (result: Result.Result<unknown, OAuthError.OAuthError>): string =>
  Result.isFailure(result) ? words(result.failure.reason) : "ok"

const issuer = "https://as.example"

const document = { issuer, token_endpoint: "https://as.example/token" }

const get = (
  issuer: string,
  handler: Handler = () => Effect.succeed(json(document)),
  layer: Layer.Layer<ServerMetadata.ServerMetadata, never, OAuthHttpClient.OAuthHttpClient> = ServerMetadata.layer
) =>
  Effect.gen(function*() {
    const http = recording(handler)
    const exit = yield* ServerMetadata.ServerMetadata.use((metadata) => metadata.get(issuer)).pipe(
      Effect.provide(Layer.provide(layer, http.layer)),
      Effect.match({ onSuccess: () => "ok", onFailure: (error) => words(error.reason) })
    )
    return { exit, requests: http.requests }
  })

const read = (change: object) =>
  Effect.gen(function*() {
    const http = recording(() => Effect.succeed(json({ ...document, ...change })))
    const metadata = yield* ServerMetadata.ServerMetadata.use((metadata) => metadata.get(issuer)).pipe(
      Effect.provide(Layer.provide(ServerMetadata.layer, http.layer))
    )
    return { metadata }
  })

const caching = (handler: Handler, options?: ServerMetadata.Options) =>
  Effect.gen(function*() {
    const http = recording(handler)
    const service = yield* Effect.provide(
      ServerMetadata.make(options),
      http.layer
    )
    return { service, requests: http.requests }
  })

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [reason._tag, "problem" in reason && reason._tag !== "ConfigurationInvalid" ? reason.problem : undefined]
    .concat("field" in reason ? reason.field : undefined)
    .filter((word) => word !== undefined).join(" ")

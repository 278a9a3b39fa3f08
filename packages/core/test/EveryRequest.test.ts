/**
 * What holds for every grant and every endpoint that a client calls by itself: how the client authenticates, what is in
 * the address, what is repeated, and what is not sent at all.
 */
import {
  AuthorizationServer,
  ClientAuthentication,
  DeviceAuthorization,
  Introspection,
  type OAuthError,
  PasswordGrant,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { json, type Recorded, recording } from "./support/http.ts"

const shows = (ids: string | undefined): string => ids === undefined ? "" : ` ${ids}`

describe("every grant", () => {
  for (const [name, { confidential, grant, open, request, sends }] of Object.entries(grants())) {
    describe(name, () => {
      it.effect(`is posted as a form with its parameters [6749-3.2-a] [2.1-3.2-a]${shows(sends)}`, () =>
        Effect.gen(function*() {
          const { requests } = yield* call(({ token }) => token(request()))

          assert.deepStrictEqual(requests.map(({ headers, method, url }) => [method, url, headers["content-type"]]), [
            ["POST", tokenEndpoint, "application/x-www-form-urlencoded"]
          ])
          assert.strictEqual(bodyOf(requests).get("grant_type"), grant.grant_type)
          assert.deepInclude(Object.fromEntries(bodyOf(requests)), grant)
        }))

      for (const [method, { authentication, authorization, body }] of Object.entries(methods())) {
        it.effect(
          `of a confidential client carries its credentials once, by ${method} [6749-3.2.1-a] [2.1-3.2.1-a]${
            shows(confidential)
          }`,
          () =>
            Effect.gen(function*() {
              const { requests } = yield* call(({ token }) => token(request()), { authentication })

              assert.strictEqual(requests[0]?.headers["authorization"], authorization)
              assert.deepStrictEqual(credentialsOf(requests), body)
            })
        )
      }

      if (open !== undefined) {
        it.effect(`of a public client names it and pretends no authentication [6749-2.2-a] [2.1-2.2-a] ${open}`, () =>
          Effect.gen(function*() {
            const { requests } = yield* call(({ token }) => token(request()), {
              authentication: ClientAuthentication.none({ clientId: "app" })
            })

            assert.isUndefined(requests[0]?.headers["authorization"])
            assert.deepStrictEqual(credentialsOf(requests), [["client_id", "app"]])
          }))
      }

      for (const parameter of ["grant_type", "client_id", ...Object.keys(grant)]) {
        it.effect(`is not sent with a second ${parameter} [6749-3.2-e] [2.1-3.2-b]`, () =>
          Effect.gen(function*() {
            const { grantType, parameters } = request()
            const twice = TokenRequest.extension(grantType, [...parameters, [parameter, "again"]])

            const { outcome, requests } = yield* call(({ token }) => token(twice), {
              authentication: ClientAuthentication.post({ clientId: "app", clientSecret: secret })
            })

            assert.strictEqual(outcome, "ConfigurationInvalid")
            assert.lengthOf(requests, 0)
          }))
      }
    })
  }
})

describe("every endpoint", () => {
  for (const [name, { ids, run }] of Object.entries(endpoints())) {
    describe(name, () => {
      for (const [method, { authentication, authorization, body }] of Object.entries(methods())) {
        it.effect(
          `is shown the client's credentials in one place, by ${method}, and none in its address ` +
            "[6749-2.3-a] [6749-2.3.1-c] [2.1-2.4-c] [2.1-2.4.1-a]",
          () =>
            Effect.gen(function*() {
              const { requests } = yield* call(run, { authentication })

              assert.strictEqual(requests[0]?.headers["authorization"], authorization)
              assert.deepStrictEqual(proofsOf(credentialsOf(requests)), proofsOf(body))
              assert.strictEqual(new URL(requests[0]?.url ?? "").search, "")
              assert.notInclude(requests[0]?.url ?? "", "s3cret")
            })
        )
      }

      it.effect(`is not called by plain http ${ids}`, () =>
        Effect.gen(function*() {
          const { outcome, requests } = yield* call(run, { origin: "http://as.example" })

          assert.strictEqual(outcome, "ConfigurationInvalid")
          assert.lengthOf(requests, 0)
        }))

      it("cannot be set to plain http [2.1-1.5-a]", () => {
        const made = AuthorizationServer.make(described("http://as.example", name))

        assert.isTrue(Result.isFailure(made) && /must begin with https:/.test(made.failure.message))
      })

      it("cannot be set to an address with a fragment [6749-3.1-b] [6749-3.2-c] [2.1-3.2-b]", () => {
        for (const end of ["#x", "#"]) {
          const server = described("https://as.example", name)
          const field = name === "token" ? "tokenEndpoint" : fields[name as keyof typeof fields]
          const made = AuthorizationServer.make({ ...server, [field]: `${server.tokenEndpoint}${end}` })

          assert.isTrue(Result.isFailure(made) && /must not contain a fragment/.test(made.failure.message), end)
        }
      })
    })
  }

  it("cannot be set to plain http: authorization [6749-3.1-c] [2.1-1.5-a]", () => {
    const made = AuthorizationServer.make({
      ...described("https://as.example", "token"),
      authorizationEndpoint: "http://as.example/authorize"
    })

    assert.isTrue(Result.isFailure(made) && /must begin with https:/.test(made.failure.message))
  })
})

interface Calls {
  readonly token: (request: TokenRequest.TokenRequest) => Effect.Effect<unknown, OAuthError.OAuthError>
  readonly revoke: Effect.Effect<unknown, OAuthError.OAuthError>
  readonly introspect: Effect.Effect<unknown, OAuthError.OAuthError>
  readonly device: Effect.Effect<unknown, OAuthError.OAuthError>
  readonly push: Effect.Effect<unknown, OAuthError.OAuthError>
}

const tokenEndpoint = "https://as.example/token"

const secret = Redacted.make("s3cret")

// What each grant sends of its own, and the rows that only it can show.
function grants(): Record<string, {
  readonly request: () => TokenRequest.TokenRequest
  readonly grant: { readonly grant_type: string } & Readonly<Record<string, string>>
  readonly sends?: string
  readonly confidential?: string
  /** Rows for a public client; absent where there is none of this grant. */
  readonly open?: string
}> {
  return {
    "an authorization code": {
      request: () =>
        TokenRequest.authorizationCode({
          code: Redacted.make("c+/="),
          redirectUri: "https://app.example/cb",
          codeVerifier: Redacted.make("v".repeat(43))
        }),
      grant: {
        grant_type: "authorization_code",
        code: "c+/=",
        redirect_uri: "https://app.example/cb",
        code_verifier: "v".repeat(43)
      },
      sends: "[6749-4.1.3-a] [6749-4.1.3-b]",
      confidential: "[6749-4.1.3-e]",
      open: "[6749-3.2.1-b] [6749-4.1.3-d] [2.1-4.1.3-a]"
    },
    "a refresh token": {
      request: () => TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") }),
      grant: { grant_type: "refresh_token", refresh_token: "rt" },
      sends: "[6749-6-a]",
      confidential: "[6749-6-c] [OIDC-12.1-a]",
      open: "[6749-3.2.1-b]"
    },
    "client credentials": {
      request: () => TokenRequest.clientCredentials({ scope: "a b" }),
      grant: { grant_type: "client_credentials", scope: "a b" },
      sends: "[6749-4.4.2-a]",
      confidential: "[6749-4.4.2-b]"
    },
    "a password": {
      request: () => PasswordGrant.make({ username: "Åda", password: Redacted.make("pä ss%") }),
      grant: { grant_type: "password", username: "Åda", password: "pä ss%" },
      sends: "[6749-4.3.2-a] [6749-B-a] [2.1-App.B-a]",
      confidential: "[6749-4.3.2-b]",
      open: "[6749-3.2.1-b]"
    },
    "an extension grant": {
      request: () =>
        TokenRequest.extension("urn:ietf:params:oauth:grant-type:saml2-bearer", [["assertion", "PHNhbWw"]]),
      grant: { grant_type: "urn:ietf:params:oauth:grant-type:saml2-bearer", assertion: "PHNhbWw" },
      sends: "[6749-4.5-a]",
      open: "[6749-3.2.1-b]"
    },
    "a device code": {
      request: () =>
        TokenRequest.extension("urn:ietf:params:oauth:grant-type:device_code", [["device_code", Redacted.make("dc")]]),
      grant: { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: "dc" },
      open: "[6749-3.2.1-b]"
    }
  }
}

function endpoints(): Record<string, {
  readonly run: (calls: Calls) => Effect.Effect<unknown, OAuthError.OAuthError>
  /** The rows that a refused address shows. */
  readonly ids: string
}> {
  const every = "[6749-10.8-a] [2.1-1.5-a]"
  return {
    token: {
      run: ({ token }) => token(TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })),
      ids: `[6749-3.2-d] [6749-10.4-b] [OIDC-3.1.3-a] ${every}`
    },
    revocation: { run: ({ revoke }) => revoke, ids: `[7009-2-a] ${every}` },
    introspection: { run: ({ introspect }) => introspect, ids: `[7662-2-a] ${every}` },
    "device-authorization": { run: ({ device }) => device, ids: `[8628-3.1-b] ${every}` },
    "pushed-authorization-request": { run: ({ push }) => push, ids: `[9126-2-a] ${every}` }
  }
}

function methods() {
  const options = { clientId: "app", clientSecret: secret }
  return {
    basic: {
      authentication: ClientAuthentication.basic(options),
      authorization: "Basic YXBwOnMzY3JldA==",
      body: [] as ReadonlyArray<readonly [string, string]>
    },
    post: {
      authentication: ClientAuthentication.post(options),
      authorization: undefined,
      body: [["client_id", "app"], ["client_secret", "s3cret"]] as const
    }
  }
}

const fields = {
  revocation: "revocationEndpoint",
  introspection: "introspectionEndpoint",
  "device-authorization": "deviceAuthorizationEndpoint",
  "pushed-authorization-request": "pushedAuthorizationRequestEndpoint"
} as const

// A server whose one endpoint is elsewhere.
const described = (origin: string, endpoint: string): AuthorizationServer.Options => {
  const at = (name: string) => `${name === endpoint ? origin : "https://as.example"}/${name}`
  return {
    provider: "acme",
    tokenEndpoint: at("token"),
    revocationEndpoint: at("revocation"),
    introspectionEndpoint: at("introspection"),
    deviceAuthorizationEndpoint: at("device-authorization"),
    authorizationEndpoint: "https://as.example/authorize",
    pushedAuthorizationRequestEndpoint: at("pushed-authorization-request")
  }
}

const call = Effect.fnUntraced(function*(
  run: (calls: Calls) => Effect.Effect<unknown, OAuthError.OAuthError>,
  options?: { readonly authentication?: ClientAuthentication.Made; readonly origin?: string }
) {
  const wire = recording(() => Effect.succeed(json({ access_token: "a", token_type: "Bearer", active: true })))
  // whoever described the server, and however
  const server: AuthorizationServer.AuthorizationServer["Service"] = {
    ...Result.getOrThrow(AuthorizationServer.make(described("https://as.example", "none"))),
    ...Object.fromEntries(
      Object.entries({ token: "tokenEndpoint", ...fields }).map((
        [name, field]
      ) => [field, `${options?.origin ?? "https://as.example"}/${name}`])
    )
  }
  const outcome = yield* Effect.gen(function*() {
    const tokens = yield* TokenEndpoint.make
    const revocation = yield* Revocation.make
    const introspection = yield* Introspection.make
    const device = yield* DeviceAuthorization.make.pipe(Effect.provideService(TokenEndpoint.TokenEndpoint, tokens))
    const pushing = yield* PushedAuthorization.make
    const token = Redacted.make("t")
    return yield* Effect.result(run({
      token: tokens.request,
      revoke: revocation.revoke(token),
      introspect: introspection.introspect(token),
      device: device.start(),
      push: pushing.push([["response_type", "code"]])
    }))
  }).pipe(
    Effect.provideService(AuthorizationServer.AuthorizationServer, server),
    Effect.provide(Layer.merge(
      wire.layer,
      ClientAuthentication.layer(
        options?.authentication ?? ClientAuthentication.basic({ clientId: "app", clientSecret: secret })
      )
    ))
  )
  return {
    requests: wire.requests,
    outcome: Result.isFailure(outcome) ? outcome.failure.reason._tag : "sent"
  }
})

const bodyOf = ([request]: ReadonlyArray<Recorded>): URLSearchParams => new URLSearchParams(request?.body)

const credentialsOf = (requests: ReadonlyArray<Recorded>): ReadonlyArray<readonly [string, string]> =>
  [...bodyOf(requests)].filter(([name]) =>
    ["client_id", "client_secret", "client_assertion", "client_assertion_type"].includes(name)
  )

// a client that names itself proves nothing by it
const proofsOf = (parameters: ReadonlyArray<readonly [string, string]>) =>
  parameters.filter(([name]) => name !== "client_id")

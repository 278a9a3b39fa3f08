/** Targets that read what comes over the wire. */
import {
  AuthorizationRequest,
  AuthorizationResponse,
  AuthorizationServer,
  Challenge,
  ClientAuthentication,
  DeviceAuthorization,
  GrantKey,
  Identity,
  Introspection,
  JwtVerifier,
  OAuthError,
  ProtectedResource,
  PushedAuthorization,
  RetryAfter,
  Revocation,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest,
  TokenResponse,
  TokenSource,
  UserInfo
} from "@effect-oauth/core"
import { IdToken, Jwks, LogoutToken } from "@effect-oauth/core/jose"
import { TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { type Context, Duration, Effect, Layer, Redacted, Result } from "effect"
import * as crypto from "node:crypto"
import type { Target } from "./Target.ts"

/** The time at which everything is read. */
export const now = Date.UTC(2030, 0, 1)

/** An answer as a target writes it: the status, header fields, an empty line, the body. */
const answerOf = (input: Uint8Array): TestHttp.Answer => {
  const bytes = Buffer.from(input)
  const end = bytes.indexOf("\n\n")
  const [status = "", ...lines] = bytes.subarray(0, end < 0 ? bytes.length : end).toString("latin1").split("\n")
  const code = /\d{3}/.exec(status)?.[0]
  return {
    status: code === undefined ? 200 : Number(code),
    headers: Object.fromEntries(
      lines.slice(0, 50).flatMap((line) => {
        const colon = line.indexOf(":")
        return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]]
      })
    ),
    body: end < 0 ? new Uint8Array(0) : bytes.subarray(end + 2)
  }
}

const answer = (value: unknown, status = 200, headers = "content-type: application/json") =>
  `${status}\n${headers}\n\n${JSON.stringify(value)}`

const server = AuthorizationServer.layer(AuthorizationServer.make({
  provider: "fuzz",
  issuer: "https://as.example",
  tokenEndpoint: "https://as.example/token",
  authorizationEndpoint: "https://as.example/authorize",
  revocationEndpoint: "https://as.example/revoke",
  introspectionEndpoint: "https://as.example/introspect",
  deviceAuthorizationEndpoint: "https://as.example/device",
  pushedAuthorizationRequestEndpoint: "https://as.example/push",
  userinfoEndpoint: "https://as.example/userinfo",
  jwksUri: "https://as.example/jwks",
  dialect: {
    response: { keep: ["api", "__proto__"], expiresIn: "number-or-digits", refreshTokenExpiresIn: "rt_expires_in" }
  }
}))

const client = ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s3cret-s3cret") })

let current: TestHttp.Answer = TestHttp.empty(200)
const http = TestHttp.layer(() => Effect.sync(() => current))

const services = Effect.runSync(Effect.scoped(Layer.build(
  Layer.mergeAll(
    Revocation.layer,
    Introspection.layer,
    PushedAuthorization.layer,
    DeviceAuthorization.layer.pipe(Layer.provideMerge(TokenEndpoint.layer))
  ).pipe(Layer.provideMerge(Layer.mergeAll(server, client, http)))
)))

type Services = typeof services extends Context.Context<infer R> ? R : never

const overHttp = (call: Effect.Effect<unknown, OAuthError.OAuthError, Services>): Target["run"] => {
  const run = Effect.provideContext(call, services)
  return (input) =>
    Effect.suspend(() => {
      current = answerOf(input)
      return run
    })
}

const said = <A>(result: Result.Result<A, OAuthError.OAuthErrorReason>) =>
  Effect.mapError(Effect.fromResult(result), (reason) => OAuthError.make("Fuzz", "run", reason))

const pending = Effect.runSync(
  AuthorizationRequest.make({
    endpoint: "https://as.example/authorize",
    issuer: "https://as.example",
    rules: AuthorizationRequest.rfc6749,
    clientId: "app",
    redirectUri: "https://app.example/cb",
    scopes: ["read"],
    key: GrantKey.make({ provider: "fuzz", issuer: "https://as.example", client: "app", account: "ada" })
  }).pipe(Effect.provide(TestCrypto.layer({ seed: 1 })))
).pending

const state = Redacted.value(pending.state)

const secret = "a secret of more than thirty-two bytes, for HMAC"

const signed = (header: unknown, claims: unknown): string => {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")
  return `${input}.${crypto.createHmac("sha256", secret).update(input).digest("base64url")}`
}

const claims = {
  iss: "https://as.example",
  sub: "user-1",
  aud: ["app"],
  azp: "app",
  iat: now / 1000,
  exp: now / 1000 + 300,
  nonce: "n",
  auth_time: now / 1000 - 10,
  acr: "2"
}

// half of what was changed is signed again, so that the claims are looked at and not the signature alone
const resigned = (input: Uint8Array): string => {
  const text = Buffer.from(input).toString("latin1")
  const [header = "", payload = "", signature = ""] = text.split(".", 3)
  if ((input[input.length - 1] ?? 0) % 2 === 0) return text
  const made = crypto.createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url")
  return signature === "" ? text : `${header}.${payload}.${made}`
}

const verifier = Effect.runSync(Effect.scoped(Layer.build(
  Layer.mergeAll(
    IdToken.layer({
      algorithms: ["HS256", "ES256"],
      clientSecret: Redacted.make(secret),
      maxIssuedAgo: "1000 days",
      skew: "5 minutes"
    }),
    LogoutToken.layer({ algorithms: ["HS256", "ES256"], clientSecret: Redacted.make(secret) })
  ).pipe(
    Layer.provideMerge(Jwks.layer()),
    Layer.provideMerge(Layer.mergeAll(server, client, http))
  )
)))

const device = {
  device_code: "dc",
  user_code: "ABCD-EFGH",
  verification_uri: "https://as.example/device",
  verification_uri_complete: "https://as.example/device?c=A",
  expires_in: 300,
  interval: 5
}

const metadata = {
  issuer: "https://as.example",
  authorization_endpoint: "https://as.example/a",
  token_endpoint: "https://as.example/t",
  jwks_uri: "https://as.example/j",
  scopes_supported: ["a"],
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  mtls_endpoint_aliases: { token_endpoint: "https://m.example/t" },
  authorization_response_iss_parameter_supported: true,
  require_pushed_authorization_requests: false
}

const resource = {
  resource: "https://rs.example/api",
  authorization_servers: ["https://as.example"],
  scopes_supported: ["a"],
  bearer_methods_supported: ["header"],
  dpop_bound_access_tokens_required: false,
  resource_name: "An API",
  resource_documentation: "https://rs.example/docs"
}

const keys = {
  keys: [
    {
      kty: "EC",
      crv: "P-256",
      kid: "k1",
      alg: "ES256",
      use: "sig",
      x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
      y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
    },
    { kty: "RSA", kid: "k2", n: "A".repeat(342), e: "AQAB", key_ops: ["verify"] },
    { kty: "OKP", crv: "Ed25519", kid: "k3", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }
  ]
}

/** Targets that read what comes over the wire. */
export const targets: ReadonlyArray<Target> = [
  {
    name: "token-answer",
    shape: "http",
    seeds: [
      answer({
        access_token: "at",
        token_type: "Bearer",
        expires_in: 3600,
        refresh_token: "rt",
        scope: "a b",
        id_token: "a.b.c",
        rt_expires_in: "10",
        api: { x: [1] }
      }),
      answer({ error: "invalid_grant", error_description: "no", error_uri: "https://as.example/e" }, 400),
      answer({ error: "x" }, 401, "content-type: application/json\nwww-authenticate: Basic realm=\"x\""),
      answer({}, 503, "retry-after: 120"),
      answer({}, 429, "retry-after: Sun, 06 Nov 2094 08:49:37 GMT\ndate: Sun, 06 Nov 2094 08:48:37 GMT"),
      "200\ncontent-type: application/x-www-form-urlencoded\n\naccess_token=a&token_type=bearer&refresh_token=r"
    ],
    run: overHttp(
      TokenEndpoint.TokenEndpoint.use(({ request }) =>
        request(TokenRequest.refreshToken({ refreshToken: Redacted.make("rt-rt-rt") }))
      )
    )
  },
  {
    name: "token-exchange-answer",
    shape: "http",
    seeds: [
      answer({ access_token: "at", token_type: "N_A", issued_token_type: "urn:ietf:params:oauth:token-type:jwt" })
    ],
    run: overHttp(
      TokenEndpoint.TokenEndpoint.use(({ request }) =>
        request(TokenRequest.extension("urn:ietf:params:oauth:grant-type:token-exchange", []))
      )
    )
  },
  {
    name: "authorization-response",
    shape: "query",
    seeds: [
      `https://app.example/cb?code=c&state=${state}&iss=https%3A%2F%2Fas.example`,
      `https://app.example/cb?error=access_denied&error_description=No%0D%0A&state=${state}`,
      `?code=c&state=${state}&session_state=x`,
      `https://app.example/cb?code=c&state=${state}#x`
    ],
    run: (input) => {
      const text = Buffer.from(input).toString("latin1")
      const read = text.startsWith("http") ? AuthorizationResponse.fromUrl(text) : AuthorizationResponse.fromQuery(text)
      return Effect.fromResult(Result.flatMap(read, (response) => AuthorizationResponse.judge(response, pending)))
    }
  },
  {
    name: "metadata",
    shape: "http",
    seeds: [answer(metadata), answer({}, 404), answer({}, 500)],
    run: (input) =>
      Effect.suspend(() => {
        current = answerOf(input)
        return Effect.flatMap(ServerMetadata.make(), ({ get }) => get("https://as.example")).pipe(
          Effect.flatMap((read) =>
            said(Result.mapError(ServerMetadata.toOptions(read), ({ reason }) => reason)).pipe(
              Effect.andThen(said(Result.mapError(ServerMetadata.openid(read), ({ reason }) => reason))),
              Effect.andThen(said(Result.mapError(ServerMetadata.signingAlgorithms(read), ({ reason }) => reason)))
            )
          )
        )
      }).pipe(Effect.provideContext(services))
  },
  {
    name: "resource-metadata",
    shape: "http",
    seeds: [answer(resource), answer({}, 404)],
    run: (input) =>
      Effect.suspend(() => {
        current = answerOf(input)
        return Effect.flatMap(ProtectedResource.make(), ({ get }) => get("https://rs.example/api")).pipe(
          Effect.flatMap((read) => Effect.fromResult(ProtectedResource.target(read)))
        )
      }).pipe(Effect.provideContext(services))
  },
  {
    name: "jwks",
    shape: "http",
    seeds: [answer(keys), answer({ keys: [] }), answer({}, 500)],
    run: (input) =>
      Effect.suspend(() => {
        current = answerOf(input)
        return Effect.flatMap(Jwks.make(), ({ key }) =>
          Effect.forEach(["ES256", "RS256", "EdDSA"] as const, (alg) => key({ alg })))
      }).pipe(Effect.provideContext(services))
  },
  {
    name: "id-token",
    shape: "jwt",
    seeds: [
      signed({ alg: "HS256", typ: "JWT" }, claims),
      signed({ alg: "HS256", kid: "k1" }, { ...claims, aud: "app" }),
      signed({ alg: "ES256", kid: "k1" }, claims)
    ],
    run: (input) =>
      JwtVerifier.JwtVerifier.use(({ idToken }) =>
        idToken(Redacted.make(resigned(input)), { nonce: Redacted.make("n"), acr: ["2"] })
      ).pipe(
        Effect.tap((identity) => Effect.sync(() => [Identity.id(identity), Identity.claim(identity, "name", "ja")])),
        Effect.provideContext(verifier)
      )
  },
  {
    name: "logout-token",
    shape: "jwt",
    seeds: [
      signed({ alg: "HS256", typ: "logout+jwt" }, {
        iss: "https://as.example",
        aud: "app",
        iat: now / 1000,
        exp: now / 1000 + 100,
        jti: "j",
        sub: "user-1",
        sid: "s",
        events: { "http://schemas.openid.net/event/backchannel-logout": {} }
      })
    ],
    run: (input) =>
      LogoutToken.LogoutToken.use(({ verify }) => verify(Redacted.make(resigned(input)))).pipe(
        Effect.provideContext(verifier)
      )
  },
  {
    name: "userinfo",
    shape: "http",
    seeds: [
      answer({ sub: "user-1", name: "Ada", "name#ja": "x" }),
      `200\ncontent-type: application/jwt\n\n${
        signed({ alg: "HS256" }, { iss: "https://as.example", sub: "user-1", aud: "app" })
      }`,
      answer({}, 401, "www-authenticate: Bearer error=\"invalid_token\"")
    ],
    run: (input) =>
      Effect.suspend(() => {
        current = answerOf(input)
        return UserInfo.get(TokenSource.fixed({ value: Redacted.make("t0ken"), type: "Bearer" }), "user-1")
      }).pipe(Effect.provideContext(verifier))
  },
  {
    name: "www-authenticate",
    shape: "header",
    seeds: [
      `Bearer realm="a, b", error="invalid_token", error_description="x"`,
      `DPoP error="use_dpop_nonce", algs="ES256 RS256", Basic realm=x`,
      `Negotiate a87421==, Bearer scope="a b", max_age=10, acr_values="1 2", resource_metadata="https://rs.example/m"`
    ],
    run: (input) =>
      Effect.sync(() => {
        const text = Buffer.from(input).toString("latin1")
        const parsed = Challenge.parse(text)
        for (const challenge of parsed.challenges) Challenge.said(challenge)
        Challenge.resourceMetadata(parsed)
        for (const status of [200, 401, 403]) Challenge.meaning({ status, headers: { "www-authenticate": text } })
      })
  },
  {
    name: "retry-after",
    shape: "header",
    seeds: ["120", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
    run: (input) =>
      Effect.sync(() => {
        const text = Buffer.from(input).toString("latin1")
        for (const date of [undefined, "Sun, 06 Nov 1994 08:49:37 GMT", text]) {
          const wait = RetryAfter.fromHeaders({ "retry-after": text, date }, { now })
          if (wait === undefined) continue
          const millis = Duration.toMillis(wait)
          if (!(millis >= 0 && millis <= 86_400_000)) throw new Error(`a wait of ${millis}`)
        }
      })
  },
  {
    name: "introspection",
    shape: "http",
    seeds: [
      answer({
        active: true,
        scope: "a",
        exp: 9e9,
        iat: 1,
        nbf: 1,
        sub: "s",
        aud: ["a"],
        iss: "i",
        jti: "j",
        username: "u",
        client_id: "c"
      }),
      answer({ active: false })
    ],
    run: overHttp(Introspection.Introspection.use(({ introspect }) => introspect(Redacted.make("t0ken"))))
  },
  {
    name: "revocation",
    shape: "http",
    seeds: ["200\n\n", answer({ error: "unsupported_token_type" }, 400), answer({}, 503, "retry-after: 10")],
    run: overHttp(Revocation.Revocation.use(({ revoke }) => revoke(Redacted.make("t0ken"))))
  },
  {
    name: "pushed-authorization",
    shape: "http",
    seeds: [answer({ request_uri: "urn:x", expires_in: 60 }, 201), answer({ error: "invalid_request" }, 400)],
    run: overHttp(PushedAuthorization.PushedAuthorization.use(({ push }) => push([["response_type", "code"]])))
  },
  {
    name: "device-answer",
    shape: "http",
    seeds: [answer(device), answer({ error: "invalid_client" }, 401)],
    run: overHttp(DeviceAuthorization.DeviceAuthorization.use(({ start }) => start()))
  },
  {
    name: "dialect-hook",
    shape: "http",
    seeds: [answer({ access_token: "at", token_type: "Bearer" })],
    run: (input) => {
      const { body, headers, status } = answerOf(input)
      return Effect.sync(() =>
        TokenResponse.judge({
          origin: "https://as.example",
          status,
          headers,
          body: typeof body === "string" ? new TextEncoder().encode(body) : body,
          sentAt: now
        }, {
          ...TokenResponse.rfc6749,
          errorsPrecedeRotation: true,
          scopeSeparator: ",",
          defaultTokenType: "Bearer",
          keep: ["a"]
        }, { tokenTypes: ["DPoP", "Bearer"] })
      )
    }
  }
]

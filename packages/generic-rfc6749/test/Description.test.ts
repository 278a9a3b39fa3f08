import { AuthorizationServer, Dialect, RotationPolicy } from "@effect-oauth/core"
import { Description } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Result, Schema } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"

describe("Description", () => {
  it.effect.prop(
    "is the same after encoding and decoding",
    [Description.Description],
    ([description]) =>
      Effect.gen(function*() {
        const json = yield* Schema.encodeEffect(Description.Description)(description)

        const decoded = yield* Schema.decodeUnknownEffect(Description.Description)(JSON.parse(JSON.stringify(json)))

        assert.deepStrictEqual(decoded, description)
      }),
    { arbitrary: { seed: "description" } }
  )

  it("has a field for everything that a dialect holds", () => {
    const { dpopNonce: _, onAnswer: __, onRequest: ___, onTokens: ____, revocation: _____, ...legs } = Dialect.rfc6749
    for (const [leg, fields] of Object.entries(legs)) {
      const described = property(property(Description.toJsonSchema(), "dialect"), leg).properties ?? {}
      assert.deepStrictEqual(Object.keys(fields).filter((field) => !Object.hasOwn(described, field)), [], leg)
    }
  })

  it("says of every field what it is without it", () => {
    const defaults = Dialect.rfc6749

    assert.deepStrictEqual(defaultsOf("authorization"), { ...defaults.authorization })
    assert.deepStrictEqual(defaultsOf("authorizationResponse"), { ...defaults.authorizationResponse })
    assert.deepStrictEqual(defaultsOf("authorizationCode"), { ...defaults.authorizationCode, parts: {} })
    assert.deepStrictEqual(defaultsOf("refreshToken"), {
      ...defaults.refreshToken,
      presents: "refresh_token",
      grantType: "refresh_token"
    })
    assert.deepStrictEqual(defaultsOf("clientCredentials"), { ...defaults.clientCredentials })
    assert.deepStrictEqual(defaultsOf("response"), { ...defaults.response })
  })

  describe("decode", () => {
    it("reads JSON text", () => {
      const description = Result.getOrThrow(Description.decode(JSON.stringify(least)))

      assert.deepStrictEqual(description, least)
    })

    it("reads every field", () => {
      const server = Result.getOrThrow(
        Description.decode(full).pipe(
          Result.flatMap((decoded) => Description.toOptions(decoded)),
          Result.flatMap(AuthorizationServer.make)
        )
      )

      assert.deepStrictEqual(server.dialect, {
        ...full.dialect,
        authorizationCode: { ...full.dialect.authorizationCode, parts: [] },
        response: {
          ...full.dialect.response,
          defaultLifetime: Duration.hours(1),
          refreshTokenLifetime: Duration.days(30)
        }
      })
      assert.deepStrictEqual(
        server.rotation,
        RotationPolicy.rotating({ window: { duration: "30 minutes", idempotent: true }, reuseRevokesFamily: false })
      )
      assert.deepStrictEqual(server.endOfLife, DateTime.makeUnsafe("2030-12-01T00:00:00Z"))
    })

    for (
      const [input, message] of [
        ["{", "description: is not JSON"],
        ["[]", "description: must be object"],
        [null, "description: must be object"],
        [{}, "provider: is missing"],
        [{ provider: "a" }, "tokenEndpoint: is missing"],
        [{ provider: "", tokenEndpoint: "https://a.test" }, "provider: must be a value with a length of at least 1"],
        [{ ...least, tokenEndpoint: 1 }, "tokenEndpoint: must be string"],
        [
          { ...least, tokenEndpiont: "x" },
          "tokenEndpiont: is not known; correct its name (tokenEndpoint?), or remove it"
        ],
        [
          { ...least, dialect: { refreshToken: { scopes: "asked" } } },
          "dialect.refreshToken.scopes: is not known; correct its name (scope?), or remove it"
        ],
        [
          { ...least, authorizationEndpoint: "https://a.test", dialect: { authorization: { pkce: "plain" } } },
          "dialect.authorization.pkce: must be \"S256\" | \"insecure-plain\" | \"none\""
        ],
        [
          { ...least, dialect: { response: { defaultLifetime: "soon" } } },
          "dialect.response.defaultLifetime: must be a valid Duration string"
        ],
        [
          { ...least, dialect: { response: { defaultLifetime: "0 seconds" } } },
          "dialect.response.defaultLifetime: must be a duration longer than zero"
        ],
        [
          { ...least, dialect: { response: { defaultLifetime: "Infinity" } } },
          "dialect.response.defaultLifetime: must be a duration longer than zero"
        ],
        [
          { ...least, dialect: { response: { keep: [1] } } },
          "dialect.response.keep.0: must be string"
        ],
        [
          { ...least, dialect: { authorization: { parameters: { prompt: true } } } },
          "dialect.authorization.parameters.prompt: must be string"
        ],
        [
          { ...least, dialect: { authorizationCode: { scope: "asked" } } },
          "authorizationEndpoint: is missing, though its dialect is described"
        ],
        [
          { ...least, rotation: "static" },
          "rotation: must be an object with policy: static, rotating, oneShot or unknown"
        ],
        [
          { ...least, rotation: { policy: "sometimes" } },
          "rotation: must be an object with policy: static, rotating, oneShot or unknown"
        ],
        [
          { ...least, rotation: { policy: "static", patience: "1 minute" } },
          "rotation.patience: is not known; correct its name, or remove it"
        ],
        [
          { ...least, clientAuthentication: "header" },
          "clientAuthentication: must be \"none\" | \"basic\" | \"basicRaw\" | \"secretAsUser\" | \"post\" | \"privateKeyJwt\" | \"jwtSecret\""
        ],
        [
          { ...least, clientAuthentication: { revocation: "post" } },
          "clientAuthentication.token: is missing"
        ],
        [{ ...least, endOfLife: "soon" }, "endOfLife: must be a valid UTC DateTime string"]
      ] as const
    ) {
      it(`says of ${typeof input === "string" ? input : JSON.stringify(input)}: ${message}`, () => {
        const error = Result.getOrThrow(Result.flip(Description.decode(input)))

        assert.strictEqual(error.message, `Description.decode: ${message}`)
      })
    }
  })

  describe("toOptions", () => {
    for (
      const [rotation, policy] of [
        [{ policy: "static" }, RotationPolicy.fixed],
        [{ policy: "rotating" }, RotationPolicy.rotating()],
        [{ policy: "oneShot" }, RotationPolicy.oneShot],
        [{ policy: "unknown" }, RotationPolicy.unknown]
      ] as const
    ) {
      it(`knows the rotation policy "${rotation.policy}"`, () => {
        assert.deepStrictEqual(Result.getOrThrow(Description.toOptions({ ...least, rotation })).rotation, policy)
      })
    }

    it("leaves the address of the JSON Schema out", () => {
      assert.deepStrictEqual(Result.getOrThrow(Description.toOptions({ ...least, $schema: "./schema.json" })), least)
    })
  })

  describe("toJsonSchema", () => {
    it("is what the package publishes (written by npm run format)", () => {
      const file = path.join(import.meta.dirname, "../description.schema.json")

      assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), Description.toJsonSchema())
    })
  })
})

const least = { provider: "example", tokenEndpoint: "https://as.example.com/token" }

const full = {
  $schema: "./node_modules/@effect-oauth/generic-rfc6749/description.schema.json",
  ...least,
  issuer: "https://as.example.com",
  authorizationEndpoint: "https://as.example.com/authorize",
  refreshEndpoint: "https://as.example.com/refresh",
  revocationEndpoint: "https://as.example.com/revoke",
  introspectionEndpoint: "https://as.example.com/introspect",
  deviceAuthorizationEndpoint: "https://as.example.com/device",
  pushedAuthorizationRequestEndpoint: "https://as.example.com/par",
  userinfoEndpoint: "https://as.example.com/userinfo",
  endSessionEndpoint: "https://as.example.com/logout",
  jwksUri: "https://as.example.com/jwks",
  idTokenAlgorithms: ["ES256"],
  clientAuthentication: { token: "basic", revocation: "post" },
  apiOrigins: ["https://api.example.com"],
  dialect: {
    authorization: {
      scopeSeparator: ",",
      parameters: { prompt: "consent" },
      pkce: "none",
      issuer: "required",
      responseType: "auth_code",
      names: { client_id: "client_key" },
      scopeEncoding: "raw",
      pushed: "required",
      signed: "required",
      responseMode: "jwt",
      privateScheme: "any",
      redirectName: "App-Name",
      fragment: "read",
      offlineScope: "offline"
    },
    authorizationResponse: { names: { code: "auth_code" }, keep: ["realmId"] },
    authorizationCode: {
      parameters: { a: "1" },
      redirectUri: "omitted",
      scope: "asked",
      scopeSeparator: ",",
      parts: {}
    },
    refreshToken: { parameters: { b: "2" }, scope: "granted", scopeSeparator: "," },
    clientCredentials: { parameters: { audience: "api" }, scopeSeparator: "," },
    response: {
      expiresIn: "number-or-digits",
      expiresInZero: "unknown",
      defaultLifetime: "1 hour",
      defaultTokenType: "Bearer",
      scopeSeparator: ",",
      scopePolicy: "superset",
      refreshTokenLifetime: "30 days",
      refreshTokenExpiresIn: "refresh_token_expires_in",
      refreshIn: "refresh_in",
      keep: ["id"],
      apiOrigins: ["instance_url"],
      grantEnded: ["invalid_grant", "invalid_request"],
      errorsPrecedeRotation: true
    },
    revocation: "token",
    dpopNonce: "fetched"
  },
  rotation: { policy: "rotating", window: { duration: "30 minutes", idempotent: true }, reuseRevokesFamily: false },
  endOfLife: "2030-12-01T00:00:00Z"
} as const

/** The defaults that the JSON Schema states for a leg of the dialect. */
const defaultsOf = (leg: keyof typeof full.dialect): Record<string, unknown> => {
  const { properties } = property(property(Description.toJsonSchema(), "dialect"), leg)
  return Object.fromEntries(
    Object.entries(properties ?? {}).flatMap(([name, { default: value }]) => value === undefined ? [] : [[name, value]])
  )
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly default?: unknown
}

const property = (schema: Node, name: string): Node => schema.properties?.[name] ?? {}

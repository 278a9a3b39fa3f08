/**
 * An authorization server as data: every deviation from the RFCs is a named
 * field, and what is left out is as the RFCs say.
 *
 * @since 0.1.0
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as Configuration from "@effect-oauth/core/Configuration"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import * as Duration from "effect/Duration"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const optional = Schema.optionalKey

const address = (description: string) => optional(Schema.String.annotate({ description, format: "uri" }))

// what annotates the decoded side of a transformation does not reach the JSON Schema
const duration = (description: string) =>
  Schema.String.annotate({ description: `${description} A duration in words.`, examples: ["30 minutes", "14 days"] })
    .pipe(Schema.decodeTo(Schema.DurationFromString.check(
      Schema.makeFilter((value: Duration.Duration) => Duration.isFinite(value) && Duration.isPositive(value), {
        expected: "a duration longer than zero"
      })
    )))

const separator = (description: string) =>
  optional(Schema.NonEmptyString.annotate({ description, default: " ", examples: [","] }))

const parameters = (description: string) =>
  optional(Schema.Record(Schema.String, Schema.String).annotate({ description, default: {} }))

const scope = <const Rule extends string>(description: string, rules: ReadonlyArray<Rule>) =>
  optional(Schema.Literals(["never", ...rules]).annotate({ description, default: "never" }))

/**
 * Schema of the ways to authenticate a client: RFC 6749's `basic` and `post`,
 * `basicRaw` for servers that do not decode, and `none`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Method = Schema.Literals(["none", "basic", "basicRaw", "post"]).annotate({
  description: "How a client authenticates: HTTP Basic (\"basicRaw\" for servers that do not form-decode it), "
    + "identifier and secret in the body (\"post\"), or not at all (\"none\")."
})

/**
 * A way to authenticate a client.
 *
 * @category models
 * @since 0.1.0
 */
export type Method = typeof Method.Type

/**
 * Schema of client authentication: one method, or one for each endpoint.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ClientAuthentication = Schema.Union([
  Method,
  Schema.Struct({
    token: Method,
    revocation: optional(Method),
    introspection: optional(Method),
    "device-authorization": optional(Method)
  })
])

/**
 * Client authentication: one method, or one for each endpoint. An endpoint that
 * is not named is as the token endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type ClientAuthentication = typeof ClientAuthentication.Type

/**
 * Schema of a dialect's deviations, leg by leg.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Dialect = Schema.Struct({
  authorization: optional(
    Schema.Struct({
      scopeSeparator: separator("What separates scope tokens in the authorization request."),
      parameters: parameters("Parameters that every authorization request carries."),
      pkce: optional(
        Schema.Literals(["S256", "none"]).annotate({
          description: "The method of PKCE (RFC 7636); \"none\" where the server cannot.",
          default: "S256"
        })
      ),
      issuer: optional(
        Schema.Literals(["required", "optional"]).annotate({
          description: "Whether the answer must name the issuer (RFC 9207).",
          default: "optional"
        })
      )
    }).annotate({ description: "The authorization request (RFC 6749, section 4.1.1)." })
  ),
  authorizationCode: optional(
    Schema.Struct({
      parameters: parameters("Parameters that every exchange of a code carries."),
      redirectUri: optional(
        Schema.Literals(["repeated", "omitted"]).annotate({
          description: "Whether the exchange repeats the redirect URI.",
          default: "repeated"
        })
      ),
      scope: scope("Whether the exchange repeats the scope.", ["asked"]),
      scopeSeparator: separator("What separates scope tokens in the exchange of a code.")
    }).annotate({ description: "The exchange of the code (RFC 6749, section 4.1.3)." })
  ),
  refreshToken: optional(
    Schema.Struct({
      parameters: parameters("Parameters that every renewal carries."),
      scope: scope("The scope that a renewal sends: what was asked for at login, what was granted, or none.", [
        "asked",
        "granted"
      ]),
      scopeSeparator: separator("What separates scope tokens in a renewal.")
    }).annotate({ description: "The renewal (RFC 6749, section 6)." })
  ),
  clientCredentials: optional(
    Schema.Struct({
      parameters: parameters("Parameters that every request for a token of the client's own carries."),
      scopeSeparator: separator("What separates scope tokens in a request for a token of the client's own.")
    }).annotate({ description: "Tokens of the client's own (RFC 6749, section 4.4)." })
  ),
  response: optional(
    Schema.Struct({
      expiresIn: optional(
        Schema.Literals(["number", "number-or-digits"]).annotate({
          description: "How expires_in is written: a number, or also a string of decimal digits.",
          default: "number"
        })
      ),
      expiresInZero: optional(
        Schema.Literals(["expired", "unknown"]).annotate({
          description: "What expires_in: 0 means: a token that has expired, or one whose lifetime is not told.",
          default: "expired"
        })
      ),
      defaultLifetime: optional(duration("The lifetime of an access token where the answer does not tell.")),
      defaultTokenType: optional(
        Schema.NonEmptyString.annotate({
          description: "The token type where the answer does not tell; without it such an answer is invalid.",
          examples: ["Bearer"]
        })
      ),
      scopeSeparator: separator("What separates scope tokens in an answer."),
      refreshTokenLifetime: optional(duration("The lifetime of a refresh token where the answer does not tell.")),
      refreshTokenExpiresIn: optional(
        Schema.NonEmptyString.annotate({
          description: "The member of the answer that tells a refresh token's lifetime in seconds.",
          examples: ["refresh_token_expires_in"]
        })
      ),
      keep: optional(
        Schema.Array(Schema.NonEmptyString).annotate({
          description: "Other members of the answer to keep with the grant. They must not be secret.",
          default: [],
          examples: [["instance_url"]]
        })
      ),
      grantEnded: optional(
        Schema.Array(Schema.NonEmptyString).annotate({
          description: "The error codes that end a grant when a refresh token is presented.",
          default: ["invalid_grant"]
        })
      ),
      errorsPrecedeRotation: optional(
        Schema.Boolean.annotate({
          description: "Whether the server checks everything before it rotates, so that its 5xx answers spent nothing.",
          default: false
        })
      )
    }).annotate({ description: "The token answer (RFC 6749, sections 5.1 and 5.2)." })
  ),
  revocation: optional(
    Schema.Literals(["grant", "token"]).annotate({
      description: "What revoking a refresh token ends: the whole grant, or that token only (RFC 7009, section 2.1).",
      default: "grant"
    })
  )
}).annotate({ description: "How the server deviates from the RFCs." })

/**
 * Schema of a rotation policy.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Rotation = Schema.Union([
  Schema.Struct({ policy: Schema.Literal("static") }),
  Schema.Struct({ policy: Schema.Literal("oneShot") }),
  Schema.Struct({ policy: Schema.Literal("unknown") }),
  Schema.Struct({
    policy: Schema.Literal("rotating"),
    window: optional(
      Schema.Struct({
        duration: duration("How long after its first presentation a refresh token may be presented again."),
        idempotent: Schema.Boolean.annotate({ description: "Whether that gives the same pair again." })
      })
    ),
    reuseRevokesFamily: optional(
      Schema.Boolean.annotate({
        description: "Whether presenting a spent refresh token ends the whole grant.",
        default: true
      })
    ),
    patience: optional(
      duration("How long a refresh token whose presentation was not answered rests before it is presented again.")
    )
  })
]).annotate({
  description: "What the server does with a refresh token: keeps it (\"static\"), replaces it at every renewal "
    + "(\"rotating\"), or uses it up (\"oneShot\"). Left out, it is \"unknown\" and treated as the strictest.",
  expected: "an object with policy: static, rotating, oneShot or unknown"
})

/**
 * Schema of a description, to and from JSON.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Description = Schema.Struct({
  $schema: optional(Schema.String.annotate({ description: "Where the JSON Schema of descriptions is, for editors." })),
  provider: Schema.NonEmptyString.annotate({ description: "The provider's usual name.", examples: ["github"] }),
  issuer: address("The issuer identifier, where the server has one (RFC 8414, section 2)."),
  authorizationEndpoint: address("Where logins begin (RFC 6749, section 3.1)."),
  tokenEndpoint: Schema.String.annotate({
    description: "Where codes and refresh tokens are presented (RFC 6749, section 3.2).",
    format: "uri"
  }),
  refreshEndpoint: address("Where refresh tokens are presented, where that is not the token endpoint."),
  revocationEndpoint: address("Where tokens are revoked (RFC 7009)."),
  introspectionEndpoint: address("Where tokens are looked up (RFC 7662)."),
  deviceAuthorizationEndpoint: address("Where devices begin a login (RFC 8628)."),
  userinfoEndpoint: address("Who it was that logged in (OpenID Connect Core, section 5.3)."),
  clientAuthentication: optional(ClientAuthentication),
  apiOrigins: optional(
    Schema.Array(Schema.String).annotate({
      description: "The only origins that get the token.",
      default: [],
      examples: [["https://api.example.com"]]
    })
  ),
  dialect: optional(Dialect),
  rotation: optional(Rotation),
  endOfLife: optional(
    Schema.String.annotate({
      description: "When the provider ends this server, where that is announced.",
      format: "date-time",
      examples: ["2030-12-01T00:00:00Z"]
    }).pipe(Schema.decodeTo(Schema.DateTimeUtcFromString))
  )
}).annotate({
  title: "An OAuth 2 authorization server",
  description: "Where an authorization server is and how it deviates from the RFCs."
})

/**
 * A description.
 *
 * @category models
 * @since 0.1.0
 */
export type Description = typeof Description.Type

/**
 * What a description describes, as options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Described extends AuthorizationServer.Options {
  readonly clientAuthentication?: ClientAuthentication | undefined
}

/**
 * Decodes a description, or the JSON text of one. What is wrong is named by the
 * path of its field.
 *
 * **Gotchas**
 *
 * A field that is not known is refused, so that a misspelled deviation is not
 * taken for none.
 *
 * @category schemas
 * @since 0.1.0
 */
export const decode = (input: unknown): Result.Result<Description, OAuthError.OAuthError> =>
  Result.gen(function*() {
    const value = typeof input === "string" ? yield* parse(input) : input
    const description = yield* Result.mapError(
      decodeStrictly(value),
      (error) => failure(Configuration.fromIssue(error.issue, root))
    )
    const endpoint = endpointMissing(description)
    return endpoint === undefined
      ? description
      : yield* Result.fail(failure(
        new OAuthError.ConfigurationInvalid({ field: endpoint, problem: "is missing, though its dialect is described" })
      ))
  })

/**
 * The options that a description stands for.
 *
 * @category getters
 * @since 0.1.0
 */
export const toOptions = (self: Description): Described => {
  const { $schema: _, rotation, ...options } = self
  return rotation === undefined ? options : { ...options, rotation: rotationPolicy(rotation) }
}

/**
 * The JSON Schema of descriptions (draft 2020-12), for editors. The package
 * publishes it as `description.schema.json`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const toJsonSchema = (): JsonSchema.JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...Schema.toJsonSchemaDocument(Description, { onExcessProperty: "error" }).schema
})

const root = "description"

const decodeStrictly = Schema.decodeUnknownResult(Description, { onExcessProperty: "error" })

const parse = (text: string): Result.Result<unknown, OAuthError.OAuthError> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: () => failure(new OAuthError.ConfigurationInvalid({ field: root, problem: "is not JSON" }))
  })

const endpointMissing = ({ authorizationEndpoint, dialect }: Description): string | undefined =>
  authorizationEndpoint === undefined &&
    (dialect?.authorization !== undefined || dialect?.authorizationCode !== undefined)
    ? "authorizationEndpoint"
    : undefined

const failure = (reason: OAuthError.ConfigurationInvalid): OAuthError.OAuthError =>
  OAuthError.make("Description", "decode", reason)

const rotationPolicy = (rotation: typeof Rotation.Type): RotationPolicy.RotationPolicy => {
  switch (rotation.policy) {
    case "static":
      return RotationPolicy.fixed
    case "rotating":
      return RotationPolicy.rotating(rotation)
    case "oneShot":
      return RotationPolicy.oneShot
    case "unknown":
      return RotationPolicy.unknown
  }
}

/**
 * An authorization server as data: every deviation from the RFCs is a named
 * field, and what is left out is as the RFCs say.
 *
 * It is long because every field is told of here, for people and for the JSON
 * Schema.
 *
 * @since 0.1.0
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as Configuration from "@effect-oauth/core/Configuration"
import type { OnAnswer, OnRequest } from "@effect-oauth/core/EndpointRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DescribedDialect } from "./DescribedDialect.ts"
import * as Compile from "./internal/compile.ts"
import { address, duration, names, optional, pattern } from "./internal/fields.ts"
import * as Nearest from "./internal/nearest.ts"
import * as Problems from "./internal/problems.ts"

/**
 * Schema of the ways to authenticate a client: RFC 6749's `basic` and `post`,
 * `basicRaw` for servers that do not decode, `secretAsUser` for API keys,
 * `privateKeyJwt` (RFC 7523), `jwtSecret` where the signed statement is sent in
 * place of a secret, and `none`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Method = Schema.Literals([
  "none",
  "basic",
  "basicRaw",
  "secretAsUser",
  "post",
  "privateKeyJwt",
  "jwtSecret"
]).annotate({
  description: "How a client authenticates: HTTP Basic (\"basicRaw\" for servers that do not form-decode it, "
    + "\"secretAsUser\" for those that want the secret as the user's name and no password), identifier and secret in "
    + "the body (\"post\"), a statement that the client's key signs, as an assertion (\"privateKeyJwt\") or in the "
    + "secret's place (\"jwtSecret\"), or not at all (\"none\")."
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
    "device-authorization": optional(Method),
    "pushed-authorization-request": optional(Method),
    "backchannel-authentication": optional(Method)
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
 * Schema of the statement that a client's key signs (RFC 7523, section 3).
 *
 * @category schemas
 * @since 0.1.0
 */
export const ClientAssertion = Schema.Struct({
  audience: optional(
    Schema.NonEmptyString.annotate({
      description: "To whom it is made. Left out, it is the issuer.",
      examples: ["https://appleid.apple.com"]
    })
  ),
  issuer: optional(
    Schema.NonEmptyString.annotate({
      description: "Who makes it, a place included. Left out, it is the client's identifier.",
      examples: ["{teamId}"]
    })
  ),
  algorithm: optional(
    Schema.NonEmptyString.annotate({ description: "What it is signed with, where the server knows one only." })
  ),
  lifetime: optional(duration("How long it counts; a minute unless said otherwise, and ten at most."))
})

/**
 * The statement that a client's key signs.
 *
 * @category models
 * @since 0.1.0
 */
export type ClientAssertion = typeof ClientAssertion.Type

/**
 * Schema of a value that addresses have a place for.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Variable = Schema.Struct({
  description: optional(Schema.String.annotate({ description: "What it is, and where a person finds it." })),
  from: optional(
    Schema.Literals(["options", "grant"]).annotate({
      description:
        "Who supplies it: the application's options, or what the grant keeps of its callback and its answers.",
      default: "options"
    })
  ),
  oneOf: optional(
    Schema.NonEmptyArray(Schema.String).annotate({
      description: "The values that it may have.",
      examples: [["https://accounts.zoho.com", "https://accounts.zoho.eu"]]
    })
  ),
  pattern: optional(
    pattern(
      "A regular expression for the whole of its values. Without it and oneOf a value is letters, digits, ., - and _.",
      "[a-z0-9-]+"
    )
  ),
  default: optional(Schema.String.annotate({ description: "Its value where nobody supplies one." }))
})

/**
 * A value that addresses have a place for.
 *
 * @category models
 * @since 0.1.0
 */
export type Variable = typeof Variable.Type

const policy = <const Name extends string>(name: Name) =>
  Schema.Literal(name).annotate({
    description: "What becomes of a refresh token: static, rotating, oneShot or unknown."
  })

/**
 * Schema of a rotation policy.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Rotation = Schema.Union([
  Schema.Struct({ policy: policy("static") }),
  Schema.Struct({ policy: policy("oneShot") }),
  Schema.Struct({ policy: policy("unknown") }),
  Schema.Struct({
    policy: policy("rotating"),
    window: optional(
      Schema.Struct({
        duration: duration("How long after its first presentation a refresh token may be presented again."),
        idempotent: Schema.Boolean.annotate({ description: "Whether that gives the same pair again." })
      }).annotate({ description: "For how long a spent refresh token may be presented again." })
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
 * Schema of where a description's facts come from.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Source = Schema.Struct({
  url: Schema.String.annotate({ description: "Where it is written.", format: "uri" }),
  read: Schema.String.annotate({ description: "The day on which it was read.", format: "date" }),
  standing: Schema.Literals(["documented", "from third parties", "verified"]).annotate({
    description: "Whether the provider says so, somebody else does, or it was tried."
  }),
  about: optional(Schema.String.annotate({ description: "What it says." }))
})

/**
 * Where a description's facts come from.
 *
 * @category models
 * @since 0.1.0
 */
export type Source = typeof Source.Type

/**
 * Schema of a description, to and from JSON.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Description = Schema.Struct({
  $schema: optional(Schema.String.annotate({ description: "Where the JSON Schema of descriptions is, for editors." })),
  sources: optional(
    Schema.Array(Source).annotate({ description: "Where the facts of this description come from.", default: [] })
  ),
  provider: Schema.NonEmptyString.annotate({ description: "The provider's usual name.", examples: ["github"] }),
  issuer: address("The issuer identifier, where the server has one (RFC 8414, section 2)."),
  authorizationEndpoint: address("Where logins begin (RFC 6749, section 3.1)."),
  tokenEndpoint: Schema.String.annotate({
    description: "Where codes and refresh tokens are presented (RFC 6749, section 3.2).",
    examples: ["https://{tenant}.example.com/oauth/token"]
  }),
  refreshEndpoint: address("Where refresh tokens are presented, where that is not the token endpoint."),
  revocationEndpoint: address("Where tokens are revoked (RFC 7009)."),
  introspectionEndpoint: address("Where tokens are looked up (RFC 7662)."),
  deviceAuthorizationEndpoint: address("Where devices begin a login (RFC 8628)."),
  pushedAuthorizationRequestEndpoint: address("Where authorization requests are pushed (RFC 9126)."),
  backchannelAuthenticationEndpoint: address("Where people are asked on a device of their own (OpenID Connect CIBA)."),
  registrationEndpoint: address("Where clients register (RFC 7591)."),
  userinfoEndpoint: address("Who it was that logged in (OpenID Connect Core, section 5.3)."),
  endSessionEndpoint: address("Where the person signs out (OpenID Connect RP-Initiated Logout)."),
  jwksUri: address("Where the keys are that the server signs with (RFC 7517)."),
  idTokenAlgorithms: optional(
    Schema.Array(Schema.String).annotate({
      description: "What the server signs ID tokens with.",
      default: ["RS256"],
      examples: [["RS256", "ES256"]]
    })
  ),
  authorizationDetailsTypes: optional(
    Schema.Array(Schema.String).annotate({
      description:
        "The types of authorization details that the server knows (RFC 9396). Left out, any may be asked for.",
      examples: [["payment_initiation"]]
    })
  ),
  dpopSigningAlgorithms: optional(
    Schema.Array(Schema.String).annotate({
      description: "The algorithms of DPoP proofs that the server knows (RFC 9449, section 5.1), where it says so.",
      examples: [["ES256"]]
    })
  ),
  issuerClaims: names(
    "The claims of ID tokens that fill places of the issuer, by the places' names, where each tenant has an issuer of "
      + "its own.",
    { tenantid: "tid" }
  ),
  clientAuthentication: optional(ClientAuthentication.annotate({
    description: "How clients authenticate: one method, or one for each endpoint. Left out, it is \"basic\" with a "
      + "secret and \"none\" without."
  })),
  clientAssertion: optional(
    ClientAssertion.annotate({ description: "What a client's key signs, for privateKeyJwt and jwtSecret." })
  ),
  apiOrigins: optional(
    Schema.Array(Schema.String).annotate({
      description: "The only origins that get the token.",
      default: [],
      examples: [["https://api.example.com"]]
    })
  ),
  variables: optional(
    Schema.Record(Schema.String, Variable).annotate({
      description: "The values that addresses have places for, by their names: https://{tenant}.example.com.",
      default: {}
    })
  ),
  dialect: optional(DescribedDialect),
  rotation: optional(Rotation),
  idleLifetime: optional(
    duration(
      "How long a refresh token lives while it is not used, where the answers do not say and the documentation does."
    )
  ),
  minInterval: optional(
    duration(
      "The least time between two renewals of a grant for one target; it is waited for no longer than a token lives."
    )
  ),
  hooks: optional(
    Schema.Struct({
      onRequest: optional(Schema.NonEmptyString.annotate({ description: "What it does to requests." })),
      onAnswer: optional(Schema.NonEmptyString.annotate({ description: "What it does to answers." }))
    }).annotate({
      description: "What data cannot say: the hooks without which this description does not work, and what they do.",
      examples: [{ onRequest: "Signs each request with an HMAC of its body." }]
    })
  ),
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
 * A description as JSON has it.
 *
 * @category models
 * @since 0.1.0
 */
export type Encoded = typeof Description.Encoded

/**
 * What a description describes, as options.
 *
 * @category models
 * @since 0.1.0
 */
export interface Described extends AuthorizationServer.Options {
  readonly clientAuthentication?: ClientAuthentication | undefined
  readonly clientAssertion?: ClientAssertion | undefined
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
      (error) => failure(Nearest.naming(Configuration.fromIssue(error.issue, root), toJsonSchema()))
    )
    const problem = Problems.find(description)
    return problem === undefined ? description : yield* Result.fail(failure(problem))
  })

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

/**
 * What an application adds to a description.
 *
 * @category options
 * @since 0.1.0
 */
export interface Supplied {
  /** The values of the description's variables. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  /** What data cannot say of requests; it sees them as the description writes them. */
  readonly onRequest?: OnRequest | undefined
  /** What data cannot say of answers; it sees them as they arrive. */
  readonly onAnswer?: OnAnswer | undefined
}

/**
 * The options that a description stands for.
 *
 * @category getters
 * @since 0.1.0
 */
export const toOptions = (
  self: Description,
  supplied: Supplied = {}
): Result.Result<Described, OAuthError.OAuthError> => Result.mapError(Compile.options(self, supplied), failure)

const root = "description"

const decodeStrictly = Schema.decodeUnknownResult(Description, { onExcessProperty: "error" })

const parse = (text: string): Result.Result<unknown, OAuthError.OAuthError> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: () => failure(new OAuthError.ConfigurationInvalid({ field: root, problem: "is not JSON" }))
  })

const failure = (reason: OAuthError.ConfigurationInvalid): OAuthError.OAuthError =>
  OAuthError.make("Description", "decode", reason)

/**
 * An authorization server as data: every deviation from the RFCs is a named
 * field, and what is left out is as the RFCs say.
 *
 * @since 0.1.0
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as Configuration from "@effect-oauth/core/Configuration"
import type * as Dialect from "@effect-oauth/core/Dialect"
import type { OnAnswer, OnRequest } from "@effect-oauth/core/EndpointRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DescribedDialect } from "./DescribedDialect.ts"
import * as Answers from "./internal/answers.ts"
import { address, duration, optional } from "./internal/fields.ts"
import * as Requests from "./internal/requests.ts"
import * as Template from "./internal/template.ts"

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
    "device-authorization": optional(Method),
    "pushed-authorization-request": optional(Method)
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
  oneOf: optional(Schema.NonEmptyArray(Schema.String).annotate({ description: "The values that it may have." })),
  pattern: optional(
    Schema.NonEmptyString.annotate({
      description: "A regular expression for its values. Without it and oneOf a value is letters, digits, ., - and _."
    })
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
    format: "uri"
  }),
  refreshEndpoint: address("Where refresh tokens are presented, where that is not the token endpoint."),
  revocationEndpoint: address("Where tokens are revoked (RFC 7009)."),
  introspectionEndpoint: address("Where tokens are looked up (RFC 7662)."),
  deviceAuthorizationEndpoint: address("Where devices begin a login (RFC 8628)."),
  pushedAuthorizationRequestEndpoint: address("Where authorization requests are pushed (RFC 9126)."),
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
  clientAuthentication: optional(ClientAuthentication),
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
): Result.Result<Described, OAuthError.OAuthError> =>
  Result.gen(function*() {
    const { $schema: _, dialect, rotation, sources: __, variables = {}, ...options } = self
    const values = yield* valuesOf(variables, supplied.variables ?? {})
    const filled: Record<string, string> = {}
    const templates: Record<string, string> = {}
    for (const field of addresses) {
      const template = options[field]
      if (template === undefined) continue
      const places = Template.places(template)
      const unknown = places.find((name) => variables[name] === undefined)
      if (unknown !== undefined) return yield* refused(field, `has a place for ${unknown}, which is no variable`)
      filled[field] = Template.fill(template, values)
      if (places.some((name) => variables[name]?.from === "grant")) {
        // what the options supply stays as it is; the rest is filled for each grant
        templates[field] = Template.fill(template, ofOptions(values, variables))
      }
    }
    return {
      ...options,
      ...filled,
      tokenEndpoint: filled["tokenEndpoint"] ?? options.tokenEndpoint,
      ...(options.apiOrigins === undefined
        ? {}
        : { apiOrigins: options.apiOrigins.map((origin) => Template.fill(origin, values)) }),
      ...(rotation === undefined ? {} : { rotation: rotationPolicy(rotation) }),
      ...(dialect === undefined && supplied.onRequest === undefined && supplied.onAnswer === undefined &&
          Object.keys(templates).length === 0
        ? {}
        : {
          dialect: deviations(dialect ?? {}, {
            supplied,
            templates,
            variables,
            renewsElsewhere: options.refreshEndpoint !== undefined
          })
        })
    }
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

const addresses = [
  "issuer",
  "authorizationEndpoint",
  "tokenEndpoint",
  "refreshEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "deviceAuthorizationEndpoint",
  "userinfoEndpoint"
] as const

const valuesOf = (
  variables: Template.Variables,
  supplied: Readonly<Record<string, string>>
): Result.Result<Readonly<Record<string, string>>, OAuthError.OAuthError> =>
  Result.gen(function*() {
    for (const name of Object.keys(supplied)) {
      if (variables[name] === undefined) {
        return yield* refused(`variables.${name}`, "is supplied, and the description has no such variable; remove it")
      }
    }
    const values: Record<string, string> = {}
    for (const [name, variable] of Object.entries(variables)) {
      const fromGrant = variable.from === "grant"
      if (fromGrant && variable.oneOf === undefined && variable.pattern === undefined) {
        return yield* refused(`variables.${name}`, "comes from outside, so it needs oneOf or pattern")
      }
      const value = supplied[name] ?? variable.default ?? (fromGrant ? variable.oneOf?.[0] : undefined)
      if (value === undefined) {
        const what = variable.description === undefined ? "" : ` (${variable.description})`
        return yield* refused(`variables.${name}`, `is missing${what}; supply it`)
      }
      if (!Template.accepts(variable, value)) {
        return yield* refused(`variables.${name}`, "has a value that the description does not allow")
      }
      values[name] = value
    }
    return values
  })

const ofOptions = (values: Readonly<Record<string, string>>, variables: Template.Variables) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => variables[name]?.from !== "grant"))

// the fields that core knows stay as they are; the others become the two hooks
const deviations = (
  described: DescribedDialect,
  { supplied, ...options }: Omit<Requests.Options, "dialect"> & { readonly supplied: Supplied }
): Dialect.Deviations => {
  const { answers, authorizationCode, refreshToken, requests: _, ...dialect } = described
  const { parts, then, ...code } = authorizationCode ?? {}
  const { grantType: __, presents, ...refresh } = refreshToken ?? {}
  const tellsRefreshLifetime = answers?.refreshTokenExpiresAt !== undefined || presents === "access_token"
  const onRequest = Requests.make({ ...options, dialect: described })
  const onAnswer = Answers.make(described)
  return {
    ...dialect,
    authorizationCode: {
      ...code,
      ...(parts === undefined ? {} : { parts: Object.keys(parts) }),
      ...(then === undefined ? {} : { then: { ...then, parameters: then.parameters ?? {} } })
    },
    refreshToken: refresh,
    response: {
      ...(tellsRefreshLifetime ? { refreshTokenExpiresIn: "refresh_token_expires_in" } : {}),
      ...dialect.response
    },
    onRequest: both(
      onRequest,
      supplied.onRequest,
      (first, second) => (request) => Effect.flatMap(first(request), second)
    ),
    onAnswer: both(
      supplied.onAnswer,
      onAnswer,
      (first, second) => (answer, about) => second(first(answer, about), about)
    )
  }
}

const both = <A>(first: A | undefined, second: A | undefined, join: (first: A, second: A) => A): A | undefined =>
  first === undefined ? second : second === undefined ? first : join(first, second)

const refused = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(failure(new OAuthError.ConfigurationInvalid({ field, problem })))

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

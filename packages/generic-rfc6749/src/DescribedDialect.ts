/**
 * How a server deviates from the RFCs, as data: every deviation is a named field
 * of one schema, and what is left out is as the RFCs say (RFC 6749 above all).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { duration, literals, names, optional, parameters, path, scope, separator } from "./internal/fields.ts"

/**
 * Schema of how requests to an endpoint are written: by RFC 6749, section 3.2, a
 * POST of a form.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Writing = Schema.Struct({
  method: literals("The method of the request. A GET carries its parameters in the query.", ["POST", "GET"]),
  encoding: literals("Where the parameters are.", ["form", "json", "query"]),
  headers: parameters("Headers that every such request carries. They must not be secret."),
  names: names("The server's names of parameters, by the RFC's.", { client_id: "client_key" }),
  omit: optional(
    Schema.Array(Schema.NonEmptyString).annotate({
      description: "Parameters of the RFC, by the RFC's names, that are left out.",
      default: [],
      examples: [["grant_type"]]
    })
  ),
  parameters: parameters("Parameters that every such request carries.")
})

/**
 * How requests to an endpoint are written.
 *
 * @category models
 * @since 0.1.0
 */
export type Writing = typeof Writing.Type

/**
 * Schema of how requests are written, by endpoint and, at the token endpoint, by
 * grant. What a grant says goes before what the token endpoint says.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Requests = Schema.Struct({
  token: optional(Writing.annotate({ description: "Every request to the token endpoint." })),
  authorizationCode: optional(Writing.annotate({ description: "The exchange of the code." })),
  then: optional(Writing.annotate({ description: "The second exchange." })),
  refreshToken: optional(Writing.annotate({ description: "The renewal." })),
  clientCredentials: optional(Writing.annotate({ description: "The request for a token of the client's own." })),
  revocation: optional(Writing.annotate({ description: "The revocation." })),
  introspection: optional(Writing.annotate({ description: "The introspection." })),
  deviceAuthorization: optional(Writing.annotate({ description: "The beginning of a login on another device." }))
}).annotate({ description: "How requests to the server's endpoints are written (RFC 6749, section 3.2)." })

/**
 * How requests are written, by endpoint and grant.
 *
 * @category models
 * @since 0.1.0
 */
export type Requests = typeof Requests.Type

const instant = (description: string) =>
  optional(
    Schema.Struct({
      name: Schema.NonEmptyString.annotate({ description: "The member, as a path." }),
      form: Schema.Literals(["seconds", "milliseconds", "iso"]).annotate({
        description: "How it is written: seconds or milliseconds since 1970, or an ISO 8601 text."
      })
    }).annotate({ description })
  )

/**
 * Schema of how answers are shaped: by RFC 6749, section 5, a JSON object with
 * the RFC's names, and errors with a status of 400 or 401.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Answers = Schema.Struct({
  format: literals(
    "How the body is written: JSON by its content type, JSON whatever the content type says, or a form.",
    ["json", "json-by-any-type", "form"]
  ),
  statuses: optional(
    Schema.Array(Schema.Int).annotate({
      description: "Statuses other than 200 that an answer with tokens may have.",
      default: [],
      examples: [[201]]
    })
  ),
  success: optional(
    Schema.Struct({
      path: Schema.NonEmptyString.annotate({ description: "The member that tells, as a path." }),
      equals: Schema.Array(Schema.Json).annotate({ description: "The values that mean success." })
    }).annotate({
      description: "What tells an answer with tokens from an error that has the same status.",
      examples: [{ path: "ok", equals: [true] }]
    })
  ),
  path: path("Where the tokens are, where that is not the object itself.", "data"),
  names: names("Where each member of the RFC is: the server's name of it, or its path.", {
    access_token: "accessToken"
  }),
  lifetime: literals(
    "How the lifetime in expires_in is written, or that it is read from the token, which is a JWT.",
    ["seconds", "milliseconds", "minutes", "D:HH:MM:SS", "D:HH:MM", "HH:MM:SS", "jwt"]
  ),
  expiresAt: instant("The member that tells when the access token expires, in place of expires_in."),
  refreshTokenExpiresAt: instant("The member that tells when the refresh token expires."),
  tokenTypes: names("What the server's token types mean.", { bot: "Bearer" }),
  scope: literals("How the granted scope is written; ignored, it counts as the scope that was asked for.", [
    "text",
    "array",
    "ignored"
  ]),
  error: path("Where the error code is.", "errors.0.errorType"),
  errorDescription: path("Where the error's description is.", "message"),
  errorCodes: names("The RFC's error codes, by the server's.", { bad_refresh_token: "invalid_grant" }),
  device: names("Where each member of a device authorization answer is.", { verification_uri: "verification_url" })
}).annotate({ description: "How the answers of the server's endpoints are shaped (RFC 6749, section 5)." })

/**
 * How answers are shaped.
 *
 * @category models
 * @since 0.1.0
 */
export type Answers = typeof Answers.Type

/**
 * Schema of a dialect's deviations, leg by leg.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DescribedDialect = Schema.Struct({
  authorization: optional(
    Schema.Struct({
      scopeSeparator: separator("What separates scope tokens in the authorization request."),
      parameters: parameters("Parameters that every authorization request carries."),
      pkce: optional(
        Schema.Literals(["S256", "insecure-plain", "none"]).annotate({
          description: "The method of PKCE (RFC 7636); \"none\" where the server cannot. \"insecure-plain\" shows "
            + "the verifier to whoever sees the request.",
          default: "S256"
        })
      ),
      issuer: optional(
        Schema.Literals(["required", "optional", "refused"]).annotate({
          description: "Whether the answer must name the issuer, may, or must not (RFC 9207).",
          default: "optional"
        })
      ),
      pushed: optional(
        Schema.Literals(["offered", "required", "never"]).annotate({
          description: "Whether requests are pushed (RFC 9126): where there is an endpoint, always, or never.",
          default: "offered"
        })
      ),
      privateScheme: optional(
        Schema.Literals(["reversed-domain", "any"]).annotate({
          description: "What a redirect URI with a private-use scheme begins with: a domain name in reverse (RFC 8252, "
            + "section 7.1), or anything where the server hands the schemes out.",
          default: "reversed-domain"
        })
      ),
      offlineScope: optional(
        Schema.String.annotate({
          description: "The scope that asks for a refresh token. A login that asked for it and got none says so.",
          default: "offline_access"
        })
      ),
      responseType: optional(
        Schema.NonEmptyString.annotate({ description: "The value of response_type.", default: "code" })
      ),
      names: names("The server's names of parameters, by the RFC's.", { client_id: "client_key" }),
      scopeEncoding: literals(
        "How a scope is written in the address: percent-encoded, or with + , : and / as they are.",
        ["percent", "raw"]
      )
    }).annotate({ description: "The authorization request (RFC 6749, section 4.1.1)." })
  ),
  authorizationResponse: optional(
    Schema.Struct({
      names: names("The server's names of parameters, by the RFC's.", { code: "auth_code" }),
      keep: optional(
        Schema.Array(Schema.NonEmptyString).annotate({
          description: "Other parameters to keep with the grant. They must not be secret.",
          default: [],
          examples: [["realmId"]]
        })
      )
    }).annotate({ description: "What the browser brings back (RFC 6749, section 4.1.2)." })
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
      scopeSeparator: separator("What separates scope tokens in the exchange of a code."),
      then: optional(
        Schema.Struct({
          grantType: Schema.NonEmptyString.annotate({ description: "The grant type of the second exchange." }),
          parameter: Schema.NonEmptyString.annotate({ description: "The parameter that carries the access token." }),
          parameters: parameters("Parameters that every second exchange carries.")
        }).annotate({
          description: "A second exchange, of the access token that the first one gave for the one to keep.",
          examples: [{ grantType: "ig_exchange_token", parameter: "access_token" }]
        })
      ),
      parts: names("Where the answer holds tokens of other parts of the account, by the name of the part.", {
        user: "authed_user"
      })
    }).annotate({ description: "The exchange of the code (RFC 6749, section 4.1.3)." })
  ),
  refreshToken: optional(
    Schema.Struct({
      parameters: parameters("Parameters that every renewal carries."),
      scope: scope("The scope that a renewal sends: what was asked for at login, what was granted, or none.", [
        "asked",
        "granted"
      ]),
      scopeSeparator: separator("What separates scope tokens in a renewal."),
      presents: literals(
        "What a renewal presents: the refresh token, or, where there is none, the access token while it lives.",
        ["refresh_token", "access_token"]
      ),
      grantType: optional(
        Schema.NonEmptyString.annotate({ description: "The grant type of a renewal.", default: "refresh_token" })
      )
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
      apiOrigins: optional(
        Schema.Array(Schema.NonEmptyString).annotate({
          description:
            "Other members of the answer that name an origin of the API, which is this grant's own; kept too.",
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
  requests: optional(Requests),
  answers: optional(Answers),
  revocation: optional(
    Schema.Literals(["grant", "token"]).annotate({
      description: "What revoking a refresh token ends: the whole grant, or that token only (RFC 7009, section 2.1).",
      default: "grant"
    })
  )
}).annotate({ description: "How the server deviates from the RFCs." })

/**
 * A dialect's deviations, leg by leg.
 *
 * @category models
 * @since 0.1.0
 */
export type DescribedDialect = typeof DescribedDialect.Type

/**
 * How a server deviates from the RFCs, as data: every deviation is a named field
 * of one schema, and what is left out is as the RFCs say (RFC 6749 above all).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Answers } from "./DescribedAnswers.ts"
import { Requests } from "./DescribedRequests.ts"
import { address, duration, literals, names, optional, parameters, scope, separator } from "./internal/fields.ts"

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
      signed: optional(
        Schema.Literals(["offered", "required"]).annotate({
          description: "Whether requests may be signed (RFC 9101), or must be.",
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
      redirectName: optional(
        Schema.NonEmptyString.annotate({
          description: "What is sent as redirect_uri where the server wants a name that it gave to the address; places "
            + "are filled. The answer is awaited at the address that a login names, and at no other.",
          examples: ["{ruName}"]
        })
      ),
      fragment: optional(
        Schema.Literals(["refused", "read"]).annotate({
          description:
            "Whether the address of the endpoint may hold a fragment: that of a page which reads the request "
            + "behind its #.",
          default: "refused"
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
      responseMode: optional(
        Schema.Literals(["plain", "query", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]).annotate({
          description: "How the answer comes back, where the server is to be told (response_mode): in the address, as "
            + "a form that the browser posts, or as one token that the server signs (JARM).",
          default: "plain"
        })
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
          endpoint: address("Where it takes place, where that is not the token endpoint. Places are filled."),
          grantType: Schema.NonEmptyString.annotate({
            description:
              "The grant type of the second exchange. Where the server takes none, requests.then.omit says so."
          }),
          parameter: Schema.NonEmptyString.annotate({ description: "The parameter that carries the access token." }),
          parameters: parameters("Parameters that every second exchange carries."),
          repeated: literals("Whether a renewal is followed by it too.", ["never", "at-renewals"])
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
        Schema.Literals(["expired", "unknown", "never"]).annotate({
          description: "What expires_in: 0 means: a token that has expired, one whose lifetime is not told, or one "
            + "that does not expire.",
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
      scopePolicy: optional(
        Schema.Literals(["any", "exact", "subset", "superset"]).annotate({
          description: "What a login may be granted, by what was asked for: anything, the same, nothing else, or that "
            + "and more. A login that is granted otherwise is refused, and its tokens are revoked.",
          default: "any"
        })
      ),
      refreshTokenLifetime: optional(duration("The lifetime of a refresh token where the answer does not tell.")),
      refreshTokenExpiresIn: optional(
        Schema.NonEmptyString.annotate({
          description: "The member of the answer that tells a refresh token's lifetime in seconds.",
          examples: ["refresh_token_expires_in"]
        })
      ),
      refreshIn: optional(
        Schema.NonEmptyString.annotate({
          description:
            "The member of the answer that tells in how many seconds the server wants the access token renewed, ahead of "
            + "its end. Advice that is no number is passed over.",
          examples: ["refresh_in"]
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
  dpopNonce: optional(
    Schema.Literals(["asked", "fetched"]).annotate({
      description: "Where the first nonce for DPoP comes from (RFC 9449, section 8): the server asks for one, or it is "
        + "fetched first, since the server spends a code or refresh token before it looks at the proof.",
      default: "asked"
    })
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

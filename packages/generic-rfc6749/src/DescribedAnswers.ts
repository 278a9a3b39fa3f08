/**
 * How a server's answers are shaped where that is not as RFC 6749, section 5,
 * has it, as data.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { literals, names, optional, path, pattern } from "./internal/fields.ts"

const name = Schema.NonEmptyString.annotate({ description: "The member, as a path." })

const instant = (description: string, example: string) =>
  optional(
    Schema.Struct({
      name,
      form: Schema.Literals(["seconds", "milliseconds", "iso"]).annotate({
        description: "How it is written: seconds or milliseconds since 1970, or an ISO 8601 text."
      })
    }).annotate({ description, examples: [{ name: example, form: "seconds" }] })
  )

const lifetimes = ["seconds", "milliseconds", "minutes", "hours", "days", "D:HH:MM:SS", "D:HH:MM", "HH:MM:SS"] as const

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
      equals: Schema.Array(Schema.Json).annotate({ description: "The values that mean success.", examples: [[true]] })
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
    "How the lifetime in expires_in is written; or where else it is: in the token, which is a JWT (its exp), or in "
      + "what the introspection endpoint says of it.",
    [...lifetimes, "jwt", "introspection"]
  ),
  expiresAt: instant("The member that tells when the access token expires, in place of expires_in.", "expires_at"),
  refreshTokenExpiresIn: optional(
    Schema.Struct({
      name,
      form: Schema.Literals(lifetimes).annotate({ description: "How it is written." })
    }).annotate({
      description: "The member that tells a refresh token's lifetime, where that is not a number of seconds.",
      examples: [{ name: "refreshExpiresIn", form: "minutes" }]
    })
  ),
  refreshTokenExpiresAt: instant(
    "The member that tells when the refresh token expires.",
    "refresh_token_expires_at"
  ),
  tokenTypes: names("What the server's token types mean.", { bot: "Bearer" }),
  scope: literals("How the granted scope is written; ignored, it counts as the scope that was asked for.", [
    "text",
    "array",
    "ignored"
  ]),
  error: path("Where the error code is.", "errors.0.errorType"),
  errorDescription: path("Where the error's description is.", "message"),
  errorCodes: names("The RFC's error codes, by the server's.", { bad_refresh_token: "invalid_grant" }),
  errorStatuses: optional(
    Schema.Array(Schema.Int).annotate({
      description: "Statuses of 500 and above with which an error code is nevertheless the server's word. Any other "
        + "such answer leaves open what the server did.",
      default: [],
      examples: [[500]]
    })
  ),
  errorsByStatus: names("The RFC's error codes that answers without one stand for, by their statuses.", {
    401: "invalid_grant"
  }),
  originPatterns: optional(
    Schema.Record(
      Schema.String,
      pattern("A regular expression for the whole origin.", "https://api[0-9]*\\.example\\.com")
    ).annotate({
      description: "What the origins in the members of response.apiOrigins look like: regular expressions for the "
        + "whole origin. A member with another origin is not kept.",
      default: {},
      examples: [{ instance_url: "https://[a-z0-9-]+\\.my\\.salesforce\\.com" }]
    })
  ),
  device: names("Where each member of a device authorization answer is.", { verification_uri: "verification_url" })
}).annotate({ description: "How the answers of the server's endpoints are shaped (RFC 6749, section 5)." })

/**
 * How answers are shaped.
 *
 * @category models
 * @since 0.1.0
 */
export type Answers = typeof Answers.Type

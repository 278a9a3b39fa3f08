/**
 * How requests to a server's endpoints are written where that is not a POST of a
 * form with the RFCs' names (RFC 6749, section 3.2), as data.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { literals, names, optional, parameters } from "./internal/fields.ts"

/**
 * Schema of how requests to an endpoint are written: by RFC 6749, section 3.2, a
 * POST of a form.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Writing = Schema.Struct({
  method: literals("The method of the request. A GET carries its parameters in the query.", [
    "POST",
    "GET",
    "DELETE"
  ]),
  encoding: literals(
    "Where the parameters are: in a form, in a JSON object, in one whose members are objects where names are paths "
      + "joined by dots, or in the query.",
    ["form", "json", "json-by-path", "query"]
  ),
  headers: parameters(
    "Headers that every such request carries. They must not be secret. Places are filled with variables."
  ),
  names: names("The server's names of parameters, by the RFC's.", { client_id: "client_key" }),
  omit: optional(
    Schema.Array(Schema.NonEmptyString).annotate({
      description: "Parameters of the RFC, by the RFC's names, that are left out.",
      default: [],
      examples: [["grant_type"]]
    })
  ),
  parameters: parameters(
    "Parameters that every such request carries. They must not be secret. Places like {shop} are filled with variables."
  ),
  credentials: literals(
    "Whether such a request carries what proves the client. It is left out where the address is no endpoint of the "
      + "authorization server.",
    ["sent", "omitted"]
  )
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
  all: optional(Writing.annotate({ description: "Every request to an endpoint; what is said of one goes before it." })),
  token: optional(Writing.annotate({ description: "Every request to the token endpoint." })),
  authorizationCode: optional(Writing.annotate({ description: "The exchange of the code." })),
  then: optional(Writing.annotate({ description: "The second exchange." })),
  refreshToken: optional(Writing.annotate({ description: "The renewal." })),
  clientCredentials: optional(Writing.annotate({ description: "The request for a token of the client's own." })),
  deviceCode: optional(Writing.annotate({ description: "The question whether a login on another device is over." })),
  revocation: optional(Writing.annotate({ description: "The revocation." })),
  introspection: optional(Writing.annotate({ description: "The introspection." })),
  deviceAuthorization: optional(Writing.annotate({ description: "The beginning of a login on another device." })),
  pushedAuthorizationRequest: optional(Writing.annotate({ description: "The authorization request that is pushed." })),
  backchannelAuthentication: optional(
    Writing.annotate({ description: "The request that a person is asked on a device of their own." })
  )
}).annotate({ description: "How requests to the server's endpoints are written (RFC 6749, section 3.2)." })

/**
 * How requests are written, by endpoint and grant.
 *
 * @category models
 * @since 0.1.0
 */
export type Requests = typeof Requests.Type

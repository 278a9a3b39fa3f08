/**
 * What a client says of itself when it registers, and what the server makes of
 * it (RFC 7591, section 2; OpenID Connect Dynamic Client Registration 1.0,
 * section 2; and what RFC 8705, RFC 9101, RFC 9126, RFC 9396, RFC 9449 and JARM
 * add).
 *
 * It is long because the specifications give a client so many members, and
 * types tell which of them go together.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Json, JsonObject } from "effect/Schema"
import * as Schema from "effect/Schema"
import * as Problem from "./internal/clientMetadataProblem.ts"
import { canonical, member } from "./internal/json.ts"
import type * as OAuthError from "./OAuthError.ts"

const text = Schema.optionalKey(Schema.String)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const flag = Schema.optionalKey(Schema.Boolean)

/**
 * Schema of a client's metadata. The names are those of the specifications, in
 * camel case: `redirect_uris` is `redirectUris`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ClientMetadata = Schema.Struct({
  redirectUris: texts,
  /** How the client authenticates at the token endpoint; `client_secret_basic` where it is not said. */
  tokenEndpointAuthMethod: text,
  tokenEndpointAuthSigningAlg: text,
  /** The values of `grant_type` that it uses; `authorization_code` where it is not said. */
  grantTypes: texts,
  /** The values of `response_type` that it uses; `code` where it is not said. */
  responseTypes: texts,
  clientName: text,
  clientUri: text,
  logoUri: text,
  /** Scopes, separated by spaces. */
  scope: text,
  contacts: texts,
  tosUri: text,
  policyUri: text,
  jwksUri: text,
  /** A JSON Web Key Set of public keys. */
  jwks: Schema.optionalKey(Schema.JsonObject),
  /** Stays the same over versions and instances. */
  softwareId: text,
  /** Another with each release. */
  softwareVersion: text,
  applicationType: text,
  sectorIdentifierUri: text,
  subjectType: text,
  idTokenSignedResponseAlg: text,
  idTokenEncryptedResponseAlg: text,
  idTokenEncryptedResponseEnc: text,
  userinfoSignedResponseAlg: text,
  userinfoEncryptedResponseAlg: text,
  userinfoEncryptedResponseEnc: text,
  requestObjectSigningAlg: text,
  requestObjectEncryptionAlg: text,
  requestObjectEncryptionEnc: text,
  authorizationSignedResponseAlg: text,
  authorizationEncryptedResponseAlg: text,
  authorizationEncryptedResponseEnc: text,
  defaultMaxAge: Schema.optionalKey(Schema.Finite),
  requireAuthTime: flag,
  defaultAcrValues: texts,
  initiateLoginUri: text,
  requestUris: texts,
  postLogoutRedirectUris: texts,
  frontchannelLogoutUri: text,
  frontchannelLogoutSessionRequired: flag,
  backchannelLogoutUri: text,
  backchannelLogoutSessionRequired: flag,
  requirePushedAuthorizationRequests: flag,
  requireSignedRequestObject: flag,
  dpopBoundAccessTokens: flag,
  authorizationDetailsTypes: texts,
  tlsClientCertificateBoundAccessTokens: flag,
  /** Members that are not known here, texts in languages (`client_name#ja`) among them, as they stand. */
  others: Schema.optionalKey(Schema.JsonObject)
})

/**
 * A client's metadata.
 *
 * @category models
 * @since 0.1.0
 */
export type ClientMetadata = typeof ClientMetadata.Type

/**
 * The grant types that RFC 7591, section 2, names, and others by their URIs.
 * They are the values of `grant_type` at the token endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type GrantType =
  | RedirectingGrantType
  | "refresh_token"
  | "client_credentials"
  | "password"
  | `urn:${string}`
  | `https://${string}`

/**
 * The grant types for which a browser is sent to the server and back.
 *
 * @category models
 * @since 0.1.0
 */
export type RedirectingGrantType = "authorization_code" | "implicit"

/**
 * The values of `response_type` at the authorization endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type ResponseType =
  | "code"
  | "token"
  | "id_token"
  | "code id_token"
  | "code token"
  | "id_token token"
  | "code id_token token"
  | "none"

/**
 * Where a browser comes back to: named by every client that sends one away.
 *
 * @category models
 * @since 0.1.0
 */
export type Redirects =
  | {
    readonly redirectUris: readonly [string, ...ReadonlyArray<string>]
    readonly grantTypes?: ReadonlyArray<GrantType> | undefined
  }
  | {
    readonly redirectUris?: undefined
    readonly grantTypes: ReadonlyArray<Exclude<GrantType, RedirectingGrantType>>
  }

/**
 * The client's public keys: by value or by address, and not both.
 *
 * @category models
 * @since 0.1.0
 */
export type Keys =
  | { readonly jwks?: JsonObject | undefined; readonly jwksUri?: undefined }
  | { readonly jwks?: undefined; readonly jwksUri: string }

/**
 * What people are shown. A client should have a name and a home page (RFC 7591,
 * section 2).
 *
 * @category models
 * @since 0.1.0
 */
export interface Named {
  readonly clientName?: string | undefined
  readonly clientUri?: string | undefined
  readonly responseTypes?: ReadonlyArray<ResponseType> | undefined
}

/**
 * The members of a request that depend on no others.
 *
 * @category models
 * @since 0.1.0
 */
export type Others = Partial<
  Omit<ClientMetadata, "redirectUris" | "grantTypes" | "responseTypes" | "jwks" | "jwksUri" | keyof Named>
>

/**
 * A member that the server registered otherwise than it was asked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Difference {
  /** By the name of its member here. */
  readonly field: string
  readonly asked: Json
  /** `null` where the server registered none. */
  readonly registered: Json
}

/**
 * What a client asks to be registered with.
 *
 * @category options
 * @since 0.1.0
 */
export type Requested = Redirects & Keys & Named & Others

/**
 * The metadata of an answer. What is `null` counts as absent; what is not known
 * is among the `others`, but for what is no metadata: `client_id`, the secret and
 * their like. Fails with the name of a member of the wrong type.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromJson = (object: JsonObject): Result.Result<ClientMetadata, string> => {
  const known: Record<string, Json> = {}
  const others: Record<string, Json> = {}
  for (const name of Object.keys(object)) {
    const value = member(object, name)
    if (value === undefined || issued.has(name)) continue
    const field = names.get(name)
    if (field === undefined) others[name] = value
    else known[field] = value
  }
  for (const [field, value] of Object.entries(known)) {
    if (Result.isFailure(decode({ [field]: value }))) return Result.fail(wire(field))
  }
  return Result.map(
    Result.mapError(decode(known), () => ""),
    (metadata) => Object.keys(others).length === 0 ? metadata : { ...metadata, others }
  )
}

/**
 * The metadata as a request writes it. Where no grant needs a browser and no
 * response type is named, it says that there is none: left out, it would be
 * `code`.
 *
 * @category getters
 * @since 0.1.0
 */
export const toJson = (self: Requested | ClientMetadata): Readonly<Record<string, Json>> => {
  const { others = {}, ...known } = self
  const members = Object.entries(known).flatMap(([name, value]): ReadonlyArray<readonly [string, Json]> =>
    value === undefined ? [] : [[wire(name), value]]
  )
  const browserless = self.grantTypes !== undefined && self.responseTypes === undefined &&
    !self.grantTypes.some(Problem.redirects)
  return { ...others, ...(browserless ? { response_types: [] } : {}), ...Object.fromEntries(members) }
}

/**
 * The metadata with the defaults of RFC 7591, section 2, for what is left out.
 *
 * @category getters
 * @since 0.1.0
 */
export const withDefaults = (self: ClientMetadata): ClientMetadata & {
  readonly tokenEndpointAuthMethod: string
  readonly grantTypes: ReadonlyArray<string>
  readonly responseTypes: ReadonlyArray<string>
} => ({
  ...self,
  tokenEndpointAuthMethod: self.tokenEndpointAuthMethod ?? "client_secret_basic",
  grantTypes: self.grantTypes ?? ["authorization_code"],
  responseTypes: self.responseTypes ?? ["code"]
})

/**
 * What the server registered otherwise than it was asked for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const differences = (
  asked: Requested | ClientMetadata,
  registered: ClientMetadata
): ReadonlyArray<Difference> => {
  const got: Readonly<Record<string, Json | undefined>> = { ...withDefaults(registered), others: {} }
  const flat: Readonly<Record<string, Json | undefined>> = { ...asked, others: {} }
  const compare = (
    theirs: Readonly<Record<string, Json | undefined>>,
    ours: Readonly<Record<string, Json | undefined>>
  ): ReadonlyArray<Difference> =>
    Object.entries(ours).flatMap(([field, asked]) => {
      const registered = theirs[field] ?? null
      return asked === undefined || canonical(sorted(asked)) === canonical(sorted(registered))
        ? []
        : [{ field, asked, registered }]
    })
  return [...compare(got, flat), ...compare(registered.others ?? {}, asked.others ?? {})]
}

/**
 * What is wrong with metadata, if anything is.
 *
 * @category predicates
 * @since 0.1.0
 */
export const problem = (self: Requested | ClientMetadata): OAuthError.ConfigurationInvalid | undefined =>
  Problem.of(self, (name) => names.has(name) || issued.has(name))

/**
 * What would be better, in words: a name and a home page for the people who
 * decide (RFC 7591, section 2), and of a text in languages one without (section
 * 2.2).
 *
 * @category getters
 * @since 0.1.0
 */
export const advice = (self: Requested | ClientMetadata): ReadonlyArray<string> => {
  const tagged = [
    ...new Set(Object.keys(self.others ?? {}).flatMap((name) => name.includes("#") ? [name.replace(/#.*/, "")] : []))
  ]
  const json = toJson(self)
  return [
    ...(self.clientName === undefined
      ? ["clientName is missing; people are shown the client's identifier instead"]
      : []),
    ...(self.clientUri === undefined ? ["clientUri is missing; people have no page to read about the client"] : []),
    ...tagged.filter((name) => name !== "client_name" && json[name] === undefined)
      .map((name) => `${name} is given in languages only; give one without`)
  ]
}

const wire = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const names: ReadonlyMap<string, string> = new Map(
  Object.keys(ClientMetadata.fields).filter((field) => field !== "others").map((field) => [wire(field), field])
)

// what an answer has beside metadata (RFC 7591, section 3.2.1; RFC 7592, section 3)
const issued: ReadonlySet<string> = new Set([
  "client_id",
  "client_secret",
  "client_id_issued_at",
  "client_secret_expires_at",
  "registration_access_token",
  "registration_client_uri"
])

const decode = Schema.decodeUnknownResult(ClientMetadata)

// of the lists here none has an order that matters
const sorted = (json: Json): Json =>
  Array.isArray(json) ? json.toSorted((a, b) => canonical(a) < canonical(b) ? -1 : 1) : json

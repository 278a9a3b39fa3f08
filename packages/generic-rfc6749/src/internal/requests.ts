/**
 * A dialect's requests: what a description says of how they are written, as the hook on a request.
 */
import type { Encode, EndpointRequest, OnRequest } from "@effect-oauth/core/EndpointRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type { Parameter } from "@effect-oauth/core/TokenRequest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Json, JsonObject } from "effect/Schema"
import type { DescribedDialect } from "../DescribedDialect.ts"
import type { Requests, Writing } from "../DescribedRequests.ts"
import * as Template from "./template.ts"

/** What is written of a request. */
export interface Options {
  readonly dialect: DescribedDialect
  /** The addresses whose places are filled from what the grant keeps, by the endpoint's field. */
  readonly templates: Readonly<Record<string, string>>
  readonly variables: Template.Variables
  /** The values that are known already, by the variables' names. */
  readonly values: Readonly<Record<string, string>>
  /** Whether renewals have an endpoint of their own. */
  readonly renewsElsewhere: boolean
}

/** The hook, where the description says anything. */
export const make = (options: Options): OnRequest | undefined => {
  const { dialect, templates } = options
  return dialect.requests === undefined && dialect.refreshToken?.grantType === undefined &&
      dialect.authorizationCode?.then === undefined && Object.keys(templates).length === 0
    ? undefined
    : (request) => Effect.fromResult(Result.map(placed(request, options), (place) => written(place, options.dialect)))
}

/** A request where its address is known, and what fills the places of what it carries. */
interface Placed {
  readonly request: EndpointRequest
  readonly values: Readonly<Record<string, string>>
}

const written = ({ request, values }: Placed, dialect: DescribedDialect): EndpointRequest => {
  const { credentials, encoding, headers, method, names, omit, parameters } = writingOf(request, dialect)
  const grantType = request.grantType === "refresh_token" ? dialect.refreshToken?.grantType : undefined
  const left = new Set([...omit ?? [], ...(credentials === "omitted" ? proofs : [])])
  const all = request.parameters
    .map(([name, value]): Parameter => [name, name === "grant_type" ? grantType ?? value : value])
    .filter(([name]) => !left.has(name))
    .map(([name, value]): Parameter => [names?.[name] ?? name, value])
  const { authorization, ...others } = request.headers
  return {
    ...request,
    method: method ?? request.method,
    encoding: method === "GET" ? "query" : encoding === "json-by-path" ? nested : encoding ?? request.encoding,
    headers: {
      ...others,
      ...(authorization === undefined || credentials === "omitted" ? {} : { authorization }),
      ...filled(headers, values)
    },
    parameters: [...all, ...Object.entries(filled(parameters, values))]
  }
}

// a JSON object, and objects in it where names are paths
const nested: Encode = (parameters) => ({
  contentType: "application/json",
  body: JSON.stringify(objectOf([...parameters].map(([name, value]) => [name.split("."), value])))
})

type Pairs = ReadonlyArray<readonly [path: ReadonlyArray<string>, value: string]>

const objectOf = (pairs: Pairs): JsonObject =>
  Object.fromEntries(
    [...new Set(pairs.map(([[head = ""]]) => head))].map((head): [string, Json] => {
      const own = pairs.filter(([path]) => path[0] === head)
      const inside = own.flatMap(([[, ...path], value]) => path.length === 0 ? [] : [[path, value] as const])
      if (inside.length > 0) return [head, objectOf(inside)]
      const values = own.map(([, value]) => value)
      return [head, values.length === 1 ? values.join() : values]
    })
  )

const proofs = ["client_id", "client_secret", "client_assertion", "client_assertion_type"]

/** What is said of a request: of all, then of its endpoint, then of its grant. */
const writingOf = (
  { endpoint, grantType }: EndpointRequest,
  { authorizationCode, requests = {} }: DescribedDialect
): Writing => {
  const leg = grantType === authorizationCode?.then?.grantType ? "then" : legs.get(grantType ?? "")
  const [all = {}, common = {}, own = {}] = [
    requests.all,
    requests[endpoints[endpoint]],
    leg === undefined ? undefined : requests[leg]
  ]
  return {
    ...all,
    ...common,
    ...own,
    headers: { ...lowerCased(all.headers), ...lowerCased(common.headers), ...lowerCased(own.headers) },
    names: { ...all.names, ...common.names, ...own.names },
    omit: [...all.omit ?? [], ...common.omit ?? [], ...own.omit ?? []],
    parameters: { ...all.parameters, ...common.parameters, ...own.parameters }
  }
}

const endpoints = {
  token: "token",
  revocation: "revocation",
  introspection: "introspection",
  "device-authorization": "deviceAuthorization",
  "pushed-authorization-request": "pushedAuthorizationRequest",
  "backchannel-authentication": "backchannelAuthentication"
} as const satisfies { readonly [E in EndpointRequest["endpoint"]]: keyof Requests }

const legs: ReadonlyMap<string, keyof Requests> = new Map([
  ["authorization_code", "authorizationCode"],
  ["refresh_token", "refreshToken"],
  ["client_credentials", "clientCredentials"],
  ["urn:ietf:params:oauth:grant-type:device_code", "deviceCode"]
])

// A place that the grant has a value for is filled anew for each grant; its value came from outside.
const placed = (
  request: EndpointRequest,
  options: Options
): Result.Result<Placed, OAuthError.ConfigurationInvalid> =>
  Result.gen(function*() {
    const template = templateOf(request, options)
    const needed = new Set(template === undefined ? [] : Template.places(template))
    const values: Record<string, string> = {}
    for (const [name, variable] of Object.entries(options.variables)) {
      const value = variable.from === "grant" ? request.kept[name] ?? variable.default : options.values[name]
      if (Template.accepts(variable, value)) values[name] = value
      else if (needed.has(name)) {
        return yield* Result.fail(
          new OAuthError.ConfigurationInvalid({
            field: `variables.${name}`,
            problem: value === undefined
              ? "is not known of this grant"
              : "has a value that the description does not allow"
          })
        )
      }
    }
    return { request: template === undefined ? request : { ...request, url: Template.fill(template, values) }, values }
  })

const templateOf = (
  { endpoint, grantType }: EndpointRequest,
  { dialect, renewsElsewhere, templates }: Options
): string | undefined => {
  const then = dialect.authorizationCode?.then
  if (then?.endpoint !== undefined && grantType === then.grantType) return then.endpoint
  const field = grantType === "refresh_token" && renewsElsewhere ? "refreshEndpoint" : fields[endpoint]
  return templates[field]
}

const fields = {
  token: "tokenEndpoint",
  revocation: "revocationEndpoint",
  introspection: "introspectionEndpoint",
  "device-authorization": "deviceAuthorizationEndpoint",
  "pushed-authorization-request": "pushedAuthorizationRequestEndpoint",
  "backchannel-authentication": "backchannelAuthenticationEndpoint"
} as const satisfies { readonly [E in EndpointRequest["endpoint"]]: string }

const filled = (
  texts: Readonly<Record<string, string>> = {},
  values: Readonly<Record<string, string>>
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Template.fill(text, values)]))

const lowerCased = (headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/**
 * A dialect's requests: what a description says of how they are written, as the hook on a request.
 */
import type { EndpointRequest, OnRequest } from "@effect-oauth/core/EndpointRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type { Parameter } from "@effect-oauth/core/TokenRequest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DescribedDialect, Requests, Writing } from "../DescribedDialect.ts"
import * as Template from "./template.ts"

/** What is written of a request. */
export interface Options {
  readonly dialect: DescribedDialect
  /** The addresses whose places are filled from what the grant keeps, by the endpoint's name. */
  readonly templates: Readonly<Record<string, string>>
  readonly variables: Template.Variables
  /** Whether renewals have an endpoint of their own. */
  readonly renewsElsewhere: boolean
}

/** The hook, where the description says anything. */
export const make = (options: Options): OnRequest | undefined => {
  const { dialect, templates } = options
  return dialect.requests === undefined && dialect.refreshToken?.grantType === undefined &&
      dialect.authorizationCode?.then === undefined && Object.keys(templates).length === 0
    ? undefined
    : (request) =>
      Effect.fromResult(Result.map(addressOf(request, options), (url) => written({ ...request, url }, options)))
}

const written = (request: EndpointRequest, { dialect }: Options): EndpointRequest => {
  const { encoding, headers, method, names, omit, parameters } = writingOf(request, dialect)
  const grantType = request.grantType === "refresh_token" ? dialect.refreshToken?.grantType : undefined
  const all = request.parameters
    .map(([name, value]): Parameter => [name, name === "grant_type" ? grantType ?? value : value])
    .filter(([name]) => !omit?.includes(name))
    .map(([name, value]): Parameter => [names?.[name] ?? name, value])
  return {
    ...request,
    method: method ?? request.method,
    encoding: method === "GET" ? "query" : encoding ?? request.encoding,
    headers: { ...request.headers, ...lowerCased(headers) },
    parameters: [...all, ...Object.entries(parameters ?? {})]
  }
}

const writingOf = (
  { endpoint, grantType }: EndpointRequest,
  { authorizationCode, requests }: DescribedDialect
): Writing => {
  if (endpoint === "revocation" || endpoint === "introspection") return requests?.[endpoint] ?? {}
  if (endpoint === "device-authorization") return requests?.deviceAuthorization ?? {}
  if (endpoint !== "token") return {}
  const leg = legs.get(grantType ?? "") ?? (grantType === authorizationCode?.then?.grantType ? "then" : undefined)
  const [common, own] = [requests?.token ?? {}, leg === undefined ? {} : requests?.[leg] ?? {}]
  return {
    ...common,
    ...own,
    headers: { ...common.headers, ...own.headers },
    names: { ...common.names, ...own.names },
    omit: [...common.omit ?? [], ...own.omit ?? []],
    parameters: { ...common.parameters, ...own.parameters }
  }
}

const legs: ReadonlyMap<string, keyof Requests> = new Map([
  ["authorization_code", "authorizationCode"],
  ["refresh_token", "refreshToken"],
  ["client_credentials", "clientCredentials"]
])

// A place that the grant has a value for is filled anew for each grant; its value came from outside.
const addressOf = (
  request: EndpointRequest,
  { renewsElsewhere, templates, variables }: Options
): Result.Result<string, OAuthError.ConfigurationInvalid> => {
  const field = request.grantType === "refresh_token" && renewsElsewhere
    ? "refreshEndpoint"
    : fields[request.endpoint]
  const template = field === undefined ? undefined : templates[field]
  if (template === undefined) return Result.succeed(request.url)
  const values: Record<string, string> = {}
  for (const name of Template.places(template)) {
    const variable = variables[name] ?? {}
    const value = request.kept[name] ?? variable.default
    if (!Template.accepts(variable, value)) {
      return Result.fail(
        new OAuthError.ConfigurationInvalid({
          field: `variables.${name}`,
          problem: value === undefined
            ? "is not known of this grant"
            : "has a value that the description does not allow"
        })
      )
    }
    values[name] = value
  }
  return Result.succeed(Template.fill(template, values))
}

const fields: { readonly [E in EndpointRequest["endpoint"]]?: string } = {
  token: "tokenEndpoint",
  revocation: "revocationEndpoint",
  introspection: "introspectionEndpoint",
  "device-authorization": "deviceAuthorizationEndpoint"
}

const lowerCased = (headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

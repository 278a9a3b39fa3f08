/**
 * What is wrong with the options of an authorization request, if anything is: found before anything is sent.
 */
import * as Result from "effect/Result"
import type { Options } from "../AuthorizationRequest.ts"
import { ConfigurationInvalid } from "../OAuthError.ts"
import * as Scopes from "../Scopes.ts"
import { isPrivate, problemOfRedirectUri, problemOfResource } from "./url.ts"

/** The endpoint of a request, where nothing is wrong with the options. */
export const endpointOf = (options: Options): Result.Result<string, ConfigurationInvalid> => {
  const { clientId, endpoint, rules, scopes } = options
  if (endpoint === undefined) return invalid("authorizationEndpoint", "is missing; this server has no browser login")
  if (!URL.canParse(endpoint)) return invalid("authorizationEndpoint", "is not an absolute URL")
  if (endpoint.includes("#") && rules.fragment === "refused") {
    return invalid("authorizationEndpoint", "must not contain a fragment")
  }
  if (!isPrivate(new URL(endpoint))) return invalid("authorizationEndpoint", "must begin with https://")
  if (clientId === "") return invalid("clientId", "is empty")
  if (rules.responseType.split(" ").some((type) => type === "token" || type === "id_token")) {
    return invalid("responseType", "asks for tokens in the browser's address, which is not offered; ask for a code")
  }
  if (rules.issuer === "required" && options.issuer === undefined) {
    return invalid("issuer", "is missing, though the answer must name it")
  }
  const unusable = scopes.find((scope) => !Scopes.isScopeToken(scope))
  if (unusable !== undefined) {
    return invalid("scopes", "holds a scope that is not printable ASCII without space, \" and \\")
  }
  const redirectUriProblem = problemOfRedirectUri(options.redirectUri, rules.privateScheme)
  if (redirectUriProblem !== undefined) return invalid("redirectUri", redirectUriProblem)
  for (const resource of options.resources ?? []) {
    const problem = problemOfResource(resource)
    if (problem !== undefined) return invalid("resources", problem)
  }
  const there = new URL(endpoint.replace("#", "")).searchParams
  for (const name of Object.keys({ ...rules.parameters, ...options.parameters })) {
    if (!parameterName.test(name)) {
      return invalid("parameters", "holds a name with other than letters, digits, -, . and _")
    }
    // a server without RFC 9101 may have a meaning of its own for it, which its dialect says and nobody else
    const isOwn = name === "request" && options.parameters?.[name] === undefined
    if (reserved.has(name) && !isOwn) return invalid("parameters", `must not name ${name}, which the protocol sends`)
    if (there.has(name)) return invalid("parameters", `must not name ${name}, which the endpoint's address holds`)
  }
  const clash = [...reserved].find((name) => there.has(name))
  return clash === undefined
    ? Result.succeed(endpoint)
    : invalid("authorizationEndpoint", `must not hold the parameter ${clash}, which the protocol sends`)
}

const parameterName = /^[A-Za-z0-9\-._]+$/

// what this module sends, and what would change how the rest is read (RFC 9101, RFC 9126, JARM)
const reserved: ReadonlySet<string> = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "dpop_jkt",
  "request",
  "request_uri",
  "resource",
  "authorization_details",
  "client_secret",
  "client_assertion"
])

const invalid = (field: string, problem: string): Result.Result<never, ConfigurationInvalid> =>
  Result.fail(new ConfigurationInvalid({ field, problem }))

/**
 * Requests to register a client, and about one that is registered (RFC 7591, section 3.1; RFC 7592, section 2).
 */
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as ClientMetadata from "../ClientMetadata.ts"
import type { Call, Changes } from "../ClientRegistration.ts"
import * as OAuthError from "../OAuthError.ts"

/** Writes a call; `endpoint` is where clients register. */
export const write = (
  call: Call,
  endpoint: string | undefined
): Result.Result<HttpClientRequest.HttpClientRequest, OAuthError.ConfigurationInvalid> => {
  const invalid = (field: string, problem: string) =>
    Result.fail(new OAuthError.ConfigurationInvalid({ field, problem }))
  if (call._tag === "Register") {
    const { initialAccessToken, softwareStatement } = call.options ?? {}
    if (endpoint === undefined) return invalid("registrationEndpoint", "is missing; this server has none")
    const problem = ClientMetadata.problem(call.metadata)
    if (problem !== undefined) return Result.fail(problem)
    return Result.map(bearer("initialAccessToken", initialAccessToken), (headers) =>
      HttpClientRequest.post(endpoint, {
        headers,
        body: body({
          ...ClientMetadata.toJson(call.metadata),
          ...(softwareStatement === undefined ? {} : { software_statement: Redacted.value(softwareStatement) })
        })
      }))
  }
  const { client } = call
  // it is never put together from parts (RFC 7592, appendix B)
  if (client.management === undefined) {
    return invalid("registration_client_uri", "was not given; this server does not let its clients manage themselves")
  }
  const { token, uri } = client.management
  return Result.flatMap(bearer("registrationAccessToken", token), (headers) => {
    if (call._tag === "Read") return Result.succeed(HttpClientRequest.get(uri, { headers }))
    if (call._tag === "Delete") return Result.succeed(HttpClientRequest.make("DELETE")(uri, { headers }))
    const metadata = changed(client.metadata, call.changes)
    const problem = ClientMetadata.problem(metadata)
    if (problem !== undefined) return Result.fail(problem)
    return Result.succeed(HttpClientRequest.put(uri, {
      headers,
      body: body({
        ...ClientMetadata.toJson(metadata),
        client_id: client.clientId,
        ...(client.clientSecret === undefined ? {} : { client_secret: Redacted.value(client.clientSecret) })
      })
    }))
  })
}

const changed = (
  metadata: ClientMetadata.ClientMetadata,
  changes: Changes
): ClientMetadata.ClientMetadata =>
  Object.fromEntries(Object.entries({ ...metadata, ...changes }).filter(([, value]) => value !== undefined))

const bearer = (
  field: string,
  token: Redacted.Redacted | undefined
): Result.Result<Readonly<Record<string, string>>, OAuthError.ConfigurationInvalid> => {
  const accept = { accept: "application/json" }
  if (token === undefined) return Result.succeed(accept)
  const value = Redacted.value(token)
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(value)
    ? Result.succeed({ ...accept, authorization: `Bearer ${value}` })
    : Result.fail(new OAuthError.ConfigurationInvalid({ field, problem: "is no bearer token (RFC 6750, section 2.1)" }))
}

const body = (object: JsonObject): HttpBody.HttpBody => HttpBody.text(JSON.stringify(object), "application/json")

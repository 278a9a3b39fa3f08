/**
 * How a client authenticates, by the names of the methods.
 */
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Description from "../Description.ts"
import type { ClientOptions } from "../GenericRfc6749.ts"

/** A client, and the issuer to whom it makes its statements. */
export interface Client extends ClientOptions {
  readonly issuer?: string | undefined
}

/** The client's authentication. */
export const authentication = (client: Client): ClientAuthentication.Made => {
  const { clientSecret, signer } = client
  const { token, ...others } = methods(client)
  const used = [token, ...Object.values(others)].filter((method) => method !== undefined)
  if (clientSecret !== undefined && !used.some((method) => isSecret(method))) {
    return invalid("clientSecret", `is given, though clientAuthentication is ${token}; remove one of the two`)
  }
  if (signer !== undefined && !used.some((method) => signs(method))) {
    return invalid("signer", `is given, though clientAuthentication is ${token}; remove one of the two`)
  }
  return ClientAuthentication.perEndpoint({
    token: make(token, client),
    ...Object.fromEntries(
      Object.entries(others).flatMap(([endpoint, method]) =>
        method === undefined ? [] : [[endpoint, make(method, client)]]
      )
    )
  })
}

/** The methods by endpoint. */
export const methods = (client: ClientOptions): Exclude<Description.ClientAuthentication, string> => {
  const method = client.clientAuthentication ?? (client.clientSecret === undefined ? "none" : "basic")
  return typeof method === "string" ? { token: method } : method
}

const make = (method: Description.Method, client: Client): ClientAuthentication.Made => {
  const { clientId, clientSecret } = client
  if (method === "none") return ClientAuthentication.none({ clientId })
  if (method === "privateKeyJwt" || method === "jwtSecret") return stated(method, client)
  return clientSecret === undefined
    ? invalid("clientSecret", `is missing, though clientAuthentication is ${method}`)
    : withSecret[method]({ clientId, clientSecret })
}

const withSecret = {
  basic: ClientAuthentication.basic,
  basicRaw: ClientAuthentication.basicRaw,
  secretAsUser: ClientAuthentication.secretAsUser,
  post: ClientAuthentication.post
}

const isSecret = (method: Description.Method): boolean => Object.hasOwn(withSecret, method)

const signs = (method: Description.Method): boolean => method !== "none" && !isSecret(method)

// a statement for every request, as an assertion (RFC 7523, section 2.2) or where a secret would be
const stated = (method: "privateKeyJwt" | "jwtSecret", client: Client): ClientAuthentication.Made => {
  const { clientAssertion = {}, clientId, issuer, signer } = client
  const audience = clientAssertion.audience ?? issuer
  const lifetime = clientAssertion.lifetime ?? Duration.minutes(1)
  if (signer === undefined) {
    return invalid("signer", `is missing, though clientAuthentication is ${method}; ClientAssertion.signer makes one`)
  }
  if (audience === undefined) {
    return invalid("clientAssertion.audience", "is missing, and so is the issuer; say to whom the statement is made")
  }
  if (Duration.isGreaterThan(lifetime, Duration.minutes(10))) {
    return invalid("clientAssertion.lifetime", "must be ten minutes at most")
  }
  const statement = {
    issuer: clientAssertion.issuer ?? clientId,
    subject: clientId,
    audience,
    algorithm: clientAssertion.algorithm,
    lifetime
  }
  const credentials = Effect.map(Effect.suspend(() => signer(statement)), ({ basis, value }) =>
    method === "jwtSecret"
      ? {
        method: "client_secret_post",
        headers: {},
        parameters: [["client_id", clientId], ["client_secret", value]],
        basis
      } satisfies ClientAuthentication.Credentials
      : {
        method: "private_key_jwt",
        headers: {},
        parameters: [
          ["client_id", clientId],
          ["client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
          ["client_assertion", value]
        ],
        basis
      } satisfies ClientAuthentication.Credentials)
  return ClientAuthentication.custom({ clientId, credentials: () => credentials })
}

const invalid = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make("GenericRfc6749", "layer", new OAuthError.ConfigurationInvalid({ field, problem })))

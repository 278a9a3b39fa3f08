/**
 * The accounts application of the legacy Frame.io, as its guides describe it.
 *
 * - A client with a secret authenticates by Basic, and only so.
 * - A client without one sends `client_id` in the body and no `Authorization`
 *   header, or is denied; it proves its key (PKCE, S256).
 * - `offline` gives the refresh token, and a refresh always names its scope.
 * - `state` has at least eight characters.
 *
 * Facts: https://developer.frame.io/docs/oauth-2-applications/oauth-2-code-authorization-flow
 * and https://developer.frame.io/docs/oauth-2-applications/refreshing-oauth-2-tokens
 */
import * as Effect from "effect/Effect"
import * as Dress from "../Dress.ts"
import * as Engine from "../Engine.ts"
import * as Message from "../Message.ts"
import { legacyScopes } from "../Registration.ts"

/** The path below which the accounts application stands. */
export const mount = "/oauth2"

/** Makes the dress. */
export const make = Effect.fnUntraced(function*(cloth: Dress.Cloth): Effect.fn.Return<Dress.Dress> {
  const clients = [cloth.registrations["legacy-confidential"], cloth.registrations["legacy-public"]]
  const engine = yield* Engine.make({
    origin: cloth.origin,
    mount,
    configuration: Dress.configuration(cloth, {
      name: "legacy",
      mount,
      clients,
      scopes: legacyScopes,
      offlineScope: "offline",
      routes: { authorization: "/auth", token: "/token" },
      features: {},
      claims: {}
    })
  })

  const authorization = Effect.fnUntraced(function*(exchange: Dress.Exchange) {
    const { parameters } = exchange
    const redirectUri = parameters.get("redirect_uri") ?? ""
    const client = yield* Effect.promise(() => engine.provider.Client.find(parameters.get("client_id") ?? ""))
    if (client?.redirectUriAllowed(redirectUri) !== true) return undefined
    const unknown = Dress.respaceScope(parameters, / +/).filter((token) => !legacyScopes.includes(token))
    if (unknown.length > 0) {
      return Dress.errorCallback(parameters, redirectUri, "invalid_scope", `unknown scope ${unknown.join(" ")}`)
    }
    if ((parameters.get("state") ?? "").length < 8) {
      return Dress.errorCallback(parameters, redirectUri, "invalid_state", "state must have at least 8 characters")
    }
    return undefined
  })

  const token = (exchange: Dress.Exchange): Message.Answer | undefined => {
    const { headers, parameters } = exchange
    const client = clients.find((client) => client.clientId === Dress.clientId(exchange))
    if (client?.clientSecret !== undefined && Message.basicCredentials(headers) === undefined) {
      return Message.oauthError(401, "invalid_client", "this client must authenticate with HTTP Basic")
    }
    if (parameters.get("grant_type") === "refresh_token" && (parameters.get("scope") ?? "") === "") {
      return Message.oauthError(400, "invalid_request", "scope is required to refresh")
    }
    return undefined
  }

  return {
    name: "legacy",
    mount,
    engine,
    endpoint: Dress.endpoints({ "/auth": "authorization", "/token": "token" }),
    request: (exchange) => {
      switch (exchange.endpoint) {
        case "authorization":
          return authorization(exchange)
        case "token":
          return Effect.sync(() => token(exchange))
        default:
          return Effect.undefined
      }
    },
    answer: (exchange, answer) =>
      exchange.endpoint !== "token" ? answer : Message.mapJson(answer, (body) =>
        "error" in body
          ? { ...body, error_hint: body.error_description ?? "", status_code: answer.status }
          : Dress.bearer(body)),
    callback: (parameters) => {
      parameters.delete("iss")
      const code = engine.store.read("AuthorizationCode", parameters.get("code") ?? "")
      if (code?.scope !== undefined) parameters.set("scope", code.scope)
    }
  }
})

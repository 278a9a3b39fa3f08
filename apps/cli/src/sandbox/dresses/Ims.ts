/**
 * Frame.io V4 logs in at Adobe IMS.
 *
 * - Scopes may be separated by commas.
 * - Parameters may stand in the query of a POST.
 * - A redirect URI that is not registered is replaced by the default one, and
 *   nothing is said about it.
 * - Without `offline_access` there is no refresh token.
 * - The token answer has no `scope`, and the subject beside the tokens.
 * - Revocation answers with an empty body.
 *
 * Facts: https://developer.adobe.com/developer-console/docs/guides/authentication/UserAuthentication/ims/
 */
import * as Effect from "effect/Effect"
import * as Dress from "../Dress.ts"
import * as Engine from "../Engine.ts"
import * as Message from "../Message.ts"
import type { Name } from "../Registration.ts"
import { v4Scopes, v4ServiceScopes } from "../Registration.ts"

/** The path below which IMS stands. */
export const mount = "/ims"

const names: ReadonlyArray<Name> = ["v4-web-app", "v4-single-page-app", "v4-native-app", "v4-server-to-server"]

const commaOrSpace = /[\s,]+/

/** Makes the dress. */
export const make = Effect.fnUntraced(function*(cloth: Dress.Cloth): Effect.fn.Return<Dress.Dress> {
  const clients = names.map((name) => cloth.registrations[name])
  const scopes = [...new Set([...v4Scopes, ...v4ServiceScopes])]
  const engine = yield* Engine.make({
    origin: cloth.origin,
    mount,
    configuration: Dress.configuration(cloth, {
      name: "ims",
      mount,
      clients,
      scopes,
      offlineScope: "offline_access",
      routes: {
        authorization: "/authorize/v2",
        token: "/token/v3",
        revocation: "/revoke",
        userinfo: "/userinfo/v2",
        jwks: "/keys"
      },
      features: {
        clientCredentials: { enabled: true },
        revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
        userinfo: { enabled: true }
      },
      claims: {
        openid: ["sub", "account_type"],
        profile: ["name", "given_name", "family_name", "address"],
        email: ["email", "email_verified"]
      }
    })
  })

  const authorization = (exchange: Dress.Exchange): Message.Answer | undefined => {
    const { parameters } = exchange
    const client = clients.find((client) => client.clientId === parameters.get("client_id"))
    const [defaultRedirectUri] = client?.redirectUris ?? []
    if (client === undefined || defaultRedirectUri === undefined) return undefined
    if (!client.redirectUris.includes(parameters.get("redirect_uri") ?? "")) {
      parameters.set("redirect_uri", defaultRedirectUri)
    }
    const scope = Dress.respaceScope(parameters, commaOrSpace)
    const unknown = scope.filter((token) => !client.scopes.includes(token))
    if (unknown.length > 0) {
      return Dress.errorCallback(
        parameters,
        parameters.get("redirect_uri") ?? defaultRedirectUri,
        "invalid_scope",
        `the client is not entitled to ${unknown.join(", ")}`
      )
    }
    // OpenID Connect grants offline access only to who asks for consent; IMS does not mind.
    if (scope.includes("offline_access")) {
      const prompts = new Set((parameters.get("prompt") ?? "").split(" ").filter((prompt) => prompt !== ""))
      if (!prompts.has("none")) parameters.set("prompt", [...prompts.add("consent")].join(" "))
    }
    return undefined
  }

  const token = (exchange: Dress.Exchange): Message.Answer | undefined => {
    const { parameters } = exchange
    const scope = Dress.respaceScope(parameters, commaOrSpace)
    switch (parameters.get("grant_type")) {
      case "authorization_code": {
        // IMS does not have the redirect URI repeated.
        const code = engine.store.read("AuthorizationCode", parameters.get("code") ?? "")
        if (code?.redirectUri !== undefined) parameters.set("redirect_uri", code.redirectUri)
        return undefined
      }
      case "client_credentials":
        return scope.length === 0 ? Message.oauthError(400, "invalid_scope", "scope is required") : undefined
      default:
        return undefined
    }
  }

  return {
    name: "ims",
    mount,
    engine,
    endpoint: Dress.endpoints({
      "/authorize/v2": "authorization",
      "/token/v3": "token",
      "/revoke": "revocation",
      "/userinfo/v2": "userinfo",
      "/keys": "metadata",
      "/.well-known/openid-configuration": "metadata"
    }),
    request: (exchange) =>
      Effect.sync(() => {
        if (exchange.endpoint === "authorization") return authorization(exchange)
        for (const [name, value] of exchange.query) {
          if (!exchange.parameters.has(name)) exchange.parameters.append(name, value)
        }
        return exchange.endpoint === "token" ? token(exchange) : undefined
      }),
    answer: (exchange, answer) => {
      switch (exchange.endpoint) {
        case "token":
          return Message.mapJson(answer, (body) => {
            const account = engine.store.read("AccessToken", String(body.access_token))?.accountId
            const scopeless = Dress.bearer(Message.without(body, "scope"))
            return account === undefined ? scopeless : { ...scopeless, sub: account }
          })
        case "metadata":
          return Message.mapJson(
            answer,
            (body) => Message.without(body, "authorization_response_iss_parameter_supported")
          )
        default:
          return answer
      }
    },
    callback: (parameters) => parameters.delete("iss")
  }
})

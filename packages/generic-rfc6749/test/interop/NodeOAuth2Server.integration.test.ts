/** Against `@node-oauth/oauth2-server`, over sockets: a library, here with a store in memory. */
import {
  ClientCredentials,
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PasswordGrant,
  PendingAuthorizations,
  RotationPolicy,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import OAuth2Server from "@node-oauth/oauth2-server"
import { Context, Effect, Layer, Redacted } from "effect"
import type * as http from "node:http"
import { visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("@node-oauth/oauth2-server", () => {
  it.live("logs a person in by code and PKCE", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn

      assert.strictEqual((yield* service.token(key)).type, "Bearer")
    }).pipe(withClient("public")))

  it.live("gives nothing for a code without its verifier", () =>
    Effect.gen(function*() {
      const login = yield* Login.Login
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const begun = yield* login.begin(ada)
      const code = new URL((yield* visit(begun.url)).url).searchParams.get("code") ?? ""

      const judgement = yield* endpoint.exchange({
        grantType: "authorization_code",
        parameters: [["code", code], ["redirect_uri", ada.redirectUri], ["code_verifier", "a".repeat(43)]]
      })

      assert.strictEqual(judgement._tag === "Refused" && String(judgement.reason.code), "invalid_grant")
    }).pipe(withClient("public")))

  it.live("rotates refresh tokens, and ends the grant of one that is shown twice", () =>
    Effect.gen(function*() {
      const server = yield* Server
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn

      yield* service.refresh(key)
      yield* service.refresh(key)
      server.forget()
      const error = yield* Effect.flip(service.refresh(key))

      assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      assert.strictEqual(server.issued(), 3)
    }).pipe(withClient("public")))

  for (const method of ["basic", "post"] as const) {
    it.live(`knows a client by ${method}`, () =>
      Effect.gen(function*() {
        const source = yield* ClientCredentials.source({ scopes: ["read"] })

        assert.strictEqual((yield* source.token).type, "Bearer")
      }).pipe(withClient("confidential", method)))
  }

  it.live("takes a password, and no wrong one", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const ask = (password: string) =>
        endpoint.request(PasswordGrant.make({ username: "ada", password: Redacted.make(password) }))

      const right = yield* ask("lovelace")
      const wrong = yield* Effect.flip(ask("byron"))

      assert.isDefined(right.refreshToken)
      assert.strictEqual(reasonOf(wrong), "RequestRefused invalid_grant")
    }).pipe(withClient("confidential", "post")))
})

class Server extends Context.Service<Server, {
  readonly origin: string
  /** How many pairs were issued. */
  readonly issued: () => number
  /** Forgets every refresh token. */
  readonly forget: () => void
}>()("@effect-oauth/generic-rfc6749/test/interop/NodeServer") {}

const ada: Login.Options = { account: "ada", redirectUri: "https://app.example/cb", scopes: ["read"] }

const secret = "s ec:ret+%"

const grants = ["authorization_code", "refresh_token", "client_credentials", "password"]

const clients = new Map(["public", "confidential"].map((id): [string, OAuth2Server.Client] => [
  id,
  { id, grants, redirectUris: [ada.redirectUri] }
]))

/** What the library keeps where it is told to. */
const makeModel = () => {
  const codes = new Map<string, OAuth2Server.AuthorizationCode>()
  const refreshTokens = new Map<string, OAuth2Server.Token>()
  let issued = 0
  const user = { id: "ada" }
  const model:
    & OAuth2Server.AuthorizationCodeModel
    & OAuth2Server.RefreshTokenModel
    & OAuth2Server.PasswordModel
    & OAuth2Server.ClientCredentialsModel = {
      getClient: (id, given) =>
        Promise.resolve((given === null || id === "public" || given === secret) && clients.get(id)),
      getAccessToken: () => Promise.resolve(undefined),
      saveAuthorizationCode: (code, client, user) => {
        const saved = { ...code, client, user }
        codes.set(code.authorizationCode, saved)
        return Promise.resolve(saved)
      },
      getAuthorizationCode: (code) => Promise.resolve(codes.get(code)),
      revokeAuthorizationCode: ({ authorizationCode }) => Promise.resolve(codes.delete(authorizationCode)),
      saveToken: (token, client, user) => {
        issued++
        const saved = { ...token, client, user }
        if (token.refreshToken !== undefined) refreshTokens.set(token.refreshToken, saved)
        return Promise.resolve(saved)
      },
      getRefreshToken: (token) => {
        const found = refreshTokens.get(token)
        return Promise.resolve(found === undefined ? undefined : { ...found, refreshToken: token })
      },
      revokeToken: ({ refreshToken }) => Promise.resolve(refreshTokens.delete(refreshToken)),
      getUser: (name, password) => Promise.resolve(name === "ada" && password === "lovelace" && user),
      getUserFromClient: () => Promise.resolve(user),
      validateScope: (_, __, scope) => Promise.resolve(scope ?? [])
    }
  return { model, user, issued: () => issued, forget: () => refreshTokens.clear() }
}

const serverLayer = Layer.effect(
  Server,
  Effect.gen(function*() {
    const { forget, issued, model, user } = makeModel()
    const oauth = new OAuth2Server({
      model,
      requireClientAuthentication: { authorization_code: false, refresh_token: false },
      authenticateHandler: { handle: () => user }
    })
    const origin = yield* listen((origin) =>
      Promise.resolve((incoming, outgoing) =>
        void handle(incoming, origin).then(({ method, path, request, response }) => {
          const answered = path === "/authorize" && method === "GET"
            ? oauth.authorize(request, response)
            : oauth.token(request, response)
          return answered.catch(() => undefined).then(() => {
            outgoing.writeHead(response.status ?? 500, {
              "content-type": "application/json",
              ...response.headers
            }).end(JSON.stringify(response.body))
          })
        })
      )
    )
    return { origin, issued, forget }
  })
)

const handle = async (incoming: http.IncomingMessage, origin: string) => {
  const url = new URL(incoming.url ?? "", origin)
  const chunks: Array<Buffer> = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const request = new OAuth2Server.Request({
    method: incoming.method ?? "",
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    query: Object.fromEntries(url.searchParams),
    body: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
  })
  return { method: incoming.method, path: url.pathname, request, response: new OAuth2Server.Response() }
}

/** The library decodes no Basic authentication, so that is `basicRaw`. */
const withClient = (clientId: string, method?: "basic" | "post") => {
  const provider = Layer.unwrap(Effect.map(Server, ({ origin }) =>
    GenericRfc6749.layerLoopback({
      provider: "node-oauth",
      authorizationEndpoint: `${origin}/authorize`,
      tokenEndpoint: `${origin}/token`,
      rotation: RotationPolicy.rotating(),
      clientId,
      ...(method === undefined
        ? {}
        : {
          clientSecret: Redacted.make(secret),
          clientAuthentication: method === "basic" ? "basicRaw" as const : method
        })
    })))
  const layer = OAuthClient.layerWith().pipe(
    Layer.provide([PendingAuthorizations.layerMemory(), TokenStore.layerMemory]),
    Layer.provideMerge(provider),
    Layer.provide(OAuthHttpClient.layerFetch),
    Layer.provideMerge(serverLayer)
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}

const loggedIn = Effect.gen(function*() {
  const login = yield* Login.Login
  const begun = yield* login.begin(ada)
  return (yield* login.complete((yield* visit(begun.url)).url)).key
})

const reasonOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag

/**
 * The laws of a provider: of what a provider package supplies, a description of
 * its authorization server and a way for the client to authenticate.
 *
 * No law sends anything. Give the layers that the package would give in
 * production, with made-up credentials.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Formatter from "effect/Formatter"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationRequest from "../AuthorizationRequest.ts"
import * as AuthorizationServer from "../AuthorizationServer.ts"
import * as ClientAuthentication from "../ClientAuthentication.ts"
import * as GrantKey from "../GrantKey.ts"
import type { OAuthError } from "../OAuthError.ts"
import type { Law } from "./Contract.ts"
import { ensure, same } from "./internal/law.ts"
import * as TestCrypto from "./TestCrypto.ts"

const law = (
  name: string,
  check: (server: Server, client: Client) => Effect.Effect<void, OAuthError>
): Law<Provider> => ({
  name,
  run: Effect.gen(function*() {
    const server = yield* AuthorizationServer.AuthorizationServer
    const client = yield* ClientAuthentication.ClientAuthentication
    yield* check(server, client)
  })
})

/**
 * The laws of a provider.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Law<Provider>> = [
  law("has a name that can stand in a file name and a command", (server) =>
    ensure(
      /^[a-z0-9]+(-[a-z0-9]+)*$/.test(server.provider),
      `provider is "${server.provider}"; lower-case letters, digits and hyphens are wanted`
    )),

  law(
    "has addresses that are https, without user name, password and fragment",
    Effect.fnUntraced(function*(server) {
      for (const [field, address] of addresses(server)) {
        const url = URL.canParse(address) ? new URL(address) : undefined
        yield* ensure(url?.protocol === "https:", `${field} is ${address}, which is no https address`)
        yield* ensure(url?.username === "" && url.password === "", `${field} holds a user name or a password`)
        const isPage = field === "authorizationEndpoint" && server.dialect.authorization.fragment === "read"
        yield* ensure(isPage || !address.includes("#"), `${field} holds a fragment`)
      }
    })
  ),

  law(
    "names the origins of its API",
    Effect.fnUntraced(function*(server) {
      yield* ensure(
        server.apiOrigins.length + server.dialect.response.apiOrigins.length > 0,
        "apiOrigins is empty, so no request would carry the token"
      )
      for (const origin of server.apiOrigins) {
        const is = URL.canParse(origin) ? new URL(origin).origin : "no address"
        yield* ensure(
          is === origin && origin.startsWith("https://"),
          `apiOrigins holds ${origin}, which is no https origin`
        )
      }
    })
  ),

  law(
    "gives every account a key of its own, which reads back",
    Effect.fnUntraced(function*(server, client) {
      const [one, two] = [keyOf(server, client, "one"), keyOf(server, client, "two")]

      yield* ensure(one.id !== two.id, "two accounts have the same key")
      yield* same("the key that is read back", GrantKey.fromId(one.id), one)
    })
  ),

  law(
    "builds an authorization request that carries what the RFCs ask for",
    Effect.fnUntraced(function*(server, client) {
      if (server.authorizationEndpoint === undefined) return
      const url = yield* loginUrl(server, client)
      const { names, pkce, redirectName, responseType, scopeEncoding, scopeSeparator } = server.dialect.authorization
      // a page that reads the request behind the # of its address reads it as a query
      const asked = new URLSearchParams(url.slice(url.indexOf("?") + 1))
      const scope = scopes.join(scopeSeparator)
      const expected = {
        response_type: responseType,
        client_id: client.clientId,
        redirect_uri: redirectName ?? redirectUri,
        // a plus that is left as it is reads as a space
        scope: scopeEncoding === "raw" ? scope.replaceAll("+", " ") : scope,
        ...(pkce === "S256" ? { code_challenge_method: "S256" } : {}),
        ...server.dialect.authorization.parameters
      }
      for (const [name, value] of Object.entries(expected)) {
        yield* same(`the parameter ${name}`, asked.getAll(names[name] ?? name), value === "" ? [] : [value])
      }
      for (const name of ["state", ...(pkce === "S256" ? ["code_challenge"] : [])]) {
        yield* ensure(
          (asked.get(names[name] ?? name) ?? "").length >= 22,
          `the parameter ${name} is missing or too short`
        )
      }
    })
  ),

  law(
    "puts no credentials into an address",
    Effect.fnUntraced(function*(server, client) {
      const urls = addresses(server).map(([, address]) => address)
      if (server.authorizationEndpoint !== undefined) urls.push(yield* loginUrl(server, client))
      const secrets = yield* secretsOf(client)

      for (const url of urls) {
        yield* ensure(
          !secrets.some((secret) => url.includes(secret) || url.includes(encodeURIComponent(secret))),
          "an address holds a credential"
        )
      }
    })
  ),

  law(
    "gives credentials for every endpoint that the server has",
    Effect.fnUntraced(function*(server, client) {
      for (const endpoint of endpointsOf(server)) {
        const { headers, method, parameters } = yield* client.credentials(endpoint)
        const names = parameters.map(([name]) => name)

        yield* ensure(method !== "", `the method at the ${endpoint} endpoint has no name`)
        yield* ensure(
          Object.keys(headers).length > 0 || names.includes("client_id") || names.includes("client_assertion"),
          `nothing at the ${endpoint} endpoint says who the client is`
        )
        yield* ensure(new Set(names).size === names.length, `a parameter comes twice at the ${endpoint} endpoint`)
        yield* ensure(!names.includes("grant_type"), `the credentials at the ${endpoint} endpoint name a grant type`)
      }
    })
  ),

  law(
    "keeps what proves the client out of strings",
    Effect.fnUntraced(function*(server, client) {
      for (const endpoint of endpointsOf(server)) {
        const credentials = yield* client.credentials(endpoint)
        for (const [name, value] of credentials.parameters) {
          yield* ensure(
            !["client_secret", "client_assertion"].includes(name) || Redacted.isRedacted(value),
            `${name} is not Redacted`
          )
        }
        const texts = [server, client, credentials].flatMap((each) => [JSON.stringify(each), Formatter.format(each)])
        for (const secret of yield* secretsOf(client)) {
          yield* ensure(!texts.some((text) => text.includes(secret)), "a credential shows when it is printed")
        }
      }
    })
  ),

  law("keeps no token in clear", ({ dialect }) => {
    const secret = dialect.response.keep.filter((member) => secretMembers.has(member))
    return ensure(secret.length === 0, `dialect.response.keep names ${secret.join(", ")}, which is secret`)
  }),

  law("lets some error end a grant", ({ dialect }) =>
    ensure(
      dialect.response.grantEnded.length > 0,
      "dialect.response.grantEnded is empty, so a grant that the provider ended would be renewed for ever"
    )),

  law(
    "sends no parameter of the dialect in the place of one of the protocol",
    Effect.fnUntraced(function*({ dialect }) {
      for (const leg of ["authorizationCode", "refreshToken", "clientCredentials"] as const) {
        const taken = Object.keys(dialect[leg].parameters).filter((name) => protocolParameters.has(name))
        yield* ensure(
          taken.length === 0,
          `dialect.${leg}.parameters names ${taken.join(", ")}, which the protocol sends`
        )
      }
    })
  )
]

type Server = AuthorizationServer.AuthorizationServer["Service"]

type Client = ClientAuthentication.ClientAuthentication["Service"]

type Provider = AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication

const redirectUri = "https://client.test/callback"

const scopes = ["contract.read", "contract.write"]

const secretMembers: ReadonlySet<string> = new Set([
  "access_token",
  "refresh_token",
  "id_token",
  "client_secret",
  "registration_access_token"
])

const protocolParameters: ReadonlySet<string> = new Set([
  "grant_type",
  "code",
  "code_verifier",
  "redirect_uri",
  "refresh_token",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type"
])

const addresses = (server: Server): ReadonlyArray<readonly [field: string, address: string]> =>
  AuthorizationServer.addressFields.flatMap((field) => {
    const address = server[field]
    return address === undefined ? [] : [[field, address] as const]
  })

const endpointsOf = (server: Server): ReadonlyArray<ClientAuthentication.Endpoint> => [
  "token",
  ...(server.revocationEndpoint === undefined ? [] : ["revocation" as const]),
  ...(server.introspectionEndpoint === undefined ? [] : ["introspection" as const]),
  ...(server.deviceAuthorizationEndpoint === undefined ? [] : ["device-authorization" as const]),
  ...(server.pushedAuthorizationRequestEndpoint === undefined ? [] : ["pushed-authorization-request" as const]),
  ...(server.backchannelAuthenticationEndpoint === undefined ? [] : ["backchannel-authentication" as const])
]

const keyOf = (server: Server, client: Client, account: string): GrantKey.GrantKey =>
  AuthorizationServer.key(server, { client: client.clientId, account })

const loginUrl = (server: Server, client: Client): Effect.Effect<string, OAuthError> =>
  AuthorizationRequest.make({
    endpoint: server.authorizationEndpoint,
    issuer: server.issuer,
    rules: server.dialect.authorization,
    clientId: client.clientId,
    redirectUri,
    scopes,
    key: keyOf(server, client, "one")
  }).pipe(
    Effect.map(({ url }) => url),
    Effect.provide(TestCrypto.layer())
  )

/** The secrets of the client's credentials; of Basic, what is sent and the password in it. */
const secretsOf = (client: Client): Effect.Effect<ReadonlyArray<string>, OAuthError> =>
  Effect.map(
    client.credentials("token"),
    ({ headers, parameters }) =>
      [...Object.values(headers), ...parameters.map(([, value]) => value)].flatMap((value) => {
        if (!Redacted.isRedacted(value)) return []
        const secret = Redacted.value(value)
        if (!secret.startsWith("Basic ")) return [secret]
        const pair = Result.getOrElse(Base64.decodeString(secret.slice(6)), () => "")
        return [secret.slice(6), pair.slice(pair.indexOf(":") + 1)]
      }).filter((secret) => secret !== "")
  )

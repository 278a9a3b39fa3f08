import { AuthorizationServer, ClientAuthentication } from "@effect-oauth/core"
import { Contract, ProviderContract, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Redacted, Result } from "effect"

type Server = AuthorizationServer.AuthorizationServer["Service"]
type Client = ClientAuthentication.ClientAuthentication["Service"]

describe("ProviderContract", () => {
  describe("is kept by", () => {
    for (const law of ProviderContract.cases) {
      it.effect(`TestAuthorizationServer: ${law.name}`, () => Effect.provide(law.run, TestAuthorizationServer.layer()))

      it.effect(`a server without a browser login: ${law.name}`, () =>
        Effect.provide(law.run, layer({ server: minimal })))
    }
  })

  it("has no law that no provider breaks", () => {
    const breakable = new Set(mutants().flatMap(({ laws }) => laws))

    assert.deepStrictEqual(ProviderContract.cases.map(({ name }) => name).filter((name) => !breakable.has(name)), [])
  })

  describe("is broken by a provider that", () => {
    for (const { client, laws, server, what } of mutants()) {
      it.effect(what, () =>
        Effect.gen(function*() {
          for (const name of laws) {
            const law = ProviderContract.cases.find((law) => law.name === name)
            const exit = yield* Effect.exit(
              Effect.provide(law?.run ?? assert.fail(`no law "${name}"`), layer({ server, client }))
            )
            assert.isTrue(Exit.isFailure(exit), name)
            if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
              assert.instanceOf(Cause.squash(exit.cause), Contract.LawBroken)
            }
          }
        }))
    }
  })
})

interface Mutant {
  readonly what: string
  readonly server?: Partial<Server>
  readonly client?: Partial<Client>
  readonly laws: ReadonlyArray<string>
}

const layer = (
  { client, server }: { readonly server?: Partial<Server> | undefined; readonly client?: Partial<Client> | undefined }
) =>
  Layer.merge(
    Layer.succeed(AuthorizationServer.AuthorizationServer, { ...sound, ...server }),
    Layer.succeed(ClientAuthentication.ClientAuthentication, { ...soundClient, ...client })
  )

const minimal: Server = Result.getOrThrow(
  AuthorizationServer.make({
    provider: "minimal",
    tokenEndpoint: "https://as.example/token",
    apiOrigins: ["https://api.example"]
  })
)

const sound: Server = { ...minimal, authorizationEndpoint: "https://as.example/authorize" }

const soundClient: Client = Result.getOrThrow(
  ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("the-secret") })
)

const withResponse = (response: Partial<Server["dialect"]["response"]>): Partial<Server> => ({
  dialect: { ...sound.dialect, response: { ...sound.dialect.response, ...response } }
})

const withAuthorization = (authorization: Partial<Server["dialect"]["authorization"]>): Partial<Server> => ({
  dialect: { ...sound.dialect, authorization: { ...sound.dialect.authorization, ...authorization } }
})

const withCredentials = (credentials: Partial<ClientAuthentication.Credentials>): Partial<Client> => ({
  credentials: () => Effect.succeed({ method: "client_secret_post", headers: {}, parameters: [], ...credentials })
})

const mutants = (): ReadonlyArray<Mutant> => [
  {
    what: "has a name for people",
    server: { provider: "Frame.io V4" },
    laws: ["has a name that can stand in a file name and a command"]
  },
  {
    what: "has a plain http address",
    server: { revocationEndpoint: "http://as.example/revoke" },
    laws: ["has addresses that are https, without user name, password and fragment"]
  },
  {
    what: "has an address with a password",
    server: { tokenEndpoint: "https://app:the-secret@as.example/token" },
    laws: [
      "has addresses that are https, without user name, password and fragment",
      "puts no credentials into an address"
    ]
  },
  {
    what: "names no origin of its API",
    server: { apiOrigins: [] },
    laws: ["names the origins of its API"]
  },
  {
    what: "names an address for an origin",
    server: { apiOrigins: ["https://api.example/v4"] },
    laws: ["names the origins of its API"]
  },
  {
    what: "names itself by half a character",
    server: { provider: "a\ud800" },
    laws: ["gives every account a key of its own, which reads back"]
  },
  {
    what: "lets its parameters overrule the protocol",
    server: withAuthorization({ parameters: { response_type: "token" } }),
    laws: ["builds an authorization request that carries what the RFCs ask for"]
  },
  {
    what: "shows its secret in an address",
    server: withAuthorization({ parameters: { key: "the-secret" } }),
    laws: ["puts no credentials into an address"]
  },
  {
    what: "shows its Basic password in an address",
    server: withAuthorization({ parameters: { key: "the-secret" } }),
    client: Result.getOrThrow(
      ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("the-secret") })
    ),
    laws: ["puts no credentials into an address"]
  },
  {
    what: "has no name for its method",
    client: withCredentials({ method: "", parameters: [["client_id", "app"]] }),
    laws: ["gives credentials for every endpoint that the server has"]
  },
  {
    what: "does not say who the client is",
    client: withCredentials({}),
    laws: ["gives credentials for every endpoint that the server has"]
  },
  {
    what: "has its secret in clear",
    client: withCredentials({ parameters: [["client_id", "app"], ["client_secret", "the-secret"]] }),
    laws: ["keeps what proves the client out of strings"]
  },
  {
    what: "prints its secret",
    client: Object.assign({ ...soundClient }, { toJSON: () => ({ clientSecret: "the-secret" }) }),
    laws: ["keeps what proves the client out of strings"]
  },
  {
    what: "keeps ID tokens with the grant",
    server: withResponse({ keep: ["id_token"] }),
    laws: ["keeps no token in clear"]
  },
  {
    what: "has grants that nothing ends",
    server: withResponse({ grantEnded: [] }),
    laws: ["lets some error end a grant"]
  },
  {
    what: "sends another grant type",
    server: {
      dialect: {
        ...sound.dialect,
        refreshToken: { ...sound.dialect.refreshToken, parameters: { grant_type: "refresh" } }
      }
    },
    laws: ["sends no parameter of the dialect in the place of one of the protocol"]
  }
]

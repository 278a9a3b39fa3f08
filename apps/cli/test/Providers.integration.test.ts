import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import {
  AuthorizedHttpClient,
  ClientCredentials,
  Introspection,
  Login,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  TokenSource,
  TokenStore
} from "@effect-oauth/core"
import { FrameIo, FrameIoLegacy } from "@effect-oauth/frameio"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, type Scope } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"

// Each provider's own layers, over real HTTP, against oidc-provider.
interface Case {
  readonly name: string
  readonly registration: keyof Sandbox.Sandbox["Service"]["registrations"]
  readonly scopes: ReadonlyArray<string>
  readonly parameters?: Readonly<Record<string, string>>
  readonly revokes: boolean
  readonly provider: (
    sandbox: Sandbox.Sandbox["Service"],
    client: { readonly clientId: string; readonly clientSecret: Redacted.Redacted }
  ) => OAuthClient.Provider<OAuthHttpClient.OAuthHttpClient>
}

const cases: ReadonlyArray<Case> = [
  {
    name: "Frame.io V4, web app",
    registration: "v4-web-app",
    scopes: FrameIo.scopes,
    revokes: true,
    provider: ({ origin }, client) => FrameIo.layerLoopback({ client: "webApp", origin, ...client })
  },
  {
    name: "Frame.io V4, single page app",
    registration: "v4-single-page-app",
    scopes: FrameIo.scopes,
    revokes: true,
    provider: ({ origin }, { clientId }) => FrameIo.layerLoopback({ client: "singlePageApp", origin, clientId })
  },
  {
    name: "Frame.io V4, native app",
    registration: "v4-native-app",
    scopes: FrameIo.scopes,
    revokes: true,
    provider: ({ origin }, { clientId }) => FrameIo.layerLoopback({ client: "nativeApp", origin, clientId })
  },
  {
    name: "Frame.io legacy, with a secret",
    registration: "legacy-confidential",
    scopes: FrameIoLegacy.scopes,
    revokes: false,
    provider: ({ origin }, client) => FrameIoLegacy.layerLoopback({ client: "confidential", origin, ...client })
  },
  {
    name: "Frame.io legacy, with PKCE",
    registration: "legacy-public",
    scopes: FrameIoLegacy.scopes,
    revokes: false,
    provider: ({ origin }, { clientId }) => FrameIoLegacy.layerLoopback({ client: "public", origin, clientId })
  },
  {
    name: "any server, by discovery",
    registration: "oidc-confidential",
    scopes: ["openid", "offline_access"],
    parameters: { prompt: "consent" },
    revokes: true,
    provider: ({ endpoints, origin }, client) =>
      GenericRfc6749.layerDiscoveryLoopback({
        provider: "any",
        issuer: endpoints.oidc.issuer,
        apiOrigins: [origin],
        clientAuthentication: "basic",
        ...client
      })
  }
]

describe("Providers", () => {
  for (const each of cases) {
    describe(each.name, () => {
      at(each, "logs in and keeps a grant that can be renewed", function*({ service }) {
        const { completed } = yield* login(each)

        const status = Option.getOrThrow(yield* service.status(completed.key))
        assert.isTrue(completed.renewable)
        assert.strictEqual(status.state._tag, "Active")
      })

      at(each, "renews, and the server replaces the refresh token", function*({ sandbox, service }) {
        const { completed } = yield* login(each)
        const before = yield* service.token(completed.key)

        const after = yield* service.refresh(completed.key)

        const { reuses, rotations } = yield* sandbox.ledger.counts
        assert.notStrictEqual(Redacted.value(after.value), Redacted.value(before.value))
        assert.deepStrictEqual([rotations, reuses], [1, 0])
      })

      at(each, "says GrantRejected when somebody else has spent the refresh token", function*({ service }) {
        const { completed } = yield* login(each)
        const store = yield* TokenStore.TokenStore
        const { grant } = yield* store.read(completed.key)
        const stolen = grant?.body._tag === "Open" ? grant.body.refreshToken : undefined
        if (stolen === undefined) return assert.fail("no refresh token")
        const endpoint = yield* TokenEndpoint.TokenEndpoint
        yield* endpoint.request(TokenRequest.refreshToken({ refreshToken: stolen, scope: each.scopes.join(" ") }))

        const error = yield* Effect.flip(service.refresh(completed.key))

        assert.strictEqual(
          error.reason._tag === "ReauthorizationRequired" ? error.reason.why : error.reason._tag,
          "GrantRejected"
        )
      })

      at(each, "revokes, here and where the server can", function*({ service }) {
        const { completed } = yield* login(each)

        const remote = yield* service.revoke(completed.key)
        const error = yield* Effect.flip(service.token(completed.key))

        assert.strictEqual(remote, each.revokes ? "done" : "unsupported")
        assert.strictEqual(
          error.reason._tag === "ReauthorizationRequired" ? error.reason.why : error.reason._tag,
          "Revoked"
        )
      })
    })
  }

  describe("Frame.io", () => {
    at(cases[0]!, "knows at V4 whose token it is", function*() {
      const { completed } = yield* login(cases[0]!)

      const me = yield* FrameIo.me(yield* AuthorizedHttpClient.make(completed.key))

      assert.include(me.name, "Ada")
    })

    at(cases[3]!, "knows by the legacy rules whose token it is", function*() {
      const { completed } = yield* login(cases[3]!)

      const me = yield* FrameIoLegacy.me(yield* AuthorizedHttpClient.make(completed.key))

      assert.include(me.name, "Ada")
    })

    const service: Case = {
      name: "Frame.io V4, server to server",
      registration: "v4-server-to-server",
      scopes: FrameIo.serverToServerScopes,
      revokes: true,
      provider: ({ origin }, client) => FrameIo.layerLoopback({ client: "serverToServer", origin, ...client })
    }
    at(service, "gives a server tokens of its own", function*({ sandbox }) {
      const source = yield* ClientCredentials.source({ scopes: FrameIo.serverToServerScopes })
      const http = yield* HttpClient.HttpClient

      const client = AuthorizedHttpClient.withTokenSource(http, source, { origins: [sandbox.origin] })
      const response = yield* client.get(sandbox.endpoints.v4.me)

      assert.strictEqual(response.status, 200)
    })
  })

  describe("any server", () => {
    at(cases[5]!, "introspects its tokens", function*({ service }) {
      const { completed } = yield* login(cases[5]!)
      const introspection = yield* Introspection.Introspection
      const { value } = yield* (yield* TokenSource.fromGrant(completed.key)).token

      const before = yield* introspection.introspect(value)
      yield* service.revoke(completed.key)
      const after = yield* introspection.introspect(value)

      assert.deepStrictEqual([before._tag, after._tag], ["Active", "Inactive"])
    })
  })
})

const login = Effect.fnUntraced(function*(each: Case) {
  const sandbox = yield* Sandbox.Sandbox
  const logins = yield* Login.Login
  const [redirectUri = ""] = sandbox.registrations[each.registration].redirectUris
  const begun = yield* logins.begin({
    account: "ada",
    redirectUri,
    scopes: each.scopes,
    ...(each.parameters === undefined ? {} : { parameters: each.parameters })
  })
  return { completed: yield* logins.complete(yield* sandbox.approve(begun.url)) }
})

interface World {
  readonly sandbox: Sandbox.Sandbox["Service"]
  readonly service: TokenService.TokenService["Service"]
}

const layer = (each: Case) =>
  Layer.unwrap(Effect.map(Sandbox.Sandbox, (sandbox) => {
    const { clientId, clientSecret } = sandbox.registrations[each.registration]
    return OAuthClient.layerWith().pipe(
      Layer.provideMerge(each.provider(sandbox, { clientId, clientSecret: clientSecret ?? Redacted.make("") })),
      Layer.provideMerge(Layer.mergeAll(
        TokenStore.layerMemory,
        PendingAuthorizations.layerMemory(),
        OAuthHttpClient.layerFetch,
        FetchHttpClient.layer
      ))
    )
  })).pipe(Layer.provideMerge(Sandbox.layer()))

function at<A>(
  each: Case,
  title: string,
  body: (
    world: World
  ) => Generator<Effect.Effect<unknown, unknown, Scope.Scope | Layer.Success<ReturnType<typeof layer>>>, A>
): void {
  it.live(title, () =>
    Effect.scoped(Effect.gen(function*() {
      const sandbox = yield* Sandbox.Sandbox
      const service = yield* TokenService.TokenService
      return yield* Effect.gen(() => body({ sandbox, service }))
    })).pipe(Effect.provide(layer(each))))
}

import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import {
  ClientCredentials,
  DeviceAuthorization,
  GrantAdministration,
  Login,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenService,
  TokenSource,
  TokenStore,
  UserInfo
} from "@effect-oauth/core"
import { FrameIo, FrameIoApi, FrameIoC2c, FrameIoLegacy, FrameIoRateLimits } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, LayerMap, Redacted, type Scope, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

// What the package says of Frame.io, over real HTTP, against the sandbox that is dressed as it.
describe("Frame.io", () => {
  describe("V4", () => {
    at("v4", "warns at login where the server gives no refresh token to who asks for one", function*(sandbox) {
      yield* sandbox.configure({ refreshTokens: "never" })

      const { renewable, warnings } = yield* logIn("v4-web-app", FrameIo.scopes)

      assert.isFalse(renewable)
      assert.deepStrictEqual(warnings, [{ _tag: "RefreshTokenWithheld", scope: "offline_access" }])
    })

    at("v4", "refuses the answer that arrives at the default redirect URI instead", function*(sandbox) {
      const login = yield* Login.Login
      const begun = yield* login.begin({
        account: "ada",
        redirectUri: "https://frameio-sandbox.invalid/other",
        scopes: FrameIo.scopes
      })
      const arrival = yield* sandbox.approve(begun.url)

      const error = yield* Effect.flip(login.complete(arrival))

      assert.strictEqual(error.reason._tag === "CallbackRejected" && error.reason.problem, "redirect-uri-mismatch")
    })

    at("v4", "is renewed once when the API refuses a token, and the call succeeds", function*(sandbox) {
      const { key } = yield* logIn("v4-web-app", FrameIo.scopes)
      yield* sandbox.refuseToken()

      const profile = yield* FrameIo.me(yield* FrameIoApi.make(key))

      assert.strictEqual(profile.email, sandbox.account.email)
      assert.strictEqual((yield* sandbox.ledger.counts).rotations, 1)
    })

    at("v4", "names the roles that a login did not ask for, after one renewal", function*(sandbox) {
      const { key } = yield* logIn("v4-web-app", ["openid", "AdobeID", "offline_access"])
      const api = yield* FrameIoApi.make(key)

      const error = yield* Effect.flip(FrameIo.me(api))

      assert.deepStrictEqual(error._tag === "FreshTokenRefused" && error.causes, ["roles-missing"])
      const { reuses, rotations } = yield* sandbox.ledger.counts
      assert.deepStrictEqual([rotations, reuses], [1, 0])
    })

    at("v4", "tells who the person is at UserInfo", function*(sandbox) {
      const { key } = yield* logIn("v4-web-app", FrameIo.scopes)

      const { claims } = yield* UserInfo.get(yield* TokenSource.fromGrant(key), sandbox.account.id)

      assert.strictEqual(Redacted.value(claims)["email"], sandbox.account.email)
    })

    at("service", "gives a server a token of its own, and one for all calls", function*(sandbox) {
      const source = yield* ClientCredentials.source({ scopes: FrameIo.serverToServerScopes })
      const api = yield* FrameIoApi.fromSource(source, { scopes: FrameIo.serverToServerScopes })

      yield* Effect.forEach(Array.from({ length: 10 }), () => FrameIo.me(api), { concurrency: "unbounded" })

      const asked = (yield* sandbox.ledger.entries).filter(({ endpoint }) => endpoint === "token")
      assert.deepStrictEqual(asked.map(({ grantType }) => grantType), ["client_credentials"])
    })

    at("v4", "keeps to the rate limit that the answers tell", function*(sandbox) {
      yield* sandbox.configure({ callsPerMinute: 120 })
      const { key } = yield* logIn("v4-web-app", FrameIo.scopes)
      const limits = yield* FrameIoRateLimits.make()
      const api = FrameIoRateLimits.withRateLimits(yield* FrameIoApi.make(key), limits, { account: key.id })

      const profiles = yield* Effect.forEach(Array.from({ length: 122 }), () => FrameIo.me(api), {
        concurrency: "unbounded"
      })

      assert.strictEqual(profiles.length, 122)
      const refused = (yield* sandbox.ledger.entries).filter(({ endpoint, status }) =>
        endpoint === "api" && status === 429
      )
      assert.strictEqual(refused.length, 0)
    })
  })

  describe("Camera to Cloud", () => {
    at("camera", "pairs a device by its code, and knows it by its own identifier", function*(sandbox) {
      const { key } = yield* pair

      const { token } = yield* TokenSource.fromGrant(key)

      assert.include(key.id, "serial-1")
      assert.isNotEmpty(Redacted.value((yield* token).value))
      assert.strictEqual((yield* sandbox.ledger.counts).refusals, 0)
    })

    at("camera", "renews, and presents each refresh token once", function*(sandbox) {
      const { key, service } = yield* pair

      yield* service.refresh(key)
      yield* service.refresh(key)

      const { reuses, rotations } = yield* sandbox.ledger.counts
      assert.deepStrictEqual([rotations, reuses], [2, 0])
    })

    at("camera", "ends when its refresh token was spent by somebody else: invalid_request", function*(sandbox) {
      const { key, service, tokens } = yield* pair
      const twin = service.key("twin")
      yield* service.adopt(twin, tokens)
      yield* service.refresh(twin)

      const error = yield* Effect.flip(service.refresh(key))

      const { reuses } = yield* sandbox.ledger.counts
      assert.strictEqual(reuses, 1)
      assert.strictEqual(error.reason._tag === "ReauthorizationRequired" && error.reason.why, "GrantRejected")
    })

    at("camera", "ends when it was withdrawn at the server: 401", function*(sandbox) {
      const { key, service, tokens } = yield* pair
      if (tokens.refreshToken === undefined) return assert.fail("no refresh token")
      yield* sandbox.withdraw(tokens.refreshToken)

      const error = yield* Effect.flip(service.refresh(key))

      assert.strictEqual(error.reason._tag === "ReauthorizationRequired" && error.reason.why, "GrantRejected")
    })

    at("camera", "is revoked at the server", function*() {
      const { key, service } = yield* pair

      const revoked = yield* service.revoke(key)

      assert.strictEqual(revoked, "done")
    })
  })

  describe("from legacy to V4", () => {
    at("both", "moves one account while the other stays, and back", function*(sandbox) {
      const clients = yield* Clients
      const legacy = Effect.provide(clients.get("legacy"))
      const v4 = Effect.provide(clients.get("v4"))
      for (const account of ["ada", "grace"]) {
        yield* legacy(logIn("legacy-confidential", FrameIoLegacy.scopes, account))
      }
      const before = yield* notMoved
      const moved = yield* v4(logIn("v4-web-app", FrameIo.scopes, "ada"))
      const after = yield* notMoved

      const profile = yield* v4(Effect.flatMap(FrameIoApi.make(moved.key), FrameIo.me))
      const old = yield* legacy(
        Effect.gen(function*() {
          const service = yield* TokenService.TokenService
          yield* service.refresh(service.key("ada"))
          return yield* FrameIoLegacy.me(yield* FrameIoApi.make(service.key("ada")))
        })
      )
      const revoked = yield* v4(
        Effect.flatMap(TokenService.TokenService, (service) => service.revoke(moved.key))
      )

      assert.deepStrictEqual([before, after], [["ada", "grace"], ["grace"]])
      assert.deepStrictEqual([profile.email, old.email], [sandbox.account.email, sandbox.account.email])
      assert.strictEqual(revoked, "done")
      assert.deepStrictEqual(yield* notMoved, ["ada", "grace"])
    })

    at("both", "refuses a legacy token at V4, and names why", function*(sandbox) {
      const clients = yield* Clients
      const legacy = Effect.provide(clients.get("legacy"))

      const error = yield* legacy(Effect.gen(function*() {
        const { key } = yield* logIn("legacy-confidential", FrameIoLegacy.scopes)
        const api = yield* FrameIoApi.make(key)
        return yield* Effect.flip(api.get(sandbox.endpoints.v4.me))
      }))

      assert.deepStrictEqual(error._tag === "FreshTokenRefused" && error.causes[0], "account-on-v4")
    })
  })
})

const logIn = Effect.fnUntraced(function*(
  registration: "legacy-confidential" | "v4-web-app",
  scopes: ReadonlyArray<string>,
  account = "ada"
) {
  const sandbox = yield* Sandbox.Sandbox
  const login = yield* Login.Login
  const [redirectUri = ""] = sandbox.registrations[registration].redirectUris
  const begun = yield* login.begin({ account, redirectUri, scopes })
  return yield* login.complete(yield* sandbox.approve(begun.url))
})

const pair = Effect.gen(function*() {
  const sandbox = yield* Sandbox.Sandbox
  yield* sandbox.configure({ deviceApproval: "1 millis", deviceInterval: "1 seconds" })
  const pairing = yield* DeviceAuthorization.DeviceAuthorization
  const service = yield* TokenService.TokenService
  const tokens = yield* pairing.poll(yield* pairing.start({ scopes: FrameIoC2c.scopes }))
  const key = service.key("camera-a")
  yield* service.adopt(key, tokens, { scopes: FrameIoC2c.scopes })
  return { key, service, tokens }
})

const ended: ReadonlySet<string> = new Set(["ReauthorizationRequired", "Revoked"])

const notMoved = Effect.gen(function*() {
  const { list } = yield* GrantAdministration.make({ services: [] })
  const moved = yield* list({ provider: "frameio" }).pipe(
    Stream.filter(({ head }) => !ended.has(head.state._tag)),
    Stream.map(({ key }) => key.account),
    Stream.runCollect
  )
  const legacy = yield* Stream.runCollect(list({ provider: "frameio-legacy" }))
  return legacy.map(({ key }) => key.account).filter((account) => !moved.includes(account)).sort()
})

type Server = "v4" | "service" | "legacy" | "camera"

const client = (server: Server) =>
  Layer.unwrap(Effect.map(Sandbox.Sandbox, ({ origin, registrations }) => {
    const of = (name: keyof typeof registrations) => {
      const { clientId, clientSecret = Redacted.make("") } = registrations[name]
      return { origin, clientId, clientSecret }
    }
    const providers: { readonly [S in Server]: OAuthClient.Provider } = {
      v4: FrameIo.layerLoopback({ client: "webApp", ...of("v4-web-app") }),
      service: FrameIo.layerLoopback({ client: "serverToServer", ...of("v4-server-to-server") }),
      legacy: FrameIoLegacy.layerLoopback({ client: "confidential", ...of("legacy-confidential") }),
      camera: FrameIoC2c.layerLoopback({ ...of("camera"), clientId: "serial-1", clientVersion: "2.0.0" })
    }
    return DeviceAuthorization.layer.pipe(
      Layer.provideMerge(OAuthClient.layerWith()),
      Layer.provideMerge(providers[server])
    )
  }))

class Clients extends LayerMap.Service<Clients>()("test/Clients", {
  lookup: client,
  idleTimeToLive: Duration.infinity
}) {}

const World = Layer.mergeAll(
  TokenStore.layerMemory,
  PendingAuthorizations.layerMemory(),
  OAuthHttpClient.layerFetch,
  FetchHttpClient.layer
)

function at<A>(
  server: "both" | Server,
  title: string,
  body: (
    sandbox: Sandbox.Sandbox["Service"]
  ) => Generator<Effect.Effect<unknown, unknown, Given>, A>
): void {
  it.live(
    title,
    () =>
      Effect.scoped(Effect.flatMap(Sandbox.Sandbox, (sandbox) => Effect.gen(() => body(sandbox)))).pipe(
        Effect.provide(
          client(server === "both" ? "v4" : server).pipe(
            Layer.provideMerge(Clients.layer),
            Layer.provideMerge(World),
            Layer.provideMerge(Sandbox.layer())
          )
        )
      )
  )
}

type Given =
  | Clients
  | Layer.Success<ReturnType<typeof client>>
  | Layer.Success<typeof World>
  | Sandbox.Sandbox
  | Scope.Scope

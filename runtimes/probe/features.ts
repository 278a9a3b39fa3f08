/**
 * What is tried in every runtime: each feature is an Effect that fails or dies where the runtime lacks it. All of it
 * imports the packages by their public names, as an application does.
 */
import {
  ClientCredentials,
  Dpop,
  DpopKey,
  EncryptedTokenStore,
  Keyring,
  Login,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Effect, Layer, Option, Redacted } from "effect"

/** Where the sandbox is that the features are tried against. */
export interface Place {
  readonly issuer: string
  readonly confidential: Client
  readonly publicClient: Client
  readonly service: Client
  readonly control: { readonly url: string; readonly token: string }
}

/** A client that the sandbox knows. */
export interface Client {
  readonly clientId: string
  readonly clientSecret?: string
  readonly redirectUri?: string
}

/** Something that is tried. */
export interface Feature {
  readonly name: string
  readonly run: (place: Place) => Effect.Effect<void, unknown>
}

const scopes = ["openid", "offline_access"]

/** Dies of what is no fact. */
export const expect = (fact: boolean, sentence: string): Effect.Effect<void> =>
  fact ? Effect.void : Effect.die(new Error(sentence))

/** Everything that an application needs of the sandbox for one of its clients. */
export const client = <E = never>(
  place: Place,
  { clientId, clientSecret }: Client,
  store: Layer.Layer<TokenStore.TokenStore, E> = TokenStore.layerMemory
) =>
  OAuthClient.layer().pipe(
    Layer.provide(IdToken.layer().pipe(Layer.provide(Jwks.layer()))),
    Layer.provideMerge(GenericRfc6749.layerDiscoveryLoopback({
      issuer: place.issuer,
      clientId,
      clientSecret: clientSecret === undefined ? undefined : Redacted.make(clientSecret)
    })),
    Layer.provideMerge(store),
    Layer.provide(PendingAuthorizations.layerMemory()),
    Layer.provideMerge(OAuthHttpClient.layerFetch)
  )

/** The sandbox is the person, and the browser. */
export const approve = (place: Place, url: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`${place.control.url}/approve`, {
      method: "POST",
      headers: { authorization: `Bearer ${place.control.token}`, "content-type": "application/json" },
      body: JSON.stringify({ url })
    })
    const { callback }: { readonly callback: string } = await answer.json()
    return callback
  })

/** A login from its beginning to its end. */
export const logIn = Effect.fnUntraced(function*(place: Place, { redirectUri = "" }: Client) {
  const login = yield* Login.Login
  const { url } = yield* login.begin({ account: "ada", redirectUri, scopes })
  return yield* login.complete(yield* approve(place, url))
})

/** What needs `fetch` and WebCrypto, and nothing else. */
export const features: ReadonlyArray<Feature> = [
  {
    name: "login with PKCE, by discovery",
    run: (place) =>
      Effect.gen(function*() {
        const { key, renewable } = yield* logIn(place, place.publicClient)
        const { value } = yield* (yield* TokenService.TokenService).token(key)

        yield* expect(renewable, "the login gave no refresh token")
        yield* expect(Redacted.value(value) !== "", "the login gave no access token")
      }).pipe(Effect.provide(client(place, place.publicClient)))
  },
  {
    name: "one renewal for 200 callers",
    run: (place) =>
      Effect.gen(function*() {
        const { key } = yield* logIn(place, place.confidential)
        const grants = yield* TokenService.TokenService
        const first = yield* grants.token(key)
        const renewed = yield* Effect.all(
          Array.from({ length: 200 }, () => grants.refused(key, first)),
          { concurrency: "unbounded" }
        )
        const status = Option.getOrThrow(yield* grants.status(key))

        yield* expect(new Set(renewed.map(({ value }) => Redacted.value(value))).size === 1, "they got several tokens")
        yield* expect(status.serial === 2, `there were ${status.serial - 1} renewals`)
      }).pipe(Effect.provide(client(place, place.confidential)))
  },
  {
    name: "revocation",
    run: (place) =>
      Effect.gen(function*() {
        const { key } = yield* logIn(place, place.confidential)
        const outcome = yield* (yield* TokenService.TokenService).revoke(key)

        yield* expect(outcome === "done", `the revocation is ${outcome}`)
      }).pipe(Effect.provide(client(place, place.confidential)))
  },
  {
    name: "client credentials",
    run: (place) =>
      Effect.gen(function*() {
        const source = yield* ClientCredentials.source({ scopes: ["read"] })
        const [first, second] = yield* Effect.all([source.token, source.token])

        yield* expect(Redacted.value(first.value) === Redacted.value(second.value), "the token was not kept")
      }).pipe(Effect.provide(client(place, place.service)), Effect.scoped)
  },
  {
    name: "sealed records",
    run: (place) =>
      Effect.gen(function*() {
        const { key } = yield* logIn(place, place.publicClient)
        const store = yield* TokenStore.TokenStore
        const { grant } = yield* store.read(key)

        yield* expect(grant?.body._tag === "Open", "the record cannot be opened")
      }).pipe(Effect.provide(client(
        place,
        place.publicClient,
        EncryptedTokenStore.layer().pipe(
          Layer.provide(TokenStore.layerMemory),
          Layer.provide(Keyring.layer({ current: "k1", keys: { k1: Redacted.make(btoa("7".repeat(32))) } })),
          Layer.orDie
        )
      )))
  },
  {
    name: "ID tokens, verified",
    run: (place) =>
      Effect.gen(function*() {
        const { identity } = yield* logIn(place, place.confidential)

        yield* expect(Option.isSome(identity), "nobody is known")
      }).pipe(Effect.provide(client(place, place.confidential)))
  },
  {
    name: "DPoP proofs",
    run: () =>
      Effect.gen(function*() {
        const dpop = yield* Dpop.Dpop
        const { value } = yield* dpop.proof({ method: "GET", url: "https://api.example.com/things" })

        yield* expect(Redacted.value(value).split(".").length === 3, "the proof is no JWT")
      }).pipe(Effect.provide(Dpop.layerKey(DpopKey.generate())))
  }
]

/** What an application does for a person, over a wire. */
import { AuthorizedHttpClient, Login, type Scopes, TokenService } from "@effect-oauth/core"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Wire from "../../../core/test/support/Wire.ts"

/** How a login deviates from the usual. */
export interface Deviations {
  readonly redirectUri?: string
  /** Where the browser arrives, if not there. */
  readonly arrival?: string
  /** What it brings back beside `state`. */
  readonly answer?: string
}

/** Begins a login. */
export const begin = Effect.fnUntraced(function*(scopes: Scopes.Scopes, deviations?: Deviations) {
  yield* TestClock.setTime(Date.UTC(2026, 10, 22))
  const login = yield* Login.Login
  return yield* login.begin({ account: "ada", redirectUri: deviations?.redirectUri ?? redirectUri, scopes })
})

/** Begins a login and brings its answer back. Gives where the browser was sent, and the key of the grant. */
export const login = Effect.fnUntraced(function*(scopes: Scopes.Scopes, deviations: Deviations = {}) {
  const { state, url } = yield* begin(scopes, deviations)
  const login = yield* Login.Login
  const arrival = deviations.arrival ?? deviations.redirectUri ?? redirectUri
  const completed = yield* login.complete(
    `${arrival}?${deviations.answer ?? "code=c-0"}&state=${Redacted.value(state)}`
  )
  return { ...completed, url: Wire.mask(url) }
})

/** Logs in, renews and revokes. */
export const life = Effect.fnUntraced(function*(scopes: Scopes.Scopes) {
  const { key, url } = yield* login(scopes)
  const service = yield* TokenService.TokenService
  yield* service.refresh(key)
  const revoked = yield* service.revoke(key)
  return { key, revoked, url }
})

/** An `HttpClient` with the tokens of a new grant. */
export const client = Effect.fnUntraced(function*(scopes: Scopes.Scopes) {
  const { key } = yield* login(scopes)
  return yield* AuthorizedHttpClient.make(key)
})

export const redirectUri = "https://app.test/callback"

/** What a layer fails with. */
export const failure = <A, E>(layer: Layer.Layer<A, E>) => Effect.flip(Effect.scoped(Layer.build(layer)))

export const withEnv = (env: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

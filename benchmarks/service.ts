// A token service as an application has it: over the memory store unless another is named, at a token endpoint that
// nothing is asked of unless one is named.
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import type { GrantKey } from "@effect-oauth/core/GrantKey"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import * as RefreshPolicy from "@effect-oauth/core/RefreshPolicy"
import { Revocation } from "@effect-oauth/core/Revocation"
import * as TokenEndpoint from "@effect-oauth/core/TokenEndpoint"
import * as TokenService from "@effect-oauth/core/TokenService"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"

const nothing = Effect.die("nothing is to be asked")

export interface Options {
  /** The token endpoint; without one nothing may be sent. */
  readonly endpoint?: string
  /** The HTTP client; `fetch` unless named. */
  readonly http?: Layer.Layer<HttpClient.HttpClient>
  readonly store?: Layer.Layer<TokenStore.TokenStore>
  /** The clock of the service; the system's unless named. */
  readonly clock?: Clock.Clock
  readonly policy?: RefreshPolicy.Options
}

/** A clock that is set forward, so that what was issued a moment ago has expired. */
export class Ahead extends (Clock.Clock.defaultValue().constructor as new() => Clock.Clock) {
  hours = 0

  override currentTimeMillisUnsafe(): number {
    return Date.now() + this.hours * 3_600_000
  }
}

/** The service and its store. */
export const layer = (
  { clock, endpoint, http, policy = {}, store = TokenStore.layerMemory }: Options = {}
): Layer.Layer<TokenService.TokenService | TokenStore.TokenStore> => {
  const client = http === undefined
    ? OAuthHttpClient.layerFetch
    : OAuthHttpClient.layer.pipe(Layer.provide(http))
  const exchanges = endpoint === undefined
    ? Layer.succeed(
      TokenEndpoint.TokenEndpoint,
      TokenEndpoint.TokenEndpoint.of({ exchange: () => nothing, request: () => nothing })
    )
    : TokenEndpoint.layer
  return TokenService.layer().pipe(
    Layer.provide([exchanges, Layer.succeed(Revocation, Revocation.of({ revoke: () => nothing }))]),
    Layer.provide([
      client,
      AuthorizationServer.layer(AuthorizationServer.makeLoopback({
        provider: "bench",
        issuer: "https://as.example",
        tokenEndpoint: endpoint ?? "https://as.example/token"
      })),
      ClientAuthentication.layerNone({ clientId: "client" }),
      RefreshPolicy.layer(policy)
    ]),
    Layer.provideMerge(store),
    Layer.orDie,
    clock === undefined ? identity : Layer.provide(Layer.succeed(Clock.Clock, clock))
  )
}

/** How the tokens of a grant are: a day's, or as old as is said. */
export interface Age {
  /** Milliseconds since they were issued. */
  readonly age?: number
  readonly lifetime?: Duration.Input
}

/** A pair of tokens for each grant. */
export type Tokens = ReadonlyArray<readonly [access: string, refresh: string]>

/** The tokens of so many grants, each text whole: one that is put together of two is held as its parts. */
export const tokensOf = (count: number): Tokens =>
  Array.from(
    { length: count },
    (_, index) => [whole(`access-token-of-${index}`), whole(`refresh-token-of-${index}`)] as const
  )

const whole = (text: string): string => Buffer.from(text).toString()

/** Opens the service and gives it a grant for each pair of tokens. */
export const open = async (tokens: Tokens, options?: Options & Age) => {
  const runtime = ManagedRuntime.make(layer(options))
  const service = await runtime.runPromise(TokenService.TokenService)
  const keys: Array<GrantKey> = []
  const adopt = (index: number, [access, refresh]: Tokens[number]) =>
    Effect.suspend(() => {
      const key = service.key(`account-${index}`)
      keys.push(key)
      return service.adopt(key, {
        accessToken: Redacted.make(access),
        refreshToken: Redacted.make(refresh),
        tokenType: "Bearer",
        receivedAt: Date.now() - (options?.age ?? 0),
        expiresIn: Duration.fromInputUnsafe(options?.lifetime ?? "1 day")
      })
    })
  await runtime.runPromise(Effect.forEach(tokens, (pair, index) => adopt(index, pair), { discard: true }))
  return { keys, runtime, service }
}

// A token service over the memory store, whose grants are all fresh: nothing may be sent.
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import type { GrantKey } from "@effect-oauth/core/GrantKey"
import { Revocation } from "@effect-oauth/core/Revocation"
import { TokenEndpoint } from "@effect-oauth/core/TokenEndpoint"
import * as TokenService from "@effect-oauth/core/TokenService"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

const nothing = Effect.die("a fresh grant asks for nothing")

const layer = TokenService.layer().pipe(
  Layer.provide([
    Layer.succeed(
      AuthorizationServer.AuthorizationServer,
      Result.getOrThrow(AuthorizationServer.make({ provider: "bench", tokenEndpoint: "https://as.example/token" }))
    ),
    ClientAuthentication.layerNone({ clientId: "client" }),
    Layer.succeed(TokenEndpoint, TokenEndpoint.of({ exchange: () => nothing, request: () => nothing })),
    Layer.succeed(Revocation, Revocation.of({ revoke: () => nothing })),
    TokenStore.layerMemory
  ])
)

/** Opens the service and gives it a grant for each pair of tokens. */
export const open = async (tokens: ReadonlyArray<readonly [access: string, refresh: string]>) => {
  const runtime = ManagedRuntime.make(layer)
  const service = await runtime.runPromise(TokenService.TokenService)
  const keys: Array<GrantKey> = []
  await runtime.runPromise(Effect.forEach(tokens, ([access, refresh], index) => {
    const key = service.key(`account-${index}`)
    keys.push(key)
    return service.adopt(key, {
      accessToken: Redacted.make(access),
      refreshToken: Redacted.make(refresh),
      tokenType: "Bearer",
      receivedAt: Date.now(),
      expiresIn: Duration.days(1)
    })
  }, { discard: true }))
  return { keys, service }
}

/**
 * Whom the sample connects to: Frame.io, or a sandbox on this machine that looks
 * like it.
 */
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import type { SandboxError } from "@effect-oauth/cli/sandbox/Server"
import { type AuthorizationServer, type ClientAuthentication, type OAuthError, TokenService } from "@effect-oauth/core"
import { FrameIo } from "@effect-oauth/frameio"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Settings } from "./Settings.ts"

/** What can be played with: nothing, at Frame.io itself. */
export class Playground extends Context.Service<Playground, {
  /** Takes an account's access away as its person would at the provider, and lets the sample find out. */
  readonly withdraw:
    | ((account: string) => Effect.Effect<void, OAuthError.OAuthError, TokenService.TokenService>)
    | undefined
}>()("@effect-oauth/web-sample/Provider/Playground") {}

/** The provider of the settings. */
export const layer = (
  { credential, origin }: Settings
): Layer.Layer<
  AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication | Playground,
  OAuthError.OAuthError | SandboxError
> =>
  credential !== undefined
    ? Layer.merge(
      FrameIo.layer({ client: "webApp", ...credential }),
      Layer.succeed(Playground, { withdraw: undefined })
    )
    : Layer.unwrap(Effect.map(Sandbox.Sandbox, ofSandbox)).pipe(
      Layer.provide(Sandbox.layer({
        settings: { approval: "page" },
        redirectUris: { "v4-web-app": [`${origin}/oauth/callback`] }
      }))
    )

/** The sandbox as the provider. */
export const ofSandbox = (sandbox: Sandbox.Sandbox["Service"]) => {
  const { clientId, clientSecret = Redacted.make("") } = sandbox.registrations["v4-web-app"]
  return Layer.merge(
    FrameIo.layerLoopback({ client: "webApp", clientId, clientSecret, origin: sandbox.origin }),
    Layer.succeed(Playground, {
      withdraw: Effect.fnUntraced(function*(account) {
        const service = yield* TokenService.TokenService
        const key = service.key(account)
        const { value } = yield* service.token(key)
        yield* sandbox.withdraw(value)
        // it is not told; the next renewal finds out
        yield* Effect.ignore(service.refresh(key))
      })
    })
  )
}

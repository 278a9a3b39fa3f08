/** The process of `Crash.ts`: dies in the way that its argument names. */
import { ClientAuthentication, type TokenService } from "@effect-oauth/core"
import { NodeRuntime } from "@effect/platform-node"
import { Duration, Effect, Layer, Redacted, References } from "effect"
import * as Client from "../Client.ts"

const { env: { CANARIES = "{}" }, argv: [, , way] } = process
const canaries: Readonly<Record<string, string>> = JSON.parse(CANARIES)
delete process.env["CANARIES"]
const secret = (name: string) => Redacted.make(canaries[name] ?? "")

const program = Effect.gen(function*() {
  const { key, service } = yield* Client.adopted({
    accessToken: secret("access token"),
    refreshToken: secret("refresh token"),
    expiresIn: Duration.hours(1)
  })
  const held = {
    key,
    service,
    token: yield* service.token(key),
    status: yield* service.status(key),
    context: yield* Effect.context<TokenService.TokenService>()
  }
  yield* Effect.logInfo("about to die with", held)
  switch (way) {
    case "defect":
      return yield* Effect.die(held)
    case "rejection":
      void Promise.reject(Object.assign(new Error("rejected"), held))
      return yield* Effect.sleep("1 second")
    case "throw":
      setTimeout(() => {
        throw Object.assign(new Error("thrown"), held)
      }, 0)
      return yield* Effect.sleep("1 second")
    default:
      return yield* Effect.fail(yield* Effect.flip(service.refresh(key)))
  }
})

NodeRuntime.runMain(Effect.provide(program, [
  Client.layer("http://127.0.0.1:1", {
    policy: { shutdownGrace: "10 millis" },
    authentication: ClientAuthentication.layerPost({ clientId: "app", clientSecret: secret("client secret") })
  }),
  Layer.succeed(References.MinimumLogLevel, "All")
]))

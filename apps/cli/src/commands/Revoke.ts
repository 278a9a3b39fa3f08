/**
 * `revoke`: ends the grant here and at the server, and remembers that.
 */
import { TokenService } from "@effect-oauth/core/TokenService"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Ending from "../Ending.ts"
import { Output } from "../Output.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Revokes the grant. */
export const revoke = Command.make(
  "revoke",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key } = yield* Session.Session
      const service = yield* TokenService
      const remote = yield* output.waiting(`Revoking the grant of ${key.account}`)(service.revoke(key))
      if (remote === "pending") return yield* Ending.pending("revoke", key.account)
      yield* output.result(
        { account: key.account, revoked: true, remote },
        () => `The grant of ${key.account} is revoked${Ending.elsewhere(remote)}`
      )
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Revoke the grant: at the server, and for every process that shares the store"),
  Command.withShortDescription("End the grant at the server, and for every process here"),
  Command.withExamples([{ command: "effect-oauth revoke --account work" }])
)

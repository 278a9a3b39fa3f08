/**
 * `logout`: revokes the grant and forgets it.
 */
import { TokenService } from "@effect-oauth/core/TokenService"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ending from "../Ending.ts"
import { Output } from "../Output.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Revokes the grant and removes its record. */
export const logout = Command.make(
  "logout",
  {
    local: Flag.Boolean("local").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only forget the grant here; its tokens live on at the server"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ local }) {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key } = yield* Session.Session
      const service = yield* TokenService
      const status = yield* service.status(key)
      if (Option.isNone(status)) {
        return yield* output.result(
          { account: key.account, forgotten: false, remote: null },
          () => `There is no grant of ${key.account}`
        )
      }
      const remote = local
        ? "not-asked" as const
        : yield* output.waiting(`Revoking the grant of ${key.account}`)(service.revoke(key))
      // forgotten now, it could not be revoked any more
      if (remote === "pending") return yield* Ending.pending("logout", key.account)
      yield* service.forget(key)
      yield* output.result(
        { account: key.account, forgotten: true, remote },
        () => `Logged out ${key.account}${Ending.elsewhere(remote)}`
      )
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Revoke the grant and forget it"),
  Command.withExamples([
    { command: "effect-oauth logout --account work" },
    { command: "effect-oauth logout --local", description: "Forget it here, where the server cannot be asked" }
  ])
)

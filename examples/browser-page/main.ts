import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as Site from "./Site.ts"

const program = Effect.gen(function*() {
  const { origin } = yield* Site.open
  yield* Console.log(`Open ${origin}, log in, and open it once more in another tab. Ctrl-C ends it.`)
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))

import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as Cluster from "./Cluster.ts"

const program = Effect.gen(function*() {
  const { origin } = yield* Cluster.open({ approval: "page", accessToken: "10 seconds" })
  yield* Console.log(`Open ${origin}, log in, and reload every few seconds. Ctrl-C ends it.`)
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program))

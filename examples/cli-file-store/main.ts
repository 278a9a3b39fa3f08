import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import * as Session from "./Session.ts"

const program = Effect.gen(function*() {
  const { run, sandbox } = yield* Session.open
  for (const command of ["login", "whoami", "whoami", "logout", "whoami"] as const) {
    yield* Console.log(`$ tool ${command}\n${yield* run(command)}`)
    // the access token lives two
    yield* Effect.sleep("2 seconds")
  }
  const { refreshes, revocations } = yield* sandbox.ledger.counts
  yield* Console.log(`The server saw ${refreshes} renewals and ${revocations} revocation.`)
})

NodeRuntime.runMain(Effect.scoped(program))

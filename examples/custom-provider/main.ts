import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { TestClock } from "effect/testing"
import { laws } from "./laws.ts"

// contracts are data: any runner will do, or none
const program = Effect.forEach(laws, ({ name, run }) =>
  Effect.matchCauseEffect(run, {
    onFailure: (cause) => Effect.andThen(Console.log(`FAIL ${name}`), Effect.failCause(cause)),
    onSuccess: () => Console.log(`ok   ${name}`)
  }))

NodeRuntime.runMain(Effect.provide(program, TestClock.layer()))

/** Another process of the same tool, which can be killed. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as ChildProcess from "node:child_process"
import * as Process from "node:process"
import { fileURLToPath } from "node:url"
import * as Stage from "./Stage.ts"

/** What it is to renew. */
export const Task = Schema.fromJsonString(Schema.Struct({ account: Schema.String, client: Stage.Client }))

/** Starts a process that renews a grant, and gives what kills it (SIGKILL: nothing can be tidied up). */
export const start = Effect.fnUntraced(function*(
  task: typeof Task.Type
): Effect.fn.Return<{ readonly kill: Effect.Effect<void> }, never, Scope.Scope> {
  const input = yield* Effect.orDie(Schema.encodeEffect(Task)(task))
  const file = fileURLToPath(import.meta.resolve("./renewingProcess.ts"))
  const process = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = ChildProcess.spawn(Process.execPath, [file], { stdio: ["pipe", "ignore", "ignore"] })
      child.stdin.end(input)
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  return {
    kill: Effect.callback<void>((resume) => {
      if (process.exitCode !== null || process.signalCode !== null) return resume(Effect.void)
      process.once("exit", () => resume(Effect.void))
      process.kill("SIGKILL")
    })
  }
})

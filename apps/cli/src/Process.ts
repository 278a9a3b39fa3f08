/**
 * Runs the command line in this process: its arguments, signals and streams.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as ExitCode from "./ExitCode.ts"
import * as Main from "./Main.ts"

// whoever reads our output may stop: the write that fails tells, and nothing has to crash
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})

// The first Ctrl-C closes in order: what was sent is waited for and saved. The second one ends at once.
const closing = Effect.sync(() => {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[KClosing; press Ctrl-C again to end at once\n")
}).pipe(Effect.delay("300 millis"))
let signals = 0
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (++signals === 2) process.exit(ExitCode.interrupted)
    Effect.runFork(closing)
  })
}

// The window that is closed is no reason to lose an answer either: Windows gives some seconds, others wait. What nohup
// started has no terminal, and goes on.
for (const signal of ["SIGHUP", "SIGBREAK"] as const) {
  if (process.stderr.isTTY || process.platform === "win32") process.on(signal, () => process.emit("SIGINT"))
}

NodeRuntime.runMain(
  Main.run(process.argv.slice(2)).pipe(
    Effect.provide(NodeServices.layer),
    // a signal handler keeps nothing alive, but an open stdin would
    Effect.ensuring(Effect.sync(() => process.stdin.unref?.()))
  )
)

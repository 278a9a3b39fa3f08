/**
 * Another process of the same tool: it renews one grant, unless it is killed
 * before that. What to renew arrives on its standard input.
 */
import { TokenService } from "@effect-oauth/core"
import { NodeRuntime, NodeStdio } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as OtherProcess from "./OtherProcess.ts"
import * as Stage from "./Stage.ts"

const program = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const text = yield* Stream.mkString(Stream.decodeText(stdio.stdin))
  const { account, client } = yield* Schema.decodeEffect(OtherProcess.Task)(text)
  const renewal = Effect.gen(function*() {
    const service = yield* TokenService.TokenService
    yield* service.refresh(service.key(account))
  })
  yield* Effect.provide(renewal, Stage.layer(client))
})

NodeRuntime.runMain(Effect.provide(program, NodeStdio.layer), { disableErrorReporting: true })

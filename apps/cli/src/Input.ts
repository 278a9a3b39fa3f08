/**
 * What is read from stdin.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/** All bytes of stdin. */
export const bytes: Effect.Effect<Uint8Array, PlatformError, Stdio.Stdio> = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const chunks = yield* Stream.runCollect(stdio.stdin)
  return Buffer.concat(chunks)
})

/** All of stdin as text. */
export const all: Effect.Effect<string, PlatformError, Stdio.Stdio> = Effect.map(
  bytes,
  (bytes) => new TextDecoder().decode(bytes)
)

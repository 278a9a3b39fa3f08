/** What tabs and workers of an origin tell each other of what they changed. */
import type { Change } from "@effect-oauth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { defaultName } from "./database.ts"

/** Notifications, both ways. */
export interface Changes {
  readonly publish: (changed: { readonly key: string; readonly version?: string | undefined }) => void
  readonly stream: Stream.Stream<Change>
}

/** Opens a channel to publish on, until the scope closes; each run of the stream opens one of its own to listen at. */
export const make = Effect.fnUntraced(function*(
  database: string = defaultName
): Effect.fn.Return<Changes, never, Scope.Scope> {
  const name = `${database} changes`
  const sender = yield* channel(name)
  return {
    publish: ({ key, version }) => sender.postMessage(version === undefined ? { key } : { key, version }),
    stream: Stream.callback<Change>((queue) =>
      Effect.gen(function*() {
        const receiver = yield* channel(name)
        const gap = (): void => {
          Queue.offerUnsafe(queue, { _tag: "Gap" })
        }
        receiver.addEventListener("message", ({ data }) => {
          const changed = decode(data)
          if (Option.isSome(changed)) Queue.offerUnsafe(queue, { _tag: "Changed", ...changed.value })
          else gap()
        })
        receiver.addEventListener("messageerror", gap)
        // a tab that was frozen has missed what others said
        if (typeof document !== "undefined") {
          yield* listen(document, "resume", gap)
          yield* listen(document, "visibilitychange", () => {
            if (document.visibilityState === "visible") gap()
          })
          yield* listen(globalThis, "pageshow", gap)
        }
        gap()
        return yield* Effect.never
      })
    )
  }
})

const channel = (name: string): Effect.Effect<BroadcastChannel, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new BroadcastChannel(name)),
    (channel) => Effect.sync(() => channel.close())
  )

const listen = (target: EventTarget, type: string, act: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => target.addEventListener(type, act)),
    () => Effect.sync(() => target.removeEventListener(type, act))
  )

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ key: Schema.String, version: Schema.optionalKey(Schema.String) })
)

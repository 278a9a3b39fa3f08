/**
 * A look at the settings under which Redis loses grants by itself.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"

/** Warns of settings under which Redis forgets grants; says nothing where it may not ask. */
export const warn = (redis: Redis.Redis["Service"]): Effect.Effect<void> =>
  redis.send("INFO").pipe(
    Effect.timeout(Duration.seconds(5)),
    Effect.orElseSucceed(() => ""),
    Effect.flatMap((info) =>
      Effect.forEach(typeof info === "string" ? problems(info) : [], (problem) => Effect.logWarning(problem), {
        discard: true
      })
    )
  )

/** What is wrong with the settings that an `INFO` shows. */
export const problems = (info: string): ReadonlyArray<string> => {
  const setting = (name: string) => new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1]
  const eviction = setting("maxmemory_policy")
  return [
    ...(eviction === undefined || eviction === "noeviction"
      ? []
      : [`Redis may evict grants when its memory is full (maxmemory-policy ${eviction}). Set it to noeviction`]),
    ...(setting("aof_enabled") === "0"
      ? ["Redis forgets the grants of its last minutes in a crash (appendonly no). Set appendonly to yes"]
      : [])
  ]
}

import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Queue, Scope, Stream } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Shared from "../../src/internal/redis.ts"
import * as Changes from "../../src/internal/redisChanges.ts"

describe("internal/redisChanges", () => {
  it.effect("announces writes and removals", () =>
    Effect.gen(function*() {
      const { changes, say } = yield* listening()

      yield* say("7 key-a 7-w", "8 key-b", "9 key-a 9-id with spaces")

      assert.deepStrictEqual(changes, ["key-a 7-w", "key-b", "key-a 9-id with spaces"])
    }))

  it.effect("begins with a gap, for each who listens: what was before is not known", () =>
    Effect.gen(function*() {
      const { first, listen } = yield* listening()
      const other = yield* listen

      assert.deepStrictEqual([first, other.first], [["gap"], ["gap"]])
    }))

  it.effect("says nothing until something has come over the channel", () =>
    Effect.gen(function*() {
      const redis = new FakeRedis()
      redis.answers = "nothing"
      const { changes, first } = yield* listening(redis)
      yield* TestClock.adjust("1 minute")
      const before = [...first, ...changes]

      redis.answers = "pulse"
      yield* TestClock.adjust("5 seconds")

      assert.deepStrictEqual([before, changes], [[], ["gap"]])
    }))

  for (
    const [what, message] of [
      ["a number that was passed over", "9 key-a 9-w"],
      ["a number that came before", "6 key-a 6-w"],
      ["the same number again", "7 key-a 7-x"]
    ] as const
  ) {
    it.effect(`takes ${what} for a gap`, () =>
      Effect.gen(function*() {
        const { changes, say } = yield* listening()

        yield* say("7 key-a 7-w", message)

        assert.deepStrictEqual(changes, ["key-a 7-w", "gap", message.slice(2)])
      }))
  }

  it.effect("takes a pulse that is further on for a gap, and one that is not for none", () =>
    Effect.gen(function*() {
      const { changes, say } = yield* listening()

      yield* say("7 key-a 7-w", "7", "7", "9", "10 key-a 10-w")

      assert.deepStrictEqual(changes, ["key-a 7-w", "gap", "key-a 10-w"])
    }))

  it.effect("passes over what is no message", () =>
    Effect.gen(function*() {
      const { changes, say } = yield* listening()

      yield* say("7 key-a 7-w", "", "hello", "-1", "8 ", "1e9 key-a", "8 key-b 8-w")

      assert.deepStrictEqual(changes, ["key-a 7-w", "key-b 8-w"])
    }))

  it.effect("asks when it hears nothing, and is content with an answer", () =>
    Effect.gen(function*() {
      const { changes, redis } = yield* listening()
      const before = redis.pulses

      yield* TestClock.adjust("1 minute")

      assert.isAtLeast(redis.pulses - before, 10)
      assert.deepStrictEqual(changes, [])
    }))

  it.effect("asks nothing while it hears something", () =>
    Effect.gen(function*() {
      const { redis, say } = yield* listening()
      const before = redis.pulses

      for (let number = 1; number < 60; number++) {
        yield* say(`${number} key-a ${number}-w`)
        yield* TestClock.adjust("1 second")
      }

      assert.strictEqual(redis.pulses, before)
    }))

  it.effect("takes a question that nobody answers for a gap, within seven seconds, again and again", () =>
    Effect.gen(function*() {
      const { changes, redis, say } = yield* listening()
      yield* say("7 key-a 7-w")
      redis.answers = "nothing"

      yield* TestClock.adjust("7 seconds")
      const first = [...changes]
      yield* TestClock.adjust("1 minute")

      assert.deepStrictEqual(first, ["key-a 7-w", "gap"])
      assert.isAtLeast(changes.length, 8)
    }))

  it.effect("waits for no answer that does not come", () =>
    Effect.gen(function*() {
      const { changes, redis } = yield* listening()
      redis.answers = "never"

      yield* TestClock.adjust("7 seconds")

      assert.deepStrictEqual(changes, ["gap"])
    }))

  it.effect("subscribes again when the subscription fails, and tells of the gap", () =>
    Effect.gen(function*() {
      const { changes, redis, say } = yield* listening()
      yield* say("7 key-a 7-w")

      redis.disconnect()
      yield* TestClock.adjust("1 second")
      yield* say("8 key-a 8-w")

      assert.strictEqual(redis.subscriptions, 2)
      assert.deepStrictEqual(changes, ["key-a 7-w", "gap", "key-a 8-w"])
    }))

  it.effect("subscribes once for all listeners, and no longer than there are any", () =>
    Effect.gen(function*() {
      const { listen, redis, scope } = yield* listening()
      const other = yield* listen
      yield* TestClock.adjust("1 second")

      assert.strictEqual(redis.subscriptions, 1)
      assert.strictEqual(redis.open, 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(redis.open, 1)
      yield* Scope.close(other.scope, Exit.void)
      assert.strictEqual(redis.open, 0)
    }))
})

/** A Redis of which only the channel is there. */
class FakeRedis {
  pulses = 0
  subscriptions = 0
  open = 0
  number = "6"
  answers: "pulse" | "nothing" | "never" = "pulse"
  private queue: Queue.Queue<Redis.RedisMessage, Redis.RedisError> | undefined

  readonly say = (message: string): void => {
    const [number = ""] = message.split(" ")
    if (/^\d+$/.test(number)) this.number = number
    if (this.queue !== undefined) Queue.offerUnsafe(this.queue, { channel: "changes", message })
  }

  readonly disconnect = (): void => {
    if (this.queue !== undefined) {
      Queue.failCauseUnsafe(this.queue, Cause.fail(new Redis.RedisError({ cause: "closed" })))
    }
  }

  readonly service = Redis.Redis.of({
    send: () => Effect.die("not asked for"),
    reserve: Effect.die("not asked for"),
    eval: () => () =>
      Effect.suspend(() => {
        this.pulses++
        if (this.answers === "never") return Effect.never
        if (this.answers === "pulse") this.say(this.number)
        return Effect.succeed(1)
      }),
    subscribe: () =>
      Effect.acquireRelease(
        Effect.gen({ self: this }, function*() {
          this.subscriptions++
          this.open++
          return this.queue = yield* Queue.unbounded<Redis.RedisMessage, Redis.RedisError>()
        }),
        () =>
          Effect.sync(() => {
            this.open--
          })
      )
  })
}

/** Listens, and collects what is announced once the subscription stands. */
const listening = Effect.fnUntraced(function*(redis = new FakeRedis()) {
  const stream = yield* Changes.make(redis.service, yield* Shared.names("test", undefined))
  const parent = yield* Effect.scope
  const listen = Effect.gen(function*() {
    const scope = yield* Scope.fork(parent)
    const [first, changes]: [Array<string>, Array<string>] = [[], []]
    let into = first
    yield* Effect.forkIn(
      Stream.runForEach(stream, (change) =>
        Effect.sync(() => {
          into.push(change._tag === "Gap" ? "gap" : `${change.key}${change.version ? ` ${change.version}` : ""}`)
        })),
      scope
    )
    yield* TestClock.adjust("1 milli")
    into = changes
    return { first, changes, scope }
  })
  const say = (...messages: ReadonlyArray<string>) =>
    Effect.forEach(messages, (message) => Effect.andThen(Effect.sync(() => redis.say(message)), TestClock.adjust(1)))
  return { redis, listen, say, ...(yield* listen) }
})

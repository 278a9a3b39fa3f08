/**
 * Notifications of all grants: one channel, one connection, and no silence that
 * is taken for quiet.
 */
import type { Change } from "@effect-oauth/core/TokenStore"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Cause from "effect/Cause"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import * as Failure from "./failure.ts"
import * as Migrations from "./migrations.ts"

/**
 * Listens while the scope is open. Whoever subscribes hears a first `Gap` when nothing goes unnoticed any more, at once
 * or as soon as the connection stands, and all that comes from then on.
 */
export const listen = Effect.fnUntraced(function*(
  client: PgClient,
  table: string
): Effect.fn.Return<Stream.Stream<Change>, never, Scope.Scope | SecureRandom.SecureRandom> {
  const random = yield* SecureRandom.SecureRandom
  const changes = yield* PubSub.unbounded<Change>()
  const deaf = Deferred.makeUnsafe<void>()
  let hasBegun = false
  const publish = (change: Change): void => {
    PubSub.publishUnsafe(changes, change)
  }

  const listening = Effect.gen(function*() {
    let failures = 0
    while (true) {
      const exit = yield* Effect.exit(Effect.scoped(Effect.gen(function*() {
        const connection = yield* connect(client, table)
        const notifications = yield* connection.listen(table)
        if (!(yield* isNotifying(connection, table))) return
        yield* echo(client, notifications, table, yield* random.uuidV4())
        failures = 0
        hasBegun = true
        publish(gap)
        return yield* Effect.raceFirst(hear(notifications, publish), watch(connection))
      })))
      if (hasBegun) publish(gap)
      if (Exit.isSuccess(exit)) {
        yield* Effect.logWarning(
          `Nothing notifies of changes of the table ${table}: the triggers of PostgresTokenStore.migrations are missing`
        )
        return yield* Deferred.succeed(deaf, undefined)
      }
      const log = failures === 0 ? Effect.logWarning : Effect.logDebug
      yield* log(`Notifications of changes of the table ${table} are interrupted (${problemOf(exit.cause)})`)
      yield* Effect.sleep(rest(++failures, yield* Random.next))
    }
  })

  const fiber = yield* Effect.forkDetach(listening)
  // a connection that has gone silent is not waited for
  yield* Effect.addFinalizer(() => Effect.timeoutOption(Effect.interruptible(Fiber.interrupt(fiber)), limit))

  return Stream.unwrap(
    Effect.map(PubSub.subscribe(changes), (subscription) => {
      const rest = Stream.fromSubscription(subscription)
      return hasBegun ? Stream.concat(Stream.succeed(gap), rest) : rest
    })
  ).pipe(Stream.interruptWhen(Deferred.await(deaf)))
})

const gap: Change = { _tag: "Gap" }

type Notifications = Queue.Dequeue<PgConnection.Notification, SqlError>

// A connection beside the pool: it is held for ever, and a pool may have only one.
const connect = (
  client: PgClient,
  table: string
): Effect.Effect<PgConnection.PgConnection, SqlError, Scope.Scope> =>
  Effect.flatMap(
    PgConnection.make({ ...client.config, applicationName: `changes of ${table}`.slice(0, 63) }),
    (connection) => connection.pin
  )

const isNotifying = (connection: PgConnection.PgConnection, table: string): Effect.Effect<boolean, SqlError> => {
  const name = Migrations.trigger(table)
  return Effect.map(
    connection.query(
      "SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname IN ($2, $3) AND tgenabled <> 'D'",
      [`"${table.replace(".", `"."`)}"`, name, `${name}_update`]
    ),
    ({ rows }) => rows.length === 2
  )
}

// Notifications must reach this connection from those that write: a pooler may see to it that they do not.
const echo = (
  client: PgClient,
  notifications: Notifications,
  table: string,
  id: string
): Effect.Effect<void, SqlError | Cause.TimeoutError> =>
  Effect.gen(function*() {
    yield* client.notify(table, id)
    while ((yield* Queue.take(notifications)).payload !== id) continue
  }).pipe(Effect.timeout(limit))

// Tells what is heard, as much at once as has come.
const hear = (
  notifications: Notifications,
  publish: (change: Change) => void
): Effect.Effect<never, SqlError> =>
  Effect.forever(Effect.map(Queue.takeAll(notifications), (heard) => {
    for (const { payload } of heard) {
      const [key = "", version] = payload.split(" ")
      if (payload === Migrations.anything) publish(gap)
      // the ids of keys have bars; echoes have not
      else if (key.includes("|")) publish({ _tag: "Changed", key, version })
    }
  }))

// A connection that died without a word is as quiet as one on which nothing happens.
const watch = (connection: PgConnection.PgConnection): Effect.Effect<never, SqlError | Cause.TimeoutError> =>
  Effect.forever(Effect.andThen(Effect.sleep(heartbeat), Effect.timeout(connection.query("SELECT 1"), limit)))

/** How long a quiet connection is trusted. */
const heartbeat = Duration.seconds(5)

/** How long an answer, or an echo, may take. */
const limit = Duration.seconds(5)

/** The rest before another attempt: up to five seconds, since every attempt that fails says `Gap`. */
const rest = (failures: number, spread: number): Duration.Duration =>
  Duration.millis(Math.min(5000, 100 * 2 ** failures) * (0.5 + spread / 2))

const problemOf = (cause: Cause.Cause<SqlError | Cause.TimeoutError>): string => {
  const error = Result.getOrUndefined(Cause.findError(cause))
  return error === undefined ? "defect" : isSqlError(error) ? Failure.codeOf(error) : "timeout"
}

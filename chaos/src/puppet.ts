/**
 * A process that does as it is told: `node puppet.ts <task>`. Each line of its standard input is a command, and each line
 * of its standard output the answer to it. It ends in order when its standard input does.
 */
import type { GrantEvent, OAuthError, TokenSet } from "@effect-oauth/core"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Redacted, References, Stream } from "effect"
import { flushCompileCache } from "node:module"
import { createInterface } from "node:readline"
import * as Client from "./Client.ts"
import type { Pair } from "./Server.ts"
import type * as Settings from "./Settings.ts"

/** What a process is told to do with the grant of an account. */
export interface Command {
  readonly id: number
  readonly account: string
  readonly do: "token" | "refresh" | "revoke" | "login"
  /** How many callers ask at once for a token. */
  readonly callers?: number | undefined
  /** The tokens of a login, and how many milliseconds ago they were given. */
  readonly pair?: Pair | undefined
  readonly age?: number | undefined
}

/** What came of a command. */
export interface Answer {
  readonly id: number
  /** The different access tokens that callers got, and the reasons of those who got none. */
  readonly tokens: ReadonlyArray<string>
  readonly failures: ReadonlyArray<string>
}

const task: Client.Task = JSON.parse(process.argv[2] ?? "{}")

const kindOf = (account: string): Settings.Kind => account.startsWith("windowed") ? "windowed" : "strict"

const perform = (
  client: Client.Client,
  command: Command
): Effect.Effect<ReadonlyArray<string>, OAuthError.OAuthError> => {
  const service = client.services[kindOf(command.account)]
  const key = service.key(command.account)
  const one = (effect: Effect.Effect<TokenSet.AccessToken, OAuthError.OAuthError>) =>
    Effect.map(effect, ({ value }) => [Redacted.value(value)])
  switch (command.do) {
    case "token":
      return one(service.token(key))
    case "refresh":
      return one(service.refresh(key))
    case "revoke":
      return Effect.map(service.revoke(key), (outcome) => [outcome])
    case "login":
      return command.pair === undefined
        ? Effect.succeed([])
        : Effect.as(service.adopt(key, Client.tokens(command.pair, command.age)), [])
  }
}

const wordOf = (event: GrantEvent.GrantEvent): string =>
  event._tag === "Overtaken" && event.leftToExpire ? "Overtaken, left to expire" : event._tag

const answer = Effect.fnUntraced(function*(client: Client.Client, command: Command) {
  const outcomes = yield* Effect.all(
    Array.from({ length: command.callers ?? 1 }, () => Effect.result(perform(client, command))),
    { concurrency: "unbounded" }
  )
  const given = outcomes.flatMap((outcome) => outcome._tag === "Success" ? outcome.success : [])
  const failures = outcomes.flatMap((outcome) => outcome._tag === "Failure" ? [outcome.failure.reason._tag] : [])
  const said: Answer = { id: command.id, tokens: [...new Set(given)], failures: [...new Set(failures)] }
  yield* Console.log(JSON.stringify(said))
})

const program = Effect.gen(function*() {
  const client = yield* Client.make(task)
  if (task.isFirst) flushCompileCache()
  for (const service of Object.values(client.services)) {
    yield* Effect.forkChild(
      Stream.runForEach(
        service.events,
        (event) => Console.log(JSON.stringify({ event: wordOf(event), account: event.key.account }))
      )
    )
  }
  yield* Console.log("ready")
  const commands = Stream.fromAsyncIterable(createInterface({ input: process.stdin }), () => "ended" as const)
  yield* Stream.runForEach(commands, (line) => Effect.forkChild(answer(client, JSON.parse(line)))).pipe(Effect.ignore)
})

NodeRuntime.runMain(Effect.scoped(Effect.provideService(program, References.MinimumLogLevel, "Error")))

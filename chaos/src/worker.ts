/**
 * A process of a run: its callers ask for the tokens of all grants, again and again, and use what they are given.
 * `node worker.ts <task>`; it ends in order when its standard input does.
 */
import type { OAuthError, TokenSet } from "@effect-oauth/core"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Fiber, Random, Redacted, References, Schedule } from "effect"
import { flushCompileCache } from "node:module"
import * as Client from "./Client.ts"
import type { Pair } from "./Server.ts"
import * as Settings from "./Settings.ts"

const task: Client.Task = JSON.parse(process.argv[2] ?? "{}")

const ended = new Promise<void>((resolve) => process.stdin.resume().once("close", resolve))

type Account = (typeof Settings.accounts)[number]

const visit = (path: string, init: RequestInit): Effect.Effect<{ readonly status: number; readonly body: unknown }> =>
  Effect.promise(async () => {
    const response = await fetch(task.origin + path, init)
    return { status: response.status, body: await response.json() }
  })

// A grant that is lost is connected again, as a person would: by whoever comes first.
const login = Effect.fnUntraced(function*(client: Client.Client, { account, kind }: Account, why: string) {
  const { body, status } = yield* visit("/login", { method: "POST", body: new URLSearchParams({ account, why }) })
  if (status !== 200) return yield* Effect.sleep("100 millis")
  yield* client.services[kind].adopt(client.services[kind].key(account), Client.tokens(body as Pair))
})

// Asks until there is a token, and uses it.
const call = Effect.fnUntraced(function*(client: Client.Client, asked: Account) {
  const { account, kind } = asked
  const service = client.services[kind]
  const key = service.key(account)
  const startedAt = Settings.now()
  const patiently = (ask: Effect.Effect<TokenSet.AccessToken, OAuthError.OAuthError>) =>
    ask.pipe(
      Effect.catchReason("OAuthError", "ReauthorizationRequired", ({ why }) =>
        Effect.andThen(login(client, asked, why), ask)),
      Effect.retry({
        while: (error) =>
          error.reason._tag !== "RefusedAgain",
        schedule: Schedule.spaced("150 millis")
      })
    )
  const use = (token: TokenSet.AccessToken) =>
    visit("/resource", {
      headers: {
        authorization: `Bearer ${Redacted.value(token.value)}`,
        "x-account": account,
        "x-process": task.name,
        "x-waited": String(Math.round(Settings.now() - startedAt))
      }
    })
  const token = yield* patiently(service.token(key))
  const { status } = yield* use(token)
  if (status === 401) yield* Effect.flatMap(patiently(service.refused(key, token)), use)
})

const caller = (client: Client.Client, place: number) =>
  Effect.forever(Effect.gen(function*() {
    const { body } = yield* visit("/next", {
      headers: { "x-process": task.name, "x-caller": String(place) }
    })
    const { account: next } = body as { readonly account: string }
    const account = Settings.accounts.find(({ account }) => account === next)
    if (account !== undefined) yield* Effect.ignore(call(client, account))
    yield* Effect.sleep(Settings.rest * 2 * (yield* Random.next))
  }))

const program = Effect.gen(function*() {
  const client = yield* Effect.retry(
    Effect.catchDefect(Client.make(task), () => Effect.fail("the store is away")),
    Schedule.spaced("200 millis")
  )
  // those that start later start quicker; nobody writes this down when killed
  if (task.isFirst) flushCompileCache()
  yield* Console.log("ready")
  const fibers = yield* Effect.all(
    Array.from({ length: Settings.callers }, (_, place) => Effect.forkChild(caller(client, place)))
  )
  yield* Effect.promise(() => ended)
  yield* Fiber.interruptAll(fibers)
})

// outages are meant to be; what is worse shows in the ledger
NodeRuntime.runMain(Effect.scoped(Effect.provideService(program, References.MinimumLogLevel, "Error")))

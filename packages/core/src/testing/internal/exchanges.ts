/**
 * Exchanges with a test authorization server: each is recorded, meets its fate,
 * and leaves its entries in the ledger.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Fault } from "../Fault.ts"
import type { Endpoint, Entry, Exchange, Kind } from "../Ledger.ts"
import * as TestHttp from "../TestHttp.ts"
import type { Token } from "./grants.ts"
import { bodyText } from "./wire.ts"

export const makeExchanges = (options: {
  readonly clock: Clock.Clock
  readonly scope: Scope.Scope
  readonly endpointOf: (url: string) => Endpoint
  readonly tokenNamed: (value: string) => Token | undefined
  /** What the server itself answers; nothing where there is no server. */
  readonly process: (exchange: Exchange) => TestHttp.Answer | undefined
  /** What an answer still lacks when the server has processed a request: a signature. */
  readonly finish: (answer: TestHttp.Answer) => Effect.Effect<TestHttp.Answer>
}) => {
  const { clock, scope } = options
  const log: Array<Exchange> = []
  const ledger: Array<Entry> = []
  const queues = new Map<Endpoint, Array<Fault | undefined>>()
  let decide: (exchange: Exchange) => Fault | undefined = () => undefined
  let respond: (exchange: Exchange) => TestHttp.Answer | undefined = () => undefined
  let processing: Exchange | undefined

  const write = (exchange: Exchange | undefined, kind: Kind, details: Details = {}): void => {
    ledger.push({
      at: clock.currentTimeMillisUnsafe(),
      kind,
      by: exchange?.by ?? "server",
      ...(exchange === undefined ? {} : { exchange: exchange.number }),
      ...details
    })
  }

  const process = (exchange: Exchange): Effect.Effect<TestHttp.Answer | undefined> =>
    Effect.suspend(() => {
      processing = exchange
      try {
        const answer = respond(exchange) ?? options.process(exchange)
        return answer === undefined ? Effect.succeed(undefined) : options.finish(answer)
      } finally {
        processing = undefined
      }
    })

  const pass = (duration: Duration.Duration | undefined): Effect.Effect<void> =>
    duration === undefined || Duration.isZero(duration) ? Effect.void : clock.sleep(duration)

  /** The server's side. It goes on when the client gives up. */
  const serve = Effect.fnUntraced(function*(exchange: Exchange, fault: Fault) {
    yield* pass(fault.requestTakes)
    const delivery = fault.delivery ?? "once"
    let own = delivery === "never" ? undefined : yield* process(exchange)
    if (typeof delivery === "object") {
      const again = Effect.andThen(pass(delivery.againAfter), process(exchange))
      if (delivery.clientSees === "second") own = yield* again
      else yield* Effect.forkIn(again, scope, { startImmediately: true })
    }
    yield* pass(fault.answerTakes)
    if (fault.answer !== undefined) return fault.answer(own)
    return own ?? (exchange.endpoint === "elsewhere" ? "unreachable" : "silence")
  })

  const fail = (exchange: Exchange, code: string): Effect.Effect<never, TestHttp.ConnectionFailed> => {
    write(exchange, "unanswered", { detail: code })
    return Effect.fail(new TestHttp.ConnectionFailed({ code }))
  }

  const arrive = (
    exchange: Exchange,
    answer: TestHttp.Answer | "reset" | "silence" | "unreachable"
  ): Effect.Effect<TestHttp.Answer, TestHttp.ConnectionFailed> => {
    if (answer === "silence") return Effect.never
    if (answer === "reset") return fail(exchange, "ECONNRESET")
    if (answer === "unreachable") return fail(exchange, "ENOTFOUND")
    if (answer.ending !== undefined && answer.ending !== "complete") {
      write(exchange, "unanswered", { detail: answer.ending })
      return Effect.succeed(answer)
    }
    for (const [value] of bodyText(answer).matchAll(/test-f\d+-r\d+-[0-9a-f]{16}/g)) {
      const token = options.tokenNamed(value)
      if (token !== undefined) write(exchange, "received", { family: token.family.id, token: token.id })
    }
    write(exchange, "answered", { detail: String(answer.status) })
    return Effect.succeed(answer)
  }

  const takesTime = (fault: Fault): boolean =>
    fault.requestTakes !== undefined || fault.answerTakes !== undefined || typeof fault.delivery === "object"

  return {
    log,
    ledger,

    /** Writes down what the server does while it processes a request, or by itself. */
    note: (kind: Kind, details: Details): void => write(processing, kind, details),

    queue: (faults: ReadonlyArray<Fault | undefined>, endpoint: Endpoint): void => {
      queues.set(endpoint, [...(queues.get(endpoint) ?? []), ...faults])
    },

    decideBy: (f: (exchange: Exchange) => Fault | undefined): void => {
      decide = f
    },

    respondWith: (f: (exchange: Exchange) => TestHttp.Answer | undefined): void => {
      respond = f
    },

    exchange: (by: string) => (request: TestHttp.Request): Effect.Effect<TestHttp.Answer, TestHttp.ConnectionFailed> =>
      Effect.suspend(() => {
        const endpoint = options.endpointOf(request.url)
        const exchange: Exchange = {
          ...request,
          number: log.length,
          by,
          at: clock.currentTimeMillisUnsafe(),
          endpoint
        }
        log.push(exchange)
        const queue = queues.get(endpoint) ?? []
        const fault = (queue.length > 0 ? queue.shift() : decide(exchange)) ?? none
        const { notSent } = fault
        if (notSent !== undefined) {
          return Effect.andThen(pass(fault.requestTakes), Effect.suspend(() => fail(exchange, notSent)))
        }
        const presented = endpoint === "token" ? request.parameters["refresh_token"] : undefined
        if (presented !== undefined) {
          const token = options.tokenNamed(presented)
          write(exchange, "presented", { family: token?.family.id, token: token?.id })
        }
        const served = takesTime(fault)
          ? Effect.flatMap(Effect.forkIn(serve(exchange, fault), scope, { startImmediately: true }), Fiber.join)
          : serve(exchange, fault)
        return served.pipe(
          Effect.flatMap((answer) => arrive(exchange, answer)),
          Effect.onInterrupt(() => Effect.sync(() => write(exchange, "abandoned")))
        )
      })
  }
}

type Details = Omit<Entry, "at" | "kind" | "by" | "exchange">

const none: Fault = { name: "none" }

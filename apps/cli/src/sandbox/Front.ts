/**
 * The way of a request through the sandbox: faults first, then the dress, then
 * the provider, the dress again, and a line in the ledger.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { STATUS_CODES } from "node:http"
import type * as Account from "./Account.ts"
import * as Api from "./Api.ts"
import * as Dress from "./Dress.ts"
import type * as Engine from "./Engine.ts"
import type * as Faults from "./Faults.ts"
import * as Interactions from "./Interactions.ts"
import type * as Ledger from "./Ledger.ts"
import * as Message from "./Message.ts"
import * as Replay from "./Replay.ts"
import type * as Settings from "./Settings.ts"

/** What the front stands before. */
export interface Options {
  readonly origin: string
  readonly settings: () => Settings.Settings
  readonly accounts: Account.Accounts
  readonly dresses: ReadonlyArray<Dress.Dress>
  readonly api: Api.Api
  readonly faults: Faults.Faults
  readonly ledger: Ledger.Ledger
  /** Is told where a person would connect a device that has just asked. */
  readonly deviceAsked: (verificationUri: string) => Effect.Effect<void>
}

/** Answers requests. */
export type Front = (request: Message.Request) => Effect.Effect<Message.Reply>

interface Done {
  readonly answer: Message.Answer
  readonly deed: Ledger.Deed
}

/** Makes the front. */
export const make = (options: Options): Front => {
  const { dresses, faults, ledger, settings } = options
  const replay = Replay.make(settings)
  const oneAtATime = makeOneAtATime()

  const withFaults = Effect.fnUntraced(function*(
    subject: Ledger.Subject,
    work: Effect.Effect<Done>
  ): Effect.fn.Return<Message.Reply> {
    const hold = faults.take("Hold", subject)
    if (hold !== undefined) {
      yield* Deferred.succeed(hold.arrived, subject)
      if ((yield* Deferred.await(hold.verdict)) === "drop") {
        yield* ledger.record(subject, unprocessed)
        return "dropped"
      }
    }
    if (Duration.isPositive(settings().latency)) yield* Effect.sleep(settings().latency)
    const failure = faults.take("Fail", subject)
    const done = failure?.processed === false ? failed(failure) : yield* work
    const answer = failure === undefined ? done.answer : failed(failure).answer
    const delivered = faults.take("DropAnswer", subject) === undefined
    yield* ledger.record(subject, { ...done.deed, status: answer.status, delivered })
    return delivered ? answer : "dropped"
  })

  const process = Effect.fnUntraced(function*(
    dress: Dress.Dress,
    request: Message.Request,
    exchange: Dress.Exchange
  ): Effect.fn.Return<Done> {
    const refusal = yield* dress.request(exchange)
    if (refusal !== undefined) return { answer: dress.answer(exchange, refusal), deed: deedOf(refusal) }
    const isRefresh = exchange.endpoint === "token" && exchange.parameters.get("grant_type") === "refresh_token"
    const key = isRefresh ? Replay.key(exchange.headers, exchange.parameters) : ""
    const earlier = isRefresh ? yield* replay.answer(dress.engine.store, key) : undefined
    if (earlier !== undefined) return { answer: earlier, deed: { ...deedOf(earlier), replayed: true } }
    const presentedAt = yield* Clock.currentTimeMillis
    const { answer: plain, notes } = yield* dress.engine.call(rewritten(request, exchange.parameters))
    const answer = withCallback(options.origin, dress, dress.answer(exchange, plain))
    if (notes.rotated) replay.remember(key, answer, presentedAt)
    return { answer, deed: deedOf(answer, notes) }
  })

  const serve = Effect.fnUntraced(function*(
    dress: Dress.Dress,
    request: Message.Request
  ): Effect.fn.Return<Message.Reply> {
    const endpoint = dress.endpoint(request.url.pathname.slice(dress.mount.length))
    if (endpoint === undefined) return notFound
    const parameters = yield* parametersOf(request)
    if (request.url.pathname.startsWith(`${dress.mount}/interaction/`)) {
      return yield* Interactions.answer(dress, request, parameters, {
        settings: settings(),
        accounts: options.accounts
      })
    }
    const exchange = { endpoint, parameters, query: request.url.searchParams, headers: request.headers }
    const work = process(dress, request, exchange)
    if (endpoint === "page" || endpoint === "metadata") return (yield* work).answer
    const presented = credential(exchange)
    const reply = yield* withFaults(
      subject(dress, exchange, presented ?? Api.bearerToken(request)),
      presented === undefined ? work : oneAtATime(presented, work)
    )
    if (endpoint === "device-authorization" && reply !== "dropped") {
      const address = Message.jsonBody(reply)?.verification_uri_complete
      if (typeof address === "string") yield* options.deviceAsked(address)
    }
    return reply
  })

  const call = Effect.fnUntraced(function*(request: Message.Request) {
    const token = Api.bearerToken(request)
    const subject: Ledger.Subject = {
      dress: "api",
      endpoint: "api",
      ...(token === undefined ? {} : { presented: Message.digest(token) })
    }
    return yield* withFaults(
      subject,
      Effect.suspend(() => options.api.answer(request, faults.take("RefuseToken", subject) !== undefined)).pipe(
        Effect.map((answer) => ({ answer, deed: deedOf(answer) }))
      )
    )
  })

  return (request) => {
    const path = aliases.get(request.url.pathname) ?? request.url.pathname
    if (path !== request.url.pathname) request = { ...request, url: new URL(path + request.url.search, request.url) }
    const dress = dresses.find(({ mount }) => path === mount || path.startsWith(`${mount}/`))
    if (dress !== undefined) return serve(dress, request)
    if (options.api.owns(path)) return call(request)
    return Effect.succeed(path === "/" ? home : notFound)
  }
}

/** RFC 8414 puts the well-known part before the issuer's path. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["/.well-known/oauth-authorization-server/oidc", "/oidc/.well-known/oauth-authorization-server"]
])

const notFound = Message.json(404, { error: "not_found", error_description: "the sandbox has nothing here" })

const home = Message.page(200, "effect-oauth sandbox", "<p>An authorization server for trying things out.</p>")

const nothing: Omit<Ledger.Deed, "outcome"> = {
  delivered: true,
  rotated: false,
  reuse: false,
  replayed: false,
  grantEnded: false
}

const unprocessed: Ledger.Deed = { ...nothing, outcome: "unprocessed", delivered: false }

const failed = (fault: Extract<Faults.Fault, { _tag: "Fail" }>): Done => ({
  answer: fault.error === undefined
    ? {
      status: fault.status,
      headers: { "content-type": "text/html; charset=utf-8", ...fault.headers },
      body: `<h1>${fault.status} ${STATUS_CODES[fault.status] ?? ""}</h1>`
    }
    : Message.oauthError(fault.status, fault.error),
  deed: { ...nothing, outcome: "failed" }
})

const deedOf = (answer: Message.Answer, notes?: Engine.Notes): Ledger.Deed => {
  const location = answer.headers.location
  const error = typeof location === "string"
    ? URL.parse(location)?.searchParams.get("error") ?? undefined
    : Message.jsonBody(answer)?.error
  return {
    ...nothing,
    ...notes,
    outcome: answer.status >= 500 ? "failed" : answer.status >= 400 || error !== undefined ? "refused" : "succeeded",
    status: answer.status,
    ...(typeof error === "string" ? { error } : {})
  }
}

const subject = (dress: Dress.Dress, exchange: Dress.Exchange, presented: string | undefined): Ledger.Subject => {
  const client = Dress.clientId(exchange)
  const grantType = exchange.endpoint === "token" ? exchange.parameters.get("grant_type") : null
  return {
    dress: dress.name,
    endpoint: exchange.endpoint,
    ...(grantType === null ? {} : { grantType }),
    ...(client === undefined ? {} : { client }),
    ...(presented === undefined ? {} : { presented: Message.digest(presented) })
  }
}

const credential = ({ endpoint, parameters }: Dress.Exchange): string | undefined => {
  switch (endpoint) {
    case "token":
      return parameters.get("refresh_token") ?? parameters.get("code") ?? parameters.get("device_code") ?? undefined
    case "revocation":
    case "introspection":
      return parameters.get("token") ?? undefined
    default:
      return undefined
  }
}

const isForm = (request: Message.Request): boolean =>
  /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(request.headers["content-type"] ?? "")

const parametersOf = (request: Message.Request): Effect.Effect<URLSearchParams> => {
  if (request.method !== "POST") return Effect.sync(() => new URLSearchParams(request.url.search))
  const contentType = request.headers["content-type"] ?? ""
  if (!isForm(request)) return Effect.sync(() => new URLSearchParams())
  return Effect.tryPromise(() =>
    new Response(request.body.slice(), { headers: { "content-type": contentType } }).formData()
  )
    .pipe(
      Effect.map((form) =>
        new URLSearchParams([...form].map(([name, value]) => [name, typeof value === "string" ? value : ""]))
      ),
      Effect.orElseSucceed(() => new URLSearchParams())
    )
}

const rewritten = (request: Message.Request, parameters: URLSearchParams): Message.Request => {
  if (request.method === "GET") {
    const url = new URL(request.url)
    url.search = parameters.toString()
    return { ...request, url }
  }
  if (request.method !== "POST" || !isForm(request)) return request
  return {
    ...request,
    headers: { ...request.headers, "content-type": "application/x-www-form-urlencoded" },
    body: new TextEncoder().encode(parameters.toString())
  }
}

const withCallback = (origin: string, dress: Dress.Dress, answer: Message.Answer): Message.Answer => {
  const { location } = answer.headers
  const url = typeof location === "string" ? URL.parse(location) : null
  if (url === null || url.origin === origin) return answer
  dress.callback(url.searchParams)
  return { ...answer, headers: { ...answer.headers, location: url.href } }
}

/**
 * What is good once is looked at by one request at a time. oidc-provider looks,
 * and then marks; between the two a second request would pass.
 */
const makeOneAtATime = () => {
  const turns = new Map<string, { readonly semaphore: Semaphore.Semaphore; waiting: number }>()
  return <A>(credential: string, effect: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.suspend(() => {
      const turn = turns.get(credential) ?? { semaphore: Semaphore.makeUnsafe(1), waiting: 0 }
      turns.set(credential, turn)
      turn.waiting++
      return turn.semaphore.withPermit(effect).pipe(
        Effect.ensuring(Effect.sync(() => {
          if (--turn.waiting === 0) turns.delete(credential)
        }))
      )
    })
}

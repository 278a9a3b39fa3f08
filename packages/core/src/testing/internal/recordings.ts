/**
 * How recorded exchanges are played: through the whole client, or straight to the server.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthorizationServer } from "../../AuthorizationServer.ts"
import type { ClientAuthentication } from "../../ClientAuthentication.ts"
import type { GrantKey } from "../../GrantKey.ts"
import * as Login from "../../Login.ts"
import type { OAuthError } from "../../OAuthError.ts"
import * as PendingAuthorizations from "../../PendingAuthorizations.ts"
import * as PushedAuthorization from "../../PushedAuthorization.ts"
import * as Revocation from "../../Revocation.ts"
import * as TokenEndpoint from "../../TokenEndpoint.ts"
import * as TokenService from "../../TokenService.ts"
import * as TokenStore from "../../TokenStore.ts"
import type { Exchange, Given, Recording, Request } from "../RecordedExchange.ts"
import * as TestCrypto from "../TestCrypto.ts"
import * as TestHttp from "../TestHttp.ts"
import { ensure, same } from "./law.ts"

type Provider = AuthorizationServer | ClientAuthentication

/** What is asked of the server itself, without a grant. */
export const direct = <R>(
  exchanges: ReadonlyArray<Exchange>,
  ask: (sent: ReadonlyArray<TestHttp.Request>) => Effect.Effect<void, OAuthError, R>
) =>
  Effect.suspend(() => {
    const sent: Array<TestHttp.Request> = []
    const http = Layer.merge(TestCrypto.layer(), answering(exchanges, sent))
    return Effect.provide(ask(sent), Layer.provideMerge(TokenEndpoint.layer, http))
  })

/** A grant that was logged in for. */
export interface Played {
  readonly key: GrantKey
  readonly store: TokenStore.TokenStore["Service"]
  readonly service: TokenService.TokenService["Service"]
}

const redirectUri = "https://client.test/callback"

/** Logs in and goes on; then what was sent must be what was recorded. */
export const playing = (
  recording: Recording,
  exchanges: ReadonlyArray<Exchange>,
  go: (played: Played) => Effect.Effect<void, OAuthError>
): Effect.Effect<void, OAuthError, Provider> =>
  Effect.gen(function*() {
    const sent: Array<TestHttp.Request> = []
    const layer = client(answering(exchanges, sent))
    yield* Effect.gen(function*() {
      const logins = yield* Login.Login
      const service = yield* TokenService.TokenService
      const begun = yield* logins.begin({ account: "one", redirectUri, scopes: recording.scopes })
      // a page that reads the request behind the # of its address reads it as a query
      const query = begun.url.slice(begun.url.indexOf("?") + 1)
      const asked = new URLSearchParams(query)
      for (const [name, value] of Object.entries(recording.authorization)) {
        yield* same(`the parameter ${name} of the authorization request`, asked.get(name), value)
      }
      for (const [name, value] of Object.entries(recording.written ?? {})) {
        const pair = query.split("&").find((pair) => pair.startsWith(`${name}=`))
        yield* same(`how ${name} is written`, pair, `${name}=${value}`)
      }
      const callback = new URLSearchParams({ ...recording.callback })
      // a server that has a name of its own for it gives it back under that name
      const state = Redacted.value(begun.state)
      const [name = "state"] = [...asked].find(([, value]) => value === state) ?? []
      if (!callback.has("state")) callback.set(name, state)
      const completed = yield* logins.complete(`${redirectUri}?${callback}`)
      yield* go({ key: completed.key, service, store: yield* TokenStore.TokenStore })
    }).pipe(Effect.provide(layer), Effect.scoped)
    yield* sentAsRecorded(sent, exchanges)
  })

/** What was received must be what it is recorded to mean. */
export const received = ({ key, service, store }: Played, gives: Given): Effect.Effect<void, OAuthError> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const token = yield* service.token(key)
    const status = Option.getOrUndefined(yield* service.status(key))
    const expiresAt = Option.getOrUndefined(status?.expiresAt ?? Option.none())
    const expiresIn = expiresAt === undefined ? undefined : (DateTime.toEpochMillis(expiresAt) - now) / 1000

    yield* same("the token", Redacted.value(token.value), gives.token)
    yield* same("whether it can be renewed", status?.renewable, gives.renewable)
    yield* same("its lifetime in seconds", nearly(gives.expiresIn, expiresIn), gives.expiresIn)
    if (gives.refreshTokenExpiresIn !== undefined) {
      const { grant } = yield* store.read(key)
      const at = grant?.body._tag === "Open" ? grant.body.refreshTokenExpiresAt : undefined
      yield* same(
        "the lifetime of the refresh token in seconds",
        at === undefined ? undefined : nearly(gives.refreshTokenExpiresIn, (at - now) / 1000),
        gives.refreshTokenExpiresIn
      )
    }
    if (gives.refreshIn !== undefined) {
      const { grant } = yield* store.read(key)
      const at = grant?.body._tag === "Open" ? grant.body.accessTokens[0]?.refreshAt : undefined
      yield* same(
        "in how many seconds the server wants it renewed",
        at === undefined ? undefined : nearly(gives.refreshIn, (at - now) / 1000),
        gives.refreshIn
      )
    }
    if (gives.scopes !== undefined) yield* same("its scopes", status?.scopes, gives.scopes)
    for (const [name, value] of Object.entries(gives.kept ?? {})) {
      yield* same(`what is kept as ${name}`, status?.kept[name], value)
    }
    for (const [part, value] of Object.entries(gives.parts ?? {})) {
      const own = yield* service.token(service.key(key.account, part))
      yield* same(`the token of the part ${part}`, Redacted.value(own.value), value)
    }
  })

// read from what was recorded, minutes at most pass
const nearly = (recorded: number | undefined, read: number | undefined): number | undefined =>
  recorded !== undefined && read !== undefined && Math.abs(recorded - read) < 120 ? recorded : read

const answering = (exchanges: ReadonlyArray<Exchange>, sent: Array<TestHttp.Request>) =>
  TestHttp.layer((request) =>
    Effect.sync(() => {
      const next = exchanges[sent.length]
      sent.push(request)
      return next === undefined ? TestHttp.empty(404) : answerOf(next)
    })
  )

/** What was sent must be what was recorded. */
export const sentAsRecorded = (
  sent: ReadonlyArray<TestHttp.Request>,
  exchanges: ReadonlyArray<Exchange>
): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (const [index, { request }] of exchanges.entries()) {
      yield* same(`request ${index + 1}`, shown(sent[index], request), { method: "POST", encoding: "form", ...request })
    }
    yield* ensure(sent.length === exchanges.length, `${sent.length - exchanges.length} more requests were sent`)
  })

const answerOf = ({ answer: { body, headers, status = 200 } }: Exchange): TestHttp.Answer =>
  typeof body === "string"
    ? { status, body, headers: headers ?? {} }
    : TestHttp.json(body, { status, headers })

/** What was sent, in the words of what was expected. */
const shown = (sent: TestHttp.Request | undefined, expected: Request): Request | undefined => {
  if (sent === undefined) return undefined
  const type = sent.headers["content-type"] ?? ""
  const encoding = type.startsWith("application/json") ? "json" : type === "" ? "query" : "form"
  const [address = "", query = ""] = sent.url.split("?", 2)
  const parameters = encoding === "json"
    ? JSON.parse(sent.body)
    : Object.fromEntries(new URLSearchParams(encoding === "query" ? query : sent.body))
  return {
    method: sent.method === "GET" || sent.method === "DELETE" ? sent.method : "POST",
    url: encoding === "query" ? address : sent.url,
    encoding,
    parameters: { ...parameters, ...("code_verifier" in parameters ? { code_verifier: "~" } : {}) },
    ...(expected.headers === undefined ? {} : {
      headers: Object.fromEntries(Object.keys(expected.headers).map((name) => [name, sent.headers[name] ?? ""]))
    })
  }
}

const client = (http: ReturnType<typeof TestHttp.layer>) =>
  Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      TokenStore.layerMemory,
      PendingAuthorizations.layerMemory(),
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Revocation.layer
    )),
    Layer.provide(Layer.merge(TestCrypto.layer(), http))
  )

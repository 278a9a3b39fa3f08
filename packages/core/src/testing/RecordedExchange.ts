/**
 * The exchanges of a provider as its documentation shows them, run through the
 * whole client: what is sent is compared with what the provider expects, and
 * what comes of its answers with what they mean.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import type { GrantKey } from "../GrantKey.ts"
import * as Login from "../Login.ts"
import type { OAuthError } from "../OAuthError.ts"
import * as PendingAuthorizations from "../PendingAuthorizations.ts"
import * as PushedAuthorization from "../PushedAuthorization.ts"
import * as Revocation from "../Revocation.ts"
import * as TokenEndpoint from "../TokenEndpoint.ts"
import * as TokenRequest from "../TokenRequest.ts"
import * as TokenService from "../TokenService.ts"
import * as TokenStore from "../TokenStore.ts"
import type { Law } from "./Contract.ts"
import { ensure, same } from "./internal/law.ts"
import * as TestCrypto from "./TestCrypto.ts"
import * as TestHttp from "./TestHttp.ts"

/**
 * A request as it should be sent. What is random is written `~`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** `POST`. */
  readonly method?: "GET" | "POST" | undefined
  /** Without a query, where `parameters` are in it. */
  readonly url: string
  /** `form`. */
  readonly encoding?: "form" | "json" | "query" | undefined
  readonly parameters: Readonly<Record<string, string>>
  /** Headers that it must carry, names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * One exchange: the request that is expected, and the answer to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  readonly request: Request
  readonly answer: {
    /** 200. */
    readonly status?: number | undefined
    /** The content type is JSON's, unless it is named here. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    readonly body: Json
  }
}

/**
 * What the tokens of an answer mean.
 *
 * @category models
 * @since 0.1.0
 */
export interface Given {
  readonly token: string
  /** Whether the grant can be renewed. */
  readonly renewable: boolean
  /** Seconds; absent where the token does not end. */
  readonly expiresIn?: number | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The access tokens of other parts of the account. */
  readonly parts?: Readonly<Record<string, string>> | undefined
}

/**
 * The recorded exchanges of a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recording {
  readonly scopes: ReadonlyArray<string>
  /** Parameters that the authorization request must carry. */
  readonly authorization: Readonly<Record<string, string>>
  /** What the browser brings back besides `state`. */
  readonly callback: Readonly<Record<string, string>>
  /** The exchange of the code, and a second one where there is one. */
  readonly login: readonly [Exchange, ...ReadonlyArray<Exchange>]
  readonly gives: Given
  /** The renewal, and what follows it before its tokens are given. */
  readonly refresh?:
    | (Exchange & { readonly gives: Given; readonly followedBy?: ReadonlyArray<Exchange> | undefined })
    | undefined
  /** An answer to a renewal that ends the grant. */
  readonly refused?: Exchange["answer"] | undefined
  readonly revocation?: Exchange | undefined
}

/**
 * The recorded exchange of a provider that has no logins.
 *
 * @category models
 * @since 0.1.0
 */
export interface Direct {
  readonly grantType: string
  /** Parameters of the grant: `scope`, `username`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly exchange: Exchange
  readonly gives: Pick<Given, "expiresIn" | "renewable" | "token">
}

type Provider = AuthorizationServer | ClientAuthentication

/**
 * The laws of a recording.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases = (recording: Recording): ReadonlyArray<Law<Provider>> => {
  const { gives, refresh, refused, revocation } = recording
  return [
    {
      name: "logs in as recorded",
      run: playing(recording, recording.login, (played) => received(played, gives))
    },
    ...(refresh === undefined ? [] : [{
      name: "renews as recorded",
      run: playing(
        recording,
        [...recording.login, refresh, ...(refresh.followedBy ?? [])],
        (played) => Effect.andThen(played.service.refresh(played.key), received(played, refresh.gives))
      )
    }]),
    ...(refresh === undefined || refused === undefined ? [] : [{
      name: "ends the grant as recorded",
      run: playing(
        recording,
        [...recording.login, { ...refresh, answer: refused }],
        Effect.fnUntraced(function*({ key, service }) {
          const renewed = yield* Effect.result(service.refresh(key))
          const status = Option.getOrUndefined(yield* service.status(key))

          const read = Result.isFailure(renewed) ? renewed.failure.message : "tokens"
          yield* ensure(
            Result.isFailure(renewed) && renewed.failure.reason._tag === "ReauthorizationRequired",
            `the refusal is read as ${read}, which does not end the grant`
          )
          yield* same("the state of the grant", status?.state._tag, "ReauthorizationRequired")
        })
      )
    }]),
    ...(revocation === undefined ? [] : [{
      name: "revokes as recorded",
      run: playing(
        recording,
        [...recording.login, revocation],
        ({ key, service }) =>
          Effect.flatMap(service.revoke(key), (outcome) => same("the outcome of the revocation", outcome, "done"))
      )
    }])
  ]
}

/**
 * The laws of the recording of a provider that has no logins.
 *
 * @category testing
 * @since 0.1.0
 */
export const directCases = ({ exchange, gives, grantType, parameters }: Direct): ReadonlyArray<Law<Provider>> => [{
  name: "gives tokens as recorded",
  run: Effect.gen(function*() {
    const sent: Array<TestHttp.Request> = []
    const layer = Layer.provide(
      TokenEndpoint.layer,
      Layer.merge(TestCrypto.layer(), answering([exchange], sent))
    )
    const tokens = yield* Effect.flatMap(
      TokenEndpoint.TokenEndpoint,
      (endpoint) => endpoint.request(TokenRequest.extension(grantType, Object.entries(parameters)))
    ).pipe(Effect.provide(layer))

    yield* same("the token", Redacted.value(tokens.accessToken), gives.token)
    yield* same("whether it can be renewed", tokens.refreshToken !== undefined, gives.renewable)
    yield* same(
      "its lifetime in seconds",
      tokens.expiresIn === undefined ? undefined : Duration.toSeconds(tokens.expiresIn),
      gives.expiresIn
    )
    yield* sentAsRecorded(sent, [exchange])
  })
}]

interface Played {
  readonly key: GrantKey
  readonly service: TokenService.TokenService["Service"]
}

const redirectUri = "https://client.test/callback"

/** Logs in and goes on; then what was sent must be what was recorded. */
const playing = (
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
      const asked = new URL(begun.url).searchParams
      for (const [name, value] of Object.entries(recording.authorization)) {
        yield* same(`the parameter ${name} of the authorization request`, asked.get(name), value)
      }
      const callback = new URLSearchParams({ ...recording.callback })
      if (!callback.has("state")) callback.set("state", Redacted.value(begun.state))
      const completed = yield* logins.complete(`${redirectUri}?${callback}`)
      yield* go({ key: completed.key, service })
    }).pipe(Effect.provide(layer), Effect.scoped)
    yield* sentAsRecorded(sent, exchanges)
  })

const received = ({ key, service }: Played, gives: Given): Effect.Effect<void, OAuthError> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const token = yield* service.token(key)
    const status = Option.getOrUndefined(yield* service.status(key))
    const expiresAt = Option.getOrUndefined(status?.expiresAt ?? Option.none())
    // read from what was recorded, minutes at most pass
    const expiresIn = expiresAt === undefined ? undefined : (DateTime.toEpochMillis(expiresAt) - now) / 1000
    const near = gives.expiresIn !== undefined && expiresIn !== undefined && Math.abs(gives.expiresIn - expiresIn) < 120

    yield* same("the token", Redacted.value(token.value), gives.token)
    yield* same("whether it can be renewed", status?.renewable, gives.renewable)
    yield* same("its lifetime in seconds", near ? gives.expiresIn : expiresIn, gives.expiresIn)
    if (gives.scopes !== undefined) yield* same("its scopes", status?.scopes, gives.scopes)
    for (const [part, value] of Object.entries(gives.parts ?? {})) {
      const own = yield* service.token(service.key(key.account, part))
      yield* same(`the token of the part ${part}`, Redacted.value(own.value), value)
    }
  })

const answering = (exchanges: ReadonlyArray<Exchange>, sent: Array<TestHttp.Request>) =>
  TestHttp.layer((request) =>
    Effect.sync(() => {
      const next = exchanges[sent.length]
      sent.push(request)
      return next === undefined ? TestHttp.empty(404) : answerOf(next)
    })
  )

const sentAsRecorded = (
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
    method: sent.method === "GET" ? "GET" : "POST",
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

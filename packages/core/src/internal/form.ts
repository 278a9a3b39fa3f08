/**
 * Requests to the endpoints of an authorization server, with the client's credentials.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import type { HttpClient } from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type { ClientAuthentication, Credentials, Endpoint } from "../ClientAuthentication.ts"
import type { Dialect } from "../Dialect.ts"
import type { About, EndpointRequest, Following, OnTokens } from "../EndpointRequest.ts"
import { ExchangeLimits } from "../ExchangeLimits.ts"
import { ConfigurationInvalid, KeyUnavailable, ResponseInvalid } from "../OAuthError.ts"
import type { Parameters } from "../TokenRequest.ts"
import type { Answer, Judgement } from "../TokenResponse.ts"
import type { TokenSet } from "../TokenSet.ts"
import * as Exchange from "./exchange.ts"
import { limited } from "./limited.ts"
import { problemOfResource } from "./url.ts"
import { isValue, within } from "./within.ts"

/** The dialect's part in an exchange: its two hooks. */
export type Hooks = Pick<Dialect, "onAnswer" | "onRequest">

/** What is asked of whom. */
export interface To extends Pick<EndpointRequest, "endpoint" | "grantType" | "parameters" | "url"> {
  readonly kept?: EndpointRequest["kept"] | undefined
}

/**
 * A request as the dialect writes it. By itself it is a POST of a form. Parameters without a value are left out; one that
 * is named twice is refused (RFC 6749, section 3.2), unless it is one that may be repeated (RFC 8707, RFC 8693).
 */
export const request = (
  to: To,
  credentials: Credentials,
  { onRequest }: Hooks
): Effect.Effect<HttpClientRequest.HttpClientRequest, ConfigurationInvalid | KeyUnavailable> => {
  const plain: EndpointRequest = {
    ...to,
    method: "POST",
    encoding: "form",
    headers: { ...credentials.headers, accept: "application/json" },
    parameters: [...to.parameters, ...credentials.parameters],
    kept: to.kept ?? {}
  }
  return onRequest === undefined
    ? written(plain)
    : guarded(() => Effect.flatMap(limited(onRequest(plain), unavailable), written))
}

/** What a dialect makes of an answer. A hook that throws leaves it as it came: there may be tokens in it. */
export const answered = (answer: Answer, about: About, { onAnswer }: Hooks): Answer => {
  try {
    return onAnswer?.(answer, about) ?? answer
  } catch {
    return answer
  }
}

/**
 * What a dialect makes of tokens. A hook that throws, or does not come to an end, gives nobody the access token and keeps
 * the refresh token.
 */
export const followed = (
  tokens: TokenSet,
  onTokens: OnTokens,
  about: Following
): Effect.Effect<Judgement> =>
  Effect.matchCauseEffect(limited(Effect.suspend(() => onTokens(tokens, about)), undefined), {
    onSuccess: Effect.succeed,
    onFailure: () =>
      Effect.succeed(
        {
          _tag: "Unusable",
          reason: new ResponseInvalid({ problem: "missing", field: "access_token", status: 200 }),
          refreshToken: tokens.refreshToken,
          refreshTokenThumbprint: tokens.refreshTokenThumbprint
        } as const
      )
  })

const written = (
  { encoding, headers, method, parameters, url }: EndpointRequest
): Effect.Effect<HttpClientRequest.HttpClientRequest, ConfigurationInvalid> => {
  const form = new URLSearchParams()
  for (const [name, value] of parameters) {
    const text = plain(value)
    if (text === "") continue
    if (!parameterName.test(name)) {
      return invalid("holds a name with other than letters, digits, -, . and _")
    }
    if (form.has(name) && !repeatable.has(name)) return invalid(`must name ${name} once`)
    const problem = name === "resource" ? problemOfResource(text) : undefined
    if (problem !== undefined) return Effect.fail(new ConfigurationInvalid({ field: "resource", problem }))
    form.append(name, text)
  }
  const options = { headers: unredacted(headers) }
  if (encoding === "query") {
    const joint = !url.includes("?") ? "?" : /[?&]$/.test(url) ? "" : "&"
    return Effect.succeed(HttpClientRequest.make(method)(form.size === 0 ? url : `${url}${joint}${form}`, options))
  }
  const { body, contentType } = typeof encoding === "function" ? encoding(form) : encoding === "json"
    ? { body: JSON.stringify(objectOf(form)), contentType: "application/json" }
    : { body: form.toString(), contentType: "application/x-www-form-urlencoded" }
  return Effect.succeed(HttpClientRequest.make(method)(url, { ...options, body: HttpBody.text(body, contentType) }))
}

const objectOf = (form: URLSearchParams): Record<string, string | ReadonlyArray<string>> =>
  Object.fromEntries([...new Set(form.keys())].map((name) => {
    const values = form.getAll(name)
    return [name, values.length === 1 ? values.join() : values]
  }))

/** Reads the client's credentials. Whatever goes wrong there, nothing was sent. */
export const credentials = (
  authentication: ClientAuthentication["Service"],
  endpoint: Endpoint,
  timeLimit: Duration.Duration
): Effect.Effect<Credentials, ConfigurationInvalid | KeyUnavailable> =>
  guarded(() => {
    const given = authentication.credentials(endpoint)
    // most are made once and are there
    if (isValue(given)) return given
    return within(given, Duration.toMillis(timeLimit), () => Effect.fail(unavailable)).pipe(
      Effect.catchTag(
        "OAuthError",
        ({ reason }) =>
          Effect.fail(reason._tag === "ConfigurationInvalid" || reason._tag === "KeyUnavailable" ? reason : unavailable)
      )
    )
  })

// what somebody else's code threw may quote the secret
const guarded = <A, E>(effect: () => Effect.Effect<A, E>): Effect.Effect<A, E | KeyUnavailable> => {
  try {
    const given = effect()
    return isValue(given) ? given : Effect.catchDefect(given, () => Effect.fail(unavailable))
  } catch {
    return Effect.fail(unavailable)
  }
}

const unavailable = new KeyUnavailable({ use: "client-authentication" })

/**
 * Sends a request once, with the client's credentials. Fails when no answer came; what an answer means is judged
 * elsewhere.
 */
export const exchange = (
  client: HttpClient,
  authentication: ClientAuthentication["Service"],
  hooks: Hooks,
  to: To & {
    readonly field: string
    /** Where a client that proves nothing is not served. */
    readonly unproven?: "refused" | undefined
    /** Where the body must name the client, however it authenticates. */
    readonly clientId?: string | undefined
    readonly bodyMatters?: ((status: number) => boolean) | undefined
    /** Adds what proves the request as it was written. */
    readonly prove?:
      | ((
        request: HttpClientRequest.HttpClientRequest
      ) => Effect.Effect<HttpClientRequest.HttpClientRequest, ConfigurationInvalid | KeyUnavailable>)
      | undefined
  }
): Effect.Effect<Answer, Exclude<Exchange.Outcome, { readonly _tag: "Answer" }>["reason"] | KeyUnavailable> =>
  Effect.flatMap(ExchangeLimits, ({ timeLimit }) => credentials(authentication, to.endpoint, timeLimit)).pipe(
    Effect.filterOrFail(
      (credentials) => to.unproven !== "refused" || credentials.method !== "none",
      () =>
        new ConfigurationInvalid({
          field: "clientAuthentication",
          problem:
            `proves nothing, as the ${to.endpoint} endpoint needs; give the client a secret, or this endpoint a method of its own`
        })
    ),
    Effect.flatMap((credentials) => request({ ...to, parameters: naming(to, credentials) }, credentials, hooks)),
    Effect.flatMap((request) => to.prove?.(request) ?? Effect.succeed(request)),
    Effect.flatMap((request) => Exchange.once(client, request, to)),
    Effect.flatMap((outcome) =>
      outcome._tag === "Answer" ? Effect.succeed(answered(outcome.answer, to, hooks)) : Effect.fail(outcome.reason)
    )
  )

const naming = (
  { clientId, parameters }: { readonly clientId?: string | undefined; readonly parameters: Parameters },
  credentials: Credentials
): Parameters =>
  clientId === undefined || credentials.parameters.some(([name]) => name === "client_id")
    ? parameters
    : [["client_id", clientId], ...parameters]

/** Whether two requests would carry the same credentials. */
export const sameCredentials = (a: Credentials, b: Credentials): boolean => proof(a) === proof(b)

const proof = ({ basis, headers, parameters }: Credentials): string =>
  basis !== undefined
    ? Redacted.value(basis)
    : JSON.stringify([unredacted(headers), parameters.map(([name, value]) => [name, plain(value)])])

const unredacted = (headers: EndpointRequest["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)]))

const plain = (value: string | Redacted.Redacted): string => Redacted.isRedacted(value) ? Redacted.value(value) : value

const parameterName = /^[A-Za-z0-9\-._]+$/

const repeatable: ReadonlySet<string> = new Set(["resource", "audience"])

const invalid = (problem: string): Effect.Effect<never, ConfigurationInvalid> =>
  Effect.fail(new ConfigurationInvalid({ field: "parameters", problem }))

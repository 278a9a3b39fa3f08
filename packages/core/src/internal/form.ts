/**
 * Requests that carry a form and the client's credentials.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import type { HttpClient } from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ClientAuthentication, Credentials, Endpoint } from "../ClientAuthentication.ts"
import { ConfigurationInvalid, KeyUnavailable } from "../OAuthError.ts"
import type { Parameters } from "../TokenRequest.ts"
import type { Answer } from "../TokenResponse.ts"
import * as Exchange from "./exchange.ts"

/**
 * A POST of a form. Parameters without a value are left out; one that is named twice is refused (RFC 6749, section 3.2),
 * unless it is one that may be repeated (RFC 8707, RFC 8693).
 */
export const post = (
  url: string,
  parameters: Parameters,
  credentials: Credentials
): Effect.Effect<HttpClientRequest.HttpClientRequest, ConfigurationInvalid> => {
  const form = new URLSearchParams()
  for (const [name, value] of [...parameters, ...credentials.parameters]) {
    const text = plain(value)
    if (text === "") continue
    if (!parameterName.test(name)) {
      return invalid("holds a name with other than letters, digits, -, . and _")
    }
    if (form.has(name) && !repeatable.has(name)) return invalid(`must name ${name} once`)
    form.append(name, text)
  }
  return Effect.succeed(HttpClientRequest.post(url, {
    headers: { ...unredacted(credentials.headers), accept: "application/json" },
    body: HttpBody.text(form.toString(), "application/x-www-form-urlencoded")
  }))
}

/** Reads the client's credentials. Whatever goes wrong there, nothing was sent. */
export const credentials = (
  authentication: ClientAuthentication["Service"],
  endpoint: Endpoint,
  timeLimit: Duration.Duration
): Effect.Effect<Credentials, ConfigurationInvalid | KeyUnavailable> =>
  Effect.suspend(() => authentication.credentials(endpoint)).pipe(
    Effect.timeoutOption(timeLimit),
    Effect.flatMap(Option.match({ onNone: () => Effect.fail(unavailable), onSome: Effect.succeed })),
    Effect.catchTag(
      "OAuthError",
      ({ reason }) =>
        Effect.fail(reason._tag === "ConfigurationInvalid" || reason._tag === "KeyUnavailable" ? reason : unavailable)
    ),
    // what somebody else's code threw may quote the secret
    Effect.catchDefect(() => Effect.fail(unavailable))
  )

const unavailable = new KeyUnavailable({ use: "client-authentication" })

/** Sends a form once, with the client's credentials. Fails when no answer came; what an answer means is judged elsewhere. */
export const exchange = (
  client: HttpClient,
  authentication: ClientAuthentication["Service"],
  request: {
    readonly endpoint: Endpoint
    readonly url: string
    readonly field: string
    readonly parameters: Parameters
    readonly bodyMatters?: ((status: number) => boolean) | undefined
  }
): Effect.Effect<Answer, Exclude<Exchange.Outcome, { readonly _tag: "Answer" }>["reason"] | KeyUnavailable> =>
  credentials(authentication, request.endpoint, Exchange.timeLimit).pipe(
    Effect.flatMap((credentials) => post(request.url, request.parameters, credentials)),
    Effect.flatMap((form) => Exchange.once(client, form, request)),
    Effect.flatMap((outcome) =>
      outcome._tag === "Answer" ? Effect.succeed(outcome.answer) : Effect.fail(outcome.reason)
    )
  )

/** Whether two requests would carry the same credentials. */
export const sameCredentials = (a: Credentials, b: Credentials): boolean => written(a) === written(b)

const written = ({ headers, parameters }: Credentials): string =>
  JSON.stringify([unredacted(headers), parameters.map(([name, value]) => [name, plain(value)])])

const unredacted = (headers: Credentials["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)]))

const plain = (value: string | Redacted.Redacted): string => Redacted.isRedacted(value) ? Redacted.value(value) : value

const parameterName = /^[A-Za-z0-9\-._]+$/

const repeatable: ReadonlySet<string> = new Set(["resource", "audience"])

const invalid = (problem: string): Effect.Effect<never, ConfigurationInvalid> =>
  Effect.fail(new ConfigurationInvalid({ field: "parameters", problem }))

/**
 * Calls of Frame.io's APIs, in which a refusal that no fresh token cures is told
 * from a token that has expired.
 *
 * V4 answers the same bare 401 to a token that has expired, to a login without
 * the roles, to an Adobe ID that is not linked and to a person without a product
 * profile. Renewing helps against the first only.
 *
 * - [All calls of V4 answer 401](https://forum.frame.io/t/getting-401-errors-codes-due-to-lack-of-roles-in-my-access-token-payload/3217)
 * - [Frame.io: authentication](https://developer.frame.io/platform/docs/guides/authentication/overview)
 *
 * @since 0.1.0
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import type { GrantKey } from "@effect-oauth/core/GrantKey"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as RemoteText from "@effect-oauth/core/RemoteText"
import type { Scopes } from "@effect-oauth/core/Scopes"
import { TokenService } from "@effect-oauth/core/TokenService"
import type { AccessToken } from "@effect-oauth/core/TokenSet"
import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * An `HttpClient` for Frame.io's API, with tokens.
 *
 * @category models
 * @since 0.1.0
 */
export type FrameIoApi = HttpClient.HttpClient.With<FreshTokenRefused | HttpClientError | OAuthError>

/**
 * Why Frame.io may refuse a token that is fresh.
 *
 * - `roles-missing`: the login did not ask for `additional_info.roles`.
 * - `adobe-id-not-linked`: the Adobe ID is not that of a Frame.io account.
 * - `account-not-on-v4`: the person's account was not moved to V4.
 * - `product-profile-missing`: there is no product profile with Frame.io for who
 *   it is, a person or a server.
 * - `service-scope-missing`: a server's token lacks `frame.s2s.all`.
 * - `not-in-admin-console`: the account is not administered in the Adobe Admin
 *   Console, so that it takes no server's token.
 * - `account-on-v4`: the account was moved to V4, which takes no legacy token.
 * - `server-ended`: the day has passed on which the legacy API was to end.
 *
 * @category models
 * @since 0.1.0
 */
export type Cause =
  | "roles-missing"
  | "adobe-id-not-linked"
  | "account-not-on-v4"
  | "product-profile-missing"
  | "service-scope-missing"
  | "not-in-admin-console"
  | "account-on-v4"
  | "server-ended"

/**
 * Where the scopes of a source are known, a likely cause can be ruled out.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The scopes that the source's tokens were asked for with. */
  readonly scopes?: Scopes | undefined
}

/**
 * The API refused a token that is fresh: it was renewed because the API had
 * refused the one before. Renewing does not help.
 *
 * @category errors
 * @since 0.1.0
 */
export class FreshTokenRefused extends Data.TaggedError("FreshTokenRefused")<{
  readonly provider: string
  readonly origin: string
  readonly status: number
  /** What the API said, in both of its formats of errors. */
  readonly title?: RemoteText.RemoteText | undefined
  readonly detail?: RemoteText.RemoteText | undefined
  /** What is likely, the likeliest first; empty where nothing is known. */
  readonly causes: ReadonlyArray<Cause>
}> {
  override get message(): string {
    const said = this.detail ?? this.title
    return [
      `${this.origin} refused a token (status ${this.status}${said === undefined ? "" : `: ${said}`}), and then the `
      + "fresh one that was got instead, so renewing does not help",
      ...(this.causes.length === 0 ? [] : [`Likely: ${this.causes.map((cause) => causeText[cause]).join("; ")}`])
    ].join(". ")
  }
}

/**
 * The API with the tokens of a grant, for the origins that the server in context
 * names.
 *
 * **Details**
 *
 * It does what `AuthorizedHttpClient` does: on a 401 one renewal and one replay.
 * Where the token that was refused last is known to be fresh, a 401 becomes
 * `FreshTokenRefused`; any other 401 stays the API's answer, as where the body
 * cannot be sent twice or the renewal failed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  key: GrantKey
) => Effect.Effect<FrameIoApi, never, AuthorizationServer | HttpClient.HttpClient | TokenService> = Effect.fnUntraced(
  function*(key) {
    const service = yield* TokenService
    const source = yield* TokenSource.fromGrant(key)
    const scopes = Effect.match(service.status(key), {
      onFailure: () => undefined,
      onSuccess: (status) => Option.getOrUndefined(status)?.scopes
    })
    return yield* telling(source, scopes)
  }
)

/**
 * The API with the tokens of a source: a server's own, from
 * `ClientCredentials.source`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSource = (
  source: TokenSource.TokenSource,
  options?: Options
): Effect.Effect<FrameIoApi, never, AuthorizationServer | HttpClient.HttpClient> =>
  telling(source, Effect.succeed(options?.scopes))

const telling = Effect.fnUntraced(function*(
  source: TokenSource.TokenSource,
  scopes: Effect.Effect<Scopes | undefined>
): Effect.fn.Return<FrameIoApi, never, AuthorizationServer | HttpClient.HttpClient> {
  const server = yield* AuthorizationServer
  const client = yield* HttpClient.HttpClient
  const origins = server.apiOrigins

  const told = Effect.fnUntraced(function*(
    response: HttpClientResponse.HttpClientResponse
  ): Effect.fn.Return<never, FreshTokenRefused> {
    const { detail, title } = yield* saidIn(response)
    return yield* new FreshTokenRefused({
      provider: server.provider,
      origin: origins[0] ?? "",
      status: response.status,
      title: RemoteText.fromUnknown(title),
      detail: RemoteText.fromUnknown(detail),
      causes: causesOf(server, yield* scopes, yield* Clock.currentTimeMillis)
    })
  })

  return HttpClient.makeWith(
    (effect) =>
      Effect.flatMap(effect, (request) =>
        Effect.suspend(() => {
          const watched = watch(source)
          const authorized = AuthorizedHttpClient.withTokenSource(client, watched.source, { origins })
          return Effect.flatMap(
            authorized.postprocess(Effect.succeed(request)),
            (response) =>
              response.status === 401
                ? Effect.flatMap(watched.isFresh, (isFresh) => isFresh ? told(response) : Effect.succeed(response))
                : Effect.succeed(response)
          )
        })),
    client.preprocess
  )
})

// Watches what one request does with a source, and so learns whether the token that it carried last was fresh.
const watch = (source: TokenSource.TokenSource): {
  readonly source: TokenSource.TokenSource
  readonly isFresh: Effect.Effect<boolean>
} => {
  let last: AccessToken | undefined
  let isRefusedAgain = false
  const refused = (token: AccessToken) =>
    source.refused(token).pipe(
      Effect.tap((next) =>
        Effect.sync(() => {
          if (Redacted.value(next.value) !== Redacted.value(token.value)) last = next
        })
      ),
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          isRefusedAgain ||= reason._tag === "RefusedAgain"
        })
      )
    )
  return {
    source: { ...source, refused },
    // the token that came instead may be one that somebody got long ago: its source knows, and renews it if so
    isFresh: Effect.suspend(() =>
      isRefusedAgain || last === undefined
        ? Effect.succeed(isRefusedAgain)
        : Effect.match(source.refused(last), {
          onSuccess: () => false,
          onFailure: ({ reason }) => reason._tag === "RefusedAgain"
        })
    )
  }
}

const Said = Schema.Struct({
  errors: Schema.NonEmptyArray(Schema.Struct({ title: Schema.optional(Schema.String), detail: Schema.String }))
})

// what cannot be read says nothing
const saidIn = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<{ readonly title?: string | undefined; readonly detail?: string | undefined }> =>
  HttpClientResponse.schemaBodyJson(Said)(response).pipe(
    Effect.map(({ errors }) => errors[0]),
    Effect.orElseSucceed(() => ({}))
  )

const causesOf = (
  { endOfLife, provider }: AuthorizationServer["Service"],
  scopes: Scopes | undefined,
  now: number
): ReadonlyArray<Cause> => {
  switch (provider) {
    case "frameio": {
      const isService = scopes?.includes("frame.s2s.all")
      if (isService === true) return ["not-in-admin-console", "product-profile-missing"]
      const lacksRoles = scopes?.includes("additional_info.roles") === false
      if (lacksRoles) return ["roles-missing"]
      return [
        ...(scopes === undefined ? ["roles-missing", "service-scope-missing"] as const : []),
        "account-not-on-v4",
        "adobe-id-not-linked",
        "product-profile-missing"
      ]
    }
    case "frameio-legacy": {
      const hasEnded = endOfLife !== undefined && now >= DateTime.toEpochMillis(endOfLife)
      return hasEnded ? ["server-ended", "account-on-v4"] : ["account-on-v4"]
    }
    default:
      return []
  }
}

const causeText: { readonly [K in Cause]: string } = {
  "roles-missing": "the login did not ask for additional_info.roles; log in again with FrameIo.scopes, since a grant "
    + "keeps the scopes that it has",
  "adobe-id-not-linked": "the Adobe ID is not linked to a Frame.io account",
  "account-not-on-v4": "the account was not moved to V4; call the legacy API with a grant of FrameIoLegacy",
  "product-profile-missing": "there is no product profile with Frame.io for it; an administrator adds one in the Adobe "
    + "Admin Console",
  "service-scope-missing": "a server's token lacks frame.s2s.all; ask with FrameIo.serverToServerScopes",
  "not-in-admin-console": "the account is not administered in the Adobe Admin Console, which servers' tokens need; let "
    + "a person log in",
  "account-on-v4": "the account was moved to V4, which takes no legacy token; log in with FrameIo",
  "server-ended": "the day on which the legacy API was to end has passed; log in with FrameIo"
}

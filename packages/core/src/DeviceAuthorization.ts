/**
 * Logging in on another device (RFC 8628): this one shows a code, the person
 * types it in elsewhere, and this one asks until they have.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as AuthorizationDetails from "./AuthorizationDetails.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import * as Form from "./internal/form.ts"
import { member } from "./internal/json.ts"
import * as Poller from "./internal/poller.ts"
import * as SuccessfulAnswer from "./internal/successfulAnswer.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as RemoteText from "./RemoteText.ts"
import * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import type * as TokenResponse from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * A login that waits for the person. Show `userCode` and `verificationUri`, even
 * where the complete address is opened or drawn as a picture (RFC 8628, section
 * 3.3.1). `deviceCode` is not shown.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started {
  readonly deviceCode: Redacted.Redacted
  readonly userCode: RemoteText.RemoteText
  readonly verificationUri: string
  readonly verificationUriComplete?: string | undefined
  /** When the code is of no more use. */
  readonly expiresAt: DateTime.Utc
  /** How long to wait before asking, every time. */
  readonly interval: Duration.Duration
}

/**
 * The device authorization endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class DeviceAuthorization extends Context.Service<DeviceAuthorization, {
  /**
   * Asks for a code. Do so when the person wants to log in, and not before.
   */
  readonly start: (options?: {
    readonly scopes?: Scopes.Scopes | undefined
    /** What is asked for in detail (RFC 9396). */
    readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
    readonly parameters?: TokenRequest.Parameters | undefined
  }) => Effect.Effect<Started, OAuthError.OAuthError>

  /**
   * Asks for tokens until the person has decided, or the code has expired. A
   * server that is slow or away is asked less often, and the login goes on.
   * Fails with `AuthorizationRefused` when the person declines (`access_denied`)
   * or time runs out (`expired_token`), and with any other error of the server at
   * once. Nothing is started anew: that is for the person to ask for.
   *
   * **Details**
   *
   * - It waits for `interval` before every question, the first too, and 5 seconds
   *   longer from each `slow_down` on.
   * - A server that does not answer, or cannot be reached, is asked after twice
   *   the time, up to two minutes; one that says how long to wait, after that.
   *   As it answers again, it is asked as before.
   * - However long the waits have become, it is asked once more in the last
   *   second.
   * - A device code counts once. When the answer with the tokens may have been
   *   lost on its way, and the server then calls the code used or expired, the
   *   error says so by `answerLost`.
   */
  readonly poll: (started: Started) => Effect.Effect<TokenSet, OAuthError.OAuthError>
}>()("@effect-oauth/core/DeviceAuthorization") {}

/**
 * Makes the device authorization endpoint of the authorization server in
 * context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  DeviceAuthorization["Service"],
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication | TokenEndpoint
> = Effect.gen(function*() {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication
  const endpoint = yield* TokenEndpoint

  const ask = Effect.fnUntraced(function*(
    parameters: TokenRequest.Parameters
  ): Effect.fn.Return<Started, OAuthError.OAuthErrorReason> {
    const field = "deviceAuthorizationEndpoint"
    const url = server[field]
    if (url === undefined) {
      return yield* new OAuthError.ConfigurationInvalid({ field, problem: "is missing; this server has none" })
    }
    const answer = yield* Form.exchange(client, authentication, server.dialect, {
      endpoint: "device-authorization",
      url,
      field,
      parameters
    })
    return yield* Effect.fromResult(judge(answer))
  })

  return DeviceAuthorization.of({
    start: Effect.fn("DeviceAuthorization.start")(function*(options) {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      const scope = Scopes.toString(options?.scopes ?? Scopes.empty, server.dialect.authorization.scopeSeparator)
      const details = AuthorizationDetails.parameters(options?.authorizationDetails, server.authorizationDetailsTypes)
      return yield* Effect.fromResult(details).pipe(
        Effect.flatMap((details) => ask([["scope", scope], ...details, ...(options?.parameters ?? [])])),
        Effect.mapError((reason) => OAuthError.make("DeviceAuthorization", "start", reason))
      )
    }),
    poll: Effect.fn("DeviceAuthorization.poll")(function*(started) {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      const request = TokenRequest.extension(grantType, [["device_code", started.deviceCode]])
      return yield* Poller.poll(endpoint, { ...started, request }).pipe(
        Effect.mapError((reason) => OAuthError.make("DeviceAuthorization", "poll", reason))
      )
    })
  })
})

/**
 * The device authorization endpoint of the authorization server in context.
 *
 * **Details**
 *
 * It is built anew wherever it is provided: two clients in one application, of
 * two servers, never share one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  DeviceAuthorization,
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication | TokenEndpoint
> = Layer.fresh(Layer.effect(DeviceAuthorization, make))

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

const judge = (answer: TokenResponse.Answer): SuccessfulAnswer.Read<Started> =>
  Result.gen(function*() {
    const object = yield* SuccessfulAnswer.objectOf(answer)
    const deviceCode = yield* SuccessfulAnswer.textOf(object, answer, "device_code")
    const userCode = yield* SuccessfulAnswer.textOf(object, answer, "user_code")
    const shown = RemoteText.fromUnknown(userCode)
    // it is typed in letter by letter, so it is shown so or not at all
    if (shown !== userCode) return yield* SuccessfulAnswer.invalid(answer, "out-of-range", "user_code")
    const expiresAt = yield* SuccessfulAnswer.expiryOf(object, answer, longest)
    const complete = member(object, "verification_uri_complete")
    return {
      deviceCode: Redacted.make(deviceCode),
      userCode: shown,
      verificationUri: yield* addressOf(object, answer, "verification_uri"),
      ...(complete === undefined ? {} : {
        verificationUriComplete: yield* addressOf(object, answer, "verification_uri_complete")
      }),
      expiresAt: DateTime.makeUnsafe(expiresAt),
      interval: SuccessfulAnswer.intervalOf(object, longest)
    }
  })

// nobody types a code in that was shown an hour ago
const longest = 3600

const addressOf = (object: JsonObject, answer: TokenResponse.Answer, name: string): SuccessfulAnswer.Read<string> =>
  Result.flatMap(SuccessfulAnswer.textOf(object, answer, name), (text) => {
    // as it is: what the parser would quietly mend does not reach a terminal
    const url = URL.canParse(text) && /^[\x21-\x7e]+$/.test(text) ? new URL(text) : undefined
    const isLocal = url !== undefined && isPrivate(url) && answer.origin.startsWith("http:")
    return url?.protocol === "https:" || isLocal
      ? Result.succeed(text)
      : SuccessfulAnswer.invalid(answer, "out-of-range", name)
  })

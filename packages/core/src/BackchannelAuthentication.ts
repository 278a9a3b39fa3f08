/**
 * Asking a person to sign in on a device of their own (OpenID Connect
 * Client-Initiated Backchannel Authentication, sections 4, 7, 10.1 and 11): the
 * client names whom it means, the server asks that person, and no browser is
 * sent anywhere.
 *
 * This module is the two exchanges. `BackchannelLogin` makes grants of them.
 *
 * It is long because who is meant, how the decision is heard of and what is
 * asked for are each told by a type.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import * as Parameters from "./internal/backchannelParameters.ts"
import * as Form from "./internal/form.ts"
import * as Poller from "./internal/poller.ts"
import * as SuccessfulAnswer from "./internal/successfulAnswer.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import type * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import type * as TokenResponse from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * How the client hears of the person's decision, as it is registered (section
 * 4): it asks (`poll`), it is told to ask (`ping`), or it is brought the tokens
 * (`push`). The latter two need an address that the server can reach.
 *
 * @category models
 * @since 0.1.0
 */
export type Delivery =
  | { readonly mode: "poll" }
  | { readonly mode: "ping" | "push"; readonly notificationEndpoint: string }

/**
 * A request that the server has taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started {
  readonly authReqId: Redacted.Redacted
  /** When the request is of no more use, by this process's clock. */
  readonly expiresAt: DateTime.Utc
  /** How long to wait before asking, every time. */
  readonly interval: Duration.Duration
  /** What the server must show when it calls, where it does. */
  readonly notificationToken?: Redacted.Redacted | undefined
}

/**
 * The grant that a request is redeemed by.
 *
 * @category models
 * @since 0.1.0
 */
export const grantType = "urn:openid:params:grant-type:ciba"

/**
 * Who is meant: one of a name, a token that says it, and an ID token of an
 * earlier login (section 7.1).
 *
 * @category options
 * @since 0.1.0
 */
export type Hint =
  | {
    readonly loginHint: string
    readonly loginHintToken?: undefined
    readonly idTokenHint?: undefined
  }
  | {
    readonly loginHint?: undefined
    readonly loginHintToken: Redacted.Redacted
    readonly idTokenHint?: undefined
  }
  | {
    readonly loginHint?: undefined
    readonly loginHintToken?: undefined
    readonly idTokenHint: Redacted.Redacted
  }

/**
 * What is asked for.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = Hint & {
  /** `openid` is one of them. */
  readonly scopes: Scopes.Scopes
  /**
   * Shown to the person on both devices, so that they know that the one request
   * is the other: 1 to 64 printable characters of ASCII.
   */
  readonly bindingMessage?: string | undefined
  /** A secret that the person told, where the server wants one. It is sent once, and kept nowhere. */
  readonly userCode?: Redacted.Redacted | undefined
  /** How long the request is to live: whole seconds, an hour at most. */
  readonly requestedExpiry?: Duration.Input | undefined
  readonly acrValues?: ReadonlyArray<string> | undefined
  /** Further parameters. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/**
 * The backchannel authentication endpoint of one authorization server, for one
 * client.
 *
 * @category services
 * @since 0.1.0
 */
export class BackchannelAuthentication extends Context.Service<BackchannelAuthentication, {
  /**
   * How this client is registered.
   */
  readonly delivery: Delivery

  /**
   * Has a person asked. Each call is one request. Where a
   * {@link BackchannelRequestSigner} is in context, the parameters are signed, and
   * nothing goes beside them but how the client authenticates (section 7.1.1).
   */
  readonly start: (options: Options) => Effect.Effect<Started, OAuthError.OAuthError>

  /**
   * Asks for tokens until the person has decided, or the request has expired, by
   * the rules of `DeviceAuthorization.poll`: one question at a time, and none
   * sooner than `interval` after the answer to the last. The first waits too,
   * unless the server said that it is time (`"at-once"`).
   *
   * A client that is brought its tokens fails with `ConfigurationInvalid`: it has
   * no business there (section 11).
   */
  readonly poll: (
    started: Pick<Started, "authReqId" | "expiresAt" | "interval">,
    first?: "after-interval" | "at-once"
  ) => Effect.Effect<TokenSet, OAuthError.OAuthError>
}>()("@effect-oauth/core/BackchannelAuthentication") {}

/**
 * Signs the parameters of a request into one (section 7.1.1).
 *
 * @see `BackchannelRequest` of `@effect-oauth/core/jose`
 * @category services
 * @since 0.1.0
 */
export class BackchannelRequestSigner extends Context.Service<BackchannelRequestSigner, {
  readonly sign: (
    parameters: TokenRequest.Parameters
  ) => Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>
}>()("@effect-oauth/core/BackchannelAuthentication/BackchannelRequestSigner") {}

/**
 * The members of the metadata that a client registers for this (section 4).
 *
 * @category constructors
 * @since 0.1.0
 */
export const registration = (
  delivery: Delivery
): Result.Result<Readonly<Record<string, string | ReadonlyArray<string>>>, OAuthError.OAuthError> =>
  Result.mapError(
    Result.map(checked(delivery), () => ({
      ...(delivery.mode === "push" ? {} : { grant_types: [grantType] }),
      backchannel_token_delivery_mode: delivery.mode,
      ...(delivery.mode === "poll"
        ? {}
        : { backchannel_client_notification_endpoint: delivery.notificationEndpoint })
    })),
    (reason) => OAuthError.make("BackchannelAuthentication", "registration", reason)
  )

/**
 * Makes the endpoint of the authorization server in context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(delivery: Delivery): Effect.fn.Return<
  BackchannelAuthentication["Service"],
  OAuthError.OAuthError,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication | SecureRandom.SecureRandom | TokenEndpoint
> {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication
  const endpoint = yield* TokenEndpoint
  const random = yield* SecureRandom.SecureRandom
  const signer = Option.getOrUndefined(yield* Effect.serviceOption(BackchannelRequestSigner))
  yield* Effect.mapError(
    Effect.fromResult(checked(delivery)),
    (reason) => OAuthError.make("BackchannelAuthentication", "make", reason)
  )

  const start = Effect.fn("BackchannelAuthentication.start")(function*(
    options: Options
  ): Effect.fn.Return<Started, OAuthError.OAuthError> {
    yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
    const failed = (reason: OAuthError.OAuthErrorReason) =>
      OAuthError.make("BackchannelAuthentication", "start", reason)
    const field = "backchannelAuthenticationEndpoint"
    const url = server[field]
    if (url === undefined) return yield* failed(invalidOption(field, "is missing; this server has none"))
    const asked = yield* Effect.mapError(Effect.fromResult(Parameters.of(options)), failed)
    const notificationToken = delivery.mode === "poll"
      ? undefined
      : Redacted.make(Base64Url.encode(yield* random.randomBytes(32)))
    const parameters: TokenRequest.Parameters = [
      ...asked,
      ...(notificationToken === undefined ? [] : [["client_notification_token", notificationToken] as const])
    ]
    const answer = yield* Effect.mapError(
      Form.exchange(client, authentication, server.dialect, {
        endpoint: "backchannel-authentication",
        url,
        field,
        unproven: "refused",
        parameters: signer === undefined ? parameters : [["request", yield* signer.sign(parameters)]]
      }),
      failed
    )
    const started = yield* Effect.mapError(Effect.fromResult(judge(answer)), failed)
    return notificationToken === undefined ? started : { ...started, notificationToken }
  })

  return BackchannelAuthentication.of({
    delivery,
    start,
    poll: Effect.fn("BackchannelAuthentication.poll")(function*({ authReqId, expiresAt, interval }, first) {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      const failed = (reason: OAuthError.OAuthErrorReason) =>
        OAuthError.make("BackchannelAuthentication", "poll", reason)
      if (delivery.mode === "push") {
        return yield* failed(invalidOption("delivery", "is push: the tokens are brought, and cannot be asked for"))
      }
      const request = TokenRequest.extension(grantType, [["auth_req_id", authReqId]])
      return yield* Effect.mapError(Poller.poll(endpoint, { request, expiresAt, interval, first }), failed)
    })
  })
})

/**
 * The endpoint of the authorization server in context, with WebCrypto for
 * randomness.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (delivery: Delivery): Layer.Layer<
  BackchannelAuthentication,
  OAuthError.OAuthError,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication | TokenEndpoint
> => Layer.provide(layerWith(delivery), SecureRandom.layerWebCrypto)

/**
 * The same with randomness from the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (delivery: Delivery): Layer.Layer<
  BackchannelAuthentication,
  OAuthError.OAuthError,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication | SecureRandom.SecureRandom | TokenEndpoint
> => Layer.effect(BackchannelAuthentication, make(delivery))

type Read<A> = Result.Result<A, OAuthError.ConfigurationInvalid>

const checked = (delivery: Delivery): Read<void> => {
  if (delivery.mode === "poll") return Result.succeed(undefined)
  const { notificationEndpoint: text } = delivery
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return invalid("notificationEndpoint", "is not an absolute URL")
  if (text.includes("#")) return invalid("notificationEndpoint", "must not contain a fragment")
  return isPrivate(url) ? Result.succeed(undefined) : invalid("notificationEndpoint", "must begin with https://")
}

const judge = (answer: TokenResponse.Answer): SuccessfulAnswer.Read<Started> =>
  Result.gen(function*() {
    const object = yield* SuccessfulAnswer.objectOf(answer)
    return {
      authReqId: Redacted.make(yield* SuccessfulAnswer.textOf(object, answer, "auth_req_id")),
      expiresAt: DateTime.makeUnsafe(yield* SuccessfulAnswer.expiryOf(object, answer, longest)),
      interval: SuccessfulAnswer.intervalOf(object, longest)
    }
  })

// nobody looks at a question that was asked an hour ago
const longest = 3600

const invalidOption = (field: string, problem: string) => new OAuthError.ConfigurationInvalid({ field, problem })

const invalid = (field: string, problem: string): Read<never> => Result.fail(invalidOption(field, problem))

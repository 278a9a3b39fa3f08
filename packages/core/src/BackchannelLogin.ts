/**
 * Logins that a person agrees to on a device of their own (OpenID Connect
 * Client-Initiated Backchannel Authentication): begun here, decided there, and
 * kept as a grant like any other.
 *
 * It is long because what is begun here ends in one of three ways, and each
 * of them may overtake another.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { PendingAuthorization } from "./AuthorizationRequest.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as BackchannelAuthentication from "./BackchannelAuthentication.ts"
import * as GrantKey from "./GrantKey.ts"
import type { Identity } from "./Identity.ts"
import { member, parseObject } from "./internal/json.ts"
import * as Notification from "./internal/notification.ts"
import { sameText } from "./internal/text.ts"
import * as Waiting from "./internal/waiting.ts"
import { type Expected, JwtVerifier } from "./JwtVerifier.ts"
import type * as Login from "./Login.ts"
import * as OAuthError from "./OAuthError.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"
import * as PlatformDigest from "./PlatformDigest.ts"
import type * as RemoteText from "./RemoteText.ts"
import { TokenService } from "./TokenService.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * A login that waits for the person.
 *
 * @category models
 * @since 0.1.0
 */
export interface Begun {
  /** Under which the grant will be kept. */
  readonly key: GrantKey.GrantKey
  /** The server's name for the request. */
  readonly authReqId: Redacted.Redacted
  /** When it is of no more use. */
  readonly expiresAt: DateTime.Utc
}

/**
 * A login that was completed: the grant is kept. Identity and ID token are there
 * where a `JwtVerifier` is in context.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completed extends Pick<Login.Completed, "context" | "identity" | "idToken" | "key" | "renewable"> {}

/**
 * What to answer to a notification: `accepted` (204), `unknown` (401) where it
 * is not the server's, or not of a request that waits, and `malformed` (400).
 *
 * @category models
 * @since 0.1.0
 */
export type Notified = "accepted" | "unknown" | "malformed"

/**
 * How many logins that a notification ends are waited for by one process. When
 * there are more, nobody here is told of the oldest; it is kept all the same.
 *
 * @category models
 * @since 0.1.0
 */
export const capacity = 10_000

/**
 * What a login asks for.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = BackchannelAuthentication.Options & {
  /** The application's own name for whose grant it will be. */
  readonly account: string
  readonly part?: string | undefined
  /** The application's own, given back when the login completes. It does not travel. */
  readonly context?: Json | undefined
}

/**
 * What is told of logins that a notification completed.
 *
 * @category options
 * @since 0.1.0
 */
export interface LayerOptions {
  /** Run when a login has ended, however: in the process that the notification reached, or that asked. */
  readonly completed?: ((outcome: Result.Result<Completed, OAuthError.OAuthError>) => Effect.Effect<void>) | undefined
}

/**
 * Logins on a device of the person's own.
 *
 * @category services
 * @since 0.1.0
 */
export class BackchannelLogin extends Context.Service<BackchannelLogin, {
  /**
   * Has the person asked. Fails with `RequestRefused` where the server does not
   * ask: `unknown_user_id`, `missing_user_code`, `invalid_binding_message` and
   * others.
   */
  readonly begin: (options: Options) => Effect.Effect<Begun, OAuthError.OAuthError>

  /**
   * Waits until the person has decided, and gives the login that is kept by then.
   * Fails with `AuthorizationRefused` when the person declines (`access_denied`)
   * or time runs out (`expired_token`).
   *
   * **Details**
   *
   * The waiting belongs to the service: callers may be interrupted, and several
   * may wait for one login. It is begun by the first of them where the client
   * asks (`poll`), and by the server's notification where it is told. A server
   * that was to say when to ask (`ping`) and did not is asked once before the
   * request expires.
   *
   * **Gotchas**
   *
   * It is to be called in the process that began the login. A notification that
   * reaches another process over the same `PendingAuthorizations` completes the
   * login there; here, `CallbackRejected` says that it was taken.
   */
  readonly complete: (begun: Begun) => Effect.Effect<Completed, OAuthError.OAuthError>

  /**
   * Takes a notification of the server: its `Authorization` header and its body
   * (sections 10.2, 10.3 and 12). What has to be done for it goes on after this
   * has returned, and is told by `Options.completed` and `complete`.
   */
  readonly notified: (notification: {
    readonly authorization: string | undefined
    readonly body: Uint8Array
  }) => Effect.Effect<Notified, OAuthError.OAuthError>
}>()("@effect-oauth/core/BackchannelLogin") {}

/**
 * Logins, with digests of {@link PlatformDigest.layer}.
 *
 * **Details**
 *
 * A client that is brought its tokens needs a `JwtVerifier`: only the ID token
 * tells that they are the server's. Without it, building fails with
 * `ConfigurationInvalid`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: LayerOptions
): Layer.Layer<BackchannelLogin, OAuthError.OAuthError, Requirements> =>
  Layer.provide(layerWith(options), PlatformDigest.layer)

/**
 * The same with digests from the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options?: LayerOptions
): Layer.Layer<BackchannelLogin, OAuthError.OAuthError, Digest.Digest | Requirements> =>
  Layer.effect(
    BackchannelLogin,
    Effect.gen(function*() {
      const backchannel = yield* BackchannelAuthentication.BackchannelAuthentication
      const server = yield* AuthorizationServer
      const pendings = yield* PendingAuthorizations
      const grants = yield* TokenService
      const { digest } = yield* Digest.Digest
      const verifier = Option.getOrUndefined(yield* Effect.serviceOption(JwtVerifier))
      const scope = yield* Effect.scope
      const waiting = new Waiting.Waiting(capacity)
      const { mode } = backchannel.delivery
      if (mode === "push" && verifier === undefined) {
        const problem = "is missing: tokens that are brought are known by their ID token; provide IdToken.layer"
        return yield* fail("layer", new OAuthError.ConfigurationInvalid({ field: "JwtVerifier", problem }))
      }

      const digestOf = (text: string): Effect.Effect<string> =>
        Effect.map(digest(Digest.sha256, new TextEncoder().encode(text)), Base64Url.encode)

      const keep = Effect.fnUntraced(function*(
        key: GrantKey.GrantKey,
        tokens: TokenSet,
        asked: Pick<PendingAuthorization, "context" | "scopes">,
        brought?: Expected["brought"]
      ): Effect.fn.Return<Completed, OAuthError.OAuthError> {
        let identity: Identity | undefined
        const { accessToken, idToken } = tokens
        yield* grants.adopt(key, tokens, {
          scopes: asked.scopes,
          otherwise: "revoke",
          ...(verifier === undefined ? {} : {
            identity: idToken === undefined
              ? fail("complete", missing)
              : Effect.tap(verifier.idToken(idToken, { accessToken, brought }), (told) =>
                Effect.sync(() => {
                  identity = told
                }))
          })
        })
        return {
          key,
          renewable: tokens.refreshToken !== undefined,
          identity: Option.fromUndefinedOr(identity),
          idToken: Option.fromUndefinedOr(identity === undefined ? undefined : idToken),
          context: Option.fromUndefinedOr(asked.context)
        }
      })

      // what became of a login is told to who waits for it here, and to the application
      const ended = (
        id: string,
        login: Effect.Effect<Completed, OAuthError.OAuthError>
      ): Effect.Effect<void> =>
        login.pipe(
          Effect.onInterrupt(() => waiting.settle(id, closing)),
          Effect.result,
          Effect.flatMap((outcome) =>
            Effect.andThen(waiting.settle(id, Effect.fromResult(outcome)), options?.completed?.(outcome) ?? Effect.void)
          )
        )

      const redeemed = (
        id: Redacted.Redacted,
        { backchannel: times, ...pending }: PendingAuthorization,
        key: GrantKey.GrantKey
      ): Effect.Effect<Completed, OAuthError.OAuthError> =>
        Effect.flatMap(
          backchannel.poll({
            authReqId: id,
            expiresAt: DateTime.makeUnsafe(times?.expiresAt ?? 0),
            interval: Duration.millis(times?.interval ?? 0)
          }, "at-once"),
          (tokens) => keep(key, tokens, pending)
        )

      const begin = Effect.fn("BackchannelLogin.begin")(function*(
        options: Options
      ): Effect.fn.Return<Begun, OAuthError.OAuthError> {
        const { account, context, part, ...asked } = options
        const key = grants.key(account, part)
        const { authReqId, expiresAt, interval, notificationToken } = yield* backchannel.start(asked)
        const [id, now, until] = [
          Redacted.value(authReqId),
          yield* Clock.currentTimeMillis,
          DateTime.toEpochMillis(expiresAt)
        ]
        const entry = waiting.add(id, until, now)
        const own = { scopes: asked.scopes, ...(context === undefined ? {} : { context }) }
        if (backchannel.delivery.mode === "poll") {
          entry.start = ended(
            id,
            Effect.flatMap(
              backchannel.poll({ authReqId, expiresAt, interval }),
              (tokens) => keep(key, tokens, own)
            )
          )
          return { key, authReqId, expiresAt }
        }
        const pending: PendingAuthorization = {
          ...own,
          state: authReqId,
          key: key.id,
          issuerParameter: "required",
          redirectUri: backchannel.delivery.notificationEndpoint,
          backchannel: {
            tokenDigest: yield* digestOf(Redacted.value(notificationToken ?? authReqId)),
            expiresAt: until,
            interval: Duration.toMillis(interval)
          }
        }
        yield* pendings.put(pending, until - now + grace)
        yield* Effect.forkIn(missed(authReqId, until), scope)
        return { key, authReqId, expiresAt }
      })

      // nobody has called: in the last seconds a server that would only have said so is asked
      const missed = (authReqId: Redacted.Redacted, until: number): Effect.Effect<void> => {
        const id = Redacted.value(authReqId)
        return Effect.gen(function*() {
          const left = until - (yield* Clock.currentTimeMillis)
          yield* Effect.sleep(Duration.millis(Math.max(0, mode === "ping" ? left - lastMoment : left)))
          const pending = Option.getOrUndefined(yield* pendings.take(id))
          const key = pending === undefined ? undefined : GrantKey.fromId(pending.key)
          if (pending !== undefined && key !== undefined && mode === "ping") {
            return yield* ended(id, redeemed(authReqId, pending, key))
          }
          if (waiting.get(id)?.asking !== true) yield* ended(id, pending === undefined ? taken : expired)
        }).pipe(Effect.catch((error) => ended(id, Effect.fail(error))))
      }

      const complete = Effect.fn("BackchannelLogin.complete")(function*(
        begun: Begun
      ): Effect.fn.Return<Completed, OAuthError.OAuthError> {
        const entry = waiting.get(Redacted.value(begun.authReqId))
        if (entry === undefined) return yield* taken
        const { start } = entry
        if (start !== undefined) {
          entry.start = undefined
          yield* Effect.forkIn(start, scope)
        }
        return yield* Deferred.await(entry.done)
      })

      // the answer to the request may still be on its way to the store when the server calls
      const take = (id: string) =>
        Effect.gen(function*() {
          for (let looks = 0; looks < 2; looks++) {
            const pending = Option.getOrUndefined(yield* pendings.take(id))
            if (pending !== undefined) return pending
            yield* Effect.sleep(Duration.millis(250))
          }
          return undefined
        })

      const notified = Effect.fn("BackchannelLogin.notified")(function*(
        { authorization = "", body }: { readonly authorization: string | undefined; readonly body: Uint8Array }
      ): Effect.fn.Return<Notified, OAuthError.OAuthError> {
        if (mode === "poll") return "unknown"
        const token = /^bearer ([\w.~+/-]{1,1024}=*)$/i.exec(authorization)?.[1]
        if (token === undefined) return "unknown"
        const object = parseObject(body)
        const id = typeof object === "string" ? undefined : member(object, "auth_req_id")
        if (typeof object === "string" || typeof id !== "string" || id === "") return "malformed"
        const shown = yield* digestOf(token)
        const pending = yield* take(id)
        if (pending?.backchannel === undefined) return "unknown"
        const key = GrantKey.fromId(pending.key)
        const now = yield* Clock.currentTimeMillis
        if (key === undefined || !sameText(shown, pending.backchannel.tokenDigest)) {
          // whoever knows the request and not the token does not end it
          yield* pendings.put(pending, Math.max(1, pending.backchannel.expiresAt - now + grace))
          return "unknown"
        }
        const entry = waiting.get(id)
        if (entry !== undefined) entry.asking = true
        const login = mode === "ping"
          ? redeemed(Redacted.make(id), pending, key)
          : Effect.flatMap(
            Effect.fromResult(
              Notification.tokensOf(object, body, { now, origin: new URL(server.tokenEndpoint).origin })
            ),
            (tokens) => keep(key, tokens, pending, { authReqId: Redacted.make(id), refreshToken: tokens.refreshToken })
          )
        yield* Effect.forkIn(ended(id, login), scope)
        return "accepted"
      })

      return BackchannelLogin.of({ begin, complete, notified })
    })
  )

type Requirements =
  | AuthorizationServer
  | BackchannelAuthentication.BackchannelAuthentication
  | PendingAuthorizations
  | TokenService

// what is found in the store after its time has not been taken by another process
const grace = 30_000

// how long before the end a server that has not called is asked
const lastMoment = 5_000

const fail = (method: string, reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("BackchannelLogin", method, reason))

const missing = new OAuthError.ResponseInvalid({ problem: "missing", field: "id_token", status: 200 })

const taken = fail("complete", new OAuthError.CallbackRejected({ problem: "no-pending-authorization" }))

const closing = fail("complete", new OAuthError.RenewalPending({ why: "closing" }))

const expired = fail(
  "complete",
  new OAuthError.AuthorizationRefused({ code: "expired_token" as RemoteText.RemoteText })
)

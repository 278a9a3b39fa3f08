/**
 * Tokens of grants, kept alive: the refresh transaction behind one call.
 *
 * A renewal belongs to the service and not to any caller: callers may be
 * interrupted freely, the renewal may not. Whatever fails, the newest pair is
 * either in the store, or in memory with a retry running, or declared lost.
 *
 * It is long because what may be counted on is told here, call by call. What
 * the calls do is in `internal`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { AuthorizationDetails } from "./AuthorizationDetails.ts"
import * as AuthorizationServer from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import { Dpop } from "./DpopProof.ts"
import { Escrow } from "./Escrow.ts"
import type * as Grant from "./Grant.ts"
import type { GrantEvent } from "./GrantEvent.ts"
import type { GrantKey } from "./GrantKey.ts"
import type { Identity } from "./Identity.ts"
import * as Access from "./internal/access.ts"
import * as Grants from "./internal/grants.ts"
import * as Service from "./internal/service.ts"
import * as Snapshot from "./internal/snapshot.ts"
import { JwtVerifier } from "./JwtVerifier.ts"
import type { OAuthError } from "./OAuthError.ts"
import * as PlatformDigest from "./PlatformDigest.ts"
import { RefreshPolicy } from "./RefreshPolicy.ts"
import { Revocation } from "./Revocation.ts"
import * as RotationPolicy from "./RotationPolicy.ts"
import type { Scopes } from "./Scopes.ts"
import type { Target } from "./Target.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import type { AccessToken, TokenSet } from "./TokenSet.ts"
import { TokenStore } from "./TokenStore.ts"

/**
 * The tokens of one grant, for one target.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bound {
  readonly key: GrantKey
  /** A token that can be used now. */
  readonly token: Effect.Effect<AccessToken, OAuthError>
  /** A token instead of one that the API refused. */
  readonly refused: (token: AccessToken) => Effect.Effect<AccessToken, OAuthError>
  /** What proves requests that carry such a token, where the service has it. */
  readonly dpop?: Dpop["Service"] | undefined
}

/**
 * What is known of a grant, without its tokens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  readonly key: GrantKey
  readonly state: Grant.State
  readonly scopes: Scopes
  /** What was granted in detail (RFC 9396), where the server said so. */
  readonly authorizationDetails: Option.Option<Redacted.Redacted<AuthorizationDetails>>
  /** When the access token ends, by this process's clock. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  /** When it is tried again, by this process's clock. */
  readonly retryAt: Option.Option<DateTime.Utc>
  /** Whether the grant can be renewed. */
  readonly renewable: boolean
  /**
   * What is left to renew it with: a refresh token, one that the last renewal may have used up since it brought no
   * other, or none.
   */
  readonly refreshToken: "usable" | "maybe-spent" | "none"
  /**
   * When the account has to be connected again as far as is known, by this process's clock: when the access token ends
   * of a grant without a refresh token, else when the refresh token does.
   */
  readonly reconnectBy: Option.Option<DateTime.Utc>
  /** How many pairs the login has given. */
  readonly serial: number
  /** What the grant keeps of its callback and its answers, by the dialect. */
  readonly kept: Readonly<Record<string, Json>>
  /** What kind of store it is kept in. */
  readonly store: string
}

/**
 * How tokens are taken over.
 *
 * @category options
 * @since 0.1.0
 */
export interface AdoptOptions {
  /** What was asked for. */
  readonly scopes?: Scopes | undefined
  /** Where the tokens are to be used (RFC 8707). One is named again at every renewal. */
  readonly resources?: ReadonlyArray<string> | undefined
  /** What was asked for in detail (RFC 9396). */
  readonly authorizationDetails?: AuthorizationDetails | undefined
  /**
   * Tells whose tokens they are, and fails where they must not be kept: an ID
   * token, verified. Renewals are compared with it.
   */
  readonly identity?: Effect.Effect<Identity, OAuthError> | undefined
  /** Whether the account may become somebody else's; `"same"`. */
  readonly subject?: "same" | "any" | undefined
  /** What becomes of tokens that are not kept; `"leave"`. */
  readonly otherwise?: "leave" | "revoke" | undefined
  /** What becomes of a record that cannot be read: the tokens are refused (`"fail"`), or it is set aside. */
  readonly unreadable?: Unreadable | undefined
}

/**
 * What becomes of a record that cannot be read: `"fail"` leaves it as it is,
 * `"set-aside"` moves it out of the way, and the store keeps it.
 *
 * @category options
 * @since 0.1.0
 */
export type Unreadable = "fail" | "set-aside"

/**
 * How a grant is forgotten.
 *
 * @category options
 * @since 0.1.0
 */
export interface ForgetOptions {
  /** What becomes of a record that cannot be read; `"fail"`. */
  readonly unreadable?: Unreadable | undefined
}

/**
 * Options of the service.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Names the installation whose grants are renewed here; `"default"`. A copy of
   * production's store gets another name, so that it serves and never renews.
   */
  readonly installation?: string | undefined
  /**
   * What this process is called in the history of grants: a host and a number,
   * for people. Something random is added to it, and stands alone without it.
   */
  readonly name?: string | undefined
}

/**
 * Gives tokens of grants, and keeps the grants alive, for one client of one
 * authorization server.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenService extends Context.Service<TokenService, {
  /**
   * The key of an account's grant at this server for this client.
   */
  readonly key: (account: string, part?: string) => GrantKey

  /**
   * Names the installation whose grants are renewed here.
   */
  readonly installation: string

  /**
   * A token that can be used now. One that is due is renewed meanwhile or
   * before, as `RefreshPolicy.background` says; one that has ended is waited for.
   */
  readonly token: (key: GrantKey, target?: Target) => Effect.Effect<AccessToken, OAuthError>

  /**
   * A token instead of one that the API refused. When the grant's token is
   * another one by now, that is the answer; only otherwise the grant is renewed.
   */
  readonly refused: (key: GrantKey, token: AccessToken, target?: Target) => Effect.Effect<AccessToken, OAuthError>

  /**
   * The tokens of one grant, its key looked up once.
   */
  readonly bind: (key: GrantKey, target?: Target) => Bound

  /**
   * Renews now, whether due or not. Of several who ask at once, one renews.
   */
  readonly refresh: (key: GrantKey) => Effect.Effect<AccessToken, OAuthError>

  /**
   * Renews a grant if its record says that it is due, though nobody asks for a
   * token: what a `GrantKeeper` does. `current` when it is not due, or another
   * has it in hand. What this process did not know of the grant is forgotten
   * after.
   */
  readonly keep: (key: GrantKey) => Effect.Effect<"renewed" | "current", OAuthError>

  /**
   * Keeps tokens as a grant: those of a login, or those that another library
   * got before. What stood under the key is replaced, and a renewal of it that
   * is under way will not be saved.
   *
   * **Details**
   *
   * Where both the grant that stands and the tokens name a subject and the two
   * differ, the tokens are refused, unless `subject: "any"` says that the account
   * may become somebody else's.
   */
  readonly adopt: (
    key: GrantKey,
    tokens: TokenSet,
    options?: AdoptOptions
  ) => Effect.Effect<void, OAuthError>

  /**
   * What is known of a grant; none when there is no record.
   */
  readonly status: (key: GrantKey) => Effect.Effect<Option.Option<Status>, OAuthError>

  /**
   * Revokes a grant: here at once and for every process, and at the server where
   * it can. `pending` when the server was not reached; calling again tries again.
   */
  readonly revoke: (key: GrantKey) => Effect.Effect<"done" | "pending" | "unsupported", OAuthError>

  /**
   * Takes the provider's word, given outside the protocol, that a grant has ended.
   */
  readonly ended: (key: GrantKey) => Effect.Effect<void, OAuthError>

  /**
   * Takes the server's refusal for a mistake: a grant that must be authorized
   * again is put back with the refresh token that it still has, and is renewed
   * when it is next used. Only the server's own answer ends it again. Tells
   * whether it had ended.
   *
   * **Gotchas**
   *
   * What was revoked, has no refresh token left, or became somebody else's comes
   * back only by a login.
   */
  readonly restore: (key: GrantKey) => Effect.Effect<boolean, OAuthError>

  /**
   * Removes a grant's record. Its tokens stay alive at the server.
   */
  readonly forget: (key: GrantKey, options?: ForgetOptions) => Effect.Effect<void, OAuthError>

  /**
   * What happens to grants in this process, from now on.
   */
  readonly events: Stream.Stream<GrantEvent>
}>()("@effect-oauth/core/TokenService") {}

/**
 * Makes the service.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = /* @__PURE__ */ Effect.fnUntraced(function*(options?: Options): Effect.fn.Return<
  TokenService["Service"],
  never,
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication
  | Digest.Digest
  | Revocation
  | Scope.Scope
  | SecureRandom.SecureRandom
  | TokenEndpoint
  | TokenStore
> {
  const server = yield* AuthorizationServer.AuthorizationServer
  const client = yield* ClientAuthentication
  const escrow = Option.getOrUndefined(yield* Effect.serviceOption(Escrow))
  const dpop = Option.getOrUndefined(yield* Effect.serviceOption(Dpop))
  const service = yield* Service.make({
    dpop,
    server,
    escrow,
    certificate: client.holds,
    verifier: Option.getOrUndefined(yield* Effect.serviceOption(JwtVerifier)),
    clock: yield* Clock.Clock,
    key: AuthorizationServer.key(server, { client: client.clientId, account: "" }),
    digest: yield* Digest.Digest,
    endpoint: yield* TokenEndpoint,
    installation: options?.installation ?? "default",
    name: options?.name,
    patience: RotationPolicy.patience(server.rotation),
    policy: yield* RefreshPolicy,
    random: yield* SecureRandom.SecureRandom,
    revocation: yield* Revocation,
    store: yield* TokenStore
  })
  const own = <A>(
    method: string,
    key: GrantKey,
    effect: () => Effect.Effect<A, OAuthError>
  ): Effect.Effect<A, OAuthError> =>
    Service.owns(service, key) ? Effect.suspend(effect) : Effect.fail(Service.foreignKey(method))
  // checked before anything is claimed: a target that cannot be asked for is no matter of the grant
  const ownTarget = <A>(
    method: string,
    key: GrantKey,
    target: Target | undefined,
    effect: () => Effect.Effect<A, OAuthError>
  ): Effect.Effect<A, OAuthError> => {
    const unusable = Service.unusableTarget(method, target, server.authorizationDetailsTypes)
    return unusable === undefined ? own(method, key, effect) : Effect.fail(unusable)
  }
  // a certificate may be another one by now, and a token that is bound to the last would be refused (RFC 8705, section 6.3)
  const { holds } = client
  const token = holds === undefined
    ? Access.token
    : (service: Service.Service, slot: ReturnType<typeof Service.slot>): Effect.Effect<AccessToken, OAuthError> =>
      Effect.flatMap(
        Access.token(service, slot),
        (token) =>
          token.type === "DPoP" || token.thumbprint === undefined || holds(token.thumbprint)
            ? Effect.succeed(token)
            // no API has refused it, so no cooldown is kept: what is known is filled in anew, without it
            : Effect.suspend(() => {
              Snapshot.fill(Service.live(service, slot), service.renewal.trust())
              return Access.token(service, slot)
            })
      )
  const bind = (key: GrantKey, target?: Target): Bound => {
    const problem = Service.owns(service, key)
      ? Service.unusableTarget("bind", target, server.authorizationDetailsTypes)
      : Service.foreignKey("bind")
    if (problem !== undefined) {
      const failed = Effect.fail(problem)
      return { key, token: failed, refused: () => failed }
    }
    const slot = Service.slot(service, key, target)
    return {
      key,
      dpop,
      token: token(service, slot),
      refused: (token) => Access.refused(service, slot, token)
    }
  }

  return TokenService.of({
    bind,
    installation: service.renewal.rules.installation,
    key: (account, part) => AuthorizationServer.key(server, { client: client.clientId, account, part }),
    token: (key, target) => {
      const slot = Service.find(service, key, target)
      return slot === undefined
        ? ownTarget("token", key, target, () => token(service, Service.slot(service, key, target)))
        : token(service, slot)
    },
    refused: (key, token, target) =>
      ownTarget("refused", key, target, () => Access.refused(service, Service.slot(service, key, target), token)),
    refresh: (key) => own("refresh", key, () => Access.refresh(service, Service.slot(service, key))),
    keep: (key) => own("keep", key, () => Access.keep(service, key)),
    adopt: (key, tokens, options) => own("adopt", key, () => Grants.adopt(service, key, tokens, options)),
    status: (key) => own("status", key, () => Grants.status(service, key)),
    revoke: (key) => own("revoke", key, () => Grants.revoke(service, key)),
    ended: (key) => own("ended", key, () => Grants.ended(service, key)),
    restore: (key) => own("restore", key, () => Grants.restore(service, key)),
    forget: (key, options) => own("forget", key, () => Grants.forget(service, key, options)),
    events: service.events.stream
  })
})

/**
 * The service, with randomness of WebCrypto and digests of
 * {@link PlatformDigest.layer}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<
  TokenService,
  never,
  AuthorizationServer.AuthorizationServer | ClientAuthentication | Revocation | TokenEndpoint | TokenStore
> =>
  layerWith(options).pipe(
    Layer.provide(PlatformDigest.layer),
    Layer.provide(SecureRandom.layerWebCrypto)
  )

/**
 * The service, with digests and randomness from the context: for tests, and for
 * platforms without WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options?: Options): Layer.Layer<
  TokenService,
  never,
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication
  | Digest.Digest
  | Revocation
  | SecureRandom.SecureRandom
  | TokenEndpoint
  | TokenStore
> => Layer.effect(TokenService, make(options))

/**
 * Sessions of browsers: a cookie with a random name in it, and everything else
 * on the server (RFC 10017, section 6.1.3.2).
 *
 * It is long because what a session holds, how its cookie is written and where it
 * is kept belong together.
 *
 * @since 0.1.0
 */
import * as Identity from "@effect-oauth/core/Identity"
import { Keyring } from "@effect-oauth/core/Keyring"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as PlatformDigest from "@effect-oauth/core/PlatformDigest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { BackingPersistence, type PersistenceError } from "effect/persistence/Persistence"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Cookie from "./internal/cookie.ts"

/**
 * A session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Session {
  /** Names the session in logs and lists. The cookie cannot be made of it. */
  readonly name: string
  /** The application's own name for who it is. */
  readonly account: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Whom an ID token named at the login, by `Identity.id`. */
  readonly subject?: string | undefined
  /** The ID token, a hint for signing out at the server. */
  readonly idToken?: Redacted.Redacted | undefined
}

/**
 * Whose session it will be.
 *
 * @category options
 * @since 0.1.0
 */
export interface StartOptions {
  readonly account: string
  readonly identity?: Identity.Identity | undefined
  /** Kept only where a `Keyring` is in context, and sealed. */
  readonly idToken?: Redacted.Redacted | undefined
  /** The session that the new one takes the place of, by its name. */
  readonly replaces?: string | undefined
}

/**
 * Which sessions end: all of an account, all that a person of the server began,
 * or all of one session at the server (`sid`).
 *
 * @category options
 * @since 0.1.0
 */
export type Whose =
  | { readonly account: string }
  | { readonly subject: string }
  | { readonly issuer: string; readonly sessionId: string }

/**
 * How long sessions last, and what their cookie is.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How long a session lasts that is not used, 1 hour. */
  readonly idle?: Duration.Input | undefined
  /** How long a session lasts at most, 12 hours. */
  readonly lifetime?: Duration.Input | undefined
  /** `"strict"`, unless links of other sites shall find the person signed in: `"lax"`. */
  readonly sameSite?: "strict" | "lax" | undefined
}

/**
 * Sessions of browsers.
 *
 * @category services
 * @since 0.1.0
 */
export class BrowserSessions extends Context.Service<BrowserSessions, {
  /** The session of the browser that sent a request; none where it has ended. */
  readonly read: (request: HttpServerRequest) => Effect.Effect<Option.Option<Session>, OAuthError.OAuthError>

  /**
   * Starts a session under a name that was never used, and lets the answer set
   * its cookie. A session that is replaced has ended when this succeeds.
   */
  readonly start: (
    response: HttpServerResponse.HttpServerResponse,
    options: StartOptions
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, OAuthError.OAuthError>

  /** Ends the session of the browser that sent a request, and lets the answer take its cookie away. */
  readonly end: (
    request: HttpServerRequest,
    response: HttpServerResponse.HttpServerResponse
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, OAuthError.OAuthError>

  /** Ends sessions wherever they are: on every node, at their next request. */
  readonly endAll: (whose: Whose) => Effect.Effect<void, OAuthError.OAuthError>
}>()("@effect-oauth/web/BrowserSessions") {}

/**
 * Makes sessions that are kept in the `BackingPersistence` in context.
 *
 * **Details**
 *
 * - The cookie is `__Host-Http-session`: for this host alone, not for scripts,
 *   `SameSite=Strict`, and it goes with the browser. It holds 32 random bytes and
 *   nothing else. The store knows them by their SHA-256 digest only.
 * - A name that the server did not give is no session, so none can be foisted on
 *   a browser; and a login starts a new one.
 * - Each record is written once and never again. How lately a session was used
 *   stands beside it, so that a request under way cannot bring back a session that
 *   was just ended.
 * - Ending all sessions of somebody changes one entry, with which each of their
 *   sessions is compared: no list has to be complete.
 *
 * **Gotchas**
 *
 * A store that throws away entries when it is full (Redis with an eviction
 * policy) ends sessions, and forgets that some were ended.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const store = yield* Effect.flatMap(BackingPersistence, (backing) => backing.make("oauth_browser_sessions"))
  const keyring = Option.getOrUndefined(yield* Effect.serviceOption(Keyring))
  const random = yield* SecureRandom.SecureRandom
  const digest = yield* Digest.Digest
  const idle = Duration.fromInputUnsafe(options.idle ?? "1 hour")
  const lifetime = Duration.fromInputUnsafe(options.lifetime ?? "12 hours")
  const cookie = Cookie.attributes(options.sameSite ?? "strict")

  const hash = (text: string): Effect.Effect<string> =>
    Effect.map(digest.digest(Digest.sha256, new TextEncoder().encode(text)), Base64Url.encode)
  const fresh = Effect.map(random.randomBytes(32), Base64Url.encode)
  const nameOf = (request: HttpServerRequest): Effect.Effect<string | undefined> => {
    const value = request.cookies[cookieName]
    return value === undefined ? Effect.undefined : hash(value)
  }
  const wards = (record: Pick<Kept, "account" | "subject" | "sid">): Effect.Effect<ReadonlyArray<string>> =>
    Effect.all([
      ward("account", record.account),
      ...(record.subject === undefined ? [] : [ward("subject", record.subject)]),
      ...(record.sid === undefined ? [] : [ward("sid", record.sid)])
    ])
  const ward = (kind: string, of: string) => Effect.map(hash(`${kind} ${of}`), (name) => `ward:${name}`)

  /** What each ward stands at; one that was never moved, or so long ago that no session is older, stands nowhere. */
  const standing = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
    const [first, ...others] = names
    const entries = first === undefined ? [] : yield* store.getMany([first, ...others])
    return entries.map((entry) => decodeWard(entry)?.turn)
  })

  const read = Effect.fn("BrowserSessions.read")(function*(
    request: HttpServerRequest
  ): Effect.fn.Return<Option.Option<Session>, OAuthError.OAuthError> {
    const name = yield* nameOf(request)
    if (name === undefined) return Option.none()
    const [entry, used] = yield* failing("read")(store.getMany([`session:${name}`, `used:${name}`]))
    const record = decodeRecord(entry)
    const lately = decodeUsed(used)
    if (record === undefined || lately === undefined) return Option.none()
    const turns = yield* failing("read")(Effect.flatMap(wards(record), standing))
    if (turns.some((turn, index) => turn !== undefined && turn !== record.turns[index])) return Option.none()

    const now = yield* Clock.currentTimeMillis
    if (now - lately.at > Duration.toMillis(idle) / 10) {
      yield* failing("read")(store.set(`used:${name}`, { at: now }, idle))
    }
    const idToken = record.idToken === undefined || keyring === undefined
      ? Option.none<Redacted.Redacted>()
      : yield* Effect.orElseSucceed(keyring.open(record.idToken, placeOf(name)), () => Option.none())
    return Option.some({
      name,
      account: record.account,
      startedAt: record.startedAt,
      ...(record.subject === undefined ? {} : { subject: record.subject }),
      ...(Option.isNone(idToken) ? {} : { idToken: idToken.value })
    })
  })

  const start = Effect.fn("BrowserSessions.start")(function*(
    response: HttpServerResponse.HttpServerResponse,
    { account, idToken, identity, replaces }: StartOptions
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, OAuthError.OAuthError> {
    const value = yield* fresh
    const name = yield* hash(value)
    const now = yield* Clock.currentTimeMillis
    const sid = identity === undefined ? undefined : Identity.claim(identity, "sid")
    const whose = {
      account,
      ...(identity === undefined ? {} : { subject: Identity.id(identity) }),
      ...(identity === undefined || typeof sid !== "string"
        ? {}
        : { sid: Identity.id({ issuer: identity.issuer, subject: sid }) })
    }
    const sealed = idToken === undefined || keyring === undefined
      ? undefined
      : yield* Effect.mapError(
        keyring.seal(idToken, placeOf(name)),
        (reason) => OAuthError.make("BrowserSessions", "start", reason)
      )
    const turns = yield* failing("start")(Effect.flatMap(wards(whose), standing))
    const record: Kept = {
      ...whose,
      startedAt: now,
      turns: turns.map((turn) => turn ?? ""),
      ...(sealed === undefined ? {} : { idToken: sealed })
    }
    if (replaces !== undefined) yield* failing("start")(store.remove(`session:${replaces}`))
    yield* failing("start")(store.setMany([
      [`session:${name}`, record, lifetime],
      [`used:${name}`, { at: now }, idle]
    ]))
    return HttpServerResponse.setCookieUnsafe(response, cookieName, value, cookie)
  })

  const end = Effect.fn("BrowserSessions.end")(function*(
    request: HttpServerRequest,
    response: HttpServerResponse.HttpServerResponse
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, OAuthError.OAuthError> {
    const name = yield* nameOf(request)
    if (name !== undefined) yield* failing("end")(store.remove(`session:${name}`))
    return HttpServerResponse.expireCookieUnsafe(response, cookieName, cookie)
  })

  const endAll = Effect.fn("BrowserSessions.endAll")(function*(
    whose: Whose
  ): Effect.fn.Return<void, OAuthError.OAuthError> {
    const name = yield* "account" in whose
      ? ward("account", whose.account)
      : "subject" in whose
      ? ward("subject", whose.subject)
      : ward("sid", Identity.id({ issuer: whose.issuer, subject: whose.sessionId }))
    const turn = yield* fresh
    // it has to outlive every session that it ends
    yield* failing("endAll")(store.set(name, { turn }, Duration.times(lifetime, 2)))
  })

  return BrowserSessions.of({ read, start, end, endAll })
})

/**
 * Sessions that are kept in the `BackingPersistence` in context: of
 * `effect/persistence`, `layerBackingMemory`, `layerBackingSql` or
 * `layerBackingRedis`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<BrowserSessions, never, BackingPersistence> =>
  layerWith(options).pipe(Layer.provide([PlatformDigest.layer, SecureRandom.layerWebCrypto]))

/**
 * The same, with randomness and digests from the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options?: Options
): Layer.Layer<BrowserSessions, never, BackingPersistence | Digest.Digest | SecureRandom.SecureRandom> =>
  Layer.effect(BrowserSessions, make(options))

const cookieName = Cookie.name("session")

const placeOf = (name: string) => ["browser session", name]

const Kept = Schema.Struct({
  account: Schema.String,
  startedAt: Schema.Finite,
  subject: Schema.optionalKey(Schema.String),
  sid: Schema.optionalKey(Schema.String),
  turns: Schema.Array(Schema.String),
  idToken: Schema.optionalKey(Schema.Struct({ keyId: Schema.String, ciphertext: Schema.String }))
})

type Kept = typeof Kept.Type

// what is not as it was written is no session
const decodeRecord = (entry: object | undefined) => Option.getOrUndefined(Schema.decodeUnknownOption(Kept)(entry))

const decodeUsed = (entry: object | undefined) =>
  Option.getOrUndefined(Schema.decodeUnknownOption(Schema.Struct({ at: Schema.Finite }))(entry))

const decodeWard = (entry: object | undefined) =>
  Option.getOrUndefined(Schema.decodeUnknownOption(Schema.Struct({ turn: Schema.String }))(entry))

const failing = (method: string) =>
  Effect.mapError((_: PersistenceError) =>
    OAuthError.make(
      "BrowserSessions",
      method,
      new OAuthError.StoreUnavailable({ store: "sessions", problem: "PersistenceError" })
    )
  )

/**
 * A small world for tests of `TokenService`: a token endpoint that does as it is
 * told, a store that fails when it is told to, and any number of processes.
 */
import {
  AuthorizationServer,
  ClientAuthentication,
  Escrow,
  type GrantEvent,
  type GrantKey,
  OAuthError,
  RefreshPolicy,
  Revocation,
  RotationPolicy,
  TokenEndpoint,
  type TokenRequest,
  type TokenResponse,
  TokenService,
  type TokenSet,
  TokenStore
} from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { Clock, Context, Duration, Effect, Exit, Fiber, Layer, Redacted, Result, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"

/** What the token endpoint does with a request. */
export type Answer =
  /** Rotates, and answers with the new pair. */
  | "grant"
  /** Rotates, and the answer is lost. */
  | "lose"
  /** Does not get it, and nobody knows. */
  | "drop"
  | TokenResponse.Judgement

/** What the store does with a call. */
export type StoreFault = "fail" | "fail-after" | "hang"

export interface Process {
  readonly service: TokenService.TokenService["Service"]
  /** The store, as the service sees it. */
  readonly store: TokenStore.TokenStore["Service"]
  readonly events: Array<GrantEvent.GrantEvent>
  /** Ends the process in order. */
  readonly close: Effect.Effect<void>
}

export interface Options {
  readonly rotation?: RotationPolicy.RotationPolicy
  readonly policy?: RefreshPolicy.Options
  readonly lifetime?: Duration.Input
  /** What the server says of its refresh tokens; nothing. */
  readonly refreshLifetime?: Duration.Input
  readonly idleLifetime?: Duration.Input
  readonly latency?: Duration.Input
  readonly dialect?: AuthorizationServer.Options["dialect"]
}

export class World {
  /** The refresh tokens that reached the server, in order. */
  readonly presented: Array<string> = []
  /** The refresh tokens that were revoked. */
  readonly revoked: Array<string> = []
  /** What the server does with the next requests; `grant` when there is nothing left. */
  readonly answers: Array<Answer> = []
  /** What the store does with the next writes. */
  readonly writes: Array<StoreFault | "pass"> = []
  /** How many requests the server is at, and was at most. */
  underWay = 0
  most = 0
  readonly writeLog: Array<{ readonly state: string; readonly accepted: boolean }> = []
  isStoreDown = false
  reads = 0
  revocation: "done" | "unavailable" = "done"
  readonly deposits: Array<Escrow.Entry> = []
  serial = 0
  idToken: string | undefined = undefined
  readonly options: Options
  readonly memory: TokenStore.TokenStore["Service"]
  private readonly scope: Scope.Scope
  private seed = 0

  constructor(options: Options, memory: TokenStore.TokenStore["Service"], scope: Scope.Scope) {
    this.options = options
    this.memory = memory
    this.scope = scope
  }

  static readonly make = Effect.fnUntraced(function*(options: Options = {}) {
    yield* TestClock.setTime(Date.UTC(2030, 0, 1))
    return new World(options, yield* TokenStore.makeMemory, yield* Effect.scope)
  })

  readonly server = () =>
    Result.getOrThrow(AuthorizationServer.make({
      provider: "test",
      tokenEndpoint: "https://as.test/token",
      rotation: this.options.rotation ?? RotationPolicy.rotating(),
      ...(this.options.idleLifetime === undefined
        ? {}
        : { idleLifetime: Duration.fromInputUnsafe(this.options.idleLifetime) }),
      ...(this.options.dialect === undefined ? {} : { dialect: this.options.dialect })
    }))

  readonly key = (account = "ada"): GrantKey.GrantKey =>
    AuthorizationServer.key(this.server(), { client: "client", account })

  /** Starts a process; its store notifies unless told otherwise. */
  readonly process = (options?: {
    readonly notified?: boolean
    readonly installation?: string
    readonly escrow?: boolean
    readonly policy?: RefreshPolicy.Options
    /** Stands between the service and the store. */
    readonly custody?: Layer.Layer<TokenStore.TokenStore, never, TokenStore.TokenStore>
  }): Effect.Effect<Process> =>
    Effect.gen({ self: this }, function*() {
      const scope = yield* Scope.fork(this.scope)
      const custody = (options?.custody ?? Layer.effect(TokenStore.TokenStore, TokenStore.TokenStore)).pipe(
        Layer.provide(Layer.succeed(TokenStore.TokenStore, this.store(options?.notified ?? true)))
      )
      const layer = TokenService.layerWith({ installation: options?.installation }).pipe(
        Layer.provideMerge(custody),
        Layer.provide([
          TestCrypto.layer({ seed: ++this.seed }),
          Layer.succeed(AuthorizationServer.AuthorizationServer, this.server()),
          ClientAuthentication.layerNone({ clientId: "client" }),
          Layer.succeed(TokenEndpoint.TokenEndpoint, {
            exchange: (request) => this.exchange(request),
            request: () => Effect.die("not asked for")
          }),
          Layer.succeed(Revocation.Revocation, { revoke: (token) => this.revoke(Redacted.value(token)) }),
          options?.escrow === true ? Layer.succeed(Escrow.Escrow, this.escrow) : Layer.empty,
          RefreshPolicy.layer({ ...this.options.policy, ...options?.policy })
        ])
      )
      const context = yield* Effect.orDie(Layer.buildWithScope(layer, scope))
      const service = Context.get(context, TokenService.TokenService)
      const store = Context.get(context, TokenStore.TokenStore)
      const events: Array<GrantEvent.GrantEvent> = []
      yield* Effect.forkIn(Stream.runForEach(service.events, (event) => Effect.sync(() => events.push(event))), scope)
      yield* Effect.yieldNow
      return { service, store, events, close: Scope.close(scope, Exit.void) }
    })

  /** Logs in, by whatever process. */
  readonly login = (process: Process, account?: string): Effect.Effect<void, OAuthError.OAuthError> =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => process.service.adopt(this.key(account), this.tokens(now), { scopes: ["read"] })
    )

  readonly tokens = (receivedAt: number): TokenSet.TokenSet => ({
    accessToken: Redacted.make(`access-${this.serial}`),
    refreshToken: Redacted.make(`refresh-${this.serial}`),
    tokenType: "Bearer",
    receivedAt,
    expiresIn: Duration.fromInputUnsafe(this.options.lifetime ?? "1 hour"),
    ...(this.options.refreshLifetime === undefined
      ? {}
      : { refreshTokenExpiresIn: Duration.fromInputUnsafe(this.options.refreshLifetime) }),
    ...(this.idToken === undefined ? {} : { idToken: Redacted.make(this.idToken) })
  })

  readonly standing = (): Effect.Effect<TokenStore.Reading, OAuthError.OAuthError> => this.memory.read(this.key())

  private readonly exchange = (request: TokenRequest.TokenRequest): Effect.Effect<TokenResponse.Judgement> =>
    Effect.gen({ self: this }, function*() {
      const now = yield* Clock.currentTimeMillis
      const answer = this.answers.shift() ?? "grant"
      const token = request.parameters.find(([name]) => name === "refresh_token")?.[1]
      if (answer !== "drop") this.presented.push(Redacted.isRedacted(token) ? Redacted.value(token) : "")
      this.most = Math.max(this.most, ++this.underWay)
      yield* Effect.ensuring(Effect.sleep(this.options.latency ?? "200 millis"), Effect.sync(() => this.underWay--))
      if (typeof answer !== "string") return answer
      if (answer !== "drop") this.serial++
      return answer === "grant"
        ? { _tag: "Granted", tokens: this.tokens(now) }
        : {
          _tag: "Ambiguous",
          reason: new OAuthError.AnswerLost({ problem: "timeout", origin: "https://as.test" })
        }
    })

  private readonly revoke = (token: string): Effect.Effect<"done", OAuthError.OAuthError> => {
    if (this.revocation === "unavailable") {
      return Effect.fail(
        OAuthError.make("Revocation", "revoke", new OAuthError.ServerUnavailable({ origin: "https://as.test" }))
      )
    }
    this.revoked.push(token)
    return Effect.succeed("done")
  }

  private readonly escrow: Escrow.Escrow["Service"] = {
    deposit: (entry) => Effect.sync(() => void this.deposits.push(entry)),
    entries: Effect.sync(() => [...this.deposits]),
    withdraw: (entry) => Effect.sync(() => void this.deposits.splice(this.deposits.indexOf(entry), 1))
  }

  private readonly store = (notified: boolean): TokenStore.TokenStore["Service"] => {
    const down = Effect.fail(
      OAuthError.make("TokenStore", "call", new OAuthError.StoreUnavailable({ store: "memory", problem: "down" }))
    )
    const guarded = <A>(effect: Effect.Effect<A, OAuthError.OAuthError>) =>
      Effect.suspend(() => this.isStoreDown ? down : effect)
    return {
      ...this.memory,
      changes: notified ? this.memory.changes : undefined,
      read: (key) => {
        this.reads++
        return guarded(this.memory.read(key))
      },
      extend: (key, options) => guarded(this.memory.extend(key, options)),
      remove: (key, version) => guarded(this.memory.remove(key, version)),
      write: (expected, draft) =>
        guarded(Effect.suspend(() => {
          const fault = this.writes.shift() ?? "pass"
          if (fault === "fail") return down
          const written = Effect.tap(this.memory.write(expected, draft), (outcome) =>
            Effect.sync(() => this.writeLog.push({ state: draft.state._tag, accepted: outcome.accepted })))
          if (fault === "hang") {
            return Effect.never
          }
          return fault === "pass" ? written : Effect.andThen(written, down)
        }))
    }
  }
}

/** Runs an effect while time passes, and returns what it came to. */
export const after = <A, E>(
  effect: Effect.Effect<A, E>,
  duration: Duration.Input = "2 seconds"
): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(duration)
    return yield* Fiber.await(fiber)
  })

/** The tag of the reason for which an exit failed. */
export const reasonOf = (exit: Exit.Exit<unknown, OAuthError.OAuthError>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  return error === undefined ? "not a failure" : error.error.reason._tag
}

/** The value of the token with which an exit succeeded. */
export const valueOf = (exit: Exit.Exit<TokenSet.AccessToken, OAuthError.OAuthError>): string =>
  Exit.isSuccess(exit) ? Redacted.value(exit.value.value) : reasonOf(exit)

export const refused = (code: string): TokenResponse.Judgement => ({
  _tag: "Refused",
  endsGrant: code === "invalid_grant",
  reason: new OAuthError.RequestRefused({ code: code as OAuthError.RequestRefused["code"], status: 400 })
})

export const notProcessed = (retryAfter?: Duration.Input): TokenResponse.Judgement => ({
  _tag: "NotProcessed",
  reason: new OAuthError.ServerUnavailable({
    origin: "https://as.test",
    status: 429,
    ...(retryAfter === undefined ? {} : { retryAfter: Duration.fromInputUnsafe(retryAfter) })
  })
})

export const notSent: TokenResponse.Judgement = {
  _tag: "NotSent",
  reason: new OAuthError.RequestNotSent({ problem: "connect", origin: "https://as.test" })
}

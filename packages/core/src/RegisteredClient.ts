/**
 * One client that registers itself, and what it was registered with, kept as
 * carefully as a grant (RFC 7591; RFC 7592).
 *
 * A registration answer holds the only copy of a secret, and every later answer
 * may replace it. So each call is written down before it is sent, one at a time
 * over all processes, and what came of it is kept before anybody is given it.
 *
 * It is long because a client registers in order to authenticate: both stand
 * here.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "./AuthorizationServer.ts"
import * as ClientAuthentication from "./ClientAuthentication.ts"
import type { Requested } from "./ClientMetadata.ts"
import type { Call, Changes, Judgement, Registered, RegisterOptions } from "./ClientRegistration.ts"
import * as Registration from "./ClientRegistration.ts"
import * as Record from "./internal/registrationRecord.ts"
import * as OAuthError from "./OAuthError.ts"
import type { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as RegistrationStore from "./RegistrationStore.ts"

/**
 * What the client is registered with.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends RegisterOptions {
  /** Names the client in the store, where one application registers several; `"default"`. */
  readonly name?: string | undefined
  readonly metadata: Requested
  /**
   * What becomes of a registration whose answer was lost. `"report"`, unless said
   * otherwise: it fails with `AnswerLost` until somebody has looked and calls
   * `reset`. With `"again"` the client registers once more, which may leave one at
   * the server that nobody knows.
   */
  readonly whenLost?: "report" | "again" | undefined
  /** How long a call may take before another process may follow; 2 minutes. */
  readonly lease?: Duration.Input | undefined
  /** How long this process uses what it knows before it asks the store again; 30 seconds. */
  readonly maxStaleness?: Duration.Input | undefined
}

/**
 * One client of one authorization server, registered by itself.
 *
 * @category services
 * @since 0.1.0
 */
export class RegisteredClient extends Context.Service<RegisteredClient, {
  /**
   * The client as it is kept; where there is none, it is registered. Of all who
   * ask at once, in however many processes, one registers.
   */
  readonly current: Effect.Effect<Registered, OAuthError.OAuthError>

  /** The client as it is kept; none where it is not registered, or cannot be used. */
  readonly kept: Effect.Effect<Option.Option<Registered>, OAuthError.OAuthError>

  /** Asks the server what it knows of the client, and keeps the answer. */
  readonly read: Effect.Effect<Registered, OAuthError.OAuthError>

  /** Changes what was registered, and keeps the answer. */
  readonly update: (changes: Changes) => Effect.Effect<Registered, OAuthError.OAuthError>

  /**
   * Has the server forget the client, and then forgets it here: only when the
   * server says that it has.
   */
  readonly remove: Effect.Effect<void, OAuthError.OAuthError>

  /**
   * Forgets a registration whose answer was lost, so that `current` registers
   * anew. What is registered stays. Tells whether there was one.
   */
  readonly reset: Effect.Effect<boolean, OAuthError.OAuthError>
}>()("@effect-oauth/core/RegisteredClient") {}

/**
 * Makes the client.
 *
 * **Details**
 *
 * A call that was begun goes on when whoever asked is interrupted. What the
 * server answered is held in memory, and written again and again, where the store
 * does not take it; an error is logged then, and the client is used meanwhile.
 *
 * When the scope is closed, calls under way are waited for, ten seconds at most,
 * and what the store has not taken is written once more. If that fails too, the
 * answer is lost with the process, and an error says so.
 *
 * An answer that fails a check is believed in nothing, but a secret, an address
 * or a token in it is kept: it may be the only one that counts. `read` or
 * `remove` then mend it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<
  RegisteredClient["Service"],
  never,
  | AuthorizationServer.AuthorizationServer
  | Registration.ClientRegistration
  | RegistrationStore.RegistrationStore
  | Scope.Scope
> = Effect.fnUntraced(function*(options) {
  const server = yield* AuthorizationServer.AuthorizationServer
  const registration = yield* Registration.ClientRegistration
  const { issuer } = AuthorizationServer.key(server, { client: "", account: "" })
  const lease = millis(options.lease, 120_000)
  const { free, known, persist, swap, undisturbed, unsaved } = yield* Record.make(
    yield* RegistrationStore.RegistrationStore,
    {
      key: RegistrationStore.key({ provider: server.provider, issuer, name: options.name ?? "default" }),
      maxStaleness: millis(options.maxStaleness, 30_000)
    }
  )

  // Has the call to itself, sends it, and keeps what came of it.
  const call = Effect.fnUntraced(function*(
    method: string,
    standing: RegistrationStore.Standing | undefined,
    request: Call
  ): Effect.fn.Return<Registered | undefined | "overtaken", OAuthError.OAuthError> {
    const before = standing?.registration.client
    const client = before === undefined ? {} : { client: before }
    const until = (yield* Clock.currentTimeMillis) + lease
    const claimed = yield* swap(standing?.version, {
      ...client,
      state: { _tag: "Calling", call: request._tag, until }
    })
    if (!claimed.accepted || claimed.standing === undefined) return "overtaken"
    const { version } = claimed.standing
    const judgement = yield* registration.exchange(request)
    const at = yield* Clock.currentTimeMillis
    yield* persist(version, conclude(judgement, request, before, at))
    switch (judgement._tag) {
      case "Registered":
        return judgement.client
      case "Deleted":
        return undefined
      default:
        return yield* fail(method, judgement.reason)
    }
  })

  const ask = (
    method: string,
    make: (client: Registered) => Call
  ): Effect.Effect<Registered | undefined, OAuthError.OAuthError> =>
    undisturbed(Effect.gen(function*() {
      while (true) {
        const standing = yield* free(method)
        const client = standing?.registration.client
        if (client === undefined) return yield* fail(method, notRegistered)
        const outcome = yield* call(method, standing, make(client))
        if (outcome !== "overtaken") return outcome
      }
    }))

  const lost = new OAuthError.AnswerLost({ problem: "transport", origin: new URL(server.tokenEndpoint).origin })

  const register = undisturbed(Effect.gen(function*() {
    while (true) {
      const standing = yield* free("current")
      if (standing?.registration.client !== undefined) {
        const { client, unusable } = standing.registration
        return unusable === undefined ? client : yield* fail("current", new OAuthError.ResponseInvalid(unusable))
      }
      if (standing !== undefined && options.whenLost !== "again") return yield* fail("current", lost)
      const outcome = yield* call("current", standing, { _tag: "Register", metadata: options.metadata, options })
      if (outcome !== "overtaken" && outcome !== undefined) return outcome
    }
  }))

  // What is kept, as far as it is to be used. Whoever is speaking with the server about it does not keep others from it.
  const kept = Effect.suspend(() => {
    const client = unsaved()
    return client === undefined
      ? Effect.map(
        known,
        (standing) => standing?.registration.unusable === undefined ? standing?.registration.client : undefined
      )
      : Effect.succeed(client)
  })

  const current = Effect.flatMap(kept, (client) => client === undefined ? register : Effect.succeed(client))

  const present = (client: Registered | undefined): Effect.Effect<Registered, OAuthError.OAuthError> =>
    client === undefined ? current : Effect.succeed(client)

  return RegisteredClient.of({
    current: Effect.withSpan(current, "RegisteredClient.current"),
    kept: Effect.map(kept, Option.fromUndefinedOr),
    read: Effect.flatMap(ask("read", (client) => ({ _tag: "Read", client })), present),
    update: (changes) => Effect.flatMap(ask("update", (client) => ({ _tag: "Update", client, changes })), present),
    remove: Effect.asVoid(ask("remove", (client) => ({ _tag: "Delete", client }))),
    reset: Effect.gen(function*() {
      const standing = yield* free("reset")
      if (standing === undefined || standing.registration.client !== undefined) return false
      return (yield* swap(standing.version, undefined)).accepted
    })
  })
})

/**
 * How a client authenticates by the method that it is registered with: `none`,
 * or a secret that it sends.
 *
 * @category getters
 * @since 0.1.0
 */
export const authentication = (client: Registered): ClientAuthentication.Made => {
  const { clientId, clientSecret = Redacted.make(""), metadata } = client
  const method = metadata.tokenEndpointAuthMethod ?? "client_secret_basic"
  switch (method) {
    case "none":
      return ClientAuthentication.none({ clientId })
    case "client_secret_basic":
      return ClientAuthentication.basic({ clientId, clientSecret })
    case "client_secret_post":
      return ClientAuthentication.post({ clientId, clientSecret })
    default:
      return Result.fail(OAuthError.make(
        "RegisteredClient",
        "authentication",
        new OAuthError.ConfigurationInvalid({
          field: "authenticate",
          problem: `is missing; the client is registered to authenticate by ${method}`
        })
      ))
  }
}

/**
 * The client.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  RegisteredClient,
  never,
  AuthorizationServer.AuthorizationServer | Registration.ClientRegistration | RegistrationStore.RegistrationStore
> => Layer.effect(RegisteredClient, make(options))

/**
 * How a client that was registered authenticates. The secret is read for every
 * request, so that one which an update replaced is used at once.
 *
 * **Details**
 *
 * `none`, `client_secret_basic` and `client_secret_post` are known. For another
 * method `authenticate` makes it of what was registered;
 * `@effect-oauth/core/jose/ClientAssertion.fromRegistration` does so for keys.
 *
 * A secret that has ended is not sent: `ConfigurationInvalid` says since when, and
 * an `update` may bring another.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClientAuthentication = (options?: {
  readonly authenticate?: ((client: Registered) => ClientAuthentication.Made) | undefined
}): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError, RegisteredClient> =>
  Layer.effect(
    ClientAuthentication.ClientAuthentication,
    Effect.gen(function*() {
      const registered = yield* RegisteredClient
      const authenticate = options?.authenticate ?? authentication
      const { clientId } = yield* registered.current
      return yield* Effect.fromResult(ClientAuthentication.custom({
        clientId,
        credentials: (endpoint) =>
          Effect.gen(function*() {
            const client = Option.getOrUndefined(yield* registered.kept)
            if (client?.clientId !== clientId) {
              return yield* invalid("clientId", "is registered no more, or anew; build this layer again")
            }
            const { secretExpiresAt } = client
            if (secretExpiresAt !== undefined && secretExpiresAt <= (yield* Clock.currentTimeMillis)) {
              return yield* invalid(
                "clientSecret",
                `has ended, at ${
                  DateTime.formatIso(DateTime.makeUnsafe(secretExpiresAt))
                }; update the registration, or register anew`
              )
            }
            return yield* Effect.flatMap(
              Effect.fromResult(authenticate(client)),
              ({ credentials }) => credentials(endpoint)
            )
          })
      }))
    })
  )

/**
 * A client that registers itself with the authorization server in context when
 * the layer is built, unless it is registered, and how it authenticates.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerProvider = (
  options: Options & Parameters<typeof layerClientAuthentication>[0]
): Layer.Layer<
  RegisteredClient | ClientAuthentication.ClientAuthentication,
  OAuthError.OAuthError,
  AuthorizationServer.AuthorizationServer | OAuthHttpClient | RegistrationStore.RegistrationStore
> =>
  layerClientAuthentication(options).pipe(
    Layer.provideMerge(layer(options)),
    Layer.provide(Registration.layer)
  )

// What is written when a call is over; nothing where the server knows the client no more, or never did.
const conclude = (
  judgement: Judgement,
  { _tag: call }: Call,
  before: Registered | undefined,
  at: number
): Record.Draft | undefined => {
  const idle = { _tag: "Idle" } as const
  switch (judgement._tag) {
    case "Registered":
      return { state: idle, client: judgement.client }
    case "Deleted":
      return undefined
    case "Unusable": {
      const client = judgement.client ?? before
      const { field, problem } = judgement.reason
      if (client === undefined) return { state: { _tag: "Lost", at } }
      return call === "Register"
        ? { state: idle, client, unusable: { problem, ...(field === undefined ? {} : { field }) } }
        : { state: idle, client }
    }
    case "Ambiguous":
      return before === undefined ? { state: { _tag: "Lost", at } } : { state: idle, client: before }
    default:
      return before === undefined ? undefined : { state: idle, client: before }
  }
}

const notRegistered = new OAuthError.ConfigurationInvalid({
  field: "client",
  problem: "is not registered; use it first"
})

const fail = (method: string, reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("RegisteredClient", method, reason))

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  fail("credentials", new OAuthError.ConfigurationInvalid({ field, problem }))

const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

/**
 * Registering a client with a server, and managing what was registered (RFC
 * 7591, section 3; RFC 7592, sections 2 and 3).
 *
 * **When to use**
 *
 * `RegisteredClient` registers and keeps; use this where the application keeps
 * what came of it in its own way.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as ClientMetadata from "./ClientMetadata.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Answer from "./internal/registrationAnswer.ts"
import * as Request from "./internal/registrationRequest.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"

const Secret = Schema.RedactedFromValue(Schema.String)

/**
 * Schema of where a client is managed, to and from JSON.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Management = Schema.Struct({
  /** As the server gave it (`registration_client_uri`). */
  uri: Schema.String,
  /** The registration access token. */
  token: Secret
})

/**
 * Where a client is managed, and the token that allows it.
 *
 * @category models
 * @since 0.1.0
 */
export type Management = typeof Management.Type

/**
 * Schema of a registered client, to and from JSON.
 *
 * **Gotchas**
 *
 * The JSON form holds the client's secret and its registration access token in
 * clear.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Registered = Schema.Struct({
  clientId: Schema.String,
  clientSecret: Schema.optionalKey(Secret),
  /** When the identifier was issued, in epoch milliseconds of the server's clock. */
  issuedAt: Schema.optionalKey(Schema.Finite),
  /** When the secret ends, in epoch milliseconds of the server's clock. Absent: never. */
  secretExpiresAt: Schema.optionalKey(Schema.Finite),
  /** Absent where the server does not let clients manage themselves. */
  management: Schema.optionalKey(Management),
  /** What the server registered, which need not be what was asked for. */
  metadata: ClientMetadata.ClientMetadata
})

/**
 * A client as the server knows it.
 *
 * @category models
 * @since 0.1.0
 */
export type Registered = typeof Registered.Type

/**
 * A request to register, or about what was registered.
 *
 * @category models
 * @since 0.1.0
 */
export type Call =
  | { readonly _tag: "Register"; readonly metadata: ClientMetadata.Requested; readonly options?: RegisterOptions }
  | { readonly _tag: "Read"; readonly client: Registered }
  | {
    readonly _tag: "Update"
    readonly client: Registered
    /** What is to be otherwise; `undefined` takes a member away. */
    readonly changes: Changes
  }
  | { readonly _tag: "Delete"; readonly client: Registered }

/**
 * What is to be otherwise about a client; `undefined` takes a member away.
 *
 * @category models
 * @since 0.1.0
 */
export type Changes = {
  readonly [K in keyof ClientMetadata.ClientMetadata]?: ClientMetadata.ClientMetadata[K] | undefined
}

/**
 * What became of a call.
 *
 * - `Registered`: what the server knows of the client now. It replaces what was known before, secret and token included.
 * - `Deleted`: the server knows the client no more.
 * - `Unusable`: a success that fails a check. What it tells of the client is handed on, to be kept and not to be used:
 *   its secret and its token may be the only ones that count.
 * - `Refused`, `NotProcessed`, `NotSent`, `Ambiguous`: as of a token endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export type Judgement =
  | { readonly _tag: "Registered"; readonly client: Registered }
  | { readonly _tag: "Deleted" }
  | {
    readonly _tag: "Unusable"
    readonly reason: OAuthError.ResponseInvalid
    readonly client?: Registered | undefined
  }
  | { readonly _tag: "Refused"; readonly reason: OAuthError.RequestRefused | OAuthError.ResponseInvalid }
  | { readonly _tag: "NotProcessed"; readonly reason: OAuthError.ServerUnavailable }
  | { readonly _tag: "NotSent"; readonly reason: OAuthError.RequestNotSent | OAuthError.ConfigurationInvalid }
  | {
    readonly _tag: "Ambiguous"
    readonly reason: OAuthError.AnswerLost | OAuthError.RedirectRefused | OAuthError.ResponseInvalid
  }

/**
 * What a registration shows beside the metadata.
 *
 * @category options
 * @since 0.1.0
 */
export interface RegisterOptions {
  /** What allows to register, where the server does not let everyone (RFC 7591, section 3). */
  readonly initialAccessToken?: Redacted.Redacted | undefined
  /**
   * What somebody whom the server trusts says of the software: a JWT with an
   * issuer, signed (RS256 is best known), that names the `software_id`. It is
   * sent letter by letter.
   */
  readonly softwareStatement?: Redacted.Redacted | undefined
  /**
   * The ways to authenticate that the client has, whatever it asks for; `none`,
   * `client_secret_basic` and `client_secret_post` unless said otherwise.
   */
  readonly authMethods?: ReadonlyArray<string> | undefined
}

/**
 * The client registration endpoint of one authorization server, and the
 * addresses at which its clients are managed.
 *
 * @category services
 * @since 0.1.0
 */
export class ClientRegistration extends Context.Service<ClientRegistration, {
  /**
   * Sends a call once. It does not fail: what became of it is told.
   */
  readonly exchange: (call: Call) => Effect.Effect<Judgement>

  /**
   * Registers a client.
   *
   * **Gotchas**
   *
   * `AnswerLost` may leave a client at the server that nobody knows, and an
   * initial access token that is spent. Registering again makes another.
   */
  readonly register: (
    metadata: ClientMetadata.Requested,
    options?: RegisterOptions
  ) => Effect.Effect<Registered, OAuthError.OAuthError>

  /**
   * Asks what the server knows of a client. The answer may bring another secret
   * or another token: what it gives replaces what was known.
   */
  readonly read: (client: Registered) => Effect.Effect<Registered, OAuthError.OAuthError>

  /**
   * Changes what was registered: everything is sent as it was last told, with
   * the changes (RFC 7592, section 2.2).
   */
  readonly update: (
    client: Registered,
    changes: Changes
  ) => Effect.Effect<Registered, OAuthError.OAuthError>

  /**
   * Has the server forget the client, and what was granted to it.
   */
  readonly remove: (client: Registered) => Effect.Effect<void, OAuthError.OAuthError>
}>()("@effect-oauth/core/ClientRegistration") {}

/**
 * Makes the client registration endpoint of the authorization server in context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  ClientRegistration["Service"],
  never,
  AuthorizationServer | OAuthHttpClient
> = Effect.gen(function*() {
  const http = yield* OAuthHttpClient
  const server = yield* AuthorizationServer

  const send = Effect.fnUntraced(function*(call: Call): Effect.fn.Return<Judgement> {
    const written = Request.write(call, server.registrationEndpoint)
    if (Result.isFailure(written)) return { _tag: "NotSent", reason: written.failure }
    if (call._tag === "Register") {
      for (const problem of ClientMetadata.advice(call.metadata)) {
        yield* Effect.logWarning("A client that registers could say more of itself", problem)
      }
    }
    const field = call._tag === "Register" ? "registrationEndpoint" : "registration_client_uri"
    const outcome = yield* Exchange.once(http, written.success, { field })
    switch (outcome._tag) {
      case "Answer":
        return Answer.judge(outcome.answer, call)
      case "NotSent":
        return outcome
      case "Lost":
        return { _tag: "Ambiguous", reason: outcome.reason }
    }
  })

  const exchange = Effect.fn("ClientRegistration.exchange")(function*(call: Call): Effect.fn.Return<Judgement> {
    const judgement = yield* send(call)
    yield* Effect.annotateCurrentSpan({
      "oauth.provider": server.provider,
      "oauth.registration.call": call._tag,
      "oauth.judgement": judgement._tag
    })
    return judgement
  })

  const expecting = (method: string, call: Call): Effect.Effect<Registered | undefined, OAuthError.OAuthError> =>
    Effect.flatMap(exchange(call), (judgement) => {
      switch (judgement._tag) {
        case "Registered":
          return Effect.succeed(judgement.client)
        case "Deleted":
          return Effect.succeed(undefined)
        default:
          return Effect.fail(OAuthError.make("ClientRegistration", method, judgement.reason))
      }
    })

  const registered = (method: string, call: Call): Effect.Effect<Registered, OAuthError.OAuthError> =>
    Effect.flatMap(expecting(method, call), (client) =>
      client === undefined
        ? Effect.fail(
          OAuthError.make("ClientRegistration", method, new OAuthError.ResponseInvalid({ problem: "status" }))
        )
        : Effect.succeed(client))

  return ClientRegistration.of({
    exchange,
    register: (metadata, options) =>
      registered("register", { _tag: "Register", metadata, ...(options === undefined ? {} : { options }) }),
    read: (client) => registered("read", { _tag: "Read", client }),
    update: (client, changes) => registered("update", { _tag: "Update", client, changes }),
    remove: (client) => Effect.asVoid(expecting("remove", { _tag: "Delete", client }))
  })
})

/**
 * The client registration endpoint of the authorization server in context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ClientRegistration, never, AuthorizationServer | OAuthHttpClient> = Layer.effect(
  ClientRegistration,
  make
)

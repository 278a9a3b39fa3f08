/**
 * The introspection endpoint (RFC 7662; RFC 9396, section 9.2), and what it tells
 * of the key or the certificate that a token is bound to (RFC 8705, section 3.2;
 * RFC 9449, section 6.2).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as AuthorizationDetails from "./AuthorizationDetails.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import { certificatePrefix } from "./internal/binding.ts"
import * as Form from "./internal/form.ts"
import { isObject, member } from "./internal/json.ts"
import * as SuccessfulAnswer from "./internal/successfulAnswer.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as Scopes from "./Scopes.ts"
import type * as TokenResponse from "./TokenResponse.ts"

/**
 * A token that is not, or no longer, good. Nothing else is believed of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inactive {
  readonly _tag: "Inactive"
}

/**
 * A token that is good, and what the server tells about it (RFC 7662, section
 * 2.2). Who the person is, is `Redacted`, like the whole answer: it is nobody's
 * to read in a log.
 *
 * @category models
 * @since 0.1.0
 */
export interface Active {
  readonly _tag: "Active"
  readonly scopes?: Scopes.Scopes | undefined
  readonly clientId?: string | undefined
  readonly username?: Redacted.Redacted | undefined
  readonly tokenType?: string | undefined
  readonly expiresAt?: DateTime.Utc | undefined
  readonly issuedAt?: DateTime.Utc | undefined
  readonly notBefore?: DateTime.Utc | undefined
  readonly subject?: Redacted.Redacted | undefined
  readonly audience?: ReadonlyArray<string> | undefined
  readonly issuer?: string | undefined
  readonly tokenId?: string | undefined
  /** What the token allows in detail. */
  readonly authorizationDetails?: Redacted.Redacted<AuthorizationDetails.AuthorizationDetails> | undefined
  /** What the token is bound to; absent where it is good for whoever has it. */
  readonly confirmation?: Confirmation | undefined
  /** The whole answer. It may hold what is private to a person. */
  readonly members: Redacted.Redacted<JsonObject>
}

/**
 * What a token is bound to (RFC 7800): the certificate of a connection, the
 * thumbprint of a DPoP key, or something else, when neither is there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Confirmation {
  /** As `ClientCertificate.name` has it, to be compared with `ClientCertificate.holds`. */
  readonly certificate?: string | undefined
  readonly thumbprint?: string | undefined
}

/**
 * What the server says of a token.
 *
 * @category models
 * @since 0.1.0
 */
export type Introspected = Inactive | Active

/**
 * The introspection endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class Introspection extends Context.Service<Introspection, {
  /**
   * Asks the server about a token. Every call asks: nothing is cached, and an
   * answer is never better than the moment it was given. A token whose `exp` has
   * passed is inactive, whatever the server says.
   *
   * The server must know who asks (RFC 7662, section 2.1): the client by its
   * credentials, or by a bearer token, `ClientAuthentication.bearer`. A client
   * that proves nothing fails with `ConfigurationInvalid`.
   */
  readonly introspect: (
    token: Redacted.Redacted,
    hint?: string
  ) => Effect.Effect<Introspected, OAuthError.OAuthError>
}>()("@effect-oauth/core/Introspection") {}

/**
 * Makes the introspection endpoint of the authorization server in context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  Introspection["Service"],
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = Effect.gen(function*() {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication

  const attempt = Effect.fnUntraced(function*(
    token: Redacted.Redacted,
    hint: string
  ): Effect.fn.Return<Introspected, OAuthError.OAuthErrorReason> {
    const field = "introspectionEndpoint"
    const url = server[field]
    if (url === undefined) {
      return yield* new OAuthError.ConfigurationInvalid({ field, problem: "is missing; this server has none" })
    }
    const answer = yield* Form.exchange(client, authentication, server.dialect, {
      endpoint: "introspection",
      url,
      field,
      unproven: "refused",
      parameters: [["token", token], ["token_type_hint", hint]]
    })
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.fromResult(judge(answer, now))
  })

  return Introspection.of({
    introspect: Effect.fn("Introspection.introspect")(function*(token, hint = "") {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      return yield* attempt(token, hint).pipe(
        Effect.mapError((reason) => OAuthError.make("Introspection", "introspect", reason))
      )
    })
  })
})

/**
 * Judges an answer at `now` (epoch milliseconds): pure, and total.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (
  answer: TokenResponse.Answer,
  now: number
): Result.Result<Introspected, OAuthError.OAuthErrorReason> =>
  Result.flatMap(SuccessfulAnswer.objectOf(answer), (object) => {
    const active = member(object, "active")
    if (typeof active !== "boolean") return invalid(active === undefined ? "missing" : "wrong-type", "active")
    return active ? activeOf(object, now) : Result.succeed({ _tag: "Inactive" })
  })

/**
 * The introspection endpoint of the authorization server in context.
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
  Introspection,
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = Layer.fresh(Layer.effect(Introspection, make))

type Read<A> = Result.Result<A, OAuthError.ResponseInvalid>

const activeOf = (object: JsonObject, now: number): Read<Introspected> =>
  Result.gen(function*() {
    const expiresAt = yield* instantOf(object, "exp")
    const scope = yield* textOf(object, "scope")
    const told: Active = {
      _tag: "Active",
      scopes: scope === undefined ? undefined : Scopes.fromString(scope),
      clientId: yield* textOf(object, "client_id"),
      username: yield* personalOf(object, "username"),
      tokenType: yield* textOf(object, "token_type"),
      expiresAt,
      issuedAt: yield* instantOf(object, "iat"),
      notBefore: yield* instantOf(object, "nbf"),
      subject: yield* personalOf(object, "sub"),
      audience: yield* audienceOf(object),
      issuer: yield* textOf(object, "iss"),
      tokenId: yield* textOf(object, "jti"),
      authorizationDetails: yield* detailsOf(object),
      confirmation: yield* confirmationOf(object),
      members: Redacted.make(object)
    }
    return expiresAt !== undefined && DateTime.toEpochMillis(expiresAt) <= now ? { _tag: "Inactive" } : told
  })

const textOf = (object: JsonObject, name: string): Read<string | undefined> => {
  const value = member(object, name)
  return value === undefined || typeof value === "string" ? Result.succeed(value) : invalid("wrong-type", name)
}

const personalOf = (object: JsonObject, name: string): Read<Redacted.Redacted | undefined> =>
  Result.map(textOf(object, name), (text) => text === undefined ? undefined : Redacted.make(text))

const instantOf = (object: JsonObject, name: string): Read<DateTime.Utc | undefined> => {
  const value = member(object, name)
  if (value === undefined) return Result.succeed(undefined)
  if (typeof value !== "number") return invalid("wrong-type", name)
  return Option.match(DateTime.make(value * 1000), {
    onNone: () => invalid("out-of-range", name),
    onSome: (instant) => Result.succeed(DateTime.toUtc(instant))
  })
}

const detailsOf = (object: JsonObject): Read<Active["authorizationDetails"]> => {
  const name = "authorization_details"
  const value = member(object, name)
  if (value === undefined) return Result.succeed(undefined)
  const details = AuthorizationDetails.fromJson(value)
  return details === undefined ? invalid("wrong-type", name) : Result.succeed(Redacted.make(details))
}

const audienceOf = (object: JsonObject): Read<ReadonlyArray<string> | undefined> => {
  const value = member(object, "aud")
  if (value === undefined) return Result.succeed(undefined)
  const all = Array.isArray(value) ? value : [value]
  return all.every((audience) => typeof audience === "string") ? Result.succeed(all) : invalid("wrong-type", "aud")
}

const confirmationOf = (object: JsonObject): Read<Confirmation | undefined> => {
  const cnf = member(object, "cnf")
  if (cnf === undefined) return Result.succeed(undefined)
  if (!isObject(cnf)) return invalid("wrong-type", "cnf")
  return Result.gen(function*() {
    const certificate = yield* textOf(cnf, "x5t#S256")
    const thumbprint = yield* textOf(cnf, "jkt")
    return {
      ...(certificate === undefined ? {} : { certificate: certificatePrefix + certificate }),
      ...(thumbprint === undefined ? {} : { thumbprint })
    }
  })
}

const invalid = (problem: OAuthError.ResponseInvalid["problem"], field?: string): Read<never> =>
  Result.fail(new OAuthError.ResponseInvalid({ problem, field, status: 200 }))

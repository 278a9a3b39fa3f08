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
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as Schema from "effect/Schema"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as ClientMetadata from "./ClientMetadata.ts"
import * as Exchange from "./internal/exchange.ts"
import { isJson, member, parseObject } from "./internal/json.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as RemoteText from "./RemoteText.ts"
import * as TokenResponse from "./TokenResponse.ts"

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
    const written = write(call, server.registrationEndpoint)
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
        return judge(outcome.answer, call)
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

const write = (
  call: Call,
  endpoint: string | undefined
): Result.Result<HttpClientRequest.HttpClientRequest, OAuthError.ConfigurationInvalid> => {
  const invalid = (field: string, problem: string) =>
    Result.fail(new OAuthError.ConfigurationInvalid({ field, problem }))
  if (call._tag === "Register") {
    const { initialAccessToken, softwareStatement } = call.options ?? {}
    if (endpoint === undefined) return invalid("registrationEndpoint", "is missing; this server has none")
    const problem = ClientMetadata.problem(call.metadata)
    if (problem !== undefined) return Result.fail(problem)
    return Result.map(bearer("initialAccessToken", initialAccessToken), (headers) =>
      HttpClientRequest.post(endpoint, {
        headers,
        body: body({
          ...ClientMetadata.toJson(call.metadata),
          ...(softwareStatement === undefined ? {} : { software_statement: Redacted.value(softwareStatement) })
        })
      }))
  }
  const { client } = call
  // it is never put together from parts (RFC 7592, appendix B)
  if (client.management === undefined) {
    return invalid("registration_client_uri", "was not given; this server does not let its clients manage themselves")
  }
  const { token, uri } = client.management
  return Result.flatMap(bearer("registrationAccessToken", token), (headers) => {
    if (call._tag === "Read") return Result.succeed(HttpClientRequest.get(uri, { headers }))
    if (call._tag === "Delete") return Result.succeed(HttpClientRequest.make("DELETE")(uri, { headers }))
    const metadata = changed(client.metadata, call.changes)
    const problem = ClientMetadata.problem(metadata)
    if (problem !== undefined) return Result.fail(problem)
    return Result.succeed(HttpClientRequest.put(uri, {
      headers,
      body: body({
        ...ClientMetadata.toJson(metadata),
        client_id: client.clientId,
        ...(client.clientSecret === undefined ? {} : { client_secret: Redacted.value(client.clientSecret) })
      })
    }))
  })
}

const changed = (
  metadata: ClientMetadata.ClientMetadata,
  changes: Changes
): ClientMetadata.ClientMetadata =>
  Object.fromEntries(Object.entries({ ...metadata, ...changes }).filter(([, value]) => value !== undefined))

const bearer = (
  field: string,
  token: Redacted.Redacted | undefined
): Result.Result<Readonly<Record<string, string>>, OAuthError.ConfigurationInvalid> => {
  const accept = { accept: "application/json" }
  if (token === undefined) return Result.succeed(accept)
  const value = Redacted.value(token)
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(value)
    ? Result.succeed({ ...accept, authorization: `Bearer ${value}` })
    : Result.fail(new OAuthError.ConfigurationInvalid({ field, problem: "is no bearer token (RFC 6750, section 2.1)" }))
}

const body = (object: JsonObject): HttpBody.HttpBody => HttpBody.text(JSON.stringify(object), "application/json")

const judge = (answer: TokenResponse.Answer, call: Call): Judgement => {
  const { status } = answer
  const parsed = parseObject(answer.body)
  const object = typeof parsed === "string" || !isJson(answer.headers["content-type"]) ? undefined : parsed
  const success = status >= 200 && status < 300
  if (!success) return refused(answer, object)
  if (call._tag === "Delete") {
    return status === 204
      ? { _tag: "Deleted" }
      : { _tag: "Unusable", reason: new OAuthError.ResponseInvalid({ problem: "status", status }) }
  }
  const known = call._tag === "Register" ? undefined : call.client
  const client = object === undefined ? undefined : kept(object, known)
  const unusable = (problem: OAuthError.ResponseInvalid["problem"], field?: string): Judgement => ({
    _tag: "Unusable",
    reason: new OAuthError.ResponseInvalid({ problem, field, status }),
    client
  })
  if (status !== (call._tag === "Register" ? 201 : 200)) return unusable("status")
  if (!isJson(answer.headers["content-type"])) return unusable("content-type")
  if (typeof parsed === "string") return unusable(parsed)
  const told = registeredOf(parsed, call)
  return Result.isSuccess(told)
    ? { _tag: "Registered", client: told.success }
    : unusable(told.failure.problem, told.failure.field)
}

// a 401 and a 403 need no body (RFC 6750, section 3), so their status says what they mean
const refused = (answer: TokenResponse.Answer, object: JsonObject | undefined): Judgement => {
  const { headers, status } = answer
  const code = status === 401 ? "invalid_token" : status === 403 ? "insufficient_scope" : undefined
  if (code !== undefined && (object === undefined || typeof member(object, "error") !== "string")) {
    const challenge = RemoteText.fromUnknown(headers["www-authenticate"])
    return {
      _tag: "Refused",
      reason: new OAuthError.RequestRefused({
        code: code as RemoteText.RemoteText,
        status,
        ...(challenge === undefined ? {} : { challenge })
      })
    }
  }
  // nothing there: no such client, no such endpoint, or no such method
  if (object === undefined && (status === 404 || status === 405)) {
    return { _tag: "Refused", reason: new OAuthError.ResponseInvalid({ problem: "status", status }) }
  }
  const judgement = TokenResponse.judge(answer)
  switch (judgement._tag) {
    case "Refused":
    case "NotProcessed":
    case "Ambiguous":
      return judgement
    default:
      return { _tag: "Refused", reason: new OAuthError.ResponseInvalid({ problem: "status", status }) }
  }
}

interface Fault {
  readonly problem: OAuthError.ResponseInvalid["problem"]
  readonly field: string
}

const registeredOf = (object: JsonObject, call: Exclude<Call, { readonly _tag: "Delete" }>) =>
  Result.gen(function*() {
    const known = call._tag === "Register" ? undefined : call.client
    const clientId = yield* textOf(object, "client_id", visible)
    if (clientId === undefined) return yield* fault("missing", "client_id")
    if (known !== undefined && clientId !== known.clientId) return yield* fault("mismatch", "client_id")
    const told = yield* textOf(object, "client_secret", visible)
    const clientSecret = told === undefined ? known?.clientSecret : Redacted.make(told)
    const issuedAt = yield* secondsOf(object, "client_id_issued_at")
    const ends = yield* secondsOf(object, "client_secret_expires_at")
    // RFC 7591, section 3.2.1: required with a secret, and zero says that it does not end
    if (told !== undefined && ends === undefined) return yield* fault("missing", "client_secret_expires_at")
    const secretExpiresAt = ends === undefined ? known?.secretExpiresAt : ends === 0 ? undefined : ends
    const management = yield* managementOf(object, known !== undefined)
    const metadata = yield* Result.mapError(
      ClientMetadata.fromJson(object),
      (field): Fault => ({ problem: "wrong-type", field })
    )
    const { tokenEndpointAuthMethod: method } = ClientMetadata.withDefaults(metadata)
    if (method.startsWith("client_secret_") && clientSecret === undefined) {
      return yield* fault("missing", "client_secret")
    }
    const unfit = call._tag === "Register" ? unfitFor(call, metadata) : undefined
    if (unfit !== undefined) return yield* fault("mismatch", unfit)
    const client: Registered = {
      clientId,
      metadata,
      ...(clientSecret === undefined ? {} : { clientSecret }),
      ...(issuedAt === undefined ? {} : { issuedAt }),
      ...(secretExpiresAt === undefined ? {} : { secretExpiresAt }),
      ...(management === undefined ? {} : { management })
    }
    return client
  })

// what a client that asked for this cannot do with what it got
const unfitFor = (
  { metadata, options }: Extract<Call, { readonly _tag: "Register" }>,
  registered: ClientMetadata.ClientMetadata
): string | undefined => {
  const { grantTypes, tokenEndpointAuthMethod: method } = ClientMetadata.withDefaults(registered)
  const able = options?.authMethods ?? ["none", "client_secret_basic", "client_secret_post"]
  if (method !== metadata.tokenEndpointAuthMethod && !able.includes(method)) return "token_endpoint_auth_method"
  const uris = registered.redirectUris ?? []
  if (metadata.redirectUris?.every((uri) => uris.includes(uri)) === false) return "redirect_uris"
  const wanted = metadata.grantTypes ?? ["authorization_code"]
  return wanted.every((type) => grantTypes.includes(type)) ? undefined : "grant_types"
}

// what is worth keeping of an answer that is not believed: without it nobody could mend or remove the client
const kept = (object: JsonObject, known: Registered | undefined): Registered | undefined => {
  const text = (name: string) => Result.getOrUndefined(textOf(object, name, visible))
  const clientId = known?.clientId ?? text("client_id")
  if (clientId === undefined || (text("client_id") ?? clientId) !== clientId) return undefined
  const secret = text("client_secret")
  const clientSecret = secret === undefined ? known?.clientSecret : Redacted.make(secret)
  const uri = Result.getOrUndefined(uriOf(object)) ?? known?.management?.uri
  const value = text("registration_access_token")
  const token = value === undefined ? known?.management?.token : Redacted.make(value)
  const metadata = known?.metadata ?? Result.getOrElse(ClientMetadata.fromJson(object), () => ({}))
  const secretExpiresAt = known?.secretExpiresAt
  return {
    clientId,
    metadata,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(secretExpiresAt === undefined ? {} : { secretExpiresAt }),
    ...(uri === undefined || token === undefined ? {} : { management: { uri, token } })
  }
}

type Read<A> = Result.Result<A, Fault>

const fault = (problem: OAuthError.ResponseInvalid["problem"], field: string): Read<never> =>
  Result.fail({ problem, field })

// a token that goes into a header
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/

// VSCHAR (RFC 6749, appendix A)
const visible = /^[\x20-\x7e]+$/

const textOf = (object: JsonObject, name: string, grammar: RegExp): Read<string | undefined> => {
  const value = member(object, name)
  if (value === undefined || value === "") return Result.succeed(undefined)
  if (typeof value !== "string") return fault("wrong-type", name)
  return grammar.test(value) ? Result.succeed(value) : fault("out-of-range", name)
}

// seconds in, milliseconds out; an instant that every clock can hold
const secondsOf = (object: JsonObject, name: string): Read<number | undefined> => {
  const value = member(object, name)
  if (value === undefined) return Result.succeed(undefined)
  if (typeof value !== "number") return fault("wrong-type", name)
  return value >= 0 ? Result.succeed(Math.min(value, 253_402_300_799) * 1000) : fault("out-of-range", name)
}

const uriOf = (object: JsonObject): Read<string | undefined> => {
  const name = "registration_client_uri"
  return Result.flatMap(
    textOf(object, name, /^[\x21-\x7e]+$/),
    (uri) =>
      uri === undefined || (URL.canParse(uri) && isPrivate(new URL(uri)))
        ? Result.succeed(uri)
        : fault("out-of-range", name)
  )
}

// both, or, of a server that only registers, neither (RFC 7592, section 3)
const managementOf = (object: JsonObject, managed: boolean): Read<Management | undefined> =>
  Result.gen(function*() {
    const uri = yield* uriOf(object)
    const token = yield* textOf(object, "registration_access_token", b64token)
    if (uri === undefined && token === undefined && !managed) return undefined
    if (uri === undefined) return yield* fault("missing", "registration_client_uri")
    if (token === undefined) return yield* fault("missing", "registration_access_token")
    return { uri, token: Redacted.make(token) }
  })

/**
 * Answers to registrations, and about clients that are registered (RFC 7591, section 3.2; RFC 7592, sections 2 and 3).
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as ClientMetadata from "../ClientMetadata.ts"
import type { Call, Judgement, Management, Registered } from "../ClientRegistration.ts"
import * as OAuthError from "../OAuthError.ts"
import * as RemoteText from "../RemoteText.ts"
import * as TokenResponse from "../TokenResponse.ts"
import { isJson, member, parseObject } from "./json.ts"
import { isPrivate } from "./url.ts"

/** Judges the answer to a call: pure, and total. */
export const judge = (answer: TokenResponse.Answer, call: Call): Judgement => {
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

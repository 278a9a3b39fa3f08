/**
 * A dialect's answers: what a description says of their shape, as the hook on an answer. What leaves here is an answer
 * as the RFCs have it, to be judged like every other; nothing is judged here.
 */
import type { OnAnswer } from "@effect-oauth/core/EndpointRequest"
import type { Answer } from "@effect-oauth/core/TokenResponse"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { Answers } from "../DescribedAnswers.ts"
import type { DescribedDialect } from "../DescribedDialect.ts"
import * as Lifetimes from "./lifetimes.ts"
import { at, isObject, mapped, type Members, present, renamed, without } from "./members.ts"
import * as Pattern from "./pattern.ts"

/** The hook, where the description says anything. */
export const make = (
  { answers, authorizationCode, refreshToken, response }: DescribedDialect
): OnAnswer | undefined => {
  const presents = refreshToken?.presents === "access_token"
  const parts = authorizationCode?.parts ?? {}
  if (answers === undefined && !presents && Object.keys(parts).length === 0) return undefined
  const shape = answers ?? {}
  const lifetimes = [mapped(shape.names, "expires_in") ?? "expires_in", response?.refreshTokenExpiresIn]
  return (answer, { endpoint, part }) => {
    const read = isReadable(answer, shape) ? parse(answer, shape, lifetimes) : undefined
    if (endpoint === "device-authorization" && read !== undefined) {
      return write(answer, { ...read, ...renamed(read, shape.device) }, answer.status)
    }
    const byStatus = endpoint === "token" ? mapped(shape.errorsByStatus, `${answer.status}`) : undefined
    const body = read ?? (byStatus === undefined ? undefined : {})
    if (endpoint !== "token" || body === undefined) return answer
    const holder = at(body, part === undefined ? shape.path : parts[part])
    const described = isObject(holder) ? tokenMembers(holder, answer, shape) : {}
    const found = part !== undefined || isToken(described)
      ? described
      : { ...described, ...keepsake(body, shape, parts) }
    const error = errorOf(body, shape) ?? (byStatus === undefined || isToken(found) ? undefined : { error: byStatus })
    const whole = presents ? renewable(found) : found
    return write(answer, { ...whole, ...error }, statusOf(answer, shape, error))
  }
}

// what a server broke down over says nothing of what it did, unless it is known to
const isReadable = ({ status }: Answer, { errorStatuses, errorsByStatus }: Answers): boolean =>
  status < 500 || errorStatuses?.includes(status) === true || mapped(errorsByStatus, `${status}`) !== undefined

const statusOf = ({ status }: Answer, { statuses }: Answers, error: Members | undefined): number =>
  error === undefined ? statuses?.includes(status) === true ? 200 : status : status < 500 ? status : 400

const tokenMembers = (holder: Members, answer: Answer, shape: Answers): Members => {
  const { error: _, error_description: __, ...rest } = { ...holder, ...renamed(holder, shape.names) }
  const type = rest["token_type"]
  return {
    ...without(rest, "expires_in", "scope", ...strayOrigins(rest, shape)),
    ...present({
      expires_in: lifetimeOf(holder, rest, answer, shape),
      refresh_token_expires_in: refreshLifetimeOf(holder, answer, shape),
      scope: scopeOf(rest["scope"], shape),
      token_type: typeof type === "string" ? mapped(shape.tokenTypes, type) ?? type : undefined
    })
  }
}

const lifetimeOf = (
  holder: Members,
  rest: Members,
  { sentAt }: Answer,
  { expiresAt, lifetime = "seconds" }: Answers
): Json | undefined => {
  if (expiresAt !== undefined) return Lifetimes.secondsUntil(at(holder, expiresAt.name), expiresAt.form, sentAt)
  const token = rest["access_token"]
  switch (lifetime) {
    case "jwt":
      return typeof token === "string" ? Lifetimes.ofJwt(token, sentAt) : undefined
    case "introspection":
      return undefined
    default:
      return Lifetimes.seconds(rest["expires_in"], lifetime)
  }
}

const refreshLifetimeOf = (
  holder: Members,
  { sentAt }: Answer,
  { refreshTokenExpiresAt: until, refreshTokenExpiresIn: lasts }: Answers
): Json | undefined =>
  until !== undefined
    ? Lifetimes.secondsUntil(at(holder, until.name), until.form, sentAt)
    : lasts !== undefined
    ? Lifetimes.seconds(at(holder, lasts.name), lasts.form)
    : undefined

// the members that name an origin which is none of the provider's
const strayOrigins = (all: Members, { originPatterns = {} }: Answers): ReadonlyArray<string> =>
  Object.entries(originPatterns).flatMap(([name, pattern]) => {
    const value = Object.hasOwn(all, name) ? all[name] : undefined
    const origin = typeof value === "string" && URL.canParse(value) ? new URL(value).origin : ""
    return Pattern.matches(pattern, origin) ? [] : [name]
  })

const isToken = (all: Members): boolean => typeof (all["access_token"] ?? all["refresh_token"]) === "string"

// An answer of another shape than described may have spent the old refresh token for a new one: that is kept, and nothing
// else of it.
const keepsake = (body: Members, { names }: Answers, parts: Readonly<Record<string, string>>): Members => {
  const name = mapped(names, "refresh_token") ?? "refresh_token"
  const others = new Set(Object.values(parts).map((path) => at(body, path)))
  for (const holder of [body, ...Object.values(body)]) {
    if (!isObject(holder) || others.has(holder)) continue
    const token = at(holder, name) ?? at(holder, "refresh_token")
    if (typeof token === "string") return { refresh_token: token }
  }
  return {}
}

// what is presented at the next renewal is the access token itself, for as long as it lives
const renewable = (all: Members): Members => {
  const { access_token: token, expires_in: lifetime } = all
  return all["refresh_token"] !== undefined || token === undefined
    ? all
    : { ...all, refresh_token: token, ...present({ refresh_token_expires_in: lifetime }) }
}

const errorOf = (body: Members, shape: Answers): Members | undefined => {
  const told = at(body, shape.error ?? "error")
  const code = typeof told === "string" && told !== ""
    ? told
    : typeof told === "number" && told !== 0
    ? `${told}`
    : undefined
  const failed = shape.success !== undefined && !isOneOf(at(body, shape.success.path), shape.success.equals)
  if (shape.success === undefined ? code === undefined : !failed) return undefined
  const description = at(body, shape.errorDescription ?? "error_description")
  return {
    error: code === undefined ? "unknown_error" : mapped(shape.errorCodes, code) ?? code,
    ...(typeof description === "string" ? { error_description: description } : {})
  }
}

const isOneOf = (value: Json | undefined, values: ReadonlyArray<Json>): boolean =>
  values.some((one) => one === (value ?? null))

const scopeOf = (scope: Json | undefined, { scope: form }: Answers): Json | undefined => {
  if (form === "ignored") return undefined
  return form === "array" && Array.isArray(scope) ? scope.join(" ") : scope
}

const parse = (
  { body, headers }: Answer,
  { format = "json" }: Answers,
  lifetimes: ReadonlyArray<string | undefined>
): Members | undefined => {
  const text = decoded(body)
  if (text === undefined) return undefined
  const isJson = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers["content-type"] ?? "")
  if (format === "form" && !isJson) {
    // a form has only texts
    return Object.fromEntries(
      [...new URLSearchParams(text)].map(([name, value]) => [
        name,
        lifetimes.includes(name) ? Lifetimes.digits(value) ?? value : value
      ])
    )
  }
  if (format === "json" && !isJson) return undefined
  const json = Result.try((): Json => JSON.parse(text))
  return Result.isSuccess(json) && isObject(json.success) ? json.success : undefined
}

// what is not UTF-8 is not repaired: the judge names it
const decoded = (body: Uint8Array): string | undefined =>
  Result.getOrUndefined(Result.try(() => new TextDecoder("utf-8", { fatal: true }).decode(body)))

const write = (answer: Answer, all: Members, status: number): Answer => ({
  ...answer,
  status,
  headers: { ...answer.headers, "content-type": "application/json" },
  body: new TextEncoder().encode(JSON.stringify(all))
})

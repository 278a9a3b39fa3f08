/**
 * A dialect's answers: what a description says of their shape, as the hook on an answer. What leaves here is an answer
 * as the RFCs have it, to be judged like every other; nothing is judged here.
 */
import type { OnAnswer } from "@effect-oauth/core/EndpointRequest"
import type { Answer } from "@effect-oauth/core/TokenResponse"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { Answers, DescribedDialect } from "../DescribedDialect.ts"

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
    const body = answer.status < 500 ? read(answer, shape, lifetimes) : undefined
    if (body === undefined) return answer
    if (endpoint === "device-authorization") {
      return write(answer, { ...body, ...members(body, shape.device) }, answer.status)
    }
    if (endpoint !== "token") return answer
    const holder = at(body, part === undefined ? shape.path : parts[part])
    const described = isObject(holder) ? tokenMembers(holder, answer, shape) : {}
    const found = part !== undefined || isToken(described)
      ? described
      : { ...described, ...keepsake(body, shape, parts) }
    const error = errorOf(body, shape)
    const whole = presents ? renewable(found) : found
    const status = error === undefined && shape.statuses?.includes(answer.status) ? 200 : answer.status
    return write(answer, { ...whole, ...error }, status)
  }
}

const tokenMembers = (holder: Members, answer: Answer, shape: Answers): Members => {
  const { error: _, error_description: __, ...rest } = { ...holder, ...members(holder, shape.names) }
  const type = rest["token_type"]
  const token = rest["access_token"]
  const expiresIn = shape.expiresAt !== undefined
    ? secondsUntil(at(holder, shape.expiresAt.name), shape.expiresAt.form, answer)
    : shape.lifetime === "jwt"
    ? typeof token === "string" ? lifetimeOf(token) : undefined
    : secondsOf(rest["expires_in"], shape.lifetime)
  const refreshExpiresIn = shape.refreshTokenExpiresAt === undefined
    ? undefined
    : secondsUntil(at(holder, shape.refreshTokenExpiresAt.name), shape.refreshTokenExpiresAt.form, answer)
  const scope = scopeOf(rest["scope"], shape)
  return {
    ...without(rest, "expires_in", "scope"),
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(refreshExpiresIn === undefined ? {} : { refresh_token_expires_in: refreshExpiresIn }),
    ...(scope === undefined ? {} : { scope }),
    ...(typeof type === "string" ? { token_type: mapped(shape.tokenTypes, type) ?? type } : {})
  }
}

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
    : { ...all, refresh_token: token, ...(lifetime === undefined ? {} : { refresh_token_expires_in: lifetime }) }
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

type Members = Readonly<Record<string, Json>>

const isObject = (json: Json | undefined): json is Members =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const read = (
  { body, headers }: Answer,
  { format = "json" }: Answers,
  lifetimes: ReadonlyArray<string | undefined>
): Members | undefined => {
  const type = headers["content-type"] ?? ""
  const text = decoded(body)
  if (text === undefined) return undefined
  const isJson = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)
  // a form has only texts
  if (format === "form" && !isJson) {
    return Object.fromEntries(
      [...new URLSearchParams(text)].map(([name, value]) => [
        name,
        lifetimes.includes(name) && /^\d{1,15}$/.test(value) ? Number(value) : value
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

const at = (json: Json | undefined, path: string | undefined): Json | undefined => {
  if (path === undefined) return json
  let here = json
  for (const name of path.split(".")) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined
    here = Array.isArray(here) ? here[Number(name)] : isObject(here) ? here[name] : undefined
  }
  return here
}

const members = (object: Members, names: Readonly<Record<string, string>> = {}): Members =>
  Object.fromEntries(
    Object.entries(names).flatMap(([ours, theirs]) => {
      const value = at(object, theirs)
      return value === undefined ? [] : [[ours, value] as const]
    })
  )

// a name that every object has is none of these
const mapped = (names: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  names !== undefined && Object.hasOwn(names, name) ? names[name] : undefined

const without = (object: Members, ...names: ReadonlyArray<string>): Members =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

const isOneOf = (value: Json | undefined, values: ReadonlyArray<Json>): boolean =>
  values.some((one) => one === (value ?? null))

const scopeOf = (scope: Json | undefined, { scope: form }: Answers): Json | undefined => {
  if (form === "ignored") return undefined
  return form === "array" && Array.isArray(scope) ? scope.join(" ") : scope
}

// what is written in another way than declared stays as it is, for the judge to name
const secondsOf = (lifetime: Json | undefined, form: Answers["lifetime"] = "seconds"): Json | undefined => {
  const number = typeof lifetime === "number"
    ? lifetime
    : typeof lifetime === "string" && /^\d{1,15}$/.test(lifetime)
    ? Number(lifetime)
    : undefined
  switch (form) {
    case "milliseconds":
      return number === undefined ? lifetime : number / 1000
    case "minutes":
      return number === undefined ? lifetime : number * 60
    case "D:HH:MM:SS":
    case "D:HH:MM":
    case "HH:MM:SS":
      return typeof lifetime === "string" ? clockSeconds(lifetime, form) ?? lifetime : lifetime
    default:
      return lifetime
  }
}

const clockSeconds = (text: string, form: string): number | undefined => {
  const digits = text.split(":")
  const units = form.split(":").map((unit) => ({ D: 86_400, HH: 3600, MM: 60, SS: 1 })[unit] ?? 0)
  return digits.length === units.length && digits.every((part) => /^\d{1,6}$/.test(part))
    ? digits.reduce((sum, part, index) => sum + Number(part) * (units[index] ?? 0), 0)
    : undefined
}

const secondsUntil = (
  value: Json | undefined,
  form: "iso" | "milliseconds" | "seconds",
  { sentAt }: Answer
): Json | undefined => {
  if (value === undefined || value === null) return undefined
  const at = form === "iso"
    ? typeof value === "string" ? Date.parse(value) : Number.NaN
    : Number(value) * (form === "seconds" ? 1000 : 1)
  return Number.isFinite(at) ? Math.max(0, Math.floor((at - sentAt) / 1000)) : value
}

// how long a JWT says that it lives; nothing else of it is believed
const lifetimeOf = (token: string): number | undefined => {
  const claims = Result.flatMap(
    Base64Url.decodeString(token.split(".")[1] ?? ""),
    (text) => Result.try((): Json => JSON.parse(text))
  )
  if (Result.isFailure(claims) || !isObject(claims.success)) return undefined
  const { exp, iat } = claims.success
  return typeof exp === "number" && typeof iat === "number" && exp > iat ? exp - iat : undefined
}

/**
 * Lifetimes and instants as servers write them. What is written in another way than declared stays as it is, for the
 * judge to name.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { Answers } from "../DescribedAnswers.ts"

/** How a lifetime is written. */
export type Form = NonNullable<Answers["refreshTokenExpiresIn"]>["form"]

/** A lifetime in seconds. */
export const seconds = (lifetime: Json | undefined, form: Form): Json | undefined => {
  if (form === "D:HH:MM:SS" || form === "D:HH:MM" || form === "HH:MM:SS") {
    return typeof lifetime === "string" ? clockSeconds(lifetime, form) ?? lifetime : lifetime
  }
  if (form === "seconds") return lifetime
  const number = typeof lifetime === "number" ? lifetime : digits(lifetime)
  return number === undefined ? lifetime : number * units[form]
}

/** The number that a text of digits stands for. */
export const digits = (value: Json | undefined): number | undefined =>
  typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : undefined

/** How many seconds are left until an instant. */
export const secondsUntil = (
  value: Json | undefined,
  form: NonNullable<Answers["expiresAt"]>["form"],
  now: number
): Json | undefined => {
  if (value === undefined || value === null) return undefined
  const at = form === "iso"
    ? typeof value === "string" ? Date.parse(value) : Number.NaN
    : Number(value) * (form === "seconds" ? 1000 : 1)
  return Number.isFinite(at) ? Math.max(0, Math.floor((at - now) / 1000)) : value
}

/** How long a JWT says that it lives; nothing else of it is believed. */
export const ofJwt = (token: string, now: number): number | undefined => {
  const claims = Result.flatMap(
    Base64Url.decodeString(token.split(".")[1] ?? ""),
    (text) => Result.try((): Json => JSON.parse(text))
  )
  if (Result.isFailure(claims)) return undefined
  const json = claims.success
  const { exp, iat = Math.floor(now / 1000) } = typeof json === "object" && json !== null && !Array.isArray(json)
    ? json as { readonly [name: string]: Json }
    : {}
  return typeof exp === "number" && typeof iat === "number" ? Math.max(0, exp - iat) : undefined
}

const units = { milliseconds: 1 / 1000, minutes: 60, hours: 3600, days: 86_400 }

const clockSeconds = (text: string, form: string): number | undefined => {
  const digits = text.split(":")
  const units = form.split(":").map((unit) => ({ D: 86_400, HH: 3600, MM: 60, SS: 1 })[unit] ?? 0)
  return digits.length === units.length && digits.every((part) => /^\d{1,6}$/.test(part))
    ? digits.reduce((sum, part, index) => sum + Number(part) * (units[index] ?? 0), 0)
    : undefined
}

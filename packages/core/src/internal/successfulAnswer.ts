/**
 * Answers of endpoints whose success is a JSON object: read as far as every one of them is read alike. A refusal is
 * judged by the rules of a token endpoint (RFC 6749, section 5.2), whose words they all use.
 */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import { type OAuthErrorReason, ResponseInvalid } from "../OAuthError.ts"
import * as TokenResponse from "../TokenResponse.ts"
import { isJson, member, parseObject } from "./json.ts"

/** A part of an answer, or why the answer cannot be used. */
export type Read<A> = Result.Result<A, OAuthErrorReason>

/**
 * The object of an answer with the status of a success. An answer with an `error` in it is none, and neither is one of
 * another status; of the other 2xx, those in `unexpected` are called by their status and not judged.
 */
export const objectOf = (
  answer: TokenResponse.Answer,
  options: { readonly success: number; readonly unexpected?: ReadonlyArray<number> } = { success: 200 }
): Read<JsonObject> => {
  const { body, headers, status } = answer
  const parsed = parseObject(body)
  const isSuccess = status === options.success || options.unexpected?.includes(status) === true
  if (!isSuccess || (typeof parsed !== "string" && typeof member(parsed, "error") === "string")) {
    const judgement = TokenResponse.judge(answer)
    return judgement._tag === "Granted" ? invalid(answer, "status") : Result.fail(judgement.reason)
  }
  if (status !== options.success) return invalid(answer, "status")
  if (!isJson(headers["content-type"])) return invalid(answer, "content-type")
  return typeof parsed === "string" ? invalid(answer, parsed) : Result.succeed(parsed)
}

/** A member that must be there: a text of one character at least. */
export const textOf = (object: JsonObject, answer: TokenResponse.Answer, name: string): Read<string> => {
  const value = member(object, name)
  if (typeof value === "string" && value !== "") return Result.succeed(value)
  return invalid(answer, value === undefined || value === "" ? "missing" : "wrong-type", name)
}

/** When what `expires_in` is about is of no more use, in epoch milliseconds of this process's clock. */
export const expiryOf = (
  object: JsonObject,
  answer: TokenResponse.Answer,
  /** The most seconds that are believed. */
  longest: number
): Read<number> => {
  const lifetime = member(object, "expires_in")
  if (typeof lifetime !== "number") {
    return invalid(answer, lifetime === undefined ? "missing" : "wrong-type", "expires_in")
  }
  return lifetime <= 0
    ? invalid(answer, "out-of-range", "expires_in")
    : Result.succeed(answer.sentAt + Math.min(lifetime, longest) * 1000)
}

/** How long to wait before asking, every time: 5 seconds unless said otherwise (RFC 8628, section 3.2). */
export const intervalOf = (object: JsonObject, longest: number): Duration.Duration => {
  const interval = member(object, "interval")
  return Duration.seconds(typeof interval === "number" && interval >= 1 ? Math.min(interval, longest) : 5)
}

/** That an answer cannot be used, and why. */
export const invalid = (
  { status }: TokenResponse.Answer,
  problem: ResponseInvalid["problem"],
  field?: string
): Result.Result<never, ResponseInvalid> => Result.fail(new ResponseInvalid({ problem, field, status }))

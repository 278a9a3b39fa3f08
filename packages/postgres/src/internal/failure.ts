/**
 * How Postgres fails, in a word.
 */
import * as Predicate from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"

/** The code of a failure, `"57P01"` or `"ECONNREFUSED"`; a message may quote values. */
export const codeOf = (error: SqlError): string => {
  const { _tag, cause } = error.reason
  return Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && /^\w{1,40}$/.test(cause.code)
    ? cause.code
    : _tag
}

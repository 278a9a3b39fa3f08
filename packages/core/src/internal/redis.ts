/**
 * What the modules over Redis share: how keys are named, and what a failure is
 * called.
 */
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import * as Predicate from "effect/Predicate"
import type * as Grant from "../Grant.ts"
import * as GrantKey from "../GrantKey.ts"
import * as OAuthError from "../OAuthError.ts"

/** The names of the keys of one store. */
export interface Names {
  /** Counts what was written and removed. */
  readonly sequence: string
  /** The channel on which it is announced. */
  readonly changes: string
  /** All keys. */
  readonly keys: string
  /** The keys of a state. */
  readonly states: { readonly [Tag in Grant.State["_tag"]]: string }
  /** The providers of which there ever was a grant. */
  readonly providers: string
  /** The keys of a provider by the instant when they are due. */
  readonly due: (provider: string) => string
  readonly grant: (id: string) => string
  /** What was set aside: no index leads there. */
  readonly aside: (id: string, version: string) => string
  readonly pending: (state: string) => string
}

/**
 * Names the keys. What a script touches together carries the same hash tag, so
 * that it stays together in a cluster.
 */
export const names = (
  module: string,
  options: { readonly prefix?: string | undefined } | undefined
): Effect.Effect<Names, OAuthError.OAuthError> => {
  const prefix = options?.prefix ?? "oauth"
  if (prefix === "" || /[{}]/.test(prefix)) {
    return Effect.fail(OAuthError.make(
      module,
      "make",
      new OAuthError.ConfigurationInvalid({
        field: "prefix",
        problem: "is empty, or has braces, which are added to it"
      })
    ))
  }
  const tag = `{${prefix}}`
  return Effect.succeed({
    sequence: `${tag}:sequence`,
    changes: `${tag}:changes`,
    keys: `${tag}:keys`,
    states: {
      Active: `${tag}:state:Active`,
      Renewing: `${tag}:state:Renewing`,
      Indeterminate: `${tag}:state:Indeterminate`,
      ReauthorizationRequired: `${tag}:state:ReauthorizationRequired`,
      Revoked: `${tag}:state:Revoked`
    },
    providers: `${tag}:providers`,
    due: (provider) => `${tag}:due:${provider}`,
    grant: (id) => `${tag}:grant:${id}`,
    aside: (id, version) => `${tag}:aside:${id}:${version}`,
    pending: (state) => `${prefix}:pending:${state}`
  })
}

/** A provider as it stands in the ids of its grants. */
export const encodeProvider = (provider: string): string => field(0, { provider })

/** An account as it stands in the ids of its grants. */
export const encodeAccount = (account: string): string => field(3, { account })

/** A failure of Redis as a reason: a short code, never its message, which may repeat arguments. */
export const reason = (error: Redis.RedisError): OAuthError.StoreUnavailable | OAuthError.RecordInvalid => {
  const problem = codeOf(error.cause)
  return problem === "WRONGTYPE"
    ? new OAuthError.RecordInvalid({ store: "redis", problem: "something else is kept under its name" })
    : new OAuthError.StoreUnavailable({ store: "redis", problem })
}

const field = (index: number, part: { readonly provider?: string; readonly account?: string }): string =>
  GrantKey.make({ provider: "", issuer: "", client: "", account: "", ...part }).id.split("|")[index] ?? ""

const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown"
  if (Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && codeLike.test(cause.code)) {
    return cause.code
  }
  // an error reply begins with its code
  const [word = ""] = cause.message.split(" ", 1)
  return codeLike.test(word) ? word : cause.constructor.name
}

const codeLike = /^[A-Z][A-Z0-9_]{1,40}$/

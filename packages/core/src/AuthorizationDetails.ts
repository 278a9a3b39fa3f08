/**
 * What a grant is to allow in detail, where scopes do not say enough: this
 * payment, those accounts (RFC 9396, sections 2, 6, 7 and 10).
 *
 * Details may tell a lot about a person. What comes back of them is `Redacted`,
 * and what is sent belongs into a pushed or a signed request.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Configuration from "./Configuration.ts"
import * as Details from "./internal/details.ts"
import { canonical } from "./internal/json.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * Schema of one authorization detail, to and from JSON: its type, and members
 * that the type gives a meaning to.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuthorizationDetail = Schema.StructWithRest(
  Schema.Struct({ type: Schema.NonEmptyString }),
  [Schema.Record(Schema.String, Schema.Json)]
)

/**
 * One authorization detail. Types that leave the house have names that cannot
 * collide: a URI, or a name under a domain of one's own (RFC 9396, section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export type AuthorizationDetail = typeof AuthorizationDetail.Type

/**
 * Schema of authorization details, to and from JSON.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuthorizationDetails = Schema.Array(AuthorizationDetail)

/**
 * What is asked for, or was granted.
 *
 * @category models
 * @since 0.1.0
 */
export type AuthorizationDetails = typeof AuthorizationDetails.Type

/**
 * How what was granted differs from what was asked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Comparison {
  /** Granted as they were asked for, member by member. */
  readonly same: AuthorizationDetails
  /** Granted, and not as they were asked for. */
  readonly changed: ReadonlyArray<Change>
  /** Asked for, and not said to be granted: refused by the person or the server, or not told. */
  readonly missing: AuthorizationDetails
  /** Granted, and not asked for. */
  readonly added: AuthorizationDetails
}

/**
 * A detail that the consent changed: the person chose an account, took an
 * action away, or the server filled in what it knows (RFC 9396, section 7.1).
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly asked: AuthorizationDetail
  readonly granted: AuthorizationDetail
  /** The names of the members that one has and the other has not, or has otherwise. */
  readonly members: ReadonlyArray<string>
}

/**
 * Details from values of the application's own, by a schema of their type or a
 * union of several. Fails with `ConfigurationInvalid`, which names the member
 * and quotes nothing.
 *
 * **Example** (A payment)
 *
 * ```ts import.meta.vitest
 * import { AuthorizationDetails } from "@effect-oauth/core"
 * import { Result, Schema } from "effect"
 *
 * const Payment = Schema.Struct({
 *   type: Schema.Literal("payment_initiation"),
 *   amount: Schema.Struct({ currency: Schema.String, amount: Schema.String })
 * })
 *
 * const details = Result.getOrThrow(
 *   AuthorizationDetails.encode(Payment, [{
 *     type: "payment_initiation",
 *     amount: { currency: "EUR", amount: "123.50" }
 *   }])
 * )
 *
 * details[0]?.type // => "payment_initiation"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const encode = <A, I>(
  schema: Schema.Codec<A, I>,
  values: ReadonlyArray<A>
): Result.Result<AuthorizationDetails, OAuthError.OAuthError> =>
  Schema.encodeUnknownResult(Schema.Array(schema))(values).pipe(
    Result.flatMap(Schema.decodeUnknownResult(AuthorizationDetails)),
    Result.mapError(({ issue }) =>
      OAuthError.make("AuthorizationDetails", "encode", Configuration.fromIssue(issue, "authorizationDetails"))
    )
  )

/**
 * The parameter of a request, `authorization_details`; none where nothing is
 * asked for. Fails where something is no detail, or of a type that the server
 * does not list.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parameters = Details.parameters

/**
 * Details as an answer tells them, or `undefined` where they are none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromJson = Details.fromJson

/**
 * What was granted, as values of the application's own. Fails with
 * `ResponseInvalid` where any of it is not what the schema says: use a union for
 * several types.
 *
 * @category getters
 * @since 0.1.0
 */
export const decode = <A, I>(
  schema: Schema.Codec<A, I>,
  details: Redacted.Redacted<AuthorizationDetails>
): Result.Result<ReadonlyArray<A>, OAuthError.OAuthError> =>
  // what the schema would say of it quotes it
  Result.mapError(
    Schema.decodeUnknownResult(Schema.Array(schema))(Redacted.value(details)),
    () =>
      OAuthError.make(
        "AuthorizationDetails",
        "decode",
        new OAuthError.ResponseInvalid({ problem: "wrong-type", field: "authorization_details" })
      )
  )

/**
 * Compares what was granted with what was asked for.
 *
 * **Details**
 *
 * Members are compared by value; the order of a list counts, that of members
 * does not. Of details that are not the same, one that was asked for belongs to
 * the one of its type, and of its `identifier` where it has one, with which it
 * has the most members in common.
 *
 * @category combinators
 * @since 0.1.0
 */
export const compare = (asked: AuthorizationDetails, granted: AuthorizationDetails): Comparison => {
  const left = [...granted]
  const take = (index: number): AuthorizationDetail | undefined => index < 0 ? undefined : left.splice(index, 1)[0]
  const same: Array<AuthorizationDetail> = []
  const others = asked.filter((detail) => {
    const text = canonical(detail)
    const found = take(left.findIndex((other) => canonical(other) === text))
    if (found !== undefined) same.push(found)
    return found === undefined
  })
  const changed: Array<Change> = []
  const missing = others.filter((detail) => {
    const fitting = left.filter(({ identifier, type }) =>
      type === detail.type && (detail["identifier"] === undefined || detail["identifier"] === identifier)
    )
    const [nearest] = fitting.map((other) => ({ other, members: differing(detail, other) }))
      .toSorted((a, b) => a.members.length - b.members.length)
    if (nearest === undefined) return true
    take(left.indexOf(nearest.other))
    changed.push({ asked: detail, granted: nearest.other, members: nearest.members })
    return false
  })
  return { same, changed, missing, added: left }
}

/**
 * Whether what was granted is what was asked for, no less and no more.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isAsAsked = ({ added, changed, missing }: Comparison): boolean =>
  added.length + changed.length + missing.length === 0

const differing = (a: AuthorizationDetail, b: AuthorizationDetail): ReadonlyArray<string> =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) =>
    canonical(a[name] ?? null) !== canonical(b[name] ?? null) || Object.hasOwn(a, name) !== Object.hasOwn(b, name)
  )

/**
 * What the scripts of `redisScripts.ts` answer, decoded: whatever comes back, the
 * outcome is a value or a reason.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Grant from "../Grant.ts"
import * as GrantSchema from "../GrantSchema.ts"
import * as OAuthError from "../OAuthError.ts"
import type { Head, Outcome } from "../TokenStore.ts"

/** What is kept in Redis is not what it should be. */
export const invalid = (problem: string, version?: string): OAuthError.RecordInvalid =>
  new OAuthError.RecordInvalid({ store: "redis", problem, ...(version === undefined ? {} : { version }) })

type Decoded<A> = Effect.Effect<A, OAuthError.RecordInvalid>

const decoding = <A, I>(schema: Schema.Codec<A, I>, problem: string): (input: unknown) => Decoded<A> => {
  const decode = Schema.decodeUnknownResult(schema)
  return (input) => Effect.mapError(Effect.fromResult(decode(input)), () => invalid(problem))
}

const Number = Schema.FiniteFromString
const Instant = Schema.NullOr(Number)
const Strings = Schema.Array(Schema.String)
const Fields = Schema.Array(Schema.NullOr(Schema.String))

const Plain = Schema.fromJsonString(GrantSchema.Plain)
const Body = Schema.fromJsonString(GrantSchema.Body)
const headFields = [Schema.String, Plain, Instant, Instant, Instant, Instant] as const

const notUnderstood = "the answer is not understood"
const reply = decoding(Schema.Tuple([Schema.String, Number, Fields]), notUnderstood)
const movedReply = decoding(Schema.Tuple([Schema.String, Number]), notUnderstood)
const headRow = decoding(Schema.Tuple(headFields), "a hash that is no record")
const row = decoding(Schema.Tuple([...headFields, Body]), "a hash that is no record")
const given = decoding(Schema.Tuple([Schema.String, Instant, Instant, Instant]), notUnderstood)
const page = decoding(Schema.Tuple([Number, Schema.Array(Schema.Tuple([Schema.String, Schema.String]))]), notUnderstood)
const scanned = decoding(Schema.Tuple([Number, Schema.String, Strings]), notUnderstood)

/** The head and the body of a draft as they are kept. A draft may be none of a record. */
export const encode = (
  draft: Grant.Draft
): Result.Result<{ readonly head: string; readonly body: string }, OAuthError.RecordInvalid> => {
  const { body, dueIn: _, leaseFor: __, note, retryIn: ___, ...head } = draft
  const encoded = Grant.isFinite(draft)
    ? Result.all({ head: encodeHead(note === undefined ? head : { ...head, last: note }), body: encodeBody(body) })
    : notFinite
  return Result.mapError(encoded, () => refused)
}

const encodeHead = Schema.encodeResult(Plain)
const encodeBody = Schema.encodeResult(Body)

const notFinite: Result.Result<never, unknown> = Result.fail("a duration that is not finite")

const refused = new OAuthError.RecordInvalid({
  store: "redis",
  problem: "it is not of the schema of a grant",
  during: "write"
})

/** Whether a script did what it was asked for, and the record that stands. */
export const outcome = (input: unknown): Decoded<Outcome> =>
  Effect.flatMap(
    reply(input),
    ([accepted, now, fields]) =>
      Effect.map(grant(fields), (grant): Outcome => ({ now, accepted: accepted !== "", grant }))
  )

/**
 * What a write came to. Of its own record a writer hears what Redis has given it, the version and the instants: the rest
 * stands as it was written.
 */
export const written = (draft: Grant.Draft) => (input: unknown): Decoded<Outcome> => {
  const { dueIn: _, leaseFor: __, note, retryIn: ___, body, ...head } = draft
  return Effect.flatMap(reply(input), ([accepted, now, fields]) =>
    accepted === ""
      ? Effect.map(grant(fields), (grant): Outcome => ({ now, accepted: false, grant }))
      : Effect.map(given(fields), ([version, dueAt, retryAt, leaseUntil]): Outcome => ({
        now,
        accepted: true,
        grant: {
          ...stand(version, note === undefined ? head : { ...head, last: note }, dueAt, retryAt, leaseUntil, now),
          body
        }
      })))
}

/** The lines of a history. */
export const history: (input: unknown) => Decoded<string> = decoding(Schema.String, notUnderstood)

/** Whether a record was moved. */
export const moved = (input: unknown): Decoded<{ readonly now: number; readonly accepted: boolean }> =>
  Effect.map(movedReply(input), ([accepted, now]) => ({ now, accepted: accepted !== "" }))

/** The rows of some records. */
export const rows: (input: unknown) => Decoded<ReadonlyArray<typeof Fields.Type>> = decoding(
  Schema.Array(Fields),
  notUnderstood
)

/** The head in a row; `undefined` where there is none. */
export const head = (fields: typeof Fields.Type): Decoded<Head | undefined> =>
  isEmpty(fields)
    ? Effect.undefined
    : Effect.map(headRow(fields), (parts) => stand(...parts))

/** The members of a set. */
export const members: (input: unknown) => Decoded<ReadonlyArray<string>> = decoding(Strings, notUnderstood)

/** Keys by the instants when they are due. */
export const entries = (
  input: unknown
): Decoded<{ readonly now: number; readonly entries: ReadonlyArray<{ readonly at: string; readonly key: string }> }> =>
  Effect.map(page(input), ([now, entries]) => ({ now, entries: entries.map(([at, key]) => ({ at, key })) }))

/** Keys in their order, and the last that was looked at, `""` at the end. */
export const scan = (
  input: unknown
): Decoded<{ readonly now: number; readonly last: string; readonly keys: ReadonlyArray<string> }> =>
  Effect.map(scanned(input), ([now, last, keys]) => ({ now, last, keys }))

const grant = (fields: typeof Fields.Type): Decoded<Grant.Grant | undefined> =>
  isEmpty(fields)
    ? Effect.undefined
    : Effect.map(
      Effect.mapError(row(fields), unreadable(fields)),
      ([version, plain, dueAt, retryAt, leaseUntil, changedAt, body]) => ({
        ...stand(version, plain, dueAt, retryAt, leaseUntil, changedAt),
        body
      })
    )

const unreadable = ([version]: typeof Fields.Type) => ({ problem }: OAuthError.RecordInvalid) =>
  invalid(problem, version ?? "")

const isEmpty = (fields: typeof Fields.Type): boolean => fields.every((field) => field === null)

const stand = (
  version: string,
  plain: typeof Plain.Type,
  dueAt: number | null,
  retryAt: number | null,
  leaseUntil: number | null,
  changedAt: number | null
): Head => ({
  ...plain,
  version,
  ...(dueAt === null ? {} : { dueAt }),
  ...(retryAt === null ? {} : { retryAt }),
  ...(leaseUntil === null ? {} : { leaseUntil }),
  ...(changedAt === null ? {} : { changedAt })
})

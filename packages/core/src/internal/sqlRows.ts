/**
 * Grants as rows of a table: what is a column, what is JSON, and what of a row can be read.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Grant from "../Grant.ts"
import * as GrantKey from "../GrantKey.ts"
import * as GrantSchema from "../GrantSchema.ts"
import * as OAuthError from "../OAuthError.ts"
import type * as TokenStore from "../TokenStore.ts"

/** The time alone. */
export const Now = Schema.Struct({ now: Schema.Finite })

/** The lines of a history. */
export const History = Schema.Struct({ history: Schema.String })

const HeadRow = Schema.Struct({
  ...Now.fields,
  key: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.String),
  due_at: Schema.NullOr(Schema.Finite),
  retry_at: Schema.NullOr(Schema.Finite),
  lease_until: Schema.NullOr(Schema.Finite),
  changed_at: Schema.NullOr(Schema.Finite),
  head: Schema.NullOr(Schema.String)
})

type HeadRow = typeof HeadRow.Type

const Row = Schema.Struct({ ...HeadRow.fields, body: Schema.NullOr(Schema.String) })

// what a store says of a record that it has just been given
const Written = Schema.Struct({
  ...Now.fields,
  due_at: Schema.NullOr(Schema.Finite),
  retry_at: Schema.NullOr(Schema.Finite),
  lease_until: Schema.NullOr(Schema.Finite),
  changed_at: Schema.Finite
})

const Members = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decodeMembers = Schema.decodeUnknownResult(Members)
const encodeHead = Schema.encodeResult(GrantSchema.Plain)
const encodeBody = Schema.encodeResult(GrantSchema.Body)
const decodeHead = Schema.decodeUnknownResult(GrantSchema.Head)

/** What has no column of its own is JSON: a text column cannot hold every text. A draft may be none of a record. */
export const encode = (
  draft: Grant.Draft
): Result.Result<{ readonly head: string; readonly body: string }, unknown> => {
  const { body, dueIn: _, leaseFor: __, note, retryIn: ___, ...head } = draft
  return Result.flatMap(
    Grant.isFinite(draft) ? encodeHead(note === undefined ? head : { ...head, last: note }) : notFinite,
    ({ key: _, ...head }) =>
      Result.map(encodeBody(body), (body) => ({ head: JSON.stringify(head), body: JSON.stringify(body) }))
  )
}

const notFinite: Result.Result<never, unknown> = Result.fail("a duration that is not finite")

const columnsOf = (row: HeadRow) => ({ key: row.key, version: row.version, ...instantsOf(row) })

const instantsOf = (row: Pick<HeadRow, "changed_at" | "due_at" | "lease_until" | "retry_at">) => ({
  ...(row.due_at === null ? {} : { dueAt: row.due_at }),
  ...(row.retry_at === null ? {} : { retryAt: row.retry_at }),
  ...(row.lease_until === null ? {} : { leaseUntil: row.lease_until }),
  ...(row.changed_at === null ? {} : { changedAt: row.changed_at })
})

/** A row by its schema. */
export const decodeRow = <A>(
  store: string,
  schema: Schema.Codec<A, unknown>,
  row: unknown
): Effect.Effect<A, OAuthError.RecordInvalid> => {
  const decoded = Schema.decodeUnknownResult(schema)(row)
  return Result.isSuccess(decoded)
    ? Effect.succeed(decoded.success)
    : Effect.fail(invalid(store, "a row whose columns are not those of a grant"))
}

/** What a row says of a grant: all columns null where there is none. */
export const readingOf = Effect.fnUntraced(
  function*(store: string, found: unknown): Effect.fn.Return<TokenStore.Reading, OAuthError.RecordInvalid> {
    const row = yield* decodeRow(store, Row, found)
    if (row.key === null) return { now: row.now, grant: undefined }
    const [head, body] = [decodeMembers(row.head), decodeMembers(row.body)]
    const grant = Result.isSuccess(head) && Result.isSuccess(body)
      ? GrantSchema.decode({ ...head.success, body: body.success, ...columnsOf(row) })
      : undefined
    return grant !== undefined && Result.isSuccess(grant)
      ? { now: row.now, grant: grant.success }
      : yield* Effect.fail(invalid(store, `the row of ${row.key}`, row.version))
  }
)

/**
 * What a write came to, by the row that stands after it. Of its own record a writer hears what the store has given it, the
 * version and the instants: the rest stands as it was written.
 */
export const outcomeOf = (
  store: string,
  found: object,
  draft: Grant.Draft,
  version: string
): Effect.Effect<TokenStore.Outcome, OAuthError.RecordInvalid> => {
  if (!("version" in found) || found.version !== version) {
    return Effect.map(readingOf(store, found), (reading) => ({ ...reading, accepted: false }))
  }
  const { dueIn: _, leaseFor: __, note, retryIn: ___, ...rest } = draft
  return Effect.map(decodeRow(store, Written, found), (row) => ({
    now: row.now,
    accepted: true,
    grant: { ...rest, version, ...instantsOf(row), ...(note === undefined ? {} : { last: note }) }
  }))
}

/** The page that rows show: `limit` of them, and one more where there is a next page. */
export const pageOf = Effect.fnUntraced(function*(
  store: string,
  found: ReadonlyArray<unknown>,
  limit: number,
  cursorOf: (row: HeadRow) => string
): Effect.fn.Return<TokenStore.Page, OAuthError.RecordInvalid> {
  const rows = yield* Effect.forEach(found, (row) => decodeRow(store, HeadRow, row))
  const heads: Array<TokenStore.Head> = []
  for (const row of rows.slice(0, limit)) {
    if (row.key === null) continue
    const members = decodeMembers(row.head)
    const head = Result.isSuccess(members) ? decodeHead({ ...members.success, ...columnsOf(row) }) : undefined
    if (head !== undefined && Result.isSuccess(head)) heads.push(head.success)
    else yield* Effect.logWarning(invalid(store, `the row of ${row.key}`).message)
  }
  const last = rows[limit - 1]
  return {
    now: rows[0]?.now ?? 0,
    heads,
    ...(last === undefined || rows.length <= limit ? {} : { cursor: cursorOf(last) })
  }
})

/** Where a page of what is due ends. */
export const dueCursor = {
  make: (row: HeadRow): string => `${row.due_at}|${row.key}`,
  parse: (cursor: string): { readonly dueAt: number; readonly key: string } => {
    const bar = cursor.indexOf("|")
    return { dueAt: Number(cursor.slice(0, bar)), key: cursor.slice(bar + 1) }
  }
}

/** A provider or an account as it stands in the id of a key. */
export const encodeField = (provider: string): string =>
  GrantKey.make({ provider, issuer: "", client: "", account: "" }).id.slice(0, -3)

/** That a draft is no record. */
export const refused = (store: string): OAuthError.RecordInvalid =>
  new OAuthError.RecordInvalid({ store, problem: "it is not of the schema of a grant", during: "write" })

/** That something kept in a store is no record. */
export const invalid = (store: string, problem: string, version?: string | null): OAuthError.RecordInvalid =>
  new OAuthError.RecordInvalid({ store, problem, ...(version === undefined || version === null ? {} : { version }) })

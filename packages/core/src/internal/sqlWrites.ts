/**
 * The statements that write a grant: one for a key without a record, and one that compares and swaps. Each returns the row
 * that stands, won or lost. Their texts are made once.
 */
import * as Result from "effect/Result"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type * as Grant from "../Grant.ts"
import * as GrantHistory from "../GrantHistory.ts"
import * as Sql from "./sql.ts"
import * as Rows from "./sqlRows.ts"

/** Makes the statements of a table. */
export const make = (
  sql: SqlClient.SqlClient,
  { now, table }: { readonly now: Statement.Fragment; readonly table: string }
) => {
  const grants = sql(table)

  const written = (value: Value) => {
    const after = (duration: Name) => sql`${now} + CAST(${value(duration)} AS double precision)`
    return {
      /** What both statements write, by its column. */
      columns: {
        version: value("version"),
        state: value("state"),
        due_at: after("dueIn"),
        retry_at: after("retryIn"),
        lease_until: after("leaseFor"),
        changed_at: now,
        head: value("head"),
        body: value("body")
      },
      /** The newest line of the history, with its instant; none where nothing is noted. */
      line: sql`coalesce(CAST(CAST(${now} AS bigint) AS text) || ${value("line")}, '')`
    }
  }

  // a winner knows its head and its body, and is not sent them again
  const standing = (value: Value) => {
    const unknown = (column: string) =>
      sql`CASE WHEN version = ${value("version")} THEN NULL ELSE ${sql(column)} END AS ${sql(column)}`
    return sql`${now} AS now, key, version, due_at, retry_at, lease_until, changed_at,
      ${unknown("head")}, ${unknown("body")}`
  }

  const insert = Sql.template<Name>(sql, (value) => {
    const { columns, line } = written(value)
    const row = {
      key: value("key"),
      provider: value("provider"),
      account: value("account"),
      history: line,
      ...columns
    }
    return sql`INSERT INTO ${grants} AS g (${sql.csv(Object.keys(row))}) VALUES (${sql.csv(Object.values(row))})
      ON CONFLICT (key) DO UPDATE SET version = g.version
      RETURNING ${standing(value)}`
  })

  // A loser writes the row as it is: only so the statement sees, and returns, what a concurrent winner has written.
  const update = Sql.template<Name>(sql, (value) => {
    const { columns, line } = written(value)
    const row = {
      // what is too old is cut off at the end
      history: sql`substr(${line} || g.history, 1, ${sql.literal(String(GrantHistory.characters))})`,
      ...columns
    }
    const swaps = Object.entries(row).map(([column, next]) =>
      sql`${sql(column)} = CASE WHEN g.version = ${value("expected")} THEN ${next} ELSE g.${sql(column)} END`
    )
    return sql`UPDATE ${grants} AS g SET ${sql.csv(swaps)} WHERE g.key = ${value("key")} RETURNING ${standing(value)}`
  })

  /** The statement that writes a draft as `version` where `expected` stands, or nothing does; none where it is no record. */
  return (
    expected: string | undefined,
    draft: Grant.Draft,
    version: string
  ): Result.Result<Statement.Statement<object>, unknown> => {
    const { dueIn, key, leaseFor, note, retryIn, serial, state } = draft
    const [provider = "", , , account = ""] = key.split("|")
    return Result.map(Rows.encode(draft), (encoded) => {
      const values = {
        key,
        provider,
        account,
        expected: expected ?? null,
        version,
        state: state._tag,
        dueIn: text(dueIn),
        retryIn: text(retryIn),
        leaseFor: text(leaseFor),
        line: note === undefined ? null : ` ${GrantHistory.toText(note, serial)}\n`,
        ...encoded
      }
      return expected === undefined ? insert(values) : update(values)
    })
  }
}

type Name =
  | "account"
  | "body"
  | "dueIn"
  | "expected"
  | "head"
  | "key"
  | "leaseFor"
  | "line"
  | "provider"
  | "retryIn"
  | "state"
  | "version"

type Value = (name: Name) => Statement.Fragment

const text = (millis: number | undefined): string | null => millis === undefined ? null : String(millis)

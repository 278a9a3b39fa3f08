/**
 * A lock between the processes of one machine that a killed holder cannot leave
 * behind: the kernel's own, through SQLite.
 */
import type { StoreUnavailable } from "@effect-oauth/core/OAuthError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { DatabaseSync } from "node:sqlite"
import * as Files from "./files.ts"

/**
 * Runs a synchronous section while no other process, and no other thread, is in
 * one under the same lock file. Waits up to five seconds for those that are.
 *
 * **Details**
 *
 * `BEGIN IMMEDIATE` takes the lock of a database to which nothing is ever
 * written. Waiting does not block the event loop; the section does, so the lock
 * is never held across a suspension, an interruption or another fiber's turn.
 *
 * **Gotchas**
 *
 * On POSIX, closing any descriptor of a file drops the process's locks on it.
 * SQLite takes care of its own; nothing else in this process may open the file.
 */
export const exclusively = <A>(file: string, section: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({
    try: () => {
      const database = new DatabaseSync(file, { timeout: 0 })
      try {
        // the journal is kept in memory, so that there is none for a killed holder to leave
        database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE")
        return section()
      } finally {
        database.close()
      }
    },
    catch: failure
  }).pipe(
    Effect.retry({ while: (error) => error._tag === "Busy", schedule: backOff }),
    Effect.catchTag("Busy", () => Effect.fail(Files.unavailable({ code: "locked" })))
  )

class Busy extends Data.TaggedError("Busy")<{}> {}

const backOff = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("20 millis")]).pipe(
  Schedule.upTo({ duration: "5 seconds" })
)

const failure = (cause: unknown): Busy | StoreUnavailable => {
  const code = Files.codeOf(cause) ?? ""
  if (code !== "ERR_SQLITE_ERROR") {
    // Windows replaces no file that somebody has open, and readers have it open for an instant
    return Files.windows && windowsBusy.has(code) ? new Busy() : Files.unavailable(cause)
  }
  const result = resultOf(cause)
  return result === 5 ? new Busy() : Files.unavailable({ code: resultNames[result] ?? `SQLITE_${result}` })
}

const windowsBusy: ReadonlySet<string> = new Set(["EACCES", "EBUSY", "EPERM"])

// the primary result code is the low byte (https://www.sqlite.org/rescode.html)
const resultOf = (cause: unknown): number =>
  typeof cause === "object" && cause !== null && "errcode" in cause ? Number(cause.errcode) & 0xff : 0

const resultNames: { readonly [code: number]: string } = {
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  26: "SQLITE_NOTADB"
}

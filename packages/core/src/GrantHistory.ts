/**
 * What happened to a grant: a note that each writer leaves with what it writes,
 * and that the store keeps beside the record, so that every process sees it and
 * restarts do not forget it.
 *
 * @since 0.1.0
 */
import type * as GrantSchema from "./GrantSchema.ts"

/**
 * What the writes of this version are noted as.
 *
 * **Details**
 *
 * - `Authorized`: a login, or tokens that were taken over.
 * - `Claimed`: a process began to renew.
 * - `Renewed`, `RenewalFailed`, `Indeterminate` (no answer that could be used),
 *   `Quarantined` (an answer that failed a check): what became of it.
 * - `Saved`: a pair that the store did not take at first.
 * - `WrittenBack`: a store that went back in time was given the newer pair again.
 * - `Ended`: it must be authorized again; `Revoked`: here, and at the server as
 *   `why` says.
 * - `Restored`: an operator had it tried again after its end.
 * - `Moving` and `Moved`: on its way to another store, and arrived.
 * - `Resealed`: its body was sealed with another key.
 *
 * @category models
 * @since 0.1.0
 */
export type Happening =
  | "Authorized"
  | "Claimed"
  | "Ended"
  | "Indeterminate"
  | "Moved"
  | "Moving"
  | "Quarantined"
  | "Renewed"
  | "RenewalFailed"
  | "Resealed"
  | "Restored"
  | "Revoked"
  | "Saved"
  | "WrittenBack"

/**
 * What a writer says of its write: what happened, which process did it, and why.
 * No secret is ever in it, and nothing that a server said.
 *
 * @category models
 * @since 0.1.0
 */
export type Note = typeof GrantSchema.Note.Type

/**
 * One line of a grant's history: a note, when the store took it (epoch
 * milliseconds of its clock), and the serial of the pair that was written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry extends Note {
  readonly at: number
  readonly serial: number
}

/**
 * How many lines of a grant's history a store keeps.
 *
 * @category configuration
 * @since 0.1.0
 */
export const limit = 32

/**
 * How many characters a store keeps that cannot count lines: enough for
 * {@link limit} lines of the usual length.
 *
 * @category configuration
 * @since 0.1.0
 */
export const characters = 2048

/**
 * Makes a note of something that happens in this version.
 *
 * @category constructors
 * @since 0.1.0
 */
export const note = (what: Happening, by: string, why?: string): Note => ({
  what,
  by,
  ...(why === undefined ? {} : { why })
})

/**
 * The notes of one writer. Those that say the same are one, as every record
 * that is held in memory holds its last.
 *
 * @category constructors
 * @since 0.1.0
 */
export const writer = (by: string): (what: Happening, why?: string) => Note => {
  const notes = new Map<string, Note>()
  return (what, why) => {
    const name = `${what} ${why}`
    const known = notes.get(name) ?? note(what, by, why)
    notes.set(name, known)
    return known
  }
}

/**
 * The history that lines tell, the newest first, in the order in which it
 * happened. What is no line is left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromLines = (lines: ReadonlyArray<string>): ReadonlyArray<Entry> =>
  lines.slice(0, limit).flatMap((line) => {
    const [, at, serial, what = "", by = "", why] = /^(\d+) (\d+) (\S+) (\S+)(?: (\S+))?$/.exec(line) ?? []
    return at === undefined
      ? []
      : [{ at: Number(at), serial: Number(serial), what, by, ...(why === undefined ? {} : { why }) }]
  }).reverse()

/**
 * The history that a text of lines tells, the newest first, each with its end;
 * the last may have been cut off.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromText = (text: string): ReadonlyArray<Entry> => fromLines(text.split("\n").slice(0, -1))

/**
 * A line without its instant, as stores keep it: plain words of ASCII.
 *
 * @category getters
 * @since 0.1.0
 */
export const toText = (note: Note, serial: number): string =>
  [serial, note.what, note.by, ...(note.why === undefined ? [] : [note.why])].map(word).join(" ")

/**
 * The line that stores keep of a note that was taken at an instant.
 *
 * @category getters
 * @since 0.1.0
 */
export const toLine = (note: Note, options: { readonly serial: number; readonly at: number }): string =>
  `${Math.floor(options.at)} ${toText(note, options.serial)}`

/**
 * Lines, the newest first, with one more.
 *
 * @category combinators
 * @since 0.1.0
 */
export const append = (lines: ReadonlyArray<string>, line: string): ReadonlyArray<string> =>
  [line, ...lines].slice(0, limit)

const word = (text: number | string): string => String(text).replace(/[^\x21-\x7e]/g, "_").slice(0, 32) || "_"

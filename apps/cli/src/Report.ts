/**
 * What is shown when something goes wrong.
 */

/** What went wrong, for a person and for a program. */
export interface Report {
  /** Names the kind of failure; stable. */
  readonly code: string
  /** One sentence: what is wrong, and what to do. */
  readonly message: string
  readonly exitCode: number
  /** The flag, variable, member or parameter in question. */
  readonly field?: string | undefined
  /** A closer distinction within the code. */
  readonly why?: string | undefined
  /** Seconds after which the same command may succeed. */
  readonly retryAfter?: number | undefined
}

/** A report as it stands in JSON. */
export const toJson = (
  { code, exitCode, field, message, retryAfter, why }: Report
): { readonly [key: string]: string | number } => ({
  code,
  message,
  ...(field === undefined ? {} : { field }),
  ...(why === undefined ? {} : { why }),
  ...(retryAfter === undefined ? {} : { retryAfter }),
  exitCode
})

/**
 * A passphrase, from a file or from stdin.
 */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import type * as Stdio from "effect/Stdio"
import type { Configuration } from "./Configuration.ts"
import { type Failure, usage } from "./Failure.ts"
import * as Input from "./Input.ts"

/** Where it is. */
export const flag = Flag.String("passphrase-file").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription("A file whose first line is the passphrase; - is stdin")
)

/** The shortest that is taken. */
const shortest = 12

/** Reads it. */
export const read = Effect.fnUntraced(function*(
  path: string,
  { profile }: Configuration
): Effect.fn.Return<Redacted.Redacted, Failure | PlatformError, FileSystem.FileSystem | Stdio.Stdio> {
  const fs = yield* FileSystem.FileSystem
  if (path === "-" && profile.secret?.value._tag === "Stdin") {
    return yield* usage("stdin is needed for the client's secret; name a file", "--passphrase-file")
  }
  const text = path === "-" ? yield* Input.all : yield* Effect.mapError(
    fs.readFileString(path),
    ({ reason }) =>
      usage(`the file ${path} cannot be read (${reason._tag}): check the path, its owner and mode`, "--passphrase-file")
  )
  const value = text.split(/\r?\n/, 1)[0] ?? ""
  return value.length < shortest
    ? yield* usage(`must have at least ${shortest} characters, or anybody opens the file`, "--passphrase-file")
    : Redacted.make(value)
})

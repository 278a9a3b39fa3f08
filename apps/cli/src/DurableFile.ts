/**
 * Files that hold the only copy of something: there whole or not at all, and still there after the power failed.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import { randomUUID } from "node:crypto"
import * as Path from "node:path"

/** Writes a text into a file, durably, and for this person's eyes only: a new one, or in the place of what is there. */
export const write = Effect.fnUntraced(function*(
  path: string,
  text: string,
  how: "create" | "replace"
): Effect.fn.Return<void, PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const temporary = `${path}.${randomUUID()}.tmp`
  const synced = (path: string, options: Parameters<typeof fs.open>[1], text?: string) =>
    Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(path, options)
      if (text !== undefined) yield* file.writeAll(new TextEncoder().encode(text))
      yield* file.sync
    }))
  const place = how === "replace"
    ? fs.rename(temporary, path)
    // a rename would write over what another command has put there by now; not every disk has links
    : Effect.catchIf(
      fs.link(temporary, path),
      ({ reason }) => reason._tag !== "AlreadyExists",
      () => fs.rename(temporary, path)
    )
  yield* synced(temporary, { flag: "wx", mode: 0o600 }, text).pipe(
    Effect.andThen(place),
    Effect.ensuring(Effect.ignore(fs.remove(temporary)))
  )
  // the name is to last as well, where directories can be synced
  yield* Effect.ignore(synced(Path.dirname(path), { flag: "r" }))
})

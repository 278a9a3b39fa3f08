/**
 * `grants export`: moves grants into one sealed file, to be carried to another machine.
 */
import type * as GrantMove from "@effect-oauth/core/GrantMove"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as Path from "node:path"
import * as Bundle from "../../Bundle.ts"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import { Output } from "../../Output.ts"
import * as Passphrase from "../../Passphrase.ts"
import * as Store from "../../Store.ts"
import { configuration } from "../Root.ts"

// a file that is there may hold the only copy of a grant
const there = usage(
  "is there already, and may hold grants that are nowhere else; import it, or name another file",
  "FILE"
)

/** Moves grants into a file. */
export const exported = Command.make(
  "export",
  {
    file: Argument.File("file").pipe(Argument.withDescription("The file to be written")),
    passphrase: Passphrase.flag,
    keep: Flag.Boolean("keep").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Leave the records where they were; they are served there and never renewed"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const path = Path.resolve(flags.file)
    const isThere = yield* fs.exists(path)
    if (isThere && flags.keep) return yield* there
    // what is told as moved must have a place to go to
    yield* Effect.mapError(
      fs.access(Path.dirname(path), { writable: true }),
      ({ reason }) => usage(`cannot be written there (${reason._tag}): check the folder, its owner and mode`, "FILE")
    )
    const passphrase = yield* Passphrase.read(flags.passphrase, config)
    const { account, provider } = config.asked
    let left = 0
    let moved = 0
    const lines = <E, R>(progress: Stream.Stream<GrantMove.Progress, E, R>) =>
      output.lines(progress.pipe(
        Stream.tap(({ result }) =>
          Effect.sync(() => {
            if (result === "moved") moved++
            else if (result !== "absent") left++
          })
        ),
        Stream.map(({ key, result }) => GrantLine.of(key, result))
      ))
    yield* Effect.gen(function*() {
      const from = yield* TokenStore
      if (isThere) {
        const bundle = yield* Effect.catchTag(
          Bundle.read(yield* fs.readFileString(path), path, passphrase),
          "Failure",
          () => there
        )
        return yield* lines(Stream.filter(Bundle.finish({ from, bundle, path }), ({ result }) => result === "moved"))
      }
      const bundle = yield* Bundle.empty(passphrase)
      const source = flags.keep ? "keep" : "remove"
      yield* lines(Bundle.move({ from, bundle, path, account, provider, source }))
    }).pipe(Effect.scoped, Effect.provide([Store.layer(config), SecureRandom.layerWebCrypto]))
    if (isThere) {
      return moved === 0
        ? yield* there
        : yield* output.note(`${path} was there; what it holds is nowhere else`)
    }
    if (moved === 0 && left === 0) return yield* output.note("There are no such grants; no file was written")
    if (left === 0) return
    return yield* make({
      code: "NotAllMoved",
      message: `${left} were left where they are: those under a claim can be exported later, into another file`,
      exitCode: ExitCode.transient
    })
  })
).pipe(
  Command.withDescription("Move grants into one sealed file, for another machine; broken off, run the same again"),
  Command.withShortDescription("Move grants into one sealed file, for another machine"),
  Command.withExamples([
    { command: "effect-oauth grants export laptop.grants --passphrase-file secret.txt" },
    { command: "effect-oauth grants import laptop.grants --passphrase-file secret.txt", description: "And there" }
  ])
)

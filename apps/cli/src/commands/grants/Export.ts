/**
 * `grants export`: moves grants into one sealed file, to be carried to another machine.
 */
import * as GrantMove from "@effect-oauth/core/GrantMove"
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
    if (yield* fs.exists(path)) return yield* usage("is there already; name another file, or remove it", "FILE")
    const passphrase = yield* Passphrase.read(flags.passphrase, config)
    const { account, provider } = config.asked
    let left = 0
    let moved = 0
    yield* Effect.gen(function*() {
      const from = yield* TokenStore
      const bundle = yield* Bundle.empty(passphrase)
      const run = (source: "keep" | "remove") =>
        GrantMove.run({ from, to: bundle.store, name: `file ${path}`, account, provider, source })
      yield* output.lines(
        run("keep").pipe(
          Stream.tap(({ result }) => Effect.sync(() => result === "moved" ? moved++ : left++)),
          Stream.map(({ key, result }) => GrantLine.of(key, result))
        )
      )
      if (moved === 0) return
      // what is removed from the store is in the file first
      yield* Bundle.write(path, yield* bundle.text)
      if (!flags.keep) yield* Stream.runDrain(run("remove"))
    }).pipe(Effect.scoped, Effect.provide([Store.layer(config), SecureRandom.layerWebCrypto]))
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
  Command.withExamples([
    { command: "effect-oauth grants export laptop.grants --passphrase-file secret.txt" },
    { command: "effect-oauth grants import laptop.grants --passphrase-file secret.txt", description: "And there" }
  ])
)

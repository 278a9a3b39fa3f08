/**
 * `grants import`: takes grants from a sealed file into the store.
 */
import * as GrantMove from "@effect-oauth/core/GrantMove"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as Path from "node:path"
import * as Bundle from "../../Bundle.ts"
import * as DurableFile from "../../DurableFile.ts"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import { Output } from "../../Output.ts"
import * as Passphrase from "../../Passphrase.ts"
import * as Store from "../../Store.ts"
import { configuration } from "../Root.ts"

/** Takes grants from a file. */
export const imported = Command.make(
  "import",
  {
    file: Argument.File("file").pipe(Argument.withDescription("The file that `grants export` wrote")),
    passphrase: Passphrase.flag
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const path = Path.resolve(flags.file)
    const text = yield* Effect.mapError(
      fs.readFileString(path),
      ({ reason }) =>
        usage(`the file ${path} cannot be read (${reason._tag}): check the path, its owner and mode`, "FILE")
    )
    const passphrase = yield* Passphrase.read(flags.passphrase, config)
    let left = 0
    let unreadable = 0
    yield* Effect.gen(function*() {
      const bundle = yield* Bundle.read(text, path, passphrase)
      const progress = GrantMove.run({
        from: bundle.store,
        to: yield* TokenStore,
        name: Store.shown(config.store),
        // into a store in clear, if that is where they are to be used
        unsealing: "allow"
      })
      yield* output.lines(
        progress.pipe(
          Stream.tap(({ result }) =>
            Effect.sync(() => {
              if (result === "Unreadable") unreadable++
              else if (result !== "moved" && result !== "absent") left++
            })
          ),
          Stream.map(({ key, result }) => GrantLine.of(key, result))
        )
      )
      // in two places a grant is renewed twice, and lost: the file keeps what was not taken
      if (left > 0) yield* DurableFile.write(path, yield* bundle.text, "replace")
    }).pipe(
      Effect.scoped,
      Effect.provide([Store.layer(config), SecureRandom.layerWebCrypto]),
      Effect.catchReason(
        "OAuthError",
        "KeyUnavailable",
        () => Effect.fail(usage("does not open this file", flags.passphrase))
      )
    )
    if (unreadable > 0) return yield* usage("does not open this file, or somebody changed it", "--passphrase-file")
    if (left === 0) {
      yield* fs.remove(path)
      return yield* output.note(`${path} has been removed: its grants are here now, and may be nowhere else`)
    }
    return yield* make({
      code: "NotAllMoved",
      message: `${left} are not taken: there is a grant of another login for their accounts, which stands`,
      exitCode: ExitCode.failed
    })
  })
).pipe(
  Command.withDescription("Take the grants of a sealed file into the store, and remove the file"),
  Command.withShortDescription("Take the grants of a sealed file into the store"),
  Command.withExamples([{ command: "effect-oauth grants import laptop.grants --passphrase-file secret.txt" }])
)

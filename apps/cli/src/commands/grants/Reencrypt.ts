/**
 * `grants reencrypt`: seals what is kept with the current key.
 */
import { EncryptedTokenStore } from "@effect-oauth/core/EncryptedTokenStore"
import * as GrantKey from "@effect-oauth/core/GrantKey"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import { Output } from "../../Output.ts"
import * as Store from "../../Store.ts"
import { configuration } from "../Root.ts"

/** Seals every record that another key has sealed, or none. */
export const reencrypt = Command.make(
  "reencrypt",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    const { keyring } = config
    if (keyring === undefined || keyring === "none") {
      return yield* usage("is missing: name the file with the keys", "--keyring")
    }
    let [sealed, current, left] = [0, 0, 0]
    yield* Effect.gen(function*() {
      const { reencrypt } = yield* EncryptedTokenStore
      yield* output.lines(
        reencrypt().pipe(
          Stream.tap((progress) =>
            Effect.sync(() => {
              sealed += progress.sealed
              current += progress.current
              left += progress.left.length
            })
          ),
          Stream.flatMap((progress) =>
            Stream.fromIterable(progress.left.flatMap(({ key, why }) => {
              const known = GrantKey.fromId(key)
              return known === undefined ? [] : [GrantLine.of(known, why)]
            }))
          )
        )
      )
    }).pipe(Effect.provide(Store.sealing({ ...config, keyring })))
    yield* output.note(`Sealed with the current key: ${sealed}; already so: ${current}; left: ${left}`)
    if (left === 0) return
    return yield* make({
      code: "NotAllSealed",
      message: `${left} were left: those under a claim are sealed by a later run, the others need their key`,
      exitCode: ExitCode.transient
    })
  })
).pipe(
  Command.withDescription("Seal every record with the current key of --keyring; shows what was left and why"),
  Command.withShortDescription("Seal every record with the current key"),
  Command.withExamples([{ command: "effect-oauth grants reencrypt --keyring keys.json" }])
)

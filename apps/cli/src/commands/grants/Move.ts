/**
 * `grants move`: moves grants to another store while they are in use.
 */
import * as GrantMove from "@effect-oauth/core/GrantMove"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import { Output } from "../../Output.ts"
import * as Store from "../../Store.ts"
import { configuration } from "../Root.ts"

/** Moves grants. */
export const move = Command.make(
  "move",
  {
    to: Flag.String("to").pipe(
      Flag.withMetavar("STORE"),
      Flag.withDescription("Where to: a directory, postgres://… or redis://…")
    ),
    toKeyring: Flag.File("to-keyring").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("The keys that seal them there"),
      Flag.optional
    ),
    keep: Flag.Boolean("keep").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Leave the records where they were; they are served there and never renewed"),
      Flag.withDefault(false)
    ),
    unseal: Flag.Boolean("unseal").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Let sealed tokens be kept in clear there"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    const output = yield* Output
    const to = Store.resolve(process.cwd(), flags.to)
    if (to === config.store) return yield* usage("is where the grants are; name another store", "--to")
    const { account, provider } = config.asked
    const target = { store: to, keyring: Option.getOrUndefined(flags.toKeyring), data: config.data }
    let [later, left] = [0, 0]
    yield* Effect.gen(function*() {
      const from = yield* TokenStore
      yield* Effect.gen(function*() {
        const progress = GrantMove.run({
          from,
          to: yield* TokenStore,
          name: Store.shown(to),
          account,
          provider,
          source: flags.keep ? "keep" : "remove",
          unsealing: flags.unseal ? "allow" : "refuse"
        })
        yield* output.lines(
          progress.pipe(
            Stream.tap(({ result }) =>
              Effect.sync(() => {
                if (result === "Claimed" || result === "Indeterminate") later++
                else if (result !== "moved" && result !== "absent") left++
              })
            ),
            Stream.map(({ key, result }) => GrantLine.of(key, result))
          )
        )
      }).pipe(Effect.provide(Store.layer(target)))
    }).pipe(Effect.provide([Store.layer(config), SecureRandom.layerWebCrypto]))
    if (later + left === 0) return
    return yield* make({
      code: "NotAllMoved",
      message: `${later} are being renewed: run the same command again; ${left} cannot be moved as they are`,
      exitCode: left > 0 ? ExitCode.failed : ExitCode.transient
    })
  })
).pipe(
  Command.withDescription("Move grants to another store while they are in use; broken off, run the same again"),
  Command.withShortDescription("Move grants to another store while they are in use"),
  Command.withExamples([
    { command: "effect-oauth grants move --to postgres://app@db.example.com/app --to-keyring keys.json" },
    { command: "effect-oauth grants move --account work --to ./elsewhere" }
  ])
)

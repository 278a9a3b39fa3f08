/**
 * `grants restore`: tries grants again that a server has ended by mistake.
 */
import { type Ended, GrantAdministration } from "@effect-oauth/core/GrantAdministration"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import * as Operators from "../../Operators.ts"
import { Output } from "../../Output.ts"
import { configuration, root } from "../Root.ts"

const instant = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar("TIME"), Flag.withDescription(description), Flag.optional)

/** Tries grants again. */
export const restore = Command.make(
  "restore",
  {
    all: Flag.Boolean("all").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Every account, where none is named"),
      Flag.withDefault(false)
    ),
    why: Flag.Literals("why", ["GrantRejected", "RotationLost", "RefreshTokenSpent", "Ended"])
      .pipe(
        Flag.withMetavar("REASON"),
        Flag.withDescription("Ended for this; the first two"),
        Flag.atLeast(0)
      ),
    from: instant("from", "Those that ended then or later: 2026-01-31T12:00:00Z"),
    until: instant("until", "Those that ended before"),
    perSecond: Flag.Int("per-second").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Try no more than so many in a second; 5"),
      Flag.withDefault(5)
    ),
    yes: Flag.Boolean("yes").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Do it; without this they are only shown"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*(flags) {
    const shared = yield* root
    const config = yield* configuration
    const output = yield* Output
    const { account, provider } = config.asked
    if (account === undefined && !flags.all) {
      return yield* usage("is missing: name whose grants are meant, or say --all", "--account")
    }
    if (flags.perSecond < 1) return yield* usage("must be 1 or more", "--per-second")
    const filter: Ended = {
      account,
      provider,
      why: flags.why.length === 0 ? undefined : flags.why,
      from: yield* parse("--from", flags.from),
      until: yield* parse("--until", flags.until)
    }
    if (!flags.yes) {
      yield* Effect.gen(function*() {
        const { ended } = yield* GrantAdministration
        yield* output.lines(Stream.map(ended(filter), GrantLine.ofListed))
      }).pipe(Effect.provide(Operators.layerLooking(config)))
      return yield* output.note("Nothing was tried: --yes puts these back, and renews each once")
    }

    let [again, pending, left] = [0, 0, 0]
    yield* Effect.gen(function*() {
      const { restore } = yield* GrantAdministration
      yield* output.lines(
        restore(filter, { perSecond: flags.perSecond }).pipe(
          Stream.tap(({ result }) =>
            Effect.sync(() => {
              if (result === "EndedAgain") again++
              if (result === "Pending") pending++
              if (result === "NotRestored") left++
            })
          ),
          Stream.map(GrantLine.ofRestored)
        )
      )
    }).pipe(Effect.provide(Operators.layer(shared, config)))
    if (again + pending + left === 0) return
    return yield* make({
      code: "NotAllRestored",
      message: `${again} ended again and need a login, ${pending} are put back and not renewed yet, ${left} were left`,
      exitCode: left > 0 ? ExitCode.failed : pending > 0 ? ExitCode.transient : ExitCode.reauthorize
    })
  })
).pipe(
  Command.withDescription("Try grants again that a server has ended by mistake; only its own answer ends them again"),
  Command.withShortDescription("Try grants again that a server has ended by mistake"),
  Command.withExamples([
    { command: "effect-oauth grants restore --account work --yes" },
    {
      command: "effect-oauth grants restore --all --from 2026-01-31T12:00:00Z",
      description: "Show those that ended since, and change nothing"
    }
  ])
)

const parse = (field: string, given: Option.Option<string>) =>
  Option.match(given, {
    onNone: () => Effect.undefined,
    onSome: (text) =>
      Option.match(DateTime.make(text), {
        onNone: () => usage(`cannot be "${text}"; it must be a time like 2026-01-31T12:00:00Z`, field),
        onSome: (time) => Effect.succeed(DateTime.toUtc(time))
      })
  })

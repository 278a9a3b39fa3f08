/**
 * `status`: what is known of the grants, without asking any server.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as GrantKey from "@effect-oauth/core/GrantKey"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import type { RotationPolicy } from "@effect-oauth/core/RotationPolicy"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as ExitCode from "../ExitCode.ts"
import { make } from "../Failure.ts"
import * as GrantView from "../GrantView.ts"
import { known } from "../Known.ts"
import { Output } from "../Output.ts"
import type * as Settings from "../Settings.ts"
import * as Store from "../Store.ts"
import type { Style } from "../Style.ts"
import { configuration } from "./Root.ts"

/** Shows grants: those of the account that is named, or all. */
export const status = Command.make(
  "status",
  {
    watch: Flag.Boolean("watch").pipe(
      Flag.withAlias("w"),
      Flag.withoutNegation,
      Flag.withDescription("Go on looking, once a second, until Ctrl-C"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ watch }) {
    const config = yield* configuration
    const { asked } = config
    const store = Store.shown(config.store)
    const output = yield* Output
    const view = (grants: ReadonlyArray<GrantView.GrantView>) => ({
      json: { store, grants: grants.map((grant) => ({ ...grant })) },
      text: (style: Style) =>
        grants.length === 0
          ? `There is no grant in ${store}: run effect-oauth login`
          : `${grants.map((grant) => GrantView.toText(grant, style)).join("\n\n")}\n\n${style.dim(`kept in ${store}`)}`
    })
    if (watch) {
      const looks = Stream.fromEffectSchedule(read(asked), Schedule.spaced("1 second"))
      return yield* Effect.provide(output.live(Stream.map(looks, view)), Store.layer(config))
    }
    const grants = yield* Effect.provide(read(asked), Store.layer(config))

    if (grants.length === 0 && asked.account !== undefined) {
      return yield* make({
        code: "ReauthorizationRequired",
        why: "Absent",
        message:
          `There is no grant for the account ${asked.account} in ${store}: run effect-oauth login with the same flags`,
        exitCode: ExitCode.reauthorize
      })
    }
    const { json, text } = view(grants)
    yield* output.result(json, text)
    if (asked.account !== undefined && grants.every(GrantView.isEnded)) {
      return yield* make({
        code: "ReauthorizationRequired",
        why: grants[0]?.why ?? undefined,
        message: `The grant of the account ${asked.account} has ended: run effect-oauth login with the same flags`,
        exitCode: ExitCode.reauthorize
      })
    }
  })
).pipe(
  Command.withDescription("Show the grants: state, time left, scopes, rotation, and where they are kept"),
  Command.withShortDescription("Show the grants: state, time left, scopes; --watch: live"),
  Command.withExamples([
    { command: "effect-oauth status", description: "All grants" },
    { command: "effect-oauth status --watch", description: "The same, live" },
    { command: "effect-oauth status --account work --json", description: "One grant, for a program" }
  ])
)

const read = Effect.fnUntraced(function*(
  asked: Settings.Values
): Effect.fn.Return<ReadonlyArray<GrantView.GrantView>, OAuthError, TokenStore.TokenStore> {
  const store = yield* TokenStore.TokenStore
  const views: Array<GrantView.GrantView> = []
  let cursor: string | undefined
  do {
    const page = yield* store.list({ limit: 100, cursor, account: asked.account })
    for (const head of page.heads) {
      const key = GrantKey.fromId(head.key)
      if (key === undefined || (asked.clientId !== undefined && key.client !== asked.clientId)) continue
      const { grant, now } = yield* store.read(key)
      if (grant !== undefined) views.push(GrantView.make(grant, { now, rotation: yield* rotationOf(key.provider) }))
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return views
})

const rotationOf = (provider: string): Effect.Effect<RotationPolicy | undefined> => {
  const layer = known.find(({ name }) => name === provider)?.layer
  return layer === undefined
    ? Effect.undefined
    : Effect.provide(AuthorizationServer, layer).pipe(
      Effect.map(({ rotation }) => rotation),
      Effect.orElseSucceed(() => undefined)
    )
}

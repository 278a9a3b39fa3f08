/**
 * `status`: what is known of the grants, without asking any server.
 */
import * as GrantKey from "@effect-oauth/core/GrantKey"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as ExitCode from "../ExitCode.ts"
import { make } from "../Failure.ts"
import * as GrantView from "../GrantView.ts"
import { Output } from "../Output.ts"
import * as Profile from "../Profile.ts"
import * as Store from "../Store.ts"
import { configuration } from "./Root.ts"

/** Shows grants: those of the account that is named, or all. */
export const status = Command.make(
  "status",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    const grants = yield* Effect.provide(
      read({
        provider: Profile.providerOf({ provider: Profile.get(config.profile, "provider") }),
        client: Profile.get(config.profile, "clientId"),
        account: config.isAccountNamed ? config.account : undefined
      }),
      Store.layer(config.store)
    )

    if (grants.length === 0 && config.isAccountNamed) {
      return yield* make({
        code: "ReauthorizationRequired",
        why: "Absent",
        message: `There is no grant for the account ${config.account} in ${config.store}: run effect-oauth login ` +
          `--account ${config.account}`,
        exitCode: ExitCode.reauthorize
      })
    }
    yield* output.result(
      { store: config.store, grants: grants.map((grant) => ({ ...grant })) },
      (style) =>
        grants.length === 0
          ? `There is no grant in ${config.store}: run effect-oauth login`
          : `${grants.map((grant) => GrantView.toText(grant, style)).join("\n\n")}\n\n${
            style.dim(`kept in ${config.store}`)
          }`
    )
  })
).pipe(
  Command.withDescription("Show the grants: state, time left, scopes, rotation, and where they are kept"),
  Command.withExamples([
    { command: "effect-oauth status", description: "All grants" },
    { command: "effect-oauth status --account work --json", description: "One grant, for a program" }
  ])
)

const read = Effect.fnUntraced(function*(filter: {
  readonly provider: string | undefined
  readonly client: string | undefined
  readonly account: string | undefined
}) {
  const store = yield* TokenStore.TokenStore
  const views: Array<GrantView.GrantView> = []
  let cursor: string | undefined
  do {
    const page = yield* store.list({ limit: 100, cursor, provider: filter.provider, account: filter.account })
    for (const head of page.heads) {
      const key = GrantKey.fromId(head.key)
      if (key === undefined || (filter.client !== undefined && key.client !== filter.client)) continue
      const { grant, now } = yield* store.read(key)
      if (grant !== undefined) views.push(GrantView.make(grant, { now, rotation: undefined }))
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return views
})

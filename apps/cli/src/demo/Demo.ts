/**
 * A grant's whole life, told and shown: against a real authorization server on
 * this machine, with no account anywhere.
 */
import { OpenBrowser } from "@effect-oauth/node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Sandbox from "../sandbox/Sandbox.ts"
import * as Scenes from "./Scenes.ts"
import * as Story from "./Story.ts"
import * as Visit from "./Visit.ts"

/** Plays the demonstration. It fails when a scene does not show what it claims. */
export const play = Effect.fnUntraced(function*(options: { readonly browser: boolean }) {
  const story = yield* Story.begin
  const sandbox = yield* Sandbox.Sandbox
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "effect-oauth-demo-" })
  const visit = options.browser
    ? yield* Visit.browser((yield* OpenBrowser.OpenBrowser).open)
    : yield* Visit.automatic(sandbox)
  const props: Scenes.Props = { story, sandbox, directory, visit }

  yield* story.say(`A real authorization server (oidc-provider), dressed as Frame.io, listens at ${sandbox.origin}.`)
  yield* story.say(`Grants are kept in ${directory}.`)
  const v4 = yield* story.scene("Log in to Frame.io V4", Scenes.loginV4(props))
  yield* story.scene("Log in by the legacy rules, with a secret", Scenes.loginLegacy(props, "legacy-confidential"))
  yield* story.scene("Log in by the legacy rules, without one", Scenes.loginLegacy(props, "legacy-public"))

  const client = yield* Scenes.as(v4)
  yield* story.scene("Call the API", client(Scenes.callApi(props)))
  yield* story.scene("Let the token end, and ask 50 times at once", client(Scenes.expire(props)))
  yield* story.scene("Kill a process in the middle of a renewal", client(Scenes.killBeforeRotation(props, v4)))

  const windowed = { ...v4, replayWindow: Duration.seconds(30) }
  const inWindow = yield* Scenes.as(windowed)
  yield* story.scene(
    "Kill one whose answer is lost, where the server has a replay window",
    inWindow(Scenes.killAfterRotationInWindow(props, windowed))
  )
  yield* story.scene("The same, where it has none", client(Scenes.killAfterRotation(props, v4)))

  yield* story.scene("Log in again: only a login brings the grant back", Scenes.loginV4(props))
  yield* story.scene("Let the API refuse a token", client(Scenes.refuse(props)))
  yield* story.scene("Revoke", client(Scenes.revoke(props)))
  yield* story.end
}, Effect.scoped)

/** What the demonstration is played on. */
export const layer = (options: { readonly browser: boolean }) =>
  Layer.mergeAll(
    Sandbox.layer({
      settings: { accessToken: "4 seconds", approval: options.browser ? "page" : "automatic" }
    }),
    FetchHttpClient.layer,
    OpenBrowser.layer
  )

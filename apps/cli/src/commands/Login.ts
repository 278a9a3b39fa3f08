/**
 * `login`: a person lets the client in, and the grant is kept.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import { DeviceAuthorization } from "@effect-oauth/core/DeviceAuthorization"
import * as OAuthLogin from "@effect-oauth/core/Login"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import { TokenService } from "@effect-oauth/core/TokenService"
import { LoopbackLogin, OpenBrowser, PasteLogin } from "@effect-oauth/node"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import type * as Redacted from "effect/Redacted"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import type { Configuration } from "../Configuration.ts"
import * as ConfigurationFile from "../ConfigurationFile.ts"
import { configuration as wrong, type Failure, inputEnded, make } from "../Failure.ts"
import * as GrantView from "../GrantView.ts"
import { Output } from "../Output.ts"
import * as Profile from "../Profile.ts"
import * as Redirect from "../Redirect.ts"
import * as Server from "../Server.ts"
import * as Session from "../Session.ts"
import * as Store from "../Store.ts"
import * as Who from "../Who.ts"
import { configuration } from "./Root.ts"

/** Logs in. */
export const login = Command.make(
  "login",
  {
    noBrowser: Flag.Boolean("no-browser").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only print the address, to be opened by hand"),
      Flag.withDefault(false)
    ),
    paste: Flag.Boolean("paste").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Paste the address at which the browser ended"),
      Flag.withDefault(false)
    ),
    device: Flag.Boolean("device").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Enter a code on another device (RFC 8628)"),
      Flag.withDefault(false)
    ),
    parameters: Flag.KeyValuePair("parameter").pipe(
      Flag.withMetavar("NAME=VALUE"),
      Flag.withDescription("More for the login's address: prompt=login, …"),
      Flag.withDefault({})
    ),
    save: Flag.String("save").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Keep the settings as a profile, for later commands"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    if (yield* Store.sealIfNew(config)) {
      const output = yield* Output
      yield* output.note(
        `Grants in ${config.store} are sealed with a key in this machine's keyring (--keyring none: in clear)`
      )
    }
    yield* Effect.provide(act(config, flags), [Session.layer(config), OpenBrowser.layer])
  })
).pipe(
  Command.withDescription(
    "Log in: by the browser and this machine, by pasting the address at which it ended, or by a code"
  ),
  Command.withShortDescription("Log in by the browser, by pasting an address, or by a code"),
  Command.withExamples([
    {
      command: "effect-oauth login --issuer https://login.example.com --client-id my-tool --save example",
      description: "Any server with metadata"
    },
    {
      command: "effect-oauth login --provider frameio --client-id ID --redirect-uri https://example.com/callback",
      description: "Frame.io V4, by pasting"
    },
    { command: "effect-oauth login --account work --scope 'offline account.read asset.read'" }
  ])
)

interface Flags {
  readonly noBrowser: boolean
  readonly paste: boolean
  readonly device: boolean
  readonly parameters: Readonly<Record<string, string>>
  readonly save: Option.Option<string>
}

const act = Effect.fnUntraced(function*(config: Configuration, flags: Flags) {
  const output = yield* Output
  const { key, server, source, view } = yield* Session.Session
  if (server.flow === "client-credentials") {
    yield* output.waiting(`Asking for a token of ${key.client}`)(source.token)
  } else if (server.flow === "device" || flags.device) {
    yield* byCode(flags, yield* start(config, flags))
  } else {
    const why = yield* whyByCode(config, flags)
    // a server that has codes may have none for this client
    const started = why === undefined ? Option.none() : yield* Effect.option(start(config, flags))
    if (why === undefined || Option.isNone(started)) yield* byBrowser(config, flags)
    else {
      yield* output.note(`${why}, so the login is by a code; --no-browser shows an address instead`)
      yield* byCode(flags, started.value)
    }
  }
  const grant = yield* view
  const who = yield* output.waiting("Asking who that is")(Who.ask)
  if (server.flow !== "client-credentials") yield* remark(grant)
  yield* warnOfEnd
  if (Option.isSome(flags.save)) yield* save(config, flags.save.value)
  yield* output.result(
    {
      account: key.account,
      who: who ?? null,
      store: Store.shown(config.store),
      grant: grant === undefined ? null : { ...grant }
    },
    (style) =>
      [
        `${style.green("Logged in")} ${style.bold(key.account)}${who === undefined ? "" : ` as ${who}`}`,
        ...(grant === undefined ? [] : ["", GrantView.toText(grant, style)]),
        "",
        style.dim(`kept in ${Store.shown(config.store)}`)
      ].join("\n")
  )
})

// Nobody can come back to a machine without a browser, or to one that is looked at from afar.
const whyByCode = Effect.fnUntraced(function*({ profile }: Configuration, flags: Flags) {
  const browser = yield* OpenBrowser.OpenBrowser
  const { deviceAuthorizationEndpoint } = yield* AuthorizationServer
  const isRemote = Option.isSome(
    yield* Effect.orElseSucceed(Config.option(Config.String("SSH_CONNECTION")), Option.none)
  )
  if (deviceAuthorizationEndpoint === undefined || profile.values.redirectUri !== undefined) return undefined
  if (flags.paste || flags.device || flags.noBrowser || (browser.isLikely && !isRemote)) return undefined
  return isRemote ? "This machine is used from another" : "There is no browser here"
})

// Whoever asked for a refresh token and got none learns it now, and not when the token ends.
const remark = Effect.fnUntraced(function*(grant: GrantView.GrantView | undefined) {
  const output = yield* Output
  const { scopes, server } = yield* Session.Session
  if (grant === undefined || grant.renewable) return
  const asked = server.offline.filter((scope) => scopes.includes(scope))
  yield* output.warn(
    asked.length > 0
      ? `${asked.join(" ")} was asked for and no refresh token came: a login is needed when this token ends; look at ` +
        `the client's registration`
      : `no refresh token came, so a login is needed when this token ends: ask for one with --scope ${
        server.offline[0]
      }`
  )
})

const warnOfEnd = Effect.gen(function*() {
  const output = yield* Output
  const { endOfLife, provider } = yield* AuthorizationServer
  if (endOfLife !== undefined) {
    yield* output.warn(`${provider} is ended by its provider on ${DateTime.formatIsoDateUtc(endOfLife)}`)
  }
})

const byBrowser = Effect.fnUntraced(function*(
  config: Configuration,
  flags: Flags
): Effect.fn.Return<
  void,
  Failure | OAuthError | PlatformError,
  OAuthLogin.Login | OpenBrowser.OpenBrowser | Output | Session.Session | Stdio.Stdio | Terminal.Terminal
> {
  const output = yield* Output
  const logins = yield* OAuthLogin.Login
  const { scopes } = yield* Session.Session
  const redirect = yield* Effect.fromResult(Redirect.choose(config.profile, Server.providerOf(config.profile)))
  const stdio = yield* Stdio.Stdio
  const canType = yield* stdio.stdinIsTerminal
  const { parameters } = flags
  const begin = (redirectUri: string) =>
    Effect.mapError(
      logins.begin({ account: config.account, redirectUri, scopes, parameters }),
      (error) => Server.named(config.profile, error)
    )

  const answer = redirect._tag === "Paste"
    ? Effect.gen(function*() {
      const begun = yield* begin(redirect.redirectUri)
      const { state } = begun
      yield* show(begun, flags)
      return yield* paste(redirect.redirectUri, state, config)
    })
    : Effect.gen(function*() {
      const listening = yield* Effect.mapError(
        LoopbackLogin.listen({ host: redirect.host, port: redirect.port, path: redirect.path, title: "effect-oauth" }),
        (error) =>
          error.reason._tag === "ConfigurationInvalid"
            ? wrong(Profile.called(config.profile, "redirectUri"), `the ${error.reason.field} ${error.reason.problem}`)
            : error
      )
      const begun = yield* begin(listening.redirectUri)
      const { state } = begun
      yield* show(begun, flags)
      if (flags.paste) return yield* paste(listening.redirectUri, state, config)
      const arrives = listening.callback(state)
      // the browser may run on another machine, where loopback is another place
      return canType && flags.noBrowser
        ? yield* Effect.raceFirst(arrives, paste(listening.redirectUri, state, config))
        : yield* output.waiting("Waiting for the browser")(arrives)
    })

  const address = yield* Effect.scoped(answer)
  yield* output.waiting("Exchanging the code")(logins.complete(address))
})

const start = Effect.fnUntraced(function*(config: Configuration, flags: Flags) {
  const devices = yield* DeviceAuthorization
  const { scopes } = yield* Session.Session
  return yield* Effect.mapError(
    devices.start({ scopes, parameters: Object.entries(flags.parameters) }),
    (error) => Server.named(config.profile, error)
  )
})

const byCode = Effect.fnUntraced(function*(flags: Flags, started: Effect.Success<ReturnType<typeof start>>) {
  const output = yield* Output
  const browser = yield* OpenBrowser.OpenBrowser
  const devices = yield* DeviceAuthorization
  const service = yield* TokenService
  const { key, scopes } = yield* Session.Session

  yield* output.visit(started.verificationUri, started.userCode)
  // the person still compares the code with the one that the page shows
  if (!flags.noBrowser) yield* browser.open(started.verificationUriComplete ?? started.verificationUri)
  const tokens = yield* output.waiting("Waiting for the code to be entered")(devices.poll(started))
  yield* service.adopt(key, tokens, { scopes })
})

const show = Effect.fnUntraced(function*({ url, urlExpiresAt }: OAuthLogin.Begun, { noBrowser }: Flags) {
  const output = yield* Output
  const browser = yield* OpenBrowser.OpenBrowser
  yield* output.visit(url)
  if (urlExpiresAt !== undefined) {
    yield* output.note(`The server takes this address once, and until ${DateTime.formatIso(urlExpiresAt)}`)
  }
  if (noBrowser) return
  const opening = yield* output.waiting("Opening the browser")(browser.open(url))
  if (opening !== "opened") yield* output.note("No browser could be opened here: open the address by hand")
})

// Of the lines that are pasted, or come from a pipe, the first that answers this login is taken.
const paste = Effect.fnUntraced(function*(redirectUri: string, state: Redacted.Redacted, { profile }: Configuration) {
  const output = yield* Output
  if (profile.secret?.value._tag === "Stdin") {
    return yield* wrong(profile.secret.called, "stdin is needed for the address; name a file that holds the secret")
  }
  const terminal = yield* Terminal.Terminal
  yield* output.note(`Paste the address at which the browser ended; it begins with ${redirectUri}`)
  return yield* PasteLogin.callback({
    redirectUri,
    state,
    readLine: (rejected): Effect.Effect<string, Failure | OAuthError> =>
      rejected === undefined
        ? Effect.mapError(terminal.readLine, () => make(inputEnded))
        : Effect.andThen(
          output.warn(rejected.reason.message),
          // when nothing follows, what came before is what is wrong
          Effect.mapError(terminal.readLine, () => rejected)
        )
  })
})

const save = Effect.fnUntraced(function*(config: Configuration, name: string) {
  const output = yield* Output
  yield* ConfigurationFile.save(config.file, name, Profile.plain(config.profile))
  yield* output.note(`The settings are the profile "${name}" of ${config.file}`)
  const { secret } = config.profile
  if (secret !== undefined && secret.value._tag !== "File") {
    yield* output.warn(
      "the client's secret is not kept there: put it into a file and name that as \"clientSecretFile\""
    )
  }
})

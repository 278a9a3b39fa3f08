/**
 * `sandbox`: a real authorization server on this machine, to try things with.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import * as Path from "node:path"
import { usage } from "../Failure.ts"
import { Output } from "../Output.ts"
import type * as Registration from "../sandbox/Registration.ts"
import type { Sandbox } from "../sandbox/Sandbox.ts"

/** Starts the sandbox, and stays until it is ended. */
export const sandbox = Command.make(
  "sandbox",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("The port to listen on; any free one"),
      Flag.filter((port) => port >= 0 && port <= 65_535, () => "it must be from 0 to 65535"),
      Flag.withDefault(0)
    ),
    lifetime: Flag.Int("lifetime").pipe(
      Flag.withMetavar("SECONDS"),
      Flag.withDescription("How long access tokens live; 30"),
      Flag.filter((seconds) => seconds > 0, () => "it must be at least 1"),
      Flag.withDefault(30)
    ),
    replayWindow: Flag.Int("replay-window").pipe(
      Flag.withMetavar("SECONDS"),
      Flag.withDescription("For how long a spent refresh token is answered again; 0: never, and reuse ends the grant"),
      Flag.filter((seconds) => seconds >= 0, () => "it must not be negative"),
      Flag.withDefault(0)
    ),
    approval: Flag.Literals("approval", ["automatic", "page", "refused"]).pipe(
      Flag.withDescription("What a login does"),
      Flag.withDefault("automatic")
    )
  },
  Effect.fnUntraced(function*({ approval, lifetime, port, replayWindow }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    // loaded by whoever wants it: a whole server is not needed to print a token
    const { make: start } = yield* Effect.promise(() => import("../sandbox/Sandbox.ts"))
    const running = yield* Effect.mapError(
      start({
        port,
        settings: {
          approval,
          accessToken: lifetime * 1000,
          replayWindow: replayWindow * 1000
        }
      }),
      (error) => usage(`${error.message}: name another one`, "--port")
    )

    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-sandbox-" })
    const write = (name: string, text: string) => {
      const path = Path.join(directory, name)
      return Effect.as(fs.writeFileString(path, text, { mode: 0o600 }), path)
    }
    const profiles: { [name: string]: { readonly [setting: string]: string | ReadonlyArray<string> } } = {}
    for (const registration of Object.values(running.registrations)) {
      const server = serverOf(registration.name, running)
      if (server === undefined) continue
      const secret = registration.clientSecret === undefined
        ? undefined
        : yield* write(`${registration.name}.secret`, Redacted.value(registration.clientSecret))
      const redirectUri = registration.redirectUris.find((uri) => uri.startsWith("http"))
      profiles[registration.name] = {
        ...server,
        clientId: registration.clientId,
        account: registration.name,
        ...(secret === undefined ? {} : { clientSecretFile: secret }),
        ...(redirectUri === undefined ? {} : { redirectUri }),
        store: Path.join(directory, "store")
      }
    }
    const config = yield* write("config.json", `${JSON.stringify({ profile: "oidc-public", profiles }, null, 2)}\n`)
    const control = yield* write(
      "control.json",
      JSON.stringify({ url: running.control.url, token: Redacted.value(running.control.token) })
    )

    yield* output.result(
      { origin: running.origin, config, control, profiles: Object.keys(profiles) },
      (style) =>
        [
          `The sandbox listens at ${style.bold(running.origin)} until you press Ctrl-C. In another terminal:`,
          "",
          `  export EFFECT_OAUTH_CONFIG=${config}`,
          "  effect-oauth login",
          "  effect-oauth status",
          `  effect-oauth call GET ${running.endpoints.oidc.userinfo}`,
          "",
          "The same with --profile:",
          ...Object.values(running.registrations).flatMap(({ name, title }) =>
            profiles[name] === undefined ? [] : [`  ${name.padEnd(20)} ${style.dim(title)}`]
          ),
          "",
          style.dim(
            `Frame.io V4 logs in by paste: where the browser ends there is no page, and its address is the answer.`
          )
        ].join("\n")
    )
    return yield* Effect.never
  }, Effect.scoped)
).pipe(
  Command.withDescription("Start a real authorization server on this machine, dressed as Frame.io, to try things with"),
  Command.withShortDescription("Start a real authorization server on this machine"),
  Command.withExamples([{ command: "effect-oauth sandbox --lifetime 10 --replay-window 5" }])
)

// How a client's profile names its server.
const serverOf = (
  name: Registration.Name,
  { endpoints, origin }: Sandbox["Service"]
): { readonly [setting: string]: string | ReadonlyArray<string> } | undefined => {
  const v4 = (kind: string) => ({ provider: "frameio", kind, testOrigin: origin })
  const oidc = { issuer: endpoints.oidc.issuer, apiOrigins: [origin] }
  switch (name) {
    case "v4-web-app":
      return v4("web-app")
    case "v4-single-page-app":
      return v4("spa")
    case "v4-native-app":
      return v4("native")
    case "v4-server-to-server":
      return v4("s2s")
    case "legacy-confidential":
    case "legacy-public":
      return { provider: "frameio-legacy", testOrigin: origin }
    case "camera":
      return { provider: "frameio-c2c", testOrigin: origin }
    case "oidc-confidential":
    case "oidc-public":
      return { ...oidc, scopes: ["openid", "offline_access", "profile", "email"] }
    case "oidc-service":
      return { ...oidc, kind: "s2s", scopes: ["read"] }
    case "oidc-device":
      return undefined
  }
}

/**
 * `doctor`: examines a configuration, step by step, and says how to mend it.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Configuration from "../Configuration.ts"
import * as Examination from "../Examination.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import { Output } from "../Output.ts"
import * as Profile from "../Profile.ts"
import * as Redirect from "../Redirect.ts"
import * as Server from "../Server.ts"
import { root } from "./Root.ts"

/** Examines the configuration. */
export const doctor = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function*() {
    const output = yield* Output
    const flags = yield* root
    const findings = yield* output.waiting("Examining")(Effect.provide(examine(flags), OAuthHttpClient.layerFetch))
    const isOk = findings.every(({ outcome }) => outcome !== "fail")
    yield* output.result(
      { ok: isOk, checks: findings.map((finding) => ({ ...finding })) },
      (style) =>
        findings.map(({ detail, name, outcome, remedy }) => {
          const mark = outcome === "ok" ? style.green("✓") : outcome === "warn" ? style.yellow("!") : style.red("✗")
          return `${mark} ${name.padEnd(14)} ${detail}${remedy === null ? "" : `\n  ${" ".repeat(14)} → ${remedy}`}`
        }).join("\n")
    )
    if (!isOk) {
      const failed = findings.filter(({ outcome }) => outcome === "fail").map(({ name }) => name)
      return yield* Failure.make({
        code: "ConfigurationInvalid",
        message: `${failed.join(", ")}: mend what is marked, and run doctor again`,
        exitCode: ExitCode.usage
      })
    }
  })
).pipe(
  Command.withDescription("Examine the configuration step by step, and say what is wrong and how to mend it"),
  Command.withShortDescription("Examine the configuration, and say how to mend it"),
  Command.withExamples([{ command: "effect-oauth doctor --profile work" }])
)

// Each step needs those before it; what fails is found, and the steps that can be taken still are.
const examine = Effect.fnUntraced(function*(flags: Configuration.Flags) {
  const findings: Array<Examination.Finding> = []
  const fs = yield* FileSystem.FileSystem

  const loaded = yield* Effect.result(Configuration.load(flags))
  if (loaded._tag === "Failure") return [found("settings", loaded.failure)]
  const config = loaded.success
  const isFile = yield* Effect.orElseSucceed(fs.exists(config.file), () => false)
  findings.push(Examination.ok(
    "file",
    isFile
      ? `${config.file}${config.name === undefined ? ", no profile chosen" : `, profile "${config.name}"`}`
      : "none"
  ))
  const secret = config.profile.secret?.value
  if (secret?._tag === "File") {
    findings.push(
      yield* Effect.catch(Examination.secretFile(secret.path), (error) => Effect.succeed(found("client secret", error)))
    )
  }

  const chosen = yield* Effect.result(
    Effect.flatMap(Server.choose(config), (server) => Effect.provide(AuthorizationServer, server.layer))
  )
  if (chosen._tag === "Failure") {
    findings.push(found("server", chosen.failure))
  } else {
    const server = chosen.success
    findings.push(
      Examination.ok("server", `${server.provider}, client ${Profile.get(config.profile, "clientId") ?? ""}`)
    )
    findings.push(Examination.endpoints(server))
    findings.push(...yield* Examination.endOfLife(server))
    findings.push(...yield* Examination.reachable(server))
    findings.push(redirectUri(config))
  }
  findings.push(yield* Examination.redirects)
  findings.push(...yield* Examination.store(config))
  return findings
})

const redirectUri = ({ profile }: Configuration.Configuration): Examination.Finding => {
  const redirect = Redirect.choose(profile, Server.providerOf(profile))
  if (redirect._tag === "Failure") return found("redirect URI", redirect.failure)
  return Examination.ok(
    "redirect URI",
    redirect.success._tag === "Paste"
      ? `${redirect.success.redirectUri}, by paste`
      : `${redirect.success.host ?? "127.0.0.1"}, ${
        redirect.success.port === undefined ? "any free port" : `port ${redirect.success.port}`
      }`
  )
}

const found = (name: string, error: unknown): Examination.Finding => {
  const { field, message } = Failure.report(error)
  return Examination.fail(name, message, field === undefined ? "correct it" : `correct ${field}`)
}

/**
 * The client's secret, from where the person keeps it. It is read, and never shown.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Stdio from "effect/Stdio"
import { configuration, type Failure } from "./Failure.ts"
import * as Input from "./Input.ts"
import { Output } from "./Output.ts"
import type { Found, Secret } from "./Profile.ts"

/** A secret, or how to read it: for every request, so that a new one needs no new start. */
export type ClientSecret = Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>

/** Reads a secret once, to be sure that it can be read. */
export const read = Effect.fnUntraced(function*(
  found: Found<Secret>
): Effect.fn.Return<ClientSecret, Failure | PlatformError, FileSystem.FileSystem | Output | Stdio.Stdio> {
  const { called, value: secret } = found
  switch (secret._tag) {
    case "Value": {
      if (called.startsWith("--")) {
        const output = yield* Output
        yield* output.warn(`${called} is visible in the list of processes: prefer ${called}-file or ${called}-stdin`)
      }
      return yield* checked(called, Redacted.value(secret.value))
    }
    case "Stdin": {
      const stdio = yield* Stdio.Stdio
      if (yield* stdio.stdinIsTerminal) {
        return yield* configuration(called, "stdin is a terminal, which would show the secret; pipe it in")
      }
      return yield* checked(called, yield* Input.all)
    }
    case "File": {
      const fs = yield* FileSystem.FileSystem
      const attempt = Effect.flatMap(
        Effect.mapError(
          fs.readFileString(secret.path),
          ({ reason }) =>
            configuration(
              called,
              reason._tag === "NotFound"
                ? `there is no file ${secret.path}; correct the path`
                : `the file ${secret.path} cannot be read (${reason._tag}); check its owner and mode`
            )
        ),
        (text) => checked(called, text)
      )
      yield* attempt
      return Effect.mapError(attempt, ({ report }) =>
        OAuthError.make(
          "Secret",
          "read",
          new OAuthError.ConfigurationInvalid({ field: called, problem: report.message.slice(called.length + 2) })
        ))
    }
  }
})

// a file ends with a line break, and a secret does not
const checked = (called: string, text: string): Effect.Effect<Redacted.Redacted, Failure> => {
  const value = text.replace(/\r?\n$/, "")
  if (value === "") return Effect.fail(configuration(called, "is empty; give it the client's secret"))
  return /[\r\n]/.test(value)
    ? Effect.fail(configuration(called, "has more than one line; it must hold the secret and nothing else"))
    : Effect.succeed(Redacted.make(value))
}

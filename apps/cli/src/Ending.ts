/**
 * What is said when a grant ends.
 */
import * as Effect from "effect/Effect"
import * as ExitCode from "./ExitCode.ts"
import { type Failure, make } from "./Failure.ts"

/** Says that the server has not been told. */
export const pending = (command: string, account: string): Effect.Effect<never, Failure> =>
  Effect.fail(make({
    code: "RevocationPending",
    message:
      `The grant of ${account} is revoked here, and the server could not be told: run effect-oauth ${command} again`,
    exitCode: ExitCode.transient
  }))

/** Says what the server knows, where that needs saying. */
export const elsewhere = (remote: "done" | "unsupported" | "not-asked"): string => {
  switch (remote) {
    case "done":
      return ""
    case "unsupported":
      return " here; this server cannot be told, so end it on its pages too"
    case "not-asked":
      return " here; its tokens live on at the server"
  }
}

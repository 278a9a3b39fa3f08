/** Who goes to the login page: the sandbox itself, or a person with a browser. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Terminal from "effect/Terminal"
import * as Output from "../Output.ts"
import type * as Sandbox from "../sandbox/Sandbox.ts"

/** The way to the login page was not gone to its end. */
export class VisitFailed extends Data.TaggedError("VisitFailed")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

/** Goes to the login page. */
export interface Visit {
  /** Gives the address at which the browser ended, for a person to paste. */
  readonly paste: (url: string) => Effect.Effect<string, VisitFailed>
  /** The browser ends at this machine. */
  readonly loopback: (url: string) => Effect.Effect<void, VisitFailed>
}

/** The sandbox approves by itself: a small browser that follows redirects, all the way to this machine. */
export const automatic = Effect.fnUntraced(function*(
  sandbox: Sandbox.Sandbox["Service"]
): Effect.fn.Return<Visit, never, HttpClient.HttpClient> {
  const http = yield* HttpClient.HttpClient
  const approve = (url: string) => Effect.mapError(sandbox.approve(url), (error) => failed(error.message))
  return {
    paste: approve,
    loopback: (url) =>
      Effect.flatMap(
        approve(url),
        (callback) =>
          Effect.asVoid(Effect.mapError(http.get(callback), () => failed("Nobody listens at the redirect URI.")))
      )
  }
})

/** A person goes there with a real browser, and pastes where it does not come back by itself. */
export const browser = Effect.fnUntraced(function*(
  open: (url: string) => Effect.Effect<unknown>
): Effect.fn.Return<Visit, never, Output.Output | Terminal.Terminal> {
  const output = yield* Output.Output
  const terminal = yield* Terminal.Terminal
  const visit = (url: string) => Effect.andThen(output.visit("Log in at", url), open(url))
  return {
    loopback: (url) => Effect.asVoid(visit(url)),
    paste: (url) =>
      visit(url).pipe(
        Effect.andThen(output.note("The browser ends at a page that does not exist. Paste its address here:")),
        Effect.andThen(Effect.mapError(terminal.readLine, () => failed("Nothing was pasted.")))
      )
  }
})

const failed = (problem: string): VisitFailed => new VisitFailed({ problem })

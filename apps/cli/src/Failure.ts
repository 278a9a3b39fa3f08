/**
 * What is shown when something goes wrong: one sentence that names the field and
 * says what to do, a code for programs, and an exit code.
 *
 * This is the one renderer: whatever fails, in whichever module, becomes a
 * `Report` here.
 */
import { isOAuthError } from "@effect-oauth/core/OAuthError"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as Data from "effect/Data"
import { isHttpClientError } from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import * as Terminal from "effect/Terminal"
import * as ExitCode from "./ExitCode.ts"
import * as OAuthFailure from "./OAuthFailure.ts"
import type { Report } from "./Report.ts"
import * as Suggestion from "./Suggestion.ts"

/** A failure of the command line itself. */
export class Failure extends Data.TaggedError("Failure")<{ readonly report: Report }> {
  override get message(): string {
    return this.report.message
  }
}

/** A failure by its report. */
export const make = (report: Report): Failure => new Failure({ report })

/** A setting is wrong or missing. `field` is what the person wrote: a flag, a variable, a member of a file. */
export const configuration = (field: string, problem: string): Failure =>
  make({ code: "ConfigurationInvalid", message: `${field}: ${problem}`, field, exitCode: ExitCode.usage })

/** The command was not written as it must be. */
export const usage = (problem: string, field?: string): Failure =>
  make({
    code: "UsageInvalid",
    message: field === undefined ? problem : `${field}: ${problem}`,
    field,
    exitCode: ExitCode.usage
  })

/** What a failure of any kind is reported as. */
export const report = (error: unknown): Report => {
  if (error instanceof Failure) return error.report
  if (isOAuthError(error)) return OAuthFailure.report(error)
  if (CliError.isCliError(error)) return ofCommandLine(error)
  if (error instanceof PlatformError) return ofPlatform(error)
  if (Terminal.isQuitError(error)) return inputEnded
  if (isHttpClientError(error) && error.reason._tag === "StatusCodeError") {
    return {
      code: "RequestFailed",
      message:
        `The server answered with status ${error.reason.response.status}: see what it says by the same request with \`call\``,
      why: error.reason._tag,
      exitCode: ExitCode.failed
    }
  }
  if (isHttpClientError(error)) {
    return {
      code: "RequestFailed",
      message: `The request could not be made (${error.reason._tag}): check the address and the network, and try again`,
      why: error.reason._tag,
      exitCode: error.reason._tag === "TransportError" ? ExitCode.transient : ExitCode.failed
    }
  }
  return {
    code: "Unexpected",
    message: `Something happened that should not (${
      nameOf(error)
    }): please report it with the command, without secrets`,
    why: nameOf(error),
    exitCode: ExitCode.failed
  }
}

/** What a cause is reported as; nothing where it is only that somebody interrupted. */
export const fromCause = (cause: Cause.Cause<unknown>): Option.Option<Report> => {
  if (Cause.hasInterruptsOnly(cause)) return Option.none()
  const failure = Cause.findError(cause)
  return Option.some(report(Result.isSuccess(failure) ? failure.success : Cause.squash(cause)))
}

/** Nobody answered. */
export const inputEnded: Report = {
  code: "InputEnded",
  message: "The input ended before there was an answer: run the command again, and answer or pipe the answer in",
  exitCode: ExitCode.usage
}

// Values are quoted only where a misspelt flag cannot have left a secret among them.
const ofCommandLine = (error: CliError.CliError): Report => {
  const errors = error._tag === "ShowHelp" ? error.errors : [error]
  const first = errors.find(isMissingValue) ?? errors.find(({ _tag }) => _tag === "UnrecognizedOption") ?? errors[0]
  // a command that only has commands below it: its help has been shown
  if (first === undefined) return { code: "HelpShown", message: "Choose a command", exitCode: ExitCode.ok }
  const help = error._tag === "ShowHelp" ? `; see ${error.commandPath.join(" ")} --help` : ""
  const [message, field] = ofUsage(first)
  return { code: "UsageInvalid", message: `${message}${help}`, field, exitCode: ExitCode.usage }
}

const ofUsage = (error: CliError.CliError): readonly [message: string, field: string | undefined] => {
  switch (error._tag) {
    case "UnrecognizedOption": {
      const near = error.suggestions.length > 0 ? error.suggestions : Suggestion.flags(error.option)
      return [`${error.option}: is not a flag${didYouMean(near)}`, error.option]
    }
    case "UnknownSubcommand":
      return [`"${error.subcommand}": is not a command${didYouMean(error.suggestions)}`, undefined]
    case "MissingOption":
      return [`--${error.option}: is missing`, `--${error.option}`]
    case "MissingArgument":
      return [`${error.argument.toUpperCase()}: is missing`, error.argument.toUpperCase()]
    case "UnexpectedArgument":
      return [
        error.arguments.length === 1
          ? `"${error.arguments[0]}": is one argument too many`
          : `There are ${error.arguments.length} arguments too many, from "${error.arguments[0]}" on`,
        undefined
      ]
    case "InvalidValue": {
      const field = error.kind === "argument" ? error.option.toUpperCase() : `--${error.option}`
      return isMissingValue(error)
        ? [`${field}: has no value; one that begins with a dash is written ${field}=VALUE`, field]
        : error.value.endsWith(" occurrences")
        ? [`${field}: is given more than once`, field]
        : [`${field}: cannot be "${error.value}"; ${expectation(error.expected, error.value)}`, field]
    }
    case "DuplicateOption":
    case "ShowHelp":
    case "UserError":
    case "ValidationError":
      return [error.message, undefined]
  }
}

const isMissingValue = (error: CliError.CliError): boolean =>
  error._tag === "InvalidValue" && error.kind === "flag" && error.value === ""

const didYouMean = (suggestions: ReadonlyArray<string>): string =>
  suggestions.length === 0 ? "" : `, did you mean ${suggestions.join(" or ")}?`

// a list of literals is written as a type is, and a path with what the file system said
const expectation = (text: string, written: string): string =>
  text.startsWith("Failed to ")
    ? "part of the path is no directory, or may not be entered"
    : text.startsWith("Path is not a ")
    ? `it must be a ${text.slice("Path is not a ".length).replace(/:.*/s, "")}`
    : /^"[^"]*"( \| "[^"]*")+$/.test(text)
    ? Suggestion.choice(written, text.replaceAll("\"", "").split(" | "))
    : text.charAt(0).toLowerCase() + text.slice(1)

const ofPlatform = ({ reason }: PlatformError): Report => {
  if (reason.module === "Stdio" && reason.method === "stdout") {
    const why = codeOf(reason)
    return why === undefined || readerIsGone.has(why)
      ? { code: "OutputClosed", message: "stdout: was closed by whoever reads it", exitCode: ExitCode.closed }
      : {
        code: "OutputFailed",
        message: `stdout: cannot be written (${why}): ${
          why === "ENOSPC" ? "make room on the disk" : "look at where it leads"
        }, and run the command again`,
        why,
        exitCode: ExitCode.failed
      }
  }
  const path = "pathOrDescriptor" in reason && typeof reason.pathOrDescriptor === "string"
    ? reason.pathOrDescriptor
    : undefined
  const problem = platformProblems[reason._tag] ?? `cannot be used (${reason._tag})`
  return {
    code: "FileUnusable",
    message: path === undefined ? `A file or stream ${problem}` : `${path}: ${problem}`,
    field: path,
    why: reason._tag,
    exitCode: ExitCode.usage
  }
}

// what a pipe and a socket say, and a stream that was ended here because of it
const readerIsGone: ReadonlySet<string> = new Set([
  "EPIPE",
  "ECONNRESET",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "ERR_STREAM_PREMATURE_CLOSE"
])

const codeOf = (reason: PlatformError["reason"]): string | undefined => {
  const cause = "cause" in reason ? reason.cause : undefined
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
}

const platformProblems: { readonly [tag: string]: string | undefined } = {
  NotFound: "does not exist; check the path",
  PermissionDenied: "may not be read or written by you; check its owner and mode",
  BadResource: "is not a file that can be read; check the path",
  AlreadyExists: "exists already; remove it or name another"
}

// the name of a class is code, not data
const nameOf = (error: unknown): string => error instanceof Error ? error.constructor.name : typeof error

/**
 * `call`: asks the API, with the token.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import type { Json } from "effect/Schema"
import type * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as ExitCode from "../ExitCode.ts"
import { type Failure, make, usage } from "../Failure.ts"
import * as Input from "../Input.ts"
import { Output } from "../Output.ts"
import * as Redaction from "../Redaction.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Calls the API. */
export const call = Command.make(
  "call",
  {
    method: Argument.String("method").pipe(Argument.withDescription("GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS")),
    url: Argument.String("url").pipe(
      Argument.withDescription("The address, or its path at the provider's first API origin")
    ),
    headers: Flag.String("header").pipe(
      Flag.withAlias("H"),
      Flag.withMetavar("'NAME: VALUE'"),
      Flag.withDescription("A header of the request; may be given several times"),
      Flag.atLeast(0)
    ),
    data: Flag.String("data").pipe(
      Flag.withAlias("d"),
      Flag.withMetavar("TEXT"),
      Flag.withDescription("The body: text, @FILE, or - for stdin"),
      Flag.optional
    ),
    include: Flag.Boolean("include").pipe(
      Flag.withAlias("i"),
      Flag.withoutNegation,
      Flag.withDescription("Print the answer's status and headers before its body"),
      Flag.withDefault(false)
    ),
    verbose: Flag.Boolean("verbose").pipe(
      Flag.withAlias("v"),
      Flag.withoutNegation,
      Flag.withDescription("Tell on stderr what is sent and what comes, secrets redacted"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    const { secret } = config.profile
    if (isStdin(flags.data) && secret?.value._tag === "Stdin") {
      return yield* usage("stdin is needed for the body; name a file that holds the secret", secret.called)
    }
    const body = yield* readBody(flags.data)
    const headers = yield* Effect.forEach(flags.headers, parseHeader)
    const method = yield* parseMethod(flags.method)
    yield* Effect.gen(function*() {
      const { apiOrigins } = yield* AuthorizationServer
      const request = HttpClientRequest.make(method)(yield* parseUrl(flags.url, apiOrigins)).pipe(
        body === undefined ? (request) => request : HttpClientRequest.bodyUint8Array(body, typeOf(body)),
        HttpClientRequest.setHeaders(headers)
      )
      yield* send(request, flags)
    }).pipe(Effect.scoped, Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription(
    "Call the API with the token, renewed if need be; exit code 0, 13, 14 or 15 by the class of the answer's status"
  ),
  Command.withShortDescription("Call the API with the token, renewed if need be"),
  Command.withExamples([
    { command: "effect-oauth call GET https://api.frame.io/v4/me" },
    { command: "effect-oauth call POST /v4/accounts/ID/workspaces -d '{\"data\":{\"name\":\"Dailies\"}}' -i" }
  ])
)

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const

const parseMethod = (text: string): Effect.Effect<(typeof methods)[number], Failure> => {
  const method = methods.find((method) => method === text.toUpperCase())
  return method === undefined
    ? Effect.fail(usage(`must be one of ${methods.join(", ")}`, "METHOD"))
    : Effect.succeed(method)
}

const parseUrl = (text: string, origins: ReadonlyArray<string>): Effect.Effect<URL, Failure> => {
  const base = text.startsWith("/") && !text.startsWith("//") ? origins[0] : undefined
  if (origins.length === 0) {
    return Effect.fail(usage("no origin is named that may have the token: name the API's with --api-origin", "URL"))
  }
  return URL.canParse(text, base)
    ? Effect.succeed(new URL(text, base))
    : Effect.fail(usage("is not an absolute address: write it out, from https:// on", "URL"))
}

const parseHeader = (text: string): Effect.Effect<readonly [string, string], Failure> => {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(text) ?? []
  return name === undefined || value === undefined
    ? Effect.fail(usage("must be written 'Name: value', in one line and in ASCII", "-H"))
    : Effect.succeed([name.toLowerCase(), value.trim()])
}

const isStdin = (data: Option.Option<string>): boolean => Option.exists(data, (text) => text === "-" || text === "@-")

const readBody = Effect.fnUntraced(function*(
  data: Option.Option<string>
): Effect.fn.Return<Uint8Array | undefined, Failure | PlatformError, FileSystem.FileSystem | Stdio.Stdio> {
  if (Option.isNone(data)) return undefined
  if (isStdin(data)) return yield* Input.bytes
  if (!data.value.startsWith("@")) return new TextEncoder().encode(data.value)
  const fs = yield* FileSystem.FileSystem
  const path = data.value.slice(1)
  return yield* Effect.mapError(
    fs.readFile(path),
    ({ reason }) =>
      usage(`the file ${path} cannot be read (${reason._tag}): check the path, its owner and mode`, "--data")
  )
})

const typeOf = (body: Uint8Array): string => {
  const text = textOf(body)
  if (text === undefined) return "application/octet-stream"
  return jsonOf(text) === undefined ? "text/plain" : "application/json"
}

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const send = Effect.fnUntraced(function*(
  request: HttpClientRequest.HttpClientRequest,
  flags: { readonly include: boolean; readonly verbose: boolean }
) {
  const output = yield* Output
  const { apiOrigins } = yield* AuthorizationServer
  const { source } = yield* Session.Session
  const client = yield* Effect.map(HttpClient.HttpClient, (client) => flags.verbose ? told(client, output) : client)
  const authorized = AuthorizedHttpClient.withTokenSource(client, source, { origins: apiOrigins })
  const response = yield* output.waiting(`Waiting for ${new URL(request.url).host}`)(authorized.execute(request))

  if (output.format === "json") {
    yield* output.result(yield* envelope(response), () => "")
  } else {
    if (flags.include) yield* output.bytes(Stream.make(headOf(response)))
    yield* output.bytes(response.stream)
  }
  const exitCode = ExitCode.ofStatus(response.status)
  if (exitCode !== ExitCode.ok) {
    return yield* make({
      code: "StatusRefused",
      message: `${request.method} ${Redaction.url(request.url)}: the API answered with status ${response.status}`,
      why: String(response.status),
      exitCode
    })
  }
})

const told = (client: HttpClient.HttpClient, output: Output["Service"]): HttpClient.HttpClient =>
  HttpClient.makeWith(
    (effect) =>
      Effect.flatMap(effect, (request) =>
        Effect.andThen(
          output.note(
            [
              `> ${request.method} ${
                Redaction.url(
                  HttpClientRequest.toUrl(request).pipe(Option.match({
                    onNone: () => request.url,
                    onSome: (url) => url.href
                  }))
                )
              }`,
              ...Object.entries(request.headers).map(([name, value]) => `> ${name}: ${Redaction.header(name, value)}`)
            ].join("\n")
          ),
          Effect.tap(client.postprocess(Effect.succeed(request)), (response) =>
            output.note(
              [
                `< ${response.status}`,
                ...Redaction.answer(response).map(([name, value]) => `< ${name}: ${value}`)
              ].join("\n")
            ))
        )),
    client.preprocess
  )

const headOf = (response: HttpClientResponse): string =>
  [
    `HTTP ${response.status}`,
    ...Redaction.answer(response).map(([name, value]) => `${name}: ${value}`),
    "",
    ""
  ].join("\r\n")

const envelope = (response: HttpClientResponse) =>
  Effect.map(response.arrayBuffer, (buffer): Json => {
    const bytes = new Uint8Array(buffer)
    const text = textOf(bytes)
    const head = { status: response.status, headers: Object.fromEntries(Redaction.answer(response)) }
    if (text === undefined) return { ...head, base64: Buffer.from(bytes).toString("base64") }
    return { ...head, body: jsonOf(text) ?? text }
  })

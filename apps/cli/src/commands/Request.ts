/**
 * `request`: asks the token endpoint once, by any grant, and keeps nothing.
 */
import { TokenEndpoint } from "@effect-oauth/core/TokenEndpoint"
import * as TokenRequest from "@effect-oauth/core/TokenRequest"
import type { TokenSet } from "@effect-oauth/core/TokenSet"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type * as Stdio from "effect/Stdio"
import type { Configuration } from "../Configuration.ts"
import { configuration as wrong, type Failure, usage } from "../Failure.ts"
import * as Input from "../Input.ts"
import * as KeyFile from "../KeyFile.ts"
import { Output } from "../Output.ts"
import * as Profile from "../Profile.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Asks the token endpoint. */
export const request = Command.make(
  "request",
  {
    grant: Argument.String("grant").pipe(
      Argument.withDescription(
        "client-credentials, password, refresh-token, jwt-bearer, saml2-bearer, token-exchange, or a URI"
      )
    ),
    parameters: Flag.KeyValuePair("parameter").pipe(
      Flag.withMetavar("NAME=VALUE"),
      Flag.withDescription("A parameter; others on this machine can see it"),
      Flag.withDefault({})
    ),
    files: Flag.KeyValuePair("parameter-file").pipe(
      Flag.withMetavar("NAME=FILE"),
      Flag.withDescription("A parameter from a file, for secrets; - is stdin"),
      Flag.withDefault({})
    ),
    assertAs: Flag.String("assert-as").pipe(
      Flag.withMetavar("ISSUER"),
      Flag.withDescription("Sign a jwt-bearer assertion here, as this issuer"),
      Flag.optional
    ),
    assertFor: Flag.String("assert-for").pipe(
      Flag.withMetavar("SUBJECT"),
      Flag.withDescription("Whom it is about; its issuer unless named"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*(flags) {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint
      const { scopes } = yield* Session.Session
      const given = yield* parametersOf(flags, config)
      const assertion = yield* assert(flags, config)
      const grantType = grantTypes[flags.grant] ?? flags.grant
      if (!/^[\w:.\-/]+$/.test(grantType)) return yield* usage("is no name and no URI of a grant", "GRANT")
      const all: TokenRequest.Parameters = [
        ...assertion,
        ...given.map(([name, value]) => [name, tokenTypes[name] === undefined ? value : uriOf(value)] as const),
        ...(scopes.length === 0 || given.some(([name]) => name === "scope")
          ? []
          : [["scope", scopes.join(" ")]] as const)
      ]
      const missing = (needed[flags.grant] ?? []).find((name) => !all.some(([given]) => given === name))
      if (missing !== undefined) {
        return yield* usage(
          `is missing: give it with --parameter-file ${missing}=FILE${
            missing === "assertion" ? ", or have it signed here with --assert-as" : ""
          }`,
          missing
        )
      }
      const tokens = yield* output.waiting(`Asking by ${flags.grant}`)(
        endpoint.request(TokenRequest.extension(grantType, all))
      )
      yield* output.result(toJson(tokens), () => Redacted.value(tokens.accessToken))
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Ask the token endpoint once, by any grant; what it answers is printed, and kept nowhere"),
  Command.withShortDescription("Ask the token endpoint once, by any grant; nothing is kept"),
  Command.withExamples([
    { command: "effect-oauth request client-credentials --scope read --json" },
    {
      command: "effect-oauth request token-exchange --parameter-file subject_token=- " +
        "--parameter subject_token_type=access_token --parameter audience=ledger",
      description: "The token to exchange comes from stdin"
    },
    { command: "effect-oauth request jwt-bearer --signing-key-file key.pem --assert-as robot@example.com" }
  ])
)

const grantTypes: { readonly [name: string]: string | undefined } = {
  "client-credentials": "client_credentials",
  password: "password",
  "refresh-token": "refresh_token",
  "jwt-bearer": TokenRequest.jwtBearerGrantType,
  "saml2-bearer": TokenRequest.saml2BearerGrantType,
  "token-exchange": TokenRequest.tokenExchangeGrantType
}

const needed: { readonly [name: string]: ReadonlyArray<string> | undefined } = {
  password: ["username", "password"],
  "refresh-token": ["refresh_token"],
  "jwt-bearer": ["assertion"],
  "saml2-bearer": ["assertion"],
  "token-exchange": ["subject_token", "subject_token_type"]
}

// RFC 8693, section 3: the last word of its URIs is enough
const tokenTypes: { readonly [name: string]: true | undefined } = {
  subject_token_type: true,
  actor_token_type: true,
  requested_token_type: true
}

const uriOf = (value: string | Redacted.Redacted): string | Redacted.Redacted =>
  typeof value === "string" && /^\w+$/.test(value) ? `urn:ietf:params:oauth:token-type:${value}` : value

interface Flags {
  readonly parameters: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  readonly assertAs: Option.Option<string>
  readonly assertFor: Option.Option<string>
}

const parametersOf = Effect.fnUntraced(function*(
  { files, parameters }: Flags,
  { profile }: Configuration
): Effect.fn.Return<
  ReadonlyArray<readonly [string, string | Redacted.Redacted]>,
  Failure | PlatformError,
  FileSystem.FileSystem | Stdio.Stdio
> {
  const fs = yield* FileSystem.FileSystem
  const stdin = Object.entries(files).filter(([, path]) => path === "-")
  if (stdin.length + (profile.secret?.value._tag === "Stdin" ? 1 : 0) > 1) {
    return yield* usage("stdin holds one secret: put the others into files", "--parameter-file")
  }
  const secrets = yield* Effect.forEach(Object.entries(files), ([name, path]) =>
    Effect.gen(function*() {
      const text = path === "-" ? yield* Input.all : yield* Effect.mapError(
        fs.readFileString(path),
        ({ reason }) =>
          usage(`the file ${path} cannot be read (${reason._tag}): check the path, its owner and mode`, name)
      )
      return [name, Redacted.make(text.replace(/\r?\n$/, ""))] as const
    }))
  const twice = Object.keys(files).find((name) => Object.hasOwn(parameters, name))
  if (twice !== undefined) return yield* usage("is given by --parameter and by --parameter-file; keep one", twice)
  return [...Object.entries(parameters), ...secrets]
})

const assert = Effect.fnUntraced(function*({ assertAs, assertFor }: Flags, { profile }: Configuration) {
  if (Option.isNone(assertAs)) return []
  const found = profile.values.signingKeyFile
  if (found === undefined) {
    return yield* Profile.missing(profile, "signingKeyFile", "is missing, and signs the assertion")
  }
  const { JwtBearer } = yield* Effect.promise(() => import("@effect-oauth/core/jose"))
  const make = yield* JwtBearer.assertion({
    key: yield* KeyFile.signing(found),
    issuer: assertAs.value,
    subject: Option.getOrUndefined(assertFor)
  }).pipe(Effect.mapError((error) =>
    error.reason._tag === "ConfigurationInvalid" && error.reason.field === "audience"
      ? wrong("--issuer", "is missing: the assertion has to say to whom it is made")
      : error
  ))
  return [["assertion", yield* make] as const]
})

const toJson = (tokens: TokenSet): Json => {
  const secret = (value: Redacted.Redacted | undefined) => value === undefined ? null : Redacted.value(value)
  return {
    accessToken: Redacted.value(tokens.accessToken),
    tokenType: tokens.tokenType,
    issuedTokenType: tokens.issuedTokenType ?? null,
    expiresAt: tokens.expiresIn === undefined
      ? null
      : DateTime.formatIso(DateTime.makeUnsafe(tokens.receivedAt + Duration.toMillis(tokens.expiresIn))),
    scopes: tokens.scopes ?? null,
    refreshToken: secret(tokens.refreshToken),
    idToken: secret(tokens.idToken)
  }
}

/**
 * What servers say about themselves, kept between commands: a token that lives
 * is given while the server is away, and fifty shells do not ask fifty times.
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import type { OAuthHttpClient } from "@effect-oauth/core/OAuthHttpClient"
import * as ServerMetadata from "@effect-oauth/core/ServerMetadata"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import { createHash, randomUUID } from "node:crypto"
import * as Path from "node:path"

/** What metadata gives to describe a server. */
export type Options = Omit<AuthorizationServer.Options, "provider">

/** The metadata of an issuer: kept for an hour, and for a week while the server does not answer. */
export const get = Effect.fnUntraced(function*(
  issuer: string,
  directory: string
): Effect.fn.Return<Options, OAuthError, FileSystem.FileSystem | OAuthHttpClient> {
  const now = yield* Clock.currentTimeMillis
  const file = Path.join(directory, "metadata", `${createHash("sha256").update(issuer).digest("hex")}.json`)
  const kept = yield* read(file, issuer)
  const age = kept === undefined ? Number.POSITIVE_INFINITY : now - kept.at
  const isYoungerThan = (limit: Duration.Duration) => age >= 0 && age < Duration.toMillis(limit)
  if (kept !== undefined && isYoungerThan(fresh)) return unhurried(optionsOf(kept))

  const found = yield* ask(issuer).pipe(
    Effect.tap((options) => keep(file, { ...addressesOf(options), issuer, at: now })),
    Effect.catch((error) =>
      kept !== undefined && error.isTransient && isYoungerThan(stale)
        ? Effect.succeed(optionsOf(kept))
        : Effect.fail(error)
    )
  )
  return unhurried(found)
})

// The address of a pushed request lives for a minute, and here it is shown to a person: only where nothing else is taken.
const unhurried = (options: Options): Options => {
  const authorization = options.dialect?.authorization
  return authorization?.pushed === "required"
    ? options
    : { ...options, dialect: { ...options.dialect, authorization: { ...authorization, pushed: "never" } } }
}

const fresh = Duration.hours(1)

const stale = Duration.weeks(1)

const ask = Effect.fnUntraced(function*(issuer: string): Effect.fn.Return<Options, OAuthError, OAuthHttpClient> {
  const metadata = yield* issuer.startsWith("http:") ? ServerMetadata.makeLoopback() : ServerMetadata.make()
  return yield* Effect.flatMap(metadata.get(issuer), (found) => Effect.fromResult(ServerMetadata.toOptions(found)))
})

const Kept = Schema.Struct({
  issuer: Schema.String,
  /** Epoch milliseconds. */
  at: Schema.Finite,
  tokenEndpoint: Schema.String,
  authorizationEndpoint: Schema.optionalKey(Schema.String),
  revocationEndpoint: Schema.optionalKey(Schema.String),
  introspectionEndpoint: Schema.optionalKey(Schema.String),
  deviceAuthorizationEndpoint: Schema.optionalKey(Schema.String),
  pushedAuthorizationRequestEndpoint: Schema.optionalKey(Schema.String),
  userinfoEndpoint: Schema.optionalKey(Schema.String),
  /** Whether answers to a login name the issuer (RFC 9207). */
  answersNameIssuer: Schema.Boolean,
  /** Whether requests must be pushed (RFC 9126). */
  pushedOnly: Schema.Boolean
})

type Kept = typeof Kept.Type

const KeptJson = Schema.fromJsonString(Kept)

const optionsOf = ({ answersNameIssuer, at: _, pushedOnly, ...addresses }: Kept): Options => ({
  ...addresses,
  dialect: {
    authorization: {
      issuer: answersNameIssuer ? "required" : "refused",
      pushed: pushedOnly ? "required" : "offered"
    }
  }
})

const addressesOf = (options: Options): Omit<Kept, "issuer" | "at"> => ({
  tokenEndpoint: options.tokenEndpoint,
  ...Object.fromEntries(
    optionalAddresses.flatMap((name) => options[name] === undefined ? [] : [[name, options[name]]])
  ),
  answersNameIssuer: options.dialect?.authorization?.issuer === "required",
  pushedOnly: options.dialect?.authorization?.pushed === "required"
})

const optionalAddresses = [
  "authorizationEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "deviceAuthorizationEndpoint",
  "pushedAuthorizationRequestEndpoint",
  "userinfoEndpoint"
] as const

// What cannot be read is asked for again, and what cannot be kept is not missed.
const read = Effect.fnUntraced(function*(
  file: string,
  issuer: string
): Effect.fn.Return<Kept | undefined, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const kept = yield* fs.readFileString(file).pipe(
    Effect.flatMap(Schema.decodeEffect(KeptJson)),
    Effect.orElseSucceed(() => undefined)
  )
  return kept?.issuer === issuer ? kept : undefined
})

const keep = (file: string, value: Kept): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.ignore(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const temporary = `${file}.${randomUUID()}.tmp`
    yield* fs.makeDirectory(Path.dirname(file), { recursive: true, mode: 0o700 })
    yield* fs.writeFileString(temporary, yield* Schema.encodeEffect(KeptJson)(value), { mode: 0o600 })
    yield* fs.rename(temporary, file)
  }))

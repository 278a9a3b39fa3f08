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
  if (kept !== undefined && age >= 0 && age < Duration.toMillis(fresh)) return kept.options

  return yield* fetch(issuer).pipe(
    Effect.tap((options) => keep(file, { issuer, at: now, options })),
    Effect.catch((error) =>
      kept !== undefined && error.isTransient && age >= 0 && age < Duration.toMillis(stale)
        ? Effect.succeed(kept.options)
        : Effect.fail(error)
    )
  )
})

const fresh = Duration.hours(1)

const stale = Duration.weeks(1)

const fetch = Effect.fnUntraced(function*(
  issuer: string
): Effect.fn.Return<Options, OAuthError, OAuthHttpClient> {
  const metadata = yield* issuer.startsWith("http:") ? ServerMetadata.makeLoopback() : ServerMetadata.make()
  return yield* Effect.flatMap(metadata.get(issuer), (found) => Effect.fromResult(ServerMetadata.toOptions(found)))
})

const Kept = Schema.fromJsonString(Schema.Struct({
  issuer: Schema.String,
  at: Schema.Finite,
  options: Schema.Struct({
    issuer: Schema.String,
    tokenEndpoint: Schema.String,
    authorizationEndpoint: Schema.optional(Schema.String),
    revocationEndpoint: Schema.optional(Schema.String),
    introspectionEndpoint: Schema.optional(Schema.String),
    deviceAuthorizationEndpoint: Schema.optional(Schema.String),
    userinfoEndpoint: Schema.optional(Schema.String),
    dialect: Schema.optional(Schema.Struct({
      authorization: Schema.optional(Schema.Struct({
        issuer: Schema.optional(Schema.Literals(["required", "optional"]))
      }))
    }))
  })
}))

// What cannot be read is asked for again, and what cannot be kept is not missed.
const read = Effect.fnUntraced(function*(
  file: string,
  issuer: string
): Effect.fn.Return<typeof Kept.Type | undefined, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const kept = yield* fs.readFileString(file).pipe(
    Effect.flatMap(Schema.decodeEffect(Kept)),
    Effect.orElseSucceed(() => undefined)
  )
  return kept?.issuer === issuer ? kept : undefined
})

const keep = (file: string, value: typeof Kept.Type): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.ignore(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const temporary = `${file}.${randomUUID()}.tmp`
    yield* fs.makeDirectory(Path.dirname(file), { recursive: true, mode: 0o700 })
    yield* fs.writeFileString(temporary, yield* Schema.encodeEffect(Kept)(value), { mode: 0o600 })
    yield* fs.rename(temporary, file)
  }))

/**
 * Private keys in files: a JSON Web Key, or PEM. They are read, and never shown.
 */
import * as DpopKey from "@effect-oauth/core/DpopKey"
import type { SigningKey } from "@effect-oauth/core/jose"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as PlatformDigest from "@effect-oauth/core/PlatformDigest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import * as Path from "node:path"
import * as DurableFile from "./DurableFile.ts"
import { configuration, type Failure } from "./Failure.ts"
import type { Found } from "./Profile.ts"

type Jwk = Readonly<Record<string, Json>>

/** The key that signs for the client: read once to be sure that it can be, and again for every signature. */
export const signing = Effect.fnUntraced(function*(
  found: Found<string>
): Effect.fn.Return<SigningKey.Source, Failure, FileSystem.FileSystem> {
  const key = Effect.map(yield* reading(found), (jwk) => ({ jwk: Redacted.make(jwk) }))
  yield* key
  return Effect.mapError(key, ({ report }) => invalid(found.called, report.message.slice(found.called.length + 2)))
})

/** The key that tokens are bound to; a file that is not there yet is made, for this person's eyes only. */
export const dpop = Effect.fnUntraced(function*(
  found: Found<string>
): Effect.fn.Return<DpopKey.DpopKey, Failure | OAuthError.OAuthError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* Effect.orElseSucceed(fs.exists(found.value), () => true))) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
    const text = `${JSON.stringify(privateKey.export({ format: "jwk" }))}\n`
    yield* fs.makeDirectory(Path.dirname(found.value), { recursive: true, mode: 0o700 }).pipe(
      // of two commands that make it at once, one does; grants are bound to it, and it must not be lost before them
      Effect.andThen(DurableFile.write(found.value, text, "create")),
      Effect.catchIf(({ reason }) => reason._tag === "AlreadyExists", () => Effect.void),
      Effect.mapError(({ reason }) =>
        configuration(found.called, `the file ${found.value} cannot be made (${reason._tag}); name another`)
      )
    )
  }
  const jwk = yield* Effect.flatten(reading(found))
  return yield* Effect.provide(
    DpopKey.fromJwk(Redacted.make<string>(JSON.stringify(jwk))),
    PlatformDigest.layer
  )
})

const reading = ({ called, value: path }: Found<string>) =>
  Effect.map(FileSystem.FileSystem, (fs) =>
    fs.readFileString(path).pipe(
      Effect.mapError(({ reason }) =>
        configuration(
          called,
          reason._tag === "NotFound"
            ? `there is no file ${path}; correct the path`
            : `the file ${path} cannot be read (${reason._tag}); check its owner and mode`
        )
      ),
      Effect.flatMap((text): Effect.Effect<Jwk, Failure> => {
        const jwk = parse(text)
        return jwk === undefined
          ? Effect.fail(configuration(called, `${path} holds no private key: write a JWK, or PEM without a passphrase`))
          : Effect.succeed(jwk)
      })
    ))

// whatever is wrong with it, nothing of it is told
const parse = (text: string): Jwk | undefined => {
  try {
    const jwk: Jwk = text.trimStart().startsWith("{")
      ? JSON.parse(text)
      : JSON.parse(JSON.stringify(createPrivateKey(text).export({ format: "jwk" })))
    return typeof jwk["d"] === "string" ? jwk : undefined
  } catch {
    return undefined
  }
}

const invalid = (field: string, problem: string): OAuthError.OAuthError =>
  OAuthError.make("KeyFile", "read", new OAuthError.ConfigurationInvalid({ field, problem }))

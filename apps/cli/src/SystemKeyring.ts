/**
 * The key that seals the grants of a directory, in this machine's own keyring: Keychain, Credential Manager, or the
 * Secret Service.
 */
import * as Keyring from "@effect-oauth/core/Keyring"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** What stands for the system's keyring where a file could be named. */
export const name = "system"

const service = "effect-oauth"

// says which of the keyring's entries is this directory's; it holds no secret
const Marker = Schema.fromJsonString(Schema.Struct({ keyring: Schema.Literal(name), key: Schema.String }))

const markerOf = (directory: string): string => Path.join(directory, "keyring.json")

/** Whether the grants of a directory are sealed so. */
export const isUsed = (directory: string): boolean => Fs.existsSync(markerOf(directory))

/** The key of a directory, made if there is none yet. */
export const layer = (directory: string): Layer.Layer<Keyring.Keyring, OAuthError.OAuthError> =>
  Layer.unwrap(Effect.gen(function*() {
    const id = (yield* read(directory)) ?? (yield* adopt(directory))
    const key = yield* ask(id)
    return Keyring.layer({ current: id, keys: { [id]: key } })
  }))

/**
 * Seals a directory with a key of its own from now on. Fails where the machine has no keyring that answers; of several
 * that do it at once, all have the same key.
 */
export const adopt = Effect.fnUntraced(function*(directory: string): Effect.fn.Return<string, OAuthError.OAuthError> {
  const id = `system-${randomBytes(4).toString("hex")}`
  const entry = yield* entryOf(id)
  const key = randomBytes(32).toString("base64")
  yield* Effect.try({ try: () => entry.setPassword(key), catch: () => noKeyring })
  // some take everything and give nothing back
  const kept = yield* Effect.try({ try: () => entry.getPassword(), catch: () => noKeyring })
  if (kept !== key) return yield* Effect.fail(noKeyring)
  const isFirst = yield* Effect.try({
    try: () => write(directory, id),
    catch: () => invalid(`is "system", and ${markerOf(directory)} cannot be written; check its owner and mode`)
  }).pipe(Effect.onError(() => Effect.ignore(Effect.try(() => entry.deletePassword()))))
  if (isFirst) return id
  yield* Effect.ignore(Effect.try(() => entry.deletePassword()))
  return (yield* read(directory)) ?? (yield* Effect.fail(invalid(`${markerOf(directory)} cannot be read; remove it`)))
})

// whole or not at all, and never over another's
const write = (directory: string, id: string): boolean => {
  Fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const temporary = `${markerOf(directory)}.${randomBytes(6).toString("hex")}.tmp`
  // the grants are durable, and cannot be opened without what is said here
  Fs.writeFileSync(temporary, JSON.stringify({ keyring: name, key: id }), { mode: 0o600, flush: true })
  try {
    Fs.linkSync(temporary, markerOf(directory))
    return true
  } catch {
    return false
  } finally {
    Fs.rmSync(temporary, { force: true })
  }
}

const read = Effect.fnUntraced(function*(
  directory: string
): Effect.fn.Return<string | undefined, OAuthError.OAuthError> {
  if (!isUsed(directory)) return undefined
  return yield* Effect.try(() => Fs.readFileSync(markerOf(directory), "utf8")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Marker)),
    Effect.map(({ key }) => key),
    Effect.mapError(() => invalid(`${markerOf(directory)} cannot be read; put it back from a copy`))
  )
})

const ask = Effect.fnUntraced(function*(id: string): Effect.fn.Return<Redacted.Redacted, OAuthError.OAuthError> {
  const entry = yield* entryOf(id)
  const key = yield* Effect.orElseSucceed(Effect.try(() => entry.getPassword()), () => null)
  return typeof key === "string"
    ? Redacted.make(key)
    : yield* Effect.fail(
      OAuthError.make("SystemKeyring", "ask", new OAuthError.KeyUnavailable({ use: "seal", keyId: id }))
    )
})

const entryOf = (id: string) =>
  Effect.tryPromise({ try: () => import("@napi-rs/keyring"), catch: () => noKeyring }).pipe(
    Effect.flatMap(({ Entry }) => Effect.try({ try: () => new Entry(service, id), catch: () => noKeyring }))
  )

const invalid = (problem: string): OAuthError.OAuthError =>
  OAuthError.make("SystemKeyring", "open", new OAuthError.ConfigurationInvalid({ field: "--keyring", problem }))

const noKeyring = invalid("is \"system\", and no keyring of this machine answers; unlock it, or name a file of keys")

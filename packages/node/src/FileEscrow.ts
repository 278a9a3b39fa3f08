/**
 * The escrow in files of one machine: pairs that a store would not take before
 * the process had to end, kept for its next start.
 *
 * @since 0.1.0
 */
import * as Escrow from "@effect-oauth/core/Escrow"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Clock from "effect/Clock"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as Path from "node:path"
import * as Files from "./internal/files.ts"

/**
 * An escrow with a file for each entry in the folder `escrow` in `directory`,
 * in clear, readable by the owner and by root (modes 0700 and 0600).
 *
 * **When to use**
 *
 * Use it where the store keeps tokens in clear as well. No key is made up and
 * laid beside the files: whoever can read the one can read the other.
 *
 * **Details**
 *
 * An entry is durable when `deposit` returns, and `deposit` is not interrupted.
 * A file that cannot be read as an entry is left as it is and passed over with a
 * warning. A sealed entry fails `entries` with `KeyUnavailable`, because the
 * right key would save the pair.
 *
 * **Gotchas**
 *
 * What stops a `FileTokenStore` from writing, a full disk for example, mostly
 * stops an escrow on the same disk too.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: {
  readonly directory: string
}): Layer.Layer<Escrow.Escrow, OAuthError.OAuthError, SecureRandom.SecureRandom> =>
  Layer.effect(
    Escrow.Escrow,
    make(options.directory, {
      seal: (_, entry) => Effect.succeed(entry),
      open: (_, { keyId }) => keyUnavailable(keyId)
    })
  )

/**
 * An escrow as {@link layer} makes it, its entries sealed with AES-256-GCM.
 *
 * **When to use**
 *
 * Use it where the store is sealed, with a key from the same place.
 *
 * **Details**
 *
 * `key` has 32 bytes. Entries of another key are kept and fail `entries` with
 * `KeyUnavailable`; entries in clear, from before there was a key, are read.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSealed = (options: {
  readonly directory: string
  readonly key: Redacted.Redacted<Uint8Array>
}): Layer.Layer<Escrow.Escrow, OAuthError.OAuthError, SecureRandom.SecureRandom | Aead.Aead> =>
  Layer.effect(
    Escrow.Escrow,
    Effect.gen(function*() {
      const aead = yield* Aead.Aead
      const random = yield* SecureRandom.SecureRandom
      const bytes = Redacted.value(options.key)
      const key = yield* Effect.mapError(Aead.key(Aead.aes256Gcm, bytes), () =>
        OAuthError.make(
          "FileEscrow",
          "layerSealed",
          new OAuthError.ConfigurationInvalid({ field: "key", problem: "must have 32 bytes" })
        ))
      const keyId = createHash("sha256").update(bytes).digest("hex").slice(0, 16)

      return yield* make(options.directory, {
        seal: Effect.fnUntraced(function*(name, entry) {
          const nonce = yield* random.randomBytes(12)
          const text = new TextEncoder().encode(encodeEntry(entry))
          const ciphertext = yield* Effect.catch(
            aead.encrypt(key, text, { nonce, aad: new TextEncoder().encode(name) }),
            () => keyUnavailable(keyId)
          )
          return { _tag: "Sealed", keyId, nonce: Base64Url.encode(nonce), ciphertext: Base64Url.encode(ciphertext) }
        }),
        open: Effect.fnUntraced(function*(name, sealed) {
          if (sealed.keyId !== keyId) return yield* keyUnavailable(sealed.keyId)
          const invalid = () => new OAuthError.RecordInvalid({ store: "file", problem: `${name} cannot be opened` })
          const parts = Result.all([Base64Url.decode(sealed.nonce), Base64Url.decode(sealed.ciphertext)])
          const [nonce, ciphertext] = yield* Effect.mapError(Effect.fromResult(parts), invalid)
          const text = yield* Effect.mapError(
            aead.decrypt(key, ciphertext, { nonce, aad: new TextEncoder().encode(name) }),
            invalid
          )
          return yield* decodeEntry(name, text)
        })
      })
    })
  )

const Sealed = Schema.TaggedStruct("Sealed", {
  keyId: Schema.String,
  nonce: Schema.String,
  ciphertext: Schema.String
})

const Kept = Schema.Union([Sealed, Escrow.Entry])

interface Seal {
  readonly seal: (name: string, entry: Escrow.Entry) => Effect.Effect<typeof Kept.Type, OAuthError.KeyUnavailable>
  readonly open: (
    name: string,
    sealed: typeof Sealed.Type
  ) => Effect.Effect<Escrow.Entry, OAuthError.KeyUnavailable | OAuthError.RecordInvalid>
}

const make = Effect.fnUntraced(function*(
  path: string,
  { open, seal }: Seal
): Effect.fn.Return<Escrow.Escrow["Service"], OAuthError.OAuthError, SecureRandom.SecureRandom> {
  const clock = yield* Clock.Clock
  const random = yield* SecureRandom.SecureRandom
  const directory = Path.resolve(path, "escrow")

  yield* Files.prepareDirectory(directory, clock.currentTimeMillisUnsafe()).pipe(failingIn("make"))

  const read = Effect.fnUntraced(function*(file: string) {
    const bytes = yield* Files.read(file)
    if (bytes === undefined) return undefined
    const kept = yield* decodeKept(file, bytes)
    return "_tag" in kept ? yield* open(Path.basename(file), kept) : kept
  }, Effect.catchTag("RecordInvalid", (reason) => Effect.as(Effect.logWarning(reason.message), undefined)))

  return Escrow.Escrow.of({
    deposit: Effect.fn("FileEscrow.deposit")(
      function*(entry) {
        const name = nameOf(entry)
        yield* Files.replace({
          file: Path.join(directory, name),
          text: encodeKept(yield* seal(name, entry)),
          unique: yield* random.uuidV4()
        })
      },
      failingIn("deposit"),
      Effect.uninterruptible
    ),
    entries: Files.list(directory).pipe(
      Effect.flatMap(Effect.forEach(read)),
      Effect.map((entries) => entries.filter((entry) => entry !== undefined)),
      failingIn("entries"),
      Effect.withSpan("FileEscrow.entries")
    ),
    withdraw: Effect.fn("FileEscrow.withdraw")(
      (entry) => Effect.asVoid(Files.remove(Path.join(directory, nameOf(entry)))),
      failingIn("withdraw")
    )
  })
})

const nameOf = ({ expected, grant }: Escrow.Entry): string =>
  Files.nameOf(JSON.stringify([grant.key, expected, grant.writeId]))

const decodeKept = Files.decoder(Kept, "an escrowed write")

const encodeKept = Schema.encodeSync(Schema.fromJsonString(Kept))

const decodeEntry = Files.decoder(Escrow.Entry, "an escrowed write")

const encodeEntry = Schema.encodeSync(Schema.fromJsonString(Escrow.Entry))

const keyUnavailable = (keyId: string): Effect.Effect<never, OAuthError.KeyUnavailable> =>
  Effect.fail(new OAuthError.KeyUnavailable({ use: "seal", keyId }))

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.StoreUnavailable | OAuthError.KeyUnavailable) =>
    OAuthError.make("FileEscrow", method, reason)
  )

/**
 * The escrow in files of one machine: pairs that a store would not take before
 * the process had to end, kept for its next start.
 *
 * @since 0.1.0
 */
import * as Escrow from "@effect-oauth/core/Escrow"
import * as GrantSchema from "@effect-oauth/core/GrantSchema"
import { Keyring, type Place } from "@effect-oauth/core/Keyring"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
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
 * One that cannot be kept fails with `RecordInvalid`.
 * A file that cannot be read as an entry is left as it is and passed over with a
 * warning; so is a sealed one, with an error: its keyring would save the pair.
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
 * An escrow as {@link layer} makes it, its entries sealed with the keyring in
 * the context.
 *
 * **When to use**
 *
 * Use it where the store is sealed, with the same keyring.
 *
 * **Details**
 *
 * An entry is bound to its place: it cannot be taken for another. Entries of an
 * older key of the keyring are opened, and so are those in clear, from before
 * there was a keyring. One whose key is not here is kept, and passed over with
 * an error in the log: the pair in it is saved once the key is back.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSealed = (options: {
  readonly directory: string
}): Layer.Layer<Escrow.Escrow, OAuthError.OAuthError, Keyring | SecureRandom.SecureRandom> =>
  Layer.effect(
    Escrow.Escrow,
    Effect.gen(function*() {
      const keyring = yield* Keyring
      return yield* make(options.directory, {
        seal: (name, entry) =>
          Effect.flatMap(encodeEntry(entry), (text) =>
            Effect.map(
              keyring.seal(Redacted.make(text), placeOf(name)),
              (sealed): typeof Sealed.Type => ({ _tag: "Sealed", ...sealed })
            )),
        open: (name, sealed) =>
          Effect.flatMap(keyring.open(sealed, placeOf(name)), (text) =>
            Option.isNone(text)
              ? Effect.fail(
                new OAuthError.RecordInvalid({
                  store: "file",
                  problem: `${name} was changed, or belongs in another place`
                })
              )
              : decodeEntry(name, new TextEncoder().encode(Redacted.value(text.value))))
      })
    })
  )

const placeOf = (name: string): Place => ["escrow", name]

const Sealed = Schema.TaggedStruct("Sealed", { keyId: Schema.String, ciphertext: Schema.String })

const Kept = Schema.Union([Sealed, GrantSchema.Escrowed])

interface Seal {
  readonly seal: (
    name: string,
    entry: Escrow.Entry
  ) => Effect.Effect<typeof Kept.Type, OAuthError.KeyUnavailable | OAuthError.RecordInvalid>
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
  }, (effect, file) =>
    Effect.catchTags(effect, {
      RecordInvalid: (reason) => Effect.as(Effect.logWarning(reason.message), undefined),
      // one entry without its key keeps no other from being saved
      KeyUnavailable: (reason) =>
        Effect.as(Effect.logError(`${reason.message}: ${Path.basename(file)} stays in escrow`), undefined)
    }))

  return Escrow.Escrow.of({
    deposit: Effect.fn("FileEscrow.deposit")(
      function*(entry) {
        const name = nameOf(entry)
        yield* Files.replace({
          file: Path.join(directory, name),
          text: yield* encodeKept(yield* seal(name, entry)),
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

const encodeKept = encoder(Kept)

const decodeEntry = Files.decoder(GrantSchema.Escrowed, "an escrowed write")

const encodeEntry = encoder(GrantSchema.Escrowed)

function encoder<A>(schema: Schema.Codec<A, unknown>): (entry: A) => Effect.Effect<string, OAuthError.RecordInvalid> {
  const encode = Schema.encodeResult(Schema.fromJsonString(schema))
  return (entry) =>
    Effect.mapError(
      Effect.fromResult(encode(entry)),
      () =>
        new OAuthError.RecordInvalid({
          store: "file",
          problem: "it is not of the schema of an escrowed write",
          during: "write"
        })
    )
}

const keyUnavailable = (keyId: string): Effect.Effect<never, OAuthError.KeyUnavailable> =>
  Effect.fail(new OAuthError.KeyUnavailable({ use: "seal", keyId }))

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.KeyUnavailable | OAuthError.RecordInvalid | OAuthError.StoreUnavailable) =>
    OAuthError.make("FileEscrow", method, reason)
  )

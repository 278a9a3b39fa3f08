/**
 * Pending authorizations in files of one machine, for a login that one process
 * starts and another completes: `login` prints an address, `login --paste` takes
 * the answer.
 *
 * @since 0.1.0
 */
import * as AuthorizationRequest from "@effect-oauth/core/AuthorizationRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as PendingAuthorizations from "@effect-oauth/core/PendingAuthorizations"
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
 * Makes a keeper of pending authorizations with a file for each in the folder
 * `pending` in `directory`.
 *
 * **Details**
 *
 * A file is named by the digest of its `state`. The one taker whose removal of
 * the file succeeds has it, in whichever process. Those whose time is over are
 * removed with the next `put`. The folder has mode 0700 and the files 0600.
 *
 * **Gotchas**
 *
 * The files hold code verifiers in clear for as long as a login takes. Each
 * `put` reads all files: this is for the logins of one person, not of a web
 * server's.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: {
  readonly directory: string
}): Effect.fn.Return<
  PendingAuthorizations.PendingAuthorizations["Service"],
  OAuthError.OAuthError,
  SecureRandom.SecureRandom
> {
  const clock = yield* Clock.Clock
  const random = yield* SecureRandom.SecureRandom
  const directory = Path.resolve(options.directory, "pending")
  const fileOf = (state: string): string => Path.join(directory, Files.nameOf(state))

  yield* Files.prepareDirectory(directory, clock.currentTimeMillisUnsafe()).pipe(failingIn("make"))

  const read = Effect.fnUntraced(function*(file: string) {
    const bytes = yield* Files.read(file)
    return bytes === undefined ? undefined : yield* decode(file, bytes)
  })

  const removeExpired = Effect.fnUntraced(function*(now: number) {
    for (const file of yield* Files.list(directory)) {
      const entry = yield* Effect.catchTag(read(file), "RecordInvalid", () => Effect.undefined)
      if (entry !== undefined && entry.until <= now) yield* Files.remove(file)
    }
  })

  return PendingAuthorizations.PendingAuthorizations.of({
    put: Effect.fn("FilePendingAuthorizations.put")(function*(pending, timeToLive) {
      const now = clock.currentTimeMillisUnsafe()
      yield* removeExpired(now)
      yield* Files.replace({
        file: fileOf(Redacted.value(pending.state)),
        text: encode({ until: now + timeToLive, pending }),
        unique: yield* random.uuidV4()
      })
    }, failingIn("put")),
    take: Effect.fn("FilePendingAuthorizations.take")(function*(state) {
      const file = fileOf(state)
      const entry = yield* read(file)
      if (entry === undefined) return Option.none()
      const mine = yield* Files.remove(file)
      yield* Files.syncDirectory(directory)
      return mine && entry.until > clock.currentTimeMillisUnsafe() ? Option.some(entry.pending) : Option.none()
    }, failingIn("take")),
    forget: Effect.fn("FilePendingAuthorizations.forget")(function*(account) {
      let forgotten = 0
      for (const file of yield* Files.list(directory)) {
        const entry = yield* Effect.catchTag(read(file), "RecordInvalid", () => Effect.undefined)
        if (entry === undefined || !PendingAuthorizations.isOf(entry.pending, account)) continue
        if (yield* Files.remove(file)) forgotten++
      }
      yield* Files.syncDirectory(directory)
      return forgotten
    }, failingIn("forget"))
  })
})

/**
 * Pending authorizations with a file for each in the folder `pending` in
 * `directory`; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: {
  readonly directory: string
}): Layer.Layer<PendingAuthorizations.PendingAuthorizations, OAuthError.OAuthError, SecureRandom.SecureRandom> =>
  Layer.effect(PendingAuthorizations.PendingAuthorizations, make(options))

const Entry = Schema.Struct({
  /** Epoch milliseconds. */
  until: Schema.Finite,
  pending: AuthorizationRequest.PendingAuthorization
})

const decode = Files.decoder(Entry, "a pending authorization")

const encode = Schema.encodeSync(Schema.fromJsonString(Entry))

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.StoreUnavailable | OAuthError.RecordInvalid) =>
    OAuthError.make("FilePendingAuthorizations", method, reason)
  )

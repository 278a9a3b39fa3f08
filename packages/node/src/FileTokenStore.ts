/**
 * Grants in files of one machine, shared by any number of its processes: what a
 * command line or desktop tool needs.
 *
 * @since 0.1.0
 */
import * as Grant from "@effect-oauth/core/Grant"
import * as GrantHistory from "@effect-oauth/core/GrantHistory"
import * as GrantSchema from "@effect-oauth/core/GrantSchema"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Files from "./internal/files.ts"
import * as Lock from "./internal/lock.ts"

/**
 * Makes a store that keeps each grant in a file of the folder `grants` in
 * `directory`.
 *
 * **Details**
 *
 * - A file is replaced whole: written beside its place, synced, renamed, and the
 *   folder synced. A reader takes no lock and never sees half a record; after a
 *   crash at any point the record is the old one or the new one.
 * - Processes compare and swap under a lock of the kernel's. A killed process
 *   leaves nothing locked. One that was stopped inside the section (well under a
 *   millisecond long) keeps others from writing, not from reading, until it goes
 *   on: their writes fail with `StoreUnavailable` (`locked`) after five seconds.
 * - Versions are random, so none comes again: not after a removal, and not after
 *   the folder was restored from a copy.
 * - The store's now is the machine's clock.
 * - The folder has mode 0700 and the files 0600. Wider modes are narrowed when
 *   the store is opened; where that is not allowed, opening fails.
 * - A file that cannot be read as the record of its key is `RecordInvalid`, and
 *   left as it is; `due` and `list` pass it over with a warning. `setAside` moves
 *   it to the folder `aside`.
 *
 * **Gotchas**
 *
 * Tokens are in clear, readable by the owner and by root. Put
 * `EncryptedTokenStore` over it where that is not enough.
 *
 * The directory must be on a local disk: network file systems do not all lock.
 * Nobody may remove the file `lock.sqlite` while a process uses the store.
 * `due` and `list` read every file. Notifications there are none. On Windows,
 * modes do nothing and directories are not synced.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: {
  readonly directory: string
}): Effect.fn.Return<TokenStore.TokenStore["Service"], OAuthError.OAuthError, SecureRandom.SecureRandom> {
  const clock = yield* Clock.Clock
  const random = yield* SecureRandom.SecureRandom
  const directory = Path.resolve(options.directory, "grants")
  const lock = Path.join(directory, "lock.sqlite")
  const fileOf = (key: string): string => Path.join(directory, Files.nameOf(key))

  yield* Files.prepareDirectory(directory, clock.currentTimeMillisUnsafe()).pipe(
    // a disk that cannot lock is found out now; a mode is set by path, for nothing may open the file
    Effect.andThen(Lock.exclusively(lock, () => Fs.chmodSync(lock, 0o600))),
    failingIn("make")
  )

  const read = Effect.fnUntraced(function*(file: string) {
    const bytes = yield* Files.read(file)
    return { bytes, kept: bytes === undefined ? undefined : yield* decode(file, bytes) }
  })

  // Lets `decide` choose what shall stand, and puts it there if the file has not changed in between; else all over
  // again, which happens only if somebody else succeeded.
  const change = Effect.fnUntraced(function*(
    key: string,
    decide: (current: Grant.Grant | undefined, fresh: { readonly now: number; readonly version: string }) => Decision
  ): Effect.fn.Return<TokenStore.Outcome, Failure> {
    const file = fileOf(key)
    while (true) {
      const { bytes, kept } = yield* read(file)
      const current = kept?.grant
      const version = yield* random.uuidV4()
      const decision = decide(current, { now: clock.currentTimeMillisUnsafe(), version })
      if (decision._tag === "Keep") return { now: clock.currentTimeMillisUnsafe(), accepted: false, grant: current }
      const after = decision._tag === "Remove" ? undefined : {
        grant: decision.grant,
        history: decision._tag === "Put" ? Grant.appendHistory(kept?.history, decision.grant) : kept?.history ?? []
      }
      const text = after === undefined ? undefined : yield* textOf(after)
      if (yield* swap({ lock, file, before: bytes, text, unique: version })) {
        return { now: clock.currentTimeMillisUnsafe(), accepted: true, grant: after?.grant }
      }
    }
  })

  const grants = Files.list(directory).pipe(
    Effect.flatMap(Effect.forEach((file) =>
      read(file).pipe(
        Effect.map(({ kept }) => kept?.grant),
        Effect.catchTag("RecordInvalid", (reason) => Effect.as(Effect.logWarning(reason.message), undefined))
      ), { concurrency: 16 })),
    Effect.map((grants) => grants.filter((grant) => grant !== undefined))
  )

  return TokenStore.TokenStore.of({
    name: "file",
    read: Effect.fn("FileTokenStore.read")(function*(key) {
      const { kept } = yield* read(fileOf(key.id))
      return { now: clock.currentTimeMillisUnsafe(), grant: kept?.grant }
    }, failingIn("read")),
    write: Effect.fn("FileTokenStore.write")(
      (expected, draft) =>
        change(
          draft.key,
          (current, fresh) => current?.version === expected ? { _tag: "Put", grant: Grant.stand(draft, fresh) } : keep
        ),
      failingIn("write")
    ),
    extend: Effect.fn("FileTokenStore.extend")(
      (key, { leaseFor, version }) =>
        change(key.id, (current, { now }) =>
          current?.version === version && current.leaseUntil !== undefined
            ? { _tag: "Adjust", grant: { ...current, leaseUntil: now + leaseFor } }
            : keep),
      failingIn("extend")
    ),
    remove: Effect.fn("FileTokenStore.remove")(
      (key, version) => change(key.id, (current) => current?.version === version ? { _tag: "Remove" } : keep),
      failingIn("remove")
    ),
    setAside: Effect.fn("FileTokenStore.setAside")(function*(key, version) {
      const file = fileOf(key.id)
      const bytes = yield* Files.read(file)
      const now = clock.currentTimeMillisUnsafe()
      if (bytes === undefined || (yield* versionOf(file, bytes)) !== version) return { now, accepted: false }
      const place = Path.resolve(
        options.directory,
        "aside",
        `${Path.basename(file, ".json")}.${yield* random.uuidV4()}`
      )
      yield* Files.makeDirectory(Path.dirname(place))
      const accepted = yield* Files.whileOthersRead(
        ifUnchanged({ lock, file, before: bytes }, () => Fs.renameSync(file, place))
      )
      if (!accepted) return { now, accepted }
      yield* Effect.forEach([place, file], (path) => Files.syncDirectory(Path.dirname(path)), { discard: true })
      return { now, accepted, place }
    }, failingIn("setAside")),
    due: Effect.fn("FileTokenStore.due")(
      (options) => Effect.map(grants, (all) => TokenStore.selectDue(all, clock.currentTimeMillisUnsafe(), options)),
      failingIn("due")
    ),
    list: Effect.fn("FileTokenStore.list")(
      (options) => Effect.map(grants, (all) => TokenStore.selectList(all, clock.currentTimeMillisUnsafe(), options)),
      failingIn("list")
    ),
    history: Effect.fn("FileTokenStore.history")(
      (key) => Effect.map(read(fileOf(key.id)), ({ kept }) => GrantHistory.fromLines(kept?.history ?? [])),
      failingIn("history")
    )
  })
})

/**
 * A store that keeps each grant in a file of the folder `grants` in `directory`;
 * see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: {
  readonly directory: string
}): Layer.Layer<TokenStore.TokenStore, OAuthError.OAuthError, SecureRandom.SecureRandom> =>
  Layer.effect(TokenStore.TokenStore, make(options))

type Failure = OAuthError.StoreUnavailable | OAuthError.RecordInvalid

type Decision =
  | { readonly _tag: "Keep" }
  | { readonly _tag: "Put"; readonly grant: Grant.Grant }
  /** Another lease: nothing that would be remembered. */
  | { readonly _tag: "Adjust"; readonly grant: Grant.Grant }
  | { readonly _tag: "Remove" }

const keep: Decision = { _tag: "Keep" }

const failingIn = (method: string) =>
  Effect.mapError((reason: Failure) => OAuthError.make("FileTokenStore", method, reason))

// a record, and beside its own members the lines of its history
const File = Schema.StructWithRest(
  Schema.Struct({ history: Schema.optionalKey(Schema.Array(Schema.String)) }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

interface Kept {
  readonly grant: Grant.Grant
  readonly history: ReadonlyArray<string>
}

const decodeFile = Files.decoder(File, "the record of a grant")

const decode = (file: string, bytes: Uint8Array): Effect.Effect<Kept, OAuthError.RecordInvalid> =>
  decodeFile(file, bytes).pipe(
    Effect.flatMap(({ history = [], ...members }) =>
      Effect.fromResult(GrantSchema.decode(members)).pipe(
        Effect.map((grant): Kept => ({ grant, history })),
        Effect.mapError(() =>
          new OAuthError.RecordInvalid({ store: "file", problem: `${file} is not the record of a grant` })
        )
      )
    ),
    Effect.filterOrFail(
      ({ grant }) => Files.nameOf(grant.key) === Path.basename(file),
      () => new OAuthError.RecordInvalid({ store: "file", problem: `${file} is the record of another grant` })
    ),
    // what cannot be read has a version all the same: its bytes
    Effect.mapError(({ problem, store }) =>
      new OAuthError.RecordInvalid({ store, problem, version: `sha256-${Files.digest(bytes)}` })
    )
  )

const textOf = ({ grant, history }: Kept): Effect.Effect<string, OAuthError.RecordInvalid> =>
  Effect.fromResult(GrantSchema.encode(grant)).pipe(
    Effect.map((members) => JSON.stringify({ ...members, history })),
    Effect.mapError(() =>
      new OAuthError.RecordInvalid({
        store: "file",
        problem: "it is not of the schema of a grant",
        during: "write"
      })
    )
  )

const versionOf = (file: string, bytes: Uint8Array): Effect.Effect<string | undefined> =>
  Effect.match(decode(file, bytes), {
    onSuccess: ({ grant }) => grant.version,
    onFailure: ({ version }) => version
  })

// Puts a record in its place, or removes the one there, if the file is still as it was.
const swap = (options: {
  readonly lock: string
  readonly file: string
  readonly before: Uint8Array | undefined
  readonly text: string | undefined
  readonly unique: string
}): Effect.Effect<boolean, OAuthError.StoreUnavailable> => {
  const { file, text, unique } = options
  return text === undefined
    ? Effect.tap(
      Files.whileOthersRead(ifUnchanged(options, () => Fs.unlinkSync(file))),
      () => Files.syncDirectory(Path.dirname(file))
    )
    : Files.replaceWith({
      file,
      text,
      unique,
      commit: (temporary) => ifUnchanged(options, () => Fs.renameSync(temporary, file))
    })
}

const ifUnchanged = (
  options: { readonly lock: string; readonly file: string; readonly before: Uint8Array | undefined },
  act: () => void
): Effect.Effect<boolean, OAuthError.StoreUnavailable> =>
  Lock.exclusively(options.lock, () => {
    if (!isSame(readSync(options.file), options.before)) return false
    act()
    return true
  })

const readSync = (file: string): Uint8Array | undefined => {
  try {
    return Fs.readFileSync(file)
  } catch (error) {
    if (Files.codeOf(error) === "ENOENT") return undefined
    throw error
  }
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0

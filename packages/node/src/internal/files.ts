/**
 * Files that hold secrets and survive a crash: private to their owner, replaced
 * whole, and durable before anyone is told.
 */
import * as StoreReason from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { platform } from "node:os"
import * as Path from "node:path"

/** Whether modes mean nothing, directories cannot be synced, and a file that is being read cannot be replaced. */
export const windows: boolean = platform() === "win32"

/** The SHA-256 of some bytes or of a text. */
export const digest = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex")

/** The name of the file for an id of any length and alphabet. */
export const nameOf = (id: string): string => `${digest(id)}.json`

const isName = (name: string): boolean => /^[0-9a-f]{64}\.json$/.test(name)

/** Turns whatever Node threw into a reason that names its code and nothing else. */
export const unavailable = (cause: unknown): StoreReason.StoreUnavailable =>
  new StoreReason.StoreUnavailable({ store: "file", problem: codeOf(cause) ?? "unknown" })

/** The code of an error of Node's, `"ENOSPC"`. */
export const codeOf = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, StoreReason.StoreUnavailable> =>
  Effect.tryPromise({ try: run, catch: unavailable })

const unlessMissing = <A>(
  self: Effect.Effect<A, StoreReason.StoreUnavailable>
): Effect.Effect<A | undefined, StoreReason.StoreUnavailable> =>
  Effect.catchIf(self, ({ problem }) => problem === "ENOENT", () => Effect.undefined)

const withHandle = <A>(
  path: string,
  flags: string,
  use: (handle: Fs.FileHandle) => Effect.Effect<A, StoreReason.StoreUnavailable>
): Effect.Effect<A, StoreReason.StoreUnavailable> =>
  Effect.acquireUseRelease(
    attempt(() => Fs.open(path, flags, 0o600)),
    use,
    (handle) => attempt(() => handle.close())
  )

/** Makes a directory, if it is not there yet, so that it is there after a power cut too. */
export const makeDirectory = Effect.fnUntraced(
  function*(directory: string): Effect.fn.Return<void, StoreReason.StoreUnavailable> {
    const first = yield* attempt(() => Fs.mkdir(directory, { recursive: true, mode: 0o700 }))
    if (first === undefined) return
    for (let path = directory; path !== Path.dirname(first); path = Path.dirname(path)) {
      yield* syncDirectory(Path.dirname(path))
    }
  }
)

/**
 * Makes a directory fit to hold secrets: takes the rights of group and others
 * away from it and from its files, and removes what a killed writer left behind.
 */
export const prepareDirectory = Effect.fnUntraced(
  function*(directory: string, now: number): Effect.fn.Return<void, StoreReason.StoreUnavailable> {
    yield* makeDirectory(directory)
    yield* restrict(directory, 0o700)
    const names = yield* attempt(() => Fs.readdir(directory))
    yield* Effect.forEach(names, (name) => {
      const file = Path.join(directory, name)
      return name.endsWith(".tmp") ? removeAbandoned(file, now) : restrict(file, 0o600)
    }, { concurrency: 16, discard: true })
  }
)

const restrict = Effect.fnUntraced(
  function*(path: string, mode: number): Effect.fn.Return<void, StoreReason.StoreUnavailable> {
    if (windows) return
    const stats = yield* unlessMissing(attempt(() => Fs.stat(path)))
    if (stats === undefined || (stats.mode & 0o077) === 0) return
    yield* unlessMissing(attempt(() => Fs.chmod(path, mode)))
  }
)

// no writer takes an hour between its temporary file and the rename; one that was suspended that long finds its file
// gone and fails, which is what a writer may do
const removeAbandoned = Effect.fnUntraced(
  function*(file: string, now: number): Effect.fn.Return<void, StoreReason.StoreUnavailable> {
    const stats = yield* unlessMissing(attempt(() => Fs.stat(file)))
    if (stats !== undefined && now - stats.mtimeMs > 3_600_000) yield* remove(file)
  }
)

/** The paths of the records in a directory. */
export const list = (directory: string): Effect.Effect<ReadonlyArray<string>, StoreReason.StoreUnavailable> =>
  Effect.map(
    unlessMissing(attempt(() => Fs.readdir(directory))),
    (names = []) => names.filter(isName).map((name) => Path.join(directory, name))
  )

/** Reads a file; `undefined` where there is none. */
export const read = (file: string): Effect.Effect<Uint8Array | undefined, StoreReason.StoreUnavailable> =>
  unlessMissing(attempt(() => Fs.readFile(file)))

/** Removes a file; tells whether it was this call that did. */
export const remove = (file: string): Effect.Effect<boolean, StoreReason.StoreUnavailable> =>
  Effect.map(
    unlessMissing(whileOthersRead(attempt(() => Fs.unlink(file).then(() => true)))),
    (removed = false) => removed
  )

/** Makes what was renamed or removed in a directory durable. */
export const syncDirectory = (directory: string): Effect.Effect<void, StoreReason.StoreUnavailable> =>
  windows ? Effect.void : withHandle(directory, "r", (handle) => attempt(() => handle.sync()))

/**
 * Tries again what Windows refuses while somebody else has the file open: another
 * process that reads it, an indexer, a scanner. Elsewhere these codes mean what
 * they say.
 */
export const whileOthersRead = <A>(
  self: Effect.Effect<A, StoreReason.StoreUnavailable>,
  isWindows: boolean = windows
): Effect.Effect<A, StoreReason.StoreUnavailable> =>
  isWindows
    ? Effect.retry(self, {
      while: ({ problem }) => heldOpen.has(problem),
      schedule: Schedule.exponential("10 millis"),
      times: 7
    })
    : self

const heldOpen: ReadonlySet<string> = new Set(["EACCES", "EBUSY", "EPERM"])

/**
 * Writes a file beside its place and has `commit` put it there or not. Returns
 * once it is durable; nobody ever sees it half written.
 */
export const replaceWith = Effect.fnUntraced(function*(options: {
  readonly file: string
  readonly text: string
  /** A string that nobody else uses. */
  readonly unique: string
  readonly commit: (temporary: string) => Effect.Effect<boolean, StoreReason.StoreUnavailable>
}): Effect.fn.Return<boolean, StoreReason.StoreUnavailable> {
  const { commit, file, text, unique } = options
  const directory = Path.dirname(file)
  const temporary = `${file}.${unique}.tmp`
  yield* makeDirectory(directory)
  return yield* withHandle(temporary, "wx", (handle) =>
    Effect.andThen(
      attempt(() => handle.writeFile(text)),
      attempt(() => handle.sync())
    )).pipe(
      Effect.andThen(whileOthersRead(commit(temporary))),
      Effect.tap((committed) => committed ? syncDirectory(directory) : Effect.void),
      // where it was put in its place there is nothing to remove
      Effect.ensuring(Effect.ignore(remove(temporary)))
    )
})

/** Writes a file in place of the one that is there, if any. */
export const replace = (
  options: { readonly file: string; readonly text: string; readonly unique: string }
): Effect.Effect<void, StoreReason.StoreUnavailable> =>
  Effect.asVoid(replaceWith({
    ...options,
    commit: (temporary) => attempt(() => Fs.rename(temporary, options.file).then(() => true))
  }))

/** Reads what a file holds by a schema of its JSON; whatever else it holds is `RecordInvalid`. */
export const decoder = <A>(
  schema: Schema.Codec<A, unknown>,
  what: string
): (file: string, bytes: Uint8Array) => Effect.Effect<A, StoreReason.RecordInvalid> => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return (file, bytes) =>
    Effect.try(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).pipe(
      Effect.flatMap(decode),
      // what is wrong with it is not said: that would quote it
      Effect.mapError(() => new StoreReason.RecordInvalid({ store: "file", problem: `${file} is not ${what}` }))
    )
}

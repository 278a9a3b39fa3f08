/**
 * Grants in one file, to be carried to another machine: sealed with a key that is made of a passphrase.
 */
import * as EncryptedTokenStore from "@effect-oauth/core/EncryptedTokenStore"
import * as Grant from "@effect-oauth/core/Grant"
import * as GrantKey from "@effect-oauth/core/GrantKey"
import * as GrantMove from "@effect-oauth/core/GrantMove"
import * as GrantSchema from "@effect-oauth/core/GrantSchema"
import * as Keyring from "@effect-oauth/core/Keyring"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Context from "effect/Context"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomBytes, scrypt } from "node:crypto"
import * as DurableFile from "./DurableFile.ts"
import { type Failure, usage } from "./Failure.ts"

/** A bundle: a store whose bodies are sealed with the passphrase, and what lies in it. */
export interface Bundle {
  readonly store: TokenStore.TokenStore["Service"]
  /** Which grants are in it, by their ids. */
  readonly keys: Effect.Effect<ReadonlySet<string>, OAuthError>
  /** The text of the file. */
  readonly text: Effect.Effect<string, OAuthError>
}

// what it takes to try a passphrase: 128 MiB and about half a second (RFC 7914)
const cost = { N: 131_072, r: 8, p: 1 } as const

const Cost = Schema.Struct({
  name: Schema.Literal("scrypt"),
  salt: Schema.String,
  N: Schema.Literal(cost.N),
  r: Schema.Literal(cost.r),
  p: Schema.Literal(cost.p)
})

const File = Schema.fromJsonString(Schema.Struct({
  "effect-oauth": Schema.Literal("grants"),
  version: Schema.Literal(1),
  kdf: Cost,
  grants: Schema.Array(GrantSchema.Grant)
}))

/** A bundle with nothing in it. */
export const empty = (passphrase: Redacted.Redacted): Effect.Effect<Bundle, OAuthError, Scope.Scope> =>
  make(passphrase, randomBytes(16).toString("base64url"), [])

/** A bundle as it is in the text of a file. */
export const read = Effect.fnUntraced(function*(
  text: string,
  path: string,
  passphrase: Redacted.Redacted
): Effect.fn.Return<Bundle, Failure | OAuthError, Scope.Scope> {
  const { grants, kdf } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(File)(text),
    () => usage(`${path} does not hold exported grants, or those of a later version`, "FILE")
  )
  return yield* make(passphrase, kdf.salt, grants)
})

/**
 * Moves grants from a store into a file that is not there yet. What leaves the store is in the file first: a grant that
 * could not be moved before it was written stays where it is.
 */
export const move = (options: {
  readonly from: TokenStore.TokenStore["Service"]
  readonly bundle: Bundle
  readonly path: string
  readonly account?: string | undefined
  readonly provider?: string | undefined
  readonly source: "keep" | "remove"
}): Stream.Stream<
  GrantMove.Progress,
  OAuthError | PlatformError,
  FileSystem.FileSystem | SecureRandom.SecureRandom
> => {
  const { account, bundle, from, path, provider, source } = options
  const moved = new Set<string>()
  const copied = GrantMove.run({ from, to: bundle.store, name: named(path), account, provider, source: "keep" })
  return Stream.concat(
    Stream.tap(copied, ({ key, result }) => Effect.sync(() => result === "moved" && moved.add(key.id))),
    Stream.unwrap(Effect.gen(function*() {
      if (moved.size === 0) return Stream.empty
      yield* DurableFile.write(path, yield* bundle.text, "create")
      return source === "keep" ? Stream.empty : Stream.drain(removed(from, bundle, path, moved))
    }))
  )
}

/** Goes on with a move that was broken off when its file was there: removes from the store what is in the file. */
export const finish = (options: {
  readonly from: TokenStore.TokenStore["Service"]
  readonly bundle: Bundle
  readonly path: string
}): Stream.Stream<GrantMove.Progress, OAuthError, SecureRandom.SecureRandom> =>
  Stream.unwrap(Effect.map(
    options.bundle.keys,
    (keys) => removed(options.from, options.bundle, options.path, keys)
  ))

const removed = (
  from: TokenStore.TokenStore["Service"],
  { store }: Bundle,
  path: string,
  keys: ReadonlySet<string>
): Stream.Stream<GrantMove.Progress, OAuthError, SecureRandom.SecureRandom> =>
  GrantMove.run({
    from: {
      ...from,
      // a grant that could be moved only by now is not in the file
      list: (options) =>
        Effect.map(from.list(options), (page) => ({ ...page, heads: page.heads.filter(({ key }) => keys.has(key)) }))
    },
    to: store,
    name: named(path),
    source: "remove"
  })

const named = (path: string): string => `file ${path}`

const make = Effect.fnUntraced(function*(
  passphrase: Redacted.Redacted,
  salt: string,
  grants: ReadonlyArray<Grant.Grant>
): Effect.fn.Return<Bundle, OAuthError, Scope.Scope> {
  const bare = yield* TokenStore.makeMemory
  const key = yield* derive(passphrase, salt)
  const sealed = yield* Layer.build(
    EncryptedTokenStore.layer().pipe(
      Layer.provide(Keyring.layer({ current: "passphrase", keys: { passphrase: key } })),
      Layer.provide(Layer.succeed(TokenStore.TokenStore, bare))
    )
  )
  for (const grant of grants) {
    const { now } = yield* bare.read(GrantKey.fromId(grant.key) ?? absent)
    yield* bare.write(undefined, Grant.draft(grant, { now, writeId: grant.writeId }))
  }
  const all = bare.list({ limit: Number.MAX_SAFE_INTEGER })
  return {
    store: Context.get(sealed, TokenStore.TokenStore),
    keys: Effect.map(all, ({ heads }) => new Set(heads.map(({ key }) => key))),
    text: Effect.gen(function*() {
      const { heads } = yield* all
      const kept = yield* Effect.forEach(heads, ({ key }) => bare.read(GrantKey.fromId(key) ?? absent))
      return encode({
        "effect-oauth": "grants",
        version: 1,
        kdf: { name: "scrypt", salt, ...cost },
        grants: kept.flatMap(({ grant }) => grant ?? [])
      })
    })
  }
})

const encode = Schema.encodeSync(File)

const absent = GrantKey.make({ provider: "", issuer: "", client: "", account: "" })

const derive = (passphrase: Redacted.Redacted, salt: string): Effect.Effect<Redacted.Redacted> =>
  Effect.callback((resume) => {
    scrypt(
      Redacted.value(passphrase),
      salt,
      32,
      { ...cost, maxmem: 2 ** 28 },
      (error, bytes) =>
        resume(error === null ? Effect.succeed(Redacted.make(bytes.toString("base64url"))) : Effect.die(error))
    )
  })

/**
 * A token store over any other that seals what it hands down.
 *
 * It is long because it stands in the way of every call of a store, and seals
 * anew what others have sealed.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Grant from "./Grant.ts"
import * as GrantHistory from "./GrantHistory.ts"
import * as GrantKey from "./GrantKey.ts"
import * as Bodies from "./internal/sealedBodies.ts"
import { Keyring } from "./Keyring.ts"
import * as OAuthError from "./OAuthError.ts"
import { type Head, type Outcome, type Reading, TokenStore } from "./TokenStore.ts"

/**
 * What {@link EncryptedTokenStore} did with a page of records.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  /** Where to go on after an interruption; absent at the end. */
  readonly cursor?: string | undefined
  /** Records that were sealed with the current key. */
  readonly sealed: number
  /** Records that were sealed with it already. */
  readonly current: number
  /** Records that were left as they are, by key. */
  readonly left: ReadonlyArray<{
    readonly key: string
    /**
     * `Claimed`: a renewal is under way, or was and nobody has followed it up.
     * `NewerFormat`: a newer version of the library wrote it. The others: it
     * could not be opened.
     */
    readonly why: "Claimed" | "NewerFormat" | "KeyUnavailable" | "RecordInvalid"
  }>
}

/**
 * How the store treats what it finds.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What to do with a body that is not sealed: `"refuse"`, the default, or
   * `"accept"`, for as long as a store that was not sealed is being moved. It is
   * sealed with its next write.
   */
  readonly unsealed?: "refuse" | "accept" | undefined
}

/**
 * What can be done with a sealed store beyond a {@link TokenStore}.
 *
 * @category services
 * @since 0.1.0
 */
export class EncryptedTokenStore extends Context.Service<EncryptedTokenStore, {
  /**
   * Seals every record that another key sealed (or none) with the current one,
   * by pages.
   *
   * **Details**
   *
   * Each record is replaced by compare-and-swap. One under a claim is left alone,
   * also when the lease has run out: its holder may yet come with a new pair, and
   * a record that was written in between would keep it out. Records that are
   * sealed with the current key are not written, so a second run does what the
   * first left over. When a run leaves nothing and seals nothing, no record needs
   * an older key.
   */
  readonly reencrypt: (options?: {
    /** Records read at once, and the size of a page; 100. */
    readonly limit?: number | undefined
    /** How many are worked on at a time; 8. */
    readonly concurrency?: number | undefined
    /** Goes on after the page that ended with this cursor. */
    readonly cursor?: string | undefined
  }) => Stream.Stream<Progress, OAuthError.OAuthError>
}>()("@effect-oauth/core/EncryptedTokenStore") {}

/**
 * Seals the bodies of the records of the store in the context.
 *
 * **Details**
 *
 * - A body is sealed with the current key of the {@link Keyring} and bound to the
 *   record's key, lineage and serial: neither another grant's body nor an older
 *   pair of the same grant can be put in its place. Such a body, or one that was
 *   changed, is `RecordInvalid`.
 * - The head stays plain, for the store to index and for operators to read.
 * - A body whose key is not here is `KeyUnavailable`, and stays as it is: only a
 *   record that was opened here, or written here, is replaced. A `remove` asks
 *   for no key.
 * - The record that a lost write returns may be of a key that is not here; its
 *   body is then given as it is, sealed.
 * - A claim writes the body that was read, sealed as it was: a renewal encrypts
 *   once.
 *
 * **Gotchas**
 *
 * Whoever can write to the store can still remove records, change heads, and put
 * a whole record back as it once stood.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: Options): Effect.fn.Return<
  {
    readonly tokenStore: TokenStore["Service"]
    readonly encryptedTokenStore: EncryptedTokenStore["Service"]
  },
  never,
  Keyring | SecureRandom.SecureRandom | TokenStore
> {
  const keyring = yield* Keyring
  const random = yield* SecureRandom.SecureRandom
  const store = yield* TokenStore
  const name = `encrypted ${store.name}`
  const opened = new Bodies.Opened()
  const seals = new WeakMap<Grant.Body, Bodies.Seal>()
  const invalid = (problem: string, version?: string) =>
    new OAuthError.RecordInvalid({ store: name, problem, ...(version === undefined ? {} : { version }) })

  const refused = new OAuthError.RecordInvalid({
    store: name,
    problem: "its body is not of the schema of a grant",
    during: "write"
  })

  const seal = Effect.fnUntraced(function*(record: Grant.Draft) {
    const place = Bodies.placeOf(record)
    const known = seals.get(record.body)
    if (known?.sealed.keyId === keyring.current && Bodies.isSame(known.place, place)) return known.sealed
    const text = Bodies.encodeBody(record.body)
    if (Result.isFailure(text)) return yield* Effect.fail(refused)
    const sealed: Bodies.Seal["sealed"] = {
      _tag: "Sealed",
      ...(yield* keyring.seal(Redacted.make(text.success), place))
    }
    seals.set(record.body, { place, sealed })
    return sealed
  })

  const open = Effect.fnUntraced(function*(grant: Grant.Grant) {
    const { body: sealed, version } = grant
    if (sealed._tag === "Open") {
      if (options?.unsealed === "accept") return opened.note(grant)
      return yield* Effect.fail(invalid("its body is not sealed", version))
    }
    const place = Bodies.placeOf(grant)
    const text = yield* keyring.open(sealed, place)
    if (Option.isNone(text)) {
      return yield* Effect.fail(invalid("its body was changed, or belongs to another record", version))
    }
    const body = Bodies.decodeBody(Redacted.value(text.value))
    if (body._tag === "Failure") return yield* Effect.fail(invalid("its body is none", version))
    seals.set(body.success, { place, sealed })
    return opened.note({ ...grant, body: body.success })
  })

  const openOutcome = (outcome: Outcome): Effect.Effect<Outcome, Unopened> =>
    outcome.grant === undefined ? Effect.succeed(outcome) : open(outcome.grant).pipe(
      Effect.map((grant): Outcome => ({ ...outcome, grant })),
      // whoever lost must learn that it lost, whatever the key
      Effect.catchTag("KeyUnavailable", () => Effect.succeed(outcome))
    )

  const write = Effect.fnUntraced(function*(expected: string | undefined, draft: Grant.Draft) {
    if (expected !== undefined && !opened.has(draft.key, expected)) {
      const { grant } = yield* store.read(yield* keyOf(draft.key))
      if (grant?.version === expected) yield* open(grant)
    }
    const sealed = yield* seal(draft)
    const outcome = yield* store.write(expected, { ...draft, body: sealed })
    if (!outcome.accepted || outcome.grant === undefined) return yield* openOutcome(outcome)
    return { ...outcome, grant: opened.note({ ...outcome.grant, body: draft.body }) }
  })

  const keyOf = (id: string) =>
    Effect.mapError(Effect.fromNullishOr(GrantKey.fromId(id)), () => invalid("its key is none"))

  const reseal = Effect.fnUntraced(function*(head: Head) {
    let reading: Reading = yield* store.read(yield* keyOf(head.key))
    while (true) {
      const { grant, now } = reading
      if (grant === undefined || (grant.body._tag === "Sealed" && grant.body.keyId === keyring.current)) {
        return "current"
      }
      if (grant.state._tag === "Renewing") return "Claimed"
      if (grant.format > Grant.format) return "NewerFormat"
      const { body } = yield* open(grant)
      const writeId = Base64Url.encode(yield* random.randomBytes(12))
      const outcome: Outcome = yield* write(grant.version, {
        ...Grant.draft(grant, { now, writeId }),
        body,
        note: GrantHistory.note("Resealed", "reencrypt", keyring.current)
      })
      if (outcome.accepted) return "sealed"
      reading = yield* store.read(yield* keyOf(head.key))
    }
  })

  return {
    tokenStore: TokenStore.of({
      name,
      bodies: "sealed",
      read: (key) =>
        store.read(key).pipe(
          Effect.flatMap((reading) =>
            reading.grant === undefined
              ? Effect.succeed(reading)
              : Effect.map(open(reading.grant), (grant): Reading => ({ ...reading, grant }))
          ),
          failingIn("read")
        ),
      write: (expected, draft) => failingIn("write")(write(expected, draft)),
      extend: (key, options) => failingIn("extend")(Effect.flatMap(store.extend(key, options), openOutcome)),
      remove: (key, version) => failingIn("remove")(Effect.flatMap(store.remove(key, version), openOutcome)),
      due: store.due,
      list: store.list,
      history: store.history,
      setAside: store.setAside,
      changes: store.changes
    }),
    encryptedTokenStore: EncryptedTokenStore.of({
      reencrypt: ({ concurrency = 8, cursor, limit = 100 } = {}) =>
        Stream.paginate(
          cursor,
          Effect.fnUntraced(function*(cursor) {
            const page = yield* store.list({ limit, cursor })
            const results = yield* Effect.forEach(page.heads, (head) =>
              reseal(head).pipe(
                Effect.catch((error) => {
                  const { _tag } = OAuthError.isOAuthError(error) ? error.reason : error
                  return _tag === "KeyUnavailable" || _tag === "RecordInvalid"
                    ? Effect.succeed(_tag)
                    : Effect.fail(error)
                }),
                Effect.map((result) => ({ key: head.key, result }))
              ), { concurrency })
            const progress: Progress = {
              cursor: page.cursor,
              sealed: results.filter(({ result }) => result === "sealed").length,
              current: results.filter(({ result }) => result === "current").length,
              left: results.flatMap(({ key, result }) =>
                result === "sealed" || result === "current" ? [] : [{ key, why: result }]
              )
            }
            return [[progress], Option.fromUndefinedOr(page.cursor)] as const
          }, failingIn("reencrypt"))
        )
    })
  }
})

/**
 * Seals the bodies of the records of the store below; see {@link make}.
 *
 * **Example** (Sealing any store)
 *
 * ```ts
 * import { EncryptedTokenStore, type Keyring, TokenStore } from "@effect-oauth/core"
 * import { Layer } from "effect"
 *
 * declare const keyring: Layer.Layer<Keyring.Keyring>
 *
 * const store = EncryptedTokenStore.layer().pipe(
 *   Layer.provide([TokenStore.layerMemory, keyring])
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<EncryptedTokenStore | TokenStore, never, Keyring | TokenStore> =>
  Layer.provide(layerWith(options), SecureRandom.layerWebCrypto)

/**
 * Seals the bodies of the records of the store below, with randomness from the
 * context: for tests, and for platforms without WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options?: Options
): Layer.Layer<EncryptedTokenStore | TokenStore, never, Keyring | SecureRandom.SecureRandom | TokenStore> =>
  Layer.effectContext(
    Effect.map(
      make(options),
      ({ encryptedTokenStore, tokenStore }) =>
        Context.make(TokenStore, tokenStore).pipe(Context.add(EncryptedTokenStore, encryptedTokenStore))
    )
  )

type Unopened = OAuthError.KeyUnavailable | OAuthError.RecordInvalid

const failingIn =
  (method: string) =>
  <A>(effect: Effect.Effect<A, OAuthError.OAuthError | Unopened>): Effect.Effect<A, OAuthError.OAuthError> =>
    Effect.mapError(
      effect,
      (error) => OAuthError.isOAuthError(error) ? error : OAuthError.make("EncryptedTokenStore", method, error)
    )

/**
 * Keeps what clients were registered with (RFC 7591): the only copy of a secret
 * and of the token that manages the client.
 *
 * A store gives three things, and no more: to read, to write where nobody else
 * has written meanwhile, and to remove likewise. `RegistrationStoreContract` in
 * `@effect-oauth/core/testing` holds the laws.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Registered } from "./ClientRegistration.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * Schema of a record, to and from JSON.
 *
 * **Details**
 *
 * - `Idle`: nobody is speaking with the server about the client.
 * - `Calling`: somebody is, or was when it ended: a call that is not known to
 *   have been answered. Others leave it alone until `until`, in epoch
 *   milliseconds of the caller's clock.
 * - `Lost`: a registration was sent, and its answer did not arrive.
 *
 * **Gotchas**
 *
 * The JSON form holds the client's secret and its registration access token in
 * clear.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Registration = Schema.Struct({
  format: Schema.Literal(1),
  /** Fresh with every write: after an unanswered write the record tells whose it is. */
  writeId: Schema.String,
  state: Schema.Union([
    Schema.TaggedStruct("Idle", {}),
    Schema.TaggedStruct("Calling", {
      call: Schema.Literals(["Register", "Read", "Update", "Delete"]),
      until: Schema.Finite
    }),
    Schema.TaggedStruct("Lost", { at: Schema.Finite })
  ]),
  /** Absent before it is registered. */
  client: Schema.optionalKey(Registered),
  /** Why the registration is not used, as of `ResponseInvalid`; what could be kept of the answer is in `client`. */
  unusable: Schema.optionalKey(Schema.Struct({
    problem: Schema.Literals([
      "content-type",
      "encoding",
      "not-json",
      "not-an-object",
      "missing",
      "wrong-type",
      "out-of-range",
      "too-large",
      "status",
      "mismatch"
    ]),
    field: Schema.optionalKey(Schema.String)
  }))
})

/**
 * A record of a client's registration.
 *
 * @category models
 * @since 0.1.0
 */
export type Registration = typeof Registration.Type

/**
 * A record that stands in a store, with the version that the store gave it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Standing {
  readonly version: string
  readonly registration: Registration
}

/**
 * What stands after a write, won or lost.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly accepted: boolean
  readonly standing: Standing | undefined
}

/**
 * Encodes a record to JSON text, its secrets in clear.
 *
 * @category schemas
 * @since 0.1.0
 */
export const encode: (registration: Registration) => string = Schema.encodeSync(Schema.fromJsonString(Registration))

/**
 * Decodes a record from JSON text. What cannot be read is left as it is.
 *
 * @category schemas
 * @since 0.1.0
 */
export const decode = (
  input: unknown,
  options: { readonly store: string; readonly key: string }
): Result.Result<Registration, OAuthError.RecordInvalid> =>
  Result.mapError(
    decodeText(input),
    () => new OAuthError.RecordInvalid({ store: options.store, problem: `the registration of ${options.key}` })
  )

/**
 * Keeps registrations by key.
 *
 * @category services
 * @since 0.1.0
 */
export class RegistrationStore extends Context.Service<RegistrationStore, {
  /** What the store is called in errors. */
  readonly name: string

  readonly read: (key: string) => Effect.Effect<Standing | undefined, OAuthError.OAuthError>

  /**
   * Writes where the version that stands is `expected`; without one, where
   * nothing stands. A version never comes twice for a key.
   */
  readonly write: (
    key: string,
    expected: string | undefined,
    registration: Registration
  ) => Effect.Effect<Outcome, OAuthError.OAuthError>

  /** Removes where the version that stands is `expected`. */
  readonly remove: (key: string, expected: string) => Effect.Effect<Outcome, OAuthError.OAuthError>
}>()("@effect-oauth/core/RegistrationStore") {}

/**
 * The key of a client at a server: for one application one `name` is enough.
 *
 * @category constructors
 * @since 0.1.0
 */
export const key = (options: {
  readonly provider: string
  readonly issuer: string
  readonly name: string
}): string => [options.provider, options.issuer, options.name].map(encodeURIComponent).join("|")

/**
 * Makes a store that lives and ends with this process. What it forgets is still
 * registered at the server.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory: Effect.Effect<RegistrationStore["Service"]> = Effect.sync(() => {
  const kept = new Map<string, Standing>()
  let versions = 0

  const swap = (key: string, expected: string | undefined, next: () => Standing | undefined): Outcome => {
    const standing = kept.get(key)
    if (standing?.version !== expected) return { accepted: false, standing }
    const written = next()
    if (written === undefined) kept.delete(key)
    else kept.set(key, written)
    return { accepted: true, standing: written }
  }

  return RegistrationStore.of({
    name: "memory",
    read: (key) => Effect.sync(() => kept.get(key)),
    write: (key, expected, registration) =>
      Effect.sync(() => swap(key, expected, () => ({ version: String(++versions), registration }))),
    remove: (key, expected) => Effect.sync(() => swap(key, expected, () => undefined))
  })
})

/**
 * A store that lives and ends with this process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<RegistrationStore> = Layer.effect(RegistrationStore, makeMemory)

const decodeText = Schema.decodeUnknownResult(Schema.fromJsonString(Registration))

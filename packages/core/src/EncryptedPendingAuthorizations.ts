/**
 * Pending authorizations over any others, sealed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import { Keyring } from "./Keyring.ts"
import * as OAuthError from "./OAuthError.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"

/**
 * Seals the pending authorizations of the service in the context.
 *
 * **Details**
 *
 * All but the `state`, by which they are found, is sealed with the current key of
 * the {@link Keyring} and bound to the `state`. One that was changed, moved or
 * not sealed at all is `RecordInvalid`; one whose key is not here is
 * `KeyUnavailable`. Both are gone then, and the login is started again.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<PendingAuthorizations["Service"], never, Keyring | PendingAuthorizations> = Effect.gen(
  function*() {
    const keyring = yield* Keyring
    const below = yield* PendingAuthorizations

    return PendingAuthorizations.of({
      put: Effect.fnUntraced(function*(pending, timeToLive) {
        const { state } = pending
        const sealed = yield* keyring.seal(Redacted.make(encode(pending)), placeOf(Redacted.value(state))).pipe(
          failingIn("put")
        )
        return yield* below.put({
          state,
          // plain, as in the head of a grant: so those of an account can be found
          key: pending.key,
          issuerParameter: "optional",
          redirectUri: "",
          scopes: [],
          context: { keyId: sealed.keyId, ciphertext: sealed.ciphertext }
        }, timeToLive)
      }),
      take: Effect.fnUntraced(function*(state) {
        const kept = yield* below.take(state)
        if (Option.isNone(kept)) return Option.none()
        return yield* Effect.fromResult(decodeSealed(kept.value.context)).pipe(
          Effect.mapError(() => invalid("it is not sealed")),
          Effect.flatMap((sealed) => keyring.open(sealed, placeOf(state))),
          Effect.filterOrFail(Option.isSome, () => invalid("it was changed, or belongs to another login")),
          Effect.flatMap(({ value }) => Effect.fromResult(decode(Redacted.value(value)))),
          Effect.catchTag("SchemaError", () => Effect.fail(invalid("it is none"))),
          Effect.map(Option.some),
          failingIn("take")
        )
      }),
      forget: below.forget
    })
  }
)

/**
 * Seals the pending authorizations of the layer below; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<PendingAuthorizations, never, Keyring | PendingAuthorizations> = Layer.effect(
  PendingAuthorizations,
  make
)

const Sealed = Schema.Struct({ keyId: Schema.String, ciphertext: Schema.String })

const decodeSealed = Schema.decodeUnknownResult(Sealed)

const Pending = Schema.fromJsonString(AuthorizationRequest.PendingAuthorization)

const encode = Schema.encodeSync(Pending)

const decode = Schema.decodeUnknownResult(Pending)

const placeOf = (state: string) => ["pending", state]

const invalid = (problem: string): OAuthError.RecordInvalid =>
  new OAuthError.RecordInvalid({ store: "encrypted pending authorizations", problem })

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.KeyUnavailable | OAuthError.RecordInvalid) =>
    OAuthError.make("EncryptedPendingAuthorizations", method, reason)
  )

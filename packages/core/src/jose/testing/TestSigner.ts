/**
 * A signer of ID tokens for tests: keys of its own, a key set, and rotation.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as jose from "jose"
import type { IdTokenSigner, Members } from "../../testing/IdTokenSigner.ts"
import type { Algorithm } from "../IdToken.ts"

/**
 * A signer with keys of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestSigner extends IdTokenSigner {
  /**
   * Signs whatever it is given with whatever header, to make what a server must
   * not send.
   */
  readonly signWith: (claims: Members, header: Members) => Effect.Effect<string>

  /**
   * A new key signs from here on. The set holds both, or only the new one.
   */
  readonly rotate: (previous?: "kept" | "removed") => Effect.Effect<void>
}

/**
 * Makes a signer; `ES256` unless said otherwise, since its keys are made at once.
 *
 * **Gotchas**
 *
 * Signing is WebCrypto's, which `TestClock` does not know of: wait for the
 * login, not for the time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: {
  readonly algorithm?: Exclude<Algorithm, "HS256" | "HS384" | "HS512"> | undefined
}) => Effect.Effect<TestSigner> = Effect.fnUntraced(function*(options = {}) {
  const alg = options.algorithm ?? "ES256"
  let made = 0
  const key = Effect.promise(() => jose.generateKeyPair(alg, { extractable: true })).pipe(
    Effect.flatMap((pair) =>
      Effect.map(Effect.promise(() => jose.exportJWK(pair.publicKey)), (jwk) => ({
        pair,
        jwk: { ...jwk, kid: `test-key-${++made}`, alg, use: "sig" }
      }))
    )
  )
  let current = yield* key
  let published = [current.jwk]

  const signWith = (claims: Members, header: Members): Effect.Effect<string> =>
    Effect.promise(() =>
      new jose.CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg, ...header })
        .sign(current.pair.privateKey)
    )

  return {
    algorithms: [alg],
    jwks: Effect.sync(() => ({ keys: published.map((jwk) => ({ ...jwk })) })),
    sign: (claims) => Effect.suspend(() => signWith(claims, { typ: "JWT", kid: current.jwk.kid })),
    signWith,
    rotate: (previous = "kept") =>
      Effect.map(key, (next) => {
        published = previous === "kept" ? [...published, next.jwk] : [next.jwk]
        current = next
      })
  }
})

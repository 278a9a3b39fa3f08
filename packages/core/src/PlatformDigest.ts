/**
 * Digests by the quickest hash of the platform. What WebCrypto hashes goes to a
 * pool of threads and back, which takes several times as long as the hash of a
 * token; Node, Bun, Deno and Workers have another, which gives it at once.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import { WebCrypto } from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"

/**
 * Digests by `node:crypto` where `process.getBuiltinModule` has it, and by
 * WebCrypto everywhere else. Both give the same bytes. It is what the layers of
 * this package have unless they are given another.
 *
 * **When to use**
 *
 * With `Pkce.make`, `DpopKey.generate` and every layer that takes digests from
 * the context.
 *
 * **Details**
 *
 * `node:crypto` is asked for when the layer is built, and imported by nobody: a
 * bundler for browsers does not see it. Where the `WebCrypto` reference of
 * `effect/crypto`, or `globalThis.crypto`, is another object than the
 * platform's own, that object does all digests. What `node:crypto` refuses is
 * left to WebCrypto, digest by digest.
 *
 * **Gotchas**
 *
 * What is hashed is hashed before anything else goes on: a megabyte takes a
 * millisecond or some more.
 *
 * **Example** (A PKCE pair)
 *
 * ```ts import.meta.vitest
 * import { Pkce, PlatformDigest } from "@effect-oauth/core"
 * import { Effect } from "effect"
 * import { SecureRandom } from "effect/crypto"
 *
 * const { challenge } = await Pkce.make.pipe(
 *   Effect.provide([PlatformDigest.layer, SecureRandom.layerWebCrypto]),
 *   Effect.runPromise
 * )
 * challenge.length // => 43
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Digest.Digest> = Layer.effect(
  Digest.Digest,
  Effect.gen(function*() {
    const web = yield* Digest.Digest
    const hash = hashOf(yield* WebCrypto)
    if (hash === undefined) return web
    const digest: typeof web.digest = (algorithm, data) =>
      Effect.suspend(() => {
        try {
          // a copy: what is given is a `Buffer`
          return Effect.succeed(new Uint8Array(hash(algorithm.name.replace("-", ""), data, "buffer")))
        } catch {
          return web.digest(algorithm, data)
        }
      })
    return { digest, digestHex: (algorithm, data) => Effect.map(digest(algorithm, data), Hex.encode) }
  })
).pipe(Layer.provide(Digest.layerWebCrypto))

interface NodeCrypto {
  readonly webcrypto: Crypto
  // every Node that has `getBuiltinModule` has it
  readonly hash?: (algorithm: string, data: Uint8Array, encoding: "buffer") => Uint8Array
}

const hashOf = (crypto: Crypto): NodeCrypto["hash"] => {
  try {
    const node: NodeCrypto = Reflect.get(globalThis, "process").getBuiltinModule("node:crypto")
    return node.webcrypto === crypto ? node.hash : undefined
  } catch {
    return undefined
  }
}

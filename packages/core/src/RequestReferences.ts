/**
 * Request objects by reference (RFC 9101, section 5.2): they wait under an
 * address that nobody can guess until the server fetches them, once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * The media type under which an object is served (RFC 9101, section 9.2).
 *
 * @category models
 * @since 0.1.0
 */
export const mediaType = "application/oauth-authz-req+jwt"

/**
 * Where objects are served, and how long.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** What addresses begin with, `"https://app.example/requests/"`: the server must be able to fetch them. */
  readonly base: string
  /** How long an object waits; a minute. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * Request objects that wait to be fetched.
 *
 * @category services
 * @since 0.1.0
 */
export class RequestReferences extends Context.Service<RequestReferences, {
  /** Keeps an object and gives the address at which it is to be served: another one each time. */
  readonly publish: (object: Redacted.Redacted) => Effect.Effect<string, OAuthError.OAuthError>

  /**
   * Removes and returns the object of an address, or of its last segment: once,
   * and not after its time. Serve it as {@link mediaType}.
   */
  readonly take: (address: string) => Effect.Effect<Option.Option<Redacted.Redacted>, OAuthError.OAuthError>
}>()("@effect-oauth/core/RequestReferences") {}

/**
 * Objects that wait in this process. An address ends in 256 random bits, and an
 * object never changes under it. At most 10,000 wait: when more come, the oldest
 * goes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Options): Layer.Layer<RequestReferences, OAuthError.OAuthError> =>
  Layer.effect(
    RequestReferences,
    Effect.gen(function*() {
      const { base } = options
      const problem = problemOf(base)
      if (problem !== undefined) {
        return yield* Effect.fail(OAuthError.make(
          "RequestReferences",
          "layerMemory",
          new OAuthError.ConfigurationInvalid({ field: "base", problem })
        ))
      }
      const timeToLive = Duration.toMillis(Duration.fromInputUnsafe(options.timeToLive ?? "1 minute"))
      const waiting = new Map<string, { readonly object: Redacted.Redacted; readonly until: number }>()

      return RequestReferences.of({
        publish: (object) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            for (const [name, entry] of waiting) {
              // insertion order is the order of age
              if (entry.until > now && waiting.size < capacity) break
              waiting.delete(name)
            }
            const name = Base64Url.encode(SecureRandom.randomBytesUnsafe(32))
            waiting.set(name, { object, until: now + timeToLive })
            return base + name
          }),
        take: (address) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const name = address.slice(address.lastIndexOf("/") + 1)
            const entry = waiting.get(name)
            waiting.delete(name)
            return entry !== undefined && now < entry.until ? Option.some(entry.object) : Option.none()
          })
      })
    })
  )

const capacity = 10_000

// the name takes 43 characters of the 512 that an address may have
const problemOf = (base: string): string | undefined => {
  if (!/^[\x21-\x7e]{1,469}$/.test(base) || !URL.canParse(base)) {
    return "must be an absolute URL of 469 ASCII characters at most"
  }
  if (/[?#]/.test(base) || !base.endsWith("/")) return "must end with a slash, without query and fragment"
  return isPrivate(new URL(base)) ? undefined : "must begin with https://"
}

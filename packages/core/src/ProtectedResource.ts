/**
 * What an API says about itself (RFC 9728): which authorization servers give
 * tokens for it, and how it wants them.
 *
 * **Details**
 *
 * Where a `MetadataVerifier` is in context, signed metadata (`signed_metadata`) is
 * verified, and wins over the plain members. Without one the plain members count.
 *
 * @since 0.1.0
 */
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as Challenge from "./Challenge.ts"
import * as Exchange from "./internal/exchange.ts"
import * as MetadataDocument from "./internal/metadataDocument.ts"
import * as ResourceDocument from "./internal/resourceDocument.ts"
import * as SignedMetadata from "./internal/signedMetadata.ts"
import { isLoopback, isPrivate, isPublic } from "./internal/url.ts"
import { MetadataVerifier } from "./MetadataVerifier.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import type * as RemoteText from "./RemoteText.ts"
import type { Scopes } from "./Scopes.ts"
import * as Target from "./Target.ts"
import * as TokenResponse from "./TokenResponse.ts"

/**
 * The metadata of one API, checked: it is that of the resource which was asked
 * for. A list without elements counts as absent, but for `bearerMethods`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metadata {
  /** The resource identifier, letter by letter. */
  readonly resource: string
  /** Issuers. Anybody can write any of them here: see {@link authorizationServer}. */
  readonly authorizationServers: ReadonlyArray<string>
  readonly jwksUri?: string | undefined
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  /** How the API takes bearer tokens: `header`, `body`, `query`; none of them where the list is empty. */
  readonly bearerMethods?: ReadonlyArray<string> | undefined
  readonly signingAlgorithms?: ReadonlyArray<string> | undefined
  /** The algorithms of DPoP proofs. */
  readonly dpopSigningAlgorithms?: ReadonlyArray<string> | undefined
  /** Whether the API takes no token but one that is bound to a DPoP key. */
  readonly dpopRequired: boolean
  /** Whether its tokens are bound to a client's certificate (RFC 8705). */
  readonly certificateBound: boolean
  /** Names it, in no particular language; as the API wrote it. */
  readonly name?: RemoteText.RemoteText | undefined
  readonly documentation?: string | undefined
  readonly policyUri?: string | undefined
  readonly termsOfServiceUri?: string | undefined
  /** The whole document, members that are not known here included. */
  readonly members: JsonObject
}

/**
 * How long a failure is kept.
 *
 * @category models
 * @since 0.1.0
 */
export const failureTimeToLive: Duration.Duration = Duration.seconds(3)

/**
 * Which documents are fetched and believed.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** An hour unless said otherwise, and a day at most. */
  readonly timeToLive?: Duration.Input | undefined
  /** How many APIs' metadata is kept; 256. The one that was not asked for longest goes. */
  readonly capacity?: number | undefined
  /**
   * What the document that a challenge points to must be about: the address that
   * was requested (`"exact"`, section 3.3), or one of the same origin whose path
   * the requested one begins with.
   */
  readonly match?: "exact" | "same-origin-path-prefix" | undefined
  /**
   * Where documents may lie: in the public network, or anywhere. Addresses and
   * names of private networks are refused by how they are written.
   */
  readonly networks?: "public" | "any" | undefined
  /**
   * Has the last word before each request: what a name resolves to can be looked
   * at here, or a list of hosts.
   */
  readonly allow?: ((url: URL) => Effect.Effect<boolean>) | undefined
}

/**
 * The metadata of APIs.
 *
 * @category services
 * @since 0.1.0
 */
export class ProtectedResource extends Context.Service<ProtectedResource, {
  /**
   * The metadata of the API with this resource identifier, from its well-known
   * address (section 3.1). Callers at the same time share one request; what it
   * gave is kept for `timeToLive`, and a failure for {@link failureTimeToLive}.
   */
  readonly get: (resource: string) => Effect.Effect<Metadata, OAuthError.OAuthError>

  /**
   * The metadata that a challenge points to (section 5). `url` is the address
   * that was requested, without fragment; the document must be about it. It is
   * fetched anew each time: a challenge is how an API says that something has
   * changed.
   */
  readonly challenged: (url: string, challenge: Challenge.Parsed) => Effect.Effect<Metadata, OAuthError.OAuthError>
}>()("@effect-oauth/core/ProtectedResource") {}

/**
 * Makes a reader of metadata by `https`.
 *
 * **Gotchas**
 *
 * A name of the public network may resolve to an address of a private one. Where
 * others choose the address, look at it in `allow`, or send through a proxy that
 * does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Effect.Effect<ProtectedResource["Service"], never, OAuthHttpClient> =>
  makeWith(options ?? {}, (url) => url.protocol === "https:", options?.networks === "any" ? () => true : isPublic)

/**
 * Makes a reader of metadata that also reaches this machine, by plain `http`
 * too, for tests and trials.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeLoopback = (options?: Options): Effect.Effect<ProtectedResource["Service"], never, OAuthHttpClient> =>
  makeWith(
    options ?? {},
    isPrivate,
    options?.networks === "any" ? () => true : (url) => isLoopback(url) || isPublic(url)
  )

/**
 * The first authorization server of an API that is trusted. An API that names
 * others only is refused: whoever writes its metadata could name their own.
 *
 * @category getters
 * @since 0.1.0
 */
export const authorizationServer = (
  self: Metadata,
  options: { readonly trusted: ReadonlyArray<string> }
): Result.Result<string, OAuthError.OAuthError> => {
  const issuer = self.authorizationServers.find((issuer) => options.trusted.includes(issuer))
  return issuer === undefined
    ? failed("authorizationServer", {
      issuer: self.resource,
      problem: "untrusted",
      field: "authorization_servers"
    })
    : Result.succeed(issuer)
}

/**
 * The target of tokens for an API: they are for it alone (RFC 8707; RFC 9728,
 * section 7.4), with the scopes that are asked for here and not all that it
 * lists (section 7.2). An API that does not take tokens in the header is
 * refused.
 *
 * @category combinators
 * @since 0.1.0
 */
export const target = (
  self: Metadata,
  options?: { readonly scopes?: Scopes | undefined }
): Result.Result<Target.Target, OAuthError.OAuthError> =>
  self.bearerMethods === undefined || self.bearerMethods.includes("header") || self.dpopRequired
    ? Result.succeed(Target.make({ resource: self.resource, scopes: options?.scopes }))
    : Result.fail(OAuthError.make(
      "ProtectedResource",
      "target",
      new OAuthError.ConfigurationInvalid({
        field: "bearer_methods_supported",
        problem: "does not list the header, which is how tokens are sent"
      })
    ))

/**
 * Reads metadata by `https`.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<ProtectedResource, never, OAuthHttpClient> =>
  Layer.effect(ProtectedResource, Effect.suspend(() => make(options)))

/**
 * Reads metadata by `https`, or on this machine.
 *
 * @see {@link makeLoopback}
 * @category layers
 * @since 0.1.0
 */
export const layerLoopback = (options?: Options): Layer.Layer<ProtectedResource, never, OAuthHttpClient> =>
  Layer.effect(ProtectedResource, Effect.suspend(() => makeLoopback(options)))

const makeWith = Effect.fnUntraced(function*(
  options: Options,
  isSecure: (url: URL) => boolean,
  isReachable: (url: URL) => boolean
): Effect.fn.Return<ProtectedResource["Service"], never, OAuthHttpClient> {
  const client = yield* OAuthHttpClient
  const verifier = Option.getOrUndefined(yield* Effect.serviceOption(MetadataVerifier))
  const timeToLive = Duration.min(Duration.fromInputUnsafe(options.timeToLive ?? "1 hour"), Duration.days(1))
  const { allow = () => Effect.succeed(true), match = "exact" } = options

  const read = Effect.fnUntraced(function*(
    address: string,
    isAbout: (resource: string) => boolean,
    issuer: string
  ): Effect.fn.Return<Metadata, OAuthError.OAuthErrorReason> {
    const invalid = (problem: OAuthError.MetadataInvalid["problem"], field?: string) =>
      new OAuthError.MetadataInvalid({ issuer, problem, field })
    const url = URL.canParse(address) ? new URL(address) : undefined
    if (url === undefined) return yield* invalid("wrong-type", "resource_metadata")
    if (!isSecure(url)) return yield* invalid("insecure-url", "resource_metadata")
    if (url.username !== "" || url.password !== "" || !isReachable(url) || !(yield* allow(url))) {
      return yield* invalid("blocked-address")
    }
    const request = HttpClientRequest.get(address, { acceptJson: true })
    const outcome = yield* Exchange.once(client, request, { field: "resource" })
    if (outcome._tag !== "Answer") return yield* Effect.fail(outcome.reason)
    const document = MetadataDocument.of(outcome.answer)
    if (typeof document !== "string") {
      const counts = yield* SignedMetadata.verified(document, verifier, { of: "resource-metadata", issuer })
      return yield* Effect.fromResult(ResourceDocument.metadataOf(counts, issuer, isAbout, isSecure))
    }
    const { status } = outcome.answer
    if (status >= 500 || status === 408 || status === 429) {
      const judgement = TokenResponse.judge(outcome.answer)
      if (judgement._tag !== "Granted") return yield* Effect.fail(judgement.reason)
    }
    return yield* invalid(document)
  })

  const cache = yield* Cache.makeWith(
    (resource: string) =>
      Effect.flatMap(
        Effect.fromResult(ResourceDocument.wellKnown(resource, isSecure)),
        (address) => read(address, (said) => said === resource, resource)
      ),
    { capacity: options.capacity ?? 256, timeToLive: (exit) => Exit.isSuccess(exit) ? timeToLive : failureTimeToLive }
  )

  const isAbout = (url: string, resource: string): boolean =>
    resource === url || (match === "same-origin-path-prefix" && ResourceDocument.isBelow(url, resource))

  return ProtectedResource.of({
    get: Effect.fn("ProtectedResource.get")(function*(resource) {
      yield* Effect.annotateCurrentSpan("oauth.resource", resource)
      return yield* Cache.get(cache, resource).pipe(
        Effect.mapError((reason) => OAuthError.make("ProtectedResource", "get", reason))
      )
    }),
    challenged: Effect.fn("ProtectedResource.challenged")(function*(url, challenge) {
      const address = Challenge.resourceMetadata(challenge)
      const found = address === undefined
        ? new OAuthError.MetadataInvalid({ issuer: url, problem: "not-found" })
        : Effect.tap(read(address, (resource) => isAbout(url, resource), url), (metadata) =>
          // what was known of the resource is out of date
          Cache.set(cache, metadata.resource, metadata))
      return yield* Effect.mapError(found, (reason) => OAuthError.make("ProtectedResource", "challenged", reason))
    })
  })
})

const failed = (
  method: string,
  reason: ConstructorParameters<typeof OAuthError.MetadataInvalid>[0]
): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make("ProtectedResource", method, new OAuthError.MetadataInvalid(reason)))

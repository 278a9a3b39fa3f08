/**
 * The client certificate of connections that undici makes: shown to an
 * authorization server and its APIs, and replaced without a restart.
 *
 * It needs `@effect/platform-node`, and is imported by its path.
 *
 * @since 0.1.0
 */
import * as ClientCertificate from "@effect-oauth/core/ClientCertificate"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Url from "effect/http/Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"

/**
 * A certificate and its private key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Material {
  /** In PEM: the certificate first, then those that vouch for it. */
  readonly certificate: string
  /** In PEM. */
  readonly key: Redacted.Redacted
  /** What the key is encrypted with, where it is. */
  readonly passphrase?: Redacted.Redacted | undefined
}

/**
 * How connections are made.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Authorities that may vouch for servers, in PEM, instead of those that Node knows. */
  readonly authorities?: ReadonlyArray<string> | undefined
  /** How often the certificate is looked at though nobody asks for a token; 1 minute. */
  readonly checkEvery?: Duration.Input | undefined
}

/**
 * Shows the certificate that an effect reads. It is read for every request that
 * is authenticated, and once in `checkEvery`.
 *
 * **Details**
 *
 * Building it fails with `ConfigurationInvalid` where certificate and key cannot
 * be used, or are not of each other. Later, what cannot be read or used, such as
 * a certificate that was replaced before its key, leaves the last one in use,
 * with a warning. New connections show the new certificate; requests that are
 * under way on old ones end in peace.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  source: Effect.Effect<Material, OAuthError.OAuthError>,
  options?: Options
): Layer.Layer<ClientCertificate.ClientCertificate, OAuthError.OAuthError> =>
  Layer.effect(ClientCertificate.ClientCertificate, make(source, options))

/**
 * Shows the certificate of two files, which may be replaced at any time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFiles = (
  files: {
    readonly certificate: string
    readonly key: string
    readonly passphrase?: Redacted.Redacted | undefined
  },
  options?: Options
): Layer.Layer<ClientCertificate.ClientCertificate, OAuthError.OAuthError> =>
  layer(
    Effect.all({
      certificate: textOf("certificate", files.certificate),
      key: Effect.map(textOf("key", files.key), (key) => Redacted.make(key)),
      passphrase: Effect.succeed(files.passphrase)
    }),
    options
  )

const make = Effect.fnUntraced(function*(
  source: Effect.Effect<Material, OAuthError.OAuthError>,
  options: Options | undefined
): Effect.fn.Return<ClientCertificate.ClientCertificate["Service"], OAuthError.OAuthError, Scope.Scope> {
  const scope = yield* Effect.scope
  const one = yield* Semaphore.make(1)
  const plain = yield* clientOf({ ca: options?.authorities })
  let shown = yield* Effect.flatMap(read(source), (usable) => open(usable, options))
  yield* Scope.addFinalizer(scope, Effect.suspend(() => shown.close))

  const look = one.withPermit(Effect.gen(function*() {
    const usable = yield* read(source)
    if (usable.name === shown.name) return
    const last = shown
    shown = yield* open(usable, options)
    yield* Effect.forkIn(last.retire, scope)
  })).pipe(
    Effect.uninterruptible,
    Effect.catch((error) =>
      Effect.logWarning("A client certificate cannot be used; the last one stays in use", error.message)
    )
  )
  const every = Duration.fromInputUnsafe(options?.checkEvery ?? "1 minute")
  yield* Effect.forkIn(Effect.delay(Effect.repeat(look, Schedule.spaced(every)), every), scope)

  return ClientCertificate.ClientCertificate.of({
    current: Effect.andThen(look, Effect.sync(() => shown.name)),
    holds: (name) => name === shown.name,
    client: (origins) => {
      const named = new Set(origins)
      return HttpClient.makeWith(
        (effect) =>
          Effect.flatMap(effect, (request) => {
            const url = Result.getOrUndefined(
              Url.make(request.url, request.urlParams, Option.getOrUndefined(request.hash))
            )
            const client = url !== undefined && named.has(url.origin) ? shown.client : plain
            return client.postprocess(Effect.succeed(request))
          }),
        plain.preprocess
      )
    }
  })
})

interface Usable {
  readonly name: string
  readonly cert: string
  readonly key: string
  readonly passphrase: string | undefined
}

interface Shown {
  readonly name: string
  readonly client: HttpClient.HttpClient
  /** Ends when its last request has ended. */
  readonly retire: Effect.Effect<void>
  readonly close: Effect.Effect<void>
}

const open = (usable: Usable, options: Options | undefined): Effect.Effect<Shown> =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const { cert, key, name, passphrase } = usable
    const dispatcher = yield* Scope.provide(
      NodeHttpClient.makeDispatcherOptions({ connect: { cert, key, passphrase, ca: caOf(options?.authorities) } }),
      scope
    )
    const close = Scope.close(scope, Exit.void)
    return {
      name,
      client: yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher),
      retire: Effect.andThen(Effect.ignore(Effect.tryPromise(() => dispatcher.close())), close),
      close
    }
  })

const clientOf = (
  { ca }: { readonly ca: ReadonlyArray<string> | undefined }
): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope> =>
  Effect.flatMap(
    NodeHttpClient.makeDispatcherOptions({ connect: { ca: caOf(ca) } }),
    (dispatcher) => Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
  )

const caOf = (authorities: ReadonlyArray<string> | undefined): Array<string> | undefined =>
  authorities === undefined ? undefined : [...authorities]

const read = (
  source: Effect.Effect<Material, OAuthError.OAuthError>
): Effect.Effect<Usable, OAuthError.OAuthError> =>
  Effect.flatMap(source, (material) => Effect.fromResult(usable(material)))

// what Node throws may quote what it was given
const usable = (material: Material): Result.Result<Usable, OAuthError.OAuthError> =>
  Result.gen(function*() {
    const { certificate: cert } = material
    const key = Redacted.value(material.key)
    const passphrase = material.passphrase === undefined ? undefined : Redacted.value(material.passphrase)
    const certificate = yield* attempt("certificate", "is not a certificate in PEM", () => new X509Certificate(cert))
    const secret = yield* attempt(
      "key",
      "is not a private key in PEM, or encrypted with another passphrase",
      () => createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) })
    )
    if (!certificate.checkPrivateKey(secret)) return yield* invalid("key", "is not that of the certificate")
    const thumbprint = createHash("sha256").update(certificate.raw).digest("base64url")
    return { name: ClientCertificate.name(thumbprint), cert, key, passphrase }
  })

const attempt = <A>(field: string, problem: string, run: () => A): Result.Result<A, OAuthError.OAuthError> => {
  try {
    return Result.succeed(run())
  } catch {
    return invalid(field, problem)
  }
}

const textOf = (field: string, file: string): Effect.Effect<string, OAuthError.OAuthError> =>
  Effect.mapError(
    Effect.tryPromise(() => readFile(file, "utf8")),
    () =>
      OAuthError.make(
        "UndiciClientCertificate",
        "layer",
        new OAuthError.ConfigurationInvalid({ field, problem: "is a file that cannot be read" })
      )
  )

const invalid = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(
    OAuthError.make("UndiciClientCertificate", "layer", new OAuthError.ConfigurationInvalid({ field, problem }))
  )

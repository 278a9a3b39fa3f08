/**
 * How the client proves itself, and how it is spoken to the server: by a secret, a signature, or a certificate; tokens
 * bound to a key where one is named.
 */
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import type { ClientAuthentication } from "@effect-oauth/core/ClientAuthentication"
import * as Dpop from "@effect-oauth/core/Dpop"
import * as MutualTls from "@effect-oauth/core/MutualTls"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import { type Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { configuration, type Failure } from "./Failure.ts"
import * as KeyFile from "./KeyFile.ts"
import * as Profile from "./Profile.ts"
import type * as Secret from "./Secret.ts"

/** A client, and what it knows. */
export interface Client {
  readonly clientId: string
  readonly clientSecret: Secret.ClientSecret | undefined
}

/** A server, the client as it authenticates there, and the HTTP clients that reach it and its APIs. */
export type Parts =
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication
  | HttpClient.HttpClient
  | OAuthHttpClient.OAuthHttpClient

/** The HTTP clients of a client that shows no certificate. Our trace ids are nobody's business. */
export const spoken = (
  self: Layer.Layer<AuthorizationServer.AuthorizationServer | ClientAuthentication, OAuthError>
): Layer.Layer<Parts, OAuthError> => Layer.mergeAll(self, OAuthHttpClient.layerFetch, untraced(FetchHttpClient.layer))

/** A described server and its client, by the method that the settings name. */
export const layer = Effect.fnUntraced(function*(
  profile: Profile.Profile,
  options: Client & {
    readonly clientAuthentication: Description.ClientAuthentication | undefined
    /** What the client's statements say, where the server's description tells. */
    readonly clientAssertion: Description.ClientAssertion | undefined
    readonly server: AuthorizationServer.Options
  }
): Effect.fn.Return<Layer.Layer<Parts, OAuthError>, Failure, FileSystem.FileSystem> {
  const { clientAssertion, clientId, clientSecret, server } = options
  const method = Profile.get(profile, "clientAuthentication")
  yield* refuseUnused(profile, method)
  const authorizationServer = AuthorizationServer.layer(
    isPlain(server) ? AuthorizationServer.makeLoopback(server) : AuthorizationServer.make(server)
  )
  const wants = (name: "signingKeyFile" | "tlsCertificateFile" | "tlsKeyFile") =>
    Effect.mapError(
      Effect.fromNullishOr(profile.values[name]),
      () => Profile.missing(profile, name, `is missing, and ${method} needs it`)
    )

  const described = method === undefined ? options.clientAuthentication : methods[method]
  if (described !== undefined && signs(described) && (method === undefined || clientAssertion !== undefined)) {
    const key = yield* KeyFile.signing(
      yield* Effect.mapError(
        Effect.fromNullishOr(profile.values.signingKeyFile),
        () =>
          Profile.missing(profile, "signingKeyFile", `is missing, and clients of ${server.provider} sign with a key`)
      )
    )
    const { ClientAssertion } = yield* jose
    const audience = clientAssertion?.audience ?? server.issuer
    return spoken(Layer.merge(
      authorizationServer,
      GenericRfc6749.layerClientAuthentication({
        clientId,
        clientSecret,
        clientAuthentication: described,
        clientAssertion: audience === undefined ? clientAssertion : { ...clientAssertion, audience },
        signer: ClientAssertion.signer(key)
      })
    ))
  }

  switch (method) {
    case "private-key-jwt": {
      const key = yield* KeyFile.signing(yield* wants("signingKeyFile"))
      const { ClientAssertion } = yield* jose
      return spoken(
        Layer.provideMerge(ClientAssertion.layerPrivateKeyJwt({ clientId, key }), authorizationServer)
      )
    }
    case "client-secret-jwt": {
      if (clientSecret === undefined) {
        return yield* configuration("--client-secret-file", "is missing; name the file that holds the secret")
      }
      const { ClientAssertion } = yield* jose
      return spoken(
        Layer.provideMerge(ClientAssertion.layerClientSecretJwt({ clientId, clientSecret }), authorizationServer)
      )
    }
    case "tls": {
      const certificate = (yield* wants("tlsCertificateFile")).value
      const key = (yield* wants("tlsKeyFile")).value
      const authorities = yield* pemOf(profile.values.tlsAuthorityFile)
      const UndiciClientCertificate = yield* Effect.promise(() => import("@effect-oauth/node/UndiciClientCertificate"))
      const mutual = MutualTls.layer({ clientId, method: "tls_client_auth" }).pipe(
        Layer.provide(authorizationServer),
        Layer.provide(UndiciClientCertificate.layerFiles({ certificate, key }, { authorities }))
      )
      return Layer.merge(mutual, untraced(mutual))
    }
    default: {
      const authentication = GenericRfc6749.layerClientAuthentication({
        clientId,
        clientSecret,
        clientAuthentication: described
      })
      return spoken(Layer.merge(authorizationServer, authentication))
    }
  }
})

/** Binds tokens to the key that the settings name, if they name one. */
export const dpop = Effect.fnUntraced(function*(
  profile: Profile.Profile
): Effect.fn.Return<
  Layer.Layer<never> | Layer.Layer<Dpop.Dpop, OAuthError>,
  Failure | OAuthError,
  FileSystem.FileSystem
> {
  const found = profile.values.dpopKeyFile
  if (found === undefined) return Layer.empty
  const key = yield* KeyFile.dpop(found)
  return Dpop.layerKey(Effect.succeed(key))
})

const pemOf = Effect.fnUntraced(function*(found: Profile.Found<string> | undefined) {
  if (found === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  return [
    yield* Effect.mapError(
      fs.readFileString(found.value),
      ({ reason }) =>
        configuration(found.called, `the file ${found.value} cannot be read (${reason._tag}); check the path`)
    )
  ]
})

const methods: { readonly [name: string]: Description.Method } = {
  none: "none",
  basic: "basic",
  "basic-raw": "basicRaw",
  post: "post",
  "private-key-jwt": "privateKeyJwt"
}

const signs = (method: Description.ClientAuthentication): boolean =>
  (typeof method === "string" ? [method] : Object.values(method)).some((each) =>
    each === "privateKeyJwt" || each === "jwtSecret"
  )

// a library for signatures, for whoever signs
const jose = Effect.promise(() => import("@effect-oauth/core/jose"))

// plain http is typed by whoever wants it, and accepted for this machine only
const isPlain = (server: AuthorizationServer.Options): boolean =>
  [...Object.values(server), ...server.apiOrigins ?? []].some((value) =>
    typeof value === "string" && value.startsWith("http:")
  )

const untraced = <E>(self: Layer.Layer<HttpClient.HttpClient, E>): Layer.Layer<HttpClient.HttpClient, E> =>
  Layer.provide(
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(
        HttpClient.HttpClient,
        HttpClient.transform(Effect.provideService(HttpClient.TracerPropagationEnabled, false))
      )
    ),
    self
  )

// what is named for another method was meant to be used
const refuseUnused = (profile: Profile.Profile, method: string | undefined): Effect.Effect<void, Failure> => {
  if (method === "tls") return Effect.void
  const { tlsAuthorityFile, tlsCertificateFile, tlsKeyFile } = profile.values
  const unused = tlsCertificateFile ?? tlsKeyFile ?? tlsAuthorityFile
  return unused === undefined
    ? Effect.void
    : Effect.fail(
      configuration(unused.called, "is used with --client-authentication tls only: name that, or leave it out")
    )
}

/** Against `oidc-provider` by TLS: clients that are known by their certificate, and tokens that are bound to it. */
import {
  ClientCertificate,
  ClientCredentials,
  Introspection,
  MutualTls,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenStore
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import * as UndiciClientCertificate from "@effect-oauth/node/UndiciClientCertificate"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { createPublicKey, X509Certificate } from "node:crypto"
import * as https from "node:https"
import type * as net from "node:net"
import type * as tls from "node:tls"
import { type ClientMetadata, type Configuration, Provider } from "oidc-provider"
import * as Certificates from "../../../node/test/support/certificates.ts"

describe.skipIf(!Certificates.openssl)("oidc-provider, by mutual TLS", () => {
  for (const method of ["tls_client_auth", "self_signed_tls_client_auth"] as const) {
    it.live(`knows a client by its certificate, and binds its tokens to it: ${method} [8705-2-a]`, () =>
      Effect.gen(function*() {
        const certificate = yield* ClientCertificate.ClientCertificate
        const source = yield* ClientCredentials.source()

        const { thumbprint, value } = yield* source.token
        const told = yield* Introspection.Introspection.use((_) => _.introspect(value))

        const bound = told._tag === "Active" ? told.confirmation?.certificate : undefined
        assert.isTrue(certificate.holds(bound ?? ""))
        assert.strictEqual(thumbprint, bound)
      }).pipe(application(method)))

    it.live(`does not know it by another certificate: ${method}`, () =>
      Effect.gen(function*() {
        const { show, stranger } = yield* Server
        const source = yield* ClientCredentials.source()
        show(stranger)

        const { reason } = yield* Effect.flip(source.token)

        assert.strictEqual(reason._tag === "RequestRefused" ? String(reason.code) : reason._tag, "invalid_client")
      }).pipe(application(method)))
  }
})

class Server extends Context.Service<Server, {
  readonly origin: string
  readonly authority: Certificates.Authority
  readonly stranger: Certificates.Pair
  readonly show: (pair: Certificates.Pair) => void
  readonly shown: () => Certificates.Pair
}>()("@effect-oauth/generic-rfc6749/test/interop/MutualTls.integration.test/Server") {}

const configuration = (pair: Certificates.Pair): Configuration => {
  const client: ClientMetadata = {
    client_id: "",
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials"],
    tls_client_certificate_bound_access_tokens: true
  }
  const { raw } = new X509Certificate(pair.certificate)
  const jwk = createPublicKey(pair.certificate).export({ format: "jwk" })
  return {
    clients: [
      {
        ...client,
        client_id: "tls_client_auth",
        token_endpoint_auth_method: "tls_client_auth",
        tls_client_auth_subject_dn: "CN=ledger"
      },
      {
        ...client,
        client_id: "self_signed_tls_client_auth",
        token_endpoint_auth_method: "self_signed_tls_client_auth",
        jwks: { keys: [{ ...jwk, x5c: [raw.toString("base64")] }] }
      }
    ],
    clientAuthMethods: ["tls_client_auth", "self_signed_tls_client_auth"],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: (ctx) => (ctx.req.socket as tls.TLSSocket).getPeerX509Certificate()?.toString(),
        certificateAuthorized: (ctx) => (ctx.req.socket as tls.TLSSocket).authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === "tls_client_auth_subject_dn" &&
          (ctx.req.socket as tls.TLSSocket).getPeerX509Certificate()?.subject === expected
      }
    }
  }
}

const server = Layer.effect(
  Server,
  Effect.gen(function*() {
    const authority = yield* Certificates.authority
    const own = authority.issue("127.0.0.1")
    const stranger = authority.issue("stranger")
    let shown = authority.issue("ledger")
    const listening = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const server = https.createServer({
          cert: own.certificate,
          key: Redacted.value(own.key),
          requestCert: true,
          rejectUnauthorized: false,
          ca: authority.certificate
        })
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        return server
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const origin = `https://127.0.0.1:${(listening.address() as net.AddressInfo).port}`
    listening.on("request", new Provider(origin, configuration(shown)).callback())
    return {
      origin,
      authority,
      stranger,
      show: (pair) => {
        shown = pair
      },
      shown: () => shown
    }
  })
)

const application = (method: MutualTls.Method) => {
  const certificate = Layer.unwrap(
    Effect.map(
      Server,
      ({ authority, shown }) =>
        UndiciClientCertificate.layer(Effect.sync(shown), { authorities: [authority.certificate] })
    )
  )
  // the metadata is read without showing anything
  const reading = Layer.effect(
    OAuthHttpClient.OAuthHttpClient,
    Effect.map(ClientCertificate.ClientCertificate, ({ client }) => OAuthHttpClient.make(client([])))
  )
  const discovered = Layer.unwrap(
    Effect.map(Server, ({ origin }) => GenericRfc6749.layerDiscovery({ issuer: origin, clientId: method }))
  )
  const layer = OAuthClient.layerWith().pipe(
    Layer.provideMerge(MutualTls.layer({ clientId: method, method })),
    Layer.provide(Layer.provide(discovered, reading)),
    Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()]),
    Layer.provideMerge(certificate),
    Layer.provideMerge(server)
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}

/** Mutual TLS over real sockets: who sees which certificate, and what becomes of a grant when it is replaced. */
import {
  AuthorizationServer,
  AuthorizedHttpClient,
  ClientAuthentication,
  ClientCertificate,
  Introspection,
  MutualTls,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  RefreshPolicy,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import * as UndiciClientCertificate from "@effect-oauth/node/UndiciClientCertificate"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpClient } from "effect/http"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Certificates from "./support/certificates.ts"

describe.skipIf(!Certificates.openssl)("UndiciClientCertificate", () => {
  it.live("shows the client's certificate in the handshake, and the client is known by it [8705-2-a]", () =>
    Effect.gen(function*() {
      const bank = yield* Bank
      yield* adopted

      const { form, thumbprint } = bank.server.received.at(-1) ?? assert.fail("nothing was sent")

      assert.strictEqual(thumbprint, Certificates.thumbprint(bank.pairs[0].certificate))
      assert.deepStrictEqual(Object.fromEntries(form), {
        grant_type: "refresh_token",
        refresh_token: "r0",
        client_id: "app"
      })
    }).pipe(Effect.provide(application())))

  it.live("shows the API the certificate that the token was got with [8705-3-a]", () =>
    Effect.gen(function*() {
      const bank = yield* Bank
      const client = yield* AuthorizedHttpClient.make(yield* adopted)

      const { status } = yield* client.get(`${bank.api.origin}/things`)

      const [atServer, atApi] = [bank.server.received.at(-1), bank.api.received.at(-1)]
      assert.strictEqual(status, 200)
      assert.strictEqual(atApi?.thumbprint, atServer?.thumbprint)
      assert.strictEqual(atApi?.authorization, "Bearer t1")
    }).pipe(Effect.provide(application())))

  it.live("shows it to nobody who was not named", () =>
    Effect.gen(function*() {
      const bank = yield* Bank
      const client = yield* HttpClient.HttpClient

      const { status } = yield* client.get(`${bank.stranger.origin}/`)

      assert.strictEqual(status, 200)
      assert.isUndefined(bank.stranger.received[0]?.thumbprint)
    }).pipe(Effect.provide(application())))

  it.live("keeps the grant where the server does not trust it", () =>
    Effect.gen(function*() {
      const bank = yield* Bank
      bank.show(bank.untrusted)

      const error = yield* Effect.flip(adopted)

      // by TLS 1.3 the connection is closed, and nobody can tell why
      assert.strictEqual(error.reason._tag, "AnswerLost")
      assert.lengthOf(bank.server.received, 0)
      assert.isTrue(yield* isRenewable)
    }).pipe(Effect.provide(application())))

  it.live("keeps the grant where none is shown", () =>
    Effect.gen(function*() {
      const { server } = yield* Bank

      const [error, renewable] = yield* Effect.provide(Effect.all([Effect.flip(adopted), isRenewable]), without())

      assert.strictEqual(error.reason._tag, "AnswerLost")
      assert.lengthOf(server.received, 0)
      assert.isTrue(renewable)
    }).pipe(Effect.provide(bank)))

  it.live("knows that nothing was sent where the server says that it wants one, by TLS 1.2", () =>
    Effect.gen(function*() {
      const { elder } = yield* Bank

      const refresh = TokenRequest.refreshToken({ refreshToken: Redacted.make("r0") })
      const error = yield* TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)).pipe(
        Effect.flip,
        Effect.provide(without(elder))
      )

      assert.deepInclude(error.reason, { _tag: "RequestNotSent", problem: "tls" })
    }).pipe(Effect.provide(bank)))

  describe("when the certificate is replaced", () => {
    it.live("gets a new token before the next call, and the grant goes on [8705-6.3-a]", () =>
      Effect.gen(function*() {
        const bank = yield* Bank
        const key = yield* adopted
        const client = yield* AuthorizedHttpClient.make(key)
        yield* client.get(`${bank.api.origin}/things`)

        bank.show(bank.pairs[1])
        yield* certificateOf
        const { status } = yield* client.get(`${bank.api.origin}/things`)

        assert.strictEqual(status, 200)
        assert.deepStrictEqual(bank.api.received.map(({ authorization }) => authorization), ["Bearer t1", "Bearer t2"])
        assert.strictEqual(
          bank.api.received.at(-1)?.thumbprint,
          Certificates.thumbprint(bank.pairs[1].certificate)
        )
      }).pipe(Effect.provide(application())))

    it.live("keeps a public client's grant for the certificate that it is bound to [8705-4-a]", () =>
      Effect.gen(function*() {
        const bank = yield* Bank
        const service = yield* TokenService.TokenService
        const key = yield* adopted
        yield* service.refresh(key)
        const sent = bank.server.received.length

        bank.show(bank.pairs[1])
        yield* certificateOf
        const error = yield* Effect.flip(service.refresh(key))
        const unsent = bank.server.received.length - sent
        bank.show(bank.pairs[0])
        yield* certificateOf
        yield* service.refresh(key)

        const name = ClientCertificate.name(Certificates.thumbprint(bank.pairs[0].certificate))
        const used = new Set(bank.server.received.map(({ thumbprint }) => thumbprint))
        assert.deepInclude(error.reason, { _tag: "KeyUnavailable", use: "certificate", keyId: name })
        assert.strictEqual(unsent, 0)
        assert.deepStrictEqual([...used], [Certificates.thumbprint(bank.pairs[0].certificate)])
      }).pipe(Effect.provide(application(publicClient))))

    it.live("finishes what is under way on old connections", () =>
      Effect.gen(function*() {
        const bank = yield* Bank
        const client = yield* HttpClient.HttpClient
        yield* client.get(`${bank.api.origin}/open`)

        bank.show(bank.pairs[1])
        const [{ status }] = yield* Effect.all([client.get(`${bank.api.origin}/open`), certificateOf], {
          concurrency: "unbounded"
        })

        assert.strictEqual(status, 200)
      }).pipe(Effect.provide(application())))
  })

  it.live("asks an API that refuses for ever once more, with one other token, and no more [8705-3-b]", () =>
    Effect.gen(function*() {
      const bank = yield* Bank
      const client = yield* AuthorizedHttpClient.make(yield* adopted)

      const { status } = yield* client.get(`${bank.api.origin}/refused`)

      assert.strictEqual(status, 401)
      assert.deepStrictEqual(bank.api.received.map(({ authorization }) => authorization), ["Bearer t1", "Bearer t2"])
    }).pipe(Effect.provide(application())))

  it.live("tells by introspection what a token is bound to", () =>
    Effect.gen(function*() {
      yield* adopted
      const certificate = yield* ClientCertificate.ClientCertificate

      const told = yield* Introspection.Introspection.use((_) => _.introspect(Redacted.make("t1")))

      const bound = told._tag === "Active" ? told.confirmation?.certificate : undefined
      assert.isTrue(certificate.holds(bound ?? ""))
    }).pipe(Effect.provide(application())))

  it.live("goes to the server's addresses for certificates, which its metadata names [8705-5-a] [FAPI2-5.2.2.1-a] [FAPI2-5.3.3.1-g]", () =>
    Effect.gen(function*() {
      const { front, server } = yield* Bank

      yield* adopted

      assert.deepStrictEqual(front.received.map((request) => request.path), ["/.well-known/oauth-authorization-server"])
      assert.deepStrictEqual(server.received.map((request) => request.path), ["/mtls/token"])
    }).pipe(Effect.provide(application())))

  it.live("speaks no TLS older than 1.2 [FAPI2-5.2.1-a]", () =>
    Effect.gen(function*() {
      const { old } = yield* Bank
      const client = yield* OAuthHttpClient.OAuthHttpClient

      const error = yield* Effect.flip(client.get(`${old.origin}/token`))

      assert.strictEqual(error.reason._tag, "TransportError")
      assert.lengthOf(old.received, 0)
    }).pipe(Effect.provide(application())))

  it.live("believes no server that its authorities do not vouch for [FAPI2-5.2.1-b]", () =>
    Effect.gen(function*() {
      const { impostor } = yield* Bank
      const client = yield* OAuthHttpClient.OAuthHttpClient

      yield* Effect.flip(client.get(`${impostor.origin}/token`))

      assert.lengthOf(impostor.received, 0)
    }).pipe(Effect.provide(application())))

  describe("layerFiles", () => {
    it.live("shows what the files hold now, and the last that fits while they are being replaced", () =>
      Effect.gen(function*() {
        const { issue } = yield* Certificates.authority
        const [first, second] = [issue("app"), issue("app")]
        const folder = yield* Certificates.temporaryFolder
        const files = { certificate: path.join(folder, "cert.pem"), key: path.join(folder, "key.pem") }
        fs.writeFileSync(files.certificate, first.certificate)
        fs.writeFileSync(files.key, Redacted.value(first.key))
        const shown = yield* Effect.gen(function*() {
          const names = [yield* certificateOf]
          fs.writeFileSync(files.certificate, second.certificate)
          names.push(yield* certificateOf)
          fs.writeFileSync(files.key, Redacted.value(second.key))
          names.push(yield* certificateOf)
          return names
        }).pipe(Effect.provide(UndiciClientCertificate.layerFiles(files)))

        const names = [first, first, second].map(({ certificate }) =>
          ClientCertificate.name(Certificates.thumbprint(certificate))
        )
        assert.deepStrictEqual(shown, names)
      }))

    it.live("says which file it cannot read", () =>
      Effect.gen(function*() {
        const layer = UndiciClientCertificate.layerFiles({ certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" })

        const error = yield* Effect.flip(Effect.provide(certificateOf, layer))

        assert.strictEqual(
          error.message,
          "UndiciClientCertificate.layer: certificate: is a file that cannot be read"
        )
      }))
  })

  describe("layer", () => {
    it.live("takes no key that is not the certificate's, and quotes none", () =>
      Effect.gen(function*() {
        const { issue } = yield* Certificates.authority
        const [one, other] = [issue("app"), issue("app")]
        const wrong = [
          { certificate: one.certificate, key: other.key },
          { certificate: one.certificate, key: Redacted.make("-----BEGIN PRIVATE KEY-----\ncanary") },
          { certificate: "canary", key: one.key }
        ]

        const errors = yield* Effect.forEach(wrong, (material) =>
          Effect.flip(Effect.provide(certificateOf, UndiciClientCertificate.layer(Effect.succeed(material)))))

        assert.deepStrictEqual(
          errors.map(({ reason }) =>
            reason._tag === "ConfigurationInvalid" && reason.problem
          ),
          [
            "is not that of the certificate",
            "is not a private key in PEM, or encrypted with another passphrase",
            "is not a certificate in PEM"
          ]
        )
        assert.notInclude(JSON.stringify(errors.map(String)), "canary")
      }))
  })
})

interface Told {
  /** Without certificates: discovery. */
  readonly front: Certificates.Running
  /** For clients with a certificate. */
  readonly server: Certificates.Running
  readonly api: Certificates.Running
  /** Speaks TLS 1.2 at most. */
  readonly elder: Certificates.Running
  readonly stranger: Certificates.Running
  readonly old: Certificates.Running
  readonly impostor: Certificates.Running
  readonly authority: Certificates.Authority
  readonly pairs: readonly [Certificates.Pair, Certificates.Pair]
  readonly untrusted: Certificates.Pair
  /** Replaces the client's certificate. */
  readonly show: (pair: Certificates.Pair) => void
  readonly shown: () => Certificates.Pair
}

/** A server that knows its clients by their certificates, and an API that takes a token with its certificate only. */
class Bank extends Context.Service<Bank, Told>()("@effect-oauth/node/test/Bank") {}

const bank = Layer.effect(
  Bank,
  Effect.gen(function*() {
    const authority = yield* Certificates.authority
    const other = yield* Certificates.authority
    const own = authority.issue("127.0.0.1")
    const asking = { requestCert: true, ca: authority.certificate }
    const boundTo = new Map<string, string | undefined>()
    let shown = authority.issue("app")
    const pairs = [shown, authority.issue("app")] as const

    const server = yield* Certificates.listen(own, asking, ({ form, path, thumbprint }) => {
      if (path === "/mtls/introspect") {
        const bound = boundTo.get(form.get("token") ?? "")
        return { status: 200, body: { active: true, cnf: { "x5t#S256": bound } } }
      }
      const token = `t${boundTo.size + 1}`
      boundTo.set(token, thumbprint)
      return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: 3600, refresh_token: "r0" } }
    })
    const front = yield* Certificates.listen(own, {}, (_, origin) => {
      return {
        status: 200,
        body: {
          issuer: origin,
          token_endpoint: `${origin}/token`,
          introspection_endpoint: `${origin}/introspect`,
          tls_client_certificate_bound_access_tokens: true,
          mtls_endpoint_aliases: {
            token_endpoint: `${server.origin}/mtls/token`,
            introspection_endpoint: `${server.origin}/mtls/introspect`
          }
        }
      }
    })
    const api = yield* Certificates.listen(own, asking, ({ authorization, path, thumbprint }) => {
      if (path === "/open") return { status: 200 }
      const token = authorization?.replace("Bearer ", "") ?? ""
      return { status: path === "/things" && boundTo.get(token) === thumbprint ? 200 : 401 }
    })
    return {
      front,
      server,
      api,
      elder: yield* Certificates.listen(own, { ...asking, maxVersion: "TLSv1.2" }, () => ({ status: 200 })),
      stranger: yield* Certificates.listen(own, { ...asking, rejectUnauthorized: false }, () => ({ status: 200 })),
      old: yield* Certificates.listen(
        own,
        { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" },
        () => ({ status: 200 })
      ),
      impostor: yield* Certificates.listen(other.issue("127.0.0.1"), {}, () => ({ status: 200 })),
      authority,
      pairs,
      untrusted: other.issue("app"),
      show: (pair) => {
        shown = pair
      },
      shown: () => shown
    }
  })
)

const certificate = Layer.unwrap(
  Effect.map(
    Bank,
    ({ authority, shown }) =>
      UndiciClientCertificate.layer(Effect.sync(shown), { authorities: [authority.certificate] })
  )
)

/** Read as every request reads it. */
const certificateOf = Effect.flatMap(ClientCertificate.ClientCertificate, ({ current }) => current)

/** Reads what the server says of itself, without showing anything. */
const discovered = Layer.unwrap(Effect.gen(function*() {
  const { api, front } = yield* Bank
  const { client } = yield* ClientCertificate.ClientCertificate
  const reader = yield* Effect.provideService(
    ServerMetadata.make(),
    OAuthHttpClient.OAuthHttpClient,
    OAuthHttpClient.make(client([]))
  )
  const found = yield* Effect.fromResult(ServerMetadata.toOptions(yield* reader.get(front.origin)))
  return AuthorizationServer.layer(
    AuthorizationServer.make({ provider: "bank", ...found, apiOrigins: [api.origin] })
  )
}))

const confidentialClient = MutualTls.layer({ clientId: "app", method: "tls_client_auth" })

const publicClient = Layer.provide(MutualTls.layerBound, ClientAuthentication.layerNone({ clientId: "app" }))

const overCustody = <E, R>(client: Layer.Layer<MutualTls.MutualTls, E, R>) =>
  OAuthClient.layerWith().pipe(
    Layer.provideMerge(client),
    Layer.provide([
      TokenStore.layerMemory,
      PendingAuthorizations.layerMemory(),
      RefreshPolicy.layer({ minInterval: 0, waitAtMost: "10 seconds" })
    ])
  )

const application = (
  client: Layer.Layer<
    MutualTls.MutualTls,
    OAuthError.OAuthError,
    AuthorizationServer.AuthorizationServer | ClientCertificate.ClientCertificate
  > = confidentialClient
) =>
  overCustody(client).pipe(
    Layer.provide(discovered),
    Layer.provideMerge(certificate),
    Layer.provideMerge(bank)
  )

/** The same client by an HTTP client that shows nothing. */
const without = (to?: Certificates.Running) =>
  Layer.unwrap(Effect.map(Bank, ({ server }) => {
    const plain = Layer.effect(
      ClientCertificate.ClientCertificate,
      Effect.map(ClientCertificate.ClientCertificate, (real) => ({ ...real, client: () => real.client([]) }))
    )
    const described = AuthorizationServer.layer(
      AuthorizationServer.make({ provider: "bank", tokenEndpoint: `${(to ?? server).origin}/mtls/token` })
    )
    return overCustody(confidentialClient).pipe(
      Layer.provide(described),
      Layer.provide(plain),
      Layer.provide(certificate)
    )
  }))

const isRenewable = Effect.flatMap(
  TokenService.TokenService,
  (service) => Effect.map(service.status(service.key("ada")), (status) => Option.getOrThrow(status).renewable)
)

/** A grant that the application took over, renewed once. */
const adopted = Effect.gen(function*() {
  const service = yield* TokenService.TokenService
  const key = service.key("ada")
  yield* service.adopt(key, {
    accessToken: Redacted.make("t0"),
    tokenType: "Bearer",
    receivedAt: 0,
    refreshToken: Redacted.make("r0")
  })
  yield* service.refresh(key)
  return key
})

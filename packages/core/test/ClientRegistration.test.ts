import { AuthorizationServer, type ClientMetadata, ClientRegistration, type OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { type Handler, json, recording } from "./support/http.ts"
import * as Log from "./support/log.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("ClientRegistration", () => {
  describe("register", () => {
    it.effect("posts JSON, with the initial token and the statement as they are [7591-3-a] [7591-2.3-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* register({
          initialAccessToken: Redacted.make("initial-token"),
          softwareStatement: Redacted.make("eyJ.a.b")
        })

        assert.deepStrictEqual(requests.map(({ body, ...request }) => ({ ...request, body: JSON.parse(body) })), [{
          method: "POST",
          url: "https://as.example/register",
          headers: {
            accept: "application/json",
            authorization: "Bearer initial-token",
            "content-type": "application/json"
          },
          body: {
            redirect_uris: ["https://app.example/cb"],
            client_name: "App",
            client_uri: "https://app.example",
            software_statement: "eyJ.a.b"
          }
        }])
      }))

    it.effect("shows no token where none is needed [7591-3-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* register()

        assert.isUndefined(requests[0]?.headers["authorization"])
      }))

    it.effect("gives what the server registered, which replaces what was asked for [7591-3.2.1-b] [7591-3.2.1-a]", () =>
      Effect.gen(function*() {
        const { client } = yield* register({}, { scope: "read", client_id_issued_at: 1_893_456_000, vendor: 7 })

        assert.deepStrictEqual(client, {
          clientId: "c-1",
          clientSecret: Redacted.make("s-1"),
          issuedAt: 1_893_456_000_000,
          management: { uri: "https://as.example/clients?id=c-1", token: Redacted.make("r-1") },
          metadata: { redirectUris: ["https://app.example/cb"], scope: "read", others: { vendor: 7 } }
        })
      }))

    it.effect("takes zero for no end, and anything else for one [7591-3.2.1-c]", () =>
      Effect.gen(function*() {
        const never = yield* register({}, { client_secret_expires_at: 0 })
        const once = yield* register({}, { client_secret_expires_at: 1_893_456_000 })

        assert.deepStrictEqual([never.client.secretExpiresAt, once.client.secretExpiresAt], [
          undefined,
          1_893_456_000_000
        ])
      }))

    it.effect("needs no secret of a public client, and no management [7591-3.2.1-a]", () =>
      Effect.gen(function*() {
        const { client } = yield* register({}, {
          token_endpoint_auth_method: "none",
          client_secret: undefined,
          client_secret_expires_at: undefined,
          registration_access_token: undefined,
          registration_client_uri: undefined
        })

        assert.deepStrictEqual([client.clientSecret, client.management], [undefined, undefined])
      }))

    const invalid: Record<string, readonly [Readonly<Record<string, unknown>>, string]> = {
      "no identifier [7591-3.2.1-a]": [{ client_id: undefined }, "missing client_id"],
      "an identifier that is a number": [{ client_id: 1 }, "wrong-type client_id"],
      "a secret whose end is not told [7591-3.2.1-a]": [
        { client_secret_expires_at: undefined },
        "missing client_secret_expires_at"
      ],
      "a secret that is no text": [{ client_secret: {} }, "wrong-type client_secret"],
      "a secret with a line break": [{ client_secret: "a\nb" }, "out-of-range client_secret"],
      "no secret, though it authenticates by one": [{ client_secret: undefined }, "missing client_secret"],
      "an end before time began": [{ client_secret_expires_at: -1 }, "out-of-range client_secret_expires_at"],
      "a token, and no address [7592-3-a]": [
        { registration_client_uri: undefined },
        "missing registration_client_uri"
      ],
      "an address, and no token [7592-3-a]": [
        { registration_access_token: undefined },
        "missing registration_access_token"
      ],
      "an address by plain http": [
        { registration_client_uri: "http://as.example/c" },
        "out-of-range registration_client_uri"
      ],
      "a token that no header takes": [
        { registration_access_token: "a b" },
        "out-of-range registration_access_token"
      ],
      "metadata of the wrong type": [{ redirect_uris: "https://app.example/cb" }, "wrong-type redirect_uris"],
      "a way to authenticate that the client has not [7591-3.2.1-b]": [
        { token_endpoint_auth_method: "tls_client_auth" },
        "mismatch token_endpoint_auth_method"
      ],
      "not the redirect URI that was asked for [7591-3.2.1-b]": [
        { redirect_uris: ["https://evil.example/cb"] },
        "mismatch redirect_uris"
      ],
      "not the grant type that was asked for [7591-3.2.1-b]": [
        { grant_types: ["client_credentials"] },
        "mismatch grant_types"
      ]
    }
    for (const [name, [members, expected]] of Object.entries(invalid)) {
      it.effect(`does not believe an answer with ${name}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(register({}, members))

          const { reason } = error
          assert.strictEqual(
            reason._tag === "ResponseInvalid" ? `${reason.problem} ${reason.field}` : reason._tag,
            expected
          )
        }))
    }

    it.effect("hands on what may be kept of an answer that it does not believe", () =>
      Effect.gen(function*() {
        const judgement = yield* exchange(
          { _tag: "Register", metadata },
          () => Effect.sync(() => json(answer({ redirect_uris: 7 }), { status: 201 }))
        )

        const client = judgement._tag === "Unusable" ? judgement.client : undefined
        assert.deepStrictEqual([client?.clientId, client?.clientSecret, client?.management], [
          "c-1",
          Redacted.make("s-1"),
          { uri: "https://as.example/clients?id=c-1", token: Redacted.make("r-1") }
        ])
      }))

    for (
      const code of [
        "invalid_redirect_uri",
        "invalid_client_metadata",
        "invalid_software_statement",
        "unapproved_software_statement"
      ]
    ) {
      it.effect(`fails with ${code}, whatever else the error has [7591-3.2.2-a] [7591-3.2.2-b]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(
            registerAt(() =>
              Effect.sync(() => json({ error: code, error_description: "no", extra: [{}] }, { status: 400 }))
            )
          )

          assert.strictEqual(wordsOf(error), `RequestRefused ${code}`)
        }))
    }

    const answers: Record<string, readonly [() => Response, string]> = {
      "a wrong initial token": [() => new Response(null, { status: 401 }), "RequestRefused invalid_token"],
      "nobody who may": [() => new Response(null, { status: 403 }), "RequestRefused insufficient_scope"],
      "200, which is another status [7591-3.2.1-a]": [() => json(answer({})), "ResponseInvalid"],
      "a page": [
        () => new Response("<html>", { status: 201, headers: { "content-type": "text/html" } }),
        "ResponseInvalid"
      ],
      "a list": [() => json([], { status: 201 }), "ResponseInvalid"],
      "half a text": [
        () => new Response("{\"cl", { status: 201, headers: { "content-type": "application/json" } }),
        "ResponseInvalid"
      ],
      "429": [() => new Response(null, { status: 429 }), "ServerUnavailable"],
      "500": [() => new Response(null, { status: 500 }), "AnswerLost"],
      "a redirect": [() => new Response(null, { status: 307 }), "RedirectRefused"]
    }
    for (const [name, [response, expected]] of Object.entries(answers)) {
      it.effect(`fails, and asks once: ${name}`, () =>
        Effect.gen(function*() {
          const http = recording(() => Effect.sync(response))

          const error = yield* Effect.flip(Effect.provide(registration.register(metadata), setting(http.layer)))

          assert.strictEqual(wordsOf(error), expected)
          assert.lengthOf(http.requests, 1)
        }))
    }

    it.effect("says that an answer was lost, and that the request may have been processed", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(registerAt(() => Effect.fail({ code: "ECONNRESET" })))

        assert.strictEqual(wordsOf(error), "AnswerLost")
        assert.include(error.message, "may have been processed")
      }))

    it.effect("sends nothing that cannot work [7591-2-a] [7591-2-h] [7591-5-b]", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => json({})))
        const wrong: ReadonlyArray<ClientMetadata.Requested> = [
          { redirectUris: ["http://app.example/cb"] },
          { redirectUris: ["https://app.example/cb"], jwks: { keys: [{ kty: "EC", d: canary }] } }
        ]

        const errors = yield* Effect.forEach(wrong, (metadata) => Effect.flip(registration.register(metadata))).pipe(
          Effect.provide(setting(http.layer))
        )

        assert.deepStrictEqual(errors.map(wordsOf), [
          "ConfigurationInvalid redirectUris",
          "ConfigurationInvalid jwks"
        ])
        assert.deepStrictEqual(errors.flatMap(leaks), [])
        assert.lengthOf(http.requests, 0)
      }))

    it.effect("needs an endpoint", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => json({})))

        const error = yield* Effect.flip(
          Effect.provide(registration.register(metadata), setting(http.layer, {}))
        )

        assert.strictEqual(wordsOf(error), "ConfigurationInvalid registrationEndpoint")
      }))

    it.effect("warns of a client that people will not know [7591-2-d] [7591-2-e]", () =>
      Effect.gen(function*() {
        const { heard: warnings, layer: logger } = Log.listening()
        const http = recording(() => Effect.sync(() => json(answer({}), { status: 201 })))

        yield* registration.register({ redirectUris: ["https://app.example/cb"] }).pipe(
          Effect.provide([setting(http.layer), logger])
        )

        assert.lengthOf(warnings, 2)
      }))
  })

  describe("of a registered client", () => {
    it.effect("reads, updates and deletes at the address that was given, with its token [7592-2-a] [7592-B-a]", () =>
      Effect.gen(function*() {
        const http = recording(({ method }) =>
          Effect.sync(() => method === "DELETE" ? new Response(null, { status: 204 }) : json(answer({})))
        )

        yield* Effect.gen(function*() {
          yield* registration.read(registered)
          yield* registration.update(registered, {})
          yield* registration.remove(registered)
        }).pipe(Effect.provide(setting(http.layer)))

        assert.deepStrictEqual(
          http.requests.map(({ headers, method, url }) => [method, url, headers["authorization"]]),
          [
            ["GET", "https://as.example/clients?id=c-1", "Bearer r-1"],
            ["PUT", "https://as.example/clients?id=c-1", "Bearer r-1"],
            ["DELETE", "https://as.example/clients?id=c-1", "Bearer r-1"]
          ]
        )
      }))

    it.effect("sends everything as it was last told, with the change [7592-2.2-a] [7592-2.2-c] [7592-2.2-d] [7592-2.2-b]", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => json(answer({}))))

        yield* Effect.provide(
          registration.update(registered, { clientName: "Renamed", scope: undefined }),
          setting(http.layer)
        )

        assert.deepStrictEqual(JSON.parse(http.requests[0]?.body ?? ""), {
          client_id: "c-1",
          client_secret: "s-1",
          redirect_uris: ["https://app.example/cb"],
          client_name: "Renamed",
          vendor: 7
        })
      }))

    it.effect("leaves the secret away where there is none [7592-2.2-d]", () =>
      Effect.gen(function*() {
        const { clientSecret: _, ...publicClient } = registered
        const http = recording(() => Effect.sync(() => json(answer({ token_endpoint_auth_method: "none" }))))

        yield* Effect.provide(registration.update(publicClient, {}), setting(http.layer))

        assert.notProperty(JSON.parse(http.requests[0]?.body ?? ""), "client_secret")
      }))

    it.effect("has the secret and the token of the answer, and those before no more [7592-2.1-a] [7592-A.1-a]", () =>
      Effect.gen(function*() {
        const http = recording(() =>
          Effect.sync(() => json(answer({ client_secret: "s-2", registration_access_token: "r-2" })))
        )

        yield* Effect.gen(function*() {
          const client = yield* registration.read(registered)
          yield* registration.read(client)
          assert.deepStrictEqual([client.clientSecret, client.management?.token], [
            Redacted.make("s-2"),
            Redacted.make("r-2")
          ])
        }).pipe(Effect.provide(setting(http.layer)))

        assert.strictEqual(http.requests[1]?.headers["authorization"], "Bearer r-2")
      }))

    it.effect("keeps its secret where an answer tells none", () =>
      Effect.gen(function*() {
        const client = yield* read({ client_secret: undefined, client_secret_expires_at: undefined })

        assert.deepStrictEqual(client.clientSecret, Redacted.make("s-1"))
      }))

    const invalid: Record<string, readonly [Readonly<Record<string, unknown>>, string]> = {
      "another identifier [7592-2.1-b]": [{ client_id: "c-2" }, "mismatch client_id"],
      "no identifier [7592-2.1-b]": [{ client_id: undefined }, "missing client_id"],
      "no address [7592-3-a]": [{ registration_client_uri: undefined }, "missing registration_client_uri"],
      "no token [7592-3-a]": [{ registration_access_token: undefined }, "missing registration_access_token"],
      "neither [7592-3-a]": [
        { registration_access_token: undefined, registration_client_uri: undefined },
        "missing registration_client_uri"
      ]
    }
    for (const [name, [members, expected]] of Object.entries(invalid)) {
      it.effect(`does not believe an answer with ${name}`, () =>
        Effect.gen(function*() {
          const { reason } = yield* Effect.flip(read(members))

          assert.strictEqual(
            reason._tag === "ResponseInvalid" ? `${reason.problem} ${reason.field}` : reason._tag,
            expected
          )
        }))
    }

    it.effect("of an answer that is not believed the new token is handed on, but of another client nothing", () =>
      Effect.gen(function*() {
        const told = (members: Readonly<Record<string, unknown>>) =>
          exchange({ _tag: "Read", client: registered }, () => Effect.sync(() => json(answer(members))))

        const own = yield* told({ registration_access_token: "r-2", registration_client_uri: undefined })
        const foreign = yield* told({ registration_access_token: "r-2", client_id: "c-2" })

        assert.deepStrictEqual(
          own._tag === "Unusable" && own.client?.management,
          { uri: "https://as.example/clients?id=c-1", token: Redacted.make("r-2") }
        )
        assert.isTrue(foreign._tag === "Unusable" && foreign.client === undefined)
      }))

    const deletions: Record<string, readonly [number, string]> = {
      "204": [204, "Deleted"],
      "200": [200, "Unusable ResponseInvalid"],
      "401": [401, "Refused RequestRefused invalid_token"],
      "403": [403, "Refused RequestRefused insufficient_scope"],
      "404": [404, "Refused ResponseInvalid"],
      "405": [405, "Refused ResponseInvalid"],
      "503": [503, "NotProcessed ServerUnavailable"],
      "500": [500, "Ambiguous AnswerLost"]
    }
    for (const [name, [status, expected]] of Object.entries(deletions)) {
      it.effect(`tells a deletion with ${name} apart [7592-2.3-a]`, () =>
        Effect.gen(function*() {
          const judgement = yield* exchange(
            { _tag: "Delete", client: registered },
            () => Effect.sync(() => new Response(null, { status }))
          )

          assert.strictEqual(
            "reason" in judgement ? `${judgement._tag} ${words(judgement.reason)}` : judgement._tag,
            expected
          )
        }))
    }

    it.effect("without an address is not looked for elsewhere [7592-B-b]", () =>
      Effect.gen(function*() {
        const { management: _, ...unmanaged } = registered
        const http = recording(() => Effect.sync(() => json(answer({}))))

        const error = yield* Effect.flip(Effect.provide(registration.read(unmanaged), setting(http.layer)))

        assert.strictEqual(wordsOf(error), "ConfigurationInvalid registration_client_uri")
        assert.lengthOf(http.requests, 0)
      }))

    it.effect("is the same after encoding and decoding", () =>
      Effect.gen(function*() {
        const codec = Schema.fromJsonString(ClientRegistration.Registered)

        const back = yield* Schema.decodeEffect(codec)(yield* Schema.encodeEffect(codec)(registered))

        assert.deepStrictEqual(back, registered)
      }))

    it("shows neither its secret nor its token [7592-5-a]", () => {
      const client: ClientRegistration.Registered = {
        ...registered,
        clientSecret: Redacted.make(canary),
        management: { uri: "https://as.example/c", token: Redacted.make(canary) }
      }

      assert.deepStrictEqual(leaks(client), [])
    })

    it.effect("keeps its token out of errors [7592-5-a]", () =>
      Effect.gen(function*() {
        const client = { ...registered, management: { uri: "https://as.example/c", token: Redacted.make(canary) } }
        const http = recording(() => Effect.fail({ code: "ECONNRESET", message: canary }))

        const error = yield* Effect.flip(Effect.provide(registration.read(client), setting(http.layer)))

        assert.deepStrictEqual(leaks(error), [])
      }))
  })
})

const metadata: ClientMetadata.Requested = {
  redirectUris: ["https://app.example/cb"],
  clientName: "App",
  clientUri: "https://app.example"
}

const registered: ClientRegistration.Registered = {
  clientId: "c-1",
  clientSecret: Redacted.make("s-1"),
  management: { uri: "https://as.example/clients?id=c-1", token: Redacted.make("r-1") },
  metadata: { redirectUris: ["https://app.example/cb"], clientName: "App", scope: "read", others: { vendor: 7 } }
}

/** What a server answers, with changes; `undefined` leaves a member out. */
const answer = (members: Readonly<Record<string, unknown>>) => ({
  client_id: "c-1",
  client_secret: "s-1",
  client_secret_expires_at: 0,
  registration_access_token: "r-1",
  registration_client_uri: "https://as.example/clients?id=c-1",
  redirect_uris: ["https://app.example/cb"],
  ...members
})

const registration = {
  register: (metadata: ClientMetadata.Requested, options?: ClientRegistration.RegisterOptions) =>
    ClientRegistration.ClientRegistration.use((service) => service.register(metadata, options)),
  read: (client: ClientRegistration.Registered) =>
    ClientRegistration.ClientRegistration.use((service) => service.read(client)),
  update: (client: ClientRegistration.Registered, changes: ClientRegistration.Changes) =>
    ClientRegistration.ClientRegistration.use((service) => service.update(client, changes)),
  remove: (client: ClientRegistration.Registered) =>
    ClientRegistration.ClientRegistration.use((service) => service.remove(client))
}

const setting = (
  http: ReturnType<typeof recording>["layer"],
  endpoint: Pick<AuthorizationServer.Options, "registrationEndpoint"> = {
    registrationEndpoint: "https://as.example/register"
  }
) =>
  ClientRegistration.layer.pipe(Layer.provide([
    http,
    AuthorizationServer.layer(AuthorizationServer.make({
      provider: "acme",
      tokenEndpoint: "https://as.example/token",
      ...endpoint
    }))
  ]))

const register = Effect.fnUntraced(function*(
  options?: ClientRegistration.RegisterOptions,
  members: Readonly<Record<string, unknown>> = {}
) {
  const http = recording(() => Effect.sync(() => json(answer(members), { status: 201 })))
  const client = yield* Effect.provide(registration.register(metadata, options), setting(http.layer))
  return { client, requests: http.requests }
})

const registerAt = (handler: Handler) =>
  Effect.provide(registration.register(metadata), setting(recording(handler).layer))

const read = (members: Readonly<Record<string, unknown>>) =>
  Effect.provide(
    registration.read(registered),
    setting(recording(() => Effect.sync(() => json(answer(members)))).layer)
  )

const exchange = (call: ClientRegistration.Call, handler: Handler) =>
  Effect.provide(
    ClientRegistration.ClientRegistration.use((service) => service.exchange(call)),
    setting(recording(handler).layer)
  )

const words = (reason: OAuthError.OAuthErrorReason): string => {
  const field = reason._tag === "ConfigurationInvalid" ? reason.field : "code" in reason ? reason.code : ""
  return `${reason._tag} ${field}`.trim()
}

const wordsOf = ({ reason }: OAuthError.OAuthError): string => words(reason)

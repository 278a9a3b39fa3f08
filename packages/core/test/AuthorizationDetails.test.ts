import {
  AuthorizationDetails,
  AuthorizationServer,
  ClientAuthentication,
  ClientCredentials,
  DeviceAuthorization,
  Grant,
  Introspection,
  Login,
  type OAuthError,
  Target,
  TokenEndpoint,
  TokenResponse,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Result, Schema } from "effect"
import * as App from "./support/App.ts"
import { json, recording } from "./support/http.ts"
import * as Log from "./support/log.ts"

describe("AuthorizationDetails", () => {
  describe("parameters", () => {
    it("writes a list of JSON objects, each with its type [9396-2-a]", () => {
      assert.deepStrictEqual(
        AuthorizationDetails.parameters([payment, accounts], undefined),
        Result.succeed([[
          "authorization_details",
          JSON.stringify([payment, accounts])
        ]])
      )
    })

    it("writes nothing where nothing is asked for", () => {
      assert.deepStrictEqual(AuthorizationDetails.parameters([], []), Result.succeed([]))
    })

    const unusable: Record<string, unknown> = {
      "an object without a type [9396-2-a]": [{ actions: ["read"] }],
      "a type that is no text [9396-2-a]": [{ type: 7 }],
      "an empty type": [{ type: "" }],
      "a text": ["payment"],
      "a list within the list": [[]],
      "what is no list": payment
    }
    for (const [name, details] of Object.entries(unusable)) {
      it(`refuses ${name}`, () => {
        // as JavaScript would have it
        const made = AuthorizationDetails.parameters(Object(details), undefined)

        assert.strictEqual(made._tag === "Failure" ? made.failure.field : "", "authorizationDetails")
      })
    }

    it("refuses a type that the server does not list [9396-10-a]", () => {
      const made = AuthorizationDetails.parameters([payment], ["account_information"])

      assert.include(made._tag === "Failure" ? made.failure.problem : "", "payment_initiation")
    })
  })

  describe("typed", () => {
    it("are encoded and decoded by the application's schema [9396-7-a]", () => {
      const values = [{ type: "payment_initiation", amount: 12n }] as const

      const details = Result.getOrThrow(AuthorizationDetails.encode(Payment, values))
      const back = AuthorizationDetails.decode(Payment, Redacted.make(details))

      assert.deepStrictEqual(details, [{ type: "payment_initiation", amount: "12" }])
      assert.deepStrictEqual(back, Result.succeed([...values]))
    })

    it("are refused by the member that is wrong", () => {
      // as JavaScript would have it
      const made = AuthorizationDetails.encode(Payment, Object([{ type: "payment_initiation" }]))

      assert.strictEqual(made._tag === "Failure" ? wordsOf(made.failure) : "", "ConfigurationInvalid 0.amount")
    })

    it("are refused where the server granted something else, and nothing of it is quoted", () => {
      const granted = Redacted.make([{ type: "payment_initiation", amount: "DE02 1001 0010" }])

      const made = AuthorizationDetails.decode(Payment, granted)

      assert.strictEqual(
        made._tag === "Failure" ? wordsOf(made.failure) : "",
        "ResponseInvalid authorization_details"
      )
      assert.notInclude(JSON.stringify(made) + String(made), "DE02")
    })
  })

  describe("compare", () => {
    const read = { ...accounts, actions: ["read"] }
    const chosen = { ...accounts, identifier: "A-1" }

    it("finds what was taken away, in whole and in part [9396-7-b]", () => {
      const comparison = AuthorizationDetails.compare([payment, accounts], [read])

      assert.deepStrictEqual(comparison, {
        same: [],
        changed: [{ asked: accounts, granted: read, members: ["actions"] }],
        missing: [payment],
        added: []
      })
    })

    it("finds what was filled in, and what nobody asked for [9396-7-b]", () => {
      const comparison = AuthorizationDetails.compare([accounts], [chosen, payment])

      assert.deepStrictEqual(comparison.changed, [{ asked: accounts, granted: chosen, members: ["identifier"] }])
      assert.deepStrictEqual(comparison.added, [payment])
      assert.isFalse(AuthorizationDetails.isAsAsked(comparison))
    })

    it("does not mind the order of members", () => {
      const turned = Object.fromEntries(Object.entries(accounts).toReversed())

      const comparison = AuthorizationDetails.compare([accounts], [{ type: accounts.type, ...turned }])

      assert.isTrue(AuthorizationDetails.isAsAsked(comparison))
    })

    it("keeps one identifier's details from another's", () => {
      const other = { ...accounts, identifier: "A-2" }

      const comparison = AuthorizationDetails.compare([chosen], [other])

      assert.deepStrictEqual([comparison.missing, comparison.added], [[chosen], [other]])
    })
  })

  describe("in a login", () => {
    it.effect("go into the address as one parameter of JSON [9396-3-a] [9396-2-a]", () =>
      Effect.gen(function*() {
        const { url } = yield* begin([payment])

        const sent = new URL(url).searchParams.get("authorization_details") ?? ""
        assert.deepStrictEqual(JSON.parse(sent), [payment])
      }).pipe(Effect.provide(app())))

    it.effect("are pushed, and pass no browser [9396-3-a] [9396-13-a]", () =>
      Effect.gen(function*() {
        const { url } = yield* begin([payment])

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const [pushed] = yield* server.exchanges
        assert.deepStrictEqual(JSON.parse(pushed?.parameters["authorization_details"] ?? ""), [payment])
        assert.deepStrictEqual([...new URL(url).searchParams.keys()], ["client_id", "request_uri"])
      }).pipe(Effect.provide(app({ pushedRequests: "offered" }))))

    it.effect("in an address are warned of, and refused where that is asked for [9396-12-a]", () =>
      Effect.gen(function*() {
        const { heard: warnings, layer: logger } = Log.listening()
        yield* Effect.provide(begin([payment]), logger)

        const error = yield* Effect.flip(begin([payment], { exposedDetails: "refused" }))

        assert.lengthOf(warnings, 1)
        assert.notInclude(String(warnings), "123.50")
        assert.strictEqual(wordsOf(error), "ConfigurationInvalid authorizationDetails")
      }).pipe(Effect.provide(app())))

    it.effect("that are pushed are warned of by nobody [9396-12-a]", () =>
      Effect.gen(function*() {
        const { heard: warnings, layer: logger } = Log.listening()

        yield* Effect.provide(begin([payment], { exposedDetails: "refused" }), logger)

        assert.lengthOf(warnings, 0)
      }).pipe(Effect.provide(app({ pushedRequests: "offered" }))))

    it.effect("of a type that the server does not list are refused before anything is sent [9396-10-a]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(begin([{ type: "unheard_of" }]))

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        assert.strictEqual(wordsOf(error), "ConfigurationInvalid authorizationDetails")
        assert.lengthOf(yield* server.exchanges, 0)
      }).pipe(Effect.provide(app({ pushedRequests: "offered" }))))

    it.effect("are compared with what the person agreed to [9396-7-b]", () =>
      Effect.gen(function*() {
        const begun = yield* begin([payment, accounts])
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const less = { ...accounts, actions: ["read"] }

        const answer = yield* server.authorize(begun.url, { authorizationDetails: () => [less] })
        const { consent } = yield* Login.Login.use(({ complete }) => complete(answer))

        assert.deepStrictEqual(
          Option.map(consent, Redacted.value),
          Option.some({
            same: [],
            changed: [{ asked: accounts, granted: less, members: ["actions"] }],
            missing: [payment],
            added: []
          })
        )
      }).pipe(Effect.provide(app())))

    it.effect("of which the answer says nothing are not taken for granted [9396-7-b]", () =>
      Effect.gen(function*() {
        const begun = yield* begin([payment])
        const server = yield* TestAuthorizationServer.TestAuthorizationServer

        const answer = yield* server.authorize(begun.url)
        const { consent, key } = yield* Login.Login.use(({ complete }) => complete(answer))

        const status = Option.getOrThrow(yield* TokenService.TokenService.use((service) => service.status(key)))
        assert.deepStrictEqual(Option.map(consent, (told) => Redacted.value(told).missing), Option.some([payment]))
        assert.isTrue(Option.isNone(status.authorizationDetails))
      }).pipe(Effect.provide(app({ answers: { members: { authorization_details: null } } }))))

    it.effect("are kept with the grant, and renewals keep them [9396-7-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([payment, accounts])
        const service = yield* TokenService.TokenService

        const before = Option.getOrThrow(yield* service.status(key)).authorizationDetails
        yield* service.refresh(key)
        const after = Option.getOrThrow(yield* service.status(key)).authorizationDetails

        assert.deepStrictEqual(Option.map(before, Redacted.value), Option.some([payment, accounts]))
        assert.deepStrictEqual(after, before)
      }).pipe(Effect.provide(app())))

    it.effect("stay out of what is printed of the grant and its status [9396-13-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([payment])
        const store = yield* TokenStore.TokenStore
        const service = yield* TokenService.TokenService

        const printed = JSON.stringify([yield* store.read(key), yield* service.status(key)])

        assert.notInclude(printed, "123.50")
      }).pipe(Effect.provide(app())))

    it.effect("are refused by the server in both channels, by a known code [9396-5-a]", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const begun = yield* begin([payment])
        const back = yield* server.authorize(begun.url, { error: "invalid_authorization_details" })
        const front = yield* Effect.flip(Login.Login.use(({ complete }) => complete(back)))

        const endpoint = yield* TokenEndpoint.TokenEndpoint
        const direct = yield* Effect.flip(endpoint.request({
          grantType: "client_credentials",
          parameters: [["authorization_details", JSON.stringify([{ type: "unheard_of" }])]]
        }))

        assert.strictEqual(wordsOf(front), "AuthorizationRefused invalid_authorization_details")
        assert.strictEqual(wordsOf(direct), "RequestRefused invalid_authorization_details")
      }).pipe(Effect.provide(app())))
  })

  describe("of a target", () => {
    it.effect("are asked for with the one refresh token, and have a token of their own [9396-6-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([payment, accounts])
        const service = yield* TokenService.TokenService
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const narrow = Target.make({ authorizationDetails: [accounts] })

        const token = yield* service.token(key, narrow)
        const again = yield* service.token(key, narrow)
        const whole = yield* service.token(key)

        const [asked, ...others] = (yield* server.exchanges).filter(
          ({ parameters }) => parameters["grant_type"] === "refresh_token"
        )
        assert.deepStrictEqual(JSON.parse(asked?.parameters["authorization_details"] ?? ""), [accounts])
        assert.lengthOf(others, 0)
        assert.strictEqual(Redacted.value(again.value), Redacted.value(token.value))
        assert.notStrictEqual(Redacted.value(whole.value), Redacted.value(token.value))
      }).pipe(Effect.provide(app())))

    it.effect("are what its record and the server say of its token [9396-7-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([payment, accounts])
        const target = Target.make({ authorizationDetails: [accounts] })
        const service = yield* TokenService.TokenService
        const { value } = yield* service.token(key, target)

        const { grant } = yield* TokenStore.TokenStore.use((store) => store.read(key))
        const told = yield* Introspection.Introspection.use(({ introspect }) => introspect(value))

        const kept = grant === undefined ? undefined : Grant.accessToken(grant, target.id)?.authorizationDetails
        assert.deepStrictEqual(kept === undefined ? undefined : Redacted.value(kept), [accounts])
        assert.deepStrictEqual(
          told._tag === "Active" && told.authorizationDetails !== undefined &&
            Redacted.value(told.authorizationDetails),
          [accounts]
        )
        assert.notInclude(JSON.stringify(told), "account_information")
      }).pipe(Effect.provide(Layer.provideMerge(Introspection.layer, app()))))

    it.effect("are refused where the grant has none of that type, and nothing is presented [9396-6-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([accounts])
        const service = yield* TokenService.TokenService
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const before = (yield* server.exchanges).length

        const error = yield* Effect.flip(service.token(key, Target.make({ authorizationDetails: [payment] })))

        assert.strictEqual(wordsOf(error), "ConfigurationInvalid target.authorizationDetails")
        assert.lengthOf(yield* server.exchanges, before)
      }).pipe(Effect.provide(app())))

    it.effect("are refused where the server does not list their type [9396-10-a]", () =>
      Effect.gen(function*() {
        const key = yield* loggedIn([accounts])
        const service = yield* TokenService.TokenService
        const target = Target.make({ authorizationDetails: [{ type: "unheard_of" }] })

        const errors = [
          yield* Effect.flip(service.token(key, target)),
          yield* Effect.flip(service.bind(key, target).token)
        ]

        assert.deepStrictEqual(errors.map(wordsOf), [
          "ConfigurationInvalid authorizationDetails",
          "ConfigurationInvalid authorizationDetails"
        ])
      }).pipe(Effect.provide(app())))
  })

  it.effect("go with the client's own request [9396-6-a]", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source({ authorizationDetails: [accounts] })
      yield* source.token

      const unknown = yield* ClientCredentials.source({ authorizationDetails: [{ type: "unheard_of" }] })
      const error = yield* Effect.flip(unknown.token)

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const [sent, ...others] = yield* server.exchanges
      assert.deepStrictEqual(JSON.parse(sent?.parameters["authorization_details"] ?? ""), [accounts])
      assert.strictEqual(wordsOf(error), "ConfigurationInvalid authorizationDetails")
      assert.lengthOf(others, 0)
    }).pipe(Effect.provide(app())))

  it.effect("go with a device's request [9396-3-a]", () =>
    Effect.gen(function*() {
      const device = yield* DeviceAuthorization.DeviceAuthorization
      yield* device.start({ authorizationDetails: [accounts] })

      const error = yield* Effect.flip(device.start({ authorizationDetails: [{ type: "unheard_of" }] }))

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const [sent] = yield* server.exchanges
      assert.deepStrictEqual(JSON.parse(sent?.parameters["authorization_details"] ?? ""), [accounts])
      assert.strictEqual(wordsOf(error), "ConfigurationInvalid authorizationDetails")
    }).pipe(Effect.provide(Layer.provideMerge(DeviceAuthorization.layer, app()))))

  describe("in an answer", () => {
    const hostile: Record<string, unknown> = {
      "an object": payment,
      "a text": JSON.stringify([payment]),
      "a list of texts": ["payment"],
      "an object without a type": [{ amount: 1 }],
      "something that nests without end": [{ type: "a", deep: nested(40) }]
    }
    for (const [name, details] of Object.entries(hostile)) {
      it(`release no token where they are ${name} [9396-7-a]`, () => {
        const body = { access_token: "a", token_type: "Bearer", refresh_token: "r", authorization_details: details }
        const judgement = TokenResponse.judge({
          origin: "https://as.example",
          status: 200,
          headers: { "content-type": "application/json" },
          body: new TextEncoder().encode(JSON.stringify(body)),
          sentAt: 0
        })

        assert.strictEqual(
          judgement._tag === "Unusable" && judgement.reason._tag === "ResponseInvalid" && judgement.reason.field,
          "authorization_details"
        )
        // what can be kept of it is kept
        assert.isTrue(judgement._tag === "Unusable" && judgement.refreshToken !== undefined)
      })
    }

    it.effect("about a token are refused where they are none", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => json({ active: true, authorization_details: "all" })))

        const error = yield* Introspection.Introspection.use(({ introspect }) => introspect(Redacted.make("t"))).pipe(
          Effect.flip,
          Effect.provide(Introspection.layer.pipe(Layer.provide([
            http.layer,
            ClientAuthentication.layerBasic({ clientId: "app", clientSecret: Redacted.make("s") }),
            AuthorizationServer.layer(AuthorizationServer.make({
              provider: "acme",
              tokenEndpoint: "https://as.example/token",
              introspectionEndpoint: "https://as.example/introspect"
            }))
          ])))
        )

        assert.strictEqual(wordsOf(error), "ResponseInvalid authorization_details")
      }))
  })
})

const payment = { type: "payment_initiation", amount: { currency: "EUR", amount: "123.50" }, creditor: "Merchant" }
const accounts = { type: "account_information", actions: ["read", "list"], locations: ["https://api.test"] }

const Payment = Schema.Struct({ type: Schema.Literal("payment_initiation"), amount: Schema.BigIntFromString })

const app = (options: TestAuthorizationServer.Options = {}) =>
  App.layer({ authorizationDetailsTypes: [payment.type, accounts.type], ...options })

const begin = (
  authorizationDetails: AuthorizationDetails.AuthorizationDetails,
  options: Partial<Login.Options> = {}
) =>
  Login.Login.use((login) =>
    login.begin({
      account: "ada",
      redirectUri: "https://app.test/callback",
      scopes: [],
      authorizationDetails,
      ...options
    })
  )

const loggedIn = Effect.fnUntraced(function*(details: AuthorizationDetails.AuthorizationDetails) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const begun = yield* begin(details)
  const answer = yield* server.authorize(begun.url)
  return (yield* Login.Login.use(({ complete }) => complete(answer))).key
})

function nested(depth: number): unknown {
  return depth === 0 ? 0 : [nested(depth - 1)]
}

const wordsOf = ({ reason }: OAuthError.OAuthError): string => {
  const what = "code" in reason ? reason.code : "field" in reason ? reason.field : ""
  return `${reason._tag} ${what ?? ""}`.trim()
}

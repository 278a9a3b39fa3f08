import {
  ClientAuthentication,
  ClientCredentials,
  ClientRegistration,
  OAuthError,
  RegisteredClient,
  RegistrationStore,
  TokenEndpoint
} from "@effect-oauth/core"
import { ClientAssertion } from "@effect-oauth/core/jose"
import { Fault, TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Logger, Redacted, Result, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Log from "./support/log.ts"

describe("RegisteredClient", () => {
  describe("current", () => {
    it.effect("registers once, and is known from then on", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient

        const first = yield* client.current
        const second = yield* client.current

        assert.deepStrictEqual(second, first)
        assert.lengthOf(yield* calls, 1)
      }).pipe(Effect.provide(setting())))

    it.effect("registers once for all who ask at once, in two processes", () =>
      Effect.gen(function*() {
        const [one, other] = [yield* process(), yield* process()]
        yield* slow

        const asking = yield* Effect.forkChild(
          Effect.all([one.current, other.current, other.current], { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("5 seconds")
        const clients = yield* Fiber.join(asking)

        assert.strictEqual(new Set(clients.map(({ clientId }) => clientId)).size, 1)
        assert.lengthOf(yield* calls, 1)
      }).pipe(Effect.provide(world())))

    it.effect("keeps what came for who was interrupted meanwhile", () =>
      Effect.gen(function*() {
        const client = yield* process()
        yield* slowly("3 seconds")
        const asking = yield* Effect.forkChild(client.current)
        yield* TestClock.adjust("1 second")
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(asking))
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(interrupting)

        const { clientId } = yield* client.current

        assert.match(clientId, /^test-client-/)
        assert.lengthOf(yield* calls, 1)
      }).pipe(Effect.provide(world())))

    it.effect("reports an answer that was lost, and registers anew only when told to", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.answerLost("reset"), { endpoint: "registration" })

        const errors = [yield* Effect.flip(client.current), yield* Effect.flip(client.current)]
        const before = yield* calls
        const reset = yield* client.reset
        const registered = yield* client.current

        assert.deepStrictEqual(errors.map(reasonOf), ["AnswerLost", "AnswerLost"])
        assert.lengthOf(before, 1)
        assert.isTrue(reset)
        assert.match(registered.clientId, /^test-client-/)
      }).pipe(Effect.provide(setting())))

    it.effect("registers anew after an answer was lost, where that is said", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.answerLost("reset"), { endpoint: "registration" })

        const error = yield* Effect.flip(client.current)
        const registered = yield* client.current

        assert.strictEqual(reasonOf(error), "AnswerLost")
        assert.match(registered.clientId, /^test-client-/)
      }).pipe(Effect.provide(setting({ whenLost: "again" }))))

    it.effect("takes a process that died over its registration for a lost answer, once its lease is over", () =>
      Effect.gen(function*() {
        const dying = yield* process()
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.answerLost("silence"), { endpoint: "registration" })
        yield* Effect.forkChild(dying.current)
        yield* TestClock.adjust("1 second")
        const standing = yield* RegistrationStore.RegistrationStore.use(({ read }) => read(key))

        const other = yield* process({ lease: "2 minutes" }, (store) => ({
          ...store,
          // what a store has of a process that never came back
          read: () => Effect.succeed(standing)
        }))
        yield* TestClock.adjust("2 minutes")
        const error = yield* Effect.flip(other.current)

        assert.strictEqual(standing?.registration.state._tag, "Calling")
        assert.strictEqual(reasonOf(error), "AnswerLost")
      }).pipe(Effect.provide(world())))

    it.effect("has nothing to report where nothing was sent", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.connectionRefused, { endpoint: "registration" })

        const error = yield* Effect.flip(client.current)
        const registered = yield* client.current

        assert.strictEqual(reasonOf(error), "RequestNotSent")
        assert.match(registered.clientId, /^test-client-/)
      }).pipe(Effect.provide(setting())))

    it.effect("does not use what fails a check, and keeps what can mend it", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.respondWith(({ method }) =>
          method === "POST"
            ? TestHttp.json({ ...answer, grant_types: ["client_credentials"] }, { status: 201 })
            : TestHttp.json(answer)
        )

        const errors = [yield* Effect.flip(client.current), yield* Effect.flip(client.current)]
        const mended = yield* client.read

        assert.deepStrictEqual(errors.map(reasonOf), ["ResponseInvalid", "ResponseInvalid"])
        assert.strictEqual(mended.clientId, "c")
        assert.deepStrictEqual((yield* client.current).clientId, "c")
        assert.lengthOf((yield* calls).filter(({ method }) => method === "POST"), 1)
      }).pipe(Effect.provide(setting())))

    it.effect("shows the initial token, and is refused without", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip((yield* process()).current)
        const { clientId } = yield* (yield* process({ initialAccessToken: Redacted.make("first") })).current

        assert.strictEqual(reasonOf(error), "RequestRefused")
        assert.match(clientId, /^test-client-/)
      }).pipe(Effect.provide(world({ initialAccessToken: "first" }))))

    it.effect("shows the software statement, and is refused with another", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip((yield* process({ softwareStatement: Redacted.make("a.b.c") })).current)
        const { clientId } = yield* (yield* process({ softwareStatement: Redacted.make("x.y.z") })).current

        assert.include(error.message, "unapproved_software_statement")
        assert.match(clientId, /^test-client-/)
      }).pipe(Effect.provide(world({ softwareStatement: "x.y.z" }))))
  })

  describe("read and update", () => {
    it.effect("keep the secret and the token that the server gave, and use them next [7592-2.1-a] [7592-A.1-a]", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const first = yield* client.current

        const second = yield* client.read
        const third = yield* client.update({ clientName: "Renamed" })

        const shown = (yield* calls).map(({ headers }) => headers["authorization"])
        assert.deepStrictEqual(shown.slice(1), [bearer(first), bearer(second)])
        assert.strictEqual(third.metadata.clientName, "Renamed")
        assert.deepStrictEqual(yield* client.current, third)
        assert.notStrictEqual(secretOf(third), secretOf(second))
      }).pipe(Effect.provide(setting({}, { rotation: "always" }))))

    it.effect("of two processes follow one another, so that no token is lost [7592-A.1-a]", () =>
      Effect.gen(function*() {
        const [one, other] = [yield* process(), yield* process()]
        yield* one.current
        yield* slow

        const asking = yield* Effect.forkChild(
          Effect.all([one.read, other.read, one.update({ scope: "read" })], { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(asking)
        yield* TestClock.adjust("1 minute")
        const reading = yield* Effect.forkChild(other.read)
        yield* TestClock.adjust("10 seconds")

        assert.strictEqual((yield* Fiber.join(reading)).metadata.scope, "read")
      }).pipe(Effect.provide(world({ rotation: "always" }))))

    it.effect("use what came though the store does not take it, and write it when it does", () =>
      Effect.gen(function*() {
        let down = false
        const { heard: errors, layer: logger } = Log.listening()
        const client = yield* process({}, (store) => ({
          ...store,
          write: (...write) => down && write[2].state._tag === "Idle" ? Effect.fail(unavailable) : store.write(...write)
        }))
        yield* client.current
        down = true

        const rotated = yield* Effect.provide(client.read, logger)
        const used = yield* client.current
        const pending = yield* Effect.flip(client.read)
        down = false
        yield* TestClock.adjust("1 minute")
        const stands = yield* RegistrationStore.RegistrationStore.use(({ read }) => read(key))

        assert.deepStrictEqual(used, rotated)
        assert.strictEqual(reasonOf(pending), "StoreUnavailable")
        assert.deepStrictEqual(stands?.registration.client, rotated)
        assert.lengthOf(errors, 1)
        assert.notInclude(JSON.stringify(errors), secretOf(rotated))
      }).pipe(Effect.provide(world({ rotation: "always" }))))

    it.effect("write what came once more when they are closed, and never after", () =>
      Effect.gen(function*() {
        let writes = 0
        const { heard: errors, layer: logger } = Log.listening()
        const scope = yield* Scope.make()
        const client = yield* process({}, (store) => ({
          ...store,
          write: (...write) =>
            write[2].state._tag === "Idle"
              ? Effect.andThen(Effect.sync(() => writes++), Effect.fail(unavailable))
              : store.write(...write)
        })).pipe(Effect.provideService(Scope.Scope, scope))
        const { clientId } = yield* Effect.provide(client.current, logger)
        const before = writes

        yield* Scope.close(scope, Exit.void)
        const atTheEnd = writes - before
        yield* TestClock.adjust("1 day")

        assert.match(clientId, /^test-client-/)
        assert.strictEqual(atTheEnd, 1)
        assert.strictEqual(writes - before, 1)
        assert.include(JSON.stringify(errors.at(-1)), "is lost")
      }).pipe(Effect.provide(world())))

    it.effect("keep what came for a call that was under way when they were closed", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const client = yield* process().pipe(Effect.provideService(Scope.Scope, scope))
        yield* slowly("3 seconds")
        const asking = yield* Effect.forkChild(client.current)
        yield* TestClock.adjust("1 second")
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.join(closing)
        const { clientId } = yield* Fiber.join(asking)

        const stands = yield* RegistrationStore.RegistrationStore.use(({ read }) => read(key))
        const late = yield* Effect.flip(client.read)

        assert.strictEqual(stands?.registration.client?.clientId, clientId)
        assert.strictEqual(reasonOf(late), "RenewalPending")
        assert.lengthOf(yield* calls, 1)
      }).pipe(Effect.provide(world())))

    it.effect("tell a caller who waits that they were closed", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const client = yield* process().pipe(Effect.provideService(Scope.Scope, scope))
        yield* slowly("1 minute")
        const asking = yield* Effect.forkChild(Effect.flip(client.current))
        yield* TestClock.adjust("1 second")
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(closing)

        const error = yield* Fiber.join(asking)

        assert.strictEqual(reasonOf(error), "RenewalPending")
      }).pipe(Effect.provide(world())))

    for (
      const [name, silence] of [
        ["does not answer", Effect.never],
        ["does not listen to an interruption", Effect.uninterruptible(Effect.delay(Effect.never, "1 day"))]
      ] as const
    ) {
      it.effect(`are closed at a store that ${name}, and say what is lost`, () =>
        Effect.gen(function*() {
          let writes = 0
          const { heard: errors, layer: logger } = Log.listening()
          const scope = yield* Scope.make()
          const client = yield* process({}, (store) => ({
            ...store,
            write: (...write) =>
              write[2].state._tag === "Idle"
                ? writes++ === 0 ? Effect.fail(unavailable) : silence
                : store.write(...write)
          })).pipe(Effect.provideService(Scope.Scope, scope))
          yield* client.current

          const closing = yield* Effect.forkChild(Effect.provide(Scope.close(scope, Exit.void), logger))
          yield* TestClock.adjust("10 seconds")

          assert.isDefined(closing.pollUnsafe())
          assert.include(JSON.stringify(errors.at(-1)), "is lost")
        }).pipe(Effect.provide(world())))
    }

    it.effect("take a write that was not answered for theirs", () =>
      Effect.gen(function*() {
        let unanswered = false
        const warnings: Array<unknown> = []
        const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
          if (logLevel === "Warn") warnings.push(message)
        })])
        const client = yield* process({}, (store) => ({
          ...store,
          write: (...write) =>
            unanswered && write[2].state._tag === "Idle"
              ? Effect.andThen(store.write(...write), Effect.fail(unavailable))
              : store.write(...write)
        }))
        yield* client.current
        unanswered = true
        const rotated = yield* Effect.provide(client.read, logger)
        unanswered = false
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(yield* client.current, rotated)
        assert.strictEqual((yield* client.read).clientId, rotated.clientId)
        assert.lengthOf(warnings, 0)
      }).pipe(Effect.provide(world({ rotation: "always" }))))

    it.effect("leave things as they are when the server refuses", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const before = yield* client.current

        const error = yield* Effect.flip(client.update({ tokenEndpointAuthMethod: "unheard_of" }))

        assert.strictEqual(reasonOf(error), "RequestRefused")
        assert.deepStrictEqual(yield* client.current, before)
      }).pipe(Effect.provide(setting())))

    it.effect("need a client that is registered", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient

        assert.strictEqual(reasonOf(yield* Effect.flip(client.read)), "ConfigurationInvalid")
      }).pipe(Effect.provide(setting())))
  })

  describe("remove", () => {
    it.effect("forgets the client when the server has [7592-2.3-a]", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        yield* client.current

        yield* client.remove

        assert.isUndefined(yield* RegistrationStore.RegistrationStore.use(({ read }) => read(key)))
      }).pipe(Effect.provide(setting())))

    for (const status of [401, 403, 405, 500]) {
      it.effect(`keeps the client where the server answers ${status} [7592-2.3-a]`, () =>
        Effect.gen(function*() {
          const client = yield* RegisteredClient.RegisteredClient
          const server = yield* TestAuthorizationServer.TestAuthorizationServer
          const before = yield* client.current
          yield* server.respondWith(() => TestHttp.empty(status))

          const exit = yield* Effect.exit(client.remove)

          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual(yield* client.current, before)
        }).pipe(Effect.provide(setting())))
    }
  })

  describe("layerClientAuthentication", () => {
    it.effect("authenticates as the client was registered, with the secret of the day", () =>
      Effect.gen(function*() {
        const client = yield* RegisteredClient.RegisteredClient
        const authentication = yield* ClientAuthentication.ClientAuthentication
        const source = yield* ClientCredentials.source({ scopes: ["read"] })
        yield* source.token

        const { value } = yield* client.read.pipe(Effect.andThen(source.refused(yield* source.token)))

        assert.strictEqual(authentication.clientId, (yield* client.current).clientId)
        assert.isNotEmpty(Redacted.value(value))
      }).pipe(Effect.provide(authenticating({}, { rotation: "always" }))))

    it.effect("sends no secret that has ended [7591-3.2.1-c]", () =>
      Effect.gen(function*() {
        const source = yield* ClientCredentials.source({ scopes: ["read"] })
        yield* TestClock.adjust("2 hours")

        const error = yield* Effect.flip(source.token)

        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "clientSecret")
        assert.lengthOf(
          (yield* TestAuthorizationServer.TestAuthorizationServer.use(({ exchanges }) => exchanges))
            .filter(({ endpoint }) => endpoint === "token"),
          0
        )
      }).pipe(Effect.provide(authenticating({}, { expiresIn: 3600 }))))

    it("names the method that it does not know", () => {
      const made = RegisteredClient.authentication({
        clientId: "c",
        metadata: { tokenEndpointAuthMethod: "private_key_jwt" }
      })

      assert.include(Result.isFailure(made) ? made.failure.message : "", "private_key_jwt")
    })

    it.effect("signs by the key of a client that is registered to", () =>
      Effect.gen(function*() {
        const registered = {
          clientId: "c",
          metadata: { tokenEndpointAuthMethod: "client_secret_jwt" },
          clientSecret: Redacted.make("a secret of thirty-two characters or more")
        }

        const made = yield* Effect.fromResult(
          ClientAssertion.fromRegistration({ issuer: "https://as.test" })(registered)
        )

        assert.strictEqual((yield* made.credentials("token")).method, "client_secret_jwt")
      }))
  })
})

const metadata = {
  grantTypes: ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code"],
  clientName: "App",
  clientUri: "https://app.example"
} as const

const answer = {
  grant_types: [...metadata.grantTypes],
  response_types: [],
  client_id: "c",
  client_secret: "s",
  client_secret_expires_at: 0,
  registration_access_token: "r",
  registration_client_uri: "https://as.test/register/c"
}

const key = RegistrationStore.key({ provider: "test", issuer: "https://as.test", name: "default" })

const unavailable = OAuthError.make("Store", "write", new OAuthError.StoreUnavailable({ store: "s", problem: "DOWN" }))

/** A server at which clients register, and a store. */
const world = (registration: TestAuthorizationServer.Registration = {}) =>
  Layer.mergeAll(TestAuthorizationServer.layer({ registration }), RegistrationStore.layerMemory)

const setting = (
  options: Partial<RegisteredClient.Options> = {},
  registration: TestAuthorizationServer.Registration = {}
) => Layer.provideMerge(registered(options), world(registration))

const registered = (options: Partial<RegisteredClient.Options> = {}) =>
  RegisteredClient.layer({ metadata, ...options }).pipe(Layer.provide(ClientRegistration.layer))

const authenticating = (
  options: Partial<RegisteredClient.Options> = {},
  registration: TestAuthorizationServer.Registration = {}
) =>
  TokenEndpoint.layer.pipe(
    Layer.provideMerge(RegisteredClient.layerProvider({ metadata, ...options })),
    Layer.provideMerge(world(registration))
  )

/** A process of its own over the store, which may be another to it. */
const process = Effect.fnUntraced(function*(
  options: Partial<RegisteredClient.Options> = {},
  decorate: (
    store: RegistrationStore.RegistrationStore["Service"]
  ) => RegistrationStore.RegistrationStore["Service"] = (store) => store
) {
  return yield* RegisteredClient.make({ metadata, ...options }).pipe(
    Effect.updateService(RegistrationStore.RegistrationStore, decorate),
    Effect.provide(ClientRegistration.layer)
  )
})

const slowly = (takes: Duration.Input) =>
  TestAuthorizationServer.TestAuthorizationServer.use((server) =>
    server.injectBy(() => ({ name: "slow", answerTakes: Duration.fromInputUnsafe(takes) }))
  )

/** Has each call take a second. */
const slow = slowly("1 second")

const calls = TestAuthorizationServer.TestAuthorizationServer.use((server) =>
  Effect.map(server.exchanges, (all) => all.filter(({ endpoint }) => endpoint === "registration"))
)

const bearer = ({ management }: ClientRegistration.Registered): string =>
  `Bearer ${management === undefined ? "" : Redacted.value(management.token)}`

const secretOf = ({ clientSecret = Redacted.make("") }: ClientRegistration.Registered): string =>
  Redacted.value(clientSecret)

const reasonOf = ({ reason }: OAuthError.OAuthError): string => reason._tag

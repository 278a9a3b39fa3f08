import { ClientAuthentication, Configuration, OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted, Result, Schema } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("Configuration", () => {
  describe("layer", () => {
    it.effect("builds the layer from values and variables", () =>
      Effect.gen(function*() {
        const client = yield* build({ SECRET: "s3cret" })

        const { parameters } = yield* client.credentials("token")

        assert.deepStrictEqual(
          parameters.map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value]),
          [["client_id", "app"], ["client_secret", "s3cret"]]
        )
      }))

    it.effect("names a variable that is missing", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(build({}))

        assert.strictEqual(error.message, "Configuration.layer: SECRET: is missing; set it")
      }))

    it.effect("names a nested variable as the environment does", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          build({}, { clientId: Config.String("ID").pipe(Config.nested("FRAMEIO")), clientSecret: secret })
        )

        assert.strictEqual(error.message, "Configuration.layer: FRAMEIO_ID: is missing; set it")
      }))

    it.effect("names all variables of which one is needed", () =>
      Effect.gen(function*() {
        const either = Config.orElse(Config.String("NEW"), () => Config.String("OLD"))

        const error = yield* Effect.flip(build({}, { clientId: either, clientSecret: secret }))

        assert.strictEqual(error.message, "Configuration.layer: NEW or OLD: is missing; set it")
      }))

    it.effect("says what a variable must be that cannot be decoded", () =>
      Effect.gen(function*() {
        const kind = Config.Literals(["web", "native"], "KIND")

        const error = yield* Effect.flip(build({ KIND: canary }, { clientId: kind, clientSecret: secret }))

        assert.strictEqual(error.message, "Configuration.layer: KIND: must be \"web\" | \"native\"")
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("says that a variable cannot be read when the source fails", () =>
      Effect.gen(function*() {
        const broken = ConfigProvider.make(() => Effect.fail(new ConfigProvider.SourceError({ message: canary })))

        const error = yield* Effect.flip(
          Effect.provideService(make(options), ConfigProvider.ConfigProvider, broken)
        )

        assert.strictEqual(error.message, "Configuration.layer: SECRET: could not be read")
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("names the variable whose value the layer refuses", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(build({ SECRET: `${canary}\n` }))

        assert.strictEqual(
          error.message,
          "ClientAuthentication.make: SECRET: contains a line break or another control character"
        )
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("leaves the name of an option that is a value", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(build({ SECRET: "s" }, { clientId: "", clientSecret: secret }))

        assert.strictEqual(error.message, "ClientAuthentication.make: clientId: is empty")
      }))

    it.effect("hands on an error that is about something else", () =>
      Effect.gen(function*() {
        const broken = OAuthError.make("A", "b", new OAuthError.KeyUnavailable({ use: "dpop" }))

        const error = yield* Layer.build(
          Configuration.layer({ a: Config.succeed(1) }, () => Layer.effectDiscard(Effect.fail(broken)))
        ).pipe(Effect.scoped, Effect.flip)

        assert.strictEqual(error, broken)
      }))
  })

  describe("fromIssue", () => {
    const Options = Schema.Struct({
      name: Schema.NonEmptyString,
      nested: Schema.optionalKey(Schema.Struct({ lifetime: Schema.DurationFromString }))
    })

    for (
      const [input, field, problem] of [
        [{}, "name", "is missing"],
        [{ name: 1 }, "name", "must be string"],
        [{ name: "" }, "name", "must be a value with a length of at least 1"],
        [{ name: "a", nested: { lifetime: "soon" } }, "nested.lifetime", "must be a valid Duration string"],
        [{ name: "a", nmae: "b" }, "nmae", "is not known; correct its name, or remove it"],
        [null, "options", "must be object"]
      ] as const
    ) {
      it(`says of ${JSON.stringify(input)} that ${field} ${problem}`, () => {
        const decoded = Schema.decodeUnknownResult(Options, { onExcessProperty: "error" })(input)

        const reason = Configuration.fromIssue(Result.getOrThrow(Result.flip(decoded)).issue, "options")

        assert.deepStrictEqual([reason.field, reason.problem], [field, problem])
      })
    }
  })
})

const secret = Config.Redacted("SECRET")

const options: Configuration.Options<ClientAuthentication.SecretOptions> = { clientId: "app", clientSecret: secret }

const make = (options: Configuration.Options<ClientAuthentication.SecretOptions>) =>
  Effect.provide(
    ClientAuthentication.ClientAuthentication,
    Configuration.layer(options, ClientAuthentication.layerPost)
  )

const build = (env: Record<string, string>, given = options) =>
  Effect.provideService(make(given), ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

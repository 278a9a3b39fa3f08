import { ClientAuthentication, OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Ref, Result } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("ClientAuthentication", () => {
  describe("none", () => {
    it.effect("names the client in the body and sends no header [6749-2.2-a] [6749-3.2.1-b]", () =>
      Effect.gen(function*() {
        const sent = yield* send(ClientAuthentication.none({ clientId: "app" }))

        assert.deepStrictEqual(sent, { method: "none", headers: {}, parameters: [["client_id", "app"]] })
      }))

    it.effect("keeps an identifier of any length whole [6749-2.2-b]", () =>
      Effect.gen(function*() {
        const clientId = "x".repeat(4096)

        const sent = yield* send(ClientAuthentication.none({ clientId }))

        assert.deepStrictEqual(sent.parameters, [["client_id", clientId]])
      }))
  })

  describe("basic", () => {
    it.effect("form-encodes identifier and secret before joining them [6749-2.3.1-a] [6749-B-a]", () =>
      Effect.gen(function*() {
        const sent = yield* send(ClientAuthentication.basic({
          clientId: "a b/ü",
          clientSecret: Redacted.make("p+%:é")
        }))

        assert.deepStrictEqual(sent, {
          method: "client_secret_basic",
          headers: { authorization: `Basic ${btoa("a+b%2F%C3%BC:p%2B%25%3A%C3%A9")}` },
          parameters: []
        })
      }))

    // a client and a secret that a server of the wild gave out (openid/AppAuth-Android, issue 337)
    it.effect("writes what AppAuth's issue 337 asks for [6749-2.3.1-a]", () =>
      Effect.gen(function*() {
        const sent = yield* send(ClientAuthentication.basic({
          clientId: "1PpG/Q 1",
          clientSecret: Redacted.make("z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=")
        }))

        assert.strictEqual(
          sent.headers["authorization"],
          "Basic MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA=="
        )
      }))

    for (
      const [plain, encoded] of [[" ", "+"], ["!'()~", "%21%27%28%29%7E"], ["-._", "-._"], ["£€", "%C2%A3%E2%82%AC"]]
    ) {
      it.effect(`writes ${JSON.stringify(plain)} as ${encoded}`, () =>
        Effect.gen(function*() {
          const sent = yield* send(
            ClientAuthentication.basic({ clientId: "c", clientSecret: Redacted.make(plain ?? "") })
          )

          assert.strictEqual(sent.headers["authorization"], `Basic ${btoa(`c:${encoded}`)}`)
        }))
    }
  })

  describe("secretAsUser", () => {
    it.effect("sends the secret for a user name, and no password", () =>
      Effect.gen(function*() {
        const sent = yield* send(
          ClientAuthentication.secretAsUser({ clientId: "app", clientSecret: Redacted.make("sk_test_1") })
        )

        assert.deepStrictEqual(sent, {
          method: "client_secret_basic",
          headers: { authorization: `Basic ${btoa("sk_test_1:")}` },
          parameters: []
        })
      }))
  })

  describe("basicRaw", () => {
    it.effect("joins identifier and secret as they are, in UTF-8 [6749-2.3.1-a]", () =>
      Effect.gen(function*() {
        const sent = yield* send(ClientAuthentication.basicRaw({
          clientId: "a b",
          clientSecret: Redacted.make("p+%:é")
        }))

        assert.strictEqual(sent.headers["authorization"], "Basic YSBiOnArJTrDqQ==")
      }))

    it("refuses an identifier with a colon", () => {
      assert.deepStrictEqual(
        problem(ClientAuthentication.basicRaw({ clientId: "a:b", clientSecret: Redacted.make("s") })),
        [
          "clientId",
          "contains a colon, which raw Basic authentication cannot carry; use `basic` or `post`"
        ]
      )
    })
  })

  describe("post", () => {
    it.effect("sends identifier and secret in the body and no header [6749-2.3-a]", () =>
      Effect.gen(function*() {
        const sent = yield* send(ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s3cret") }))

        assert.deepStrictEqual(sent, {
          method: "client_secret_post",
          headers: {},
          parameters: [["client_id", "app"], ["client_secret", "s3cret"]]
        })
      }))
  })

  describe("a secret given as an effect", () => {
    it.effect("is read for each request", () =>
      Effect.gen(function*() {
        const secrets = yield* Ref.make(["first", "second"])
        const next = Ref.modify(secrets, ([head = "", ...tail]) => [Redacted.make(head), tail])
        const made = ClientAuthentication.post({ clientId: "app", clientSecret: next })

        const one = yield* send(made)
        const two = yield* send(made)

        assert.deepStrictEqual([one.parameters[1], two.parameters[1]], [
          ["client_secret", "first"],
          ["client_secret", "second"]
        ])
      }))

    it.effect("is checked each time", () =>
      Effect.gen(function*() {
        const made = ClientAuthentication.basic({ clientId: "app", clientSecret: Effect.succeed(Redacted.make("")) })

        const error = yield* Effect.flip(send(made))

        assert.deepStrictEqual(error.reason, emptySecret)
      }))

    it.effect("fails with what the effect fails with", () =>
      Effect.gen(function*() {
        const reason = new OAuthError.KeyUnavailable({ use: "client-authentication", keyId: "vault" })
        const made = ClientAuthentication.post({
          clientId: "app",
          clientSecret: Effect.fail(OAuthError.make("Vault", "read", reason))
        })

        assert.strictEqual((yield* Effect.flip(send(made))).reason, reason)
      }))
  })

  describe("options that cannot work", () => {
    const secret = Redacted.make("s")
    const controls = "contains a line break or another control character"
    const absent = "is missing, or is not what its type says (secrets are Redacted)"
    const cases: ReadonlyArray<readonly [string, ClientAuthentication.Made, readonly [string, string]]> = [
      ["an empty identifier", ClientAuthentication.none({ clientId: "" }), ["clientId", "is empty"]],
      ["a line break in the identifier", ClientAuthentication.post({ clientId: "a\n", clientSecret: secret }), [
        "clientId",
        controls
      ]],
      ["an empty secret", ClientAuthentication.basic({ clientId: "a", clientSecret: Redacted.make("") }), [
        "clientSecret",
        "is empty"
      ]],
      [
        "a secret read with its line break",
        ClientAuthentication.post({
          clientId: "a",
          clientSecret: Redacted.make("s\n")
        }),
        ["clientSecret", controls]
      ],
      ["NUL in a secret", ClientAuthentication.basicRaw({ clientId: "a", clientSecret: Redacted.make("s\u0000") }), [
        "clientSecret",
        controls
      ]],
      ["a secret that is not there", ClientAuthentication.basic(unchecked({ clientId: "a" })), [
        "clientSecret",
        absent
      ]],
      ["a secret that is not Redacted", ClientAuthentication.basic(unchecked({ clientId: "a", clientSecret: "s" })), [
        "clientSecret",
        absent
      ]]
    ]

    for (const [name, made, expected] of cases) {
      it(`are refused before anything is sent: ${name} [6749-A-a]`, () =>
        assert.deepStrictEqual(problem(made), expected))
    }

    it.effect("fail the layer", () =>
      Effect.gen(function*() {
        const layer = ClientAuthentication.layerPost({ clientId: "a", clientSecret: Redacted.make("") })

        const error = yield* Effect.flip(Effect.provide(ClientAuthentication.ClientAuthentication, layer))

        assert.deepStrictEqual(error.reason, emptySecret)
      }))
  })

  describe("perEndpoint", () => {
    it.effect("uses the method of the endpoint, and that of the token endpoint for the others", () =>
      Effect.gen(function*() {
        const clientSecret = Redacted.make("s")
        const made = ClientAuthentication.perEndpoint({
          token: ClientAuthentication.basic({ clientId: "app", clientSecret }),
          revocation: ClientAuthentication.none({ clientId: "app" })
        })

        assert.strictEqual((yield* send(made, "token")).method, "client_secret_basic")
        assert.strictEqual((yield* send(made, "revocation")).method, "none")
        assert.strictEqual((yield* send(made, "introspection")).method, "client_secret_basic")
      }))

    it("refuses two clients", () => {
      const made = ClientAuthentication.perEndpoint({
        token: ClientAuthentication.none({ clientId: "a" }),
        introspection: ClientAuthentication.none({ clientId: "b" })
      })

      assert.deepStrictEqual(problem(made), ["clientId", "differs between endpoints; use one client for all of them"])
    })

    it("refuses what one of the methods refuses", () => {
      const made = ClientAuthentication.perEndpoint({
        token: ClientAuthentication.none({ clientId: "a" }),
        revocation: ClientAuthentication.none({ clientId: "" })
      })

      assert.deepStrictEqual(problem(made), ["clientId", "is empty"])
    })
  })

  it.effect("keeps the secret out of strings [6749-10.1-a]", () =>
    Effect.gen(function*() {
      const clientSecret = Redacted.make(canary)
      const broken = Redacted.make(`${canary}\n`)
      const made = [
        ClientAuthentication.basic({ clientId: "a", clientSecret }),
        ClientAuthentication.basicRaw({ clientId: "a", clientSecret }),
        ClientAuthentication.post({ clientId: "a", clientSecret }),
        ClientAuthentication.post({ clientId: "a", clientSecret: broken })
      ]
      const credentials = yield* Effect.forEach(made.filter(Result.isSuccess), (made) =>
        made.success.credentials("token"))

      assert.deepStrictEqual([...made, ...credentials].flatMap(leaks), [])
    }))
})

const emptySecret = new OAuthError.ConfigurationInvalid({ field: "clientSecret", problem: "is empty" })

const unchecked = (options: object): ClientAuthentication.SecretOptions => options as ClientAuthentication.SecretOptions

const problem = (made: ClientAuthentication.Made): readonly [string, string] | undefined => {
  const reason = Result.isFailure(made) ? made.failure.reason : undefined
  return reason?._tag === "ConfigurationInvalid" ? [reason.field, reason.problem] : undefined
}

const send = (made: ClientAuthentication.Made, endpoint: ClientAuthentication.Endpoint = "token") =>
  Effect.gen(function*() {
    const service = yield* Effect.fromResult(made)
    const { headers, method, parameters } = yield* service.credentials(endpoint)
    const plain = (value: string | Redacted.Redacted) => Redacted.isRedacted(value) ? Redacted.value(value) : value
    return {
      method,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)])),
      parameters: parameters.map(([name, value]) => [name, plain(value)])
    }
  })

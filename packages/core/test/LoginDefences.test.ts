/** A login from its first address to its grant, and what is tried against it. */
import { Login, type OAuthError, PendingAuthorizations, TokenService } from "@effect-oauth/core"
import { TestAuthorizationServer, TestClient } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted, Stream } from "effect"
import * as App from "./support/App.ts"

describe("a login", () => {
  describe("asks", () => {
    it.effect("for a code, with state and S256, and for nothing that nobody wanted [6749-3.1.1-a] [6749-4.1.1-a] [6749-10.12-b] [9700-2.1.1-c] [9700-2.1.1-e] [9700-2.1.2-a] [9700-2.1.2-b] [9700-2.3-a] [9700-4.1.3-b] [9700-4.7.1-b] [2.1-4.1.1-a] [2.1-4.1.1-c] [2.1-4.1.1-d] [2.1-7.3.2-a] [2.1-7.10-b]", () =>
      Effect.gen(function*() {
        const asked = queryOf((yield* begin({ scopes: [] })).url)

        assert.deepStrictEqual([...asked.keys()], [
          "response_type",
          "client_id",
          "redirect_uri",
          "state",
          "code_challenge",
          "code_challenge_method"
        ])
        assert.strictEqual(asked.get("response_type"), "code")
        assert.strictEqual(asked.get("code_challenge_method"), "S256")
        assert.strictEqual(asked.get("state")?.length, 43)
      }).pipe(Effect.provide(App.layer())))

    it.effect("for PKCE also where a nonce would guard the code [2.1-4.1.1-b] [9700-2.1.1-c]", () =>
      Effect.gen(function*() {
        const asked = queryOf((yield* begin({ scopes: ["openid"] })).url)

        assert.isTrue(asked.has("nonce") && asked.has("code_challenge"))
      }).pipe(Effect.provide(App.layer())))

    it.effect("with state also where the server has no PKCE [9700-4.7.1-a] [9700-4.7.1-b] [2.1-7.10-b]", () =>
      Effect.gen(function*() {
        const asked = queryOf((yield* begin()).url)

        assert.isFalse(asked.has("code_challenge"))
        assert.strictEqual(asked.get("state")?.length, 43)
      }).pipe(Effect.provide(App.layer(withoutPkce))))

    for (const [name, value] of [["state", ""], ["state", "mine"], ["response_type", "token"]] as const) {
      it.effect(`with ${name} of its own only, not with "${value}" [9700-4.7.1-a] [6749-10.16-a]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(begin({ parameters: { [name]: value } }))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
        }).pipe(Effect.provide(App.layer())))
    }

    for (const type of ["token", "id_token", "code id_token", "id_token code", "code token"]) {
      it.effect(`for no other response type: ${type} [6749-3.1.1-b] [6749-10.16-a] [OIDC-16.11-a] [10017-7.2-a]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(begin({ parameters: { response_type: type } }))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("for the same with nothing of the application in the address [6749-10.8-c] [2.1-4.1.1-g]", () =>
      Effect.gen(function*() {
        const context = { returnTo: "/albums/42", person: "ada@example.org" }

        const { answer, login, url } = yield* answered({ context })
        const completed = yield* login.complete(answer)

        for (const text of ["albums", "ada", "returnTo"]) assert.notInclude(decodeURIComponent(url), text)
        assert.deepStrictEqual(Option.getOrThrow(completed.context), context)
      }).pipe(Effect.provide(App.layer())))

    it.effect("anew after an error: state, nonce and challenge [2.1-7.5.1.1-c]", () =>
      Effect.gen(function*() {
        const one = yield* answered({ scopes: ["openid"] }, { error: "access_denied" })
        yield* Effect.flip(one.login.complete(one.answer))

        const two = yield* begin({ scopes: ["openid"] })

        for (const name of ["state", "nonce", "code_challenge"]) {
          assert.notStrictEqual(queryOf(one.url).get(name), queryOf(two.url).get(name), name)
        }
      }).pipe(Effect.provide(App.layer())))

    it.effect("for no code that nothing proves, when the client is public [9700-2.1.1-b]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(begin())

        assert.strictEqual(
          error.message,
          "Login.begin: dialect.authorization.pkce: is none, though the client has no secret; use S256, or a client secret"
        )
      }).pipe(Effect.provide(App.layer({ ...withoutPkce, clients: [TestClient.publicClient] }))))

    it.effect("as a public client with PKCE and no secret [6749-9-a] [9700-2.1.1-b] [10017-6.3.2.1-a]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered()
        yield* login.complete(answer)

        const [exchange] = yield* tokenRequests
        assert.isUndefined(exchange?.headers["authorization"])
        assert.deepStrictEqual(Object.keys(exchange?.parameters ?? {}), [
          "grant_type",
          "code",
          "redirect_uri",
          "code_verifier",
          "client_id"
        ])
      }).pipe(Effect.provide(App.layer({ clients: [TestClient.publicClient] }))))
  })

  describe("exchanges", () => {
    it.effect("the code that the browser brought, as that login was begun [6749-4.1.3-b] [6749-4.1.3-c] [2.1-4.1.1-a] [2.1-4.1.3-b]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered({ redirectUri: "https://app.test/callback?tenant=a" })
        yield* login.complete(answer)

        const [exchange] = yield* tokenRequests
        assert.strictEqual(exchange?.parameters["code"], queryOf(answer).get("code"))
        assert.strictEqual(exchange?.parameters["redirect_uri"], "https://app.test/callback?tenant=a")
        assert.match(exchange?.parameters["code_verifier"] ?? "", /^[\w-]{43}$/)
      }).pipe(Effect.provide(App.layer())))

    it.effect("without a verifier where there was no challenge [2.1-4.1.3-c]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered()
        yield* login.complete(answer)

        const [exchange] = yield* tokenRequests
        assert.notProperty(exchange?.parameters, "code_verifier")
      }).pipe(Effect.provide(App.layer(withoutPkce))))

    for (const redirectUri of ["repeated", "omitted"] as const) {
      it.effect(`with the redirect URI ${redirectUri}, as the dialect says [2.1-4.1.3-d]`, () =>
        Effect.gen(function*() {
          const { answer, login } = yield* answered()
          yield* Effect.exit(login.complete(answer))

          const [exchange] = yield* tokenRequests
          assert.strictEqual(
            exchange?.parameters["redirect_uri"],
            redirectUri === "repeated" ? "https://app.test/callback" : undefined
          )
        }).pipe(Effect.provide(App.layer({ dialect: { authorizationCode: { redirectUri } } }))))
    }

    it.effect("once, though the answer comes twice [6749-4.1.2-a] [9700-4.2.4-b] [2.1-2.3.3-b]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered()
        yield* login.complete(answer)

        const error = yield* Effect.flip(login.complete(answer))

        assert.strictEqual(problemOf(error), "no-pending-authorization")
        assert.lengthOf(yield* tokenRequests, 1)
      }).pipe(Effect.provide(App.layer())))
  })

  describe("knows what was granted:", () => {
    const cases: ReadonlyArray<readonly [string, "always" | "never", ReadonlyArray<string>]> = [
      ["what the answer says", "always", ["read"]],
      ["all that was asked for, where the answer is silent", "never", ["read", "write"]]
    ]
    for (const [name, scope, expected] of cases) {
      it.effect(`${name} [6749-3.3-b] [6749-5.1-d]`, () =>
        Effect.gen(function*() {
          const { answer, login } = yield* answered(
            { scopes: ["read", "write"] },
            scope === "always" ? { scopes: ["read"] } : {}
          )

          const { key } = yield* login.complete(answer)

          const service = yield* TokenService.TokenService
          assert.deepStrictEqual(Option.getOrThrow(yield* service.status(key)).scopes, expected)
        }).pipe(Effect.provide(App.layer({ answers: { scope } }))))
    }
  })

  describe("gives nothing for", () => {
    const forged: Record<string, (answer: string) => string> = {
      "an answer to no login": () => "https://app.test/callback?code=stolen&state=guessed",
      "an answer without state": (answer) => without(answer, "state"),
      "a state in other letters": (answer) => replaced(answer, "state", (state) => flipCase(state)),
      "a state with one letter more": (answer) => replaced(answer, "state", (state) => `${state}A`),
      "another's answer": (answer) => replaced(answer, "state", () => "A".repeat(43))
    }
    for (const [name, forge] of Object.entries(forged)) {
      it.effect(
        `${name}: no token request, no grant [6749-4.1.1-d] [6749-10.12-a] [9700-2.1-b] [9700-4.7.1-c] [2.1-2.3.3-a] [2.1-7.10-c] [OIDC-3.1.2.7-a] [10017-6.3.2.2-a]`,
        () =>
          Effect.gen(function*() {
            const { answer, login } = yield* answered({ context: { returnTo: "/a" } })

            const error = yield* Effect.flip(login.complete(forge(answer)))

            assert.strictEqual(error.reason._tag, "CallbackRejected")
            assert.lengthOf(yield* tokenRequests, 0)
          }).pipe(Effect.provide(App.layer()))
      )
    }

    it.effect("a code of another login, put into this one [9700-2.1.1-a] [9700-2.1.1-d] [FAPI2-5.3.3.2-d] [2.1-4.1.2-b] [2.1-7.5.1.1-a] [2.1-7.5.1.1-b]", () =>
      Effect.gen(function*() {
        const attacker = yield* answered({ account: "mallory" }, { subject: "mallory" })
        const victim = yield* answered()
        const crossed = replaced(victim.answer, "code", () => queryOf(attacker.answer).get("code") ?? "")

        const error = yield* Effect.flip(victim.login.complete(crossed))

        const service = yield* TokenService.TokenService
        assert.strictEqual(error.reason._tag === "RequestRefused" ? String(error.reason.code) : "", "invalid_grant")
        assert.isTrue(Option.isNone(yield* service.status(service.key("ada"))))
      }).pipe(Effect.provide(App.layer())))

    it.effect("an answer of a server that was not asked, nor is its code sent to the one that was [9700-4.4.2-a] [9700-4.4.2.1-a] [9700-4.4.2.1-b] [9700-4.4.2.1-c] [9700-2.1-e] [2.1-2.3.4-a] [2.1-2.3.4-b] [2.1-7.15-a] [2.1-7.15.1-a]", () =>
      Effect.gen(function*() {
        // the person wanted the attacker's server, which sent the browser on to the honest one
        const honest = yield* Effect.provide(answered(), App.layer({ issuer: "https://honest.test" }), { local: true })
        const attacked = yield* answered()
        const mixed = replaced(honest.answer, "state", () => queryOf(attacked.answer).get("state") ?? "")

        const error = yield* Effect.flip(attacked.login.complete(mixed))

        assert.strictEqual(problemOf(error), "issuer-mismatch")
        assert.lengthOf(yield* tokenRequests, 0)
      }).pipe(Effect.provide(App.layer({ issuer: "https://attacker.test" }))))

    it.effect("an answer at another server's redirect URI [9700-4.4.2.2-a] [9700-4.4.2.2-b] [9700-4.4.2.2-c] [2.1-7.15.2-a]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered({ redirectUri: "https://app.test/callback/attacker" })
        const elsewhere = without(answer.replace("/callback/attacker", "/callback/honest"), "iss")

        const error = yield* Effect.flip(login.complete(elsewhere))

        assert.strictEqual(problemOf(error), "redirect-uri-mismatch")
        assert.lengthOf(yield* tokenRequests, 0)
      }).pipe(Effect.provide(App.layer())))

    it.effect("another issuer, though it came to the right redirect URI [9700-4.4.2.2-d] [2.1-7.15.2-b]", () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered({ redirectUri: "https://app.test/callback/one" })

        const error = yield* Effect.flip(login.complete(replaced(answer, "iss", () => "https://other.test")))

        assert.strictEqual(problemOf(error), "issuer-mismatch")
        assert.lengthOf(yield* tokenRequests, 0)
      }).pipe(Effect.provide(App.layer())))

    it.effect("an answer that is brought to the login of another server [2.1-7.15-b] [2.1-2.3.4-b]", () =>
      Effect.gen(function*() {
        const pendings = yield* PendingAuthorizations.PendingAuthorizations
        const shared = Layer.succeed(PendingAuthorizations.PendingAuthorizations, pendings)
        const { answer } = yield* answered()

        const elsewhere = App.layer({ issuer: "https://other.test" }, undefined, shared)
        const { error, sent } = yield* Effect.provide(
          Effect.gen(function*() {
            const login = yield* Login.Login
            return { error: yield* Effect.flip(login.complete(answer)), sent: yield* tokenRequests }
          }),
          elsewhere,
          { local: true }
        )

        assert.strictEqual(problemOf(error), "issuer-mismatch")
        assert.lengthOf(sent, 0)
      }).pipe(Effect.provide(App.layer())))
  })

  describe("is given hostile answers:", () => {
    const hostile: Record<string, string> = {
      "scripts": "code=<script>alert(1)</script>&state=<script>&error=<img>&iss=<svg>",
      "line breaks": "code=a%0d%0aSet-Cookie:%20a=b&state=b%0d%0aX:%20y",
      "escapes for terminals": "error=%1b%5d0;owned%07&state=%1b[2J&error_description=%1b[31m",
      "a megabyte": `code=${"a".repeat(1_048_576)}&state=s`,
      "a megabyte of parameters": `state=s${"&a=b".repeat(262_144)}`,
      "broken escapes": "code=%&state=%zz%",
      "bytes that are no UTF-8": "code=%ff%fe&state=%c0%80",
      "names of prototypes": "__proto__=a&constructor=b&state=s&code=c",
      "nothing": ""
    }
    for (const [name, query] of Object.entries(hostile)) {
      it.effect(`${name} [6749-10.14-a] [2.1-7.12-a]`, () =>
        Effect.gen(function*() {
          const { login } = yield* answered()

          const error = yield* Effect.flip(login.complete(`https://app.test/callback?${query}`))

          assert.strictEqual(error.reason._tag, "CallbackRejected")
          assert.isBelow(error.message.length, 500)
          // eslint-disable-next-line no-control-regex
          assert.notMatch(error.message, /[\u0000-\u001f\u007f<>]/)
          assert.lengthOf(yield* tokenRequests, 0)
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("an error's text that would do harm, in its own login [6749-4.1.2.1-d] [2.1-7.12-a]", () =>
      Effect.gen(function*() {
        const description = `\u001b[31m\r\nSet-Cookie: a=b ${"x".repeat(100_000)}`.slice(0, 30_000)
        const { answer, login } = yield* answered({}, { error: "access_denied", description })

        const error = yield* Effect.flip(login.complete(answer))

        assert.strictEqual(error.reason._tag, "AuthorizationRefused")
        assert.isBelow(error.message.length, 1_000)
        // eslint-disable-next-line no-control-regex
        assert.notMatch(error.message, /[\u0000-\u001f\u007f]/)
      }).pipe(Effect.provide(App.layer())))
  })

  it.effect("ends with a grant, a typed error, or an event of neither, whatever comes back [2.1-7.12-a]", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()
      const service = yield* TokenService.TokenService
      yield* Effect.forkScoped(Stream.runDrain(service.events))

      const exits = yield* Effect.forEach(
        Array.from({ length: answer.length }, (_, at) => answer.slice(0, at)),
        (part) => Effect.exit(login.complete(part))
      )

      const unexpected = exits.filter((exit) =>
        Exit.isFailure(exit) && exit.cause.reasons.some((reason) => reason._tag !== "Fail")
      )
      assert.deepStrictEqual(unexpected, [])
    }).pipe(Effect.scoped, Effect.provide(App.layer())))
})

const withoutPkce: TestAuthorizationServer.Options = { dialect: { authorization: { pkce: "none" } } }

const begin = Effect.fnUntraced(function*(options?: Partial<Login.Options>) {
  const login = yield* Login.Login
  return yield* login.begin({
    account: "ada",
    redirectUri: "https://app.test/callback",
    scopes: ["read"],
    ...options
  })
})

const answered = Effect.fnUntraced(function*(
  options?: Partial<Login.Options>,
  decision?: TestAuthorizationServer.Decision
) {
  const login = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { state, url } = yield* begin(options)
  return { login, url, state: Redacted.value(state), answer: yield* server.authorize(url, decision) }
})

const tokenRequests = Effect.gen(function*() {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  return (yield* server.exchanges).filter(({ endpoint }) => endpoint === "token")
})

const queryOf = (url: string): URLSearchParams => new URL(url).searchParams

const without = (url: string, name: string): string => {
  const changed = new URL(url)
  changed.searchParams.delete(name)
  return changed.href
}

const replaced = (url: string, name: string, change: (value: string) => string): string => {
  const changed = new URL(url)
  changed.searchParams.set(name, change(changed.searchParams.get(name) ?? ""))
  return changed.href
}

const flipCase = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (letter) => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())

const problemOf = ({ reason }: OAuthError.OAuthError): unknown =>
  reason._tag === "CallbackRejected" ? reason.problem : reason._tag

/** Answers to a login that are forged, mixed up, replayed or broken. The server is real, and counts what it is asked. */
import { Login, PendingAuthorizations, ServerMetadata, TokenService } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"
import * as WebApplication from "./support/WebApplication.ts"

describe("the answer to a login", () => {
  it.live("of another server than the one that was asked sends the code to neither [A01]", () =>
    Effect.gen(function*() {
      const evil = yield* Server.listen(() => Server.tokens())
      const honest = yield* Server.listen(() => Server.tokens())
      const login = yield* begunAt(evil.origin, { server: announced })

      const told = yield* Client.outcome(login.complete({ code: "honest-code", iss: honest.origin }))

      assert.strictEqual(told, "CallbackRejected issuer-mismatch")
      assert.lengthOf([...evil.received, ...honest.received], 0)
    }))

  it.live("of an honest server whose login page another server's metadata names keeps its code [A02]", () =>
    Effect.gen(function*() {
      const honest = yield* Server.listen(() => Server.tokens())
      const evil = yield* Server.listen((request, _, origin) =>
        request.target.startsWith("/.well-known/")
          ? Server.json({
            issuer: origin,
            authorization_endpoint: `${honest.origin}/authorize`,
            token_endpoint: `${origin}/token`,
            authorization_response_iss_parameter_supported: true
          })
          : Server.tokens()
      )
      const metadata = yield* Effect.flatMap(ServerMetadata.makeLoopback(), ({ get }) => get(evil.origin)).pipe(
        Effect.provide(Client.clients["fetch"]!)
      )
      const server = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))
      const login = yield* begunAt(evil.origin, { server })

      const told = yield* Client.outcome(login.complete({ code: "honest-code", iss: honest.origin }))

      assert.strictEqual(new URL(login.url).origin, honest.origin)
      assert.strictEqual(told, "CallbackRejected issuer-mismatch")
      assert.deepStrictEqual(evil.received.map(({ target }) => target), ["/.well-known/oauth-authorization-server"])
      assert.lengthOf(honest.received, 0)
    }))

  it.live("without iss is none where the server says that it sends it [A03]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const login = yield* begunAt(server.origin, { server: announced })

      assert.strictEqual(yield* Client.outcome(login.complete({ code: "c" })), "CallbackRejected issuer-missing")
      assert.lengthOf(server.received, 0)
    }))

  const near: Readonly<Record<string, (issuer: string) => string>> = {
    "a slash more": (issuer) => `${issuer}/`,
    "another case": (issuer) => issuer.replace("http", "HTTP"),
    "a port less": (issuer) => issuer.replace(/:\d+$/, ""),
    "a port that says nothing": (issuer) => `${issuer}:443`,
    "an escaped letter": (issuer) => issuer.replace("1", "%31"),
    "a letter that looks the same": (issuer) => issuer.replace("o", "\u043e").replace("h", "\u04bb"),
    "a space behind it": (issuer) => `${issuer} `,
    "a user name": (issuer) => issuer.replace("://", "://a@"),
    "its host as a number": (issuer) => issuer.replace("127.0.0.1", "2130706433"),
    "a query": (issuer) => `${issuer}?`
  }
  for (const [name, change] of Object.entries(near)) {
    it.live(`with the issuer, but for ${name}, is none [A04]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())
        const login = yield* begunAt(server.origin, { server: announced })
        const iss = change(server.origin)

        const told = yield* Client.outcome(login.complete({ code: "c", iss }))

        assert.notStrictEqual(iss, server.origin)
        assert.strictEqual(told, "CallbackRejected issuer-mismatch")
        assert.lengthOf(server.received, 0)
      }))
  }

  it.live("with somebody else's code burns the verifier and keeps nothing [A05]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.refusal("invalid_grant"))

      yield* Effect.gen(function*() {
        const login = yield* Client.begun()
        const service = yield* TokenService.TokenService

        const first = yield* Client.outcome(login.complete({ code: "stolen" }))
        const second = yield* Client.outcome(login.complete({ code: "stolen" }))

        assert.deepStrictEqual([first, second], [
          "RequestRefused invalid_grant",
          "CallbackRejected no-pending-authorization"
        ])
        assert.isTrue(Option.isNone(yield* service.status(service.key("ada"))))
        assert.deepStrictEqual(
          server.received.map(({ form }) => [form.get("code"), form.get("code_verifier")?.length]),
          [
            ["stolen", 43]
          ]
        )
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.live("to no login, or to one of another browser, is none [A06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const visitor = yield* WebApplication.serve(server.origin)
      const [attacker, victim] = [visitor(), visitor()]
      yield* victim.get("/oauth/login")
      const { location } = yield* attacker.get("/oauth/login")
      const state = new URL(location).searchParams.get("state") ?? ""

      const unasked = yield* visitor().get("/oauth/callback?code=c&state=made-up")
      const forged = yield* victim.get(`/oauth/callback?code=attackers-code&state=${state}`)
      const own = yield* attacker.get(`/oauth/callback?code=own-code&state=${state}`)

      assert.deepStrictEqual([unasked.location, forged.location, own.location].map(errorOf), [
        "stale",
        "stale",
        null
      ])
      assert.deepStrictEqual(server.received.map(({ form }) => form.get("code")), ["own-code"])
    }))

  it.live("counts once: again, and twenty times at a time [A07]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => [...Server.wait(50), ...Server.tokens()])

      yield* Effect.gen(function*() {
        const login = yield* Client.begun()

        const together = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => Client.outcome(login.complete({ code: "c" })),
          { concurrency: "unbounded" }
        )
        const after = yield* Client.outcome(login.complete({ code: "c" }))

        assert.lengthOf(together.filter((told) => told === "success"), 1)
        assert.deepStrictEqual(
          new Set([...together, after]),
          new Set(["success", "CallbackRejected no-pending-authorization"])
        )
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  const twice: Readonly<Record<string, (state: string, iss: string) => string>> = {
    "two codes": (state) => `?code=a&code=b&state=${state}`,
    "two states": (state) => `?code=a&state=${state}&state=x`,
    "two issuers": (state, iss) => `?code=a&state=${state}&iss=${iss}&iss=${iss}`,
    "a code in the query and one in the fragment": (state) => `?code=a&state=${state}#code=b`,
    "a list of codes": (state) => `?code[]=a&code[]=b&state=${state}`,
    "a code and a list": (state) => `?code=a&code[0]=b&state=${state}`,
    "a list of states": (state) => `?code=a&state[x]=y&state=${state}`,
    "an escaped name": (state) => `?code=a&%63ode=b&state=${state}`
  }
  for (const [name, query] of Object.entries(twice)) {
    it.live(`with ${name} is none [A08]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())
        const login = yield* begunAt(server.origin, {})

        const told = yield* Client.outcome(login.arrive(Client.redirectUri + query(login.state, server.origin)))

        assert.match(told, /^CallbackRejected (duplicate-parameter|unsupported-response)/)
        assert.lengthOf(server.received, 0)
      }))
  }

  for (const forged of [{ state: "wrong" }, { iss: "https://evil.example" }]) {
    it.live(`that is an error is not believed with another ${Object.keys(forged)[0]}, and its text not shown [A10]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())
        const login = yield* begunAt(server.origin, { server: announced })
        const text = "Your account is locked. Call +1 900 555 0100 <script>alert(1)</script>"

        const error = yield* Effect.flip(
          login.complete({ error: "access_denied", error_description: text, iss: server.origin, ...forged })
        )

        assert.strictEqual(error.reason._tag, "CallbackRejected")
        assert.notMatch(String(error), /locked|900|script/)
      }))
  }

  const broken: Readonly<Record<string, (state: string) => string>> = {
    "an escape that is none": (state) => `?code=%zz&state=${state}`,
    "a byte that is no text": (state) => `?code=%ff&state=${state}`,
    "a NUL": (state) => `?code=a%00b&state=${state}`,
    "line breaks": (state) => `?code=a%0d%0ab&state=${state}`,
    "a megabyte": (state) => `?code=${"a".repeat(1_000_000)}&state=${state}`,
    "ten thousand parameters": (state) => `?state=${state}${"&a=b".repeat(10_000)}&code=c`,
    "an unfinished escape": (state) => `?state=${state}&code=%`,
    "a lone half of a character": (state) => `?code=%ed%a0%80&state=${state}`,
    "a name with a line break": (state) => `?code=a&x%0ay=1&state=${state}`
  }
  for (const [name, query] of Object.entries(broken)) {
    it.live(`with ${name} is malformed and nothing worse [A11]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())
        const login = yield* begunAt(server.origin, {})

        const told = yield* Client.outcome(login.arrive(Client.redirectUri + query(login.state)))

        assert.match(told, /^CallbackRejected malformed/)
        assert.lengthOf(server.received, 0)
      }))
  }

  const elsewhere = [
    "https://app.example/callback/other",
    "https://app.example/Callback",
    "https://app.example:8443/callback",
    "https://app.example.evil.example/callback",
    "http://app.example/callback",
    "https://app.example/x/../callback",
    "https://app.example/%63allback"
  ]
  for (const address of elsewhere) {
    it.live(`that arrives at ${address} is none [A12]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())
        const login = yield* begunAt(server.origin, {})

        const told = yield* Client.outcome(login.complete({ code: "c" }, address))

        assert.strictEqual(told, "CallbackRejected redirect-uri-mismatch")
        assert.lengthOf(server.received, 0)
      }))
  }

  it.live("is told by the configured address, not by Host or what a proxy is said to have seen [A12]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const visitor = yield* WebApplication.serve(server.origin)
      const { get } = visitor()
      const { location } = yield* get("/oauth/login", {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http"
      })
      const state = new URL(location).searchParams.get("state") ?? ""

      const { location: after } = yield* get(`/oauth/callback?code=c&state=${state}`, { host: "evil.example" })

      assert.strictEqual(after, "https://app.example/")
      assert.deepStrictEqual(server.received.map(({ form }) => form.get("redirect_uri")), [
        "https://app.example/oauth/callback"
      ])
    }))

  it.live("that comes when its time is over is none [A13]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const login = yield* begunAt(server.origin, {}, { timeToLive: "20 millis" })
      yield* Effect.sleep("40 millis")

      const told = yield* Client.outcome(login.complete({ code: "c" }))

      assert.strictEqual(told, "CallbackRejected no-pending-authorization")
      assert.lengthOf(server.received, 0)
    }))

  it.effect("that comes after ten minutes is none, and its login is forgotten [A13]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const login = yield* Login.Login
      const { url } = yield* login.begin({ account: "ada", redirectUri: Client.redirectUri, scopes: [] })
      const answer = yield* server.authorize(url)
      yield* TestClock.adjust("10 minutes")

      const told = yield* Client.outcome(login.complete(answer))

      const pendings = yield* PendingAuthorizations.PendingAuthorizations
      assert.strictEqual(told, "CallbackRejected no-pending-authorization")
      assert.strictEqual(yield* pendings.forget("ada"), 0)
      assert.lengthOf(yield* server.exchanges, 0)
    }).pipe(Effect.provide(InMemory.layer())))
})

const announced = { dialect: { authorization: { issuer: "required" } } } as const

const begunAt = Effect.fnUntraced(function*(
  origin: string,
  options: Client.Options,
  login?: Partial<Login.Options>
) {
  const context = yield* Layer.build(Client.layer(origin, options))
  return yield* Effect.provideContext(Client.begun(login), context)
})

const errorOf = (location: string): string | null => new URL(location).searchParams.get("login_error")

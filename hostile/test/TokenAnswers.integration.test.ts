/** Answers of a token endpoint that are wrong, broken, endless or meant to harm, with both HTTP clients. */
import { Dpop, type TokenRequest, type TokenResponse } from "@effect-oauth/core"
import { TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Redacted, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as zlib from "node:zlib"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"
import { until } from "./support/until.ts"

type Judgement = TokenResponse.Judgement

for (const [client, http] of Object.entries(Client.clients)) {
  /** What a script is judged to be. */
  const judge = Effect.fnUntraced(function*(
    script: Server.Script,
    options: Client.Options & { readonly timeLimit?: Duration.Duration; readonly request?: TokenRequest.TokenRequest } =
      {}
  ): Effect.fn.Return<
    {
      readonly judgement: Judgement
      readonly server: Server.HostileServer
    },
    unknown,
    Scope.Scope
  > {
    const server = yield* Server.listen(() => script)
    const context = yield* Layer.build(Client.layer(server.origin, { http, ...options }))
    const judgement = yield* Client.present(options.request, { timeLimit: options.timeLimit }).pipe(
      Effect.provideContext(context)
    )
    return { judgement, server }
  })

  /** Tests that say what is made of a script. */
  const says = (
    title: string,
    script: Server.Script,
    expected: string,
    options?: Parameters<typeof judge>[1]
  ) =>
    it.live(title, () =>
      Effect.gen(function*() {
        const { judgement } = yield* judge(script, options)

        assert.strictEqual(Client.judged(judgement), expected)
      }))

  describe(`an answer of the token endpoint, by ${client}`, () => {
    const body = JSON.stringify({ access_token: "at", token_type: "Bearer" })

    describe("of another content type [B01]", () => {
      says("is no answer where it is a page [B01]", Server.page(), "Ambiguous: AnswerLost content-type")
      says(
        "is not read as JSON where it says text [B01]",
        Server.answer(200, { "content-type": "text/plain" }, body),
        "Unusable: ResponseInvalid content-type"
      )
      says(
        "is not read as JSON where it says nothing [B01]",
        Server.answer(200, {}, body),
        "Unusable: ResponseInvalid content-type"
      )
      says(
        "is not read as a form, though there are tokens in it [B01]",
        Server.answer(
          200,
          { "content-type": "application/x-www-form-urlencoded" },
          "access_token=at&token_type=bearer"
        ),
        "Unusable: ResponseInvalid content-type"
      )
      says(
        "is not JSON because its type begins so [B01]",
        Server.answer(200, { "content-type": "application/json-seq" }, body),
        "Unusable: ResponseInvalid content-type"
      )
      it.live("is asked not to be [B01]", () =>
        Effect.gen(function*() {
          const { server } = yield* judge(Server.tokens())

          assert.strictEqual(server.received[0]?.headers["accept"], "application/json")
        }))
    })

    describe("with an error in a 200 [B02]", () => {
      says(
        "is the error [B02]",
        Server.json({ error: "bad_verification_code", error_description: "The code passed is incorrect" }),
        "Refused: RequestRefused bad_verification_code"
      )
      says(
        "is what the dialect makes of the provider's own shape [B02]",
        Server.json({ ok: false, error: "invalid_auth" }),
        "Refused: RequestRefused invalid_grant",
        {
          server: {
            dialect: {
              onAnswer: (answer) => ({
                ...answer,
                body: new TextEncoder().encode(
                  new TextDecoder().decode(answer.body).replace("invalid_auth", "invalid_grant")
                )
              })
            }
          }
        }
      )
    })

    describe("with an access token that is none [B04]", () => {
      const tokens: ReadonlyArray<readonly [unknown, string]> = [
        [undefined, "missing access_token"],
        ["", "missing access_token"],
        [null, "missing access_token"],
        [7, "wrong-type access_token"],
        [["at"], "wrong-type access_token"],
        [{ value: "at" }, "wrong-type access_token"],
        ["a\r\nset-cookie: x=y", "out-of-range access_token"],
        ["a b", "out-of-range access_token"],
        ["tökén", "out-of-range access_token"],
        ["a\u0000b", "out-of-range access_token"],
        ["a,b", "out-of-range access_token"]
      ]
      for (const [value, problem] of tokens) {
        it.live(`is refused and not quoted: ${JSON.stringify(value) ?? "none"} [B04]`, () =>
          Effect.gen(function*() {
            const { judgement } = yield* judge(Server.tokens({ access_token: value }))

            assert.strictEqual(Client.judged(judgement), `Unusable: ResponseInvalid ${problem}`)
            assert.notMatch(inspect(judgement, { depth: 9 }), /set-cookie|tökén|a b/)
          }))
      }
    })

    describe("about its type", () => {
      for (const missing of [undefined, null, ""]) {
        says(
          `is refused where it says ${JSON.stringify(missing) ?? "nothing"} [B05]`,
          Server.tokens({ token_type: missing }),
          "Unusable: ResponseInvalid missing token_type"
        )
      }
      says("has the dialect's default [B05]", Server.tokens({ token_type: undefined }), "Granted", {
        server: { dialect: { response: { defaultTokenType: "Bearer" } } }
      })
      for (const type of ["bEaReR", "BEARER", "bearer"]) {
        says(`is understood in any case: ${type} [B06]`, Server.tokens({ token_type: type }), "Granted")
      }
      for (const type of ["mac", "N_A", "Bearer ", "Bearer,DPoP", "constructor", "__proto__"]) {
        says(
          `is refused where it is ${JSON.stringify(type)} [B06]`,
          Server.tokens({ token_type: type }),
          "Unusable: TokenTypeUnsupported"
        )
      }
      for (const type of [["Bearer"], 1, { Bearer: true }, true]) {
        says(
          `is refused where it is ${JSON.stringify(type)} [B06]`,
          Server.tokens({ token_type: type }),
          "Unusable: ResponseInvalid wrong-type token_type"
        )
      }
    })

    describe("about its lifetime", () => {
      for (const missing of [undefined, null]) {
        it.live(`does not know it where it is ${JSON.stringify(missing) ?? "not told"} [B08]`, () =>
          Effect.gen(function*() {
            const { judgement } = yield* judge(Server.tokens({ expires_in: missing }))

            assert.isTrue(judgement._tag === "Granted" && judgement.tokens.expiresIn === undefined)
          }))
      }
      for (const text of ["3600", "3600abc", "", "1e9", " 120 ", "0x10", "-1", "12345678901"]) {
        says(
          `is no text: ${JSON.stringify(text)} [B09]`,
          Server.tokens({ expires_in: text }),
          "Unusable: ResponseInvalid wrong-type expires_in"
        )
        says(
          `may be digits and nothing else where the dialect says so: ${JSON.stringify(text)} [B09]`,
          Server.tokens({ expires_in: text }),
          text === "3600" ? "Granted" : "Unusable: ResponseInvalid wrong-type expires_in",
          { server: { dialect: { response: { expiresIn: "number-or-digits" } } } }
        )
      }
      for (const value of [true, [3600], { s: 3600 }]) {
        says(
          `is a number: not ${JSON.stringify(value)} [B09]`,
          Server.tokens({ expires_in: value }),
          "Unusable: ResponseInvalid wrong-type expires_in"
        )
      }
      says(
        "is not negative [B10]",
        Server.tokens({ expires_in: -1 }),
        "Unusable: ResponseInvalid out-of-range expires_in"
      )
      for (const zero of ["0", "-0", "0.5"]) {
        it.live(`of ${zero} is over [B10]`, () =>
          Effect.gen(function*() {
            const { judgement } = yield* judge(
              Server.json(`{"access_token":"a","token_type":"Bearer","expires_in":${zero}}`)
            )

            assert.isTrue(
              judgement._tag === "Granted" && judgement.tokens.expiresIn !== undefined &&
                Duration.toMillis(judgement.tokens.expiresIn) === 0
            )
          }))
      }
      for (const long of ["1e9", "1e308", "9007199254740993", "1e400"]) {
        it.live(`of ${long} is cut to what a timer can hold [B10]`, () =>
          Effect.gen(function*() {
            const { judgement } = yield* judge(
              Server.json(`{"access_token":"a","token_type":"Bearer","expires_in":${long}}`)
            )

            assert.isTrue(
              judgement._tag === "Granted" && judgement.tokens.expiresIn !== undefined &&
                Duration.toDays(judgement.tokens.expiresIn) <= 3650
            )
          }))
      }
    })

    describe("that is too large [B12]", () => {
      const head = (headers: Readonly<Record<string, string>>) =>
        Server.head(200, { "content-type": "application/json", ...headers })
      const space = Buffer.alloc(65_536, " ")

      it.live("is cut off where it does not end [B12]", () =>
        Effect.gen(function*() {
          const chunk = Buffer.concat([Buffer.from("10000\r\n"), space, Buffer.from("\r\n")])

          const { judgement, server } = yield* judge([
            ...head({ "transfer-encoding": "chunked" }),
            ...Server.forever(chunk)
          ])
          yield* until(() => server.open() === 0)

          assert.strictEqual(Client.judged(judgement), "Unusable: ResponseInvalid too-large")
          assert.isBelow(server.written(), 64 * 1_048_576)
        }))

      it.live("is counted as it arrives, not as its length says [B12]", () =>
        Effect.gen(function*() {
          const { judgement } = yield* judge([...head({ "content-length": "9999999999" }), ...Server.forever(space)])

          assert.strictEqual(Client.judged(judgement), "Unusable: ResponseInvalid too-large")
        }))

      it.live("is counted as it is after inflating, and never all there [B12]", () =>
        Effect.gen(function*() {
          const bomb = Server.bomb(512)
          const before = process.memoryUsage.rss()

          const { judgement } = yield* judge([
            ...head({ "content-encoding": "gzip", "content-length": String(bomb.length) }),
            ...Server.write(bomb)
          ])

          assert.isBelow(bomb.length, 1_000_000)
          assert.strictEqual(
            Client.judged(judgement),
            // undici inflates nothing: what it gives is no JSON
            client === "fetch" ? "Unusable: ResponseInvalid too-large" : "Unusable: ResponseInvalid encoding"
          )
          assert.isBelow(process.memoryUsage.rss() - before, 256 * 1_048_576)
        }))
    })

    describe("that does not come [B13]", () => {
      const limited = { timeLimit: Duration.millis(300) }
      const slow: Readonly<Record<string, Server.Script>> = {
        "at all": Server.hang,
        "beyond half of its head": [...Server.write("HTTP/1.1 200 OK\r\ncontent-ty"), ...Server.hang],
        "to the end of its head": [...Server.write("HTTP/1.1 200 OK\r\n"), ...Server.forever("x-a: b\r\n", 20)],
        "but one byte at a time": [
          ...Server.head(200, { "content-type": "application/json", "content-length": "1000" }),
          ...Server.forever(" ", 20)
        ],
        "beyond half of its body": [
          ...Server.head(200, { "content-type": "application/json", "content-length": "1000" }),
          ...Server.write(`{"access_token":"a`),
          ...Server.hang
        ]
      }
      for (const [name, script] of Object.entries(slow)) {
        it.live(`${name} is given up, and its connection closed [B13]`, () =>
          Effect.gen(function*() {
            const { judgement, server } = yield* judge(script, limited)
            yield* until(() => server.open() === 0)

            assert.match(Client.judged(judgement), /^Ambiguous: AnswerLost (timeout|transport)$/)
          }))
      }
    })

    describe("that breaks off [B14]", () => {
      const broken: Readonly<Record<string, readonly [Server.Script, string]>> = {
        "in the middle of its JSON": [Server.json(`{"access_token":"sEcReT`), "Ambiguous: AnswerLost truncated"],
        "before its length": [
          [
            ...Server.head(200, { "content-type": "application/json", "content-length": "1000" }),
            ...Server.write(`{"access_token":"sEcReT","token_type":"Bearer"}`),
            ...Server.end
          ],
          "Ambiguous: AnswerLost truncated"
        ],
        "by a reset in its body": [
          [
            ...Server.head(200, { "content-type": "application/json", "content-length": "1000" }),
            ...Server.write(`{"access_token":"sEcReT",`),
            ...Server.wait(20),
            ...Server.reset
          ],
          "Ambiguous: AnswerLost truncated"
        ],
        "between two chunks": [
          [
            ...Server.head(200, { "content-type": "application/json", "transfer-encoding": "chunked" }),
            ...Server.write(`10\r\n{"access_token":\r\n`),
            ...Server.end
          ],
          "Ambiguous: AnswerLost truncated"
        ],
        "by a reset before its head": [Server.reset, "Ambiguous: AnswerLost reset"],
        "in the middle of its status line": [
          [...Server.write("HTTP/1.1 2"), ...Server.end],
          "Ambiguous: AnswerLost reset"
        ]
      }
      for (const [name, [script, expected]] of Object.entries(broken)) {
        it.live(`${name} is used in no part, and quoted nowhere [B14]`, () =>
          Effect.gen(function*() {
            const { judgement, server } = yield* judge(script)

            assert.strictEqual(Client.judged(judgement), expected)
            assert.notInclude(inspect(judgement, { depth: 9 }), "sEcReT")
            assert.lengthOf(server.received, 1)
          }))
      }

      it.live("is no reason to present a code again [B14]", () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(() => Server.reset)

          yield* Effect.gen(function*() {
            const login = yield* Client.begun()
            yield* Client.outcome(login.complete({ code: "c" }))
          }).pipe(Effect.provide(Client.layer(server.origin, { http })))

          assert.lengthOf(server.received, 1)
        }))
    })

    describe("in another encoding [B15]", () => {
      const text = `{"access_token":"at","token_type":"Bearer"}`
      const encoded = (bytes: Uint8Array) => Server.answer(200, { "content-type": "application/json" }, bytes)

      says("may begin with one byte order mark [B15]", encoded(Buffer.from(`\ufeff${text}`)), "Granted")
      says(
        "does not begin with two [B15]",
        encoded(Buffer.from(`\ufeff\ufeff${text}`)),
        "Ambiguous: AnswerLost truncated"
      )
      says(
        "is not UTF-16 [B15]",
        encoded(Buffer.from(`\ufeff${text}`, "utf16le")),
        "Unusable: ResponseInvalid encoding"
      )
      says(
        "is not mended where it is no UTF-8 [B15]",
        encoded(
          Buffer.concat([
            Buffer.from(`{"access_token":"a`),
            Buffer.from([0xff]),
            Buffer.from(`","token_type":"Bearer"}`)
          ])
        ),
        "Unusable: ResponseInvalid encoding"
      )
      says(
        "is read as UTF-8, whatever charset it names [B15]",
        Server.answer(200, { "content-type": "application/json; charset=utf-7" }, text),
        "Granted"
      )
      says(
        "is no JSON in an encoding of content that nobody asked for [B15]",
        Server.answer(
          200,
          { "content-type": "application/json", "content-encoding": "x-zip" },
          zlib.deflateRawSync(text)
        ),
        "Unusable: ResponseInvalid encoding"
      )
    })

    it.live("with a member twice has the last, also in what is kept [B16]", () =>
      Effect.gen(function*() {
        const { judgement } = yield* judge(
          Server.json(
            `{"access_token":"first","token_type":"Bearer","access_token":"last","api":"first","api":"last"}`
          ),
          { server: { dialect: { response: { keep: ["api"] } } } }
        )

        assert.isTrue(judgement._tag === "Granted" && Redacted.value(judgement.tokens.accessToken) === "last")
        assert.deepStrictEqual(judgement._tag === "Granted" && judgement.tokens.kept, { api: "last" })
      }))

    describe("with names that objects have by themselves [B17]", () => {
      says(
        "has no members but its own [B17]",
        Server.json(`{"__proto__":{"access_token":"at","token_type":"Bearer"}}`),
        "Unusable: ResponseInvalid missing access_token"
      )
      says(
        "has no type but what it says [B17]",
        Server.json(`{"access_token":"at","__proto__":{"token_type":"Bearer"}}`),
        "Unusable: ResponseInvalid missing token_type"
      )
      it.live("changes no other object [B17]", () =>
        Effect.gen(function*() {
          const { judgement } = yield* judge(
            Server.json(
              `{"access_token":"at","token_type":"Bearer","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}`
            ),
            { server: { dialect: { response: { keep: ["__proto__", "constructor", "toString", "valueOf"] } } } }
          )

          assert.strictEqual(judgement._tag, "Granted")
          assert.isUndefined(Reflect.get({}, "polluted"))
          assert.isFalse(judgement._tag === "Granted" && "polluted" in (judgement.tokens.kept ?? {}))
        }))
    })

    describe("that is another JSON value [B18]", () => {
      const values: Readonly<Record<string, readonly [string, string]>> = {
        "a list": [`[{"access_token":"at"}]`, "Unusable: ResponseInvalid not-an-object"],
        "a text": [`"access_token"`, "Unusable: ResponseInvalid not-an-object"],
        "null": ["null", "Unusable: ResponseInvalid not-an-object"],
        "a number": ["1", "Unusable: ResponseInvalid not-an-object"],
        "a hundred thousand lists": [
          "[".repeat(100_000) + "]".repeat(100_000),
          "Unusable: ResponseInvalid not-an-object"
        ],
        "a hundred thousand lists without an end": ["[".repeat(100_000), "Ambiguous: AnswerLost truncated"],
        "two objects": [`{"access_token":"at"}{}`, "Ambiguous: AnswerLost truncated"]
      }
      for (const [name, [body, expected]] of Object.entries(values)) {
        says(`is refused: ${name} [B18]`, Server.json(body), expected)
      }
      says(
        "may hold what nests deeply, which is not kept [B18]",
        Server.json(
          `{"access_token":"at","token_type":"Bearer","deep":${"{\"a\":".repeat(50_000)}1${"}".repeat(50_000)}}`
        ),
        "Granted",
        { server: { dialect: { response: { keep: ["deep"] } } } }
      )
      says(
        "may have very many members [B18]",
        Server.json(
          `{"access_token":"at","token_type":"Bearer",${
            Array.from({ length: 90_000 }, (_, i) => `"a${i}":1`).join(",")
          }}`
        ),
        "Granted"
      )
    })

    describe("of another status [B19]", () => {
      for (const status of [201, 202, 203, 206, 226]) {
        says(
          `is no answer: ${status} [B19]`,
          Server.json({ access_token: "at", token_type: "Bearer" }, { status }),
          "Unusable: ResponseInvalid status"
        )
      }
      says("is no answer: 204 [B19]", Server.answer(204, {}), "Unusable: ResponseInvalid status")
      says("is lost where it is empty [B19]", Server.json(""), "Ambiguous: AnswerLost truncated")
    })

    describe("about its scope [B20]", () => {
      const scopes: ReadonlyArray<readonly [unknown, ReadonlyArray<string>]> = [
        ["read", ["read"]],
        ["read write admin", ["read", "write", "admin"]],
        ["", []],
        ["  read   read ", ["read"]]
      ]
      for (const [scope, expected] of scopes) {
        it.live(`tells what was granted: ${JSON.stringify(scope)} [B20]`, () =>
          Effect.gen(function*() {
            const { judgement } = yield* judge(Server.tokens({ scope }))

            assert.deepStrictEqual(judgement._tag === "Granted" && judgement.tokens.scopes, expected)
          }))
      }
      for (const scope of [["read"], { read: true }, 1]) {
        says(
          `is a text: not ${JSON.stringify(scope)} [B20]`,
          Server.tokens({ scope }),
          "Unusable: ResponseInvalid wrong-type scope"
        )
      }
      it.live("is not split at commas [B20]", () =>
        Effect.gen(function*() {
          const plain = yield* judge(Server.tokens({ scope: "a,b" }))
          const asked = yield* judge(Server.tokens({ scope: "a,b" }), {
            server: { dialect: { response: { scopeSeparator: "," } } }
          })

          const scopesOf = (judgement: Judgement) => judgement._tag === "Granted" ? judgement.tokens.scopes : undefined
          assert.deepStrictEqual([scopesOf(plain.judgement), scopesOf(asked.judgement)], [["a,b"], ["a", "b"]])
        }))
      says(
        "holds nothing that no scope is [B20]",
        Server.tokens({ scope: "read\u0000 \u202e\"" }),
        "Unusable: ResponseInvalid out-of-range scope"
      )
    })

    describe("in a provider's own shape [B21]", () => {
      says(
        "is what the dialect finds in it [B21]",
        Server.json({ ok: true, authed_user: { access_token: "nested", token_type: "user" } }),
        "Granted",
        {
          server: {
            dialect: {
              onAnswer: (answer) => ({
                ...answer,
                body: new TextEncoder().encode(JSON.stringify({
                  ...JSON.parse(new TextDecoder().decode(answer.body)).authed_user,
                  token_type: "Bearer"
                }))
              })
            }
          }
        }
      )
      says(
        "stays as it came where the dialect throws [B21]",
        Server.tokens(),
        "Granted",
        {
          server: {
            dialect: {
              onAnswer: () => {
                throw new Error("quotes the token")
              }
            }
          }
        }
      )
      says(
        "may hold anything beside [B21]",
        Server.tokens({ user: { id: [1, null, { a: 1 }] }, expires: "never", status: 500, "": "" }),
        "Granted"
      )
    })
  })

  it.live(`a downgraded token of ${client} is not released, and its refresh token is kept [B07]`, () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens({ token_type: "Bearer" }))

      const judgement = yield* Client.present().pipe(
        Effect.provide(Client.layer(server.origin, { http }).pipe(Layer.provide(Dpop.layer())))
      )

      assert.strictEqual(Client.judged(judgement), "Unusable: TokenTypeUnsupported")
      assert.isTrue(judgement._tag === "Unusable" && judgement.refreshToken !== undefined)
      assert.property(server.received[0]?.headers ?? {}, "dpop")
    }))
}

describe("an answer of the token endpoint, when time passes", () => {
  it.effect("that does not come in a minute is given up, and the token that lives is served [B13]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { service, key } = yield* Client.adopted({
        ...(yield* server.issue()),
        receivedAt: 0,
        expiresIn: Duration.hours(1)
      })
      yield* server.inject({ name: "silence", answer: () => "silence" })
      yield* TestClock.adjust(Duration.minutes(59.5))

      const before = yield* service.token(key)
      yield* TestClock.adjust("10 seconds")
      const meanwhile = yield* service.token(key)
      const fiber = yield* Effect.forkChild(Client.outcome(service.refresh(key)))
      yield* TestClock.adjust("2 minutes")

      assert.strictEqual(Redacted.value(before.value), Redacted.value(meanwhile.value))
      assert.match(yield* Fiber.join(fiber), /^(RenewalPending|AnswerLost)/)
    }).pipe(Effect.provide(InMemory.layer())))

  it.effect("that says no lifetime is used until the API refuses it, then renewed once [B08]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { expiresIn: _, ...issued } = yield* server.issue()
      const { service, key } = yield* Client.adopted(issued)
      yield* TestClock.adjust("30 days")

      const token = yield* service.token(key)
      const requestsBefore = (yield* server.exchanges).length
      const other = yield* service.refused(key, token)

      assert.strictEqual(requestsBefore, 0)
      assert.notStrictEqual(Redacted.value(other.value), Redacted.value(token.value))
      assert.lengthOf(yield* server.exchanges, 1)
    }).pipe(Effect.provide(InMemory.layer())))

  it.effect("with an error beside tokens ends no grant [B02]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { service, key } = yield* Client.adopted(yield* server.issue())
      yield* server.respondWith(({ endpoint }) =>
        endpoint === "token"
          ? TestHttp.json({ error: "invalid_grant", access_token: "a", refresh_token: "r", token_type: "Bearer" })
          : undefined
      )

      const told = yield* Client.outcome(service.refresh(key))

      const status = Option.getOrThrow(yield* service.status(key))
      assert.strictEqual(told, "ResponseInvalid mismatch error")
      assert.strictEqual(status.state._tag, "Active")
    }).pipe(Effect.provide(InMemory.layer())))
})

/**
 * What nobody has listed: kinds of behaviour that came to mind while the others were tried.
 *
 * - U01 answers that frame themselves in two ways, or in none that HTTP has
 * - U02 answers to nobody: sent ahead of a request, or after the end of another answer
 * - U03 interim answers without an end
 * - U04 too many header fields, and too long ones
 * - U05 compressed in layers, or by what was not offered
 * - U06 a server that quotes the secrets it was sent
 * - U07 cookies, and other things that a client could remember
 * - U08 an answer before the request is all there
 * - U09 a server that takes connections and reads nothing
 * - U10 content types that say two things
 * - U11 tokens as long as an answer may be
 */
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  DeviceAuthorization,
  Introspection,
  type OAuthError,
  PasswordGrant,
  PushedAuthorization,
  Revocation,
  TokenRequest
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, type Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { inspect } from "node:util"
import * as zlib from "node:zlib"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"

const body = JSON.stringify({ access_token: "at", token_type: "Bearer" })

for (const [client, http] of Object.entries(Client.clients)) {
  const judge = Effect.fnUntraced(function*(script: Server.Script, timeLimit?: Duration.Duration) {
    const server = yield* Server.listen(() => script)
    return yield* Effect.provide(Client.present(undefined, { timeLimit }), Client.layer(server.origin, { http }))
  })
  const raw = (head: string, rest = body) => [...Server.write(`${head}\r\n\r\n${rest}`), ...Server.end]

  describe(`a server that nobody has listed, by ${client}`, () => {
    const length = `content-length: ${body.length}`
    const json = "content-type: application/json"
    const framed: Readonly<Record<string, Server.Script>> = {
      "two lengths": raw(`HTTP/1.1 200 OK\r\n${json}\r\n${length}\r\ncontent-length: 5`),
      "a length and chunks": raw(
        `HTTP/1.1 200 OK\r\n${json}\r\n${length}\r\ntransfer-encoding: chunked`,
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      ),
      "a negative length": raw(`HTTP/1.1 200 OK\r\n${json}\r\ncontent-length: -1`),
      "a length in words": raw(`HTTP/1.1 200 OK\r\n${json}\r\ncontent-length: many`),
      "chunks of a length that is none": raw(
        `HTTP/1.1 200 OK\r\n${json}\r\ntransfer-encoding: chunked`,
        `zz\r\n${body}\r\n0\r\n\r\n`
      ),
      "no length and no end": [...Server.write(`HTTP/1.1 200 OK\r\n${json}\r\n\r\n${body}`), ...Server.hang],
      "another version": raw(`HTTP/9.9 200 OK\r\n${json}\r\n${length}`),
      "another protocol": raw("ICY 200 OK"),
      "no status": raw(`HTTP/1.1\r\n${json}\r\n${length}`),
      "a status of two digits": raw(`HTTP/1.1 20 OK\r\n${json}\r\n${length}`),
      "a status of four digits": raw(`HTTP/1.1 2000 OK\r\n${json}\r\n${length}`),
      "a header without a name": raw(`HTTP/1.1 200 OK\r\n: x\r\n${json}\r\n${length}`),
      "a header with a NUL": raw(`HTTP/1.1 200 OK\r\nx: a\u0000b\r\n${json}\r\n${length}`),
      "bytes of no protocol": [...Server.write(Buffer.from([0x16, 3, 1, 0, 1, 0, 255, 254])), ...Server.end],
      "a switch of protocols": raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade", "")
    }
    for (const [name, script] of Object.entries(framed)) {
      it.live(`is heard or given up, and never fails otherwise: ${name} [U01]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(script, Duration.millis(500))

          assert.match(
            Client.judged(judgement),
            /^(Granted|Ambiguous: AnswerLost (reset|transport|truncated|timeout|content-type|status))$/
          )
        }))
    }

    it.live("does not answer a request with what it sent before it [U02]", () =>
      Effect.gen(function*() {
        const stale = Server.json({ access_token: "of-nobody", token_type: "Bearer" })
        const server = yield* Server.listen((_, nth) =>
          nth === 1
            ? [...Server.tokens({ access_token: "at-1" }), ...stale]
            : Server.tokens({ access_token: `at-${nth}` })
        )

        yield* Effect.gen(function*() {
          const got: Array<string> = []
          for (let nth = 0; nth < 3; nth++) {
            got.push(tokenOf(yield* Client.present()))
            yield* Effect.sleep("30 millis")
          }

          assert.notInclude(got, "of-nobody")
        }).pipe(Effect.provide(Client.layer(server.origin, { http })))
      }))

    it.live("is given up when it says for ever that an answer is on its way [U03]", () =>
      Effect.gen(function*() {
        const judgement = yield* judge(
          [...Server.forever("HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n", 5)],
          Duration.millis(500)
        )

        assert.match(Client.judged(judgement), /^Ambiguous: AnswerLost (timeout|transport|reset)$/)
      }))

    const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "ten thousand header fields": Object.fromEntries(
        Array.from({ length: 10_000 }, (_, index) => [`x-${index}`, "y"])
      ),
      "a header field of a megabyte": { "x-long": "y".repeat(1_048_576) }
    }
    for (const [name, headers] of Object.entries(fields)) {
      it.live(`is given up with ${name} [U04]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.json(body, { headers }), Duration.seconds(5))

          assert.match(Client.judged(judgement), /^Ambiguous: AnswerLost (transport|reset)$/)
        }))
    }

    const compressed: Readonly<Record<string, readonly [string, Uint8Array]>> = {
      "gzip in gzip": ["gzip, gzip", zlib.gzipSync(Server.bomb(64))],
      "gzip twenty times over": [Array.from({ length: 20 }, () => "gzip").join(", "), zlib.gzipSync(body)],
      "gzip that is none": ["gzip", Buffer.from(body)],
      "gzip with half of it": ["gzip", zlib.gzipSync(body).subarray(0, 20)],
      "brotli that grows": [
        "br",
        zlib.brotliCompressSync(Buffer.alloc(32 * 1_048_576, " "), {
          params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 }
        })
      ],
      "deflate that grows": ["deflate", zlib.deflateSync(Buffer.alloc(32 * 1_048_576, " "))],
      "a code that there is not": ["rot13", Buffer.from(body)]
    }
    for (const [name, [encoding, bytes]] of Object.entries(compressed)) {
      it.live(`is read within the limit, or not at all: ${name} [U05]`, () =>
        Effect.gen(function*() {
          const before = process.memoryUsage.rss()

          const judgement = yield* judge(
            Server.answer(200, { "content-type": "application/json", "content-encoding": encoding }, bytes),
            Duration.seconds(20)
          )

          assert.match(
            Client.judged(judgement),
            /^(Granted|Unusable: ResponseInvalid (too-large|encoding|not-an-object)|Ambiguous: AnswerLost (truncated|transport|reset))$/
          )
          assert.isBelow(process.memoryUsage.rss() - before, 512 * 1_048_576)
        }))
    }

    it.live("is not told again what it wanted to be remembered [U07]", () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() =>
          Server.json(body, {
            headers: {
              "set-cookie": "session=1; Path=/; Max-Age=99999",
              "etag": `"v1"`,
              "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT",
              "www-authenticate": "Basic realm=x",
              "accept-ch": "sec-ch-ua"
            }
          })
        )

        yield* Effect.gen(function*() {
          yield* Client.present()
          yield* Client.present()
        }).pipe(Effect.provide(Client.layer(server.origin, { http })))

        const [first, second] = server.received.map(({ headers }) => Object.keys(headers).sort())
        assert.deepStrictEqual(second, first)
        assert.notInclude(second ?? [], "cookie")
      }))

    const early: Readonly<Record<string, readonly [Server.Script, RegExp]>> = {
      "tokens, and reads on": [Server.tokens(), /^(Granted|Ambiguous: AnswerLost (reset|transport))$/],
      "tokens, and hangs up": [
        [...Server.tokens(), ...Server.end],
        /^(Granted|Ambiguous: AnswerLost (reset|transport|truncated))$/
      ],
      "that it is too much": [
        [...Server.page(413), ...Server.end],
        /^(Unusable: ResponseInvalid status|Refused: RequestRefused.*|Ambiguous: AnswerLost (reset|transport|status))$/
      ],
      "that it is too busy": [
        [...Server.answer(503, { "retry-after": "5" }), ...Server.end],
        /^(NotProcessed: ServerUnavailable|Ambiguous: AnswerLost (reset|transport))$/
      ]
    }
    for (const [name, [script, expected]] of Object.entries(early)) {
      it.live(`answers before the request is all there, ${name}: is heard or given up, and for that request only [U08]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(
            (_, nth) => nth === 1 ? script : Server.tokens({ access_token: "second" }),
            {
              early: true
            }
          )
          const long = TokenRequest.extension("urn:x", [["assertion", Redacted.make("a".repeat(900_000))]])

          yield* Effect.gen(function*() {
            const first = yield* Client.present(long, { timeLimit: Duration.seconds(5) })
            const second = yield* Client.present(undefined, { timeLimit: Duration.seconds(5) })

            assert.match(Client.judged(first), expected)
            assert.match(Client.judged(second), /^(Granted|Ambiguous: AnswerLost (reset|transport))$/)
            if (second._tag === "Granted") assert.strictEqual(tokenOf(second), "second")
          }).pipe(Effect.provide(Client.layer(server.origin, { http })))
        }))
    }

    it.live("is given up where it takes the connection and reads nothing [U09]", () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.hang)
        const request = TokenRequest.extension("urn:x", [["assertion", Redacted.make("a".repeat(900_000))]])

        const judgement = yield* Client.present(request, { timeLimit: Duration.millis(400) }).pipe(
          Effect.provide(Client.layer(server.origin, { http }))
        )

        assert.strictEqual(Client.judged(judgement), "Ambiguous: AnswerLost timeout")
      }))

    const types: Readonly<Record<string, RegExp>> = {
      "application/json, text/html": /^Ambiguous|^Unusable: ResponseInvalid content-type$/,
      "text/html, application/json": /^Ambiguous|^Unusable: ResponseInvalid content-type$/,
      "text/html; application/json": /^Ambiguous|^Unusable: ResponseInvalid content-type$/,
      "application/jsonp": /^Unusable: ResponseInvalid content-type$/,
      "application/problem+json": /^Granted$/,
      "APPLICATION/JSON;charset=\"utf-8\"; x=y": /^Granted$/
    }
    for (const [type, expected] of Object.entries(types)) {
      it.live(`is not believed to say JSON by ${JSON.stringify(type)}, unless it does [U10]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.answer(200, { "content-type": type }, body))

          assert.match(Client.judged(judgement), expected)
        }))
    }

    it.live("may give a token as long as an answer may be, which the API refuses and nothing worse [U11]", () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((request) =>
          request.target === "/api" ? Server.answer(200, {}) : Server.tokens({ access_token: "a".repeat(1_000_000) })
        )

        yield* Effect.gen(function*() {
          const { key } = yield* Client.adopted({ expiresIn: Duration.zero })
          const api = yield* AuthorizedHttpClient.make(key)

          const exit = yield* Effect.exit(api.get(`${server.origin}/api`))

          assert.isTrue(exit._tag === "Success" || exit.cause.reasons.every(({ _tag }) => _tag === "Fail"))
        }).pipe(Effect.provide([Client.layer(server.origin, { http }), FetchHttpClient.layer]))
      }))
  })
}

describe("a server that quotes what it was sent", () => {
  const quoted = (value: string) => `canary-${value}-"\\/ü+& 9f2c`
  const quoting = (request: Server.Received): Server.Script => {
    const said = `I do not know ${[...request.form.values()].join(" or ")} or ${request.body} of ${
      request.headers["authorization"]
    }`
    return Server.answer(
      400,
      {
        "content-type": "application/json",
        "www-authenticate": `Bearer error="x", error_description="${request.headers["authorization"]}"`
      },
      JSON.stringify({
        error: "invalid_request",
        error_description: said.slice(0, 100_000),
        error_uri: `https://as.example/?${request.body}`
      })
    )
  }
  const secret = (value: string) => Redacted.make(quoted(value))
  const requests: Readonly<Record<string, TokenRequest.TokenRequest>> = {
    "a refresh token": TokenRequest.refreshToken({ refreshToken: secret("refresh") }),
    "a code and its verifier": TokenRequest.authorizationCode({
      code: secret("code"),
      codeVerifier: secret("verifier"),
      redirectUri: "https://app.example/cb"
    }),
    "a password": PasswordGrant.make({ username: "ada", password: secret("password") }),
    "an assertion": TokenRequest.extension("urn:x", [["assertion", secret("assertion")]])
  }
  const authentications = {
    post: ClientAuthentication.layerPost({ clientId: "app", clientSecret: secret("secret") }),
    basic: ClientAuthentication.layerBasic({ clientId: "app", clientSecret: secret("secret") })
  }
  for (const [method, authentication] of Object.entries(authentications)) {
    for (const [name, request] of Object.entries(requests)) {
      it.live(`does not bring ${name}, or a secret by ${method}, into an error [U06]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(quoting)

          const judgement = yield* Client.present(request).pipe(
            Effect.provide(Client.layer(server.origin, { authentication }))
          )

          const shown = inspect(judgement, { depth: 9 })
          assert.strictEqual(judgement._tag, "Refused")
          assert.include(shown, "I do not know")
          assert.notMatch(decodeURIComponent(shown), /canary/)
          assert.notInclude(shown, Buffer.from("app:canary").toString("base64").slice(0, 10))
        }))
    }
    const calls: Readonly<Record<string, Effect.Effect<unknown, OAuthError.OAuthError, Services>>> = {
      revocation: Revocation.Revocation.use(({ revoke }) => revoke(secret("token"))),
      introspection: Introspection.Introspection.use(({ introspect }) => introspect(secret("token"))),
      device: DeviceAuthorization.DeviceAuthorization.use(({ start }) => start()),
      push: PushedAuthorization.PushedAuthorization.use(({ push }) =>
        push([["response_type", "code"], ["state", secret("state")]])
      )
    }
    for (const [name, call] of Object.entries(calls)) {
      it.live(`does not bring a token, or a secret by ${method}, into an error of ${name} [U06]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(quoting)

          const error = yield* Effect.flip(call).pipe(
            Effect.provide(Client.layer(server.origin, {
              authentication,
              server: { pushedAuthorizationRequestEndpoint: `${server.origin}/push` }
            }))
          )

          assert.notMatch(
            decodeURIComponent(inspect(error, { depth: 9 }).replaceAll(/%(?![0-9a-f]{2})/gi, "")),
            /canary/
          )
        }))
    }
  }

  it.live("does not bring the token of a request into an error of the API [U06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request) =>
        Server.answer(403, {
          "www-authenticate": `Bearer error="insufficient_scope", error_description="${
            request.headers["authorization"]
          } has no scope"`
        })
      )

      yield* Effect.gen(function*() {
        const { key } = yield* Client.adopted({
          accessToken: Redacted.make("canary-access-9f2c"),
          expiresIn: Duration.hours(1)
        })
        const api = yield* AuthorizedHttpClient.make(key)

        const error = yield* Effect.flip(api.get(`${server.origin}/api`))

        assert.include(String(error), "has no scope")
        assert.notInclude(inspect(error, { depth: 9 }), "canary")
      }).pipe(Effect.provide([Client.layer(server.origin), FetchHttpClient.layer]))
    }))

  it.live("does not bring the state of a login into its error [U06]", () =>
    Effect.gen(function*() {
      yield* Effect.gen(function*() {
        const login = yield* Client.begun()

        const error = yield* Effect.flip(
          login.complete({ error: "access_denied", error_description: `of ${login.state}` })
        )

        assert.include(String(error), "of ")
        assert.notInclude(inspect(error, { depth: 9 }), login.state)
      }).pipe(Effect.provide(Client.layer("http://127.0.0.1:1")))
    }))
})

type Services = Layer.Success<ReturnType<typeof Client.layer>>

const tokenOf = (judgement: Effect.Success<ReturnType<typeof Client.present>>): string =>
  judgement._tag === "Granted" ? Redacted.value(judgement.tokens.accessToken) : judgement._tag

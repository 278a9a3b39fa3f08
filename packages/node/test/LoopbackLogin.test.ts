import { LoopbackLogin } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import type * as Http from "node:http"
import * as Net from "node:net"
import { networkInterfaces } from "node:os"
import { until } from "../../core/test/support/until.ts"
import { isClosed, visit } from "./fixtures/visit.ts"

const state = Redacted.make("the-state")

describe("LoopbackLogin", () => {
  it.effect("gives the address at which the browser arrived [8252-7.3-a] [2.1-8.5.4-c] [8252-8.3-a] [2.1-8.4.2-a]", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))

      const answer = yield* visit(`${redirectUri}?code=a%20b&state=the-state&iss=https%3A%2F%2Fas.example`)

      assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(
        yield* Fiber.join(fiber),
        `${redirectUri}?code=a%20b&state=the-state&iss=https%3A%2F%2Fas.example`
      )
    }))

  it.effect("gives an answer that is an error", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))

      yield* visit(`${redirectUri}?error=access_denied&state=the-state`)

      assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?error=access_denied&state=the-state`)
    }))

  it.effect("keeps an answer that is faster than whoever waits for it", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const early = yield* Effect.forkChild(Effect.all([
        visit(`${redirectUri}?state=wrong`),
        visit(`${redirectUri}?state=the-state`)
      ], { concurrency: "unbounded" }))
      yield* settled

      const url = yield* callback(state)

      assert.strictEqual(url, `${redirectUri}?state=the-state`)
      assert.deepStrictEqual((yield* Fiber.join(early)).map(({ status }) => status), [400, 200])
    }))

  it.effect("takes codes of many kilobytes", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))
      const code = "c".repeat(40_000)

      yield* visit(`${redirectUri}?code=${code}&state=the-state`)

      assert.include(yield* Fiber.join(fiber), code)
    }))

  describe("goes on waiting after", () => {
    const strays: Record<string, readonly [status: number, path: string, options?: Http.RequestOptions]> = {
      "an icon": [404, "/favicon.ico"],
      "the root": [404, "/"],
      "a longer path": [404, "/callback/x?state=the-state"],
      "a path in other letters": [404, "/CALLBACK?state=the-state"],
      "an encoded path": [404, "/%63allback?state=the-state"],
      "a whole address as path": [404, "http://127.0.0.1/callback?state=the-state"],
      "HEAD": [405, "/callback?state=the-state", { method: "HEAD" }],
      "POST": [405, "/callback?state=the-state", { method: "POST" }],
      "a preflight": [405, "/callback?state=the-state", {
        method: "OPTIONS",
        headers: {
          "Origin": "https://evil.example",
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Private-Network": "true"
        }
      }],
      "a prefetch": [400, "/callback?state=the-state", { headers: { "Sec-Purpose": "prefetch;prerender" } }],
      "a rebound name": [400, "/callback?state=the-state", { headers: { Host: "evil.example:80" } }],
      "a name for the same address": [400, "/callback?state=the-state", { headers: { Host: "localhost:80" } }],
      "the host without its port": [400, "/callback?state=the-state", { headers: { Host: "127.0.0.1" } }],
      "a wrong state [8252-8.9-a]": [400, "/callback?code=a&state=another"],
      "the state in other letters": [400, "/callback?code=a&state=The-state"],
      "two states": [400, "/callback?code=a&state=the-state&state=the-state"],
      "no state": [400, "/callback?code=a"],
      "an error without state": [400, "/callback?error=access_denied"],
      "an empty query": [400, "/callback?"]
    }
    for (const [name, [status, path, options]] of Object.entries(strays)) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const { callback, redirectUri } = yield* LoopbackLogin.listen()
          const fiber = yield* Effect.forkChild(callback(state))

          const stray = yield* visit(redirectUri, { path, ...options })
          const real = yield* visit(`${redirectUri}?code=c&state=the-state`)

          assert.strictEqual(stray.status, status)
          assert.strictEqual(real.status, 200)
          assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?code=c&state=the-state`)
        }))
    }

    it.effect("a request that is not HTTP", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen()
        const fiber = yield* Effect.forkChild(callback(state))

        yield* connect(redirectUri, "\x16\x03\x01\x02\0\r\n\r\n")
        yield* connect(redirectUri, "GET /callback?state=the-state HTTP/1.1\r\n\r\n")
        yield* connect(redirectUri, "GET /callback?state=the-state HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        const real = yield* visit(`${redirectUri}?code=c&state=the-state`)

        assert.strictEqual(real.status, 200)
        yield* Fiber.join(fiber)
      }))

    it.live("a thousand wrong states, which it counts", () =>
      Effect.gen(function*() {
        const { callback, ignored, redirectUri } = yield* LoopbackLogin.listen()
        const fiber = yield* Effect.forkChild(callback(state))

        yield* Effect.forEach(
          Array.from({ length: 1000 }, (_, i) => i),
          (i) => visit(`${redirectUri}?state=guess-${i}`),
          { concurrency: 20 }
        )
        yield* visit(`${redirectUri}?state=the-state`)

        assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?state=the-state`)
        assert.strictEqual(yield* ignored, 1000)
      }))
  })

  it.effect("takes the first of two right answers and tells the other so", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))

      const answers = yield* Effect.forEach(["1", "2"], (code) => visit(`${redirectUri}?code=${code}&state=the-state`))

      assert.deepStrictEqual(answers.map(({ status }) => status), [200, 410])
      assert.include(answers[1]?.body, "Already answered")
      assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?code=1&state=the-state`)
    }))

  it.effect("keeps two logins apart that run at once", () =>
    Effect.gen(function*() {
      const one = yield* LoopbackLogin.listen()
      const two = yield* LoopbackLogin.listen()
      const first = yield* Effect.forkChild(one.callback(Redacted.make("one")))
      const second = yield* Effect.forkChild(two.callback(Redacted.make("two")))

      const crossed = yield* visit(`${one.redirectUri}?state=two`)
      yield* visit(`${one.redirectUri}?state=one`)
      yield* visit(`${two.redirectUri}?state=two`)

      assert.strictEqual(crossed.status, 400)
      assert.strictEqual(yield* Fiber.join(first), `${one.redirectUri}?state=one`)
      assert.strictEqual(yield* Fiber.join(second), `${two.redirectUri}?state=two`)
    }))

  describe("the pages", () => {
    it.effect("run nothing, load nothing, are kept nowhere and tell nobody where one came from [6749-3.1.2.5-a] [9700-4.2.4-a] [2.1-2.3.6-a]", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen()
        yield* Effect.forkChild(callback(state))

        const answers = yield* Effect.forEach(
          ["/", "?state=wrong", "?state=the-state", "?state=the-state"],
          (end) => visit(redirectUri + end, { headers: { Origin: "https://evil.example" } })
        )

        for (const { body, headers } of answers) {
          assert.match(
            String(headers["content-security-policy"]),
            /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/
          )
          assert.strictEqual(headers["cache-control"], "no-store")
          assert.strictEqual(headers["referrer-policy"], "no-referrer")
          assert.strictEqual(headers["x-content-type-options"], "nosniff")
          assert.deepStrictEqual(Object.keys(headers).filter((name) => name.startsWith("access-control")), [])
          assert.notMatch(body, /<script|<img|<link|<iframe|https?:|src=|href=|onload/i)
        }
      }))

    it.effect("hold nothing of the request", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen()
        yield* Effect.forkChild(callback(state))

        for (const [end, header] of [["?state=wr<b>ong", "x"], ["?state=the-state&code=secret-code&error=<b>", "x"]]) {
          const answer = yield* visit(encodeURI(redirectUri + end), { headers: { Cookie: `${header}=<b>` } })
          const whole = JSON.stringify(answer.headers) + answer.body

          for (const part of ["<b>", "secret-code", "the-state", "wr"]) assert.notInclude(whole, part)
        }
      }))

    it.effect("show the application's colour and image, which they carry themselves", () =>
      Effect.gen(function*() {
        const logo = "data:image/svg+xml;base64,PHN2Zy8+"
        const { callback, redirectUri } = yield* LoopbackLogin.listen({ accent: "#c2410c", logo })
        yield* Effect.forkChild(callback(state))

        const { body, headers } = yield* visit(`${redirectUri}?state=the-state`)

        assert.include(body, "--accent:#c2410c")
        assert.include(body, `src="${logo}"`)
        assert.include(String(headers["content-security-policy"]), "img-src data:;")
      }))

    for (
      const [field, options] of [
        ["accent", { accent: "red;}body{display:none" }],
        ["logo", { logo: "https://cdn.example/logo.png" }],
        ["logo", { logo: "data:text/html;base64,PHNjcmlwdD4=" }]
      ] as const
    ) {
      it.effect(`take no ${field} that is ${JSON.stringify(options)}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(LoopbackLogin.listen(options))

          assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, field)
        }))
    }

    it.effect("show the application's name as text", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen({ title: "<script>alert('x')</script> & Co" })
        yield* Effect.forkChild(callback(state))

        const { body } = yield* visit(`${redirectUri}?state=the-state`)

        assert.notInclude(body, "<script")
        assert.include(body, "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62; &#38; Co")
      }))
  })

  describe("listen", () => {
    it.effect("answers localhost in both families at one port [8252-7.3-c] [2.1-8.4.2-c]", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen({ host: "localhost" })
        yield* Effect.forkChild(callback(state))
        const { host, port } = new URL(redirectUri)

        const statuses = yield* Effect.forEach(["127.0.0.1", "::1"], (address) =>
          Effect.map(
            visit(redirectUri, { host: address, port, path: "/callback?state=x", headers: { Host: host } }),
            ({ status }) => status
          ))
        const literal = yield* visit(redirectUri, { host: "127.0.0.1", headers: { Host: `127.0.0.1:${port}` } })

        assert.match(redirectUri, /^http:\/\/localhost:\d+\/callback$/)
        assert.deepStrictEqual(statuses, [400, 400])
        assert.include(literal.body, "Nothing here")
        assert.strictEqual(literal.status, 400)
      }))

    it.effect("takes the answer for localhost from either family", () =>
      Effect.gen(function*() {
        for (const address of ["127.0.0.1", "::1"]) {
          const { callback, redirectUri } = yield* LoopbackLogin.listen({ host: "localhost" })
          const fiber = yield* Effect.forkChild(callback(state))

          yield* visit(`${redirectUri}?state=the-state`, {
            host: address,
            headers: { Host: new URL(redirectUri).host }
          })

          assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?state=the-state`)
        }
      }))

    it.effect("listens at [::1] when asked to", () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen({ host: "[::1]" })
        const fiber = yield* Effect.forkChild(callback(state))

        yield* visit(`${redirectUri}?state=the-state`)

        assert.match(redirectUri, /^http:\/\/\[::1\]:\d+\/callback$/)
        assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?state=the-state`)
      }))

    it.effect("listens at no other address [8252-8.3-c] [2.1-8.5.4-b]", () =>
      Effect.gen(function*() {
        const { redirectUri } = yield* LoopbackLogin.listen({ host: "localhost" })
        const { port } = new URL(redirectUri)
        const others = Object.values(networkInterfaces()).flatMap((entries = []) =>
          entries.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address)
        )

        for (const host of ["127.0.0.2", ...others]) assert.isTrue(yield* isClosed(`http://${host}:${port}/`), host)
      }))

    it.effect("uses the port and the path that are registered", () =>
      Effect.gen(function*() {
        const port = yield* freePort
        const { redirectUri } = yield* LoopbackLogin.listen({ port, path: "/callback/frameio" })

        assert.strictEqual(redirectUri, `http://127.0.0.1:${port}/callback/frameio`)
      }))

    it.effect("says so when the port is taken, in either family", () =>
      Effect.gen(function*() {
        const v4 = yield* occupied("127.0.0.1")
        const v6 = yield* occupied("::1")

        for (const [host, port] of [["127.0.0.1", v4], ["localhost", v4], ["localhost", v6]] as const) {
          const error = yield* Effect.flip(LoopbackLogin.listen({ host, port }))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
          assert.include(error.message, `port: ${port} is in use by another program.`)
        }
        assert.isTrue(yield* isClosed(`http://127.0.0.1:${v6}/`))
      }))

    for (
      const [field, options] of [["port", { port: 65_536 }], ["path", { path: "callback" }], ["path", {
        path: "/a?b"
      }]] as const
    ) {
      it.effect(`refuses ${JSON.stringify(options)}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(LoopbackLogin.listen(options))

          assert.include(error.message, `LoopbackLogin.listen: ${field}:`)
        }))
    }

    it.effect("lets no other program listen at its port, however that asks [8252-B.3-a] [8252-B.5-a]", () =>
      Effect.gen(function*() {
        const { redirectUri } = yield* LoopbackLogin.listen()
        const port = Number(new URL(redirectUri).port)

        const codes = yield* Effect.forEach(
          [{}, { reusePort: true }],
          (options) =>
            Effect.callback<string | undefined>((resume) => {
              const server = Net.createServer()
              server.on("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(error.code)))
              server.listen(
                { host: "127.0.0.1", port, ...options },
                () => server.close(() => resume(Effect.succeed("listens")))
              )
            })
        )

        assert.notInclude(codes, "listens")
        assert.strictEqual(codes[0], "EADDRINUSE")
      }))

    it.effect("closes the port with the scope, whoever is still connected [8252-8.3-b] [2.1-8.5.4-a]", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { redirectUri } = yield* Scope.provide(LoopbackLogin.listen({ host: "localhost" }), scope)
        const port = Number(new URL(redirectUri).port)
        yield* Effect.acquireRelease(
          Effect.sync(() => Net.connect({ host: "127.0.0.1", port }).on("error", () => undefined)),
          (socket) => Effect.sync(() => socket.destroy())
        )
        yield* Effect.forkChild(visit(`${redirectUri}?state=early`).pipe(Effect.catchDefect(() => Effect.void)))
        yield* settled

        yield* Scope.close(scope, Exit.void)

        for (const host of ["127.0.0.1", "[::1]"]) assert.isTrue(yield* isClosed(`http://${host}:${port}/`))
      }))

    it.effect("closes the port when the time is over, and when the answer has come [8252-8.3-b] [2.1-8.5.4-a]", () =>
      Effect.gen(function*() {
        const opened: Array<string> = []
        const login = Effect.scoped(Effect.gen(function*() {
          const { callback, redirectUri } = yield* LoopbackLogin.listen()
          opened.push(redirectUri)
          return yield* callback(state)
        }))
        const late = yield* Effect.forkChild(Effect.exit(login))
        yield* until(() => opened.length === 1)
        yield* TestClock.adjust("5 minutes")
        yield* Fiber.join(late)
        const answered = yield* Effect.forkChild(login)
        yield* until(() => opened.length === 2)
        yield* visit(`${opened[1]}?code=c&state=the-state`)
        yield* Fiber.join(answered)

        for (const redirectUri of opened) assert.isTrue(yield* isClosed(redirectUri))
        assert.lengthOf(opened, 2)
      }))

    it.effect("closes the port when whoever waits is interrupted [8252-8.3-b] [2.1-8.5.4-a]", () =>
      Effect.gen(function*() {
        const opened: Array<string> = []
        const fiber = yield* Effect.forkChild(Effect.scoped(Effect.gen(function*() {
          const { callback, redirectUri } = yield* LoopbackLogin.listen()
          opened.push(redirectUri)
          return yield* callback(state)
        })))
        yield* until(() => opened.length === 1)
        assert.isFalse(yield* isClosed(opened.join()))

        yield* Fiber.interrupt(fiber)

        assert.isTrue(yield* isClosed(opened.join()))
      }))
  })

  describe("callback", () => {
    it.effect("gives up after five minutes", () =>
      Effect.gen(function*() {
        const { callback } = yield* LoopbackLogin.listen()
        const fiber = yield* Effect.forkChild(Effect.flip(callback(state)))

        yield* TestClock.adjust("299 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")

        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error.reason._tag, "CallbackRejected")
        assert.include(error.message, "expired")
      }))
  })
})

/** Real sockets have done what they were about to do. */
const settled = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))

const occupied = (host: string) =>
  Effect.acquireRelease(
    Effect.callback<Net.Server>((resume) => {
      const server = Net.createServer().listen(0, host, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  ).pipe(Effect.map((server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : assert.fail("there is no port")
  }))

const freePort = Effect.scoped(occupied("127.0.0.1"))

/** Sends bytes and waits until the other side has closed. */
const connect = (url: string, bytes: string) =>
  Effect.callback<void>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = Net.connect({ host: hostname, port: Number(port) }, () => socket.write(bytes))
    socket.on("error", () => undefined).on("close", () => resume(Effect.void)).resume()
  })

/** Logins on devices and on this machine, web applications, and signing out: what servers, pages and neighbours try. */
import {
  AuthorizationRequest,
  AuthorizedHttpClient,
  DeviceAuthorization,
  GrantKey,
  Login,
  type OAuthError,
  TokenSource
} from "@effect-oauth/core"
import { TestAuthorizationServer, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { LoopbackLogin, OpenBrowser } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Option, Redacted, Scope } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"
import { until } from "./support/until.ts"
import * as WebApplication from "./support/WebApplication.ts"

describe("a login on another device", () => {
  for (
    const [name, errors] of [["each time", ["slow_down"]], ["now and then", [
      "slow_down",
      "authorization_pending"
    ]]] as const
  ) {
    it.effect(`that is slowed down ${name} is asked for ever less often, until its code is over [H01]`, () =>
      Effect.gen(function*() {
        const asked: Array<number> = []
        const device = yield* deviceOf({ expires_in: 600, interval: 5 }, (nth, at) => {
          asked.push(at)
          return TestHttp.json({ error: errors[nth % errors.length] ?? "" }, { status: 400 })
        })
        const fiber = yield* Effect.forkChild(Client.outcome(device.poll(device.started)))
        yield* TestClock.adjust("11 minutes")

        const gaps = asked.slice(1).map((at, index) => Math.round((at - asked[index]!) / 1000))
        assert.strictEqual(yield* Fiber.join(fiber), "AuthorizationRefused expired_token")
        assert.isBelow(asked.length, 40)
        assert.isTrue(gaps.slice(0, -1).every((gap, index) => index === 0 || gap >= gaps[index - 1]!), gaps.join())
        assert.isAbove(Math.max(...gaps), 10)
      }))
  }

  it.live(
    "that is slowed down over sockets is asked again, not less than so many seconds later [H01]",
    () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((request) =>
          request.target === "/device" ? started({ interval: 1, expires_in: 3 }) : Server.refusal("slow_down")
        )

        const told = yield* Client.outcome(
          DeviceAuthorization.DeviceAuthorization.use(({ poll, start }) => Effect.flatMap(start(), poll))
        ).pipe(Effect.provide(Client.layer(server.origin)))

        assert.strictEqual(told, "AuthorizationRefused expired_token")
        assert.isAtMost(server.received.length, 4)
      })
  )

  it.effect("that is pending for ever ends with its code, and asks no more [H02]", () =>
    Effect.gen(function*() {
      let asked = 0
      const device = yield* deviceOf({ expires_in: 300, interval: 5 }, () => {
        asked++
        return TestHttp.json({ error: "authorization_pending" }, { status: 400 })
      })
      const fiber = yield* Effect.forkChild(Client.outcome(device.poll(device.started)))
      yield* TestClock.adjust("6 minutes")
      const count = asked
      yield* TestClock.adjust("1 hour")

      assert.deepStrictEqual([yield* Fiber.join(fiber), asked], ["AuthorizationRefused expired_token", count])
      assert.isAtMost(count, 61)
    }))

  const lifetimes: ReadonlyArray<readonly [unknown, string]> = [
    [undefined, "ResponseInvalid missing expires_in"],
    [null, "ResponseInvalid missing expires_in"],
    [0, "ResponseInvalid out-of-range expires_in"],
    [-5, "ResponseInvalid out-of-range expires_in"],
    ["300", "ResponseInvalid wrong-type expires_in"],
    [1e9, "success"],
    [1e300, "success"]
  ]
  for (const [value, expected] of lifetimes) {
    it.live(`whose code lives for ${JSON.stringify(value) ?? "nobody knows how long"} is ${expected} [H02]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => started({ expires_in: value }))

        const result = yield* Effect.exit(startAt(server.origin))

        assert.strictEqual(Client.told(result), expected)
        if (Exit.isSuccess(result)) {
          assert.isAtMost(result.value.expiresAt.epochMilliseconds, Date.now() + 3_601_000)
        }
      }))
  }

  const intervals: ReadonlyArray<readonly [unknown, number]> = [
    [undefined, 5],
    [0, 5],
    [-5, 5],
    [0.1, 5],
    ["5", 5],
    [null, 5],
    [1, 1],
    [1e9, 3600],
    [1e300, 3600]
  ]
  for (const [value, seconds] of intervals) {
    it.live(`is asked about every ${seconds} seconds where the server says ${JSON.stringify(value) ?? "nothing"} [H02]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => started({ interval: value }))

        assert.strictEqual(Duration.toSeconds((yield* startAt(server.origin)).interval), seconds)
      }))
  }

  const troubles: Readonly<Record<string, TestHttp.Answer>> = {
    "429": TestHttp.empty(429, { headers: { "retry-after": "7" } }),
    "500": TestHttp.empty(500),
    "503 with JSON": TestHttp.json({ error: "temporarily_unavailable" }, { status: 503 }),
    "a page": TestHttp.html("portal"),
    "half of an answer": { ...TestHttp.json({ access_token: "a" }), ending: "reset" },
    "nothing": { ...TestHttp.empty(200), ending: "silence" }
  }
  for (const [name, trouble] of Object.entries(troubles)) {
    it.effect(`goes on after ${name} [H03]`, () =>
      Effect.gen(function*() {
        const device = yield* deviceOf({ expires_in: 900, interval: 5 }, (nth) =>
          nth < 3 ? trouble : TestHttp.json({ access_token: "at", token_type: "Bearer" }))
        const fiber = yield* Effect.forkChild(Client.outcome(device.poll(device.started)))
        yield* TestClock.adjust("14 minutes")

        assert.strictEqual(yield* Fiber.join(fiber), "success")
      }))
  }

  it.live("goes on after a reset, a page and 503 over sockets [H03]", () =>
    Effect.gen(function*() {
      const troubles = [Server.reset, Server.page(200), Server.answer(503, { "retry-after": "0" })]
      const server = yield* Server.listen((request, nth) =>
        request.target === "/device" ? started({ interval: 1, expires_in: 60 }) : troubles[nth - 2] ?? Server.tokens()
      )

      const told = yield* Client.outcome(
        DeviceAuthorization.DeviceAuthorization.use(({ poll, start }) => Effect.flatMap(start(), poll))
      ).pipe(Effect.provide(Client.layer(server.origin)))

      assert.strictEqual(told, "success")
    }))

  const addresses = [
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://as.example/device",
    "https://as.example/\u001b[31m",
    "https://as.example/\u202egpj",
    "//as.example",
    "as.example",
    " https://as.example",
    "https://as.example/a b"
  ]
  for (const address of addresses) {
    for (const field of ["verification_uri", "verification_uri_complete"]) {
      it.live(`shows no ${field} like ${JSON.stringify(address)} [H04]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(() => started({ [field]: address }))

          assert.strictEqual(
            Client.told(yield* Effect.exit(startAt(server.origin))),
            `ResponseInvalid out-of-range ${field}`
          )
        }))
    }
  }
  for (const code of ["AB\u001b[2J", "AB\u202eCD", "AB\r\nCD", "A\u0000B", "A\u200bB", "x".repeat(1_000)]) {
    it.live(`shows no code like ${JSON.stringify(code.slice(0, 12))} [H04]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => started({ user_code: code }))

        assert.strictEqual(
          Client.told(yield* Effect.exit(startAt(server.origin))),
          "ResponseInvalid out-of-range user_code"
        )
      }))
  }
})

const state = Redacted.make("the-state")

describe("a login on this machine", () => {
  const strays: Readonly<Record<string, readonly [status: number, path: string, options?: http.RequestOptions]>> = {
    "an icon": [404, "/favicon.ico"],
    "a port scanner": [404, "/"],
    "HEAD": [405, "/callback?code=c&state=the-state", { method: "HEAD" }],
    "POST": [405, "/callback?code=c&state=the-state", { method: "POST" }],
    "a preflight": [405, "/callback?code=c&state=the-state", { method: "OPTIONS" }],
    "a prefetch": [400, "/callback?code=c&state=the-state", { headers: { "sec-purpose": "prefetch" } }],
    "another path": [404, "/callback/?code=c&state=the-state"],
    "a path that leads back": [404, "/x/../callback?code=c&state=the-state"],
    "another host": [400, "/callback?code=c&state=the-state", { headers: { host: "evil.example" } }],
    "another state": [400, "/callback?code=c&state=the-stat"],
    "no state": [400, "/callback?code=c"]
  }
  for (const [name, [status, path, options]] of Object.entries(strays)) {
    it.live(`goes on after ${name} [H05]`, () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen()
        const fiber = yield* Effect.forkChild(callback(state))

        const stray = yield* visit(redirectUri, path, options)
        const real = yield* visit(redirectUri, "/callback?code=real&state=the-state")

        assert.deepStrictEqual([stray.status, real.status], [status, 200])
        assert.strictEqual(yield* Fiber.join(fiber), `${redirectUri}?code=real&state=the-state`)
      }))
  }

  it.live("goes on after bytes that are no request [H05]", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))
      const garbage = [
        "\u0016\u0003\u0001\u0002\u0000",
        "GET\r\n\r\n",
        "SSH-2.0-x\r\n",
        `GET /${"a".repeat(70_000)} HTTP/1.1\r\n\r\n`,
        "GET /callback?code=x HTTP/1.1\r\n"
      ]
      for (const bytes of garbage) yield* poke(redirectUri, bytes)

      const real = yield* visit(redirectUri, "/callback?code=real&state=the-state")

      assert.strictEqual(real.status, 200)
      assert.include(yield* Fiber.join(fiber), "code=real")
    }))

  it.live("takes the real answer after a thousand that are not, and counts them [H06]", () =>
    Effect.gen(function*() {
      const { callback, ignored, redirectUri } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(callback(state))

      const strays = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, index) => index),
        (index) => visit(redirectUri, `/callback?code=x&state=guess-${index}`),
        { concurrency: 20 }
      )
      const real = yield* visit(redirectUri, "/callback?code=real&state=the-state")

      assert.deepStrictEqual(new Set(strays.map(({ status }) => status)), new Set([400]))
      assert.isTrue(strays.every(({ body }) => !body.includes("the-state") && !body.includes("guess")))
      assert.strictEqual(real.status, 200)
      assert.strictEqual(yield* ignored, 1_000)
      assert.include(yield* Fiber.join(fiber), "code=real")
    }))

  for (const host of ["evil.example", "localhost", "127.0.0.1", "127.0.0.1.evil.example", "[::1]", "127.1", ""]) {
    it.live(`tells nothing to who comes as ${JSON.stringify(host)} [H07]`, () =>
      Effect.gen(function*() {
        const { callback, redirectUri } = yield* LoopbackLogin.listen()
        const fiber = yield* Effect.forkChild(callback(state))
        const { port } = new URL(redirectUri)

        // a name that leads here comes with the port, and the literal address without it is none
        const named = host === "127.0.0.1" ? host : `${host}:${port}`
        const stray = yield* visit(redirectUri, "/callback?code=x&state=the-state", {
          headers: { host: named, origin: "https://evil.example" }
        })

        assert.strictEqual(stray.status, 400)
        assert.notProperty(stray.headers, "access-control-allow-origin")
        assert.notInclude(stray.body, "state=")
        yield* Fiber.interrupt(fiber)
      }))
  }

  it.live("listens at both families, at one port, where only localhost is registered [H10]", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen({ host: "localhost" })
      const fiber = yield* Effect.forkChild(callback(state))
      const { port } = new URL(redirectUri)
      const families = Object.values(os.networkInterfaces()).flat().map((address) => address?.family)
      const addresses = families.includes("IPv6") ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"]
      const headers = { host: `localhost:${port}` }

      const strays = yield* Effect.forEach(
        addresses,
        (address) => visit(`http://${address}:${port}/callback`, "/callback?state=wrong", { headers })
      )
      const real = yield* visit(redirectUri.replace("localhost", "127.0.0.1"), "/callback?code=c&state=the-state", {
        headers
      })

      assert.deepStrictEqual(new Set([...strays.map(({ status }) => status), real.status]), new Set([400, 200]))
      assert.strictEqual(yield* Fiber.join(fiber), `http://localhost:${port}/callback?code=c&state=the-state`)
    }))

  it.live("says that its port is taken, and waits for nothing [H10]", () =>
    Effect.gen(function*() {
      const taken = yield* Server.listen(() => Server.page())

      const told = yield* Client.outcome(LoopbackLogin.listen({ port: taken.port }))

      assert.match(told, /^ConfigurationInvalid .* port$/)
    }))

  it.live("ends when nobody comes back, and its port is free [H11]", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { callback, redirectUri } = yield* LoopbackLogin.listen({ timeToLive: "50 millis" }).pipe(
        Scope.provide(scope)
      )

      const told = yield* Client.outcome(callback(state))
      yield* Scope.close(scope, Exit.void)

      assert.strictEqual(told, "CallbackRejected expired")
      assert.isTrue(yield* isClosed(redirectUri))
    }))

  it.effect("waits five minutes for who does not come back [H11]", () =>
    Effect.gen(function*() {
      const { callback } = yield* LoopbackLogin.listen()
      const fiber = yield* Effect.forkChild(Client.outcome(callback(state)))
      yield* TestClock.adjust(Duration.seconds(299))
      const before = fiber.pollUnsafe()
      yield* TestClock.adjust("1 second")

      assert.isUndefined(before)
      assert.strictEqual(yield* Fiber.join(fiber), "CallbackRejected expired")
    }))

  it.live("is freed when whoever waits for it goes away [H11]", () =>
    Effect.gen(function*() {
      let redirectUri = ""
      const fiber = yield* Effect.forkChild(Effect.scoped(Effect.flatMap(LoopbackLogin.listen(), (login) => {
        redirectUri = login.redirectUri
        return login.callback(state)
      })))
      yield* until(() => redirectUri !== "")

      yield* Fiber.interrupt(fiber)

      assert.isTrue(yield* isClosed(redirectUri))
    }))

  it.live("opens no shell, whatever the address holds, and starts nothing that is no web page [H11]", () =>
    Effect.gen(function*() {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "opener-"))
      const [log, proof] = [path.join(folder, "log"), path.join(folder, "proof")]
      const opener = path.join(folder, "open")
      fs.writeFileSync(opener, `#!/bin/sh\nprintf '%s\\n' "$@" > ${log}\n`, { mode: 0o755 })
      const browser = OpenBrowser.make({
        platform: "linux",
        release: "x",
        environment: { BROWSER: opener, DISPLAY: ":0" }
      })
      const address = `https://as.example/?a=$(touch ${proof})&b=\`touch ${proof}\`;touch%20${proof}|x'"`

      const opened = yield* browser.open(address)
      const others = yield* Effect.forEach(
        ["javascript:alert(1)", "file:///etc/passwd", "-x", "vbscript:x"],
        browser.open
      )
      // a program that takes long to begin counts as one that goes on
      yield* until(() => fs.existsSync(log) && fs.readFileSync(log, "utf8").endsWith("\n"))

      const lines = fs.readFileSync(log, "utf8").trim().split("\n")
      assert.strictEqual(opened, "opened")
      assert.lengthOf(lines, 1)
      assert.isFalse(fs.existsSync(proof))
      assert.deepStrictEqual(new Set(others), new Set(["not-http"]))
      fs.rmSync(folder, { recursive: true })
    }))

  it.live("says that there is no browser where there is none [H11]", () =>
    Effect.gen(function*() {
      const browser = OpenBrowser.make({
        platform: "linux",
        release: "x",
        environment: { BROWSER: "/nowhere/browser" }
      })

      assert.strictEqual(yield* browser.open("https://as.example"), "no-browser")
    }))

  it.live("ends with a page that keeps, sends, runs and repeats nothing [H12]", () =>
    Effect.gen(function*() {
      const { callback, redirectUri } = yield* LoopbackLogin.listen({ title: "<script>alert(1)</script>" })
      const fiber = yield* Effect.forkChild(callback(state))
      const harm = encodeURIComponent(`"><img src=https://evil.example onerror=alert(1)>`)

      const page = yield* visit(redirectUri, `/callback?code=${harm}&state=the-state&error_description=${harm}`)

      assert.strictEqual(page.headers["cache-control"], "no-store")
      assert.strictEqual(page.headers["referrer-policy"], "no-referrer")
      assert.match(String(page.headers["content-security-policy"]), /^default-src 'none'/)
      assert.notMatch(page.body, /<script|<img|evil|the-state|src=|href=/)
      yield* Fiber.join(fiber)
    }))

  const schemes: Readonly<Record<string, boolean>> = {
    "myapp:/cb": false,
    "myapp://cb": false,
    "com.example.app:/cb": true
  }
  for (const [redirectUri, accepted] of Object.entries(schemes)) {
    it.effect(`${accepted ? "may" : "may not"} come back to ${redirectUri}, which others claim as easily [H13]`, () =>
      Effect.gen(function*() {
        const told = yield* Client.outcome(AuthorizationRequest.make({
          redirectUri,
          endpoint: "https://as.example/authorize",
          rules: AuthorizationRequest.rfc6749,
          clientId: "app",
          scopes: [],
          key: GrantKey.make({ provider: "p", issuer: "https://as.example", client: "app", account: "ada" })
        }))

        assert.strictEqual(told === "success", accepted, told)
      }).pipe(Effect.provide(TestCrypto.layer())))
  }

  it.effect("is worth nothing to another program that got its answer [H13]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const login = yield* Login.Login
      const begin = login.begin({ account: "ada", redirectUri: Client.redirectUri, scopes: ["read"] })
      const answer = yield* server.authorize((yield* begin).url)
      const code = new URL(answer).searchParams.get("code") ?? ""
      // the other program has a login of its own, and so another verifier
      const own = new URL(yield* server.authorize((yield* begin).url))
      own.searchParams.set("code", code)

      assert.strictEqual(yield* Client.outcome(login.complete(own.href)), "RequestRefused invalid_grant")
    }).pipe(Effect.provide(InMemory.layer())))
})

describe("a web application", () => {
  it.live("takes no answer that another browser asked for [H14]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const visitOf = yield* WebApplication.serve(server.origin)
      const [attacker, victim] = [visitOf(), visitOf()]
      const { location } = yield* attacker.get("/oauth/login")
      const state = new URL(location).searchParams.get("state") ?? ""

      const answer = yield* victim.get(`/oauth/callback?code=attackers&state=${state}`)

      assert.strictEqual(new URL(answer.location).searchParams.get("login_error"), "stale")
      assert.lengthOf(server.received, 0)
    }))

  it.live("gives each login a cookie of its own, for this host alone, and ends it with the login [H14]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())
      const browser = (yield* WebApplication.serve(server.origin))()
      const first = yield* browser.get("/oauth/login")
      const second = yield* browser.get("/oauth/login")
      const state = new URL(second.location).searchParams.get("state") ?? ""
      const done = yield* browser.get(`/oauth/callback?code=c&state=${state}`)

      const [one = "", other = ""] = [...first.cookies, ...second.cookies]
      assert.match(one, /^__Host-Http-login-[\w-]+=[\w-]+; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax/i)
      assert.notStrictEqual(one.split("=")[0], other.split("=")[0])
      assert.match(done.cookies.join(), /Max-Age=0/)
    }))

  const astray = [
    "/api//127.0.0.1:PORT/x",
    "/api/http://127.0.0.1:PORT/x",
    "/api/v1/../../x",
    "/api/v1/%2e%2e/x",
    "/api/v1/..%2f..%2fx",
    "/api/v1/%252e%252e/x",
    "/api/v1\\..\\x",
    "/api/v1/a%5c..%5cx",
    "/api/@127.0.0.1:PORT/x",
    "/api/v1@127.0.0.1:PORT/x",
    "/api/.127.0.0.1:PORT/x",
    "/api/v2/x",
    "http://127.0.0.1:PORT/api/v1/x",
    "/api/v1/%00",
    "/api/v1/a;b/../../../x"
  ]
  for (const path of astray) {
    it.live(`that passes ${path} on asks its own API or nobody, below what is allowed [H15]`, () =>
      Effect.gen(function*() {
        const evil = yield* Server.listen(() => Server.answer(200, {}))
        const server = yield* Server.listen((request) =>
          request.target === "/token" ? Server.tokens() : Server.json({ asked: request.target })
        )
        const browser = (yield* WebApplication.serve(server.origin))()
        const { location } = yield* browser.get("/oauth/login")
        yield* browser.get(`/oauth/callback?code=c&state=${new URL(location).searchParams.get("state")}`)
        const script = { "x-csrf": "1", "sec-fetch-site": "same-origin", "host": `127.0.0.1:${evil.port}` }

        const good = yield* browser.get("/api/v1/ok", { ...script, authorization: "Bearer of-the-browser" })
        yield* browser.get(path.replaceAll("PORT", String(evil.port)), script)

        const [token, first, ...others] = server.received
        assert.strictEqual(good.status, 200)
        assert.deepStrictEqual([
          token?.target,
          first?.target,
          first?.headers["authorization"],
          first?.headers["cookie"]
        ], [
          "/token",
          "/v1/ok",
          "Bearer at",
          undefined
        ])
        assert.isTrue(
          others.every(({ target }) => target.startsWith("/v1/") && !/\.\./.test(decodeURIComponent(target)))
        )
        assert.lengthOf(evil.received, 0)
      }))
  }

  const paths = [
    "//evil.example/x",
    "https://evil.example/x",
    "https:evil.example",
    "\\\\evil.example\\x",
    "/\\evil.example/x",
    "@evil.example/x",
    ":1@evil.example/x",
    ".evil.example/x",
    "/../../@evil.example",
    "/%2f%2fevil.example",
    "/a?x=https://evil.example#@evil.example",
    "/\t/evil.example",
    "\u0000@evil.example"
  ]
  for (const path of paths) {
    it.live(`that passes on ${JSON.stringify(path)} to its API sends the token there or nowhere [H15]`, () =>
      Effect.gen(function*() {
        const api = yield* Server.listen(() => Server.answer(200, {}))
        const evil = yield* Server.listen(() => Server.answer(200, {}))
        const there = path.replaceAll("evil.example", `127.0.0.1:${evil.port}`)
        const seen: Array<string> = []
        // whatever name leads elsewhere: what would be sent is looked at, and not sent
        const watched = HttpClient.make((request, url) => {
          seen.push(url.origin)
          return Effect.die(request)
        })
        const client = AuthorizedHttpClient.withTokenSource(
          watched,
          TokenSource.fixed({ value: Redacted.make("t0ken"), type: "Bearer" }),
          { origins: [api.origin] }
        )

        yield* Effect.exit(client.get(api.origin + path))
        yield* Effect.exit(client.get(api.origin + there))
        yield* Effect.exit(client.get(there))
        yield* Effect.exit(client.get(path))

        assert.isTrue(seen.every((origin) => origin === api.origin), seen.join())
        assert.lengthOf(evil.received, 0)
      }))
  }

  it.live("that hands on its browser's own Authorization is refused, and nothing is sent [H15]", () =>
    Effect.gen(function*() {
      const api = yield* Server.listen(() => Server.answer(200, {}))
      const client = AuthorizedHttpClient.withTokenSource(
        yield* HttpClient.HttpClient,
        TokenSource.fixed({ value: Redacted.make("t0ken"), type: "Bearer" }),
        { origins: [api.origin] }
      )

      const told = yield* Client.outcome(
        client.get(api.origin, { headers: { authorization: "Bearer of-the-browser" } })
      )

      assert.strictEqual(told, "RequestNotAllowed authorization-header")
      assert.lengthOf(api.received, 0)
    }).pipe(Effect.provide(FetchHttpClient.layer)))
})

describe("signing out", () => {
  const answers: Readonly<Record<string, readonly [Server.Script, string]>> = {
    "503": [Server.answer(503, { "retry-after": "30" }), "pending"],
    "a reset": [Server.reset, "pending"],
    "200 with a page": [Server.page(200), "done"],
    "200 without an end": [[...Server.head(200, { "content-length": "10" }), ...Server.reset], "done"],
    "404": [Server.page(404), "pending"],
    "unsupported_token_type": [Server.refusal("unsupported_token_type"), "unsupported"],
    "invalid_token": [Server.refusal("invalid_token"), "done"]
  }
  for (const [name, [script, remote]] of Object.entries(answers)) {
    it.live(`answered by ${name} holds here at once, and is ${remote} there [H16]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => script)

        yield* Effect.gen(function*() {
          const { key, service } = yield* Client.adopted({ expiresIn: Duration.hours(1) })

          const revoked = yield* Effect.exit(service.revoke(key))
          const after = yield* Client.outcome(service.token(key))

          const { state } = Option.getOrThrow(yield* service.status(key))
          assert.strictEqual(after, "ReauthorizationRequired Revoked")
          assert.strictEqual(state._tag === "Revoked" ? state.remote : state._tag, remote, Client.told(revoked))
        }).pipe(Effect.provide(Client.layer(server.origin)))
      }))
  }

  it.live("that was not heard can be said again [H16]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((_, nth) => nth === 1 ? Server.answer(503, {}) : Server.answer(200, {}))

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted({ expiresIn: Duration.hours(1) })

        const remotes = [yield* service.revoke(key), yield* service.revoke(key)]

        assert.deepStrictEqual(remotes, ["pending", "done"])
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.effect("holds here at once though the server hangs, and is pending there after its limit [H16]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { key, service } = yield* Client.adopted({ ...(yield* server.issue()), receivedAt: 0 })
      yield* server.inject({ name: "hangs", answer: () => "silence" }, { endpoint: "revocation" })

      const fiber = yield* Effect.forkChild(service.revoke(key))
      yield* TestClock.adjust("1 second")
      const meanwhile = yield* Client.outcome(service.token(key))
      yield* TestClock.adjust("1 minute")

      assert.strictEqual(meanwhile, "ReauthorizationRequired Revoked")
      assert.strictEqual(yield* Fiber.join(fiber), "pending")
    }).pipe(Effect.provide(InMemory.layer())))
})

const started = (members: Readonly<Record<string, unknown>>): Server.Script =>
  Server.json({
    device_code: "dc",
    user_code: "ABCD-EFGH",
    verification_uri: "https://as.example/device",
    expires_in: 300,
    ...members
  })

const startAt = (origin: string): Effect.Effect<DeviceAuthorization.Started, OAuthError.OAuthError> =>
  DeviceAuthorization.DeviceAuthorization.use(({ start }) => start()).pipe(
    Effect.provide(Client.layer(origin), { local: true })
  )

/** A device login over answers that a function gives; it counts from 0 and knows the time. */
const deviceOf = Effect.fnUntraced(function*(
  members: Readonly<Record<string, unknown>>,
  answer: (nth: number, at: number) => TestHttp.Answer
) {
  const clock = yield* Effect.clockWith(Effect.succeed)
  let nth = 0
  const http = TestHttp.layer(({ url }) =>
    Effect.sync(() =>
      url.endsWith("/device")
        ? TestHttp.json({
          device_code: "dc",
          user_code: "ABCD-EFGH",
          verification_uri: "https://as.example/device",
          ...(members as Record<string, number>)
        })
        : answer(nth++, clock.currentTimeMillisUnsafe())
    )
  )
  const context = yield* Layer.build(Client.layer("http://127.0.0.1:1", { http }))
  const device = yield* Effect.provideContext(DeviceAuthorization.DeviceAuthorization, context)
  return { started: yield* device.start(), poll: device.poll }
})

/** One request on a connection of its own. */
const visit = (address: string, path: string, options: http.RequestOptions = {}) => {
  const { hostname, port } = new URL(address)
  return Effect.callback<
    { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: string }
  >((resume) => {
    const request = http.request(
      { host: hostname.replace(/^\[|\]$/g, ""), port, path, agent: false, ...options },
      (response) => {
        let body = ""
        response.setEncoding("utf8").on("data", (chunk: string) => void (body += chunk)).on(
          "end",
          () => resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, body }))
        )
      }
    )
    request.on("error", (error) => resume(Effect.die(error))).end()
  })
}

const poke = (address: string, bytes: string): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const socket = net.connect(Number(new URL(address).port), "127.0.0.1", () => socket.end(bytes, "latin1"))
    socket.on("error", () => {}).on("close", () => resume(Effect.void)).resume()
    setTimeout(() => socket.destroy(), 50)
  })

const isClosed = (address: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = net.connect(Number(new URL(address).port), "127.0.0.1")
    socket.on("error", () => resume(Effect.succeed(true))).on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(false))
    })
  })

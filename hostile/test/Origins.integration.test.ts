/**
 * An API that tries every way to have a token sent elsewhere. Elsewhere is a server too, on other ports and names of
 * this machine, and it writes down what it is sent.
 */
import { AuthorizedHttpClient, type OAuthError, TokenSource } from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import * as os from "node:os"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"

const clients = { fetch: FetchHttpClient.layer, undici: NodeHttpClient.layerUndici }

/** Ways to write an address that leads, or seems to lead, to another port of this machine. */
const elsewhere: Readonly<Record<string, (there: Place, here: Place) => string>> = {
  "another port": ({ port }) => `http://127.0.0.1:${port}/x`,
  "another name of the machine": ({ port }) => `http://localhost:${port}/x`,
  "a name of the machine at the right port": (_, { port }) => `http://localhost:${port}/x`,
  "the right host as user name": ({ port }, here) => `http://127.0.0.1:${here.port}@127.0.0.1:${port}/x`,
  "the right host as user name and password": ({ port }, here) =>
    `http://127.0.0.1:${here.port}%2f@localhost:${port}/x`,
  "no scheme": ({ port }) => `//127.0.0.1:${port}/x`,
  "backslashes": ({ port }) => `\\\\127.0.0.1:${port}\\x`,
  "a slash and a backslash": ({ port }) => `/\\127.0.0.1:${port}/x`,
  "backslashes after the scheme": ({ port }) => `http:\\\\127.0.0.1:${port}\\x`,
  "a backslash that hides a user name": ({ port }, here) => `http://127.0.0.1:${here.port}\\@127.0.0.1:${port}/x`,
  "line breaks": ({ port }) => `ht\ntp://127.0.\n0.1:${port}/x`,
  "tabs": ({ port }) => `/\t/127.0.0.1:${port}/x`,
  "capitals": ({ port }) => `HTTP://LOCALHOST:${port}/x`,
  "full-width letters": ({ port }) => `http://ｌｏｃａｌｈｏｓｔ:${port}/x`,
  "digits in circles": ({ port }) => `http://①②⑦.⓪.⓪.①:${port}/x`,
  "an ideographic full stop": ({ port }) => `http://127。0。0。1:${port}/x`,
  "a dot behind the host": ({ port }) => `http://127.0.0.1.:${port}/x`,
  "a dot behind the name": ({ port }) => `http://localhost.:${port}/x`,
  "the host as one number": ({ port }) => `http://2130706433:${port}/x`,
  "the host in octal": ({ port }) => `http://0177.0.0.01:${port}/x`,
  "the host in hexadecimal": ({ port }) => `http://0x7f000001:${port}/x`,
  "a short host": ({ port }) => `http://127.1:${port}/x`,
  "the host within IPv6": ({ port }) => `http://[::ffff:127.0.0.1]:${port}/x`,
  "the host of every interface": ({ port }) => `http://0.0.0.0:${port}/x`,
  "an escaped host": ({ port }) => `http://%31%32%37.0.0.1:${port}/x`,
  "a fragment that hides the rest": ({ port }, here) => `http://127.0.0.1:${port}#@127.0.0.1:${here.port}/x`,
  "a query that hides the rest": ({ port }, here) => `http://127.0.0.1:${port}?@127.0.0.1:${here.port}/x`,
  "the right port within the wrong": ({ port }, here) => `http://127.0.0.1:${port}/http://127.0.0.1:${here.port}/x`
}

const placeOf = (origin: string): Place => ({ port: Number(new URL(origin).port) })

interface Place {
  readonly port: number
}

describe("an API", () => {
  for (const [client, http] of Object.entries(clients)) {
    for (const [name, write] of Object.entries(elsewhere)) {
      it.live(`that redirects to ${name} has the token nowhere else, with ${client} [C02]`, () =>
        Effect.gen(function*() {
          const there = yield* thief
          for (const status of [301, 302, 303, 307, 308]) {
            const server = yield* Server.listen((_, __, origin) =>
              // header fields are bytes: what is no ASCII stands there in UTF-8
              Server.redirect(
                Buffer.from(write(there, placeOf(origin))).toString("latin1").replace(/[\r\n]/g, ""),
                status
              )
            )
            const api = yield* apiOf(server.origin)

            const response = yield* api.get(`${server.origin}/api`)

            assert.strictEqual(response.status, status)
          }
          assert.deepStrictEqual(there.tokens(), [])
        }).pipe(Effect.provide(http)))

      it.live(`that names ${name} as the next page has the token nowhere else, with ${client} [C02]`, () =>
        Effect.gen(function*() {
          const there = yield* thief
          const server = yield* Server.listen(() => Server.answer(200, {}))
          const api = yield* apiOf(server.origin)
          const address = write(there, server)

          // as it is, below the API's own address, and resolved against it, as applications do
          yield* Effect.exit(api.get(address))
          yield* Effect.exit(api.get(server.origin + address))
          yield* Effect.exit(Effect.try(() => new URL(address, server.origin)).pipe(Effect.flatMap(api.get)))
          yield* Effect.exit(api.execute(HttpClientRequest.get("/x").pipe(HttpClientRequest.prependUrl(address))))
          yield* Effect.exit(api.post(address, { body: undefined }))

          assert.deepStrictEqual(there.tokens(), [])
        }).pipe(Effect.provide(http)))
    }

    it.live(`that asks for a redirect in every other way there is has the token nowhere else, with ${client} [C02]`, () =>
      Effect.gen(function*() {
        const there = yield* thief
        const address = `http://127.0.0.1:${there.port}/x`
        const server = yield* Server.listen(() =>
          Server.answer(200, {
            "location": address,
            "content-location": address,
            "refresh": `0; url=${address}`,
            "link": `<${address}>; rel=preload, <${address}>; rel=preconnect`,
            "alt-svc": `h2="127.0.0.1:${there.port}"; ma=86400; persist=1`,
            "content-type": "text/html"
          }, `<meta http-equiv="refresh" content="0; url=${address}"><base href="${address}">`)
        )
        const api = yield* apiOf(server.origin)

        for (let nth = 0; nth < 3; nth++) {
          yield* Effect.flatMap(api.get(`${server.origin}/api`), (response) => response.text)
        }

        assert.lengthOf(server.received, 3)
        assert.deepStrictEqual(there.tokens(), [])
      }).pipe(Effect.provide(http)))

    it.live(`is not followed by a follower around the client either, with ${client} [C02]`, () =>
      Effect.gen(function*() {
        const there = yield* thief
        const server = yield* Server.listen(() => Server.redirect(`http://127.0.0.1:${there.port}/x`, 307))
        const api = HttpClient.followRedirects(yield* apiOf(server.origin))

        const told = yield* Client.outcome(api.get(`${server.origin}/api`))

        assert.strictEqual(told, "RequestNotAllowed origin")
        assert.deepStrictEqual(there.tokens(), [])
      }).pipe(Effect.provide(http)))
  }

  it.live("that is reached by a client which follows by itself is found out, and loudly [C02]", () =>
    Effect.gen(function*() {
      const there = yield* thief
      const server = yield* Server.listen(() => Server.redirect(`http://127.0.0.1:${there.port}/x`, 307))
      const following = HttpClient.followRedirects(yield* HttpClient.HttpClient)
      const api = AuthorizedHttpClient.withTokenSource(following, source, { origins: [server.origin] })

      const told = yield* Effect.flip(api.get(`${server.origin}/api`))

      assert.match(String(told), /followed a redirect .* by itself/)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

  const refused: Readonly<Record<string, string>> = {
    "http://api.example/x": "insecure-url",
    "https://api.example.evil.example/x": "origin",
    "https://api.example:8443/x": "origin",
    "https://evil.example/https://api.example/": "origin",
    "https://api.example@evil.example/x": "userinfo",
    "https://user:password@api.example/x": "userinfo",
    "https://api.example./x": "origin",
    "https://xn--pi-7ia.example/x": "origin",
    "https://аpi.example/x": "origin",
    "https://api.exam\u00adple.evil.example/x": "origin",
    "https://sub.api.example/x": "origin",
    "https://api.example\u2024evil.example/x": "invalid-url",
    "ftp://api.example/x": "insecure-url",
    "ws://api.example/x": "insecure-url",
    "javascript:alert(1)": "insecure-url",
    "data:text/plain,x": "insecure-url",
    "/x": "invalid-url",
    "": "invalid-url",
    "https://api.example/x?access_token=own": "token-parameter"
  }
  for (const [address, problem] of Object.entries(refused)) {
    it.live(`is not at ${JSON.stringify(address)} (${problem}) [C02]`, () =>
      Effect.gen(function*() {
        const nobody = HttpClient.make(() => Effect.die("sent"))
        const api = AuthorizedHttpClient.withTokenSource(nobody, source, { origins: ["https://api.example"] })

        assert.strictEqual(yield* Client.outcome(api.get(address)), `RequestNotAllowed ${problem}`)
      }))
  }

  const same = [
    "https://api.example/x",
    "HTTPS://API.EXAMPLE/x",
    "https://api.example:443/x",
    "https:\\\\api.example\\x",
    "https://ａpi.example/x"
  ]
  for (const address of same) {
    it.live(`is at ${JSON.stringify(address)}, and nowhere else [C02]`, () =>
      Effect.gen(function*() {
        const sent: Array<string> = []
        const noted = HttpClient.make((request, url) => {
          sent.push(url.origin)
          return Effect.die(request)
        })
        const api = AuthorizedHttpClient.withTokenSource(noted, source, { origins: ["https://api.example"] })

        yield* Effect.exit(api.get(address))

        assert.deepStrictEqual(sent, ["https://api.example"])
      }))
  }
})

const source = TokenSource.fixed({ value: Redacted.make("t0ken-that-must-not-leave"), type: "Bearer" })

const apiOf = (
  ...origins: ReadonlyArray<string>
): Effect.Effect<
  HttpClient.HttpClient.With<HttpClientError.HttpClientError | OAuthError.OAuthError>,
  never,
  HttpClient.HttpClient
> => Effect.map(HttpClient.HttpClient, (client) => AuthorizedHttpClient.withTokenSource(client, source, { origins }))

/** Whoever listens elsewhere, at every address of this machine. */
const thief = Effect.gen(function*() {
  const hasIpv6 = Object.values(os.networkInterfaces()).flat().some((address) => address?.family === "IPv6")
  const server = yield* Server.listen(() => Server.answer(200, {}), { host: hasIpv6 ? "::" : "0.0.0.0" })
  return {
    port: server.port,
    tokens: () =>
      server.received.filter((request) => JSON.stringify(request).includes("t0ken")).map(({ target }) => target)
  }
})

import { OAuthHttpClient } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Readable } from "node:stream"
import * as zlib from "node:zlib"
import { freePort } from "./support/freePort.ts"
import { listen, openssl, selfSigned } from "./support/sockets.ts"
import { until } from "./support/until.ts"
import { clients, verdict } from "./support/verdict.ts"

describe("TokenEndpoint over sockets", () => {
  for (const [name, client] of Object.entries(clients)) {
    describe(name, () => {
      it.live("gets tokens", () =>
        Effect.gen(function*() {
          const server = yield* listen((request, response) => {
            assert.strictEqual(request.headers["content-type"], "application/x-www-form-urlencoded")
            assert.notProperty(request.headers, "traceparent")
            response.setHeader("content-type", "application/json").end(`{"access_token":"a","token_type":"bearer"}`)
          })

          assert.strictEqual(yield* verdict(client, server.url), "Granted")
        }))

      it.live("sends nothing to a port where nobody listens", () =>
        Effect.gen(function*() {
          const port = yield* Effect.promise(freePort)

          assert.strictEqual(yield* verdict(client, `http://127.0.0.1:${port}/token`), "NotSent connect")
        }))

      it.live("sends nothing to a name that does not exist", () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* verdict(client, "https://nowhere.invalid/token"), "NotSent dns")
        }))

      it.live("sends nothing to a server that does not speak TLS", () =>
        Effect.gen(function*() {
          const server = yield* listen(() => assert.fail("spoke"))

          assert.strictEqual(yield* verdict(client, server.url.replace("http:", "https:")), "NotSent tls")
        }))

      it.live.skipIf(!openssl)(
        "sends nothing to a server with a certificate of its own making [6749-10.9-a]",
        () =>
          Effect.gen(function*() {
            const server = yield* listen(() => assert.fail("spoke"), selfSigned())

            assert.strictEqual(yield* verdict(client, server.url.replace("http:", "https:")), "NotSent tls")
          })
      )

      it.live("does not know what became of a request whose connection was reset", () =>
        Effect.gen(function*() {
          const server = yield* listen((request) => {
            request.resume().on("end", () => request.socket.resetAndDestroy())
          })

          assert.strictEqual(yield* verdict(client, server.url), "Ambiguous reset")
        }))

      it.live("does not believe half an answer", () =>
        Effect.gen(function*() {
          const server = yield* listen((request, response) => {
            response.writeHead(200, { "content-type": "application/json", "content-length": "1000" })
            response.write(`{"access_token":"a","token_type":"bearer"}`, () => request.socket.destroy())
          })

          assert.strictEqual(yield* verdict(client, server.url), "Ambiguous truncated")
        }))

      it.live("follows no redirect", () =>
        Effect.gen(function*() {
          const other = yield* listen((_, response) => response.end())
          const server = yield* listen((_, response) => response.writeHead(307, { location: other.url }).end())

          assert.strictEqual(yield* verdict(client, server.url), "Ambiguous RedirectRefused")
          assert.strictEqual(other.requests(), 0)
        }))

      it.live("hangs up when its time is over", () =>
        Effect.gen(function*() {
          let hungUp = false
          const server = yield* listen((_, response) => void response.on("close", () => (hungUp = true)))

          const outcome = yield* verdict(client, server.url, Duration.seconds(1))

          assert.strictEqual(outcome, "Ambiguous timeout")
          yield* until(() => hungUp)
        }))

      for (const headers of [{ "content-length": "1000" }, {}]) {
        it.live(`hangs up in the middle of an answer when its time is over, ${"content-length" in headers ? "of a length that was said" : "of any length"}`, () =>
          Effect.gen(function*() {
            let hungUp = false
            const server = yield* listen((_, response) => {
              response.writeHead(200, { "content-type": "application/json", ...headers })
                .on("close", () => (hungUp = true)).write(`{"access_token":`)
            })

            const outcome = yield* verdict(client, server.url, Duration.seconds(1))

            assert.strictEqual(outcome, "Ambiguous timeout")
            yield* until(() => hungUp)
          }))
      }

      it.live("hangs up on an answer that says how much too long it is", () =>
        Effect.gen(function*() {
          let hungUp = false
          const server = yield* listen((_, response) => {
            response.writeHead(200, { "content-type": "application/json", "content-length": "100000000" })
              .on("close", () => (hungUp = true))
            Readable.from(spaces()).pipe(response)
          })

          const outcome = yield* verdict(client, server.url)

          assert.strictEqual(outcome, "Unusable too-large")
          yield* until(() => hungUp)
        }))

      it.live("hangs up on an answer without end", () =>
        Effect.gen(function*() {
          let hungUp = false
          const server = yield* listen((_, response) => {
            response.writeHead(200, { "content-type": "application/json" }).on("close", () => (hungUp = true))
            Readable.from(spaces()).pipe(response)
          })

          const outcome = yield* verdict(client, server.url)

          assert.strictEqual(outcome, "Unusable too-large")
          yield* until(() => hungUp)
        }))
    })
  }

  it.live("counts what a small answer inflates to", () =>
    Effect.gen(function*() {
      const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024, " "))
      const server = yield* listen((_, response) =>
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb)
      )

      assert.isBelow(bomb.length, 100_000)
      assert.strictEqual(yield* verdict(OAuthHttpClient.layerFetch, server.url), "Unusable too-large")
    }))
})

function* spaces() {
  while (true) yield Buffer.alloc(65_536, " ")
}
